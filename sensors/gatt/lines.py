"""Lines of text over the Nordic UART Service: sensors that people build themselves.

A line is a sample: `t,ax,ay,az` or `ax,ay,az`, in g. `t` is the device's own clock, which may start anywhere: seconds
when it has a decimal point, milliseconds (what Arduino's `millis()` gives) when it has none. `docs/home-made-sensor.md`
is the page for those who write them.

Theory of operation. Notifications are cut anywhere, so `LineAssembler` puts the lines together again. `LineStream`
makes payloads of them, whole lines each under the codec that understands them. What is no sample gets a payload of its
own: it is refused, counted and told by itself and costs no sample beside it, however the device cuts its lines. A
payload ends, too, where lines gain or lose their time or where time falls: within one, one clock runs forward.

What a line cannot do: cost more than its length, wait without end, or be anything but plain decimal numbers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from coach.errors import PacketError
from coach.formats.recording import MS2_PER_G
from coach.model import Frame, Packet, Series
from coach.text import printable
from sensors.gatt.fields import ATTRIBUTE_MAX_BYTES, check_range

SERVICE = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
TX = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"

LINE_MAX_BYTES = 1024
PAYLOAD_MAX_BYTES = LINE_MAX_BYTES + ATTRIBUTE_MAX_BYTES

LIMIT_G = 200.0
LIMIT_S = 1e10
"""No sensor of a runner measures more, and no clock counts further: its milliseconds would be lost to rounding."""

G, MS2 = "lines", "lines-ms2"
_UNITS = {G: 1.0, MS2: MS2_PER_G}
_HEADERS = {
    f"{t}{axes}".encode(): codec
    for t in ("", "t,", "t_s,")
    for axes, codec in (("ax,ay,az", G), ("ax_g,ay_g,az_g", G), ("ax_ms2,ay_ms2,az_ms2", MS2))
}

_NUMBER = re.compile(rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sample.

    Parameters
    ----------
    acc_g : three axes. t_s : by the device's clock; None where the line does not say.
    """

    acc_g: tuple[float, float, float]
    t_s: float | None = None

    def __post_init__(self) -> None:
        check_range("time (s)", self.t_s, 0, LIMIT_S)
        check_range("magnitude (g)", math.hypot(*self.acc_g), 0, LIMIT_G)

    @classmethod
    def from_bytes(cls, line: bytes, *, unit: float = 1.0) -> Self:
        """Read a line without its end; `unit` is one g in what the device counts acceleration in.

        Raises
        ------
        PacketError
            When it is not three or four numbers, or they make no sense; it names the line.
        """
        cells = [cell.strip(b" \t") for cell in line.split(b",", 4)]
        if len(line) > LINE_MAX_BYTES or not all(_NUMBER.fullmatch(cell) for cell in cells):
            raise PacketError(f"{_named(line)} is no sample", line)
        if len(cells) not in (3, 4):
            raise PacketError(f"{_named(line)} is not three numbers, nor time and three", line)
        x, y, z = (float(cell) / unit for cell in cells[-3:])
        try:
            return cls(acc_g=(x, y, z), t_s=_time_s(cells[0]) if len(cells) == 4 else None)
        except ValueError as error:
            raise PacketError(f"{_named(line)}: {error}", line) from None

    def to_bytes(self, *, unit: float = 1.0) -> bytes:
        """Write the line as a device sends it: time in seconds, to the millisecond."""
        t = "" if self.t_s is None else f"{self.t_s:.3f},"
        return (t + ",".join(f"{axis * unit:.4f}" for axis in self.acc_g) + "\n").encode()

    def follows(self, before: Line) -> bool:
        """Tell whether the same clock, or none, can have given this line after the one before."""
        if self.t_s is None or before.t_s is None:
            return self.t_s is None and before.t_s is None
        return self.t_s >= before.t_s


def _time_s(cell: bytes) -> float:
    return float(cell) if b"." in cell else float(cell) / 1000


def _named(line: bytes) -> str:
    return repr(printable(line.decode("ascii", "replace")))


def is_note(line: bytes) -> bool:
    """Tell whether a line is none for the coach: blank, a comment, or behind Espruino's prompt."""
    return not line.strip() or line.startswith((b"#", b">"))


class LineAssembler:
    """Puts lines together from notifications; LF and CR LF end a line.

    A line of more than `LINE_MAX_BYTES` comes out cut, one byte longer than a line can be; the rest of it is dropped.

    Attributes
    ----------
    dropped_bytes : so many.
    """

    def __init__(self) -> None:
        self.dropped_bytes = 0
        self._waiting = b""
        self._dropping = False

    def push(self, value: bytes) -> list[bytes]:
        """Take a notification; give the lines that end in it, without their ends."""
        *ended, begun = (self._waiting + value).split(b"\n")
        lines = []
        for line in ended:
            lines += self._cut(line)
            self._dropping = False
        self._waiting = begun
        if len(begun) > LINE_MAX_BYTES or self._dropping:
            lines += self._cut(begun)
            self._waiting, self._dropping = b"", True
        return lines

    def _cut(self, line: bytes) -> list[bytes]:
        """Give the line, as much of it as is kept: nothing when its beginning is out already."""
        kept = 0 if self._dropping else LINE_MAX_BYTES + 1
        self.dropped_bytes += len(line[kept:])
        return [] if self._dropping else [line[:kept].removesuffix(b"\r")]


class LineStream:
    """Makes payloads of the notifications of one link.

    A header of the recording format (`t_s,ax_ms2,ay_ms2,az_ms2` …) as a line says the unit from there on. A link may
    begin within a line, so the first one is left out, unless it is a header.
    """

    def __init__(self) -> None:
        self._assembler = LineAssembler()
        self._codec = G
        self._begun = False

    def push(self, value: bytes) -> list[tuple[str, bytes]]:
        """Take a notification; give payloads with the codec of each."""
        payloads: list[tuple[str, bytes]] = []
        before: Line | None = None
        for line in self._assembler.push(value):
            begun, self._begun = self._begun, True
            header = _HEADERS.get(line.strip().lower().replace(b" ", b""))
            if header is not None:
                self._codec, before = header, None
            elif begun and not is_note(line):
                sample = self._read(line)
                joins = sample is not None and before is not None and sample.follows(before)
                start = payloads.pop()[1] if joins else b""
                payloads.append((self._codec, start + line + b"\n"))
                before = sample
        return payloads

    def _read(self, line: bytes) -> Line | None:
        try:
            return Line.from_bytes(line, unit=_UNITS[self._codec])
        except PacketError:
            return None


def decode(packet: Packet) -> Series | Frame:
    """Decode a packet of codec `lines` (g) or `lines-ms2` (m/s²): a series where its lines say the time.

    Raises
    ------
    PacketError
        When a line is neither a sample nor a note, when there is no sample, or no single clock gave them all.
    """
    if len(packet.payload) > PAYLOAD_MAX_BYTES:
        raise PacketError(f"lines of {len(packet.payload)} bytes: no notification ends as much", packet.payload)
    lines = [line.removesuffix(b"\r") for line in packet.payload.split(b"\n")]
    samples = [Line.from_bytes(line, unit=_UNITS[packet.codec]) for line in lines if not is_note(line)]
    if not samples:
        raise PacketError("lines without a sample", packet.payload)
    if not all(after.follows(before) for before, after in pairwise(samples)):
        raise PacketError("lines of more than one clock", packet.payload)
    acc_g = np.array([sample.acc_g for sample in samples])
    t_s = [sample.t_s for sample in samples if sample.t_s is not None]
    return Series(at=packet.at, device_s=np.array(t_s), acc_g=acc_g) if t_s else Frame(at=packet.at, acc_g=acc_g)
