"""One link to a phone: announced with its first sample, over when no more come."""

from __future__ import annotations

import asyncio

import numpy as np

from coach.clock import ManualClock
from coach.errors import PacketError
from coach.model import Packet, SensorState, Series
from coach.ports import SensorInput
from sensors.phone.link import Link

from .looking import live


def decode(packet: Packet) -> Series:
    if packet.payload != b"good":
        raise PacketError("bad", packet.payload)
    return Series(at=packet.at, device_s=np.zeros(1), acc_g=np.zeros((1, 3)))


def linked(clock: ManualClock, silence_s: float = 0.02) -> tuple[Link, list[SensorInput]]:
    out: list[SensorInput] = []
    connected = SensorState(at=clock.now(), sensor="x", state="connected", name="phone")
    return Link(connected, "mine", decode, clock=clock, emit=out.append, silence_s=silence_s), out


@live
async def test_it_is_announced_with_its_first_sample() -> None:
    clock = ManualClock()
    link, out = linked(clock)
    link.take(b"bad")
    assert not link.stands
    clock.set(3.0)
    link.take(b"good")
    link.take(b"bad")
    assert link.stands
    assert [(item.at, getattr(item, "payload", b"")) for item in out] == [(3.0, b""), (3.0, b"good"), (3.0, b"bad")]


@live
async def test_it_is_not_silent_before_data_are_expected() -> None:
    link, _ = linked(ManualClock())
    held = asyncio.create_task(link.hold(asyncio.Event().wait()))
    done, _ = await asyncio.wait([held], timeout=0.1)
    assert not done
    link.expect()
    assert (await held).message == "no data for 0.02 s"


@live
async def test_what_comes_before_it_is_held_counts_and_what_comes_after_its_end_does_no_harm() -> None:
    link, out = linked(ManualClock())
    link.take(b"good")
    assert (await link.hold(asyncio.Event().wait())).fault == "lost"
    link.take(b"good")
    assert len(out) == 3


@live
async def test_bad_packets_do_not_keep_it_alive() -> None:
    link, _ = linked(ManualClock(), silence_s=0.1)

    async def babble() -> None:
        link.take(b"good")
        while True:
            await asyncio.sleep(0.01)
            link.take(b"bad")

    assert (await link.hold(babble())).message == "no data for 0.1 s"


@live
async def test_it_was_good_when_data_flowed_for_a_while() -> None:
    clock = ManualClock()
    link, _ = linked(clock)
    for at, good in ((0.0, False), (9.9, False), (10.0, True)):
        clock.set(at)
        link.take(b"good")
        assert link.good is good
