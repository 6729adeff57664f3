"""phyphox (iOS, Android) as a sensor: the coach asks its remote interface for what is new, several times a second."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Never
from urllib.parse import quote

import aiohttp
from yarl import URL

from coach.errors import PacketError, SensorError
from coach.ports import Decode
from sensors.phone.called import CalledPhone
from sensors.phone.link import Link
from sensors.phone.wire.phyphox import MOST_BYTES, Answer, Buffers, decode, last_time_s

POLL_S = 0.15
PORTS = (8080, 80)
"""Where the app listens on Android, and on an iPhone."""

NOT_OPEN = "what answers is not phyphox, or has no experiment with acceleration open"


class PhyphoxSensor(CalledPhone):
    """The experiment that is open in phyphox; its measurement is started, and started again where it was stopped."""

    codec: ClassVar[str] = "phyphox"
    app: ClassVar[str] = "phyphox"
    hint: ClassVar[str] = "open 'Acceleration with g' in phyphox and, in its menu, allow remote access; same network?"
    faster: ClassVar[str] = "open 'Acceleration with g' in phyphox, which goes as fast as the phone can"

    @property
    def _decode(self) -> Decode:
        return decode

    async def _stream(self, http: aiohttp.ClientSession, link: Link) -> Never:
        phone = await self._reach(http)
        try:
            buffers = Buffers.from_config(await phone.get("/config"))
            await phone.get("/control?cmd=start")
            after_s = last_time_s(await phone.get(f"/get?{quote(buffers.t)}"), buffers.t)
        except PacketError as error:
            raise SensorError(NOT_OPEN, fault="no_service") from error
        link.expect()
        await _follow(phone, buffers, after_s, link)

    async def _reach(self, http: aiohttp.ClientSession) -> _Phone:
        """Find the port on which the app listens."""
        *others, last = PORTS if self._address.port is None else (self._address.port,)
        for port in others:
            phone = _Phone(http, f"http://{self._address.host}:{port}")
            try:
                await phone.get("/config")
            except (aiohttp.ClientConnectorError, TimeoutError):
                continue
            return phone
        return _Phone(http, f"http://{self._address.host}:{last}")


async def _follow(phone: _Phone, buffers: Buffers, after_s: float, link: Link) -> Never:
    """Ask for what is new, again and again.

    What cannot be read is handed over, to be counted. A new session is the end of the link. Buffers that were cleared
    begin at 0 again; the answer that says so holds what was there before, or a moment of what is new, and is left.
    """
    session = None
    while True:
        payload = await phone.get(_request(buffers, after_s))
        try:
            answer = Answer.from_bytes(payload)
        except PacketError:
            link.take(payload)
        else:
            if session not in (None, answer.session):
                raise SensorError("another experiment was opened", fault="lost")
            session = answer.session
            if answer.whole:
                after_s = float(answer.times_s.max(initial=0.0))
            elif len(answer.times_s):
                after_s = float(answer.times_s.max())
                link.take(payload)
        await asyncio.sleep(POLL_S)


def _request(buffers: Buffers, after_s: float) -> str:
    """Ask for the rows after a time; the bar is not escaped, as the app's own page does not and old versions want."""
    time, *axes = (quote(name) for name in (buffers.t, buffers.x, buffers.y, buffers.z))
    return f"/get?{time}={after_s!r}&" + "&".join(f"{axis}={after_s!r}|{time}" for axis in axes)


class _Phone:
    """The remote interface of one phone."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self._http = http
        self._base = base

    async def get(self, path: str) -> bytes:
        """Fetch a document, of `MOST_BYTES` at most."""
        async with self._http.get(URL(self._base + path, encoded=True)) as response:
            response.raise_for_status()
            body = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                body += chunk
                if len(body) > MOST_BYTES:
                    raise aiohttp.ClientPayloadError(f"more than {MOST_BYTES} bytes")
            return bytes(body)
