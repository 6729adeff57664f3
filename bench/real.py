"""The real recordings of `../shared/data`, beside the project: read where they are, never copied.

Judged as `score.py` there does, with its columns: the mean reading of each ten-second window against the truth of that
window, where less than 30 % with a reading is a miss; whole trials over the force plate; the steps of the force plate
and of the shoe; the counts of the counted walks. No detector is told where the sensor was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.contacts import Match, Steps, match
from bench.ours import ours
from bench.peers import PEERS
from bench.scoring import Readings, local_cadence
from bench.tables import Cell, fine, middle, table
from bench.trial import OURS, PROCESSES
from coach.model import FloatArray, Samples

DATA = Path(__file__).parents[1].parent / "shared" / "data"
COVERED = 0.3
SETTLED_S = 3.0
"""The first seconds of a file are not scored."""

RATIO_TOLERANCE = 0.06
Kind = Literal["running", "walking", "force plate", "not in gait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of a recording: its true cadence, the mean of what was said (None: a miss) and for how much of it."""

    kind: Kind
    truth_spm: float
    said_spm: float | None
    shown: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of one recording.

    Parameters
    ----------
    windows : by the name of the detector.
    steps : our steps beside contacts, and known_ms how long after a step it was known; None without contacts.
    count_pct : by how much our count of steps is off, in counted walks.
    """

    name: str
    windows: dict[str, list[Window]]
    steps: Match | None
    known_ms: float | None
    count_pct: float | None


def real(peers: Sequence[str]) -> Iterator[str]:
    """Write the tables, with the peers of these names, or that there is nothing to measure."""
    sidecars = sorted(DATA.glob("*/*.json"))
    yield from ("", "## Real recordings", "")
    if not sidecars:
        yield f"None: there is no folder {DATA.parent.name}/{DATA.name} beside the project."
        return
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(partial(_replayed, peers), sidecars))
    yield from _windows_table(found)
    yield ""
    yield from _steps_table(found)


# --- one recording ------------------------------------------------------------------------------------------------


def _replayed(peers: Sequence[str], sidecar: Path) -> Found:
    told = json.loads(sidecar.read_text(encoding="utf-8"))
    rows = np.loadtxt(sidecar.with_suffix(".csv"), delimiter=",", skiprows=1)
    rows.flags.writeable = False
    samples = Samples(at_s=rows[:, 0], device_s=rows[:, 0], acc_g=rows[:, 1:4])
    readings, steps = ours(samples)
    said = {OURS: readings}
    said |= {name: PEERS[name].detect(samples) for name in peers}
    known_ms = 1e3 * np.median(steps.available_s - steps.t_s) if len(steps.t_s) else None
    return Found(
        name=f"{sidecar.parent.name}/{sidecar.stem}",
        windows={name: list(_windows(told, readings)) for name, readings in said.items()},
        steps=_matched(told, steps),
        known_ms=known_ms,
        count_pct=_count_pct(told, steps),
    )


def _windows(told: dict[str, Any], readings: Readings) -> Iterator[Window]:
    truth, activity = told["truth"], told["activity"].lower()
    windows = truth.get("windows") or []
    for window in windows:
        if window["ok"]:
            kind: Kind = "walking" if "walk" in activity else "running"
            kind = "not in gait" if window.get("still") or not window["cadence_spm"] else kind
            start_s = window["t0"] + (SETTLED_S if window["t0"] == 0 else 0)
            yield _window(kind, window["cadence_spm"], readings, start_s, window["t1"])
    if not windows and "stationary" in activity:
        yield _window("not in gait", 0.0, readings, SETTLED_S, told["quality"]["duration_s"])
    if told["dataset"] == "oxford_steps":
        yield from _walk_windows(np.array(truth["step_times_s"]), readings)
    if told["dataset"] == "sacral_grf":
        steps_s = np.array(truth["step_times_s"])
        t_s = np.arange(2.5, steps_s[-1], 0.1)
        yield _window("force plate", float(local_cadence(steps_s, t_s).mean()), readings, 2.5, steps_s[-1])


def _walk_windows(steps_s: FloatArray, readings: Readings) -> Iterator[Window]:
    """Cut a counted walk into windows of ten seconds, those with a pause or a double count left out."""
    for start_s in np.arange(max(steps_s[0], SETTLED_S), steps_s[-1] - 10, 10):
        intervals_s = np.diff(steps_s[(steps_s >= start_s - 1) & (steps_s <= start_s + 11)])
        if len(intervals_s) >= 8 and intervals_s.max() <= 1.5 and intervals_s.min() >= 0.25:
            count = np.ptp(np.interp([start_s, start_s + 10], steps_s, np.arange(len(steps_s))))
            yield _window("walking", 6 * float(count), readings, start_s, start_s + 10)


def _window(kind: Kind, truth_spm: float, readings: Readings, start_s: float, end_s: float) -> Window:
    said_spm = readings.held(np.arange(start_s, end_s, 0.1))
    there = ~np.isnan(said_spm)
    # Over a force plate there are 2 s only, and any reading counts.
    enough = there.any() if kind == "force plate" else there.mean() >= COVERED
    mean_spm = float(said_spm[there].mean()) if enough and there.any() else None
    return Window(kind=kind, truth_spm=truth_spm, said_spm=mean_spm, shown=float(there.mean()))


def _matched(told: dict[str, Any], steps: Steps) -> Match | None:
    truth, sensed_s = told["truth"], steps.sensed_s
    if told["dataset"] == "sacral_grf":
        steps_s = np.array(truth["step_times_s"])
        return match(steps_s[steps_s > 1.5], sensed_s[sensed_s > 1.4])
    if told["dataset"] == "fuzzy_run_shoe":
        strides_s = np.array(truth["stride_times_s"])
        strides_s = strides_s[np.concatenate(([True], np.diff(strides_s) < 1.0))]
        return match(strides_s, sensed_s[(sensed_s > strides_s[0] - 0.3) & (sensed_s < strides_s[-1] + 0.3)])
    return None


def _count_pct(told: dict[str, Any], steps: Steps) -> float | None:
    if told["dataset"] != "oxford_steps":
        return None
    steps_s = np.array(told["truth"]["step_times_s"])
    counted = (steps.t_s > steps_s[0] - 0.6) & (steps.t_s < steps_s[-1] + 0.6)
    return 100 * (float(counted.sum()) / len(steps_s) - 1)


# --- tables -------------------------------------------------------------------------------------------------------


def _windows_table(found: Sequence[Found]) -> Iterator[str]:
    heads = ("windows of ten seconds", "n", "≤ 2 spm %", "≤ 1 spm %", "median spm", "p95", "half %", "double %")
    kinds: tuple[Kind, ...] = ("running", "walking", "force plate", "not in gait")
    rows = []
    for kind in kinds:
        for name in found[0].windows:
            windows = [window for one in found for window in one.windows[name] if window.kind == kind]
            rows.append([f"{kind}: {name}", *_figures(windows)])
    yield from table((*heads, "2/3, 3/2 %", "shown %"), rows)


def _figures(windows: Sequence[Window]) -> list[Cell]:
    shown = 100 * float(np.mean([window.shown for window in windows]))
    if windows[0].kind == "not in gait":
        return [str(len(windows)), *[None] * 7, shown]
    truth_spm = np.array([window.truth_spm for window in windows])
    said_spm = np.array([np.nan if window.said_spm is None else window.said_spm for window in windows])
    errors_spm = np.abs(said_spm - truth_spm)
    read_spm = errors_spm[~np.isnan(errors_spm)]
    near = [np.abs(said_spm / truth_spm / ratio - 1) < RATIO_TOLERANCE for ratio in (0.5, 2, 2 / 3, 3 / 2)]
    return [
        str(len(windows)),
        *(100 * float(np.mean(errors_spm <= spm)) for spm in (2, 1)),
        *(fine(float(np.percentile(read_spm, share))) if len(read_spm) else None for share in (50, 95)),
        *(100 * float(np.mean(share)) for share in (near[0], near[1], near[2] | near[3])),
        shown,
    ]


def _steps_table(found: Sequence[Found]) -> Iterator[str]:
    heads = ("our steps", "F1", "jitter ms", "offset ms", "least", "most", "known after ms", "count %")
    groups = [(name, [one for one in found if one.name.startswith(name)]) for name in ("sacral_grf", "fuzzy_run_shoe")]
    rows = [[name, *_step_figures(part), None] for name, part in groups if part]
    rows += [[one.name, *[None] * 6, f"{one.count_pct:+.1f}"] for one in found if one.count_pct is not None]
    yield from table(heads, rows)


def _step_figures(found: Sequence[Found]) -> list[Cell]:
    matches = [one.steps for one in found if one.steps is not None]
    offsets_ms = [1e3 * match.offset_s for match in matches if match.offset_s is not None]
    return [
        f"{np.mean([match.f1 for match in matches]):.3f}",
        middle([1e3 * match.jitter_s for match in matches if match.jitter_s is not None]),
        middle(offsets_ms),
        min(offsets_ms, default=None),
        max(offsets_ms, default=None),
        middle([one.known_ms for one in found]),
    ]
