"""Two Bluetooth sensors on one radio: they take turns at searching and linking, and leave a stream in peace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from coach.errors import SensorError, UsageError
from sensors import air as air_module
from sensors.air import Air, Wanted
from sensors.ble import LATER, BleSensor

from .devices import FootPod, PolarH10
from .watch import Run, emulated, failure, running, sensor

if TYPE_CHECKING:
    from .bluez import Bluez

POD, STRAP = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"


def two(air: Air, **settings: float) -> tuple[BleSensor, BleSensor]:
    return sensor(POD, air=air, **settings), sensor(STRAP, air=air, companion=True, **settings)


def states(run: Run) -> list[str]:
    return [state.state for state in run.states]


@emulated
async def test_two_are_found_by_one_scan_and_both_stream(bluez: Bluez) -> None:
    bluez.add(FootPod(period_s=0.05), PolarH10(beat_s=0.05))
    pod, strap = two(Air())
    async with running(pod) as first, running(strap) as second:
        await first.connected()
        await second.connected()
        await first.receives("rsc")
        await second.receives("heart-rate")
        await second.receives("pmd")
    calls = [call for call in bluez.calls if call in ("StartDiscovery", "StopDiscovery", "Connect")]
    assert calls == ["StartDiscovery", "StopDiscovery", "Connect", "Connect"]
    assert bluez.disturbed == 0


@emulated
async def test_a_lost_companion_comes_back_without_a_scan(bluez: Bluez) -> None:
    strap_device = PolarH10(beat_s=0.05)
    bluez.add(FootPod(period_s=0.05), strap_device)
    pod, strap = two(Air())
    async with running(pod) as first, running(strap) as second:
        await second.connected()
        strap_device.in_range = False
        bluez.drop(strap_device)
        await second.reconnecting()
        await first.receives("rsc", 10)
        strap_device.in_range = True
        assert (await second.connected(2)).rssi_dbm is None
        await second.receives("heart-rate")
        assert states(first) == ["searching", "connected"]
    assert bluez.calls.count("StartDiscovery") == 1
    assert bluez.disturbed == 0


@emulated
async def test_a_companion_that_is_not_there_waits_until_the_first_is_lost(bluez: Bluez) -> None:
    pod_device, strap_device = FootPod(period_s=0.05), PolarH10(beat_s=0.05)
    bluez.add(pod_device)
    pod, strap = two(Air(), scan_s=0.5)
    async with running(pod) as first, running(strap) as second:
        assert (await second.reconnecting()).reason == f"{STRAP} was not heard: {LATER}"
        bluez.add(strap_device)
        await first.receives("rsc", 20)
        assert bluez.calls.count("StartDiscovery") == 1
        assert states(second) == ["searching", "reconnecting"]
        pod_device.in_range = False
        bluez.drop(pod_device)
        await second.connected()
        pod_device.in_range = True
        await first.connected(2)
        await first.receives("rsc")
        await second.receives("heart-rate")
    assert bluez.disturbed == 0


@emulated
async def test_a_companion_that_is_forgotten_waits_until_the_first_is_lost(bluez: Bluez) -> None:
    pod_device, strap_device = FootPod(period_s=0.05), PolarH10(beat_s=0.05)
    bluez.add(pod_device, strap_device)
    pod, strap = two(Air())
    async with running(pod) as first, running(strap) as second:
        await second.connected()
        strap_device.in_range = False
        bluez.forget(strap_device)
        await second.until(lambda: second.states[-1].reason == f"the system has forgotten {STRAP}: {LATER}")
        strap_device.in_range = True
        await first.receives("rsc", 20)
        assert bluez.calls.count("StartDiscovery") == 1
        assert states(second)[-1] == "reconnecting"
        bluez.drop(pod_device)
        await first.connected(2)
        await second.connected(2)
        await second.receives("heart-rate")
    assert bluez.disturbed == 0


@emulated
async def test_a_first_sensor_that_is_known_comes_back_beside_its_companion(bluez: Bluez) -> None:
    pod_device = FootPod(period_s=0.05)
    bluez.add(pod_device, PolarH10(beat_s=0.05))
    pod, strap = two(Air())
    async with running(pod) as first, running(strap) as second:
        await second.connected()
        bluez.drop(pod_device)
        await first.connected(2)
        await first.receives("rsc")
        assert states(second) == ["searching", "connected"]
    assert bluez.calls.count("StartDiscovery") == 1


@emulated
async def test_a_first_sensor_that_is_forgotten_has_its_companion_make_way(bluez: Bluez) -> None:
    pod_device = FootPod(period_s=0.05)
    bluez.add(pod_device, PolarH10(beat_s=0.05))
    pod, strap = two(Air())
    async with running(pod) as first, running(strap) as second:
        await second.connected()
        bluez.forget(pod_device)
        assert (await second.reconnecting()).reason == "unlinked to search for the first sensor"
        await first.connected(2)
        await second.connected(2)
        await first.receives("rsc")
        await second.receives("heart-rate")
    assert bluez.disturbed == 0


@emulated
async def test_a_first_sensor_that_is_not_there_ends_the_run_though_its_companion_is(bluez: Bluez) -> None:
    bluez.add(PolarH10())
    pod, _ = two(Air(), scan_s=0.5)
    assert (await failure(pod)).message == f"{POD} was not heard within 0.5 s"


@emulated
async def test_a_companion_is_searched_for_at_any_time_where_no_other_sensor_is_linked(bluez: Bluez) -> None:
    strap_device = PolarH10(beat_s=0.05)
    async with running(sensor(STRAP, companion=True, scan_s=0.2)) as run:
        assert (await run.reconnecting()).reason == f"{STRAP} was not heard within 0.2 s"
        bluez.add(strap_device)
        await run.receives("heart-rate")


@emulated
async def test_one_device_cannot_be_two_sensors(bluez: Bluez) -> None:
    strap_device = PolarH10()
    bluez.add(strap_device)
    air = Air()
    named, twin = sensor("", name=strap_device.name, air=air), sensor(STRAP, companion=True, air=air)
    async with running(named) as first:
        await first.connected()
        with pytest.raises(UsageError) as caught:
            await twin.run(lambda _: None)
        await first.receives("pmd")
    assert caught.value.message == f"{STRAP} and Polar H10 12345678 are one device, {STRAP}"


@emulated
async def test_a_strap_that_sends_heart_rate_only_will_do_as_a_companion(bluez: Bluez) -> None:
    strap_device = PolarH10(beat_s=0.05)
    strap_device.services = {
        service: offered for service, offered in strap_device.services.items() if not service.startswith("fb005c")
    }
    bluez.add(strap_device)
    async with running(sensor(STRAP, companion=True)) as run:
        await run.connected()
        await run.receives("heart-rate", 3)


def test_who_waits_for_the_air_gets_it_when_the_other_fails() -> None:
    async def scenario() -> list[str]:
        air, said = Air(), []

        async def fail() -> None:
            async with air.alone():
                said.append("first")
                await asyncio.sleep(0)
                raise SensorError("not heard")

        async def wait() -> None:
            async with air.alone():
                said.append("second")

        await asyncio.gather(fail(), wait(), return_exceptions=True)
        return said

    assert asyncio.run(scenario()) == ["first", "second"]


def test_who_does_not_make_way_keeps_the_air_from_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(air_module, "HUSH_S", 0.01)

    async def scenario() -> None:
        air, asked = Air(), []
        with air.linked(Wanted(STRAP), STRAP, lambda: asked.append(STRAP)):
            with pytest.raises(TimeoutError):
                await air.hush()
            assert asked == [STRAP]
            assert air.busy
        await air.hush()
        assert not air.busy

    asyncio.run(scenario())
