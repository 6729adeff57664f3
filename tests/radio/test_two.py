"""Two Bluetooth sensors on one radio: they take turns at searching and linking, and leave a stream in peace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from coach.errors import SensorError
from sensors.air import SHORT_S, Air
from sensors.ble import BleSensor

from .devices import FootPod, PolarH10
from .watch import emulated, running, sensor

if TYPE_CHECKING:
    from .bluez import Bluez

POD, STRAP = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"


def two(air: Air, **settings: float) -> tuple[BleSensor, BleSensor]:
    return sensor(POD, air=air, **settings), sensor(STRAP, air=air, companion=True, **settings)


@emulated
async def test_two_are_linked_one_after_the_other_and_both_stream(bluez: Bluez) -> None:
    bluez.add(FootPod(period_s=0.05), PolarH10(beat_s=0.05))
    pod, strap = two(Air())
    async with running(pod) as first, running(strap) as second:
        await first.connected()
        await second.connected()
        await first.receives("rsc")
        await second.receives("heart-rate")
        await second.receives("pmd")
    scans = [call for call in bluez.calls if call in ("StartDiscovery", "StopDiscovery", "Connect")]
    assert scans == ["StartDiscovery", "StopDiscovery", "Connect"] * 2


@emulated
async def test_a_lost_companion_is_searched_for_in_short_searches_while_the_first_streams(bluez: Bluez) -> None:
    strap_device = PolarH10(beat_s=0.05)
    bluez.add(FootPod(period_s=0.05), strap_device)
    air = Air()
    pod, strap = two(air, scan_s=60.0)
    assert air.search_s(60.0) == 60.0
    async with running(pod) as first, running(strap) as second:
        await second.connected()
        assert air.search_s(60.0) == SHORT_S
        strap_device.in_range = False
        bluez.drop(strap_device)
        await second.reconnecting()
        await first.receives("rsc", 40)
        strap_device.in_range = True
        await second.connected(2)
        assert [state.state for state in first.states] == ["searching", "connected"]
    assert air.search_s(60.0) == 60.0


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
        with air.streaming():
            said.append(str(air.search_s(1.0)))
        return said

    assert asyncio.run(scenario()) == ["first", "second", "1.0"]
