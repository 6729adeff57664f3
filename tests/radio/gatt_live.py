"""A live run that a test looks on: real sensors, the real session and fold on the real clock, and no sound."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from audio.outputs.null import NullOutput
from coach.clock import HostClock
from coach.config import Config
from coach.model import Cadence, Event, Input, Packet, SensorEvent
from coach.pipeline import Pipeline
from coach.ports import Sensor
from coach.session import Session
from sensors.codecs import decode
from sensors.course import parse_course
from sensors.simulated import SimulatedRunner, record

from .devices import PolarH10

T = TypeVar("T")


def running_g(config: Config, spm: int, length_s: float = 60.0) -> NDArray[np.float64]:
    """Give what a strap feels on the chest of somebody who runs from the start: shape (n, 3), g, at 200 Hz."""
    simulation = config.simulation.model_copy(
        update={"placement": "chest", "rate_hz": float(PolarH10.RATE_HZ), "stand_s": 0.0}
    )
    runner = SimulatedRunner(simulation, parse_course(f"run {length_s:g} @ {spm}"))
    return np.concatenate(list(record(runner, length_s)))[:, 2:]


class LiveRun:
    """A run that goes on while a test waits for what it says; a sink of its session."""

    def __init__(self, config: Config, clock: HostClock, *sensors: Sensor) -> None:
        self.clock = clock
        self.events: list[Event] = []
        self.packets: Counter[str] = Counter()
        self.most_waiting = 0
        self.problems: list[str] = []
        self.session = Session(
            Pipeline(config, decode),
            clock,
            sensors=sensors,
            output=NullOutput(clock),
            sinks=[self],
            on_problem=self.problems.append,
        )
        self._news = asyncio.Event()

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        if isinstance(item, Packet):
            self.packets[item.sensor] += 1
        self.most_waiting = max(self.most_waiting, len(self.session._inbox))
        self.events += events
        self._news.set()

    def close(self) -> None:
        pass

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    def states(self, sensor: str) -> list[SensorEvent]:
        return [event for event in self.of(SensorEvent) if event.sensor == sensor]

    def locked_spm(self, *, since_s: float = 0.0, sensor: str = "") -> list[float]:
        """Give the cadences that were locked and fresh since a moment of the run."""
        return [
            one.spm
            for one in self.of(Cadence)
            if one.status == "locked" and not one.stale and one.spm is not None
            if one.available_s >= since_s and one.sensor.endswith(sensor)
        ]


@asynccontextmanager
async def live(config: Config, clock: HostClock, *sensors: Sensor) -> AsyncIterator[LiveRun]:
    """Run sensors live beside the body, and stop them in the end as Ctrl-C does; if the run fails, so does the body."""
    run = LiveRun(config, clock, *sensors)
    async with asyncio.TaskGroup() as group:
        group.create_task(run.session.run())
        yield run
        run.session.stop()
