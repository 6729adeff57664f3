"""From the air to cadence: a sensor that is found by a scan, linked, and listened to until its cadence is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coach.clock import HostClock
from coach.config import Config
from coach.model import Cadence, Event, FloatArray, HostTime, SensorState
from coach.pipeline import Pipeline
from sensors.ble_scan import Found, scan
from sensors.codecs import decode

from .watch import running, sensor

if TYPE_CHECKING:
    from .bluez import Bluez

PACE = 4.0
"""Devices and the host's clock run so much faster than real time."""

RATE_HZ = 50.0


class FastClock:
    """Host time that passes faster."""

    def __init__(self) -> None:
        self._clock = HostClock()

    def now(self) -> HostTime:
        return HostTime(PACE * self._clock.now())


def at_device_rate(table: FloatArray) -> FloatArray:
    """Resample a recording's rows to the accelerations that an emulated device sends."""
    at_s = np.arange(table[0, 1], table[-1, 1], 1 / RATE_HZ)
    return np.column_stack([np.interp(at_s, table[:, 1], table[:, axis]) for axis in (2, 3, 4)])


@dataclass(frozen=True, slots=True)
class Coached:
    """What came of it.

    Parameters
    ----------
    spm : the locked cadences.
    """

    found: Found
    connected: SensorState
    events: list[Event]
    spm: list[float]

    def sensor_news(self) -> list[str]:
        return [event.state for event in self.events if event.type == "sensor"]


async def coached(bluez: Bluez, config: Config, *, for_s: float = 10.0) -> Coached:
    """Scan, run the one sensor that is near, and fold what it sends for so long after it was linked."""
    (found,) = await scan(0.2)
    pipeline, events, taken = Pipeline(config, decode), [], 0
    async with running(sensor(found.address, clock=FastClock())) as run:
        connected = await run.connected()

        def enough() -> bool:
            nonlocal taken
            for item in run.items[taken:]:
                events.extend(pipeline.push(item))
            taken = len(run.items)
            return run.items[-1].at > connected.at + for_s

        await run.until(enough)
    spm = [event.spm for event in events if isinstance(event, Cadence) and event.spm is not None]
    return Coached(found, connected, events, spm)
