"""Events as lines: one JSON object each, `type` first, then every field in the order of its dataclass.

Lines are the contract with other programs. A field without a value is `null`, never missing; a line is ASCII, with
other characters escaped, so that it survives any pipe and any terminal; numbers are finite. Floats carry
`DECIMALS` decimals: a microsecond is far below what a step can be timed to, and the same run gives the same bytes.
Readers ignore types and fields that they do not know, so a new field needs no new `SCHEMA`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import get_args

from coach.model import Event

SCHEMA = 1
DECIMALS = 6

_FIELDS = {kind: tuple(field.name for field in dataclasses.fields(kind)) for kind in get_args(Event)}
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def line(event: Event) -> str:
    """Give the line of an event, without a line break; what is nested in a header stays as it is.

    Raises
    ------
    ValueError
        For a number that is not finite, which JSON cannot hold.
    """
    record: dict[str, object] = {"type": event.type}
    for name in _FIELDS[type(event)]:
        value = getattr(event, name)
        record[name] = _rounded(value) if isinstance(value, float) else value
    return _encode(record)


def _rounded(value: float) -> float:
    return round(value, DECIMALS) + 0.0  # the sum makes 0.0 of -0.0
