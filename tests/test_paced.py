"""A source at the pace of a clock; the clock is set by hand, and sleeping moves it."""

from __future__ import annotations

import asyncio

import pytest

from coach.clock import ManualClock
from coach.model import Beat, Packet
from sensors.paced import Paced

BEAT = Beat(t_s=1.0, available_s=0.7, index=0, foot="left")


class ThreePackets:
    id = "three"

    def __init__(self):
        self.packets = [
            Packet(at=at, sensor="three", codec="rows", payload=bytes([i])) for i, at in enumerate((0, 1, 2.5))
        ]

    def next_at(self):
        return self.packets[0].at if self.packets else None

    def take(self):
        return self.packets.pop(0)


class Listening(ThreePackets):
    def __init__(self):
        super().__init__()
        self.heard = []

    def play(self, beat):
        self.heard.append(beat)


class Sleep:
    """Stands in for `asyncio.sleep`: notes each wait and moves the clock, by `part` of what was asked."""

    def __init__(self, clock, part=1.0):
        self.clock = clock
        self.part = part
        self.waits = []

    async def __call__(self, delay):
        self.waits.append(delay)
        self.clock.set(self.clock.now() + self.part * delay)


@pytest.fixture
def clock():
    return ManualClock()


def emitted(clock, sleep, monkeypatch):
    out = []
    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(Paced(ThreePackets(), clock).run(out.append))
    return out


def test_emits_each_input_when_it_is_due_and_ends_with_the_source(clock, monkeypatch):
    sleep = Sleep(clock)
    out = emitted(clock, sleep, monkeypatch)
    assert [(packet.at, packet.payload) for packet in out] == [(0.0, b"\0"), (1.0, b"\1"), (2.5, b"\2")]
    assert [wait for wait in sleep.waits if wait] == [1.0, 1.5]


def test_sleeps_that_end_early_emit_nothing_early(clock, monkeypatch):
    out = emitted(clock, Sleep(clock, part=0.75), monkeypatch)
    assert [packet.at for packet in out] == pytest.approx([0.0, 1.0, 2.5])
    assert all(packet.at >= due for packet, due in zip(out, (0.0, 1.0, 2.5), strict=True))


def test_late_it_catches_up_without_waiting_and_stamps_what_is_true(clock, monkeypatch):
    clock.set(2.0)
    sleep = Sleep(clock)
    out = emitted(clock, sleep, monkeypatch)
    assert [packet.at for packet in out] == [2.0, 2.0, 2.5]
    assert [wait for wait in sleep.waits if wait] == [0.5]


def test_other_tasks_run_while_it_catches_up(clock):
    async def run():
        clock.set(10.0)
        order = []

        async def other():
            order.append("other")

        task = asyncio.ensure_future(other())
        await Paced(ThreePackets(), clock).run(lambda packet: order.append(packet.payload))
        await task
        return order

    assert asyncio.run(run())[:2] == ["other", b"\0"]


def test_beats_reach_a_source_that_listens(clock):
    source = Listening()
    Paced(source, clock).play(BEAT)
    assert source.heard == [BEAT]


def test_beats_for_a_deaf_source_are_dropped(clock):
    Paced(ThreePackets(), clock).play(BEAT)


def test_has_the_name_of_its_source(clock):
    assert Paced(ThreePackets(), clock).id == "three"
