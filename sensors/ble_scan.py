"""Who is there: a list of the devices nearby, and the search for one of them by its address.

A scan ends before a link begins, and nothing scans while data stream: scanning disturbs links (bleak #1290).
"""

from __future__ import annotations

import asyncio
import sys
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from bleak import BleakAdapter, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from coach.errors import SensorError
from sensors.ble_faults import BLUETOOTH_ERRORS, explain, stopped
from sensors.gatt import heart_rate, polar, rsc

ServiceKind = Literal["rsc", "pmd", "heart-rate"]

NAME_MAX_CHARS = 40

_KINDS: dict[str, ServiceKind] = {
    rsc.SERVICE: "rsc",
    polar.SERVICE: "pmd",
    heart_rate.SERVICE: "heart-rate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A device that was heard.

    Parameters
    ----------
    address : a MAC address; on macOS a UUID that holds on this Mac only.
    name : what the device calls itself, fit to be printed; empty where it does not say.
    rssi_dbm : strength of its signal; -50 is near, -90 hardly heard.
    speaks : the services that it is known to offer, of those that the coach understands.
    """

    address: str
    name: str
    rssi_dbm: int
    speaks: tuple[ServiceKind, ...]


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


async def find(address: str, timeout_s: float) -> BLEDevice:
    """Search for one device.

    Parameters
    ----------
    address : as `Found` gives it, in any case.

    Raises
    ------
    SensorError
        With fault "not_found" when it was not heard within `timeout_s`.
    """
    heard: asyncio.Future[BLEDevice] = asyncio.get_running_loop().create_future()

    def note(device: BLEDevice, _advertisement: AdvertisementData) -> None:
        if _same(device, address) and not heard.done():
            heard.set_result(device)

    async with _listening(note):
        done, _ = await asyncio.wait([heard], timeout=timeout_s)
    if not done:
        raise _not_found(address, timeout_s)
    return heard.result()


async def find_held(address: str) -> BLEDevice | None:
    """Look for a device among those that are linked already, which do not advertise.

    BlueZ keeps a link when the program that made it dies (bluez #89); elsewhere the system ends it. Of use before the
    first search only: bleak's list outlives a restart of bluetoothd, and then names links that are gone.
    """
    if sys.platform != "linux":
        return None
    adapter = await BleakAdapter.get()
    devices = await adapter.get_connected_devices(list(_KINDS))
    return next((device for device in devices if _same(device, address)), None)


def printable(text: str | None) -> str:
    """Make a name from the air fit for a terminal: no control or formatting characters, one line, not long."""
    kept = "".join(c for c in text or "" if c.isspace() or not unicodedata.category(c).startswith("C"))
    return " ".join(kept.split())[:NAME_MAX_CHARS]


@asynccontextmanager
async def _listening(note: Callable[[BLEDevice, AdvertisementData], None]) -> AsyncIterator[None]:
    scanner = BleakScanner(note)
    await scanner.start()
    try:
        yield
    finally:
        await stopped(scanner.stop())


def _same(device: BLEDevice, address: str) -> bool:
    return device.address.upper() == address.upper()


def _found(device: BLEDevice, advertisement: AdvertisementData) -> Found:
    name = printable(advertisement.local_name or device.name)
    kinds = [_KINDS[uuid] for uuid in advertisement.service_uuids if uuid in _KINDS]
    if name.startswith("Polar H10") and "pmd" not in kinds:
        kinds.append("pmd")  # its advertisement has room for heart rate only
    return Found(address=device.address, name=name, rssi_dbm=advertisement.rssi, speaks=tuple(kinds))


def _not_found(address: str, timeout_s: float) -> SensorError:
    return SensorError(
        f"{address} was not heard within {timeout_s:g} s",
        fault="not_found",
        hint="wake the sensor (shake the pod, wet the strap) and close other apps connected to it: "
        "a strap that is connected elsewhere does not advertise",
    )
