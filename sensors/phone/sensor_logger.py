"""Sensor Logger (iOS, Android) as a sensor: the app pushes to a small HTTP server of the coach.

The server stays open for the whole run; a phone that goes away comes back by itself. One phone is listened to: the
first that sends acceleration is kept, for the run, and others are turned away. What the app's messages lack is not
made up for: numbers that are missing are waited for (see `sensors.phone.order`) and then counted.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Never

from aiohttp import web

from coach.config import SensorConfig
from coach.errors import PacketError, SensorError
from coach.model import LinkNews, LinkState, SensorState
from coach.ports import Clock, Emit
from sensors.backoff import backoff_s
from sensors.phone.address import Address, own_address
from sensors.phone.link import Link
from sensors.phone.order import WAIT_S, InOrder
from sensors.phone.wire.sensor_logger import MOST_BYTES, Message, decode
from sensors.phone.wire.strict import read_object, refusing

PORT = 8000
BODY_S = 5.0
STOP_S = 0.5
"""A message has so long to come in, and one that is coming in so long to end when the coach does."""

HELLO = "The coach listens. Type this address into Sensor Logger: Settings > Data Streaming > Push URL.\n"
FASTER = "in Sensor Logger raise the sampling frequency of Accelerometer"
NO_ACCELERATION = "the phone sends no acceleration: switch Accelerometer on in Sensor Logger"
ANOTHER_PHONE = "another phone pushes here too"
JUMPED = "the numbers of the phone's messages jumped: some may be missing"

Say = Callable[[LinkState | LinkNews, str], None]

_QUIET = logging.getLogger(__name__)
_QUIET.disabled = True  # what strangers send to the port is no news for the runner's terminal


class SensorLoggerSensor:
    """A phone that pushes what Sensor Logger records.

    Parameters
    ----------
    address : [HOST]:PORT to listen at; empty for port 8000 on all addresses of this machine.
    clock : stamps what arrives. config : silence_s is used, and placement where the runner has told it.
    backoff : makes the waits between attempts to listen again, after a sleep of the machine.

    Raises
    ------
    UsageError
        For an address that is not of that form.
    """

    id = "sensor-logger"

    def __init__(
        self,
        address: str = "",
        *,
        clock: Clock,
        config: SensorConfig,
        backoff: Callable[[], Iterator[float]] = backoff_s,
    ) -> None:
        self._address = Address.parse(address, listening=True)
        self._clock = clock
        self._config = config
        self._backoff = backoff
        self._phone: str | None = None  # outlives a run: after a sleep of the machine the sensor is run again

    async def run(self, emit: Emit) -> None:
        """Listen until cancelled.

        Raises
        ------
        SensorError
            When it cannot listen at its address, and no phone was heard before.
        """

        def say(state: LinkState | LinkNews, reason: str) -> None:
            emit(SensorState(at=self._clock.now(), sensor=self.id, state=state, reason=reason))

        delays = self._backoff()
        while True:
            desk = _Desk(self._phone, lambda: self._link(emit), say)
            try:
                async with _listening(self._address, desk) as url:
                    say("searching", f"in Sensor Logger: Settings > Data Streaming > Push URL {url}")
                    await desk.attend()
            except SensorError as trouble:
                if self._phone is None:
                    raise
                say("reconnecting", trouble.message)
                await asyncio.sleep(next(delays))
            finally:
                self._phone = desk.phone

    def _link(self, emit: Emit) -> Link:
        placement = self._config.placement
        connected = SensorState(
            at=self._clock.now(),
            sensor=self.id,
            state="connected",
            name="Sensor Logger",
            placement=None if placement == "unknown" else placement,
            faster=FASTER,
        )
        silence_s = self._config.silence_s
        return Link(connected, self.id, decode, clock=self._clock, emit=emit, silence_s=silence_s)


class _Desk:
    """Takes what phones push, while the coach listens.

    Parameters
    ----------
    phone : the `deviceId` that is listened to, if known. new_link : makes the link that messages go to.
    say : tells of what happens.
    """

    def __init__(self, phone: str | None, new_link: Callable[[], Link], say: Say) -> None:
        self.phone = phone
        self._new_link = new_link
        self._say = say
        self._link = new_link()
        self._order: InOrder[bytes | None] = InOrder()
        self._waiting: asyncio.TimerHandle | None = None
        self._told: set[str] = set()
        self._tell_lost = 1

    async def attend(self) -> Never:
        """Watch over the link, and begin another when it falls silent."""
        while True:
            trouble = await self._link.hold(asyncio.Event().wait())
            self._link = self._new_link()
            self._say("reconnecting", trouble.message)

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def hello(self, _: web.Request) -> web.Response:
        """Answer somebody who tries the address in a browser."""
        return web.Response(text=HELLO)

    async def push(self, request: web.Request) -> web.Response:
        """Answer a push."""
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        return web.Response(status=self._take(body))

    def _take(self, body: bytes) -> int:
        """Take a message; give the status that answers it. The app's test of the connection is fine, but no message."""
        try:
            with refusing(body):
                read_object(body, MOST_BYTES)
        except PacketError:
            return 400
        try:
            message = Message.from_bytes(body)
        except PacketError:
            return 200
        if self.phone not in (None, message.device):
            self._tell_once("turned_away", ANOTHER_PHONE)
            return 409
        if self.phone is None and not message.accelerations:
            self._tell_once("searching", NO_ACCELERATION)
            return 200
        self.phone = message.device
        now_s = asyncio.get_running_loop().time()
        payload = message.kept() if message.accelerations else None
        self._deliver(self._order.push(message.session, message.number, payload, now_s))
        return 200

    def _deliver(self, ready: list[bytes | None]) -> None:
        """Hand on what it is the turn of, and see to it that what is missing is not waited for without end."""
        for payload in ready:
            if payload is not None:
                self._link.take(payload)
        if self._order.lost >= self._tell_lost:
            self._tell_lost = 10 * self._order.lost
            self._say("messages_lost", f"{self._order.lost} so far did not come in time")
        if self._order.jumps:
            self._tell_once("messages_lost", JUMPED)
        self.close()
        since_s = self._order.waiting_since_s
        loop = asyncio.get_running_loop()
        self._waiting = None if since_s is None else loop.call_at(since_s + WAIT_S, self._give_up)

    def _give_up(self) -> None:
        self._deliver(self._order.give_up(asyncio.get_running_loop().time()))

    def _tell_once(self, state: LinkState | LinkNews, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            self._say(state, reason)


@asynccontextmanager
async def _listening(address: Address, desk: _Desk) -> AsyncIterator[str]:
    """Open the server, give its URL, and close it."""
    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes([web.post("/{any:.*}", desk.push), web.get("/{any:.*}", desk.hello)])
    runner = web.AppRunner(app, access_log=None, logger=_QUIET, shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        port = PORT if address.port is None else address.port
        await _open(web.TCPSite(runner, address.host.strip("[]") or None, port), port)
        yield f"http://{address.host or own_address()}:{runner.addresses[0][1]}/"
    finally:
        desk.close()
        await runner.cleanup()


async def _open(site: web.TCPSite, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            hint = "end it, or listen at another port, and type that into the app"
            raise SensorError(f"port {port} is taken by another program", hint=hint) from error
        reason = error.strerror or str(error)
        raise SensorError(f"cannot listen at port {port}: {reason}", hint="give :8000 as the address") from error
