"""How late clicks are heard, reckoned from taps along with them.

Clicks fall at a steady pace, and somebody taps a key with each. A tap comes as late as the click is heard, sooner by
what people anticipate, later by what the key takes; so

    latency = median lag + ANTICIPATION_MS - KEY_MS

Theory of operation
-------------------
- The first `COUNT_IN` clicks are for finding the pace; taps along with them do not count. Neither does a tap that comes
  within half a period of another: a key that bounced or is held. A missed click is no tap, and harms nothing.
- At 80 a minute a lag is known but for whole periods of 750 ms, so it is taken to lie between -150 and 600 ms: nobody
  taps steadily further ahead than that, and `audio.latency_ms` goes no further. Where a period begins does not matter:
  lags are unrolled about their circular mean before the median is taken.
- Taps further than three scaled median absolute deviations from the median are dropped, once: slips, and clicks that
  were answered instead of met.

How good it is: 20 taps that spread by 25 ms give their median to 7 ms. What is left is systematic: people differ in
anticipation by some 20 ms, keyboards in delay by as much. Ask no more of it than 30 ms.

When it fails: taps midway between clicks are as steady as good ones, and off by 375 ms. Sound that is heard 700 ms
late or later is taken for sound 750 ms sooner. Taps with every other click are too few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coach.errors import TapsError
from coach.model import FloatArray

PERIOD_S = 0.75
COUNT_IN = 4
TAPS = 20
"""So many are reckoned with."""

ANTICIPATION_MS = 40.0
"""Taps lead the click that they go with by 30 to 50 ms (Aschersleben & Prinz 1995, doi 10.3758/BF03213056)."""
KEY_MS = 20.0
"""Keyboards take 11 to 73 ms to report a key, most of them less than 30 (Shimizu 2002, doi 10.3758/BF03195452)."""

EARLIEST_S = 0.15
DEVIATIONS = 3.0
SCALE = 1.4826
"""Of a median absolute deviation to a standard deviation, where deviations are normal."""
STEADY_MS = 50.0
"""Taps this near to the median are kept, however well the others agree: times may come in coarse steps."""
MOST_SPREAD_MS = 40.0
MOST_DROPPED = 5
MOST_MS = 600.0
"""The most that `audio.latency_ms` can be."""
NONE_MS = 50.0
"""A latency below zero by no more than this is none: somebody who anticipates more than others."""

AGAIN = "try again with the sound louder, tapping with every click, not after it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What taps tell.

    Parameters
    ----------
    latency_ms : how much later than aimed at a click is heard; 0 to 600.
    spread_ms : standard deviation of the lags, estimated by their median absolute deviation.
    kept, dropped : how many taps it rests on, and how many were too far off.
    """

    latency_ms: float
    spread_ms: float
    kept: int
    dropped: int


def counted(taps_s: Sequence[float], first_s: float) -> list[float]:
    """Give the taps that count, `TAPS` at most: those after the count-in that do not come on the heels of another.

    Parameters
    ----------
    taps_s : host times, ascending.
    first_s : host time at which the first click of the count-in was aimed.
    """
    begins_s = first_s + COUNT_IN * PERIOD_S - EARLIEST_S
    apart = pairwise((-math.inf, *taps_s))
    return [tap_s for last_s, tap_s in apart if tap_s >= begins_s and tap_s - last_s >= PERIOD_S / 2][:TAPS]


def calibration(taps_s: Sequence[float], first_s: float) -> Calibration:
    """Reckon how late clicks were heard.

    Parameters
    ----------
    taps_s : host times, ascending.
    first_s : host time at which the first click of the count-in was aimed.

    Raises
    ------
    TapsError
        When too few taps count, when they are too scattered, or when what comes of them cannot be.
    """
    taps = counted(taps_s, first_s)
    if len(taps) < TAPS:
        raise TapsError(f"only {len(taps)} taps of {TAPS} were made in time", hint=AGAIN)
    lags_ms = _unrolled_ms(np.array(taps) - first_s)
    off_ms = np.abs(lags_ms - np.median(lags_ms))
    spread_ms = SCALE * float(np.median(off_ms))
    if spread_ms > MOST_SPREAD_MS:
        raise TapsError(f"the taps are too scattered: by {spread_ms:.0f} ms", hint=AGAIN)
    kept_ms = lags_ms[off_ms <= max(DEVIATIONS * spread_ms, STEADY_MS)]
    dropped = TAPS - len(kept_ms)
    if dropped > MOST_DROPPED:
        raise TapsError(f"the taps are too scattered: {dropped} of {TAPS} are far from the others", hint=AGAIN)
    latency_ms = _latency_ms(float(np.median(kept_ms)))
    return Calibration(latency_ms=latency_ms, spread_ms=spread_ms, kept=len(kept_ms), dropped=dropped)


def _unrolled_ms(after_s: FloatArray) -> FloatArray:
    """Give lags behind the beats that lie together, but for whole periods of all of them; shape of `after_s`."""
    turns = after_s / PERIOD_S
    middle = np.angle(np.mean(np.exp(2j * np.pi * turns))) / (2 * np.pi)
    apart = turns - middle
    unrolled: FloatArray = (middle + apart - np.round(apart)) * PERIOD_S * 1000
    return unrolled


def _latency_ms(lag_ms: float) -> float:
    """Give the latency that a lag means, or refuse what cannot be."""
    lag_ms = (lag_ms + EARLIEST_S * 1000) % (PERIOD_S * 1000) - EARLIEST_S * 1000
    latency_ms = lag_ms + ANTICIPATION_MS - KEY_MS
    if latency_ms < -NONE_MS:
        raise TapsError(f"the taps are {-lag_ms:.0f} ms ahead of the clicks, which cannot be heard so soon", hint=AGAIN)
    if latency_ms > MOST_MS:
        raise TapsError(f"the taps are {lag_ms:.0f} ms behind the clicks; at most {MOST_MS:.0f} can be set", hint=AGAIN)
    return max(0.0, latency_ms)
