"""Heart Rate Service (0x180D): straps, arm bands and watches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Self

from coach.errors import PacketError
from coach.model import HeartRateReading, Packet
from sensors.gatt.fields import ATTRIBUTE_MAX_BYTES, U8, U16, Fields, check_range

SERVICE = "0000180d-0000-1000-8000-00805f9b34fb"
MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"

RR_PER_S = 1024
RR_MAX_COUNT = (ATTRIBUTE_MAX_BYTES - 2) // 2  # after flags and a byte of heart rate


class Flag(IntFlag):
    """Flags of a measurement (Heart Rate Service 1.0, section 3.1.1.1); bits 5 to 7 are reserved."""

    WIDE_HEART_RATE = 0x01
    CONTACT_DETECTED = 0x02
    CONTACT_SUPPORTED = 0x04
    ENERGY = 0x08
    RR = 0x10


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartRateMeasurement:
    """Heart Rate Measurement, 0x2A37 (Heart Rate Service 1.0, section 3.1).

    Parameters
    ----------
    contact : the sensor touches skin; None where the device cannot tell.
    energy_kj : expended since the last reset.
    rr_ticks : intervals between heart beats, oldest first, in 1/1024 s.
    """

    bpm: int
    contact: bool | None = None
    energy_kj: int | None = None
    rr_ticks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_range("heart rate (1/min)", self.bpm, 0, 0xFFFF)
        check_range("energy (kJ)", self.energy_kj, 0, 0xFFFF)
        check_range("number of RR intervals", len(self.rr_ticks), 0, RR_MAX_COUNT)
        for ticks in self.rr_ticks:
            check_range("RR interval (1/1024 s)", ticks, 0, 0xFFFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a measurement.

        Raises
        ------
        PacketError
            When a field is missing or cut short, one that the flags promise included.
        """
        fields = Fields("heart rate measurement", payload)
        flags = Flag(fields.take(U8, "flags"))
        bpm = fields.take(U16 if Flag.WIDE_HEART_RATE in flags else U8, "heart rate")
        energy_kj = fields.take(U16, "energy expended") if Flag.ENERGY in flags else None
        rr = fields.rest() if Flag.RR in flags else b""
        if len(rr) % U16.size:
            raise PacketError("heart rate measurement ends within an RR interval", payload)
        return cls(
            bpm=bpm,
            contact=Flag.CONTACT_DETECTED in flags if Flag.CONTACT_SUPPORTED in flags else None,
            energy_kj=energy_kj,
            rr_ticks=tuple(ticks for (ticks,) in U16.iter_unpack(rr)),
        )

    def to_bytes(self) -> bytes:
        """Write the measurement as a strap sends it."""
        wide = self.bpm > 0xFF
        flags = Flag.WIDE_HEART_RATE if wide else Flag(0)
        if self.contact is not None:
            flags |= Flag.CONTACT_SUPPORTED | (Flag.CONTACT_DETECTED if self.contact else Flag(0))
        optional = b""
        if self.energy_kj is not None:
            flags |= Flag.ENERGY
            optional += U16.pack(self.energy_kj)
        if self.rr_ticks:
            flags |= Flag.RR
            optional += b"".join(U16.pack(ticks) for ticks in self.rr_ticks)
        return U8.pack(flags) + (U16 if wide else U8).pack(self.bpm) + optional


def decode(packet: Packet) -> HeartRateReading:
    """Decode a packet of codec `heart-rate`.

    Raises
    ------
    PacketError
        When it is not a heart rate measurement.
    """
    measurement = HeartRateMeasurement.from_bytes(packet.payload)
    return HeartRateReading(
        at=packet.at,
        bpm=measurement.bpm,
        rr_s=tuple(ticks / RR_PER_S for ticks in measurement.rr_ticks),
        contact=measurement.contact,
    )
