"""A Bluetooth sensor over real GATT: our code and bleak on top, bumble's ATT, L2CAP and HCI below, no radio.

What the fake bluetoothd cannot show is shown here: the MTU, what is written to subscribe, indications and their
confirmation, and values that are longer than the MTU.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from coach.clock import HostClock
from coach.config import Config
from coach.errors import PacketError
from coach.model import Frame, PodReading, SensorEvent, Step
from sensors.codecs import decode

from .devices import (
    BATTERY_LEVEL,
    PMD_CONTROL,
    PMD_DATA,
    RSC_MEASUREMENT,
    SIG,
    FootPod,
    PolarH10,
)
from .fixtures import LIMIT_S
from .gatt_live import live, running_g
from .watch import failure, running, sensor

pytest.importorskip("bumble", reason="real GATT in Python is bumble's: pip install bumble")

from .gatt_air import STRAP_MTU, Air, on_air
from .gatt_central import listen_with

LEAST_MTU = 23
START = bytes.fromhex("02 02 00 01 C8 00 01 01 10 00 02 01 08 00")
ASK = bytes.fromhex("01 02")
STOP = bytes.fromhex("03 02")
NOTIFY, INDICATE = bytes.fromhex("01 00"), bytes.fromhex("02 00")
INFORMATION_SERVICE, MODEL = SIG.format("180a"), SIG.format("2a24")

Run = Callable[[Callable[[Air], Awaitable[None]]], None]


@pytest.fixture
def over_gatt(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs a test's coroutine with an air whose central bleak takes for the machine's own."""

    async def run(test: Callable[[Air], Awaitable[None]]) -> None:
        async with asyncio.timeout(LIMIT_S), on_air() as air:
            listen_with(air, monkeypatch)
            await test(air)

    return lambda test: asyncio.run(run(test))


# --- a pod ----------------------------------------------------------------------------------------------------------


def test_a_pod_is_found_linked_and_heard(over_gatt: Run) -> None:
    async def test(air: Air) -> None:
        pod = FootPod(strides_per_min=85, period_s=0.05)
        await air.add(pod)
        async with running(sensor(pod.address)) as run:
            state = await run.connected()
            packets = await run.receives("rsc", 3)
            assert air.descriptor(pod, RSC_MEASUREMENT) == NOTIFY
        assert (state.name, state.placement, state.battery_pct) == ("Foot Pod", "foot", 87)
        assert packets[0].payload == bytes.fromhex("04 00 03 55")
        reading = decode(packets[0])
        assert isinstance(reading, PodReading)
        assert (reading.raw_per_min, reading.speed_mps, reading.running) == (85, 3.0, True)

    over_gatt(test)


def test_a_lost_link_is_made_anew(over_gatt: Run) -> None:
    async def test(air: Air) -> None:
        pod = FootPod(period_s=0.05)
        await air.add(pod)
        async with running(sensor(pod.address)) as run:
            await run.receives("rsc")
            await air.drop(pod)
            assert (await run.reconnecting()).reason == "the link broke"
            await run.connected(2)
            await run.receives("rsc", 2)
        assert [s.state for s in run.states] == ["searching", "connected", "reconnecting", "connected"]

    over_gatt(test)


def test_a_value_longer_than_the_mtu_is_read_whole(over_gatt: Run) -> None:
    model = "Foot Pod of the second kind, left shoe"

    async def test(air: Air) -> None:
        pod = FootPod()
        pod.services = {**pod.services, INFORMATION_SERVICE: {MODEL: ["read"]}}
        pod.values[MODEL] = model.encode()
        await air.add(pod, mtu=LEAST_MTU)
        async with running(sensor(pod.address)) as run:
            assert (await run.connected()).model == model
            assert air.mtu(pod) == LEAST_MTU

    over_gatt(test)


def test_a_value_that_may_not_be_read_is_done_without(over_gatt: Run) -> None:
    async def test(air: Air) -> None:
        pod = FootPod(period_s=0.05)
        pod.values.clear()
        await air.add(pod)
        async with running(sensor(pod.address)) as run:
            state = await run.connected()
            await run.receives("rsc")
        assert (state.battery_pct, state.placement) == (None, None)

    over_gatt(test)


# --- a strap --------------------------------------------------------------------------------------------------------


def test_a_strap_answers_by_indication_sends_long_frames_and_is_stopped(over_gatt: Run) -> None:
    acc_g = np.column_stack([np.arange(4096) / 1000, np.zeros(4096), -np.ones(4096)])

    async def test(air: Air) -> None:
        strap = PolarH10(acc_g=acc_g, beat_s=0.05)
        await air.add(strap)
        async with running(sensor(strap.address)) as run:
            state = await run.connected()
            packets = await run.receives("pmd", 2)
            await run.receives("heart-rate")
            assert air.mtu(strap) == STRAP_MTU
            assert air.descriptor(strap, PMD_CONTROL) == INDICATE
            assert air.descriptor(strap, PMD_DATA) == air.descriptor(strap, BATTERY_LEVEL) == NOTIFY
        assert (state.name, state.placement, state.battery_pct, state.rate_hz) == (strap.name, "chest", 64, 200)
        assert {len(packet.payload) for packet in packets} == {226}
        frames = [decode(packet) for packet in packets[:2]]
        np.testing.assert_allclose(np.concatenate([f.acc_g for f in frames if isinstance(f, Frame)]), acc_g[:72])
        assert strap.writes == [(PMD_CONTROL, command) for command in (ASK, START, STOP)]
        assert not strap.streaming

    over_gatt(test)


def test_a_strap_whose_link_broke_is_started_anew(over_gatt: Run) -> None:
    async def test(air: Air) -> None:
        strap = PolarH10()
        await air.add(strap)
        async with running(sensor(strap.address)) as run:
            await run.receives("pmd")
            await air.drop(strap)
            await run.connected(2)
            await run.receives("pmd")
        assert [value for _, value in strap.writes] == [ASK, START, ASK, START, STOP, START, STOP]
        assert not strap.streaming

    over_gatt(test)


def test_a_strap_in_a_run_gives_cadence_through_a_loss_of_the_link(over_gatt: Run, config: Config) -> None:
    spm = 172

    async def test(air: Air) -> None:
        strap = PolarH10(acc_g=running_g(config, spm))
        await air.add(strap)
        clock = HostClock()
        async with live(config, clock, sensor(strap.address, clock=clock)) as run:
            await run.until(lambda: len(run.locked_spm()) >= 3)
            await air.drop(strap)
            lost_s = clock.now()
            await run.until(lambda: len(run.locked_spm(since_s=lost_s + 1.0)) >= 3)
        np.testing.assert_allclose(run.locked_spm(), spm, rtol=0.03)
        assert [one.state for one in run.of(SensorEvent)] == [
            "searching",
            "connected",
            "reconnecting",
            "connected",
            "ended",
        ]
        assert run.of(Step)
        assert run.problems == []
        assert not strap.streaming

    over_gatt(test)


# --- the least MTU --------------------------------------------------------------------------------------------------


def test_frames_that_the_mtu_cuts_are_bad_packets_and_no_cadence(over_gatt: Run, config: Config) -> None:
    """A notification carries the first MTU - 3 bytes of a value (Core Specification, vol. 3, part G, 4.10.1)."""

    async def test(air: Air) -> None:
        strap = PolarH10(acc_g=running_g(config, 172))
        await air.add(strap, mtu=LEAST_MTU)
        clock = HostClock()
        async with live(config, clock, sensor(strap.address, clock=clock)) as run:
            await run.until(lambda: any(event.state == "bad_packet" for event in run.of(SensorEvent)))
            assert air.mtu(strap) == LEAST_MTU
        (bad,) = [event for event in run.of(SensorEvent) if event.state == "bad_packet"]
        assert "samples come in rows of 6 bytes" in bad.reason
        assert run.locked_spm() == []
        assert not strap.streaming

    over_gatt(test)


def test_a_cut_frame_is_refused_and_not_read_in_part(over_gatt: Run) -> None:
    async def test(air: Air) -> None:
        strap = PolarH10()
        await air.add(strap, mtu=LEAST_MTU)
        async with running(sensor(strap.address)) as run:
            (packet, *_) = await run.receives("pmd")
        assert len(packet.payload) == LEAST_MTU - 3
        with pytest.raises(PacketError, match="rows of 6 bytes"):
            decode(packet)

    over_gatt(test)


def test_a_strap_that_wants_a_larger_mtu_says_so(over_gatt: Run) -> None:
    async def test(air: Air) -> None:
        strap = PolarH10()
        strap.refuse_with = 10
        await air.add(strap, mtu=LEAST_MTU)
        error = await failure(sensor(strap.address))
        assert error.fault == "refused"
        assert error.message == "the strap refuses to send acceleration at 200 Hz: invalid mtu"

    over_gatt(test)
