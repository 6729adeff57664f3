"""How a test puts a backend of its own under bleak: `sensors` name only bleak, which asks for the machine's backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection

Offer = tuple[Any, int, str, list[str]]
"""A characteristic, as its backend knows it: its object, handle, UUID and properties."""


def install(
    monkeypatch: pytest.MonkeyPatch, scanner: Callable[..., BaseBleakScanner], client: Callable[..., BaseBleakClient]
) -> None:
    """Have bleak take these for the machine's own until the test ends."""
    for kind, backend in (("scanner", scanner), ("client", client), ("adapter", _Adapter)):
        monkeypatch.setattr(f"bleak.get_platform_{kind}_backend_type", lambda one=backend: (one, "emulated"))


def collection(services: Iterable[tuple[int, str, list[Offer]]], mtu: Callable[[], int]) -> BleakGATTServiceCollection:
    """Make bleak's list of what a device offers, of services by handle, UUID and characteristics."""
    found = BleakGATTServiceCollection()
    for service_handle, service_uuid, offers in services:
        service = BleakGATTService(None, service_handle, service_uuid)
        found.add_service(service)
        for one, handle, uuid, properties in offers:
            found.add_characteristic(
                BleakGATTCharacteristic(one, handle, uuid, properties, lambda: mtu() - 3, service)  # type: ignore[arg-type]
            )
    return found


class _Adapter(BaseBleakAdapter):
    """An adapter that holds no link when the program starts."""

    @classmethod
    async def get(cls, **_: Any) -> _Adapter:
        return cls()

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:
        return []


class NoPairing:
    """What nothing in the coach calls; a backend has to have it."""

    async def pair(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError

    async def unpair(self) -> None:
        raise NotImplementedError

    async def read_gatt_descriptor(self, descriptor: Any, **_: Any) -> bytearray:
        raise NotImplementedError

    async def write_gatt_descriptor(self, descriptor: Any, data: Any) -> None:
        raise NotImplementedError
