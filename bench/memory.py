"""Whether memory grows with the length of a run: the closed loop in virtual time, live objects after each stretch."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

from bench.timing import row
from coach.config import load
from coach.model import HostTime
from coach.pipeline import Pipeline
from sensors.codecs import decode
from sensors.simulated import SimulatedRunner

SETTLED_S = 600.0
LONG_S = 3600.0


def measure() -> Iterator[str]:
    """Give the rows of the report."""
    config = load(environ={"XDG_CONFIG_HOME": "/nonexistent"}).config
    runner, pipeline = SimulatedRunner(config.simulation), Pipeline(config, decode)
    tracemalloc.start()
    held = []
    for until_s in (SETTLED_S, LONG_S):
        while (at := runner.next_at()) is not None and at < until_s:
            pipeline.advance(HostTime(at))
            pipeline.push(runner.take())
        steps = len(runner.true_steps)
        held.append(tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/coach/*")]))
    tracemalloc.stop()
    before, after = (sum(trace.size for trace in snapshot.traces) for snapshot in held)
    yield row(
        "memory of the core after 10 and 60 min",
        f"{before / 1000:.0f}, {after / 1000:.0f} kB",
        "no growth",
        f"the simulated runner remembers its {steps} true steps",
    )
