"""Polar Measurement Data (PMD): acceleration of the H10 chest strap.

A control point takes commands and answers them by indication; data come as notifications, in frames of raw samples
(36 at 200 Hz from an H10) that stamp only their last one. The stamp is the device's own 64-bit count of nanoseconds,
nominally since 2000; it starts anew when the battery is changed and is never wall time.

Of the frame types, 0x01 (raw, 3 x int16, mG) is read; delta-compressed frames (0x80 and up: Verity Sense, OH1) are
refused by name. Source: Polar's "online_measurement.pdf" v1.0 and the SDK (polarofficial/polar-ble-sdk).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coach.errors import PacketError
from coach.model import DeviceTime, Frame, Packet
from sensors.gatt.fields import ATTRIBUTE_MAX_BYTES, U8, U16, U32, U64, Fields, check_range

SERVICE = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL_POINT = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"

START = 0x02
STOP = 0x03
ACC = 0x02
MEASUREMENT_MASK = 0x3F  # the two upper bits of a measurement type are flags of offline recording
RESPONSE = 0xF0
RAW_MG16 = 0x01
COMPRESSED = 0x80

FRAME_HEAD_BYTES = 10
SAMPLE_BYTES = 6
FRAME_MAX_SAMPLES = (ATTRIBUTE_MAX_BYTES - FRAME_HEAD_BYTES) // SAMPLE_BYTES

STOP_ACC = bytes([STOP, ACC])


class Setting(IntEnum):
    """Kinds of stream settings; each is written as kind, count, values."""

    RATE = 0
    RESOLUTION = 1
    RANGE = 2
    RANGE_MILLI = 3
    CHANNELS = 4
    FACTOR = 5


_LAYOUTS: dict[int, Struct] = {
    Setting.RATE: U16,
    Setting.RESOLUTION: U16,
    Setting.RANGE: U16,
    Setting.RANGE_MILLI: U32,
    Setting.CHANNELS: U8,
    Setting.FACTOR: U32,
}


class Status(IntEnum):
    """What the control point says to a command."""

    OK = 0
    INVALID_OPERATION = 1
    INVALID_TYPE = 2
    NOT_SUPPORTED = 3
    INVALID_LENGTH = 4
    INVALID_PARAMETER = 5
    ALREADY_IN_STATE = 6
    INVALID_RESOLUTION = 7
    INVALID_RATE = 8
    INVALID_RANGE = 9
    INVALID_MTU = 10
    INVALID_CHANNELS = 11
    INVALID_STATE = 12
    DEVICE_IN_CHARGER = 13
    DISK_FULL = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAcc:
    """The command that starts an acceleration stream.

    Parameters
    ----------
    range_g : full scale, ± g.
    channels : asked for by the Verity Sense, not by the H10.
    """

    rate_hz: int
    resolution_bits: int = 16
    range_g: int = 8
    channels: int | None = None

    def __post_init__(self) -> None:
        check_range("rate (Hz)", self.rate_hz, 1, 0xFFFF)
        check_range("resolution (bits)", self.resolution_bits, 1, 0xFFFF)
        check_range("range (g)", self.range_g, 1, 0xFFFF)
        check_range("number of channels", self.channels, 1, 0xFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read the command; its settings may come in any order.

        Raises
        ------
        PacketError
            When it is another command, or a setting is unknown, missing, impossible or listed with several values.
        """
        fields = Fields("PMD start command", payload)
        if (fields.take(U8, "operation"), fields.take(U8, "measurement") & MEASUREMENT_MASK) != (START, ACC):
            raise PacketError("not a command that starts acceleration", payload)
        settings = dict(_settings(fields, payload))
        try:
            return cls(
                rate_hz=settings[Setting.RATE],
                resolution_bits=settings[Setting.RESOLUTION],
                range_g=settings[Setting.RANGE],
                channels=settings.get(Setting.CHANNELS),
            )
        except KeyError as error:
            raise PacketError(f"PMD start command without {error.args[0].name.lower()}", payload) from None
        except ValueError as error:
            raise PacketError(f"PMD start command: {error}", payload) from None

    def to_bytes(self) -> bytes:
        """Write the command, settings in the order of Polar's documents."""
        command = bytes([START, ACC])
        command += _setting(Setting.RATE, self.rate_hz)
        command += _setting(Setting.RESOLUTION, self.resolution_bits)
        command += _setting(Setting.RANGE, self.range_g)
        if self.channels is not None:
            command += _setting(Setting.CHANNELS, self.channels)
        return command


def _setting(kind: Setting, value: int) -> bytes:
    return bytes([kind, 1]) + _LAYOUTS[kind].pack(value)


def _settings(fields: Fields, payload: bytes) -> Iterator[tuple[Setting, int]]:
    while fields.rest():
        kind = fields.take(U8, "setting")
        if kind not in _LAYOUTS:
            raise PacketError(f"nobody knows the PMD setting {kind}", payload)
        if fields.take(U8, "count") != 1:
            raise PacketError("a start command gives each setting one value", payload)
        yield Setting(kind), fields.take(_LAYOUTS[kind], "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The control point's answer to a command; H10 firmware may leave `more` and the parameters out."""

    operation: int
    measurement: int
    status: int
    more: bool = False
    parameters: bytes = b""

    def __post_init__(self) -> None:
        check_range("operation", self.operation, 0, 0xFF)
        check_range("measurement", self.measurement, 0, MEASUREMENT_MASK)
        check_range("status", self.status, 0, 0xFF)
        check_range("length of the parameters", len(self.parameters), 0, ATTRIBUTE_MAX_BYTES - 5)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read an answer.

        Raises
        ------
        PacketError
            When it is something else (reading the control point gives its features) or too short.
        """
        fields = Fields("PMD response", payload)
        if fields.take(U8, "mark") != RESPONSE:
            raise PacketError("not a PMD response", payload)
        return cls(
            operation=fields.take(U8, "operation"),
            measurement=fields.take(U8, "measurement") & MEASUREMENT_MASK,
            status=fields.take(U8, "status"),
            more=bool(fields.rest()) and fields.take(U8, "more") != 0,
            parameters=fields.rest(),
        )

    def to_bytes(self) -> bytes:
        """Write the answer as a strap sends it."""
        return bytes([RESPONSE, self.operation, self.measurement, self.status, self.more]) + self.parameters

    @property
    def verdict(self) -> str:
        """The status in words."""
        names = {status.value: status.name.replace("_", " ").lower() for status in Status}
        return names.get(self.status, f"status {self.status}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccFrame:
    """One notification of raw acceleration.

    Parameters
    ----------
    last_ns : the device's stamp of the last sample.
    acc_mg : shape (n, 3), int16, mG; 1 to 83 samples.
    """

    last_ns: int
    acc_mg: NDArray[np.int16]

    def __post_init__(self) -> None:
        check_range("stamp (ns)", self.last_ns, 0, 0xFFFF_FFFF_FFFF_FFFF)
        if self.acc_mg.ndim != 2 or self.acc_mg.shape[1] != 3 or self.acc_mg.dtype != np.int16:
            raise ValueError("samples are rows of three int16")
        check_range("number of samples", len(self.acc_mg), 1, FRAME_MAX_SAMPLES)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a frame.

        Raises
        ------
        PacketError
            When it is not raw 16-bit acceleration, holds no sample, or ends within one.
        """
        fields = Fields("PMD frame", payload)
        measurement = fields.take(U8, "measurement") & MEASUREMENT_MASK
        last_ns = fields.take(U64, "time stamp")
        kind = fields.take(U8, "frame type")
        if measurement != ACC:
            raise PacketError(f"PMD frame of measurement {measurement}, not of acceleration", payload)
        if kind != RAW_MG16:
            form = "compressed" if kind & COMPRESSED else "raw"
            raise PacketError(f"PMD frame type 0x{kind:02x} ({form}) is not supported", payload)
        samples = fields.rest()
        if not samples or len(samples) % SAMPLE_BYTES:
            raise PacketError(f"PMD samples come in rows of {SAMPLE_BYTES} bytes", payload)
        acc_mg = np.frombuffer(samples, dtype="<i2").astype(np.int16).reshape(-1, 3)
        return cls(last_ns=last_ns, acc_mg=acc_mg)

    def to_bytes(self) -> bytes:
        """Write the frame as a strap sends it."""
        return U8.pack(ACC) + U64.pack(self.last_ns) + U8.pack(RAW_MG16) + self.acc_mg.astype("<i2").tobytes()


def decode(packet: Packet) -> Frame:
    """Decode a packet of codec `pmd`.

    Raises
    ------
    PacketError
        When it is not a frame of raw 16-bit acceleration.
    """
    frame = AccFrame.from_bytes(packet.payload)
    return Frame(at=packet.at, last_s=DeviceTime(frame.last_ns / 1e9), acc_g=frame.acc_mg / 1000.0)
