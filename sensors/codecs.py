"""Codec names and the pure decoders behind them; a decoder is loaded when its first packet comes.

A decoder takes a `Packet`, keeps no state, and returns a `Reading` or raises `PacketError`. Kept runs hold packets,
so a codec's name never changes its meaning: a new meaning is a new name.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from coach.errors import PacketError
from coach.model import Packet, Reading
from coach.ports import Decode

DECODERS = {
    "rows": "sensors.rows:decode",
    "timed-rows": "sensors.rows:decode",
    "rsc": "sensors.gatt.rsc:decode",
    "pmd": "sensors.gatt.polar:decode",
    "heart-rate": "sensors.gatt.heart_rate:decode",
    "battery": "sensors.gatt.battery:decode",
}


@cache
def _decoder(codec: str) -> Decode:
    module, _, name = DECODERS[codec].partition(":")
    function: Decode = getattr(import_module(module), name)
    return function


def decode(packet: Packet) -> Reading:
    """Decode a packet by the codec that it names.

    Raises
    ------
    PacketError
        For a payload that the codec does not allow, or a codec that nobody knows.
    """
    if packet.codec not in DECODERS:
        raise PacketError(f"nobody knows the codec {packet.codec!r}", packet.payload)
    return _decoder(packet.codec)(packet)
