"""Sensors that people build themselves and that send lines of text (Nordic UART Service): see docs/home-made-sensor.md.

Nothing is ever written to them: on a Bangle.js the other half of the service is a prompt that runs what it is sent.
Espruino names the service in its scan response only, which is heard all the same: the coach's scans are active.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import lines


@asynccontextmanager
async def _stream(peer: Peer, _rate_hz: int) -> AsyncIterator[About]:
    stream = lines.LineStream()

    def take(value: bytes) -> None:
        for codec, payload in stream.push(value):
            peer.send(codec, payload)

    await peer.subscribe(lines.TX, take)
    yield About(faster="have it send 25 lines a second or more; 50 to 100 are good")


DRIVER = Driver(
    kind="uart",
    service=lines.SERVICE,
    carries="acceleration",
    codecs=frozenset({lines.G, lines.MS2}),
    stream=_stream,
)
