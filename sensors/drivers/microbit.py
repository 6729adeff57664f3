"""Acceleration of a BBC micro:bit, on which a program has started the accelerometer service.

The period is set before the data are asked for. 20 ms is the shortest that a micro:bit keeps up with: at 2 ms one sends
every 8 ms and its display flickers, at 1 ms it crashes (microbit-dal #300).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sensors.ble_faults import BLUETOOTH_ERRORS
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import microbit

PERIOD = microbit.Period(ms=20)


async def _set_rate(peer: Peer) -> float | None:
    """Set the period; give the rate that the micro:bit chose, None where it does not tell."""
    if peer.offers(microbit.PERIOD):
        with suppress(*BLUETOOTH_ERRORS):
            await peer.write(microbit.PERIOD, PERIOD.to_bytes())
        with suppress(*BLUETOOTH_ERRORS):
            return 1000 / microbit.Period.from_bytes(await peer.read(microbit.PERIOD)).ms
    return None


@asynccontextmanager
async def _stream(peer: Peer, _rate_hz: int) -> AsyncIterator[About]:
    rate_hz = await _set_rate(peer)
    await peer.subscribe(microbit.DATA, lambda value: peer.send("microbit", value))
    yield About(rate_hz=rate_hz, faster="have the micro:bit's program set the accelerometer's period to 20 ms")


DRIVER = Driver(
    kind="microbit",
    service=microbit.SERVICE,
    carries="acceleration",
    codecs=frozenset({"microbit"}),
    stream=_stream,
    names=("BBC micro:bit",),  # its advertisement has room for its name only
)
