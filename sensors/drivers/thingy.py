"""Acceleration of a Nordic Thingy:52.

Its configuration is changed in one field, and only where that differs: the Thingy keeps it in its flash.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from sensors.ble_faults import BLUETOOTH_ERRORS
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import thingy

RATES_HZ = (50, 100)
"""Enough for steps, and not too much for the air: of 200 Hz, phones got 50 to 120 (Android-Nordic-Thingy #24, #25)."""


async def _set_rate(peer: Peer, wanted_hz: int) -> float | None:
    """Set the motion rate; give the rate that holds, None where the Thingy does not tell."""
    motion_hz = min(RATES_HZ, key=lambda rate_hz: abs(rate_hz - wanted_hz))
    holds_hz: float | None = None
    with suppress(*BLUETOOTH_ERRORS):
        configuration = thingy.Configuration.from_bytes(await peer.read(thingy.CONFIGURATION))
        holds_hz = float(configuration.motion_hz)
        if holds_hz != motion_hz:
            await peer.write(thingy.CONFIGURATION, replace(configuration, motion_hz=motion_hz).to_bytes())
            holds_hz = float(motion_hz)
    return holds_hz


@asynccontextmanager
async def _stream(peer: Peer, wanted_hz: int) -> AsyncIterator[About]:
    rate_hz = await _set_rate(peer, wanted_hz)
    await peer.subscribe(thingy.RAW, lambda value: peer.send("thingy", value))
    yield About(rate_hz=rate_hz, faster="set its motion frequency to 50 Hz in Nordic's Thingy app")


DRIVER = Driver(
    kind="thingy",
    service=thingy.SERVICE,
    carries="acceleration",
    codecs=frozenset({"thingy"}),
    stream=_stream,
    names=("Thingy",),  # it advertises its configuration service only
)
