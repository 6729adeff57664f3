"""The oracle: what somebody would say who saw every step at once and took the mean of the last six intervals.

No detector can know more; how far the oracle itself is from the local cadence is what the variability of human steps
leaves. Six intervals are about what serves best: fewer are noisy, more lag behind.
"""

from __future__ import annotations

import math

import numpy as np

from bench.scoring import Readings, bouts
from coach.model import FloatArray

INTERVALS = 6


def oracle(steps_s: FloatArray) -> Readings:
    """Say the cadence at every true step of a bout from its second on, and nothing from its last one on."""
    parts = [_bout(bout_s) for bout_s in bouts(steps_s)]
    return Readings(
        at_s=np.concatenate([at_s for at_s, _ in parts] or [np.empty(0)]),
        spm=np.concatenate([spm for _, spm in parts] or [np.empty(0)]),
    )


def _bout(bout_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    number = np.arange(1, len(bout_s))
    first = np.maximum(number - INTERVALS, 0)
    spm = 60 * (number - first) / (bout_s[1:] - bout_s[first])
    return bout_s[1:], np.append(spm[:-1], math.nan)
