"""A fake `org.bluez`: as much of BlueZ's D-Bus interface as bleak 3.1 uses, and handles to make it misbehave.

It answers ObjectManager, Adapter1, Device1 and GattCharacteristic1 and signals changes as bluetoothd does
(doc/org.bluez.*.rst in BlueZ): a device object appears when it is first heard, its services when it is first linked,
and both stay until it is forgotten. Devices advertise again and again while somebody scans, since bleak listens only
once StartDiscovery has returned.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

from .devices import Device
from .objects import OBJECT_MANAGER, Objects, Properties

ADAPTER_PATH = "/org/bluez/hci0"
ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
SERVICE = "org.bluez.GattService1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"

ADVERTISING_INTERVAL_S = 0.03

ON, OFF = Variant("b", True), Variant("b", False)

Reply = tuple[str, list[Any]]
DONE: Reply = ("", [])


class Bluez:
    """One bluetoothd with one adapter, and the devices around it; made by `on_air`.

    `calls` lists the methods that were called on it, in order; `linked` is set once a device was linked; `disturbed`
    counts scans beside a link, which cost that link packets.
    """

    def __init__(self, bus: MessageBus) -> None:
        self.calls: list[str] = []
        self.disturbed = 0
        self.linked = asyncio.Event()
        self._bus = bus
        self._objects = Objects(bus)
        self._objects.add(ADAPTER_PATH, ADAPTER, _adapter())
        self._devices: dict[str, Device] = {}
        self._characteristics: dict[str, tuple[Device, str]] = {}
        self._refusals: dict[str, str] = {}
        self._hanging: set[str] = set()
        self._lives: list[asyncio.Task[None]] = []
        self._methods: dict[tuple[str, str], Callable[[Message], Reply]] = {
            (OBJECT_MANAGER, "GetManagedObjects"): lambda _: ("a{oa{sa{sv}}}", [self._objects.managed()]),
            (ADAPTER, "SetDiscoveryFilter"): lambda _: DONE,
            (ADAPTER, "StartDiscovery"): lambda _: self._discover(ON),
            (ADAPTER, "StopDiscovery"): lambda _: self._discover(OFF),
            (DEVICE, "Connect"): lambda message: self._connect(self._devices[str(message.path)]),
            (DEVICE, "Disconnect"): lambda message: self._disconnect(self._devices[str(message.path)]),
            (CHARACTERISTIC, "StartNotify"): self._start_notify,
            (CHARACTERISTIC, "ReadValue"): self._read_value,
            (CHARACTERISTIC, "WriteValue"): self._write_value,
        }

    # --- what tests do ---------------------------------------------------------------------------------------------

    def add(self, *devices: Device) -> None:
        """Bring devices near and switch them on."""
        for device in devices:
            self._devices[_path(device)] = device
            device.transmit = lambda characteristic, value, of=device: self._transmit(of, characteristic, value)
            self._live(device.run())

    def is_connected(self, device: Device) -> bool:
        """Tell whether there is a link to a device."""
        return self._objects.get(_path(device), "Connected") is True

    def link(self, device: Device) -> None:
        """Link a device for somebody else, as a program did that died since."""
        self._hear(device, device.rssi_dbm)
        self._connect(device)

    def drop(self, device: Device) -> None:
        """Break the link; `Device.in_range` says whether the device is heard again."""
        if self.is_connected(device):
            self._objects.change(_path(device), Connected=OFF, ServicesResolved=OFF)
        device.subscribed.clear()

    def forget(self, device: Device) -> None:
        """Remove a device and all that is known of it, as BlueZ does some time after a scan."""
        self.drop(device)
        self._objects.remove(_path(device))

    def power(self, on: bool) -> None:
        """Switch the adapter on or off."""
        if not on:
            for device in self._devices.values():
                self.drop(device)
            self._objects.change(ADAPTER_PATH, Discovering=OFF)
        self._objects.change(ADAPTER_PATH, Powered=ON if on else OFF)

    def refuse_once(self, method: str, error: str) -> None:
        """Answer the next call of a method with an error, such as "org.bluez.Error.InProgress"."""
        self._refusals[method] = error

    def hang(self, method: str) -> None:
        """Answer no call of a method from now on."""
        self._hanging.add(method)

    # --- the methods of bluetoothd ---------------------------------------------------------------------------------

    def answer(self, message: Message) -> Message | bool:
        """Answer a method call; dbus-fast refuses what is not known here."""
        member = message.member or ""
        method = self._methods.get((message.interface or "", member))
        if message.message_type is not MessageType.METHOD_CALL or method is None:
            return False
        self.calls.append(member)
        if member in self._hanging:
            return True
        if (error := self._refusals.pop(member, None)) is not None:
            raise DBusError(error, "refused by the test")
        if message.path != "/" and message.path not in self._objects:
            raise DBusError("org.freedesktop.DBus.Error.UnknownObject", f"no object at {message.path}")
        signature, body = method(message)
        return Message.new_method_return(message, signature, body)

    def _discover(self, state: Variant) -> Reply:
        self._require_power()
        if state is ON and any(self.is_connected(device) for device in self._devices.values()):
            self.disturbed += 1
        self._objects.change(ADAPTER_PATH, Discovering=state)
        return DONE

    def _connect(self, device: Device) -> Reply:
        self._require_power()
        if not device.in_range:
            raise DBusError("org.bluez.Error.Failed", "Software caused connection abort")
        if self._objects.get(ADAPTER_PATH, "Discovering"):
            self.disturbed += 1
        self._objects.change(_path(device), Connected=ON)
        for number, service in enumerate(device.services):
            self._add_service(device, 0x10 * number, service)
        self._objects.change(_path(device), UUIDs=Variant("as", list(device.services)), ServicesResolved=ON)
        self.linked.set()
        return DONE

    def _disconnect(self, device: Device) -> Reply:
        self.drop(device)
        return DONE

    def _start_notify(self, message: Message) -> Reply:
        device, characteristic = self._of_link(message)
        device.subscribed.add(characteristic)
        return DONE

    def _read_value(self, message: Message) -> Reply:
        device, characteristic = self._of_link(message)
        if characteristic not in device.values:
            raise DBusError("org.bluez.Error.NotPermitted", "Read not permitted")
        value = device.values[characteristic]
        self._objects.change(str(message.path), Value=Variant("ay", value))
        return "ay", [value]

    def _write_value(self, message: Message) -> Reply:
        device, characteristic = self._of_link(message)
        device.write(characteristic, bytes(message.body[0]))
        return DONE

    def _require_power(self) -> None:
        if not self._objects.get(ADAPTER_PATH, "Powered"):
            raise DBusError("org.bluez.Error.NotReady", "Resource Not Ready")

    def _of_link(self, message: Message) -> tuple[Device, str]:
        device, characteristic = self._characteristics[str(message.path)]
        if not self.is_connected(device):
            raise DBusError("org.bluez.Error.Failed", "Not connected")
        return device, characteristic

    # --- the air ---------------------------------------------------------------------------------------------------

    async def _advertise(self) -> None:
        flicker = 0
        while True:
            await asyncio.sleep(ADVERTISING_INTERVAL_S)
            flicker = 1 - flicker
            for device in self._devices.values() if self._objects.get(ADAPTER_PATH, "Discovering") else ():
                if device.in_range and not self.is_connected(device):
                    self._hear(device, device.rssi_dbm + flicker)

    def _hear(self, device: Device, rssi_dbm: int) -> None:
        rssi = Variant("n", rssi_dbm)
        if _path(device) in self._objects:
            self._objects.change(_path(device), RSSI=rssi)
        else:
            self._objects.add(_path(device), DEVICE, {**_device(device), "RSSI": rssi})

    def _add_service(self, device: Device, handle: int, uuid: str) -> None:
        path = f"{_path(device)}/service{handle:04x}"
        self._objects.add(path, SERVICE, _service(_path(device), uuid))
        for number, (characteristic, flags) in enumerate(device.services[uuid].items(), start=1):
            below = f"{path}/char{handle + number:04x}"
            self._characteristics[below] = (device, characteristic)
            self._objects.add(below, CHARACTERISTIC, _characteristic(path, characteristic, list(flags)))

    def _transmit(self, device: Device, characteristic: str, value: bytes) -> None:
        for path, owner in self._characteristics.items():
            if owner == (device, characteristic):
                self._objects.change(path, Value=Variant("ay", value))

    # --- life and death --------------------------------------------------------------------------------------------

    def _live(self, life: Coroutine[Any, Any, None]) -> None:
        self._lives.append(asyncio.create_task(life))

    async def open(self) -> None:
        """Start the daemon."""
        self._bus.add_message_handler(self.answer)
        self._live(self._advertise())
        await self._bus.request_name("org.bluez")

    async def close(self) -> None:
        """Switch everything off."""
        for life in self._lives:
            life.cancel()
            with suppress(asyncio.CancelledError):
                await life
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()


@asynccontextmanager
async def on_air(bus_address: str) -> AsyncIterator[Bluez]:
    """Run a fake bluetoothd on a bus."""
    bluez = Bluez(await MessageBus(bus_address=bus_address).connect())
    try:
        await bluez.open()
        yield bluez
    finally:
        await bluez.close()


def _path(device: Device) -> str:
    return f"{ADAPTER_PATH}/dev_{device.address.replace(':', '_')}"


def _adapter() -> Properties:
    return {
        "Address": Variant("s", "00:00:5E:00:53:01"),
        "Alias": Variant("s", "radio"),
        "Powered": ON,
        "Discovering": OFF,
        "Roles": Variant("as", ["central", "peripheral"]),
        "UUIDs": Variant("as", []),
    }


def _device(device: Device) -> Properties:
    return {
        "Address": Variant("s", device.address),
        "AddressType": Variant("s", "random"),
        "Name": Variant("s", device.name),
        "Alias": Variant("s", device.name),
        "Adapter": Variant("o", ADAPTER_PATH),
        "UUIDs": Variant("as", device.advertised),
        "Paired": OFF,
        "Trusted": OFF,
        "Blocked": OFF,
        "LegacyPairing": OFF,
        "Connected": OFF,
        "ServicesResolved": OFF,
    }


def _service(device_path: str, uuid: str) -> Properties:
    return {"UUID": Variant("s", uuid), "Primary": ON, "Device": Variant("o", device_path)}


def _characteristic(service_path: str, uuid: str, flags: list[str]) -> Properties:
    return {
        "UUID": Variant("s", uuid),
        "Service": Variant("o", service_path),
        "Flags": Variant("as", flags),
        "MTU": Variant("q", 232),
    }
