"""Running Speed and Cadence Service (0x1814): foot pods, and watches and straps that speak as one.

The specification counts the cadence byte in strides (of the foot that carries the pod) a minute; some devices send
steps instead. One packet cannot tell, so the byte leaves here as it came, and who sees the history decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Self

from coach.model import Packet, Placement, PodReading
from sensors.gatt.fields import U8, U16, U32, Fields, check_range

SERVICE = "00001814-0000-1000-8000-00805f9b34fb"
MEASUREMENT = "00002a53-0000-1000-8000-00805f9b34fb"
SENSOR_LOCATION = "00002a5d-0000-1000-8000-00805f9b34fb"

SPEED_PER_MPS = 256
STRIDE_LENGTH_PER_M = 100
DISTANCE_PER_M = 10


class Flag(IntFlag):
    """Flags of a measurement (GATT Specification Supplement, RSC Measurement); bits 3 to 7 are reserved."""

    STRIDE_LENGTH = 0x01
    TOTAL_DISTANCE = 0x02
    RUNNING = 0x04


@dataclass(frozen=True, slots=True, kw_only=True)
class RscMeasurement:
    """RSC Measurement, 0x2A53 (RSC Service 1.0, section 3.1): 4 to 10 bytes.

    Parameters
    ----------
    speed_mps : in steps of 1/256 m/s.
    cadence_per_min : strides or steps, as the device sees it.
    stride_length_m : in steps of 1 cm.
    total_distance_m : in steps of 10 cm; cumulative in the pod, may reset and wrap.
    running : running rather than walking, by the pod's judgement.
    """

    speed_mps: float
    cadence_per_min: int
    stride_length_m: float | None = None
    total_distance_m: float | None = None
    running: bool = False

    def __post_init__(self) -> None:
        check_range("speed (m/s)", self.speed_mps, 0, 0xFFFF / SPEED_PER_MPS)
        check_range("cadence (1/min)", self.cadence_per_min, 0, 0xFF)
        check_range("stride length (m)", self.stride_length_m, 0, 0xFFFF / STRIDE_LENGTH_PER_M)
        check_range("total distance (m)", self.total_distance_m, 0, 0xFFFF_FFFF / DISTANCE_PER_M)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a measurement.

        Raises
        ------
        PacketError
            When a field is missing, one that the flags promise included.
        """
        fields = Fields("RSC measurement", payload)
        flags = Flag(fields.take(U8, "flags"))
        speed = fields.take(U16, "speed")
        cadence = fields.take(U8, "cadence")
        stride = fields.take(U16, "stride length") if Flag.STRIDE_LENGTH in flags else None
        distance = fields.take(U32, "total distance") if Flag.TOTAL_DISTANCE in flags else None
        return cls(
            speed_mps=speed / SPEED_PER_MPS,
            cadence_per_min=cadence,
            stride_length_m=None if stride is None else stride / STRIDE_LENGTH_PER_M,
            total_distance_m=None if distance is None else distance / DISTANCE_PER_M,
            running=Flag.RUNNING in flags,
        )

    def to_bytes(self) -> bytes:
        """Write the measurement as a pod sends it."""
        flags = Flag.RUNNING if self.running else Flag(0)
        optional = b""
        if self.stride_length_m is not None:
            flags |= Flag.STRIDE_LENGTH
            optional += U16.pack(round(self.stride_length_m * STRIDE_LENGTH_PER_M))
        if self.total_distance_m is not None:
            flags |= Flag.TOTAL_DISTANCE
            optional += U32.pack(round(self.total_distance_m * DISTANCE_PER_M))
        speed = U16.pack(round(self.speed_mps * SPEED_PER_MPS))
        return U8.pack(flags) + speed + U8.pack(self.cadence_per_min) + optional


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorLocation:
    """Sensor Location, 0x2A5D (GATT Specification Supplement): one byte."""

    code: int

    def __post_init__(self) -> None:
        check_range("sensor location", self.code, 0, 0xFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a location.

        Raises
        ------
        PacketError
            When there is none.
        """
        return cls(code=Fields("sensor location", payload).take(U8, "code"))

    def to_bytes(self) -> bytes:
        """Write the location as a pod sends it."""
        return U8.pack(self.code)

    @property
    def placement(self) -> Placement | None:
        """The place on the runner's body; None for the parts of a bicycle and for `other`."""
        return _PLACEMENTS.get(self.code)


_PLACEMENTS: dict[int, Placement] = {
    1: "foot",  # top of shoe
    2: "foot",  # in shoe
    3: "waist",  # hip
    14: "chest",
}


def decode(packet: Packet) -> PodReading:
    """Decode a packet of codec `rsc`.

    Raises
    ------
    PacketError
        When it is not an RSC measurement.
    """
    measurement = RscMeasurement.from_bytes(packet.payload)
    return PodReading(
        at=packet.at,
        speed_mps=measurement.speed_mps,
        raw_per_min=measurement.cadence_per_min,
        stride_length_m=measurement.stride_length_m,
        distance_m=measurement.total_distance_m,
        running=measurement.running,
    )
