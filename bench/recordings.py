"""How right the cadence is on real recordings: ten-second windows of people running, and of people who do not.

Reads `../shared/data` beside the project, as the tests do; without it there is nothing to measure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.timing import row
from coach.config import Config, load
from coach.formats.recording import Recording
from coach.model import Cadence
from coach.pipeline import Pipeline
from sensors.codecs import decode
from sensors.replay import RecordingSource

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SETTLED_S = 3.0
CLOSE_SPM = 2.0
COVERED = 0.3


def measure() -> Iterator[str]:
    """Give the rows of the report."""
    if not DATA.exists():
        yield f"recordings: none in {DATA.parent.name}/{DATA.name} beside the project"
        return
    config = load(environ={"XDG_CONFIG_HOME": "/nonexistent"}).config
    errors: list[float] = []
    still: list[float] = []
    for sidecar in sorted(DATA.glob("*/*.json")):
        told = json.loads(sidecar.read_text())
        readings = _readings(sidecar.with_suffix(".csv"), config)
        if "stationary" in told["activity"]:
            still.append(_share(readings, SETTLED_S, told["quality"]["duration_s"]))
        errors += [_error_spm(readings, window) for window in _running_windows(told)]
    close = sum(error <= CLOSE_SPM for error in errors)
    middle = f"median error {np.median(errors):.2f} spm"
    yield row("real running, 10-s windows within 2 spm", f"{close} of {len(errors)}", "all but one", middle)
    yield row(
        "standing still, time with a reading", f"{100 * np.mean(still):.1f} %", "<= 0.5 %", f"{len(still)} recordings"
    )


def _readings(path: Path, config: Config) -> list[Cadence]:
    readings: list[Cadence] = []
    pipeline = Pipeline(config, decode)
    with Recording(path) as recording:
        source = RecordingSource(recording)
        while source.next_at() is not None:
            readings += [event for event in pipeline.push(source.take()) if isinstance(event, Cadence)]
    return readings


def _running_windows(told: dict[str, Any]) -> Iterator[dict[str, float]]:
    if "run" in told["activity"]:
        yield from (w for w in told["truth"].get("windows", ()) if w["ok"] and not w.get("still"))


def _error_spm(readings: list[Cadence], window: dict[str, float]) -> float:
    start_s = SETTLED_S if window["t0"] == 0 else window["t0"]
    found = [r.spm for r in readings if start_s <= r.available_s < window["t1"] and r.spm is not None]
    if _share(readings, start_s, window["t1"]) < COVERED:
        return float("inf")
    return abs(float(np.mean(found)) - window["cadence_spm"])


def _share(readings: list[Cadence], start_s: float, end_s: float) -> float:
    inside = [r.spm is not None for r in readings if start_s <= r.available_s < end_s]
    return sum(inside) / len(inside) if inside else 0.0
