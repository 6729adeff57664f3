"""A hostile device that notifies five thousand times a second: the run loses the oldest, goes on, and can be stopped.

No radio carries so much; a socket between bluetoothd and the coach that was full for a while may.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from coach.clock import HostClock
from coach.config import Config
from coach.model import SensorEvent, Speed, Summary
from coach.session import INBOX_PACKETS, TELL_DROPPED

from .devices import PMD_CONTROL, PMD_DATA, RSC_MEASUREMENT, Device, FootPod, PolarH10
from .fixtures import LIMIT_S
from .gatt_live import LiveRun, live, running_g
from .gatt_memory import near
from .watch import sensor

SPM = 172
BURST, BURST_S, BURSTS = 1300, 0.25, 6
BESIDE = 50
"""Packets that the device sends beside the flood, at most."""

STOP = bytes.fromhex("03 02")


def measurements() -> Iterator[bytes]:
    """RSC packets of any speed and any cadence."""
    chance = np.random.default_rng(1)
    while True:
        yield struct.pack("<BHB", 0x04, chance.integers(0x10000), chance.integers(0x100))


def frames() -> Iterator[bytes]:
    """PMD frames of 36 samples of noise, crammed into the time in which they come."""
    noise = np.random.default_rng(1).normal(0.0, 500.0, (PolarH10.FRAME_SAMPLES, 3)).astype("<i2").tobytes()
    for number in itertools.count():
        yield struct.pack("<BQB", 0x02, PolarH10.BORN_NS + 2_000_000_000 + number * 200_000, 0x01) + noise


async def flood(device: Device, characteristic: str, payloads: Iterator[bytes]) -> None:
    """Notify in bursts, as a socket that was full gives them."""
    for _ in range(BURSTS):
        for payload in itertools.islice(payloads, BURST):
            device.notify(characteristic, payload)
        await asyncio.sleep(BURST_S)


def locked_right(run: LiveRun, device: Device, since_s: float) -> int:
    """Count the right ones among the cadences that were locked since a moment."""
    locked = run.locked_spm(since_s=since_s, sensor=device.address)
    return sum(abs(spm / SPM - 1) < 0.03 for spm in locked)


def assert_dropped_were_told(run: LiveRun, sensor: str, dropped: int) -> None:
    told = [event.reason for event in run.states(sensor) if event.state == "overrun"]
    assert told[0] == "1 packets dropped: they come faster than they can be used"
    said = int(told[-1].split()[0])
    assert len(told) == 1 + said // TELL_DROPPED
    assert said - BESIDE <= dropped < said + TELL_DROPPED + BESIDE


@pytest.mark.parametrize("kind", ["rsc", "pmd"])
def test_a_flood_drops_its_own_oldest_packets_and_the_run_comes_back(
    kind: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FootPod("C0:FF:EE:00:00:09", period_s=0.1)
    device: Device = FootPod(strides_per_min=SPM // 2, period_s=0.2)
    pour = partial(flood, device, RSC_MEASUREMENT, measurements())
    if kind == "pmd":
        device = PolarH10(acc_g=running_g(config, SPM))
        pour = partial(flood, device, PMD_DATA, frames())

    async def test() -> None:
        clock = HostClock()
        of_device, of_other = (sensor(one.address, clock=clock) for one in (device, other))
        async with live(config, clock, of_device, of_other) as run:
            await run.until(lambda: locked_right(run, device, 0.0) >= 3)
            start_s, taken = clock.now(), run.packets[of_device.id]
            await pour()
            end_s = clock.now()
            await run.until(lambda: locked_right(run, device, end_s) >= 3)
            taken = run.packets[of_device.id] - taken
        assert_dropped_were_told(run, of_device.id, BURSTS * BURST - taken)
        assert run.most_waiting <= INBOX_PACKETS + BESIDE
        heard = [event for event in run.of(Speed) if event.sensor == of_other.id and start_s < event.t_s < end_s]
        assert len(heard) >= BURSTS
        assert [event.state for event in run.states(of_other.id)][-2:] == ["counts_strides", "ended"]
        assert run.problems == []

    async def limited() -> None:
        async with asyncio.timeout(LIMIT_S), near(monkeypatch, device, other):
            await test()

    asyncio.run(limited())


def test_a_run_is_stopped_in_the_midst_of_a_flood(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    strap = PolarH10()

    async def test() -> None:
        clock = HostClock()
        async with asyncio.TaskGroup() as group:
            async with live(config, clock, sensor(strap.address, clock=clock)) as run:
                await run.until(lambda: run.packets.total() > 0)
                pouring = group.create_task(flood(strap, PMD_DATA, frames()))
                await run.until(lambda: any(event.state == "overrun" for event in run.of(SensorEvent)))
            assert not pouring.done()
            pouring.cancel()
        assert strap.writes[-1] == (PMD_CONTROL, STOP)
        assert isinstance(run.events[-1], Summary)
        assert run.problems == []

    async def limited() -> None:
        async with asyncio.timeout(LIMIT_S), near(monkeypatch, strap):
            await test()

    asyncio.run(limited())
