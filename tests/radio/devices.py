"""Emulated devices: what a foot pod and a Polar H10 do on the air.

Written from the specifications and not with our own decoders, so that a mistake is not made twice.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SIG = "0000{}-0000-1000-8000-00805f9b34fb"
POLAR = "fb005c{}-02e7-f387-1cad-8acd2d8df0c8"

RSC_SERVICE, RSC_MEASUREMENT, SENSOR_LOCATION = SIG.format("1814"), SIG.format("2a53"), SIG.format("2a5d")
HEART_RATE_SERVICE, HEART_RATE = SIG.format("180d"), SIG.format("2a37")
BATTERY_SERVICE, BATTERY_LEVEL = SIG.format("180f"), SIG.format("2a19")
POLAR_FILE_SERVICE = SIG.format("feee")
PMD_SERVICE, PMD_CONTROL, PMD_DATA = POLAR.format("80"), POLAR.format("81"), POLAR.format("82")

Services = Mapping[str, Mapping[str, Sequence[str]]]
"""Characteristics and their flags, by service."""


class Device:
    """A peripheral: what it advertises and offers, and who subscribed to what.

    Parameters
    ----------
    services : as they are found once connected.
    advertised : the services that fit into the advertisement.
    """

    def __init__(self, address: str, name: str, services: Services, advertised: Sequence[str], rssi_dbm: int) -> None:
        self.address = address
        self.name = name
        self.services = services
        self.advertised = list(advertised)
        self.rssi_dbm = rssi_dbm
        self.values: dict[str, bytes] = {}
        self.subscribed: set[str] = set()
        self.writes: list[tuple[str, bytes]] = []
        self.in_range = True
        self.mute = False
        self.transmit: Callable[[str, bytes], None] = lambda _characteristic, _value: None

    def write(self, characteristic: str, value: bytes) -> None:
        """Take what the central wrote."""
        self.writes.append((characteristic, value))

    def notify(self, characteristic: str, value: bytes) -> None:
        """Send a value to the central, if it subscribed; a mute device is linked and says nothing."""
        if characteristic in self.subscribed and not self.mute:
            self.transmit(characteristic, value)

    def change(self, characteristic: str, value: bytes) -> None:
        """Take on a value that can be read, and notify of it."""
        self.values[characteristic] = value
        self.notify(characteristic, value)

    async def run(self) -> None:
        """Live, until cancelled."""


class FootPod(Device):
    """A pod on the shoe that counts strides; its settings may be changed while it runs.

    Parameters
    ----------
    strides_per_min : of the foot that carries it; half the runner's cadence.
    period_s : one measurement in so long; pods send once a second.
    """

    def __init__(
        self,
        address: str = "C0:FF:EE:00:00:01",
        *,
        name: str = "Foot Pod",
        strides_per_min: int = 85,
        speed_mps: float = 3.0,
        period_s: float = 1.0,
        location: int = 2,
        battery_pct: int = 87,
        rssi_dbm: int = -60,
    ) -> None:
        services = {
            RSC_SERVICE: {RSC_MEASUREMENT: ["notify"], SENSOR_LOCATION: ["read"]},
            BATTERY_SERVICE: {BATTERY_LEVEL: ["read", "notify"]},
        }
        super().__init__(address, name, services, [RSC_SERVICE], rssi_dbm)
        self.strides_per_min = strides_per_min
        self.speed_mps = speed_mps
        self.period_s = period_s
        self.values = {SENSOR_LOCATION: bytes([location]), BATTERY_LEVEL: bytes([battery_pct])}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self.period_s)
            running = 0x04 if self.strides_per_min else 0x00
            speed = round(self.speed_mps * 256)
            self.notify(RSC_MEASUREMENT, struct.pack("<BHB", running, speed, self.strides_per_min))


class PolarH10(Device):
    """A chest strap that streams a given acceleration, over and over, from the moment it is first asked to.

    Like the real one it streams on when the link breaks, and then answers "already in state" to the next start.

    Parameters
    ----------
    acc_g : shape (n, 3), g, at `RATE_HZ`; None is a strap at rest.
    beat_s : one heart rate measurement in so long; straps send once a second.
    answer_s : a command is answered after so long.

    `offers` are the settings that can be chosen from, by their kind; `deaf_to` are operations that are not answered.
    """

    ADDRESS, NAME = "C0:FF:EE:00:00:02", "Polar H10 12345678"
    RATE_HZ = 200
    FRAME_SAMPLES = 36
    FEATURES = 0x05
    BORN_NS = 599_616_000_000_000_000  # 2019-01-01 on a clock that counts from 2000
    OFFERS: Mapping[int, Sequence[int]] = {0: (25, 50, 100, 200), 1: (16,), 2: (2, 4, 8)}
    SIZES: Mapping[int, int] = {0: 2, 1: 2, 2: 2, 4: 1}
    REFUSALS: Mapping[int, int] = {0: 8, 1: 7, 2: 9, 4: 11}
    START_PARAMETERS = b""

    def __init__(
        self,
        address: str = "",
        *,
        name: str = "",
        acc_g: NDArray[np.float64] | None = None,
        bpm: int = 150,
        beat_s: float = 1.0,
        answer_s: float = 0.0,
        battery_pct: int = 64,
        rssi_dbm: int = -70,
    ) -> None:
        services = {
            HEART_RATE_SERVICE: {HEART_RATE: ["notify"]},
            BATTERY_SERVICE: {BATTERY_LEVEL: ["read", "notify"]},
            PMD_SERVICE: {PMD_CONTROL: ["read", "write", "indicate"], PMD_DATA: ["notify"]},
        }
        advertised = [HEART_RATE_SERVICE, POLAR_FILE_SERVICE]
        super().__init__(address or self.ADDRESS, name or self.NAME, services, advertised, rssi_dbm)
        at_rest = np.tile([0.0, -1.0, 0.0], (self.FRAME_SAMPLES, 1))
        self.acc_mg = np.clip(np.rint((at_rest if acc_g is None else acc_g) * 1000), -32768, 32767).astype("<i2")
        self.bpm = bpm
        self.beat_s = beat_s
        self.answer_s = answer_s
        self.values = {BATTERY_LEVEL: bytes([battery_pct]), PMD_CONTROL: bytes([0x0F, self.FEATURES]) + bytes(15)}
        self.refuse_with: int | None = None
        self.offers = dict(self.OFFERS)
        self.deaf_to: set[int] = set()
        self._rate_hz = self.RATE_HZ
        self._streaming = asyncio.Event()
        self._start_s = self._first_start_s = 0.0

    @property
    def streaming(self) -> bool:
        """Whether it measures, and empties its battery, linked or not."""
        return self._streaming.is_set()

    def halt(self) -> None:
        """End the stream, asked or of its own accord."""
        self._streaming.clear()

    def write(self, characteristic: str, value: bytes) -> None:
        super().write(characteristic, value)
        if characteristic == PMD_CONTROL and value[0] not in self.deaf_to:
            status, parameters = self._obey(value)
            answer = bytes([0xF0, *value[:2], status, 0x00]) + parameters
            asyncio.get_running_loop().call_later(self.answer_s, self.notify, PMD_CONTROL, answer)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            tasks.create_task(self._stream())

    def _obey(self, command: bytes) -> tuple[int, bytes]:
        if self.refuse_with is not None:
            return self.refuse_with, b""
        match command[0], command[1]:
            case 1, 2:
                return 0, b"".join(self._listed(kind) for kind in self.offers)
            case 2, 2:
                status = 6 if self.streaming else self._start(command[2:])
                return status, b"" if status else self.START_PARAMETERS
            case 3, 2:
                self.halt()
                return 0, b""
        return 1, b""

    def _listed(self, kind: int) -> bytes:
        values = self.offers[kind]
        return bytes([kind, len(values)]) + b"".join(value.to_bytes(self.SIZES[kind], "little") for value in values)

    def _start(self, settings: bytes) -> int:
        wanted = dict(self._wanted(settings))
        for kind, offered in self.offers.items():
            if wanted.get(kind) not in offered:
                return self.REFUSALS[kind]
        if wanted.keys() - self.offers:
            return 5
        self._rate_hz = wanted[0]
        self._start_s = asyncio.get_running_loop().time()
        self._first_start_s = self._first_start_s or self._start_s
        self._streaming.set()
        return 0

    def _wanted(self, settings: bytes) -> Iterator[tuple[int, int]]:
        while settings:
            kind, end = settings[0], 2 + self.SIZES[settings[0]]
            yield kind, int.from_bytes(settings[2:end], "little")
            settings = settings[end:]

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.beat_s)
            self.notify(HEART_RATE, bytes([0x16, self.bpm]) + struct.pack("<H", round(60 / self.bpm * 1024)))

    async def _stream(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            await self._streaming.wait()
            start_s, end_s = self._start_s, self._start_s
            while self.streaming and self._start_s == start_s:
                end_s += self.FRAME_SAMPLES / self._rate_hz
                await asyncio.sleep(end_s - now())
                if self.streaming and self._start_s == start_s:
                    self.notify(PMD_DATA, self._frame(end_s - self._first_start_s))

    def _frame(self, end_s: float) -> bytes:
        """Make the frame whose last sample was taken `end_s` after the first start."""
        last = round(end_s * self._rate_hz)
        samples = np.arange(last - self.FRAME_SAMPLES, last) * self.RATE_HZ // self._rate_hz
        return self._written(self.BORN_NS + round(end_s * 1e9), self.acc_mg[samples % len(self.acc_mg)])

    def _written(self, last_ns: int, acc_mg: NDArray[np.int16]) -> bytes:
        return struct.pack("<BQB", 0x02, last_ns, 0x01) + acc_mg.tobytes()
