"""Acceleration of Polar's sensors (PMD): the H10 strap, and the arm bands Verity Sense and OH1.

A device is asked what it offers, and told what to send. One that does not answer that question is told what a real H10
takes. The stream is stopped by a command however this ends, as long as there is a link to write it on: a strap whose
stream is not stopped measures on until its battery is empty (polar-ble-sdk, KnownIssues, H10 issue 2).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from coach.errors import PacketError, SensorError
from coach.model import Placement
from sensors.ble_faults import BLUETOOTH_ERRORS, stopped
from sensors.drivers.peer import About, Driver, Peer
from sensors.gatt import polar_control as pmd

ANSWER_S = 3.0  # a strap answers commands within one connection interval; this is for a bad link

STRAPS = ("Polar H10",)
ARM_BANDS = ("Polar Sense", "Polar OH1")
SENDERS = "a Polar H10, Verity Sense or OH1 can"


@asynccontextmanager
async def _stream(peer: Peer, rate_hz: int) -> AsyncIterator[About]:
    await _require_acceleration(peer)
    control = _ControlPoint(peer)
    frames = _Frames(peer)
    await peer.subscribe(pmd.CONTROL_POINT, control.take)
    try:
        await peer.subscribe(pmd.DATA, frames.take)
        command = await control.choose(rate_hz)
        frames.factor = await control.start(command)
        yield About(rate_hz=float(command.rate_hz), placement=_placement(peer.name, command))
    finally:
        await stopped(peer.write(pmd.CONTROL_POINT, pmd.STOP_ACC))


async def _require_acceleration(peer: Peer) -> None:
    """Make sure that the device measures acceleration; one that does not say may try.

    Raises
    ------
    SensorError
        With fault "no_service".
    """
    try:
        features = pmd.Features.from_bytes(await peer.read(pmd.CONTROL_POINT))
    except BLUETOOTH_ERRORS:  # among them a value that makes no sense
        return
    if not features.acceleration:
        raise SensorError(
            f"{peer.name or peer.address} sends no acceleration",
            fault="no_service",
            hint=f"this model cannot; {SENDERS}, and a foot pod sends cadence",
        )


def _placement(name: str, command: pmd.StartAcc) -> Placement | None:
    """Tell where a device is worn; of Polar's nameless ones, only arm bands and watches have channels to choose."""
    if name.startswith(ARM_BANDS):
        return "upper_arm"
    return "chest" if name.startswith(STRAPS) or command.channels is None else None


class _Frames:
    """Hands on frames, each with the factor of the stream before it, if there is one."""

    def __init__(self, peer: Peer) -> None:
        self.factor: bytes | None = None
        self._peer = peer

    def take(self, value: bytes) -> None:
        if self.factor is None:
            self._peer.send("pmd", value)
        else:
            self._peer.send("pmd-scaled", self.factor + value)


class _ControlPoint:
    """Polar's control point: a command is written, its answer comes as an indication (polar-ble-sdk #360)."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._answers: asyncio.Queue[bytes] = asyncio.Queue(maxsize=8)

    def take(self, value: bytes) -> None:
        """Keep an answer; one that nobody waits for is dropped when there are too many."""
        with suppress(asyncio.QueueFull):
            self._answers.put_nowait(value)

    async def choose(self, rate_hz: int) -> pmd.StartAcc:
        """Make the command that fits what the device offers; without an answer, the one for an H10."""
        with suppress(*BLUETOOTH_ERRORS):  # no answer in time, and one that makes no sense, are among them
            answer = await self._ask(pmd.ASK_ACC_SETTINGS)
            if answer.status == pmd.Status.OK:
                return pmd.Offer.from_bytes(answer.parameters).choose(rate_hz)
        return pmd.StartAcc(rate_hz=rate_hz)

    async def start(self, command: pmd.StartAcc) -> bytes | None:
        """Start the stream, anew if it runs already (it does after a link that broke); give its factor.

        Raises
        ------
        SensorError
            With fault "refused" and the strap's reason.
        """
        answer = await self._ask(command.to_bytes())
        if answer.status == pmd.Status.ALREADY_IN_STATE:
            await self._ask(pmd.STOP_ACC)
            answer = await self._ask(command.to_bytes())
        if answer.status != pmd.Status.OK:
            raise _refused(command, answer)
        with suppress(PacketError):
            return answer.factor
        return None

    async def _ask(self, command: bytes) -> pmd.Response:
        await self._peer.write(pmd.CONTROL_POINT, command)
        async with asyncio.timeout(ANSWER_S):
            while True:
                with suppress(PacketError):  # not an answer: features, or a later protocol
                    answer = pmd.Response.from_bytes(await self._answers.get())
                    if (answer.operation, answer.measurement) == (command[0], command[1]):
                        return answer


_HINTS: dict[int, str] = {
    pmd.Status.INVALID_RATE: "a Polar H10 does 25, 50, 100 and 200 Hz, an arm band 50 or 52 Hz (sensor.rate_hz)",
    pmd.Status.DEVICE_IN_CHARGER: "take it off the charger and put it on",
    pmd.Status.NOT_SUPPORTED: f"this model cannot; {SENDERS}",
    pmd.Status.INVALID_TYPE: f"this model cannot; {SENDERS}",
    pmd.Status.DISK_FULL: "synchronise it with the Polar app, which empties its memory",
}


def _refused(command: pmd.StartAcc, answer: pmd.Response) -> SensorError:
    return SensorError(
        f"the strap refuses to send acceleration at {command.rate_hz} Hz: {answer.verdict}",
        fault="refused",
        hint=_HINTS.get(answer.status, "switch it off and on again (an H10: take its pod off the strap for a minute)"),
    )


DRIVER = Driver(
    kind="pmd",
    service=pmd.SERVICE,
    carries="acceleration",
    codecs=frozenset({"pmd", "pmd-scaled"}),
    stream=_stream,
    names=(*STRAPS, *ARM_BANDS),  # an advertisement has room for heart rate only
)
