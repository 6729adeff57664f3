"""Heart rate, from straps and watches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import heart_rate


@asynccontextmanager
async def _stream(peer: Peer, _rate_hz: int) -> AsyncIterator[About]:
    await peer.subscribe(heart_rate.MEASUREMENT, lambda value: peer.send("heart-rate", value))
    yield About()


DRIVER = Driver(
    kind="heart-rate",
    service=heart_rate.SERVICE,
    carries="heart-rate",
    codecs=frozenset({"heart-rate"}),
    stream=_stream,
)
