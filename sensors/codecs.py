"""Codec names and the pure decoders behind them; a decoder is loaded when its first packet comes.

A decoder takes a `Packet`, keeps no state, and returns a `Reading` or raises `PacketError`. Kept runs hold packets,
so a codec's name never changes its meaning: a new meaning is a new name. A decoder of somebody else's plugs in by an
entry point of the group `cadence_coach.codecs`; see `docs/new-device.md`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import FunctionType

from coach.errors import PacketError
from coach.model import Packet, Reading
from coach.plugins import plugins
from coach.ports import Decode

DECODERS = {
    "rows": "sensors.rows:decode",
    "timed-rows": "sensors.rows:decode",
    "rsc": "sensors.gatt.rsc:decode",
    "pmd": "sensors.gatt.polar:decode",
    "pmd-scaled": "sensors.gatt.polar:decode_scaled",
    "heart-rate": "sensors.gatt.heart_rate:decode",
    "battery": "sensors.gatt.battery:decode",
    "movesense": "sensors.gatt.movesense:decode",
    "microbit": "sensors.gatt.microbit:decode",
    "thingy": "sensors.gatt.thingy:decode",
    "witmotion": "sensors.gatt.witmotion:decode",
    "lines": "sensors.gatt.lines:decode",
    "lines-ms2": "sensors.gatt.lines:decode",
    "sensor-logger": "sensors.phone.wire.sensor_logger:decode",
    "phyphox": "sensors.phone.wire.phyphox:decode",
    "sensor-server": "sensors.phone.wire.sensor_server:decode",
}


GROUP = "cadence_coach.codecs"


@cache
def _decoder(codec: str) -> Decode | None:
    """Give a decoder; ours before that of a plug-in, None where nobody has one."""
    if codec in DECODERS:
        module, _, name = DECODERS[codec].partition(":")
        function: Decode = getattr(import_module(module), name)
        return function
    plugged = plugins(GROUP, FunctionType).get(codec)
    return None if plugged is None else _guarded(codec, plugged)


def _guarded(codec: str, function: Decode) -> Decode:
    """Count what somebody else's decoder stumbles over as a bad packet, so that the run goes on."""

    def guarded(packet: Packet) -> Reading:
        try:
            return function(packet)
        except PacketError:
            raise
        except Exception as error:
            raise PacketError(f"the plug-in for {codec!r} failed: {error!r}", packet.payload) from error

    return guarded


def decode(packet: Packet) -> Reading:
    """Decode a packet by the codec that it names.

    Raises
    ------
    PacketError
        For a payload that the codec does not allow, or a codec that nobody knows.
    """
    decoder = _decoder(packet.codec)
    if decoder is None:
        raise PacketError(f"nobody knows the codec {packet.codec!r}", packet.payload)
    return decoder(packet)
