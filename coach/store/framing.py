"""The bytes of a block: inputs in a compact framing, events as JSON lines, both packed by zlib.

Inputs are records, one after the other, little-endian:

    packet   "P", at (float64), lengths of sensor (u16), codec (u16) and payload (u32), then the three of them
    other    "J", length (u32), then JSON: {"input": name of the dataclass, every field}

JSON writes a float by its shortest exact form, so everything comes back as it went in, to the last bit.
"""

from __future__ import annotations

import dataclasses
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from coach.errors import StoreError
from coach.model import (
    Assignment,
    Control,
    HostSlept,
    HostTime,
    Input,
    OutputReport,
    Packet,
    Plan,
    PlanStep,
    SensorState,
)

_PACKET = struct.Struct("<dHHI")
_LENGTH = struct.Struct("<I")


def _assignment(*, plan: dict[str, Any], **fields: Any) -> Assignment:
    steps = tuple(PlanStep(**step) for step in plan["steps"])
    return Assignment(plan=Plan(**{**plan, "steps": steps}), **fields)


_OTHERS: dict[str, Callable[..., Input]] = {
    "SensorState": SensorState,
    "Control": Control,
    "OutputReport": OutputReport,
    "HostSlept": HostSlept,
    "Assignment": _assignment,
}


def frame(item: Input) -> bytes:
    """Give the record of one input."""
    if isinstance(item, Packet):
        sensor, codec = item.sensor.encode(), item.codec.encode()
        return b"P" + _PACKET.pack(item.at, len(sensor), len(codec), len(item.payload)) + sensor + codec + item.payload
    text = json.dumps({"input": type(item).__name__, **dataclasses.asdict(item)}, separators=(",", ":")).encode()
    return b"J" + _LENGTH.pack(len(text)) + text


def pack_records(records: Iterable[bytes]) -> bytes:
    """Give the bytes of a block of inputs."""
    return zlib.compress(b"".join(records))


def pack_lines(lines: Iterable[str]) -> bytes:
    """Give the bytes of a block of event lines, which are given without line breaks."""
    return zlib.compress("".join(f"{line}\n" for line in lines).encode())


def unpack_inputs(blob: bytes) -> Iterator[Input]:
    """Give the inputs of a block, in order.

    Raises
    ------
    StoreError
        When the block is damaged, or holds an input that a newer coach has written.
    """
    try:
        yield from _records(zlib.decompress(blob))
    except (zlib.error, struct.error, ValueError, TypeError, KeyError) as error:
        raise _damaged(error) from error


def unpack_lines(blob: bytes) -> list[str]:
    """Give the event lines of a block, in order.

    Raises
    ------
    StoreError
        When the block is damaged.
    """
    try:
        return zlib.decompress(blob).decode().splitlines()
    except (zlib.error, UnicodeDecodeError) as error:
        raise _damaged(error) from error


def _records(data: bytes) -> Iterator[Input]:
    at = 0
    while at < len(data):
        kind, at = data[at : at + 1], at + 1
        if kind == b"P":
            item, at = _packet(data, at)
        elif kind == b"J":
            item, at = _other(data, at)
        else:
            raise ValueError(f"no record begins with {kind!r}")
        if at > len(data):
            raise ValueError("the last record is cut")
        yield item


def _packet(data: bytes, at: int) -> tuple[Input, int]:
    host_time, *lengths = _PACKET.unpack_from(data, at)
    at += _PACKET.size
    parts = []
    for length in lengths:
        parts.append(data[at : at + length])
        at += length
    sensor, codec, payload = parts
    return Packet(at=HostTime(host_time), sensor=sensor.decode(), codec=codec.decode(), payload=payload), at


def _other(data: bytes, at: int) -> tuple[Input, int]:
    (length,) = _LENGTH.unpack_from(data, at)
    at += _LENGTH.size
    fields = json.loads(data[at : at + length])
    return _OTHERS[fields.pop("input")](**fields), at + length


def _damaged(error: Exception) -> StoreError:
    return StoreError(f"a block of the run cannot be read: {error!r}", hint="the run store is damaged, or newer")
