"""Movesense's GATT SensorData Protocol (GSP): acceleration of the Movesense sensors.

Commands are written to one characteristic; answers and data come as notifications of another, told apart by their
first byte. The second byte is a number that the client gives to each stream. Data carry one stamp, the sensor's own
count of milliseconds at the *first* sample ("local timestamp of first measurement", MdsLib's AccData), and float32
in m/s². What does not fit into one notification goes on in a second one, which has a code of its own and the number.

Sources: "GATT SensorData Protocol specification" (movesense.com, docs/esw/gatt_sensordata_protocol); firmware and
Python client of the sample gatt_sensordata_app (movesense-device-lib). That firmware, of before 2.3, answers a
subscription by its data only, and refuses by silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coach.errors import PacketError
from coach.model import DeviceTime, Frame, Packet
from sensors.gatt.fields import ATTRIBUTE_MAX_BYTES, U8, U16, U32, Fields, check_range

SERVICE = "34802252-7185-4d5d-b431-630e7050e8f0"
COMMANDS = "34800001-7185-4d5d-b431-630e7050e8f0"
NOTIFICATIONS = "34800002-7185-4d5d-b431-630e7050e8f0"

SUBSCRIBE = 1
UNSUBSCRIBE = 2
RESPONSE = 1
DATA = 2
DATA_PART2 = 3

RATES_HZ = (13, 26, 52, 104, 208)
"""Of those that /Meas/Acc offers; the quicker ones (up to 1666 Hz) do not fit over the air."""

HEAD_BYTES = 6
SAMPLE_BYTES = 12
MOST_SAMPLES = (ATTRIBUTE_MAX_BYTES - HEAD_BYTES) // SAMPLE_BYTES
MS2_PER_G = 9.80665
LARGEST_MS2 = 32 * MS2_PER_G
"""Twice the widest range of the sensor; a value beyond it was not measured."""

BAD_STATUS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """The command that starts a stream.

    Parameters
    ----------
    reference : the number of the stream, which its data will carry; 0 is not allowed.
    path : such as "/Meas/Acc/52", ASCII.
    """

    reference: int
    path: str

    def __post_init__(self) -> None:
        check_range("reference", self.reference, 1, 0xFF)
        check_range("length of the path", len(self.path), 1, ATTRIBUTE_MAX_BYTES - 2)
        if not self.path.isascii():
            raise ValueError(f"a path of {self.path!r} is not ASCII")

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read the command.

        Raises
        ------
        PacketError
            When it is another command, or makes no sense.
        """
        fields = Fields("Movesense command", payload)
        if fields.take(U8, "code") != SUBSCRIBE:
            raise PacketError("not a command that starts a stream", payload)
        reference, path = fields.take(U8, "reference"), fields.rest().decode("latin-1")
        try:
            return cls(reference=reference, path=path)
        except ValueError as error:
            raise PacketError(f"Movesense command: {error}", payload) from None

    def to_bytes(self) -> bytes:
        """Write the command."""
        return bytes([SUBSCRIBE, self.reference]) + self.path.encode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The answer to a command: a status as of HTTP; the firmware takes those below 400 for consent."""

    reference: int
    status: int

    def __post_init__(self) -> None:
        check_range("reference", self.reference, 0, 0xFF)
        check_range("status", self.status, 0, 0xFFFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read an answer.

        Raises
        ------
        PacketError
            When it is something else, or too short.
        """
        fields = Fields("Movesense response", payload)
        if fields.take(U8, "code") != RESPONSE:
            raise PacketError("not a Movesense response", payload)
        return cls(reference=fields.take(U8, "reference"), status=fields.take(U16, "status"))

    def to_bytes(self) -> bytes:
        """Write the answer as a sensor sends it."""
        return bytes([RESPONSE, self.reference]) + U16.pack(self.status)

    @property
    def consents(self) -> bool:
        """Whether the sensor does what it was told."""
        return self.status < BAD_STATUS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccData:
    """Data of a stream of acceleration, whole.

    Parameters
    ----------
    first_ms : the sensor's stamp of the first sample; wraps after 49 days.
    acc_ms2 : shape (n, 3), float32, m/s²; 1 to 42 samples.
    """

    reference: int
    first_ms: int
    acc_ms2: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_range("reference", self.reference, 0, 0xFF)
        check_range("stamp (ms)", self.first_ms, 0, 0xFFFF_FFFF)
        if self.acc_ms2.ndim != 2 or self.acc_ms2.shape[1] != 3 or self.acc_ms2.dtype != np.float32:
            raise ValueError("samples are rows of three float32")
        check_range("number of samples", len(self.acc_ms2), 1, MOST_SAMPLES)
        if not np.isfinite(self.acc_ms2).all() or np.abs(self.acc_ms2).max() > LARGEST_MS2:
            raise ValueError("a sample is not a number, or more than the sensor can measure")

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read data that were in one piece, or put together by `Assembler`.

        Raises
        ------
        PacketError
            When they are something else, hold no sample, end within one, or hold what cannot be measured.
        """
        fields = Fields("Movesense data", payload)
        code = fields.take(U8, "code")
        if code != DATA:
            what = "the second part of Movesense data" if code == DATA_PART2 else f"code {code}"
            raise PacketError(f"{what}, not data from their beginning", payload)
        reference, first_ms = fields.take(U8, "reference"), fields.take(U32, "time stamp")
        samples = fields.rest()
        if not samples or len(samples) % SAMPLE_BYTES:
            raise PacketError(f"Movesense samples come in rows of {SAMPLE_BYTES} bytes", payload)
        acc_ms2 = np.frombuffer(samples, dtype="<f4").astype(np.float32).reshape(-1, 3)
        try:
            return cls(reference=reference, first_ms=first_ms, acc_ms2=acc_ms2)
        except ValueError as error:
            raise PacketError(f"Movesense data: {error}", payload) from None

    def to_bytes(self) -> bytes:
        """Write the data as a sensor does, in one piece."""
        return bytes([DATA, self.reference]) + U32.pack(self.first_ms) + self.acc_ms2.astype("<f4").tobytes()


class Assembler:
    """Puts data together that came in two notifications.

    Nothing in the first part says that a second one follows. It shows by ending within a sample; and once a second
    part has come, each data wait for theirs, and go on their way without it when the next data come.
    """

    def __init__(self) -> None:
        self._first = b""
        self._splits = False

    def push(self, value: bytes) -> bytes:
        """Take a notification of data; give what has become whole, or nothing."""
        first, self._first = self._first, b""
        if value[:1] == bytes([DATA_PART2]):
            self._splits = True
            return first and first + value[2:]
        if self._splits:
            self._first = value
            return first
        if (len(value) - HEAD_BYTES) % SAMPLE_BYTES:
            self._first = value
            return b""
        return value


def decode(packet: Packet) -> Frame:
    """Decode a packet of codec `movesense`.

    Raises
    ------
    PacketError
        When it is not whole data of acceleration.
    """
    data = AccData.from_bytes(packet.payload)
    acc_g = data.acc_ms2.astype(np.float64) / MS2_PER_G
    return Frame(at=packet.at, first_s=DeviceTime(data.first_ms / 1000), acc_g=acc_g)
