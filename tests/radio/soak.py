"""A link that is lost every 20 s: `python -m tests.radio.soak --minutes 60`; the tests run two minutes of it.

A strap carries a simulated runner at 166 steps a minute past the unmodified bleak; each time the link is lost the
device is out of reach for two seconds, or bluetoothd breaks the link only, in turn. What counts is how long after each
return the cadence is right again. A run that goes wrong says when, and ends with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coach.clock import HostClock
from coach.config import load
from coach.model import Beat, Cadence, Event, Packet
from coach.pipeline import Pipeline
from coach.session import Session
from sensors.ble import BleSensor
from sensors.codecs import decode
from sensors.simulated import SimulatedRunner

from .bluez import Bluez, on_air
from .bus import private_bus
from .devices import PolarH10

STRAP = "C0:FF:EE:00:00:02"
SPM = 166.0
EVERY_S = 20.0
AWAY_S = 2.0


@dataclass(slots=True)
class Returns:
    """A sink that takes the time from each return of the device to the first cadence that is right."""

    back_s: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)
    _since_s: float | None = None

    def returned(self, now_s: float) -> None:
        self._since_s = now_s

    def take(self, item: object, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Cadence) and event.spm is not None:
                if abs(event.spm - SPM) > 6:
                    self.wrong.append(event.available_s)
                elif self._since_s is not None and event.available_s > self._since_s:
                    self.back_s.append(event.available_s - self._since_s)
                    self._since_s = None

    def close(self) -> None:
        """Nothing to do."""


class Silent:
    """A sound output that plays nothing."""

    name, streams = "none", False

    def open(self, report: object) -> None:
        """Nothing to do."""

    def play(self, beat: Beat) -> None:
        """Nothing to do."""

    def look(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


def running_acceleration(seconds: float = 60.0) -> NDArray[np.float64]:
    """Simulate a chest at 200 Hz, shape (n, 3), g; without the standing at the start."""
    settings = ["rate_hz=200", "placement=chest", "stand_s=0", "step_cv_pct=1", "follows=not", f"cadence_spm={SPM}"]
    config = load(settings=[f"simulation.{setting}" for setting in settings], environ={}).config
    runner = SimulatedRunner(config.simulation)
    parts = []
    while (at := runner.next_at()) is not None and at < seconds:
        item = runner.take()
        if isinstance(item, Packet):
            parts.append(decode(item).acc_g)
    return np.concatenate(parts)


async def soak(bluez: Bluez, losses: int) -> Returns:
    """Run with so many losses of the link."""
    device = PolarH10(acc_g=running_acceleration())
    bluez.add(device)
    clock, returns = HostClock(), Returns()
    config = load(settings=["audio.output=null"], environ={}).config
    session = Session(
        Pipeline(config, decode),
        clock,
        sensors=[BleSensor(STRAP, clock=clock, config=config.sensor)],
        output=Silent(),
        sinks=[returns],
        on_problem=lambda text: print(text, file=sys.stderr),  # noqa: T201
    )

    async def trouble() -> None:
        await bluez.linked.wait()
        for loss in range(losses):
            await asyncio.sleep(EVERY_S)
            device.in_range = loss % 2 == 1
            bluez.drop(device)
            if not device.in_range:
                await asyncio.sleep(AWAY_S)
                device.in_range = True
            returns.returned(clock.now())
        await asyncio.sleep(EVERY_S / 2)
        session.stop()

    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        group.create_task(trouble())
    return returns


async def _main(minutes: float, bus_address: str) -> int:
    async with on_air(bus_address) as bluez:
        losses = round(60 * minutes / (EVERY_S + AWAY_S / 2))
        returns = await soak(bluez, losses)
    back_s = np.array(returns.back_s)
    print(  # noqa: T201
        f"{losses} losses, {len(back_s)} returns; right again after {np.median(back_s):.2f} s (median), "
        f"{back_s.max():.2f} s (worst); {len(returns.wrong)} wrong readings"
    )
    return int(len(back_s) < losses or back_s.max() > 5 or len(returns.wrong) > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.radio.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    asked = parser.parse_args()
    with private_bus() as address:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
        sys.exit(asyncio.run(_main(asked.minutes, address)))
