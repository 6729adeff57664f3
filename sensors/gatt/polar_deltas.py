"""Polar's delta frames: a reference sample, then blocks of steps from sample to sample, packed bit by bit.

    reference: 3 x int16 | block: bits u8, count u8, ceil(3 * bits * count / 8) bytes | block | …

The steps of a block are numbers of `bits` bits in two's complement, least significant bit first, for x, y and z in
turn; a block begins on a byte. Blocks of no bits are steps of nothing: no document says so, and a strap that lies still
might send them. Source: polarofficial/polar-ble-sdk, BlePMDClient.parseDeltaFramesAll.

Unpacking multiplies a matrix of bits by their weights; `python -m bench sensors` has it beside shifts of an integer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

REFERENCE_BYTES = 6
BLOCK_HEAD_BYTES = 2
BLOCK_SAMPLES = 10
BITS_MAX = 32
SAMPLES_MAX = 512

_WEIGHTS = [np.empty(0), *(np.append(2.0 ** np.arange(top), -(2.0**top)) for top in range(BITS_MAX))]
"""What each bit of a step counts, by the number of bits. Floats are exact here: 512 steps of 32 bits sum up to no more
than 2**40."""


def unpack(body: bytes) -> NDArray[np.int64]:
    """Read samples, shape (n, 3), n at most `SAMPLES_MAX`; the work is bounded by the length of the body.

    Raises
    ------
    ValueError
        When the body ends within a block, or a block is wider, or the samples are more, than there can be.
    """
    if len(body) < REFERENCE_BYTES:
        raise ValueError("it ends before its first sample")
    stream = np.unpackbits(np.frombuffer(body, np.uint8), bitorder="little")
    steps = [np.frombuffer(body, "<i2", 3).astype(np.float64)]
    samples, offset = 1, REFERENCE_BYTES
    while offset < len(body):
        bits, count, end = _block(body, offset)
        samples += count
        if samples > SAMPLES_MAX:
            raise ValueError(f"more than {SAMPLES_MAX} samples")
        start = 8 * (offset + BLOCK_HEAD_BYTES)
        steps.append(stream[start : start + 3 * count * bits].reshape(3 * count, bits).dot(_WEIGHTS[bits]))
        offset = end
    return np.add.accumulate(np.concatenate(steps).reshape(-1, 3), axis=0).astype(np.int64)


def _block(body: bytes, offset: int) -> tuple[int, int, int]:
    """Give the bits of a step, the number of samples, and the end of the block that begins at an offset."""
    start = offset + BLOCK_HEAD_BYTES
    if start > len(body):
        raise ValueError("it ends within the head of a block")
    bits, count = body[offset], body[offset + 1]
    if bits > BITS_MAX:
        raise ValueError(f"steps of {bits} bits")
    end = start + (3 * bits * count + 7) // 8
    if end > len(body):
        raise ValueError("it ends within a block")
    return bits, count, end


def pack(values: NDArray[np.int64]) -> bytes:
    """Write samples, shape (n, 3), the first of 16 bits, in blocks of ten, each as wide as its largest step."""
    steps = np.diff(values, axis=0)
    blocks = [_packed(steps[start : start + BLOCK_SAMPLES]) for start in range(0, len(steps), BLOCK_SAMPLES)]
    return values[:1].astype("<i2").tobytes() + b"".join(blocks)


def _packed(steps: NDArray[np.int64]) -> bytes:
    magnitude = int(np.where(steps < 0, ~steps, steps).max())
    bits = magnitude.bit_length() + 1 if steps.any() else 0
    stream = (steps.reshape(-1, 1) >> np.arange(bits)) & 1
    return bytes([bits, len(steps)]) + np.packbits(stream.astype(np.uint8), bitorder="little").tobytes()
