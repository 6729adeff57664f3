"""Maker, model and firmware, where they are offered (Device Information, 0x180A)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from coach.errors import PacketError
from sensors.ble_faults import BLUETOOTH_ERRORS
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import information


async def _read(peer: Peer, characteristic: str) -> str:
    if not peer.offers(characteristic):
        return ""
    with suppress(PacketError, *BLUETOOTH_ERRORS):
        return information.text(await peer.read(characteristic))
    return ""


@asynccontextmanager
async def _stream(peer: Peer, _rate_hz: int) -> AsyncIterator[About]:
    maker, model, firmware = [
        await _read(peer, one) for one in (information.MANUFACTURER, information.MODEL, information.FIRMWARE)
    ]
    named = " ".join(part for part in (maker, model) if part)
    yield About(model=", ".join(part for part in (named, f"firmware {firmware}" if firmware else "") if part))


DRIVER = Driver(
    kind="device information", service=information.SERVICE, carries="news", codecs=frozenset(), stream=_stream
)
