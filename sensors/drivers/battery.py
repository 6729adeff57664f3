"""Charge of the battery, where it is offered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sensors.ble_faults import BLUETOOTH_ERRORS
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import battery


@asynccontextmanager
async def _stream(peer: Peer, _rate_hz: int) -> AsyncIterator[About]:
    level = None
    with suppress(*BLUETOOTH_ERRORS):  # some let it be read only, some only subscribed to
        level = battery.BatteryLevel.from_bytes(await peer.read(battery.LEVEL)).pct
    with suppress(*BLUETOOTH_ERRORS):
        await peer.subscribe(battery.LEVEL, lambda value: peer.send("battery", value))
    yield About(battery_pct=level)


DRIVER = Driver(kind="battery", service=battery.SERVICE, carries="news", codecs=frozenset({"battery"}), stream=_stream)
