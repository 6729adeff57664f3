"""A bleak backend in memory: the devices of `devices` with nothing in between, for more than a radio can carry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTServiceCollection
from bleak.exc import BleakGATTProtocolError

from .devices import Device, Services
from .gatt_backends import NoPairing, Offer, collection, install

ADVERTISING_INTERVAL_S = 0.01
READ_NOT_PERMITTED = 0x02
MTU = 517


@asynccontextmanager
async def near(monkeypatch: pytest.MonkeyPatch, *devices: Device) -> AsyncIterator[None]:
    """Switch devices on, and have bleak find them."""
    known = {device.address: device for device in devices}
    install(monkeypatch, partial(Scanner, known), partial(Client, known))
    async with asyncio.TaskGroup() as group:
        lives = [group.create_task(device.run()) for device in devices]
        yield
        for life in lives:
            life.cancel()


class Scanner(BaseBleakScanner):
    """Hears every device again and again."""

    def __init__(self, known: dict[str, Device], callback: Any, service_uuids: list[str] | None, *_: Any, **__: Any):
        super().__init__(callback, service_uuids)
        self._known = known
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.cancel()

    async def _listen(self) -> None:
        while True:
            await asyncio.sleep(ADVERTISING_INTERVAL_S)
            for device in self._known.values():
                said = AdvertisementData(device.name, {}, {}, device.advertised, None, device.rssi_dbm, ())
                heard = self.create_or_update_device(device.address, device.address, device.name, None, said)
                self.call_detection_callbacks(heard, said)


class Client(NoPairing, BaseBleakClient):
    """A link that carries everything at once, and breaks only when it is told to."""

    def __init__(self, known: dict[str, Device], device: BLEDevice, *, services: Any = None, **kwargs: Any) -> None:
        super().__init__(device, **kwargs)
        self._device = known[device.address]
        self._callbacks: dict[str, NotifyCallback] = {}
        self._linked = False

    @property
    def name(self) -> str:
        return self._device.name

    @property
    def mtu_size(self) -> int:
        return MTU

    @property
    def is_connected(self) -> bool:
        return self._linked

    async def connect(self, pair: bool, **_: Any) -> None:
        self._device.transmit = self._receive
        self.services = _offered(self._device.services)
        self._linked = True

    async def disconnect(self) -> None:
        self._device.subscribed.clear()
        self._linked = False
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        if characteristic.uuid not in self._device.values:
            raise BleakGATTProtocolError(READ_NOT_PERMITTED)
        return bytearray(self._device.values[characteristic.uuid])

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        self._device.write(characteristic.uuid, bytes(data))

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any) -> None:
        self._callbacks[characteristic.uuid] = callback
        self._device.subscribed.add(characteristic.uuid)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self._device.subscribed.discard(characteristic.uuid)

    def _receive(self, characteristic: str, value: bytes) -> None:
        self._callbacks[characteristic](bytearray(value))


def _offered(services: Services) -> BleakGATTServiceCollection:
    handles = iter(range(1, 0xFFFF))
    listed: list[tuple[int, str, list[Offer]]] = []
    for service, characteristics in services.items():
        first = next(handles)
        listed.append((first, service, [(None, next(handles), uuid, list(f)) for uuid, f in characteristics.items()]))
    return collection(listed, lambda: MTU)
