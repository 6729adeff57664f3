"""Who is there: a list of the devices nearby, and the search for those that are worn.

A scan ends before a link begins; `sensors.air` sees to it that none begins beside a link.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bleak import BleakAdapter, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from coach.errors import SensorError
from coach.text import printable
from sensors.air import Wanted
from sensors.ble_faults import BLUETOOTH_ERRORS, explain, stopped
from sensors.drivers import bears_cadence, kinds, known


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A device that was heard.

    Parameters
    ----------
    address : a MAC address; on macOS a UUID that holds on this Mac only.
    name : what the device calls itself, fit to be printed; empty where it does not say.
    rssi_dbm : strength of its signal; -50 is near, -90 hardly heard.
    speaks : what it is known to speak, of what the coach understands. fits : whether that gives cadence.
    """

    address: str
    name: str
    rssi_dbm: int
    speaks: tuple[str, ...]
    fits: bool


async def scan(timeout_s: float, *, heard: Callable[[Found], None] | None = None) -> list[Found]:
    """Listen for a while and list who was heard, the strongest first.

    Parameters
    ----------
    heard : told of every advertisement as it comes, for a live view.

    Raises
    ------
    SensorError
        When Bluetooth is missing, switched off or not allowed; see its `fault` and `hint`.
    """
    known()  # a plug-in that cannot be loaded is named here: bleak would swallow what its callback raises
    found: dict[str, Found] = {}

    def note(device: BLEDevice, advertisement: AdvertisementData) -> None:
        one = _found(device, advertisement)
        found[one.address] = one
        if heard is not None:
            heard(one)

    try:
        async with _listening(note):
            await asyncio.sleep(timeout_s)
    except BLUETOOTH_ERRORS as error:
        raise explain(error) from error
    return sorted(found.values(), key=lambda one: (-one.rssi_dbm, one.address))


@dataclass(frozen=True, slots=True)
class Heard:
    """A device to be linked, and how strong its signal was; None where no scan has just heard it."""

    device: BLEDevice
    rssi_dbm: int | None = None


async def find(
    wanted: Sequence[Wanted], timeout_s: float, *, held: Mapping[Wanted, Heard], linger_s: float
) -> dict[Wanted, Heard]:
    """Search in one scan for all sensors that are wanted; give those that were heard.

    The scan ends when all were heard, `linger_s` after the last of those without which there is no run, or after
    `timeout_s`.

    Parameters
    ----------
    held : those of them that need no search.
    """
    heard, news = dict(held), asyncio.Event()
    vital = {one for one in wanted if not one.companion} or set(wanted)

    def note(device: BLEDevice, advertisement: AdvertisementData) -> None:
        for one in wanted:
            if one not in heard and _is(one, device, advertisement):
                heard[one] = Heard(device, advertisement.rssi)
                news.set()

    async def all_heard(sought: set[Wanted]) -> None:
        while not sought <= heard.keys():
            news.clear()
            await news.wait()

    if not set(wanted) <= heard.keys():
        async with _listening(note):
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await all_heard(vital)
                    async with asyncio.timeout(linger_s):
                        await all_heard(set(wanted))
    return heard


async def find_held(wanted: Sequence[Wanted]) -> dict[Wanted, Heard]:
    """Look for sensors among the devices that are linked already, which do not advertise.

    BlueZ keeps a link when the program that made it dies (bluez #89); elsewhere the system ends it. Of use before the
    first search only: bleak's list outlives a restart of bluetoothd, and then names links that are gone.
    """
    if sys.platform != "linux":
        return {}
    adapter = await BleakAdapter.get()
    devices = await adapter.get_connected_devices([driver.service for driver in known()])
    return {
        one: Heard(device)
        for one in wanted
        for device in devices
        if not one.by_name and device.address.casefold() == one.name.casefold()
    }


def not_heard(wanted: Wanted, timeout_s: float) -> SensorError:
    """Say that a scan did not find a sensor."""
    return SensorError(
        f"{wanted.name} was not heard within {timeout_s:g} s",
        fault="not_found",
        hint="wake the sensor (shake the pod, wet the strap) and close other apps connected to it: "
        "a strap that is connected elsewhere does not advertise",
    )


@asynccontextmanager
async def _listening(note: Callable[[BLEDevice, AdvertisementData], None]) -> AsyncIterator[None]:
    scanner = BleakScanner(note)
    await scanner.start()
    try:
        yield
    finally:
        await stopped(scanner.stop())


def _found(device: BLEDevice, advertisement: AdvertisementData) -> Found:
    name = printable(advertisement.local_name or device.name)
    speaks = kinds(advertisement.service_uuids, name)
    return Found(
        address=device.address, name=name, rssi_dbm=advertisement.rssi, speaks=speaks, fits=bears_cadence(speaks)
    )


def _is(wanted: Wanted, device: BLEDevice, advertisement: AdvertisementData) -> bool:
    said = printable(advertisement.local_name or device.name) if wanted.by_name else device.address
    return said.casefold() == wanted.name.casefold()
