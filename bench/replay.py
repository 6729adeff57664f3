"""How fast a recording runs through the fold: half an hour at 100 Hz, from the file to the event lines."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.timing import best_s, row
from coach.config import load
from coach.formats.recording import Recording, RecordingWriter
from coach.offline import Loop
from coach.pipeline import Pipeline
from coach.sinks import EventLines
from sensors.codecs import decode
from sensors.replay import RecordingSource
from sensors.simulated import SimulatedRunner, record

RECORDING_S = 1800.0
DEMO_S = 300.0


def measure() -> Iterator[str]:
    """Give the rows of the report."""
    config = load(environ={"XDG_CONFIG_HOME": "/nonexistent"}).config
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.csv"
        with RecordingWriter(path, arrival=False) as writer:
            for rows in record(SimulatedRunner(config.simulation), RECORDING_S):
                writer.write(rows)

        def replay() -> None:
            with Recording(path) as recording:
                lines = EventLines(io.StringIO(), print)
                Loop(Pipeline(config, decode), sinks=[lines]).follow(RecordingSource(recording))

        took_s = best_s(replay, 3)
        parse_s = best_s(lambda: np.loadtxt(path, delimiter=",", skiprows=1), 3)
    yield row(
        "replay of 30 min at 100 Hz",
        f"{RECORDING_S / took_s:.0f} x real time",
        ">= 300 x",
        f"numpy.loadtxt of the same file takes {parse_s / took_s:.2f} of it",
    )

    def demo() -> None:
        runner = SimulatedRunner(config.simulation)
        Loop(Pipeline(config, decode), listeners=[runner]).follow(runner, DEMO_S)

    took_s = best_s(demo, 3)
    yield row(
        "closed loop of 5 min, frames of 0.1 s",
        f"{took_s:.2f} s",
        "1 to 2 s",
        f"the replay above, per second of run: {DEMO_S / took_s:.0f} x real time here",
    )
