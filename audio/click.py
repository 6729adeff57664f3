"""The click: a short tone burst, the same for every beat of a foot, its pitch telling left from right.

A click is 25 ms: an attack short enough to be exact in time, a decay short enough to stay a click, no edge that
cracks. It begins with its first sample: that is the one that a beat's time is about.

Left and right differ in pitch, never in loudness: unequal loudness makes gait asymmetric (BMC Musculoskelet Disord
2022, 23:586). 1 kHz and 2 kHz at one level are equally loud, within 1 dB from 40 to 80 phon (ISO 226:2003); 1.6 kHz
would be 3 dB softer than either. The other pitches mark a foot that is not known by its side: high and low for the
foot that wears the sensor and its fellow, the middle where nothing is known.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from coach.model import FloatArray, Foot

Mono = NDArray[np.float32]

PITCH_HZ: dict[Foot, float] = {"left": 1000.0, "right": 2000.0, "sensor": 2000.0, "other": 1000.0, "unknown": 1414.0}
PEAK_DBFS = -9.0
LENGTH_S = 0.025
ATTACK_S = 0.0015
DECAY_S = 0.006
TAIL_S = 0.005


def amplitude(level_db: float) -> float:
    """Give the amplitude (1 is full scale) of a level in dBFS."""
    return float(10 ** (level_db / 20))


@cache
def click(foot: Foot, rate_hz: int) -> Mono:
    """Make the click of a foot.

    Returns
    -------
    shape (n,), float32, 25 ms at `rate_hz`, peak at -9 dBFS; kept, and therefore read-only.
    """
    t_s = np.arange(round(LENGTH_S * rate_hz)) / rate_hz
    burst = _envelope(t_s) * np.sin(2 * np.pi * PITCH_HZ[foot] * t_s)
    sound: Mono = (burst * (amplitude(PEAK_DBFS) / np.abs(burst).max())).astype(np.float32)
    sound.flags.writeable = False
    return sound


def _envelope(t_s: FloatArray) -> FloatArray:
    rise = _raised_cosine(t_s / ATTACK_S)
    tail = _raised_cosine((t_s[-1] - t_s) / TAIL_S)
    return rise * tail * np.exp(-t_s / DECAY_S)


def _raised_cosine(x: FloatArray) -> FloatArray:
    rise: FloatArray = 0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0, 1))
    return rise
