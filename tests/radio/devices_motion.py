"""Emulated motion sensors: a Movesense, a BBC micro:bit, a Nordic Thingy:52 and a WitMotion WT901BLE.

Written from the specifications and not with our own decoders, so that a mistake is not made twice. Each samples a
given motion at its own true rate, which may differ from the one that it claims. Frames are sent as time passes or,
where `by_hand` is set, when a test says so.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .devices import Device, Services

FloatArray = NDArray[np.float64]
Motion = Callable[[FloatArray], FloatArray]
"""Acceleration in g, shape (n, 3), at n times in seconds."""

GSP = "3480{}-7185-4d5d-b431-630e7050e8f0"
GSP_SERVICE, GSP_COMMAND, GSP_DATA = GSP.format("2252"), GSP.format("0001"), GSP.format("0002")
MICROBIT = "e95d{}-251d-470a-a062-fa1922dfa9a8"
ACC_SERVICE, ACC_DATA, ACC_PERIOD = MICROBIT.format("0753"), MICROBIT.format("ca4b"), MICROBIT.format("fb24")
THINGY = "ef68{}-9b35-4933-9b10-52ffa9740042"
THINGY_SETUP = THINGY.format("0100")
MOTION_SERVICE, MOTION_CONFIG, MOTION_RAW = THINGY.format("0400"), THINGY.format("0401"), THINGY.format("0406")
WIT = "0000{}-0000-1000-8000-00805f9a34fb"
WIT_SERVICE, WIT_DATA, WIT_COMMAND = WIT.format("ffe5"), WIT.format("ffe4"), WIT.format("ffe9")


def at_rest(t_s: FloatArray) -> FloatArray:
    """Lie on a table."""
    return np.tile([0.0, 0.0, 1.0], (len(t_s), 1))


def counts(acc_g: FloatArray, per_g: float) -> list[list[int]]:
    """Give acceleration as whole numbers of 16 bits."""
    return np.clip(np.rint(acc_g * per_g), -32768, 32767).astype(int).tolist()


class MotionSensor(Device):
    """What they have in common: samples of a motion, so many to a frame.

    Parameters
    ----------
    pace : the true rate, as a share of the one that is claimed.
    """

    samples = 1
    data = ""

    def __init__(
        self, address: str, name: str, services: Services, advertised: Sequence[str], *, motion: Motion, pace: float
    ) -> None:
        super().__init__(address, name, services, advertised, -60)
        self.motion = motion
        self.pace = pace
        self.by_hand = False

    @property
    def rate_hz(self) -> float:
        """The rate that it claims; 0 while it does not stream."""
        raise NotImplementedError

    @property
    def frame_s(self) -> float:
        """How long the samples of a frame take."""
        return self.samples / (self.rate_hz * self.pace)

    def sampled(self, frame: int) -> FloatArray:
        """Give the samples of a frame, the first of which is taken at `frame * frame_s`."""
        return self.motion((frame + np.arange(self.samples) / self.samples) * self.frame_s)

    def frame(self, number: int) -> list[bytes]:
        """Give the notifications of a frame."""
        raise NotImplementedError

    def send(self, number: int) -> int:
        """Send a frame to whoever subscribed; give in how many notifications."""
        values = self.frame(number)
        for value in values:
            self.notify(self.data, value)
        return len(values)

    async def run(self) -> None:
        now = asyncio.get_running_loop().time
        start_s, number = now(), 0
        while not self.by_hand:
            if not (self.rate_hz and self.data in self.subscribed):
                await asyncio.sleep(0.01)
                start_s, number = now(), 0
                continue
            await asyncio.sleep(start_s + (number + 1) * self.frame_s - now())
            if self.rate_hz:
                self.send(number)
            number += 1


class Movesense(MotionSensor):
    """A sensor whose frames carry eight samples and the stamp of the first.

    Parameters
    ----------
    most_bytes : of a notification; what does not fit goes on in a second one.
    answers : firmware before 2.3 does not answer a subscription.
    status : what it says to one.
    """

    samples = 8
    data = GSP_DATA
    BORN_MS = 123_456

    def __init__(
        self,
        motion: Motion = at_rest,
        *,
        pace: float = 1.0,
        most_bytes: int = 158,
        answers: bool = True,
        status: int = 200,
    ) -> None:
        services = {GSP_SERVICE: {GSP_COMMAND: ["write"], GSP_DATA: ["notify"]}}
        suunto = "0000fe06-0000-1000-8000-00805f9b34fb"
        super().__init__("C0:FF:EE:00:00:11", "Movesense 204730000081", services, [suunto], motion=motion, pace=pace)
        self.most_bytes = most_bytes
        self.answers = answers
        self.status = status
        self._reference = self._rate_hz = 0

    @property
    def rate_hz(self) -> float:
        return self._rate_hz

    def write(self, characteristic: str, value: bytes) -> None:
        super().write(characteristic, value)
        if value[0] == 1 and value[2:].startswith(b"/Meas/Acc/"):
            if self.status < 400:
                self._reference, self._rate_hz = value[1], int(value[2:].rpartition(b"/")[2])
            if self.answers:
                answer = bytes([1, value[1]]) + struct.pack("<H", self.status)
                asyncio.get_running_loop().call_soon(self.notify, GSP_DATA, answer)
        elif value == bytes([2, self._reference]):
            self._rate_hz = 0

    def frame(self, number: int) -> list[bytes]:
        stamp_ms = self.BORN_MS + int(number * self.frame_s * 1000)
        samples = (self.sampled(number) * 9.80665).astype("<f4").tobytes()
        whole = struct.pack("<BBI", 2, self._reference, stamp_ms) + samples
        first, rest = whole[: self.most_bytes], whole[self.most_bytes :]
        return [first, bytes([3, self._reference]) + rest] if rest else [first]


class Microbit(MotionSensor):
    """A micro:bit whose program has started the accelerometer service; it crashes at a period of 0."""

    data = ACC_DATA

    def __init__(self, motion: Motion = at_rest, *, pace: float = 1.0, period_ms: int = 80) -> None:
        services = {ACC_SERVICE: {ACC_DATA: ["read", "notify"], ACC_PERIOD: ["read", "write"]}}
        super().__init__("C0:FF:EE:00:00:12", "BBC micro:bit [zavag]", services, [], motion=motion, pace=pace)
        self.values[ACC_PERIOD] = struct.pack("<H", period_ms)
        self.crashed = False

    @property
    def rate_hz(self) -> float:
        return 0.0 if self.crashed else 1000 / struct.unpack("<H", self.values[ACC_PERIOD])[0]

    def write(self, characteristic: str, value: bytes) -> None:
        super().write(characteristic, value)
        (wanted_ms,) = struct.unpack("<H", value)
        self.crashed = wanted_ms == 0
        nearest_ms = min((1, 2, 5, 10, 20, 80, 160, 640), key=lambda ms: abs(ms - wanted_ms))
        self.values[ACC_PERIOD] = struct.pack("<H", nearest_ms)

    def frame(self, number: int) -> list[bytes]:
        return [struct.pack("<3h", *row) for row in counts(self.sampled(number), 1000)]


class Thingy(MotionSensor):
    """A Thingy:52 as it comes out of the box; a configuration out of range or of another length changes nothing."""

    data = MOTION_RAW

    def __init__(self, motion: Motion = at_rest, *, pace: float = 1.0, motion_hz: int = 10) -> None:
        services = {MOTION_SERVICE: {MOTION_CONFIG: ["read", "write"], MOTION_RAW: ["notify"]}}
        super().__init__("C0:FF:EE:00:00:13", "Thingy", services, [THINGY_SETUP], motion=motion, pace=pace)
        self.values[MOTION_CONFIG] = struct.pack("<4HB", 1000, 2000, 500, motion_hz, 1)

    @property
    def rate_hz(self) -> float:
        return float(struct.unpack("<4HB", self.values[MOTION_CONFIG])[3])

    def write(self, characteristic: str, value: bytes) -> None:
        super().write(characteristic, value)
        if len(value) == 9 and 1 <= struct.unpack("<4HB", value)[3] <= 200:
            self.values[MOTION_CONFIG] = value

    def frame(self, number: int) -> list[bytes]:
        rotation, compass = (320, -640, 5), (100, -200, 300)
        return [struct.pack("<9h", *row, *rotation, *compass) for row in counts(self.sampled(number), 1024)]


class WitMotion(MotionSensor):
    """A WT901BLE whose stream of packets is cut into notifications anywhere; it obeys only while unlocked.

    Parameters
    ----------
    piece_bytes : of a notification.
    classic : it sends packets of 11 bytes, acceleration and rotation, in place of those of 20.
    """

    samples = 4
    data = WIT_DATA
    RATES_HZ = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)

    def __init__(
        self, motion: Motion = at_rest, *, pace: float = 1.0, piece_bytes: int = 20, classic: bool = False
    ) -> None:
        services = {WIT_SERVICE: {WIT_DATA: ["notify"], WIT_COMMAND: ["write-without-response", "write"]}}
        super().__init__("C0:FF:EE:00:00:14", "WT901BLE67", services, [WIT_SERVICE], motion=motion, pace=pace)
        self.piece_bytes = piece_bytes
        self.classic = classic
        self.unlocked = False
        self._rate_code = 6

    @property
    def rate_hz(self) -> float:
        return self.RATES_HZ[self._rate_code]

    def write(self, characteristic: str, value: bytes) -> None:
        super().write(characteristic, value)
        if value == b"\xff\xaa\x69\x88\xb5":
            self.unlocked = True
        elif self.unlocked and value[:3] == b"\xff\xaa\x03" and value[3] < len(self.RATES_HZ):
            self._rate_code = value[3]

    def frame(self, number: int) -> list[bytes]:
        stream = b"".join(self._packets(row) for row in counts(self.sampled(number), 2048))
        return [stream[at : at + self.piece_bytes] for at in range(0, len(stream), self.piece_bytes)]

    def _packets(self, row: list[int]) -> bytes:
        if not self.classic:
            return b"\x55\x61" + struct.pack("<9h", *row, 0x5561, -0x5561, 85, 97, 85, 0)
        packets = (
            b"\x55" + struct.pack("<B4h", kind, *numbers)
            for kind, numbers in ((0x51, (*row, 2500)), (0x52, (0, 0, 85, 0)))
        )
        return b"".join(packet + bytes([sum(packet) & 0xFF]) for packet in packets)
