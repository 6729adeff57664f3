"""Who is there: a list of the devices nearby, and the search for one of them by its address.

A scan ends before a link begins, and nothing scans while data stream: scanning disturbs links (bleak #1290).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bleak import BleakAdapter, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from coach.errors import SensorError
from coach.text import printable
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
    """A device to be linked, and how strong its signal was; None where it was linked already."""

    device: BLEDevice
    rssi_dbm: int | None


async def find(wanted: str, timeout_s: float, *, by_name: bool = False) -> Heard:
    """Search for one device.

    Parameters
    ----------
    wanted : its address as `Found` gives it, in any case, or its whole name.

    Raises
    ------
    SensorError
        With fault "not_found" when it was not heard within `timeout_s`.
    """
    heard: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()

    def note(device: BLEDevice, advertisement: AdvertisementData) -> None:
        said = printable(advertisement.local_name or device.name) if by_name else device.address
        if said.casefold() == wanted.casefold() and not heard.done():
            heard.set_result(Heard(device, advertisement.rssi))

    async with _listening(note):
        done, _ = await asyncio.wait([heard], timeout=timeout_s)
    if not done:
        raise _not_found(wanted, timeout_s)
    return heard.result()


async def find_held(address: str) -> Heard | None:
    """Look for a device among those that are linked already, which do not advertise.

    BlueZ keeps a link when the program that made it dies (bluez #89); elsewhere the system ends it. Of use before the
    first search only: bleak's list outlives a restart of bluetoothd, and then names links that are gone.
    """
    if sys.platform != "linux":
        return None
    adapter = await BleakAdapter.get()
    devices = await adapter.get_connected_devices([driver.service for driver in known()])
    return next((Heard(one, None) for one in devices if one.address.upper() == address.upper()), None)


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


def _not_found(wanted: str, timeout_s: float) -> SensorError:
    return SensorError(
        f"{wanted} was not heard within {timeout_s:g} s",
        fault="not_found",
        hint="wake the sensor (shake the pod, wet the strap) and close other apps connected to it: "
        "a strap that is connected elsewhere does not advertise",
    )
