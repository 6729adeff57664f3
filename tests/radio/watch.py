"""Sensors that run while a test looks on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from coach.clock import HostClock
from coach.config import SensorConfig
from coach.errors import SensorError
from coach.model import Packet, SensorState
from coach.ports import Clock, SensorInput
from sensors.air import Air
from sensors.ble import BleSensor

from .fixtures import Radio

if TYPE_CHECKING:
    from .bluez import Bluez


def emulated(test: Callable[[Bluez], Awaitable[None]]) -> Callable[[Radio], None]:
    """Make a test of a coroutine that takes the emulated bluetoothd."""

    def run(radio: Radio) -> None:
        radio.run(test)

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Run:
    """A sensor that runs while a test looks on."""

    def __init__(self) -> None:
        self.items: list[SensorInput] = []
        self._arrived = asyncio.Event()

    def take(self, item: SensorInput) -> None:
        self.items.append(item)
        self._arrived.set()

    @property
    def states(self) -> list[SensorState]:
        return [item for item in self.items if isinstance(item, SensorState)]

    def packets(self, codec: str) -> list[Packet]:
        return [item for item in self.items if isinstance(item, Packet) and item.codec == codec]

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._arrived.clear()
            await self._arrived.wait()

    async def connected(self, times: int = 1) -> SensorState:
        await self.until(lambda: [s.state for s in self.states].count("connected") >= times)
        return [s for s in self.states if s.state == "connected"][-1]

    async def reconnecting(self) -> SensorState:
        await self.until(lambda: [s.state for s in self.states][-1:] == ["reconnecting"])
        return self.states[-1]

    async def receives(self, codec: str, count: int = 1) -> list[Packet]:
        wanted = len(self.packets(codec)) + count
        await self.until(lambda: len(self.packets(codec)) >= wanted)
        return self.packets(codec)


def sensor(
    address: str,
    *,
    name: str = "",
    clock: Clock | None = None,
    backoff: Callable[[], Iterator[float]] = lambda: itertools.repeat(0.01),
    scan_s: float = 5.0,
    silence_s: float = 5.0,
    placement: str = "unknown",
    companion: bool = False,
    air: Air | None = None,
) -> BleSensor:
    config = SensorConfig.model_construct(
        address=address, match_name=name, placement=placement, rate_hz=200, scan_s=scan_s, silence_s=silence_s
    )
    return BleSensor(address, clock=clock or HostClock(), config=config, companion=companion, air=air, backoff=backoff)


@asynccontextmanager
async def running(one: BleSensor) -> AsyncIterator[Run]:
    """Run a sensor beside the body, and cancel it in the end; if it fails, so does the body."""
    run = Run()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.run(run.take))
        yield run
        task.cancel()


async def failure(one: BleSensor) -> SensorError:
    """Run a sensor that is expected to fail."""
    with pytest.raises(SensorError) as caught:
        await one.run(lambda _: None)
    return caught.value
