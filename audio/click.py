"""The clicks: short struck sounds, the same for every beat of a foot, their pitch telling left from right.

A click begins with its first sample: that is the one that a beat's time is about. It is 25 to 30 ms long: an attack
short enough to be exact in time, a decay short enough to stay a click, no edge that cracks. Three voices, for three
tastes and three kinds of noise around the runner:

- tick: a plain tone burst, 1 to 2 kHz, where a small speaker plays best and street noise is least.
- wood: a bar struck in its middle: a tone and, softer and sooner gone, the next mode of a free bar (2.756 times its
  frequency; Fletcher and Rossing, The Physics of Musical Instruments, section 2.16).
- soft: lower, with a slower attack, an octave as its only colour.

Left and right differ in pitch, never in loudness: unequal loudness makes gait asymmetric (BMC Musculoskelet Disord
2022, 23:586). All clicks have one peak. What the ear then makes of two pitches is weighed over the whole spectrum of
the click by the equal-loudness contours of ISO 226:2003; pitches are such that it is much the same, and the louder of
two rings a little shorter. Left and right of each voice are within 1 dB of each other from 40 to 80 phon, and
A-weighted too (`tests/test_click.py`; `python -m bench clicks` prints the figures). The other pitches mark a foot that
is not known by its side: high and low for the foot that wears the sensor and its fellow, the middle where nothing is
known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coach.model import FloatArray, Foot

Mono = NDArray[np.float32]
Voice = Literal["tick", "wood", "soft"]

PEAK_DBFS = -9.0


@dataclass(frozen=True, slots=True)
class _Tone:
    """A pitch, and the time in which it decays by a factor of e."""

    hz: float
    decay_s: float


@dataclass(frozen=True, slots=True)
class _Mode:
    """A part of a sound: at so many times the pitch, so strong at first, gone in such a part of the decay."""

    ratio: float
    strength: float
    decay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    low: _Tone
    middle: _Tone
    high: _Tone
    attack_s: float
    length_s: float
    tail_s: float
    modes: tuple[_Mode, ...]

    def tone(self, foot: Foot) -> _Tone:
        match foot:
            case "left" | "other":
                return self.low
            case "right" | "sensor":
                return self.high
            case "unknown":
                return self.middle


SHAPES: dict[Voice, _Shape] = {
    "tick": _Shape(
        low=_Tone(1000.0, 0.006),
        middle=_Tone(1414.0, 0.006),
        high=_Tone(2000.0, 0.006),
        attack_s=0.0015,
        length_s=0.025,
        tail_s=0.005,
        modes=(_Mode(1.0, 1.0, 1.0),),
    ),
    "wood": _Shape(
        low=_Tone(720.0, 0.006),
        middle=_Tone(880.0, 0.006),
        high=_Tone(1080.0, 0.0065),
        attack_s=0.001,
        length_s=0.025,
        tail_s=0.005,
        modes=(_Mode(1.0, 1.0, 1.0), _Mode(2.756, 0.5, 0.5)),
    ),
    "soft": _Shape(
        low=_Tone(660.0, 0.009),
        middle=_Tone(808.0, 0.008),
        high=_Tone(990.0, 0.007),
        attack_s=0.0035,
        length_s=0.03,
        tail_s=0.008,
        modes=(_Mode(1.0, 1.0, 1.0), _Mode(2.0, 0.15, 0.5)),
    ),
}


def amplitude(level_db: float) -> float:
    """Give the amplitude (1 is full scale) of a level in dBFS."""
    return float(10 ** (level_db / 20))


@cache
def click(foot: Foot, rate_hz: int, voice: Voice = "tick") -> Mono:
    """Make the click of a foot.

    Returns
    -------
    shape (n,), float32, 25 to 30 ms at `rate_hz`, peak at -9 dBFS; kept, and therefore read-only.
    """
    shape = SHAPES[voice]
    t_s = np.arange(round(shape.length_s * rate_hz)) / rate_hz
    burst = _strike(shape.modes, shape.tone(foot), t_s)
    burst *= raised_cosine(t_s / shape.attack_s) * raised_cosine((t_s[-1] - t_s) / shape.tail_s)
    sound: Mono = (burst * (amplitude(PEAK_DBFS) / np.abs(burst).max())).astype(np.float32)
    sound.flags.writeable = False
    return sound


def raised_cosine(x: FloatArray) -> FloatArray:
    """Go smoothly from 0 at x = 0 to 1 at x = 1, and stay there on either side."""
    rise: FloatArray = 0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0, 1))
    return rise


def _strike(modes: tuple[_Mode, ...], tone: _Tone, t_s: FloatArray) -> FloatArray:
    burst: FloatArray = np.zeros_like(t_s)
    for mode in modes:
        ring = np.exp(-t_s / (mode.decay * tone.decay_s))
        burst += mode.strength * ring * np.sin(2 * np.pi * mode.ratio * tone.hz * t_s)
    return burst
