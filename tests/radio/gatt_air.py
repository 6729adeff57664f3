"""Real GATT in one process: the devices of `devices` as peripherals of bumble, on the air with a central.

HCI, L2CAP, ATT and GATT are those of bumble 0.0.236 (github.com/google/bumble): the MTU is exchanged, subscriptions
are writes to a descriptor, indications are confirmed, and what does not fit the MTU is cut. Below that it is a model:
`LocalLink` has no supervision timeout, so a lost link is one that the device ends; there are no scan responses, so a
name that does not fit beside the services is advertised cut; and the strength of the signal is always -50 dBm.
`Device.in_range` is not looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from bumble import att, gatt
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, DeviceConfiguration
from bumble.device import Device as Host
from bumble.hci import Address
from bumble.host import Host as HciHost
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

from .devices import SIG, Device

ADVERTISING_INTERVAL_MS = 20.0
ADVERTISEMENT_BYTES = 31
CENTRAL = "F0:F0:F0:F0:F0:F0"
STRAP_MTU = 232
"""What a Polar H10 agrees to: a frame of 36 samples (226 bytes) and the three bytes around it fit."""

GENERAL_DISCOVERABLE_LE_ONLY = 0x06
PROPERTIES = {
    "read": gatt.Characteristic.Properties.READ,
    "write": gatt.Characteristic.Properties.WRITE,
    "write-without-response": gatt.Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": gatt.Characteristic.Properties.NOTIFY,
    "indicate": gatt.Characteristic.Properties.INDICATE,
}


class Air:
    """A central and the peripherals around it; made by `on_air`."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._link = LocalLink()
        self._tasks = tasks
        self._peripherals: dict[str, _Peripheral] = {}
        self._lives: list[asyncio.Task[None]] = []
        self.central = _host(self._link, CENTRAL, "coach")

    async def add(self, device: Device, *, mtu: int = STRAP_MTU) -> None:
        """Bring a device near and switch it on.

        Parameters
        ----------
        mtu : the largest that it agrees to; 23 is the least that GATT allows.
        """
        peripheral = _Peripheral(device, _host(self._link, device.address, device.name), mtu, self._tasks)
        self._peripherals[device.address] = peripheral
        await peripheral.switch_on()
        self._lives.append(self._tasks.create_task(device.run()))

    async def drop(self, device: Device) -> None:
        """Break the link; the device advertises again."""
        await self._peripherals[device.address].drop()

    def descriptor(self, device: Device, characteristic: str) -> bytes:
        """Read what the central wrote to the subscription of a characteristic (its CCCD)."""
        return self._peripherals[device.address].descriptor(characteristic)

    def mtu(self, device: Device) -> int:
        """Tell the MTU that was agreed upon."""
        return self._peripherals[device.address].connection.att_mtu

    def switch_off(self) -> None:
        """End the devices' lives."""
        for life in self._lives:
            life.cancel()


@asynccontextmanager
async def on_air() -> AsyncIterator[Air]:
    """Run an air with its central."""
    async with asyncio.TaskGroup() as tasks:
        air = Air(tasks)
        await air.central.power_on()
        try:
            yield air
        finally:
            air.switch_off()


class _Peripheral:
    """A device, served by bumble."""

    def __init__(self, device: Device, host: Host, mtu: int, tasks: asyncio.TaskGroup) -> None:
        self._device = device
        self._host = host
        self._tasks = tasks
        self._characteristics: dict[str, gatt.Characteristic[bytes]] = {}
        self._indicates: set[str] = set()
        self._sending: set[asyncio.Task[None]] = set()
        host.gatt_server.max_mtu = mtu
        for uuid, characteristics in device.services.items():
            served = [self._serve(one, flags) for one, flags in characteristics.items()]
            host.add_service(gatt.Service(_uuid(uuid), served))
        host.on(host.EVENT_CONNECTION, self._linked)
        device.transmit = self._transmit

    async def switch_on(self) -> None:
        await self._host.power_on()
        await self._host.start_advertising(
            auto_restart=True,
            advertising_data=_advertisement(self._device.name, self._device.advertised),
        )

    @property
    def connection(self) -> Connection:
        return next(iter(self._host.connections.values()))

    async def drop(self) -> None:
        await self.connection.disconnect()

    def descriptor(self, characteristic: str) -> bytes:
        return self._host.gatt_server.read_cccd(self.connection, self._characteristics[characteristic])

    # --- from the central ------------------------------------------------------------------------------------------

    def _serve(self, uuid: str, flags: Sequence[str]) -> gatt.Characteristic[bytes]:
        properties = gatt.Characteristic.Properties(0)
        for flag in flags:
            properties |= PROPERTIES[flag]
        permissions = gatt.Characteristic.READABLE | gatt.Characteristic.WRITEABLE  # `_read` refuses what has no value
        value = gatt.CharacteristicValue(read=partial(self._read, uuid), write=partial(self._write, uuid))
        served: gatt.Characteristic[bytes] = gatt.Characteristic(_uuid(uuid), properties, permissions, value)
        served.on(served.EVENT_SUBSCRIPTION, partial(self._subscription, uuid))
        self._characteristics[uuid] = served
        return served

    def _read(self, uuid: str, _: Connection) -> bytes:
        if uuid not in self._device.values:
            raise att.ATT_Error(att.ATT_READ_NOT_PERMITTED_ERROR)
        return self._device.values[uuid]

    def _write(self, uuid: str, _: Connection, value: bytes) -> None:
        self._device.write(uuid, value)

    def _subscription(self, uuid: str, _: Connection, notify: bool, indicate: bool) -> None:
        self._indicates.discard(uuid)
        self._device.subscribed.discard(uuid)
        if notify or indicate:
            self._device.subscribed.add(uuid)
        if indicate:
            self._indicates.add(uuid)

    def _linked(self, connection: Connection) -> None:
        connection.on(connection.EVENT_DISCONNECTION, lambda _: self._gone())

    def _gone(self) -> None:
        self._device.subscribed.clear()
        for sending in self._sending:  # an indication would wait for half a minute to be confirmed
            sending.cancel()

    # --- to the central --------------------------------------------------------------------------------------------

    def _transmit(self, uuid: str, value: bytes) -> None:
        server, characteristic = self._host.gatt_server, self._characteristics[uuid]
        send = server.indicate_subscriber if uuid in self._indicates else server.notify_subscriber
        sending = self._tasks.create_task(send(self.connection, characteristic, value))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)


def _host(link: LocalLink, address: str, name: str) -> Host:
    controller = Controller(name, link=link)
    config = DeviceConfiguration(
        name=name,
        address=Address(address),
        advertising_interval_min=ADVERTISING_INTERVAL_MS,
        advertising_interval_max=ADVERTISING_INTERVAL_MS,
    )
    return Host(config=config, host=HciHost(controller, AsyncPipeSink(controller)))


def _uuid(text: str) -> UUID:
    """Make bumble's form of a UUID; those of the SIG travel in their short form."""
    short = text[4:8]
    return UUID(short) if text == SIG.format(short) else UUID(text)


def _advertisement(name: str, services: Sequence[str]) -> bytes:
    uuids = [_uuid(service).to_bytes() for service in services]
    kinds = {
        2: AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        16: AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    }
    parts = [(AdvertisingData.FLAGS, bytes([GENERAL_DISCOVERABLE_LE_ONLY]))]
    parts += [(kind, b"".join(uuid for uuid in uuids if len(uuid) == length)) for length, kind in kinds.items()]
    parts = [(kind, value) for kind, value in parts if value]
    room = ADVERTISEMENT_BYTES - len(bytes(AdvertisingData(parts))) - 2
    whole = len(name.encode()) <= room
    called = AdvertisingData.COMPLETE_LOCAL_NAME if whole else AdvertisingData.SHORTENED_LOCAL_NAME
    return bytes(AdvertisingData([*parts, (called, name.encode()[:room])]))
