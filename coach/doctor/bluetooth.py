"""Whether Bluetooth can be used: the system's bus, its Bluetooth service, an adapter, and that it is switched on."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from coach.doctor.child import in_child
from coach.doctor.finding import Finding

ANSWER_S = 5.0
_SYSTEM_BUS = "unix:path=/var/run/dbus/system_bus_socket"  # D-Bus specification, "Well-known Message Bus Instances"

_RESTART = "restart Bluetooth (on Linux: sudo systemctl restart bluetooth)"


def check_bluetooth() -> Finding:
    """Look for a usable adapter."""
    if sys.platform == "linux" and (missing := _missing_bus()):
        return missing
    return in_child("bluetooth", "coach.doctor.bluetooth:ask_adapter")[0]


def _missing_bus() -> Finding | None:
    address = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", _SYSTEM_BUS)
    kind, _, place = address.partition("path=")
    if kind != "unix:" or Path(place.split(",")[0]).exists():
        return None
    return Finding(
        area="bluetooth",
        ok="bad",
        text=f"there is no system bus at {place}, and no Bluetooth without it",
        todo="sudo apt install dbus bluez, then reboot; in a container, mount /run/dbus of the host",
    )


def ask_adapter() -> list[Finding]:
    """Ask the system for its adapter, without a search for devices."""
    return [asyncio.run(_ask())]


async def _ask() -> Finding:
    from bleak import BleakAdapter

    from sensors.ble_faults import BLUETOOTH_ERRORS, explain

    try:
        async with asyncio.timeout(ANSWER_S):
            await BleakAdapter.get()
    except TimeoutError:
        return Finding(area="bluetooth", ok="bad", text=f"no answer within {ANSWER_S:g} s", todo=_RESTART)
    except BLUETOOTH_ERRORS as error:
        problem = explain(error)
        return Finding(area="bluetooth", ok="bad", text=problem.message, todo=problem.hint or _RESTART)
    if sys.platform == "win32":
        text = "Bluetooth is there; whether it is on stands in Settings > Bluetooth & devices"
        return Finding(area="bluetooth", ok="ok", text=text)
    return Finding(area="bluetooth", ok="ok", text="there is an adapter, and it is on")
