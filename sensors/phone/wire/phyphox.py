"""phyphox's answers to `/get` and `/config` (phyphox.org/wiki, Remote-interface communication; phyphox-android,
RemoteServer).

    {"buffer": {"acc_time": {"size": 0, "updateMode": "partial", "buffer": [12.31, …]}, "accX": …},
     "status": {"session": "a1b2c3", "measuring": true, …}}

Times are seconds since the measurement began, values m/s², with 8 significant digits; null is NaN or infinity. An
experiment names its buffers as it likes, and an answer does not say which is which: they are told by how their names
end, in `time`, `x`, `y` and `z`, as those of "Acceleration with g", "Acceleration (without g)" and the app's simple
experiments do. An iPhone may answer with one value less in some buffers (phyphox-ios #22): rows are taken while all
four have a value, and the rest comes again with the next answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from coach.model import FloatArray, Packet, Series
from sensors.phone.wire.strict import (
    MOST_SAMPLES,
    as_acceleration,
    as_list,
    as_number,
    as_object,
    as_text,
    in_g,
    read_object,
    refusing,
)

MOST_BYTES = 1 << 20
SOURCES = ("accelerometer", "linear_acceleration")
"""Inputs of an experiment, by preference: with gravity, and without."""

_MOST_S = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffers:
    """The names of the buffers that hold the times and the three axes."""

    t: str
    x: str
    y: str
    z: str

    @classmethod
    def among(cls, names: Iterable[str]) -> Self:
        """Tell the buffers by how their names end.

        Raises
        ------
        ValueError
            When they do not tell.
        """
        ends = {"t": "time", "x": "x", "y": "y", "z": "z"}
        found = {key: [name for name in names if name.lower().endswith(end)] for key, end in ends.items()}
        if any(len(those) != 1 for those in found.values()):
            raise ValueError("no four buffers whose names end in time, x, y and z")
        return cls(**{key: those[0] for key, those in found.items()})

    @classmethod
    def from_config(cls, payload: bytes) -> Self:
        """Find the buffers of acceleration in the answer to `/config`.

        Raises
        ------
        PacketError
            When it is no such answer, or the experiment that is open records no acceleration on three axes.
        """
        with refusing(payload):
            inputs = as_list(read_object(payload, MOST_BYTES).get("inputs"), "inputs")
            outputs = [_outputs(as_object(one, "an input")) for one in inputs]
            for wanted in SOURCES:
                for source, names in outputs:
                    if source == wanted and {"x", "y", "z", "t"} <= names.keys():
                        return cls.among([names[key] for key in "txyz"])
            raise ValueError("the experiment has no input of acceleration with its times")


def _outputs(one: dict[str, object]) -> tuple[str, Mapping[str, str]]:
    source = as_text(one.get("source"), "source").lower()
    names: dict[str, str] = {}
    for output in as_list(one.get("outputs", []), "outputs"):
        names |= {key: as_text(name, "a buffer") for key, name in as_object(output, "an output").items()}
    return source, names


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """An answer to `/get`.

    Parameters
    ----------
    session : another one means that another experiment was opened. whole : whether the phone answers with all that it
        has, whatever was asked for: the first time after the buffers were cleared.
    times_s : shape (n,), of the rows without a null. acc_g : shape (n, 3).
    """

    session: str
    whole: bool
    times_s: FloatArray
    acc_g: FloatArray

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read an answer; it may hold no rows.

        Raises
        ------
        PacketError
            For what is none, and for one that holds more than `MOST_SAMPLES`.
        """
        with refusing(payload):
            answer = read_object(payload, MOST_BYTES)
            status = as_object(answer.get("status"), "status")
            buffers = as_object(answer.get("buffer"), "buffer")
            rows = _rows(buffers)
            return cls(
                session=as_text(status.get("session"), "session"),
                whole=any(as_object(one, "a buffer").get("updateMode") == "full" for one in buffers.values()),
                times_s=np.array([as_number(row[0], "time", _MOST_S) for row in rows]),
                acc_g=in_g([as_acceleration(row[1:]) for row in rows]),
            )


def _rows(buffers: dict[str, object]) -> list[list[object]]:
    names = Buffers.among(buffers)
    columns = [_values(buffers[name]) for name in (names.t, names.x, names.y, names.z)]
    if max(map(len, columns)) > MOST_SAMPLES:
        raise ValueError(f"more than {MOST_SAMPLES} samples")
    return [list(row) for row in zip(*columns, strict=False) if None not in row]


def _values(buffer: object) -> list[object]:
    return as_list(as_object(buffer, "a buffer").get("buffer"), "the values of a buffer")


def decode(packet: Packet) -> Series:
    """Decode a packet of codec `phyphox`.

    Raises
    ------
    PacketError
        When it is no answer to `/get`, or one without samples.
    """
    answer = Answer.from_bytes(packet.payload)
    with refusing(packet.payload):
        return Series(at=packet.at, device_s=answer.times_s, acc_g=answer.acc_g)


def last_time_s(payload: bytes, buffer: str) -> float:
    """Read the answer to a request for a buffer's last value; 0 where it is empty.

    Raises
    ------
    PacketError
        For what is no such answer.
    """
    with refusing(payload):
        buffers = as_object(read_object(payload, MOST_BYTES).get("buffer"), "buffer")
        values = _values(buffers.get(buffer))
        return 0.0 if not values or values[-1] is None else as_number(values[-1], "time", _MOST_S)


def encode(columns: Mapping[str, Iterable[float | None]], *, session: str = "a1b2c3", whole: bool = False) -> bytes:
    """Write an answer to `/get` as the app does, with 8 significant digits."""
    buffers = {
        name: {"size": 0, "updateMode": "full" if whole else "partial", "buffer": [_rounded(value) for value in values]}
        for name, values in columns.items()
    }
    status = {"session": session, "measuring": True, "timedRun": False, "countDown": 0}
    return json.dumps({"buffer": buffers, "status": status}).encode()


def _rounded(value: float | None) -> float | None:
    return value if value is None else float(f"{value:.7e}")
