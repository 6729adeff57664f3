"""A bleak backend over bumble, for the central of `gatt_air`: bleak's public API down to HCI, in one process.

The third-party backends that bleak's documentation lists for bumble are not on the package index; this is as much of
one as the coach uses. It behaves as BlueZ does: the MTU is asked for at once, and everything is discovered on connect.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import BleakError, BleakGATTProtocolError
from bumble.att import ATT_Error
from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Advertisement, Connection, Device, Peer

from .gatt_air import Air
from .gatt_backends import NoPairing, Offer, collection, install

MTU = 517
"""What BlueZ asks for."""


def listen_with(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have bleak take an air's central for the machine's own Bluetooth."""
    install(monkeypatch, partial(Scanner, air.central), partial(Client, air.central))


class Scanner(BaseBleakScanner):
    """Scans with a central of bumble."""

    def __init__(self, central: Device, callback: Any, service_uuids: list[str] | None, *_: Any, **__: Any) -> None:
        super().__init__(callback, service_uuids)
        self._central = central

    async def start(self) -> None:
        self.seen_devices = {}
        self._central.on(self._central.EVENT_ADVERTISEMENT, self._heard)
        await self._central.start_scanning()

    async def stop(self) -> None:
        self._central.remove_listener(self._central.EVENT_ADVERTISEMENT, self._heard)
        await self._central.stop_scanning()

    def _heard(self, report: Advertisement) -> None:
        address = report.address.to_string(with_type_qualifier=False)
        kinds = (AdvertisingData.Type.COMPLETE_LOCAL_NAME, AdvertisingData.Type.SHORTENED_LOCAL_NAME)
        name = next((said for kind in kinds if (said := report.data.get(kind))), None)
        advertisement = AdvertisementData(
            local_name=name,
            manufacturer_data={},
            service_data={},
            service_uuids=_advertised(report.data),
            tx_power=None,
            rssi=report.rssi,
            platform_data=(report,),
        )
        device = self.create_or_update_device(address, address, name, report.address, advertisement)
        if self.is_allowed_uuid(advertisement.service_uuids):
            self.call_detection_callbacks(device, advertisement)


class Client(NoPairing, BaseBleakClient):
    """A link of a central of bumble."""

    def __init__(self, central: Device, device: BLEDevice, *, services: Any = None, **kwargs: Any) -> None:
        super().__init__(device, **kwargs)
        self._central = central
        self._device = device
        self._connection: Connection | None = None

    @property
    def name(self) -> str:
        return self._device.name or self.address

    @property
    def mtu_size(self) -> int:
        return 23 if self._connection is None else self._connection.att_mtu

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **_: Any) -> None:
        with self._as_bleak():
            self._connection = await self._central.connect(self._device.details, timeout=self._timeout)
            self._connection.on(self._connection.EVENT_DISCONNECTION, self._gone)
            peer = Peer(self._connection)
            await peer.request_mtu(MTU)
            await peer.discover_all()
        found = ((one.handle, _long(one.uuid), [_offer(c) for c in one.characteristics]) for one in peer.services)
        self.services = collection(found, lambda: self.mtu_size)

    async def disconnect(self) -> None:
        if self._connection is not None:
            with self._as_bleak():
                await self._connection.disconnect()

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        with self._as_bleak():
            return bytearray(await characteristic.obj.read_value())

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        with self._as_bleak():
            await characteristic.obj.write_value(bytes(data), with_response=response)

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any) -> None:
        with self._as_bleak():
            await characteristic.obj.subscribe(lambda value: callback(bytearray(value)))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        with self._as_bleak():
            await characteristic.obj.unsubscribe()

    def _gone(self, _reason: int) -> None:
        self._connection = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    @contextmanager
    def _as_bleak(self) -> Iterator[None]:
        """Raise what bleak raises; bumble cancels a request whose link is gone, which nobody else did."""
        try:
            yield
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.is_connected or task is None or task.cancelling():
                raise
            raise BleakError("disconnected") from None
        except ATT_Error as error:
            raise BleakGATTProtocolError(error.error_code) from error
        except BaseBumbleError as error:
            raise BleakError(str(error)) from error


def _offer(characteristic: Any) -> Offer:
    properties = [str(one) for one in gatt_char_props_to_strs(characteristic.properties)]
    return characteristic, characteristic.handle, _long(characteristic.uuid), properties


def _advertised(data: AdvertisingData) -> list[str]:
    kinds = (
        AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    )
    return [_long(one) for kind in kinds for one in data.get(kind) or ()]


def _long(one: UUID) -> str:
    return str(uuid.UUID(bytes=one.to_bytes(force_128=True)[::-1]))
