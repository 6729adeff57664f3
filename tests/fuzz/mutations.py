"""Ways to spoil a payload. All chance comes from the generator that is given."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random

RANDOM_BYTES = 600
"""A little more than an attribute can hold."""

HUGE_BYTES = 20_000

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]

NUMBERS = tuple(
    number
    for kind in "BHIQ"
    for number in (struct.pack(f"<{kind}", value) for value in (0, 1, 2 ** (8 * struct.calcsize(kind)) - 1))
) + tuple(
    struct.pack(f"<{kind}", value)
    for kind in "fd"
    for value in (float("nan"), float("inf"), float("-inf"), -0.0, 1e30, -1e30, 1e-30)
)
"""What counts, lengths and stamps are set to: the ends of every width, and floats that are none."""


def spoiled(rng: Random, pool: Sequence[bytes]) -> bytes:
    """Give a payload: one of the pool as it is or changed up to four times, or bytes by chance where there is none."""
    if not pool or rng.random() < 0.05:
        return rng.randbytes(rng.randrange(RANDOM_BYTES))
    payload = rng.choice(pool)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 4))):
        payload = rng.choice(MUTATIONS)(rng, payload, pool)
    return payload


def _span(rng: Random, payload: bytes) -> tuple[int, int]:
    start, end = sorted((rng.randrange(len(payload) + 1), rng.randrange(len(payload) + 1)))
    return start, end


def _flip(rng: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    flipped = bytearray(payload)
    for _ in range(rng.randrange(1, 9)) if payload else ():
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def _truncate(rng: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    return payload[: rng.randrange(len(payload) + 1)]


def _trail(rng: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    return payload + rng.randbytes(rng.randrange(40))


def _run(rng: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _span(rng, payload)
    return payload[:start] + bytes([rng.choice((0x00, 0xFF))]) * (end - start) + payload[end:]


def _splice(rng: Random, payload: bytes, pool: Sequence[bytes]) -> bytes:
    other = rng.choice(pool)
    return payload[: rng.randrange(len(payload) + 1)] + other[rng.randrange(len(other) + 1) :]


def _double(rng: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _span(rng, payload)
    return payload[:end] + payload[start:]


def _number(rng: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    number = rng.choice(NUMBERS)
    start = rng.randrange(len(payload) + 1)
    return payload[:start] + number + payload[start + len(number) :]


def _swell(rng: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    """Say a part again and again: huge lengths, and text that nests or goes on for ever."""
    start, end = _span(rng, payload)
    part = payload[start : start + rng.randrange(1, 40)] or b"\0"
    times = rng.randrange(1, rng.choice((40, HUGE_BYTES)) // len(part) + 2)
    return (payload[:start] + part * times + payload[end:])[:HUGE_BYTES]


MUTATIONS: tuple[Mutation, ...] = (_flip, _flip, _truncate, _trail, _run, _splice, _double, _number, _swell)
