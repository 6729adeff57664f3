"""Motion Service of the Nordic Thingy:52: raw motion of nine axes, one sample a notification, nothing stamped.

The firmware makes int16 of the 16Q16 numbers of its motion processor by shifting them right: acceleration by 6, which
leaves 10 bits behind the point, so 1024 is 1 g; rotation by 11 and the compass by 12. The rate of all of it is one
field of the service's configuration, which the Thingy keeps in its flash. Source: Nordic-Thingy52-FW, m_motion.c
(RAW_Q_FORMAT_ACC_INTEGER_BITS) and ble_tms.h, whose limits are those below.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from struct import Struct
from typing import Self

import numpy as np

from coach.errors import PacketError
from coach.model import Frame, Packet
from sensors.gatt.fields import U8, U16, Fields, check_range

SERVICE = "ef680400-9b35-4933-9b10-52ffa9740042"
CONFIGURATION = "ef680401-9b35-4933-9b10-52ffa9740042"
RAW = "ef680406-9b35-4933-9b10-52ffa9740042"

I16 = Struct("<h")
PER_G = 1024

Axes = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Motion configuration: 9 bytes, in this order; a Thingy refuses what is out of range as a whole.

    Parameters
    ----------
    motion_hz : samples a second of the motion processor.
    wake_on_motion : 1 where a Thingy that sleeps wakes when it is moved.
    """

    pedometer_ms: int
    temperature_ms: int
    compass_ms: int
    motion_hz: int
    wake_on_motion: int

    def __post_init__(self) -> None:
        check_range("pedometer interval (ms)", self.pedometer_ms, 100, 5000)
        check_range("temperature interval (ms)", self.temperature_ms, 100, 5000)
        check_range("compass interval (ms)", self.compass_ms, 100, 5000)
        check_range("motion rate (Hz)", self.motion_hz, 1, 200)
        check_range("wake on motion", self.wake_on_motion, 0, 1)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a configuration.

        Raises
        ------
        PacketError
            When a field is missing or out of range.
        """
        fields = Fields("Thingy motion configuration", payload)
        taken = {
            "pedometer_ms": fields.take(U16, "pedometer interval"),
            "temperature_ms": fields.take(U16, "temperature interval"),
            "compass_ms": fields.take(U16, "compass interval"),
            "motion_hz": fields.take(U16, "motion rate"),
            "wake_on_motion": fields.take(U8, "wake on motion"),
        }
        try:
            return cls(**taken)
        except ValueError as error:
            raise PacketError(f"Thingy motion configuration: {error}", payload) from None

    def to_bytes(self) -> bytes:
        """Write the configuration."""
        *numbers, wake_on_motion = astuple(self)
        return b"".join(U16.pack(number) for number in numbers) + U8.pack(wake_on_motion)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMotion:
    """Raw motion: nine int16.

    Parameters
    ----------
    acceleration : 1/1024 g. rotation : 1/32 °/s. compass : 1/16 µT.
    """

    acceleration: Axes
    rotation: Axes
    compass: Axes

    def __post_init__(self) -> None:
        for number in (*self.acceleration, *self.rotation, *self.compass):
            check_range("raw number", number, -0x8000, 0x7FFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a sample.

        Raises
        ------
        PacketError
            When an axis is missing.
        """
        fields = Fields("Thingy raw motion", payload)

        def axes(what: str) -> Axes:
            return fields.take(I16, f"{what} x"), fields.take(I16, f"{what} y"), fields.take(I16, f"{what} z")

        return cls(acceleration=axes("acceleration"), rotation=axes("rotation"), compass=axes("compass"))

    def to_bytes(self) -> bytes:
        """Write the sample as a Thingy sends it."""
        return b"".join(I16.pack(number) for number in (*self.acceleration, *self.rotation, *self.compass))


def decode(packet: Packet) -> Frame:
    """Decode a packet of codec `thingy`.

    Raises
    ------
    PacketError
        When it is not a sample of raw motion.
    """
    motion = RawMotion.from_bytes(packet.payload)
    return Frame(at=packet.at, acc_g=np.array([motion.acceleration]) / PER_G)
