"""Foot pods, and watches and straps that speak as one (Running Speed and Cadence).

Nothing is written to them: the control point would set the pod's odometer back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from coach.model import Placement
from sensors.ble_faults import BLUETOOTH_ERRORS
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import rsc


async def _location(peer: Peer) -> Placement | None:
    if peer.offers(rsc.SENSOR_LOCATION):
        with suppress(*BLUETOOTH_ERRORS):
            return rsc.SensorLocation.from_bytes(await peer.read(rsc.SENSOR_LOCATION)).placement
    return None


@asynccontextmanager
async def _stream(peer: Peer, _rate_hz: int) -> AsyncIterator[About]:
    placement = await _location(peer)
    await peer.subscribe(rsc.MEASUREMENT, lambda value: peer.send("rsc", value))
    yield About(placement=placement)


DRIVER = Driver(kind="rsc", service=rsc.SERVICE, carries="cadence", codecs=frozenset({"rsc"}), stream=_stream)
