"""Acceleration of Polar straps (PMD).

The stream is stopped by a command however this ends, as long as there is a link to write it on: a strap whose stream
is not stopped measures on until its battery is empty (polar-ble-sdk, KnownIssues, H10 issue 2).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from coach.errors import PacketError, SensorError
from sensors.ble_faults import stopped
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import polar_control as polar

ANSWER_S = 3.0  # a strap answers commands within one connection interval; this is for a bad link


@asynccontextmanager
async def _stream(peer: Peer, rate_hz: int) -> AsyncIterator[About]:
    control = _ControlPoint(peer)
    await peer.subscribe(polar.CONTROL_POINT, control.take)
    await peer.subscribe(polar.DATA, lambda value: peer.send("pmd", value))
    try:
        await control.start(polar.StartAcc(rate_hz=rate_hz))
        yield About(rate_hz=float(rate_hz), placement="chest")  # raw PMD acceleration comes from the H10 only
    finally:
        await stopped(peer.write(polar.CONTROL_POINT, polar.STOP_ACC))


class _ControlPoint:
    """Polar's control point: a command is written, its answer comes as an indication (polar-ble-sdk #360)."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._answers: asyncio.Queue[bytes] = asyncio.Queue(maxsize=8)

    def take(self, value: bytes) -> None:
        """Keep an answer; one that nobody waits for is dropped when there are too many."""
        with suppress(asyncio.QueueFull):
            self._answers.put_nowait(value)

    async def start(self, command: polar.StartAcc) -> None:
        """Start the stream, anew if it runs already (it does after a link that broke).

        Raises
        ------
        SensorError
            With fault "refused" and the strap's reason.
        """
        answer = await self._ask(command.to_bytes())
        if answer.status == polar.Status.ALREADY_IN_STATE:
            await self._ask(polar.STOP_ACC)
            answer = await self._ask(command.to_bytes())
        if answer.status != polar.Status.OK:
            raise _refused(command, answer)

    async def _ask(self, command: bytes) -> polar.Response:
        await self._peer.write(polar.CONTROL_POINT, command)
        async with asyncio.timeout(ANSWER_S):
            while True:
                with suppress(PacketError):  # not an answer: features, or a later protocol
                    answer = polar.Response.from_bytes(await self._answers.get())
                    if (answer.operation, answer.measurement) == (command[0], command[1]):
                        return answer


def _refused(command: polar.StartAcc, answer: polar.Response) -> SensorError:
    return SensorError(
        f"the strap refuses to send acceleration at {command.rate_hz} Hz: {answer.verdict}",
        fault="refused",
        hint="a Polar H10 does 25, 50, 100 and 200 Hz (sensor.rate_hz); the arm bands are not supported yet",
    )


DRIVER = Driver(
    kind="pmd",
    service=polar.SERVICE,
    carries="acceleration",
    codecs=frozenset({"pmd"}),
    stream=_stream,
    names=("Polar H10",),  # its advertisement has room for heart rate only
)
