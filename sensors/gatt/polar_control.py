"""Polar Measurement Data (PMD): the service, and the commands and answers of its control point.

Reading the control point tells what a device measures. What is written to it is answered by an indication. Settings are
written alike everywhere: kind, count, values. A strap says which ones it offers, a start command chooses one value of
each, and the answer to it may add a factor, by which the samples are to be multiplied.

Source: Polar's "online_measurement.pdf" v1.0 and the SDK (polarofficial/polar-ble-sdk), which knows kinds of settings
that the document does not; what follows a kind that is not known here cannot be told apart and is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Self

from coach.errors import PacketError
from sensors.gatt.fields import ATTRIBUTE_MAX_BYTES, U8, U16, U32, Fields, check_range

SERVICE = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL_POINT = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"

ASK_SETTINGS = 0x01
START = 0x02
STOP = 0x03
ACC = 0x02
MEASUREMENT_MASK = 0x3F  # the two upper bits of a measurement type are flags of offline recording
FEATURES = 0x0F
RESPONSE = 0xF0
F32 = Struct("<f")

ASK_ACC_SETTINGS = bytes([ASK_SETTINGS, ACC])
STOP_ACC = bytes([STOP, ACC])

RANGE_G = 8
RESOLUTION_BITS = 16
TOO_SLOW_HZ = 25
"""Steps of runners want more; a slower stream is taken only where nothing else is offered."""


class Setting(IntEnum):
    """Kinds of stream settings."""

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

Settings = dict[int, tuple[int, ...]]


def _setting(kind: Setting, *values: int) -> bytes:
    return bytes([kind, len(values)]) + b"".join(_LAYOUTS[kind].pack(value) for value in values)


def _settings(fields: Fields) -> Settings:
    """Take settings to the end, or to the first kind that is not known; the last word on a kind counts."""
    found: Settings = {}
    while fields.rest() and (kind := fields.take(U8, "setting")) in _LAYOUTS:
        count = fields.take(U8, "count")
        found[kind] = tuple(fields.take(_LAYOUTS[kind], "value") for _ in range(count))
    return found


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
class Features:
    """What a device measures: one bit for each measurement, in the order of their types."""

    measurements: int

    def __post_init__(self) -> None:
        check_range("set of measurements", self.measurements, 0, 0xFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read the value of the control point.

        Raises
        ------
        PacketError
            When it is something else, or too short.
        """
        fields = Fields("PMD features", payload)
        if fields.take(U8, "mark") != FEATURES:
            raise PacketError("not the features of a PMD control point", payload)
        return cls(measurements=fields.take(U8, "measurements"))

    def to_bytes(self) -> bytes:
        """Write the value as a strap gives it."""
        return bytes([FEATURES, self.measurements]) + bytes(15)

    @property
    def acceleration(self) -> bool:
        """Whether acceleration is among them."""
        return bool(self.measurements >> ACC & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAcc:
    """The command that starts an acceleration stream.

    Parameters
    ----------
    range_g : full scale, ± g.
    channels : asked for by the Verity Sense, not by the H10.
    """

    rate_hz: int
    resolution_bits: int = RESOLUTION_BITS
    range_g: int = RANGE_G
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
            When it is another command, or a setting is missing, impossible or listed with several values.
        """
        fields = Fields("PMD start command", payload)
        if (fields.take(U8, "operation"), fields.take(U8, "measurement") & MEASUREMENT_MASK) != (START, ACC):
            raise PacketError("not a command that starts acceleration", payload)
        settings = _settings(fields)
        if any(len(values) != 1 for values in settings.values()):
            raise PacketError("a start command gives each setting one value", payload)
        try:
            return cls(
                rate_hz=settings[Setting.RATE][0],
                resolution_bits=settings[Setting.RESOLUTION][0],
                range_g=settings[Setting.RANGE][0],
                channels=settings.get(Setting.CHANNELS, (None,))[0],
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The settings that a strap offers for acceleration; empty where it says nothing of one."""

    rates_hz: tuple[int, ...]
    resolutions_bits: tuple[int, ...] = ()
    ranges_g: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_range("number of rates", len(self.rates_hz), 1, 0xFF)
        for value in (*self.rates_hz, *self.resolutions_bits, *self.ranges_g):
            check_range("setting", value, 1, 0xFFFF)
        for value in self.channels:
            check_range("number of channels", value, 1, 0xFF)

    @classmethod
    def from_bytes(cls, parameters: bytes) -> Self:
        """Read the parameters of the answer to `ASK_ACC_SETTINGS`.

        Raises
        ------
        PacketError
            When they end within a setting, offer no rate, or one of nothing.
        """
        settings = _settings(Fields("PMD settings", parameters))
        try:
            return cls(
                rates_hz=settings.get(Setting.RATE, ()),
                resolutions_bits=settings.get(Setting.RESOLUTION, ()),
                ranges_g=settings.get(Setting.RANGE, ()),
                channels=settings.get(Setting.CHANNELS, ()),
            )
        except ValueError as error:
            raise PacketError(f"PMD settings: {error}", parameters) from None

    def to_bytes(self) -> bytes:
        """Write the parameters as a strap sends them."""
        offered = {
            Setting.RATE: self.rates_hz,
            Setting.RESOLUTION: self.resolutions_bits,
            Setting.RANGE: self.ranges_g,
            Setting.CHANNELS: self.channels,
        }
        return b"".join(_setting(kind, *values) for kind, values in offered.items() if values)

    def choose(self, rate_hz: int) -> StartAcc:
        """Choose the wanted rate, or else the nearest that is faster than 25 Hz; 8 g and 16 bits, or the nearest."""
        fast = [rate for rate in self.rates_hz if rate > TOO_SLOW_HZ or rate == rate_hz]
        return StartAcc(
            rate_hz=_nearest(fast or self.rates_hz, rate_hz),
            resolution_bits=_nearest(self.resolutions_bits, RESOLUTION_BITS),
            range_g=_nearest(self.ranges_g, RANGE_G),
            channels=_nearest(self.channels, 3) if self.channels else None,
        )


def _nearest(offered: tuple[int, ...] | list[int], wanted: int) -> int:
    return min(offered, key=lambda value: (abs(value - wanted), -value), default=wanted)


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

    @property
    def factor(self) -> bytes | None:
        """The factor of the stream that was started, as sent (float32); None where the strap names none.

        Raises
        ------
        PacketError
            When the parameters end within a setting.
        """
        values = _settings(Fields("PMD settings", self.parameters)).get(Setting.FACTOR)
        return U32.pack(values[0]) if values else None
