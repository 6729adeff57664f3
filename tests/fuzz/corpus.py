"""Valid payloads of every codec, to be spoiled, and streams of payloads of a runner, to be disturbed.

Each path through a decoder should be met by a payload of its `CORPUS`. `STREAMS` are for codecs with acceleration in
them, that the fold be deep in its work when something odd comes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

START_S = 1000.0
"""Host time when a session of the harness begins; `timed-rows` arrive then."""


def _hex(*texts: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(text) for text in texts)


def _pmd(count: int) -> bytes:
    samples = b"".join(struct.pack("<3h", 5 * i, -1000, 20) for i in range(count))
    return bytes.fromhex("02 00 9c ff 6f 9a 45 52 08 01") + samples


def _rows(count: int, *arrival_s: float) -> bytes:
    return b"".join(struct.pack(f"<{4 + len(arrival_s)}d", *arrival_s, i / 100, 0.0, 0.1, 1.0) for i in range(count))


CORPUS: dict[str, tuple[bytes, ...]] = {
    "rows": (_rows(1), _rows(10), _rows(200)),
    "timed-rows": (_rows(1, START_S), _rows(10, START_S), _rows(200, START_S)),
    "rsc": _hex("07 00 03 5a 64 00 e8 03 00 00", "04 00 00 00", "f8 00 03 5a", "04 00 03 55", "05 00 03 aa 64 00"),
    "pmd": (_pmd(1), _pmd(36), _pmd(83)),
    "heart-rate": _hex("16 3c 11 04", "00 48", "01 2c 01", "0e 48 10 27", "1f 48 00 10 27 00 04 00 08"),
    "battery": _hex("00", "57", "64"),
}


def _running_g(t_s: float) -> tuple[float, float, float]:
    """Roughly what a runner's chest feels, at 168 steps a minute."""
    phase = 2 * math.pi * 2.8 * t_s
    return 0.1 * math.sin(phase / 2), 0.2 * math.sin(phase), -1.0 - 0.9 * math.sin(phase) - 0.3 * math.sin(2 * phase)


def _rows_stream(number: int, _: float) -> bytes:
    times_s = [number / 10 + i / 100 for i in range(10)]
    return b"".join(struct.pack("<4d", t_s, *_running_g(t_s)) for t_s in times_s)


def _timed_rows_stream(number: int, at_s: float) -> bytes:
    times_s = [number / 10 + i / 100 for i in range(10)]
    return b"".join(struct.pack("<5d", at_s, t_s, *_running_g(t_s)) for t_s in times_s)


def _pmd_stream(number: int, _: float) -> bytes:
    head = struct.pack("<BQB", 0x02, 599_616_000_000_000_000 + (number + 1) * 180_000_000, 0x01)
    times_s = [(number * 36 + i) / 200 for i in range(36)]
    return head + b"".join(struct.pack("<3h", *(round(1000 * g) for g in _running_g(t_s))) for t_s in times_s)


STREAMS: dict[str, Callable[[int, float], bytes]] = {
    "rows": _rows_stream,
    "timed-rows": _timed_rows_stream,
    "pmd": _pmd_stream,
}
"""The payload of a number in a stream, as it comes at a host time."""
