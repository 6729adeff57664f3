"""How even clicks are and what playing costs, through a real PulseAudio: `python -m bench sound [PART ...]`.

All outputs of a row play at the same time, on sinks of their own, beside what everybody writes first (`naive`: play a
sound with simpleaudio, sleep, play the next). On such a sink that one and `simpleaudio` look otherwise than on a sound
card: it renders ahead, and does so anew for every sound.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from audio.outputs import EXACT, EXTRAS
from bench.heard import SHORT_S, Run, busy_cores, hear, survived
from bench.sound_player import RAMP_AFTER
from bench.sound_server import PACKAGES, RATE_HZ, Server, missing
from bench.tables import Cell, table
from bench.timing import row

SPM = 180.0
FROM_SPM = 160.0
RAMP_RUN_BEATS = 36
BUFFERS_S = (0.1, 0.2, 0.4, 0.6)
STARTS = 4
TURNS = 6

CONDITIONS: dict[str, tuple[str, Callable[[], AbstractContextManager[None]]]] = {
    "idle": ("nothing", nullcontext),
    "thread": ("thread", nullcontext),
    "cores": ("nothing", busy_cores),
    "gil": ("gil", nullcontext),
}
"""What goes on beside the sound, in the player's process and around it."""

HEADS = (
    "",
    "heard",
    "sent",
    "interval off by at most, ms",
    "SD, ms",
    "drift, ms",
    "sink's clock, ppm",
    "% of a core",
    "memory grown, MB",
    "thread waited, ms",
)


def measure(arguments: Sequence[str] = ()) -> Iterator[str]:
    """Give the rows of the report."""
    parser = argparse.ArgumentParser(prog="python -m bench sound")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all if none is named")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each condition")
    parser.add_argument("--outputs", nargs="+", default=_outputs(), help="which of those that are there")
    parser.add_argument("--sounds", type=int, default=5000, help="for simpleaudio to survive")
    parser.add_argument("--python", default=sys.executable, help="which interpreter plays them")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if lacking := missing():
        yield f"sound is not measured: no {', '.join(lacking)}: {PACKAGES}"
        return
    with tempfile.TemporaryDirectory() as name:
        server = Server(Path(name), [*options.outputs, "null"])
        server.start()
        try:
            for part in options.parts or PARTS:
                yield from PARTS[part](server, Path(name), options)
                yield ""
        finally:
            server.stop()


def _outputs() -> list[str]:
    extras = [extra for extra in EXTRAS if find_spec(extra)]
    return [*EXACT, *extras, *(["naive"] if "simpleaudio" in extras else [])]


# --- evenness -----------------------------------------------------------------------------------------------------


def _even(name: str, server: Server, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Play steadily under one condition."""
    beside, around = CONDITIONS[name]
    arguments = ["--beats", str(round(options.seconds * SPM / 60)), "--spm", str(SPM), "--beside", beside]
    # Each busy thread fills a core: beside it the outputs take turns.
    at_once = 1 if beside == "thread" else len(options.outputs)
    with around(), ThreadPoolExecutor(at_once) as pool:
        runs = dict(
            zip(
                options.outputs,
                pool.map(lambda output: hear(server, output, folder, output, *arguments), options.outputs),
                strict=True,
            )
        )
    yield f"{name}, {options.seconds:g} s at {SPM:g}; {_load()}; wanted of {' and '.join(EXACT)}: all, within 0.05 ms"
    yield from table(HEADS, [_figures(output, run) for output, run in runs.items()])
    yield from _complaints(runs)


def _figures(output: str, run: Run) -> list[Cell]:
    uneven_ms = run.uneven_ms(60 / SPM)
    return [
        output,
        str(len(run.heard_s)),
        str(len(run.aimed_s)),
        f"{np.abs(uneven_ms).max(initial=0.0):.3f}",
        f"{uneven_ms.std():.3f}",
        f"{run.drift_ms:+.2f}" if run.complete else "-",
        f"{run.fast_ppm:+.1f}",
        f"{run.cpu_pct:.2f}",
        f"{run.said['grown_kb'] / 1024:.1f}",
        f"{1000 * run.said['waited_s']:.0f}",
    ]


def _complaints(runs: dict[str, Run]) -> Iterator[str]:
    for output, run in runs.items():
        for reports in run.said["reports"]:
            for state, reason in reports[1:]:
                if reason:
                    yield f"{output}: {state}: {reason}"


# --- tempo and aim ------------------------------------------------------------------------------------------------


def _ramp(server: Server, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Steer from one tempo to another; hear whether and when that is followed."""
    arguments = ["--beats", str(RAMP_RUN_BEATS), "--spm", str(FROM_SPM), "--to-spm", str(SPM)]
    for output in EXACT:
        run = hear(server, output, folder, output, *arguments)
        if not run.complete:
            yield f"ramp, {output}: heard {len(run.heard_s)} of {len(run.aimed_s)}"
            continue
        off_ms = np.abs(run.off_aim_ms()).max()
        yield row(
            f"{output}: ramp {FROM_SPM:g} to {SPM:g}, off its log by",
            f"{off_ms:.2f} ms",
            "<= 1 ms",
            f"all {len(run.heard_s)} clicks, less one constant; {_load()}",
        )
        # Steered just after a beat was committed: the new period begins with that one.
        begins_s = run.aimed_s[RAMP_AFTER] - run.said["committed_s"][RAMP_AFTER]
        beat_s = float(np.diff(run.aimed_s)[RAMP_AFTER])
        yield row(
            f"{output}: new tempo begins at most",
            f"{begins_s:.3f} s",
            f"<= {beat_s + run.said['latency_s']:.3f} s",
            f"after it was steered: latency {run.said['latency_s']:.3f} s and the margin; asked: a beat and it; "
            f"the first beat that it moves is heard {begins_s + beat_s:.3f} s after",
        )


def _aim(server: Server, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Let outputs with buffers of many lengths play in turn on one sink; compare when their clicks are heard."""
    names = [f"{output}:{buffer_s}" for buffer_s in BUFFERS_S for output in EXACT]
    starts = []
    for _ in range(STARTS):
        run = hear(server, "null", folder, *names, "--beats", str(TURNS * len(names)))
        if run.complete:
            late_ms = 1000 * (run.heard_s - run.aimed_s).reshape(TURNS, len(names))
            starts.append(np.median(late_ms, axis=0) - np.median(late_ms))
    if not starts:
        yield f"aim: clicks were lost in all of {STARTS} starts; {_load()}"
        return
    all_ms = np.array(starts)
    yield f"one sink, {len(all_ms)} of {STARTS} starts complete, beside the middle of each start; {_load()}"
    figures: list[list[Cell]] = [
        [name, *(f"{late_ms:+.1f}" for late_ms in column)] for name, column in zip(names, all_ms.T, strict=True)
    ]
    yield from table(("output:buffer s", *(f"start {k + 1}, ms" for k in range(len(all_ms)))), figures)
    yield row("aim: SD over outputs, buffers and starts", f"{all_ms.std():.1f} ms", "<= 10 ms", "see above")


# --- cost and life ------------------------------------------------------------------------------------------------


def _cost(server: Server, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Play beside a player whose output is silent and does nothing: it only sleeps and wakes."""
    arguments = ["--beats", str(round(options.seconds / 2 * SPM / 60))]
    names = [*EXACT, "null"]
    with ThreadPoolExecutor() as pool:
        runs = dict(zip(names, pool.map(lambda name: hear(server, name, folder, name, *arguments), names), strict=True))
    idle_pct = runs["null"].cpu_pct
    for output in EXACT:
        pct = runs[output].cpu_pct
        yield row(
            f"{output}: playing at {RATE_HZ} Hz",
            f"{pct:.2f} % of a core",
            "<= 1.5 %",
            f"a player that only sleeps {idle_pct:.2f} %, so {pct / idle_pct:.1f} x; {_load()}",
        )


def _life(server: Server, folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Let simpleaudio play many short sounds."""
    began_s = time.monotonic()
    code = survived(server, "null", options.sounds, options.python)
    yield row(
        f"simpleaudio: {options.sounds} sounds of {1000 * SHORT_S:.0f} ms",
        f"exit code {code}",
        "0",
        f"{options.python}, {time.monotonic() - began_s:.0f} s; a crash is negative; {_load()}",
    )


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


PARTS: dict[str, Callable[[Server, Path, argparse.Namespace], Iterator[str]]] = {
    **{name: partial(_even, name) for name in CONDITIONS},
    "ramp": _ramp,
    "aim": _aim,
    "cost": _cost,
    "life": _life,
}
