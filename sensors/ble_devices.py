"""What to say to a device once it is linked: one driver for each service that the coach understands.

Cadence comes from RSC (pods) or PMD (acceleration of a Polar H10); heart rate and battery are taken along where they
are offered, and their failures do not matter. Disconnecting ends every subscription and drops its callback in all of
bleak's backends, so only the Polar stream is stopped by a command: a strap whose stream is not stopped measures on
until its battery is empty (polar-ble-sdk, KnownIssues, H10 issue 2).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic

from coach.errors import PacketError, SensorError
from coach.model import Placement
from sensors.ble_faults import BLUETOOTH_ERRORS, stopped
from sensors.gatt import battery, heart_rate, polar, rsc

Receive = Callable[[str, bytes], None]
"""Takes a codec's name and a payload; never raises."""

CADENCE_CODECS = frozenset({"rsc", "pmd"})

ANSWER_S = 3.0  # a strap answers commands within one connection interval; this is for a bad link


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a device tells of itself when it is linked."""

    rate_hz: float | None = None
    placement: Placement | None = None
    battery_pct: int | None = None


@asynccontextmanager
async def streaming(client: BleakClient, rate_hz: int, receive: Receive) -> AsyncIterator[About]:
    """Make a linked device send all that the coach understands, and stop it in the end.

    Parameters
    ----------
    rate_hz : acceleration rate, where the device lets one choose.

    Raises
    ------
    SensorError
        With fault "no_service" when the device can tell nothing of cadence, "refused" when it will not.
    """
    speaks_rsc = _offers(client, rsc.MEASUREMENT)
    speaks_pmd = _offers(client, polar.CONTROL_POINT)
    if not speaks_rsc and not speaks_pmd:
        raise _no_service(client)
    battery_pct = await _battery(client, receive)
    await _heart_rate(client, receive)
    placement: Placement | None = "chest" if speaks_pmd else None  # raw PMD acceleration comes from the H10 only
    async with AsyncExitStack() as streams:
        if speaks_rsc:
            placement = await _location(client) or placement
            await _subscribe(client, rsc.MEASUREMENT, "rsc", receive)
        if speaks_pmd:
            await streams.enter_async_context(_acceleration(client, rate_hz, receive))
        yield About(rate_hz=float(rate_hz) if speaks_pmd else None, placement=placement, battery_pct=battery_pct)


def _offers(client: BleakClient, characteristic: str) -> bool:
    return client.services.get_characteristic(characteristic) is not None


async def _subscribe(client: BleakClient, characteristic: str, codec: str, receive: Receive) -> None:
    def take(_: BleakGATTCharacteristic, data: bytearray) -> None:
        receive(codec, bytes(data))

    await client.start_notify(characteristic, take)


async def _battery(client: BleakClient, receive: Receive) -> int | None:
    if not _offers(client, battery.LEVEL):
        return None
    level = None
    with suppress(*BLUETOOTH_ERRORS):
        level = battery.BatteryLevel.from_bytes(bytes(await client.read_gatt_char(battery.LEVEL)))
    with suppress(*BLUETOOTH_ERRORS):
        await _subscribe(client, battery.LEVEL, "battery", receive)
    return None if level is None else level.pct


async def _heart_rate(client: BleakClient, receive: Receive) -> None:
    if _offers(client, heart_rate.MEASUREMENT):
        with suppress(*BLUETOOTH_ERRORS):
            await _subscribe(client, heart_rate.MEASUREMENT, "heart-rate", receive)


async def _location(client: BleakClient) -> Placement | None:
    if not _offers(client, rsc.SENSOR_LOCATION):
        return None
    with suppress(*BLUETOOTH_ERRORS):
        payload = bytes(await client.read_gatt_char(rsc.SENSOR_LOCATION))
        return rsc.SensorLocation.from_bytes(payload).placement
    return None


@asynccontextmanager
async def _acceleration(client: BleakClient, rate_hz: int, receive: Receive) -> AsyncIterator[None]:
    """Stream acceleration; `03 02` is written however this ends, as long as there is a link to write it on."""
    control = _ControlPoint(client)
    await client.start_notify(polar.CONTROL_POINT, control.take)
    await _subscribe(client, polar.DATA, "pmd", receive)
    try:
        await control.start(polar.StartAcc(rate_hz=rate_hz))
        yield
    finally:
        await stopped(client.write_gatt_char(polar.CONTROL_POINT, polar.STOP_ACC, response=True))


class _ControlPoint:
    """Polar's control point: a command is written, its answer comes as an indication (polar-ble-sdk #360)."""

    def __init__(self, client: BleakClient) -> None:
        self._client = client
        self._answers: asyncio.Queue[bytes] = asyncio.Queue(maxsize=8)

    def take(self, _: BleakGATTCharacteristic, data: bytearray) -> None:
        """Keep an answer; one that nobody waits for is dropped when there are too many."""
        with suppress(asyncio.QueueFull):
            self._answers.put_nowait(bytes(data))

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
        await self._client.write_gatt_char(polar.CONTROL_POINT, command, response=True)
        async with asyncio.timeout(ANSWER_S):
            while True:
                with suppress(PacketError):  # not an answer: features, or a later protocol
                    answer = polar.Response.from_bytes(await self._answers.get())
                    if (answer.operation, answer.measurement) == (command[0], command[1]):
                        return answer


def _no_service(client: BleakClient) -> SensorError:
    old_polar = client.name.startswith("Polar H10")
    return SensorError(
        f"{client.address} sends neither running cadence (RSC) nor acceleration (Polar PMD)",
        fault="no_service",
        hint="update the strap's firmware in the Polar app" if old_polar else "use a foot pod or a Polar H10",
    )


def _refused(command: polar.StartAcc, answer: polar.Response) -> SensorError:
    return SensorError(
        f"the strap refuses to send acceleration at {command.rate_hz} Hz: {answer.verdict}",
        fault="refused",
        hint="a Polar H10 does 25, 50, 100 and 200 Hz (sensor.rate_hz); the arm bands are not supported yet",
    )
