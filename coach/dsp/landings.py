"""What landings do to a signal: they make it loud at their time, stride by stride, here of one foot and there of both.

Each figure looks at some seconds of the grid and at a stride; none needs to know where in the stride a foot lands.
Where samples were lost a line lies in their place, on which nobody lands: what is compared leaves out those moments.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from coach.dsp.axes import energies
from coach.dsp.contacts import CONTEXT, jolts
from coach.model import FloatArray

Sampled = NDArray[np.bool_] | None

REACH = 2
"""In grid samples: strides differ by so much, and loudness is a matter of single samples."""

NEAR_HALF = 0.1
"""In strides: the other foot lands half a stride later, give or take so much."""


def hardness(acc_g: FloatArray, rms_g: float) -> float:
    """Give the strength of the jolts in some seconds of signal, in units of its root mean square.

    At a foot or shank 4 to 15, at a thigh 2 to 4, at the trunk 1 to 2, at a wrist 0.6; less for sensors under 50 Hz.
    """
    if len(acc_g) <= CONTEXT:
        return 0.0
    strength = jolts(acc_g)
    top = len(strength) - 1 - len(strength) // 40
    return math.sqrt(np.partition(strength, top)[top]) / (rms_g + 1e-12)


def keeping_time(signal_g: FloatArray, lag: float, sampled: Sampled = None) -> float:
    """Tell how well the loudness of what is quick comes again, as a correlation.

    Of the band-passed signal all that is quick in a step counts, and little of the sensor's noise; of the signal as it
    was felt the impacts count most.

    Parameters
    ----------
    signal_g : shape (n, 3), band-passed or not. lag : a stride, or what is to be compared with one, in samples.
    sampled : shape (n,), False where samples were lost; None where none were.
    """
    heard = None if sampled is None else np.convolve(sampled, np.ones(CONTEXT + 1), "valid") > CONTEXT
    return _again(np.sqrt(jolts(signal_g)), lag, REACH, heard)


def evenness(acc_g: FloatArray, stride: float, sampled: Sampled = None) -> float:
    """Tell how well the strength of what is felt, gravity included, comes again half a stride later, as a correlation.

    Strength does not know how a limb turns. What lifts and drops it twice a stride has 1, what pushes it once has -1.
    """
    return _again(np.sqrt(energies(acc_g)), stride / 2, REACH // 2, sampled)


def other_foot(acc_g: FloatArray, stride: float) -> float:
    """Give how loud the mean stride is half a stride after its loudest moment, as a share, both over its quiet half.

    Beside one foot hardly anything, at a trunk about 1; at a foot that lands together with the other one, 0.5 to 1.
    """
    loud = np.sqrt(jolts(acc_g))
    spots = len(loud) - 1 - np.arange(int(stride))[:, None] - stride * np.arange(max(int(len(loud) / stride), 1))
    mean = loud[np.clip(np.rint(spots).astype(np.intp), 0, None)].mean(axis=1)
    loudest, quiet = int(mean.argmax()), float(np.median(mean))
    half = np.arange(round((0.5 - NEAR_HALF) * stride), round((0.5 + NEAR_HALF) * stride) + 1)
    other = float(mean[(loudest + half) % len(mean)].max())
    return (other - quiet) / (float(mean[loudest]) - quiet + 1e-12)


def _again(x: FloatArray, lag: float, reach: int, sampled: Sampled) -> float:
    """Correlate with itself so many samples later, or a few more or less; 0 where too little is left."""
    lags = [lag for lag in range(round(lag) - reach, round(lag) + reach + 1) if lag < len(x)]
    if sampled is None:
        x = x - x.mean()
        return max((_correlation(x[lag:], x[:-lag]) for lag in lags), default=0.0)
    x = np.where(sampled, x - x.mean(where=sampled) if sampled.any() else x, 0.0)
    return max((_correlation(x[lag:] * sampled[:-lag], x[:-lag] * sampled[lag:]) for lag in lags), default=0.0)


def _correlation(one: FloatArray, other: FloatArray) -> float:
    return float(one @ other) / math.sqrt(float(one @ one) * float(other @ other) + 1e-12)
