"""Whatever Polar's decoders are sent: a frame within bounds, or PacketError. The seed is in the name of the test."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from coach.errors import PacketError
from coach.model import Frame, HostTime, Packet
from sensors.codecs import decode
from sensors.gatt.polar import AccFrame, FrameType
from sensors.gatt.polar_control import F32

SEEDS = (1, 2, 3)
ROUNDS = 400
HEAD = b"\x02" + bytes(8)
TYPES = (0x00, 0x01, 0x02, 0x80, 0x81)


def real(rng: np.random.Generator) -> bytes:
    """Make a frame as a device sends it."""
    type_ = FrameType(int(rng.choice(TYPES)))
    limit = 2**7 if type_ is FrameType.RAW_8 else 2**13
    steps = rng.integers(-limit // 64, limit // 64, (int(rng.integers(1, 55)), 3))
    return AccFrame(last_ns=int(rng.integers(2**63)), values=np.cumsum(steps, axis=0), type=type_).to_bytes()


def mutated(rng: np.random.Generator, payload: bytes) -> bytes:
    """Change, cut and lengthen a payload."""
    changed = np.frombuffer(payload, np.uint8).copy()
    at = rng.integers(len(changed), size=int(rng.integers(1, 5)))
    changed[at] = rng.integers(256, size=len(at))
    return changed[: int(rng.integers(1, len(changed) + 1))].tobytes() + rng.bytes(int(rng.choice([0, 0, 1, 7, 300])))


def payloads(seed: int) -> Iterator[bytes]:
    rng = np.random.default_rng(seed)
    for _ in range(ROUNDS):
        yield rng.bytes(int(rng.integers(0, 600)))
        yield HEAD + bytes([rng.choice(TYPES)]) + rng.bytes(int(rng.integers(0, 503)))
        yield HEAD + b"\x81" + bytes(6) + bytes([int(rng.integers(8)), int(rng.integers(256))] * int(rng.integers(99)))
        frame = real(rng)
        yield frame
        yield mutated(rng, frame)
        yield frame[: int(rng.integers(len(frame)))]


@pytest.mark.parametrize("seed", SEEDS)
def test_frames_are_within_bounds_or_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    read = 0
    for payload in payloads(seed):
        factor = rng.bytes(4) if rng.random() < 0.5 else F32.pack(2.44e-4)
        for codec, sent in (("pmd", payload), ("pmd-scaled", factor + payload), ("pmd-scaled", payload)):
            frame = decoded(codec, sent)
            if frame is not None:
                read += 1
                assert 1 <= len(frame.acc_g) <= 512
                assert np.isfinite(frame.acc_g).all()
                assert np.abs(frame.acc_g).max() <= 64
    assert read > ROUNDS


def decoded(codec: str, payload: bytes) -> Frame | None:
    try:
        frame = decode(Packet(at=HostTime(0.0), sensor="x", codec=codec, payload=payload))
    except PacketError:
        return None
    assert isinstance(frame, Frame)
    return frame
