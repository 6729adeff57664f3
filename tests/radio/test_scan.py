"""Who is there: the list of the devices on the emulated radio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coach.errors import SensorError
from coach.text import printable
from sensors.ble_scan import Found, scan

from .devices import FootPod, PolarH10
from .watch import emulated

if TYPE_CHECKING:
    from .bluez import Bluez


@emulated
async def test_scan_lists_the_strongest_first_with_what_it_speaks(bluez: Bluez) -> None:
    bluez.add(PolarH10(rssi_dbm=-80), FootPod(rssi_dbm=-50))
    found = await scan(0.5)
    assert [one.address for one in found] == ["C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"]
    assert [one.name for one in found] == ["Foot Pod", "Polar H10 12345678"]
    assert [one.speaks for one in found] == [("rsc",), ("heart-rate", "pmd")]
    assert found[0].rssi_dbm in (-50, -49)


@emulated
async def test_scan_strips_control_characters_from_names(bluez: Bluez) -> None:
    bluez.add(FootPod(name="\x1b[31mPod\x07\n\u202eX\u200b" + 60 * "y"))
    (one,) = await scan(0.5)
    assert one.name == "[31mPod X" + 31 * "y"


@emulated
async def test_scan_tells_of_each_advertisement_as_it_comes(bluez: Bluez) -> None:
    bluez.add(FootPod())
    heard: list[Found] = []
    await scan(0.5, heard=heard.append)
    assert len(heard) > 1
    assert {one.address for one in heard} == {"C0:FF:EE:00:00:01"}


@emulated
async def test_scan_with_nobody_near_is_empty(bluez: Bluez) -> None:
    assert await scan(0.1) == []
    assert bluez.calls.count("StopDiscovery") == 1


@emulated
async def test_scan_says_that_the_adapter_is_off(bluez: Bluez) -> None:
    bluez.power(False)
    with pytest.raises(SensorError) as caught:
        await scan(0.1)
    assert caught.value.fault == "powered_off"


def test_a_printable_name_is_one_short_line() -> None:
    assert printable("Polar H10 12345678") == "Polar H10 12345678"
    assert printable(" a\r\n\tb\u2028c\x00 ") == "a b c"
    assert printable(None) == ""
