"""Battery Service (0x180F)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from coach.errors import PacketError
from coach.model import BatteryReading, Packet
from sensors.gatt.fields import U8, Fields, check_range

SERVICE = "0000180f-0000-1000-8000-00805f9b34fb"
LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryLevel:
    """Battery Level, 0x2A19 (GATT Specification Supplement): one byte, per cent; 101 to 255 are reserved."""

    pct: int

    def __post_init__(self) -> None:
        check_range("battery level (%)", self.pct, 0, 100)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a level.

        Raises
        ------
        PacketError
            When there is none, or it is above 100 %.
        """
        pct = Fields("battery level", payload).take(U8, "percentage")
        if pct > 100:
            raise PacketError(f"a battery at {pct} % is reserved for future use", payload)
        return cls(pct=pct)

    def to_bytes(self) -> bytes:
        """Write the level as a device sends it."""
        return U8.pack(self.pct)


def decode(packet: Packet) -> BatteryReading:
    """Decode a packet of codec `battery`.

    Raises
    ------
    PacketError
        When it is not a battery level.
    """
    return BatteryReading(at=packet.at, pct=BatteryLevel.from_bytes(packet.payload).pct)
