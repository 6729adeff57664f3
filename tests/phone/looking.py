"""Sensors of phones that run while a test looks on."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import ParamSpec, TypeVar

import pytest
from radio.watch import Run, running

from coach.clock import HostClock
from coach.config import SensorConfig
from coach.errors import SensorError
from coach.model import Cadence, Event
from coach.ports import Clock, Sensor

__all__ = ["Run", "running"]

LIMIT_S = 20.0  # so that a test which waits in vain fails, and does not hang
STOP_S = 2.0  # what a sensor promises

P = ParamSpec("P")
S = TypeVar("S", bound=Sensor)


def live(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Make a test of a coroutine, on a loop of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(limited(test(*args, **kwargs)))

    async def limited(coroutine: Awaitable[None]) -> None:
        async with asyncio.timeout(LIMIT_S):
            await coroutine

    return run


def made(
    kind: Callable[..., S],
    address: str,
    *,
    clock: Clock | None = None,
    silence_s: float = 5.0,
    placement: str = "unknown",
    backoff: Callable[[], Iterator[float]] = lambda: itertools.repeat(0.01),
) -> S:
    """Make a sensor that waits shortly before it tries again."""
    config = SensorConfig.model_construct(placement=placement, silence_s=silence_s)
    return kind(address, clock=clock or HostClock(), config=config, backoff=backoff)


async def failure(sensor: Sensor) -> SensorError:
    """Run a sensor that is expected to fail."""
    with pytest.raises(SensorError) as caught:
        await sensor.run(lambda _: None)
    return caught.value


async def stopped(sensor: Sensor, run: Run) -> asyncio.Task[None]:
    """Run a sensor until it is connected, cancel it, and wait no longer than it promises."""
    task = asyncio.create_task(sensor.run(run.take))
    await run.connected()
    task.cancel()
    async with asyncio.timeout(STOP_S):
        await asyncio.wait([task])
    return task


def states(run: Run) -> list[str]:
    return [state.state for state in run.states]


def assert_cadence(events: list[Event], spm: float) -> None:
    """See to it that the cadence is known, and right once the runner runs evenly."""
    locked = [event for event in events if isinstance(event, Cadence) and event.status == "locked"]
    settled = [event.spm for event in locked[len(locked) // 3 :]]
    assert len(settled) > 40
    assert all(value is not None and abs(value - spm) < 2 for value in settled), settled
