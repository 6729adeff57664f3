"""SensorServer (Android) as a sensor: a WebSocket on which the phone sends sample by sample.

The rate is the app's own setting, 5 Hz as it comes; no parameter of the URL changes it (its source,
SensorWebSocketServer.kt, knows `type` only). So the coach says what to set.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Never

import aiohttp

from coach.errors import SensorError
from coach.ports import Decode
from coach.text import printable
from sensors.phone.called import ANSWER_S, STOP_S, CalledPhone
from sensors.phone.link import Link
from sensors.phone.wire.sensor_server import MOST_BYTES, decode

PORT = 8080
PATH = "/sensor/connect?type=android.sensor.accelerometer"

_REFUSALS = range(4000, 5000)
_STOPPED = (4004, 4005)
"""Codes of the app's own with which it closes a link; with two of them it is the runner who did."""


class SensorServerSensor(CalledPhone):
    """The accelerometer of a phone that runs SensorServer."""

    codec: ClassVar[str] = "sensor-server"
    app: ClassVar[str] = "SensorServer"
    hint: ClassVar[str] = "start the server in SensorServer and use the address that it shows; same network?"
    faster: ClassVar[str] = "in SensorServer set Settings > Sampling Rate to 10000, then stop and start its server"

    @property
    def _decode(self) -> Decode:
        return decode

    async def _stream(self, http: aiohttp.ClientSession, link: Link) -> Never:
        url = f"ws://{self._address.host}:{self._address.port or PORT}{PATH}"
        async with asyncio.timeout(ANSWER_S):
            socket = await http.ws_connect(
                url, max_msg_size=MOST_BYTES, timeout=aiohttp.ClientWSTimeout(ws_close=STOP_S)
            )
        async with socket:
            link.expect()
            while True:
                match await socket.receive():
                    case aiohttp.WSMessage(type=aiohttp.WSMsgType.TEXT, data=text):
                        link.take(text.encode())
                    case aiohttp.WSMessage(type=aiohttp.WSMsgType.BINARY, data=data):
                        link.take(data)
                    case aiohttp.WSMessage(type=aiohttp.WSMsgType.CLOSE, data=code, extra=reason):
                        raise _closed(code, reason or "")
                    case _:
                        raise aiohttp.ClientConnectionError("the socket broke")


def _closed(code: int, reason: str) -> SensorError:
    """Say why the app closed a link."""
    if code in _REFUSALS and code not in _STOPPED:
        return SensorError(f"it refuses, {printable(reason)}", fault="no_service")
    return SensorError("the server was stopped", fault="lost")
