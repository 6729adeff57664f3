"""A phone that is called at its address: the life that phyphox and SensorServer share.

Before it was ever reached, whatever goes wrong is for the runner to mend, and ends the run in one clear line; later it
is a link that comes back, and is called again, with longer and longer waits. A cancelled sensor is down within two
seconds.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar, Never

import aiohttp

from coach.config import SensorConfig
from coach.errors import SensorError
from coach.model import SensorState
from coach.ports import Clock, Decode, Emit
from sensors.backoff import backoff_s
from sensors.phone.address import Address
from sensors.phone.link import Link

ANSWER_S = 3.0
"""A phone in the same network answers within so long, or not at all."""

STOP_S = 0.5


class CalledPhone(ABC):
    """An app on a phone that answers when it is called, kept linked until cancelled.

    Parameters
    ----------
    address : HOST[:PORT], as the app shows it.
    clock : stamps what arrives. config : silence_s is used, and placement where the runner has told it.
    backoff : makes the waits between calls.

    Raises
    ------
    UsageError
        For an address that is not of that form.
    """

    codec: ClassVar[str]
    app: ClassVar[str]
    hint: ClassVar[str]
    """What to look after when it cannot be reached."""

    faster: ClassVar[str]
    """What to do when it sends too few samples a second."""

    def __init__(
        self,
        address: str,
        *,
        clock: Clock,
        config: SensorConfig,
        backoff: Callable[[], Iterator[float]] = backoff_s,
    ) -> None:
        self._address = Address.parse(address)
        self._clock = clock
        self._config = config
        self._backoff = backoff
        self._known = False  # outlives a run: after a sleep of the machine a known sensor is run again

    @property
    def id(self) -> str:
        """The name of this sensor in inputs and events."""
        return f"{self.codec}:{self._address.host}"

    async def run(self, emit: Emit) -> None:
        """Stream until cancelled.

        Raises
        ------
        SensorError
            When the app was never reached: what does not answer, or is something else, and what to do.
        """
        emit(SensorState(at=self._clock.now(), sensor=self.id, state="searching"))
        delays = self._backoff()
        while True:
            link = self._link(emit)
            try:
                error = await self._attempt(link)
            finally:
                self._known |= link.stands
            trouble = self._explain(error)
            if not self._known:
                raise trouble
            if link.good:
                delays = self._backoff()
            emit(SensorState(at=self._clock.now(), sensor=self.id, state="reconnecting", reason=trouble.message))
            await asyncio.sleep(next(delays))

    def _link(self, emit: Emit) -> Link:
        placement = self._config.placement
        connected = SensorState(
            at=self._clock.now(),
            sensor=self.id,
            state="connected",
            name=self.app,
            placement=None if placement == "unknown" else placement,
            faster=self.faster,
        )
        silence_s = self._config.silence_s
        return Link(connected, self.codec, self._decode, clock=self._clock, emit=emit, silence_s=silence_s)

    async def _attempt(self, link: Link) -> aiohttp.ClientError | OSError:
        """Call and stream; give what put an end to it."""
        try:
            async with _client() as http:
                return await link.hold(self._stream(http, link))
        except (aiohttp.ClientError, OSError) as error:
            return error

    @property
    @abstractmethod
    def _decode(self) -> Decode: ...

    @abstractmethod
    async def _stream(self, http: aiohttp.ClientSession, link: Link) -> Never:
        """Call, and hand over what comes to the link; only an error ends it."""

    def _explain(self, error: Exception) -> SensorError:
        """Say in one line what an error of the network means, and what to do."""
        if isinstance(error, SensorError):
            where = "" if self._known else f"{self.app} at {self._address}: "
            return SensorError(f"{where}{error.message}", fault=error.fault, hint=self.hint)
        if isinstance(error, aiohttp.ClientConnectorError | TimeoutError):
            return SensorError(f"{self.app} does not answer at {self._address}", fault="not_found", hint=self.hint)
        if isinstance(error, aiohttp.ClientResponseError) or not self._known:
            what = f"what answers at {self._address} is not {self.app}, or not ready"
            return SensorError(what, fault="no_service", hint=self.hint)
        return SensorError("the link broke", fault="lost")


def _client() -> aiohttp.ClientSession:
    """Make a client that goes where it is sent, and nowhere else."""
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse_redirect)
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=ANSWER_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        trace_configs=[trace],
    )


async def _refuse_redirect(*_: object) -> None:
    raise aiohttp.ClientError("redirected to another place")
