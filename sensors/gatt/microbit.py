"""Accelerometer Service of the BBC micro:bit: three axes in milli-g, one sample a notification, nothing stamped.

A program on the micro:bit has to start the service. The accelerometer's range is ±2 g unless that program widens it,
so that the impacts of running are cut off. Source: BBC micro:bit Bluetooth profile
(lancaster-university.github.io/microbit-docs/ble/profile) and MicroBitAccelerometerService.cpp in microbit-dal.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Self

import numpy as np

from coach.errors import PacketError
from coach.model import Frame, Packet
from sensors.gatt.fields import U16, Fields, check_range

SERVICE = "e95d0753-251d-470a-a062-fa1922dfa9a8"
DATA = "e95dca4b-251d-470a-a062-fa1922dfa9a8"
PERIOD = "e95dfb24-251d-470a-a062-fa1922dfa9a8"

I16 = Struct("<h")
MG_PER_G = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Accelerometer Period: uint16, from sample to sample.

    The profile allows 1, 2, 5, 10, 20, 80, 160 and 640 ms; the device takes the nearest that its accelerometer does,
    and reading tells which. 0 crashes it.
    """

    ms: int

    def __post_init__(self) -> None:
        check_range("period (ms)", self.ms, 1, 0xFFFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a period.

        Raises
        ------
        PacketError
            When there is none, or it is 0.
        """
        ms = Fields("micro:bit period", payload).take(U16, "milliseconds")
        if not ms:
            raise PacketError("a micro:bit period of 0 ms", payload)
        return cls(ms=ms)

    def to_bytes(self) -> bytes:
        """Write the period."""
        return U16.pack(self.ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceleration:
    """Accelerometer Data: three int16, mg."""

    x_mg: int
    y_mg: int
    z_mg: int

    def __post_init__(self) -> None:
        for axis_mg in (self.x_mg, self.y_mg, self.z_mg):
            check_range("acceleration (mg)", axis_mg, -0x8000, 0x7FFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a sample.

        Raises
        ------
        PacketError
            When an axis is missing.
        """
        fields = Fields("micro:bit acceleration", payload)
        return cls(x_mg=fields.take(I16, "x"), y_mg=fields.take(I16, "y"), z_mg=fields.take(I16, "z"))

    def to_bytes(self) -> bytes:
        """Write the sample as a micro:bit sends it."""
        return I16.pack(self.x_mg) + I16.pack(self.y_mg) + I16.pack(self.z_mg)


def decode(packet: Packet) -> Frame:
    """Decode a packet of codec `microbit`.

    Raises
    ------
    PacketError
        When it is not a sample of three axes.
    """
    sample = Acceleration.from_bytes(packet.payload)
    return Frame(at=packet.at, acc_g=np.array([[sample.x_mg, sample.y_mg, sample.z_mg]]) / MG_PER_G)
