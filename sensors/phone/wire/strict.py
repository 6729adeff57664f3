"""JSON from a stranger: bounded, and with numbers where numbers belong.

Python's reader is generous: it takes NaN and Infinity, and its booleans are numbers. Here each of them is an error, as
is text of another encoding than UTF-8, nesting without end, and an integer of thousands of digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

import numpy as np

from coach.errors import PacketError
from coach.model import FloatArray

STANDARD_G_MPS2 = 9.80665
MOST_MPS2 = 2000.0
"""No phone measures more; most end at 8 or 16 g."""

MOST_SAMPLES = 8192
"""In one message: 40 s at 200 Hz."""

NS_PER_S = 1_000_000_000
_MOST_NS = 2**63 - 1


@contextmanager
def refusing(payload: bytes) -> Iterator[None]:
    """Make a `PacketError` of whatever is wrong with a payload.

    Raises
    ------
    PacketError
        In place of `ValueError`; it carries the payload.
    """
    try:
        yield
    except ValueError as error:
        raise PacketError(str(error), payload) from None


def read_object(payload: bytes, most_bytes: int) -> dict[str, object]:
    """Read a JSON object.

    Raises
    ------
    ValueError
        For anything else, and for more than `most_bytes`.
    """
    if len(payload) > most_bytes:
        raise ValueError(f"{len(payload)} bytes are more than the {most_bytes} that are read")
    try:
        value = json.loads(payload.decode(), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return as_object(value, "it")


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not a number of JSON")


def as_object(value: object, what: str) -> dict[str, object]:
    """Take a value for an object, or raise `ValueError`."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    return value


def as_list(value: object, what: str) -> list[object]:
    """Take a value for a list, or raise `ValueError`."""
    if not isinstance(value, list):
        raise ValueError(f"{what} is not a list")
    return value


def as_text(value: object, what: str) -> str:
    """Take a value for text, or raise `ValueError`."""
    if not isinstance(value, str):
        raise ValueError(f"{what} is not text")
    return value


def as_count(value: object, what: str, most: int = _MOST_NS) -> int:
    """Take a value for a whole number from 0 to `most`, or raise `ValueError`."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{what} is not a whole number from 0 to {most}")
    return value


def as_number(value: object, what: str, most: float) -> float:
    """Take a value for a number from -most to `most`, or raise `ValueError`."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not -most <= value <= most:
        raise ValueError(f"{what} is not a number from {-most:g} to {most:g}")
    return float(value)


def as_seconds(value: object, what: str) -> float:
    """Take whole nanoseconds for seconds, or raise `ValueError`.

    A stamp of today since 1970 has 61 bits. The quotient of two integers is rounded once, to 0.24 µs there; a float of
    the nanoseconds, divided, would have been rounded twice.
    """
    return as_count(value, what) / NS_PER_S


def as_acceleration(values: list[object]) -> list[float]:
    """Take three values for an acceleration in m/s², or raise `ValueError`."""
    return [as_number(value, f"acceleration {axis}", MOST_MPS2) for axis, value in zip("xyz", values, strict=True)]


def in_g(acc_mps2: list[list[float]]) -> FloatArray:
    """Give accelerations, shape (n, 3), in g."""
    return np.array(acc_mps2, dtype=np.float64).reshape(-1, 3) / STANDARD_G_MPS2
