"""Taking the best of several runs."""

from __future__ import annotations

import time
from collections.abc import Callable

RUNS = 5


def best_s(work: Callable[[], object], runs: int = RUNS, clock: Callable[[], float] = time.perf_counter) -> float:
    """Give the shortest time of several runs, seconds, by the wall or by `time.process_time`: noise only ever adds."""
    times = []
    for _ in range(runs):
        began = clock()
        work()
        times.append(clock() - began)
    return min(times)


def row(what: str, figure: str, target: str, yardstick: str) -> str:
    """Write one line of the report."""
    return f"{what:<46} {figure:>16}   target {target:<16} beside: {yardstick}"
