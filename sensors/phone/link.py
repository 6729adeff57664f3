"""What comes from a phone, from its first sample until it falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace

from coach.errors import PacketError, SensorError
from coach.model import HostTime, Packet, SensorState
from coach.ports import Clock, Decode, Emit
from sensors.backoff import GOOD_S


class Link:
    """One link to a phone: announced with its first sample, and lost when no more come.

    A link that stands but brings no acceleration is no link; so it is what can be decoded that shows that it lives.
    What comes before the announcement and cannot be decoded is dropped, later it is handed on, to be counted.

    Parameters
    ----------
    connected : what to announce. codec, decode : name what comes, and try it. silence_s : no samples for so long.
    """

    def __init__(
        self, connected: SensorState, codec: str, decode: Decode, *, clock: Clock, emit: Emit, silence_s: float
    ) -> None:
        self._connected = connected
        self._codec = codec
        self._decode = decode
        self._clock = clock
        self._emit = emit
        self._silence_s = silence_s
        self._patience = asyncio.timeout(None)
        self._since: HostTime | None = None
        self._last: HostTime | None = None

    async def hold(self, streaming: Awaitable[object]) -> SensorError:
        """Let a stream run until it falls silent; give the error that says so. Other errors are the stream's own."""
        try:
            async with self._patience:
                if self.stands:
                    self.expect()
                await streaming
        except TimeoutError:
            if not self._patience.expired():
                raise
        return SensorError(f"no data for {self._silence_s:g} s", fault="lost")

    def expect(self) -> None:
        """From now on there should be data."""
        with suppress(RuntimeError):  # not held yet, or just now found to be silent
            self._patience.reschedule(asyncio.get_running_loop().time() + self._silence_s)

    def take(self, payload: bytes) -> None:
        """Stamp what came, and hand it on."""
        at = self._clock.now()
        packet = Packet(at=at, sensor=self._connected.sensor, codec=self._codec, payload=payload)
        if self._is_good(packet):
            if self._since is None:
                self._since = at
                self._emit(replace(self._connected, at=at))
            self._last = at
            self.expect()
        if self._since is not None:
            self._emit(packet)

    def _is_good(self, packet: Packet) -> bool:
        try:
            self._decode(packet)
        except PacketError:
            return False
        return True

    @property
    def stands(self) -> bool:
        """Whether it has been announced."""
        return self._since is not None

    @property
    def good(self) -> bool:
        """Data flowed for a while: trouble from here on is new trouble."""
        return self._since is not None and self._last is not None and self._last - self._since >= GOOD_S
