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


_DELTAS = "02 00 9c ff 6f 9a 45 52 08 81 f1 ff 14 00 f0 03 06 01 7b 0f 08"
_LOGGER = (
    b'{"messageId":0,"sessionId":"s","deviceId":"d","payload":['
    b'{"name":"accelerometer","time":1698501144401773000,"values":{"x":0.1,"y":-0.2,"z":9.6}},'
    b'{"name":"location","time":1698501145514000000,"values":{"latitude":51.5}},'
    b'{"name":"accelerometer","time":1698501144411773000,"values":{"x":0,"y":19.6133,"z":0}}]}'
)
_PHYPHOX = (
    b'{"buffer":{"acc_time":{"size":0,"updateMode":"partial", "buffer":[1.231E1,1.232E1,1.233E1]},'
    b'"accX":{"size":0,"updateMode":"partial", "buffer":[9.80665E0,null,0E0]},'
    b'"accY":{"size":0,"updateMode":"partial", "buffer":[0E0,1E0,-1.96133E1]},'
    b'"accZ":{"size":0,"updateMode":"partial", "buffer":[0E0,1E0,0E0]}},"status":{"session":"a1", "measuring":true}}'
)


CORPUS: dict[str, tuple[bytes, ...]] = {
    "rows": (_rows(1), _rows(10), _rows(200)),
    "timed-rows": (_rows(1, START_S), _rows(10, START_S), _rows(200, START_S)),
    "rsc": _hex("07 00 03 5a 64 00 e8 03 00 00", "04 00 00 00", "f8 00 03 5a", "04 00 03 55", "05 00 03 aa 64 00"),
    "pmd": (_pmd(1), _pmd(36), _pmd(83), bytes.fromhex(_DELTAS)),
    "heart-rate": _hex("16 3c 11 04", "00 48", "01 2c 01", "0e 48 10 27", "1f 48 00 10 27 00 04 00 08"),
    "battery": _hex("00", "57", "64"),
    "pmd-scaled": _hex(f"00 00 80 3f {_DELTAS}", f"f3 ff 7f 39 {_DELTAS.replace(' 81 ', ' 80 ')}"),
    "movesense": _hex(
        "02 63 40 e2 01 00 00 00 00 00 0a e8 1c c1 0a e8 1c 41 0a e8 9c c1 00 00 00 00 00 00 80 3f",
        "02 01 00 00 00 00 00 00 80 3f 00 00 80 3f 00 00 80 3f",
    ),
    "microbit": _hex("18 fc 00 00 e8 03"),
    "thingy": _hex("00 04 00 fc 01 00 40 01 80 fd 05 00 64 00 38 ff 2c 01"),
    "witmotion": _hex(
        "55 61 00 08 00 00 00 f8 01 00 02 00 03 00 ff 7f 00 80 55 61", "55 51 00 08 01 00 00 80 c4 09 fc"
    ),
    "lines": (b"12.5,0.1,-0.2,1.0\n12.52,0.1,-0.2,1.0\n", b"12520,0,0,1\r\n", b"0.1,-1e-1,+.98\n", b"# hello\n0,0,1\n"),
    "lines-ms2": (b"12.5,0.1,-9.7,1.0\n12.52,0.1,-9.8,1.0\n", b"0.1,-9.8,0.3\n"),
    "sensor-logger": (_LOGGER,),
    "phyphox": (_PHYPHOX,),
    "sensor-server": (b'{"accuracy":2,"timestamp":3925657519043709,"values":[0.31892395,-0.97802734,10.049896]}',),
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


def _movesense_stream(number: int, _: float) -> bytes:
    times_s = [(number * 4 + i) / 52 for i in range(4)]
    samples = b"".join(struct.pack("<3f", *(9.80665 * g for g in _running_g(t_s))) for t_s in times_s)
    return struct.pack("<BBI", 2, 99, round(1000 * times_s[0])) + samples


def _microbit_stream(number: int, _: float) -> bytes:
    return struct.pack("<3h", *(round(1000 * g) for g in _running_g(number / 50)))


def _lines_stream(number: int, _: float) -> bytes:
    return b"".join(
        b"%.3f,%.4f,%.4f,%.4f\n" % (t_s, *_running_g(t_s)) for t_s in [number / 10 + i / 100 for i in range(10)]
    )


STREAMS: dict[str, Callable[[int, float], bytes]] = {
    "rows": _rows_stream,
    "timed-rows": _timed_rows_stream,
    "pmd": _pmd_stream,
    "movesense": _movesense_stream,
    "microbit": _microbit_stream,
    "lines": _lines_stream,
}
"""The payload of a number in a stream, as it comes at a host time."""
