"""What tests share: the shipped settings, a home, a simulated recording, and the way from a source to events."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from coach.config import Config, load
from coach.model import Event, FloatArray, HostTime, Input, Packet
from coach.pipeline import Pipeline
from sensors import rows
from sensors.codecs import decode
from sensors.course import parse_course
from sensors.simulated import Footfall, SimulatedRunner, record

settings.register_profile("no clock", deadline=None)  # a busy machine is not a failure
settings.load_profile("no clock")

NOWHERE = str(Path(__file__).parent / "no such folder")


@cache
def _configured(*changes: str) -> Config:
    return load(settings=changes, environ={"XDG_CONFIG_HOME": NOWHERE}).config


@contextmanager
def _living_in(folder: Path) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("COACH_")]:
            patch.delenv(name)
        for name, place in (("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")):
            patch.setenv(name, str(folder / place))
        (folder / "work").mkdir(exist_ok=True)
        patch.chdir(folder / "work")
        yield folder


@cache
def _recorded(course: str, duration_s: float, *changes: str) -> tuple[FloatArray, tuple[Footfall, ...]]:
    runner = SimulatedRunner(
        _configured(*(f"simulation.{change}" for change in changes)).simulation, parse_course(course)
    )
    table = np.concatenate(list(record(runner, duration_s)))
    table.flags.writeable = False
    return table, tuple(step for step in runner.true_steps if step.t_s < duration_s)


def _packets(table: FloatArray, batch_rows: int = 512, sensor: str = "recording") -> Iterator[Packet]:
    for start in range(0, len(table), batch_rows):
        part = table[start : start + batch_rows]
        yield Packet(at=HostTime(part[-1, 0]), sensor=sensor, codec="timed-rows", payload=rows.encode(part))


def _fold(items: Iterable[Input], config: Config | None = None, *, until_s: float | None = None) -> list[Event]:
    pipeline = Pipeline(config or _configured(), decode)
    events: list[Event] = []
    now = HostTime(0.0)
    for item in items:
        events += pipeline.push(item)
        now = item.at
    return events + pipeline.finish(now if until_s is None else HostTime(until_s))


@pytest.fixture(scope="session")
def configured() -> Callable[..., Config]:
    """Give the shipped settings, without the user's file and environment, with changes as `section.key=value`."""
    return _configured


@pytest.fixture(scope="session")
def config() -> Config:
    """Give the shipped settings, without the user's file and environment."""
    return _configured()


@pytest.fixture(scope="session")
def living_in() -> Callable[[Path], AbstractContextManager[Path]]:
    """Move the user's home, settings and runs into a folder, and this process into its `work`, for a while."""
    return _living_in


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Give the test a home, settings, runs and a working folder of its own, all in this folder."""
    with _living_in(tmp_path):
        yield tmp_path


@pytest.fixture(scope="session")
def recorded() -> Callable[..., tuple[FloatArray, tuple[Footfall, ...]]]:
    """Record a simulated runner: course, duration and simulation settings give rows (arrival, t, 3 axes) and steps."""
    return _recorded


@pytest.fixture(scope="session")
def packets() -> Callable[..., Iterator[Packet]]:
    """Pack such rows as a recording does, `batch_rows` at a time."""
    return _packets


@pytest.fixture(scope="session")
def fold() -> Callable[..., list[Event]]:
    """Take inputs to events, the summary at the last input or at `until_s`."""
    return _fold
