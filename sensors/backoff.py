"""How long to wait before a lost sensor is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
BACKOFF_JITTER = 0.2
GOOD_S = 10.0
"""A link that gave data for so long was a good one: the back-off begins anew."""


def backoff_s(random: Random | None = None) -> Iterator[float]:
    """Give the waits between attempts: 0.5, 1, 2, … 30 s, each off by up to a fifth."""
    random = random or Random()
    delay = BACKOFF_FIRST_S
    while True:
        yield delay * random.uniform(1 - BACKOFF_JITTER, 1 + BACKOFF_JITTER)
        delay = min(2 * delay, BACKOFF_MAX_S)
