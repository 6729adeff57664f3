"""What can go wrong with Bluetooth: whose fault it is, what to do about it, and whether to try again.

`explain` makes one `SensorError` of whatever bleak, D-Bus or the system raised. `is_final` is the classifier: how far
a sensor had come decides whether a fault ends the run. Before anything was found, a missing or sleeping adapter is
the runner's to mend; later it is a link that comes back (a dongle in a loose socket, bluetoothd restarting) and a run
must not die of it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from contextlib import suppress
from enum import IntEnum

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from coach.errors import SensorError, SensorFault

STOP_S = 1.0  # for each stop; closing a link takes two of them, the stream's and the link's

if sys.platform == "linux":
    from dbus_fast.errors import DBusFastError, InvalidAddressError

    NO_BUS: tuple[type[Exception], ...] = (FileNotFoundError, ConnectionRefusedError, InvalidAddressError)
    BLUETOOTH_ERRORS: tuple[type[Exception], ...] = (BleakError, OSError, EOFError, DBusFastError)
else:
    NO_BUS = ()
    BLUETOOTH_ERRORS = (BleakError, OSError)


class Stage(IntEnum):
    """How far a sensor has come."""

    SEARCHING = 0
    FOUND = 1
    LINKED = 2


_FINAL_UP_TO: dict[SensorFault, Stage] = {
    "not_found": Stage.SEARCHING,
    "no_adapter": Stage.SEARCHING,
    "powered_off": Stage.SEARCHING,
    "other": Stage.SEARCHING,
    "refused": Stage.FOUND,
    "no_service": Stage.LINKED,
    "not_allowed": Stage.LINKED,
}

_OF_REASON: dict[BleakBluetoothNotAvailableReason, SensorFault] = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: "no_adapter",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: "no_adapter",
    BleakBluetoothNotAvailableReason.POWERED_OFF: "powered_off",
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: "not_allowed",
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: "not_allowed",
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: "not_allowed",
    BleakBluetoothNotAvailableReason.UNKNOWN: "other",
}

_OF_DBUS: dict[str, SensorFault] = {
    "org.freedesktop.DBus.Error.ServiceUnknown": "no_adapter",
    "org.freedesktop.DBus.Error.NameHasNoOwner": "no_adapter",
    "org.freedesktop.DBus.Error.AccessDenied": "not_allowed",
    "org.bluez.Error.NotReady": "powered_off",
}
_DBUS_ACTIVATION = "org.freedesktop.DBus.Error.Spawn."  # the bus tried to start bluetoothd, and could not

_UNPAIRED = (
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
)

_MESSAGES: dict[SensorFault, str] = {
    "no_adapter": "there is no Bluetooth on this machine",
    "powered_off": "Bluetooth is switched off",
    "not_allowed": "the system does not let this program use Bluetooth",
    "refused": "the device wants to be paired first",
    "other": "Bluetooth does not work here, and the system does not say why",
}

_HINTS: dict[SensorFault, dict[str, str]] = {
    "no_adapter": {
        "linux": "plug in an adapter and start its service: sudo apt install bluez && sudo systemctl start bluetooth",
        "darwin": "System Settings > Bluetooth shows whether this Mac has it",
        "win32": "Settings > Bluetooth & devices shows whether this PC has it; Windows 11 is needed",
    },
    "powered_off": {
        "linux": "bluetoothctl power on; if that fails: rfkill unblock bluetooth",
        "darwin": "turn Bluetooth on in the Control Centre",
        "win32": "turn Bluetooth on in Settings > Bluetooth & devices",
    },
    "not_allowed": {
        "linux": "sudo usermod -aG bluetooth $USER, then log in again",
        "darwin": "allow your terminal in System Settings > Privacy & Security > Bluetooth",
        "win32": "allow desktop apps in Settings > Privacy & security > Radios",
    },
    "refused": dict.fromkeys(("linux", "darwin", "win32"), "pair it in the Bluetooth settings of this machine"),
}


def is_final(fault: SensorFault, stage: Stage) -> bool:
    """Tell whether a fault ends the run; a link that broke never does."""
    return fault in _FINAL_UP_TO and stage <= _FINAL_UP_TO[fault]


def is_forgotten(error: Exception) -> bool:
    """Tell whether the system knows a device no more that a scan has found; BlueZ forgets it some time after a link.

    Where bleak sees that by itself, it raises no error of that kind but a plain one.
    """
    return isinstance(error, BleakDeviceNotFoundError) or (type(error) is BleakError and "not found" in str(error))


def explain(error: Exception) -> SensorError:
    """Say in one line what an error of the Bluetooth stack means, and what to do."""
    if isinstance(error, SensorError):
        return error
    fault = _fault(error)
    message = _MESSAGES.get(fault) or f"the link failed: {_detail(error)}"
    problem = SensorError(message, fault=fault, hint=_HINTS.get(fault, {}).get(sys.platform, ""))
    problem.__cause__ = error
    return problem


def _detail(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


def _fault(error: Exception) -> SensorFault:
    match error:
        case BleakBluetoothNotAvailableError():
            return _OF_REASON[error.reason]
        case BleakGATTProtocolError():
            return "refused" if error.code in _UNPAIRED else "lost"
        case BleakDBusError():
            if error.dbus_error.startswith(_DBUS_ACTIVATION):
                return "no_adapter"
            return _OF_DBUS.get(error.dbus_error, "lost")
        case PermissionError():
            return "not_allowed"
    return "no_adapter" if isinstance(error, NO_BUS) else "lost"


async def stopped(stop: Awaitable[object]) -> None:
    """Wait for a stop, `STOP_S` at most; where a stop fails, there is no link left to stop anything on."""
    with suppress(*BLUETOOTH_ERRORS):
        async with asyncio.timeout(STOP_S):
            await stop
