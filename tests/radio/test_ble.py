"""A Bluetooth sensor against the emulated radio: our code, bleak, its BlueZ backend and D-Bus, with a fake daemon.

Waits are short and back-off is immediate; no test asserts how long a thing took.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from coach.clock import ManualClock
from coach.errors import SensorError, UsageError
from coach.model import BatteryReading, HeartRateReading, PodReading
from sensors import ble_faults, drivers
from sensors.codecs import decode
from sensors.drivers.peer import About, Driver, Peer

from .devices import (
    BATTERY_LEVEL,
    HEART_RATE,
    HEART_RATE_SERVICE,
    RSC_MEASUREMENT,
    RSC_SERVICE,
    Device,
    FootPod,
    PolarH10,
)
from .fixtures import Radio, RadioProcess, close_bleak
from .watch import emulated, failure, running, sensor

if TYPE_CHECKING:
    from .bluez import Bluez

ASK = bytes.fromhex("01 02")
START = bytes.fromhex("02 02 00 01 C8 00 01 01 10 00 02 01 08 00")
STOP = bytes.fromhex("03 02")
POD_ADDRESS = "C0:FF:EE:00:00:01"


# --- what devices send ----------------------------------------------------------------------------------------------


@emulated
async def test_a_pod_is_found_linked_and_heard(bluez: Bluez) -> None:
    bluez.add(FootPod(strides_per_min=85, period_s=0.05))
    async with running(sensor(POD_ADDRESS.lower())) as run:
        state = await run.connected()
        packets = await run.receives("rsc", 3)
    assert run.states[0].state == "searching"
    assert (state.name, state.placement, state.battery_pct, state.rate_hz) == ("Foot Pod", "foot", 87, None)
    assert packets[0].payload == bytes.fromhex("04 00 03 55")
    assert {packet.sensor for packet in packets} == {"ble:C0:FF:EE:00:00:01"}
    reading = decode(packets[0])
    assert isinstance(reading, PodReading)
    assert (reading.raw_per_min, reading.speed_mps, reading.running) == (85, 3.0, True)


@emulated
async def test_heart_rate_and_battery_come_along(bluez: Bluez) -> None:
    strap = PolarH10(bpm=150, beat_s=0.05, battery_pct=64)
    bluez.add(strap)
    async with running(sensor(strap.address)) as run:
        await run.connected()
        beats = await run.receives("heart-rate")
        strap.change(BATTERY_LEVEL, bytes([12]))
        levels = await run.receives("battery")
    beat = decode(beats[0])
    assert isinstance(beat, HeartRateReading)
    assert (beat.bpm, beat.contact) == (150, True)
    assert decode(levels[-1]) == BatteryReading(at=levels[-1].at, pct=12)


@emulated
async def test_a_pod_that_offers_its_measurement_only_will_do(bluez: Bluez) -> None:
    pod = FootPod(period_s=0.05)
    pod.services = {RSC_SERVICE: {RSC_MEASUREMENT: ["notify"]}}
    bluez.add(pod)
    async with running(sensor(POD_ADDRESS)) as run:
        state = await run.connected()
        await run.receives("rsc")
    assert (state.battery_pct, state.placement) == (None, None)


@emulated
async def test_a_pod_that_lets_nothing_be_read_will_do(bluez: Bluez) -> None:
    pod = FootPod(period_s=0.05)
    pod.values.clear()
    bluez.add(pod)
    async with running(sensor(POD_ADDRESS)) as run:
        state = await run.connected()
        await run.receives("rsc")
    assert (state.battery_pct, state.placement) == (None, None)


@emulated
async def test_a_battery_that_makes_no_sense_is_unknown(bluez: Bluez) -> None:
    bluez.add(FootPod(battery_pct=255))
    async with running(sensor(POD_ADDRESS)) as run:
        assert (await run.connected()).battery_pct is None


@emulated
async def test_the_runners_word_on_the_placement_counts(bluez: Bluez) -> None:
    bluez.add(FootPod(location=2))
    async with running(sensor(POD_ADDRESS, placement="ankle")) as run:
        assert (await run.connected()).placement == "ankle"


@pytest.mark.parametrize(("location", "placement"), [(1, "foot"), (3, "waist"), (14, "chest"), (0, None), (200, None)])
def test_the_sensor_location_tells_the_placement(radio: Radio, location: int, placement: str | None) -> None:
    async def test(bluez: Bluez) -> None:
        bluez.add(FootPod(location=location))
        async with running(sensor(POD_ADDRESS)) as run:
            assert (await run.connected()).placement == placement

    radio.run(test)


@emulated
async def test_packets_come_after_the_announcement_and_in_the_order_of_time(bluez: Bluez) -> None:
    strap = PolarH10(beat_s=0.01, answer_s=0.05)  # the heart beats while the stream is being started
    bluez.add(strap)
    async with running(sensor(strap.address)) as run:
        await run.receives("pmd")
    assert [getattr(item, "state", "") for item in run.items[:3]] == ["searching", "connected", ""]
    assert [item.at for item in run.items] == sorted(item.at for item in run.items)


def test_a_driver_whose_callback_fails_is_told_of_once_and_the_run_goes_on(
    radio: Radio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(value: bytes) -> None:
        raise ValueError(f"{len(value)} bytes are too few")

    @asynccontextmanager
    async def stream(peer: Peer, rate_hz: int) -> AsyncIterator[About]:
        await peer.subscribe(HEART_RATE, fail)
        yield About()

    faulty = Driver(kind="mine", service=HEART_RATE_SERVICE, carries="news", codecs=frozenset(), stream=stream)
    with_mine = (*drivers.known(), faulty)
    monkeypatch.setattr(drivers, "known", lambda: with_mine)

    async def test(bluez: Bluez) -> None:
        strap = PolarH10(beat_s=0.02)
        bluez.add(strap)
        async with running(sensor(strap.address)) as run:
            await run.until(lambda: "faulty" in [state.state for state in run.states])
            await run.receives("pmd", 3)
        (told,) = [state for state in run.states if state.state == "faulty"]
        assert told.sensor == f"ble:{strap.address}"
        assert told.reason == (
            f"its driver fails on {HEART_RATE}: ValueError('4 bytes are too few'); "
            "update the plug-in, or pip uninstall it"
        )

    radio.run(test)
    assert not caplog.records


@emulated
async def test_nothing_scans_while_data_stream(bluez: Bluez) -> None:
    bluez.add(FootPod(period_s=0.05))
    async with running(sensor(POD_ADDRESS)) as run:
        await run.receives("rsc")
        assert bluez.calls.count("StartDiscovery") == bluez.calls.count("StopDiscovery") == 1
        assert bluez.calls.index("StopDiscovery") < bluez.calls.index("Connect")


# --- links that break -----------------------------------------------------------------------------------------------


@emulated
async def test_a_lost_link_is_made_anew_with_a_new_search(bluez: Bluez) -> None:
    pod = FootPod(period_s=0.05)
    bluez.add(pod)
    async with running(sensor(POD_ADDRESS)) as run:
        await run.receives("rsc")
        bluez.drop(pod)
        assert (await run.reconnecting()).reason == "the link broke"
        await run.connected(2)
        await run.receives("rsc")
    assert [s.state for s in run.states] == ["searching", "connected", "reconnecting", "connected"]
    assert bluez.calls.count("StartDiscovery") == bluez.calls.count("Connect") == 2


@emulated
async def test_a_forgotten_device_is_found_again(bluez: Bluez) -> None:
    pod = FootPod(period_s=0.05)
    bluez.add(pod)
    async with running(sensor(POD_ADDRESS)) as run:
        await run.receives("rsc")
        bluez.forget(pod)
        await run.connected(2)
        await run.receives("rsc")


@emulated
async def test_a_device_out_of_range_is_searched_for_until_it_is_back(bluez: Bluez) -> None:
    pod = FootPod(period_s=0.05)
    bluez.add(pod)
    async with running(sensor(POD_ADDRESS, scan_s=0.5)) as run:
        await run.receives("rsc")
        pod.in_range = False
        bluez.drop(pod)
        await run.until(lambda: run.states[-1].reason == f"{POD_ADDRESS} was not heard within 0.5 s")
        pod.in_range = True
        await run.connected(2)


@emulated
async def test_silence_on_a_link_that_stands_makes_it_anew(bluez: Bluez) -> None:
    strap = PolarH10(beat_s=0.05)
    bluez.add(strap)
    async with running(sensor(strap.address, silence_s=1.0)) as run:
        await run.receives("pmd")
        strap.halt()  # heart rate goes on, but bears no cadence
        assert (await run.reconnecting()).reason == "no data for 1 s"
        await run.connected(2)
        await run.receives("pmd")
    assert [value for _, value in strap.writes] == [ASK, START, STOP, ASK, START, STOP]


@emulated
async def test_an_adapter_switched_off_in_a_run_is_waited_for(bluez: Bluez) -> None:
    bluez.add(FootPod(period_s=0.05))
    async with running(sensor(POD_ADDRESS)) as run:
        await run.receives("rsc")
        bluez.power(False)
        await run.until(lambda: run.states[-1].reason == "Bluetooth is switched off")
        bluez.power(True)
        await run.connected(2)


def test_a_bluetoothd_that_restarts_in_a_run_is_waited_for(radio: Radio) -> None:
    async def test(bluez: Bluez) -> None:
        from .bluez import on_air

        bluez.add(FootPod(period_s=0.05))
        async with running(sensor(POD_ADDRESS, silence_s=0.2)) as run:
            await run.receives("rsc")
            await bluez.close()
            await run.until(lambda: run.states[-1].reason == "there is no Bluetooth on this machine")
            async with on_air(radio.address) as reborn:
                reborn.add(FootPod(period_s=0.05))
                await run.connected(2)
                await run.receives("rsc")

    radio.run(test)


@pytest.mark.parametrize("method", ["StartDiscovery", "StopDiscovery", "Connect", "StartNotify", "ReadValue"])
def test_a_bluetoothd_that_is_busy_once_is_got_over(radio: Radio, method: str) -> None:
    async def test(bluez: Bluez) -> None:
        bluez.add(FootPod(period_s=0.05))
        bluez.refuse_once(method, "org.bluez.Error.InProgress")
        async with running(sensor(POD_ADDRESS)) as run:
            await run.connected()
            await run.receives("rsc")

    radio.run(test)


@emulated
async def test_a_known_sensor_that_is_run_again_is_waited_for(bluez: Bluez) -> None:
    pod, one = FootPod(period_s=0.05), sensor(POD_ADDRESS)
    bluez.add(pod)
    async with running(one) as run:
        await run.receives("rsc")
    bluez.power(False)
    async with running(one) as run:
        await run.reconnecting()
        bluez.power(True)
        await run.connected()


@emulated
async def test_a_connection_that_fails_once_is_tried_again(bluez: Bluez) -> None:
    bluez.add(FootPod(period_s=0.05))
    bluez.refuse_once("Connect", "org.bluez.Error.Failed")
    async with running(sensor(POD_ADDRESS)) as run:
        await run.connected()
    assert [s.state for s in run.states] == ["searching", "reconnecting", "connected"]
    assert "org.bluez.Error.Failed" in run.states[1].reason


@emulated
async def test_a_device_that_is_linked_already_is_taken_over(bluez: Bluez) -> None:
    pod = FootPod(period_s=0.05)
    bluez.add(pod)
    bluez.link(pod)
    async with running(sensor(POD_ADDRESS)) as run:
        await run.receives("rsc")
    assert "StartDiscovery" not in bluez.calls


@pytest.mark.parametrize(("good_s", "begun"), [(9.0, 1), (11.0, 2)])
def test_backoff_begins_anew_after_ten_seconds_of_data(radio: Radio, good_s: float, begun: int) -> None:
    async def test(bluez: Bluez) -> None:
        pod, clock, backoffs = FootPod(period_s=0.02), ManualClock(), []

        def backoff() -> Iterator[float]:
            backoffs.append("begun")
            return itertools.repeat(0.01)

        bluez.add(pod)
        async with running(sensor(POD_ADDRESS, clock=clock, backoff=backoff)) as run:
            await run.connected()
            clock.set(good_s)
            await run.receives("rsc", 2)
            bluez.drop(pod)
            await run.connected(2)
        assert len(backoffs) == begun

    radio.run(test)


# --- errors that end a run ------------------------------------------------------------------------------------------


@emulated
async def test_an_address_that_is_not_there_is_an_error_that_says_what_to_do(bluez: Bluez) -> None:
    bluez.add(FootPod())
    error = await failure(sensor("c0:ff:ee:00:00:99", scan_s=0.2))
    assert error.fault == "not_found"
    assert error.message == "C0:FF:EE:00:00:99 was not heard within 0.2 s"
    assert "wake the sensor" in error.hint
    assert "connected elsewhere does not advertise" in error.hint


@emulated
async def test_an_adapter_that_is_off_at_the_start_is_an_error(bluez: Bluez) -> None:
    bluez.power(False)
    error = await failure(sensor(POD_ADDRESS))
    assert (error.fault, error.message) == ("powered_off", "Bluetooth is switched off")
    assert error.hint


@emulated
async def test_a_device_that_knows_nothing_of_cadence_is_an_error(bluez: Bluez) -> None:
    bluez.add(Device(POD_ADDRESS, "Heart", {HEART_RATE_SERVICE: {HEART_RATE: ["notify"]}}, [HEART_RATE_SERVICE], -50))
    error = await failure(sensor(POD_ADDRESS))
    assert error.fault == "no_service"
    assert POD_ADDRESS in error.message


@emulated
async def test_an_old_polar_strap_is_sent_to_its_update(bluez: Bluez) -> None:
    services = {HEART_RATE_SERVICE: {HEART_RATE: ["notify"]}}
    bluez.add(Device(POD_ADDRESS, "Polar H10 1", services, [HEART_RATE_SERVICE], -50))
    assert "firmware" in (await failure(sensor(POD_ADDRESS))).hint


@emulated
async def test_a_bus_without_bluetoothd_is_no_adapter(bluez: Bluez) -> None:
    await bluez.close()
    error = await failure(sensor(POD_ADDRESS))
    assert (error.fault, error.exit_code) == ("no_adapter", 3)
    assert error.hint


@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is of Linux only")
@pytest.mark.parametrize("address", ["unix:path=/nonexistent/socket", "nonsense", "carrier-pigeon:coop=7"])
def test_a_machine_without_a_bus_is_no_adapter(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)

    async def test() -> SensorError:
        try:
            return await failure(sensor(POD_ADDRESS))
        finally:
            await close_bleak()

    assert asyncio.run(test()).fault == "no_adapter"


@pytest.mark.parametrize("address", ["", "Foot Pod", "C0:FF:EE:00:00", "C0:FF:EE:00:00:0G"])
def test_what_is_no_address_is_an_error(address: str) -> None:
    with pytest.raises(UsageError, match="is not the address of a Bluetooth device"):
        sensor(address)


@pytest.mark.parametrize("address", ["c0:ff:ee:00:00:01", " 2b8a4ea5-90f9-4f4e-a9b1-0d2a2d9d1c77 "])
def test_an_address_is_a_mac_or_the_uuid_of_a_mac(address: str) -> None:
    assert sensor(address).id == f"ble:{address.strip().upper()}"


# --- the end ----------------------------------------------------------------------------------------------------------


@emulated
async def test_cancelling_a_search_ends_the_scan(bluez: Bluez) -> None:
    async with running(sensor(POD_ADDRESS)):
        while "StartDiscovery" not in bluez.calls:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # until bleak has its answer; before, it cannot know what it has to stop
    assert "StopDiscovery" in bluez.calls


def test_a_stop_that_hangs_is_given_up(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ble_faults, "STOP_S", 0.05)

    async def test(bluez: Bluez) -> None:
        strap = PolarH10()
        bluez.add(strap)
        async with running(sensor(strap.address)) as run:
            await run.receives("pmd")
            bluez.hang("WriteValue")
            bluez.hang("Disconnect")
        assert bluez.calls[-2:] == ["WriteValue", "Disconnect"]

    radio.run(test)


# --- the radio as a program -----------------------------------------------------------------------------------------


def test_the_radio_runs_in_a_process_of_its_own(
    radio_process: Callable[..., RadioProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    air = radio_process("--pod", "84", "--strap", "--away", "0.1:0.2")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", air.bus)

    async def test() -> None:
        async with asyncio.timeout(10):
            try:
                async with running(sensor(air.devices["strap"])) as run:
                    await run.connected(2)
                    await run.receives("pmd")
            finally:
                await close_bleak()

    asyncio.run(test())
