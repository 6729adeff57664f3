"""Acceleration of WitMotion's Bluetooth sensors (WT901BLE and its family).

They leave the factory at 10 Hz. 50 Hz has the same code in all their tables; it is set for this power cycle and not
saved. Nothing is acknowledged, so no rate is promised: it is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sensors.ble_faults import BLUETOOTH_ERRORS
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import witmotion

COMMAND_S = 0.1
"""From one command to the next, as in WitMotion's own programs."""


async def _set_rate(peer: Peer) -> None:
    with suppress(*BLUETOOTH_ERRORS):
        await peer.write(witmotion.COMMANDS, witmotion.UNLOCK.to_bytes())
        await asyncio.sleep(COMMAND_S)
        await peer.write(witmotion.COMMANDS, witmotion.RETURN_50_HZ.to_bytes())


@asynccontextmanager
async def _stream(peer: Peer, _rate_hz: int) -> AsyncIterator[About]:
    assembler = witmotion.Assembler()

    def take(value: bytes) -> None:
        if packets := assembler.push(value):
            peer.send("witmotion", packets)

    await _set_rate(peer)
    await peer.subscribe(witmotion.NOTIFICATIONS, take)
    yield About(faster="set its return rate to 50 Hz in WitMotion's app")


DRIVER = Driver(
    kind="witmotion",
    service=witmotion.SERVICE,
    carries="acceleration",
    codecs=frozenset({"witmotion"}),
    stream=_stream,
    names=("WT901", "WTSDCL"),
)
