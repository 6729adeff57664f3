"""Emulated sensors that people built themselves: text over the Nordic UART Service, and bare floats.

Written from docs/home-made-sensor.md and docs/new-device.md, and not with our own decoders.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .devices import Device, Services

UART_SERVICE = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
UART_RX, UART_TX = UART_SERVICE.replace("0001", "0002", 1), UART_SERVICE.replace("0001", "0003", 1)
FLOATS_SERVICE, FLOATS = "19b10000-e8f2-537e-4f6c-d104768a1214", "19b10001-e8f2-537e-4f6c-d104768a1214"

Stamps = Literal["ms", "s", "none"]


class _Streamer(Device):
    """Sends one sample after another from the moment it is first subscribed to.

    Parameters
    ----------
    acc_g : shape (n, 3), over and over, at `rate_hz`.
    pace : how much faster than real time everything happens.
    """

    def __init__(self, address: str, name: str, services: Services, acc_g: NDArray[np.float64], *, pace: float) -> None:
        super().__init__(address, name, services, list(services), -60)
        self.acc_g = acc_g
        self.rate_hz = 50.0
        self.pace = pace

    def begin(self) -> None:
        """Do what comes before the first sample."""

    def sample(self, number: int) -> None:
        """Send a sample."""
        raise NotImplementedError

    async def run(self) -> None:
        while not self.subscribed:
            await asyncio.sleep(0.01)
        self.begin()
        loop = asyncio.get_running_loop()
        start_s, number = loop.time(), 0
        while True:
            due = int((loop.time() - start_s) * self.pace * self.rate_hz)
            for i in range(number, due):
                self.sample(i)
            number = due
            await asyncio.sleep(1 / (self.pace * self.rate_hz))


class LineSensor(_Streamer):
    """A Bangle.js or an ESP32 that prints samples, cut where its notifications are full.

    Parameters
    ----------
    stamps : whether a line says the time, and in what. ms2 : in m/s² with a header now and then, not in g.
    notification_bytes : what a notification holds; 20 until somebody asks for more.
    first_s : what its clock reads in the beginning.
    """

    def __init__(
        self,
        acc_g: NDArray[np.float64],
        *,
        stamps: Stamps = "ms",
        ms2: bool = False,
        notification_bytes: int = 20,
        first_s: float = 4000.0,
        pace: float = 1.0,
        address: str = "C0:FF:EE:00:00:05",
        name: str = "Bangle.js 1234",
    ) -> None:
        chars = {UART_RX: ["write", "write-without-response"], UART_TX: ["notify"]}
        super().__init__(address, name, {UART_SERVICE: chars}, acc_g, pace=pace)
        self.stamps = stamps
        self.ms2 = ms2
        self.notification_bytes = notification_bytes
        self.first_s = first_s
        self._text = b""

    def begin(self) -> None:
        self._print("<- Terminal\r\n>")  # what Espruino's prompt says when somebody links

    def sample(self, number: int) -> None:
        if self.ms2 and number % 50 == 0:
            self._print(("" if self.stamps == "none" else "t_s,") + "ax_ms2,ay_ms2,az_ms2\r\n")
        t_s = self.first_s + number / self.rate_hz
        stamp = {"ms": f"{round(1000 * t_s)},", "s": f"{t_s:.3f},", "none": ""}[self.stamps]
        axes = self.acc_g[number % len(self.acc_g)] * (9.80665 if self.ms2 else 1.0)
        self._print(stamp + ",".join(f"{axis:.3f}" for axis in axes) + "\r\n")

    def _print(self, text: str) -> None:
        self._text += text.encode()
        for value in self._full():
            self.notify(UART_TX, value)

    def _full(self) -> Iterator[bytes]:
        while len(self._text) >= self.notification_bytes:
            yield self._text[: self.notification_bytes]
            self._text = self._text[self.notification_bytes :]


class FloatSensor(_Streamer):
    """An Arduino whose characteristic holds one sample: three little-endian float32, in g."""

    def __init__(
        self, acc_g: NDArray[np.float64], *, pace: float = 1.0, address: str = "C0:FF:EE:00:00:06", name: str = "IMU"
    ) -> None:
        super().__init__(address, name, {FLOATS_SERVICE: {FLOATS: ["read", "notify"]}}, acc_g, pace=pace)

    def sample(self, number: int) -> None:
        self.notify(FLOATS, struct.pack("<3f", *self.acc_g[number % len(self.acc_g)]))
