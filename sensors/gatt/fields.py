"""Fields of an attribute value: little-endian integers, taken off the front in the order of the specification.

What follows the last field that we know is ignored: the specifications append new fields behind reserved flag bits.
"""

from __future__ import annotations

from struct import Struct

from coach.errors import PacketError

ATTRIBUTE_MAX_BYTES = 512  # Core Specification, vol 3, part F, 3.2.9

U8 = Struct("<B")
U16 = Struct("<H")
U32 = Struct("<I")
U64 = Struct("<Q")


class Fields:
    """The fields of one payload.

    Parameters
    ----------
    what : what the payload is, for error messages.

    Raises
    ------
    PacketError
        For a payload longer than an attribute value can be.
    """

    def __init__(self, what: str, payload: bytes) -> None:
        self._what = what
        self._payload = payload
        self._offset = 0
        if len(payload) > ATTRIBUTE_MAX_BYTES:
            raise PacketError(f"{what} of {len(payload)} bytes: no value is that long", payload)

    def take(self, layout: Struct, name: str) -> int:
        """Take the next integer.

        Raises
        ------
        PacketError
            When the payload ends before it; the message names the field.
        """
        if self._offset + layout.size > len(self._payload):
            raise PacketError(f"{self._what} ends before its {name}", self._payload)
        (value,) = layout.unpack_from(self._payload, self._offset)
        self._offset += layout.size
        return int(value)

    def rest(self) -> bytes:
        """Give what has not been taken."""
        return self._payload[self._offset :]


def check_range(name: str, value: float | None, low: float, high: float) -> None:
    """Refuse a value that its field cannot carry; None is a field that is absent.

    Raises
    ------
    ValueError
        When the value is out of range or not a number.
    """
    if value is not None and not low <= value <= high:
        raise ValueError(f"a {name} of {value} is not within {low:g} to {high:g}")
