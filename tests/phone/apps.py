"""The apps, as a phone would run them: on real sockets of this machine, with a runner's acceleration in them.

An app owns time: it sets the clock of the sensor ahead to each batch that it sends, so that half a minute of running
takes as long as the packets take.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

import numpy as np
from aiohttp import ClientSession, TCPConnector, WSMsgType, web

from coach.clock import ManualClock
from coach.model import FloatArray
from sensors.phone.wire import phyphox, sensor_logger, sensor_server

G = 9.80665
STILL = np.column_stack([np.arange(400) / 100, np.zeros(400), np.zeros(400), np.ones(400)])
"""Four seconds at rest: rows of time and three axes, s and g."""

BOOT_S = 3_925_657.0
EPOCH_NS = 1_698_501_144_401_773_000


class Served:
    """A server on this machine, which can go away and come back at the same port."""

    def __init__(self) -> None:
        self.port = 0
        self._runner: web.AppRunner | None = None

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def open(self) -> None:
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Page(Served):
    """Some other server."""

    def __init__(self, status: int = 200, text: str = "<html>", headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.requests = 0
        self._answer = (status, text, headers)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/{any:.*}", self._page)]

    async def _page(self, _: web.Request) -> web.Response:
        self.requests += 1
        status, text, headers = self._answer
        return web.Response(status=status, text=text, headers=headers, content_type="text/html")


WITH_G = {
    "title": "Acceleration with g",
    "inputs": [
        {
            "source": "accelerometer",
            "outputs": [{"x": "accX"}, {"y": "accY"}, {"z": "accZ"}, {"abs": "acc"}, {"t": "acc_time"}],
        }
    ],
}


class Phyphox(Served):
    """phyphox with "Acceleration with g" open. Each request for data finds `step_s` more of them measured."""

    def __init__(self, rows: FloatArray = STILL, clock: ManualClock | None = None, step_s: float = 0.15) -> None:
        super().__init__()
        self.rows, self.clock, self.step_s = rows, clock, step_s
        self.session, self.measuring, self.config = "a1b2c3", False, WITH_G
        self.queries: list[str] = []
        self.garbage: list[str] = []
        self.now_s = 0.0
        self.whole = False

    def clear(self) -> None:
        """The runner taps on the bin, and begins again."""
        self.now_s, self.whole = 0.0, True

    def open_again(self) -> None:
        """The runner leaves the experiment and opens it again."""
        self.session, self.measuring, self.now_s = "d4e5f6", False, 0.0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/config", self._config),
            web.get("/control", self._control),
            web.get("/get", self._get),
        ]

    async def _config(self, _: web.Request) -> web.Response:
        return web.json_response(self.config)

    async def _control(self, request: web.Request) -> web.Response:
        self.measuring |= request.query.get("cmd") == "start"
        return web.json_response({"result": True})

    async def _get(self, request: web.Request) -> web.Response:
        self.queries.append(request.raw_path)
        if self.garbage:
            return web.Response(text=self.garbage.pop(0))
        if self.measuring and self.now_s < self.rows[-1, 0] and "|" in request.raw_path:
            self.now_s += self.step_s
            if self.clock is not None:
                self.clock.set(self.clock.now() + self.step_s)
        known = self.rows[self.rows[:, 0] <= self.now_s]
        columns = dict(zip(("acc_time", "accX", "accY", "accZ"), (known * [1, G, G, G]).T, strict=True))
        whole, self.whole = self.whole, False
        asked = {
            name: columns[name].tolist() if whole else _part(columns, name, text)
            for name, text in request.query.items()
            if name in columns
        }
        return web.Response(body=phyphox.encode(asked, session=self.session, whole=whole))


def _part(columns: dict[str, FloatArray], name: str, text: str) -> list[float]:
    if not text:
        return columns[name][-1:].tolist()
    threshold, _, reference = text.partition("|")
    after_s = float(threshold)
    nudge_s = 10 ** np.floor(np.log10(after_s / 1e7)) if after_s > 0 else 0.0
    return columns[name][columns[reference or name] > after_s + nudge_s].tolist()


class SensorServer(Served):
    """SensorServer; `send` reaches every link that is open."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[web.WebSocketResponse] = []
        self.types: list[str] = []
        self._opened = asyncio.Event()
        self.refusal: tuple[int, bytes] | None = None

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/sensor/connect", self._connect)]

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        link = web.WebSocketResponse(timeout=0.1)
        await link.prepare(request)
        self.types.append(request.query["type"])
        if self.refusal is not None:
            await link.close(code=self.refusal[0], message=self.refusal[1])
            return link
        self.links.append(link)
        self._opened.set()
        async for message in link:
            assert message.type is WSMsgType.TEXT
        return link

    async def linked(self) -> web.WebSocketResponse:
        """Wait for the next link."""
        await self._opened.wait()
        self._opened.clear()
        return self.links[-1]

    async def close(self) -> None:
        for link in self.links:
            await link.close(code=4004, message=b"Server stopped")
        self.links.clear()
        await super().close()


def sample(row: FloatArray) -> str:
    """Write a row (s, g, g, g) as SensorServer does."""
    return sensor_server.encode(round((BOOT_S + row[0]) * 1e9), (row[1:] * G).tolist()).decode()


class SensorLogger:
    """Sensor Logger with its push URL set."""

    def __init__(self, url: str, http: ClientSession, device: str = "phone") -> None:
        self.url, self.device, self._http = url, device, http

    async def push(self, number: int, rows: FloatArray, session: str = "run") -> int:
        """Push a message; give the status that answers it."""
        times_ns = [EPOCH_NS + round(t * 1e9) for t in rows[:, 0]]
        return await self.post(sensor_logger.encode(number, session, self.device, times_ns, rows[:, 1:] * G))

    async def push_other(self, number: int, session: str = "run") -> int:
        """Push a message without acceleration."""
        entry = {"name": "battery", "time": EPOCH_NS, "values": {"batteryLevel": 0.5}}
        message = {"messageId": number, "sessionId": session, "deviceId": self.device, "payload": [entry]}
        return await self.post(json.dumps(message).encode())

    async def post(self, body: bytes, path: str = "data") -> int:
        async with self._http.post(self.url + path, data=io.BytesIO(body)) as response:
            await response.read()
            return response.status


@asynccontextmanager
async def browser() -> AsyncIterator[ClientSession]:
    """Give an HTTP client that keeps no connection open."""
    async with ClientSession(connector=TCPConnector(force_close=True)) as http:
        yield http


def batches(rows: FloatArray, length_s: float) -> Sequence[FloatArray]:
    """Cut rows into batches of so long."""
    ends = np.arange(length_s, rows[-1, 0] + length_s, length_s)
    return [part for part in np.split(rows, np.searchsorted(rows[:, 0], ends)) if len(part)]
