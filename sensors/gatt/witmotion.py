"""WitMotion's protocol, as the sensors of the WT901BLE family speak it: nothing is stamped.

A stream of packets, each with a head of 0x55 and its kind. Bluetooth sensors send kind 0x61 (acceleration, rotation,
angle; 20 bytes, no checksum); the classic protocol, which the serial ones send, has acceleration in kind 0x51 (11
bytes, the last one the sum of the others). Notifications cut the stream anywhere; `Assembler` puts it together again.

A register is written by FF AA, its number and a value; writing needs an unlocking before it, which holds for 10 s, and
lasts over a power cycle only if it is saved. The tables of the return rate (register 3) differ from 100 Hz on: the
WT901BLECL's ends at 50 Hz, and 0x0A is 125 Hz or 200 Hz. Sources: WT901BLECL Datasheet v20-0707, section 6;
"Bluetooth 5.0 communication protocol" (wit-motion.gitbook.io); WTVB01-BT50 manual; docs.wit-motion.com, HWT905.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Self

import numpy as np

from coach.errors import PacketError
from coach.model import Frame, Packet
from sensors.gatt.fields import ATTRIBUTE_MAX_BYTES, U8, U16, Fields, check_range

SERVICE = "0000ffe5-0000-1000-8000-00805f9a34fb"  # ...9a34fb: not the base of the Bluetooth SIG
NOTIFICATIONS = "0000ffe4-0000-1000-8000-00805f9a34fb"
COMMANDS = "0000ffe9-0000-1000-8000-00805f9a34fb"

HEAD = 0x55
ACCELERATION = 0x51
MOTION = 0x61
REGISTERS = 0x71
CLASSIC_BYTES, MOTION_BYTES = 11, 20
_SIZES = {**dict.fromkeys(range(0x50, 0x5B), CLASSIC_BYTES), MOTION: MOTION_BYTES, REGISTERS: MOTION_BYTES}

I16 = Struct("<h")
FULL_SCALE_G = 16
PER_G = 0x8000 / FULL_SCALE_G

Axes = tuple[int, int, int]


def _take_axes(fields: Fields, what: str) -> Axes:
    return fields.take(I16, f"{what} x"), fields.take(I16, f"{what} y"), fields.take(I16, f"{what} z")


def _pack(*numbers: int) -> bytes:
    return b"".join(I16.pack(number) for number in numbers)


def _check_numbers(*numbers: int) -> None:
    for number in numbers:
        check_range("raw number", number, -0x8000, 0x7FFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A packet of kind 0x61, 20 bytes.

    Parameters
    ----------
    acceleration : 1/2048 g. rotation : 2000/32768 °/s. angle : 180/32768 °.
    """

    acceleration: Axes
    rotation: Axes = (0, 0, 0)
    angle: Axes = (0, 0, 0)

    def __post_init__(self) -> None:
        _check_numbers(*self.acceleration, *self.rotation, *self.angle)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read one packet.

        Raises
        ------
        PacketError
            When it is of another kind, or cut short.
        """
        fields = Fields("WitMotion motion", payload)
        if (fields.take(U8, "head"), fields.take(U8, "kind")) != (HEAD, MOTION):
            raise PacketError("not a WitMotion packet of motion", payload)
        return cls(
            acceleration=_take_axes(fields, "acceleration"),
            rotation=_take_axes(fields, "rotation"),
            angle=_take_axes(fields, "angle"),
        )

    def to_bytes(self) -> bytes:
        """Write the packet as a sensor sends it."""
        return bytes([HEAD, MOTION]) + _pack(*self.acceleration, *self.rotation, *self.angle)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceleration:
    """A packet of kind 0x51 of the classic protocol, 11 bytes with a checksum.

    Parameters
    ----------
    acceleration : 1/2048 g. temperature : 1/100 °C.
    """

    acceleration: Axes
    temperature: int = 0

    def __post_init__(self) -> None:
        _check_numbers(*self.acceleration, self.temperature)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read one packet.

        Raises
        ------
        PacketError
            When it is of another kind, cut short, or its checksum is wrong.
        """
        fields = Fields("WitMotion acceleration", payload)
        if (fields.take(U8, "head"), fields.take(U8, "kind")) != (HEAD, ACCELERATION):
            raise PacketError("not a WitMotion packet of acceleration", payload)
        acceleration, temperature = _take_axes(fields, "acceleration"), fields.take(I16, "temperature")
        if fields.take(U8, "checksum") != _checksum(payload):
            raise PacketError("the checksum of a WitMotion packet is wrong", payload)
        return cls(acceleration=acceleration, temperature=temperature)

    def to_bytes(self) -> bytes:
        """Write the packet as a sensor sends it."""
        packet = bytes([HEAD, ACCELERATION]) + _pack(*self.acceleration, self.temperature)
        return packet + U8.pack(_checksum(packet))


def _checksum(packet: bytes) -> int:
    return sum(packet[:10]) & 0xFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What writes a register."""

    register: int
    value: int

    def __post_init__(self) -> None:
        check_range("register", self.register, 0, 0xFF)
        check_range("value", self.value, 0, 0xFFFF)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a command.

        Raises
        ------
        PacketError
            When it does not begin like one, or is cut short.
        """
        fields = Fields("WitMotion command", payload)
        if (fields.take(U8, "head"), fields.take(U8, "head")) != (0xFF, 0xAA):
            raise PacketError("not a WitMotion command", payload)
        return cls(register=fields.take(U8, "register"), value=fields.take(U16, "value"))

    def to_bytes(self) -> bytes:
        """Write the command."""
        return bytes([0xFF, 0xAA, self.register]) + U16.pack(self.value)


UNLOCK = Command(register=0x69, value=0xB588)
RETURN_50_HZ = Command(register=0x03, value=0x08)


class Assembler:
    """Puts packets together that notifications cut.

    Where bytes were lost, or a head is none, it goes on at the next head. Without checksums that is a guess: a packet
    counts when another head, or nothing yet, follows it. It holds less than a packet, and looks at each byte of a
    notification a few times at most.
    """

    def __init__(self) -> None:
        self._held = b""

    def push(self, value: bytes) -> bytes:
        """Take a notification; give the packets of acceleration that are whole, one after the other, or nothing."""
        stream = (self._held + value)[-ATTRIBUTE_MAX_BYTES:]
        self._held = b""
        whole = []
        at = stream.find(HEAD)
        while at >= 0:
            packet = _packet_at(stream, at)
            if packet is None:
                self._held = stream[at:]
                break
            if packet and packet[1] in (MOTION, ACCELERATION):
                whole.append(packet)
            at = stream.find(HEAD, at + max(len(packet), 1))
        return b"".join(whole)


def _packet_at(stream: bytes, at: int) -> bytes | None:
    """Give the packet whose head lies at a place; empty where that head is none, None where it is not whole yet."""
    if at + 1 == len(stream):
        return None
    size = _SIZES.get(stream[at + 1], 0)
    end = at + size
    if end > len(stream):
        return None
    packet = stream[at:end]
    followed = stream[end : end + 1] in (b"", bytes([HEAD]))
    intact = size != CLASSIC_BYTES or packet[-1] == _checksum(packet)
    return packet if followed and intact else b""


def _accelerations(payload: bytes) -> Iterator[Axes]:
    """Read packets that follow one another."""
    at = 0
    while at < len(payload):
        kind = payload[at + 1] if payload[at] == HEAD and at + 1 < len(payload) else 0
        packet = payload[at : at + _SIZES.get(kind, 0)]
        if kind == MOTION:
            yield Motion.from_bytes(packet).acceleration
        elif kind == ACCELERATION:
            yield Acceleration.from_bytes(packet).acceleration
        else:
            raise PacketError("not a WitMotion packet of acceleration", payload[at:])
        at += len(packet)


def decode(packet: Packet) -> Frame:
    """Decode a packet of codec `witmotion`: one or several of WitMotion's own, all whole and with acceleration.

    Raises
    ------
    PacketError
        When one of them is of another kind, cut short, or its checksum is wrong; or there is none.
    """
    if not 0 < len(packet.payload) <= ATTRIBUTE_MAX_BYTES:
        raise PacketError(f"WitMotion packets of {len(packet.payload)} bytes", packet.payload)
    return Frame(at=packet.at, acc_g=np.array(list(_accelerations(packet.payload))) / PER_G)
