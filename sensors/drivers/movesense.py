"""Acceleration of Movesense sensors (GSP).

The stream is ended by a command however this ends, as long as there is a link to write it on: a sensor that measures
empties its button cell.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from coach.errors import PacketError, SensorError
from sensors.ble_faults import stopped
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import movesense

ANSWER_S = 3.0
REFERENCE = 99
QUICK_HZ = 200
"""208 Hz are for who asks for so much: each doubling costs battery from 52 Hz on (Movesense, "Best practices")."""


def _rate_hz(wanted_hz: int) -> int:
    """Choose among the rates of the sensor."""
    allowed = movesense.RATES_HZ if wanted_hz >= QUICK_HZ else movesense.RATES_HZ[:-1]
    return min(allowed, key=lambda rate_hz: abs(rate_hz - wanted_hz))


@asynccontextmanager
async def _stream(peer: Peer, wanted_hz: int) -> AsyncIterator[About]:
    rate_hz = _rate_hz(wanted_hz)
    sensor = _Stream(peer)
    await peer.subscribe(movesense.NOTIFICATIONS, sensor.take)
    try:
        await sensor.start(rate_hz)
        yield About(rate_hz=float(rate_hz))
    finally:
        await stopped(peer.write(movesense.COMMANDS, bytes([movesense.UNSUBSCRIBE, REFERENCE])))


class _Stream:
    """The stream of a sensor: its answer to the command that starts it, and then its data."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._assembler = movesense.Assembler()
        self._answer: asyncio.Future[movesense.Response] = asyncio.get_running_loop().create_future()

    def take(self, value: bytes) -> None:
        """Take a notification; those of other streams are none of ours."""
        if value[1:2] != bytes([REFERENCE]):
            return
        if value[0] == movesense.RESPONSE:
            with suppress(PacketError):
                self._answered(movesense.Response.from_bytes(value))
        elif whole := self._assembler.push(value):
            self._answered(movesense.Response(reference=REFERENCE, status=200))  # firmware before 2.3 says no more
            self._peer.send("movesense", whole)

    async def start(self, rate_hz: int) -> None:
        """Start the stream.

        Raises
        ------
        SensorError
            With fault "refused" and the sensor's status.
        """
        command = movesense.Subscribe(reference=REFERENCE, path=f"/Meas/Acc/{rate_hz}")
        await self._peer.write(movesense.COMMANDS, command.to_bytes())
        async with asyncio.timeout(ANSWER_S):
            answer = await self._answer
        if not answer.consents:
            raise SensorError(
                f"the Movesense refuses to send acceleration at {rate_hz} Hz: status {answer.status}",
                fault="refused",
                hint="take its battery out and put it in again; if that does not help, update its firmware",
            )

    def _answered(self, answer: movesense.Response) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)


DRIVER = Driver(
    kind="movesense",
    service=movesense.SERVICE,
    carries="acceleration",
    codecs=frozenset({"movesense"}),
    stream=_stream,
    names=("Movesense",),  # it advertises the service of Movesense's own library only (0xFE06, 0xFDF3)
)
