"""The rhythm of the last seconds by self-similarity: how well the signal repeats itself, at every plausible stride.

All three axes together, so orientation does not matter, and strides rather than steps, because on a wrist, a foot or
a shank left and right look nothing like each other while one stride looks like the next wherever the sensor sits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coach.dsp.axes import energies
from coach.dsp.resample import GRID_HZ
from coach.dsp.strides import parabolic_peak
from coach.model import FloatArray

FASTEST_SPM = 244.0
SLOWEST_SPM = 77.0
WINDOW_S = 4.0
SHORTEST_WINDOW_S = 1.0

STRONG = 0.88
STRONG_IF_HARD = 0.8
STRONG_IF_KNOWN = 0.6
"""A lag is strong when it matches nearly as well as the best one. Less will do where the body is shaken as running
shakes it, and for the stride of a moment ago beside its multiples: a disturbed stride looks like every second one."""

HARD_G = 0.75
"""Running shakes this hard, and walking where left and right look alike does not."""

NEAR = 0.1
"""A lag this near to the known stride, as a share, is the known one."""

WEAKEST = 0.3
"""Less is no peak."""

OVERLAP = 0.3
"""Of the energy: a lag that leaves less to compare says nothing."""

SLOWEST_STEP_S = 0.8
"""A longer period is no single step."""

_QUICKEST, _QUICK = 2, 11
"""Lags that are shorter than any step, 0.04 to 0.22 s."""

_EVERY = 2
_RATE_HZ = GRID_HZ / _EVERY
_SIZE = 512
_TURNS_HZ = 2 * np.pi * _RATE_HZ / _SIZE * np.arange(_SIZE // 2 + 1)
"""Of the power spectrum, in radians a second."""

LEAST = 0.04
"""Of the energy: a difference of left and right that is smaller is none."""

ENOUGH = 0.1
"""Of the energy: what a lag must leave for the difference of left and right to be compared over three steps."""


@dataclass(frozen=True, eq=False)
class Rhythm:
    """What the last seconds say.

    Parameters
    ----------
    stride_s : stride period, None where nothing repeats.
    match : correlation of the signal with itself a stride later, -1 to 1.
    alike : the same half a stride later: how much left and right look alike to the sensor.
    sided : how well what left and right do differently comes again a stride later, at most 1. About 0 where there is
        no such difference but noise, below where the rhythm wanders; at a limb that feels one side, about `match`.
    quicker : correlation at the best of the lags that are shorter than any step.
    seen : share of the energy of the window in what was compared; half of it is two strides.
    rms_g : root mean square of the band-passed acceleration over the window, all axes.
    power : shape (257,), power spectrum of the window, all axes together, to 25 Hz.
    """

    stride_s: float | None
    match: float
    alike: float
    sided: float
    quicker: float
    seen: float
    rms_g: float
    power: FloatArray

    @cached_property
    def shares(self) -> FloatArray:
        """The shares of the power that repeats with the stride, at its rate and its multiples to the eighth.

        The correlation a stride later, frequency by frequency: what has no part in the rhythm, as the buzz of a road,
        is as often against it as for it and adds up to nothing.

        Returns
        -------
        Shape (8,), shares of all the power; a lag of a stride leaves out a part of the window, so they add up to less.
        """
        assert self.stride_s is not None
        repeating = self.power * np.cos(self.stride_s * _TURNS_HZ)
        edges = [round((k + 0.5) / self.stride_s * _SIZE / _RATE_HZ) + 1 for k in range(9)]
        shares: FloatArray = np.add.reduceat(repeating, edges)[:-1] / (self.power.sum() + 1e-12)
        return np.maximum(shares, 0.0)


class StrideTempo:
    """Estimates the stride period from the newest seconds of band-passed acceleration on the grid.

    Normalised autocorrelation; the shortest lag whose peak is nearly the highest is the stride. For running this
    resolves the octave, as half a stride is then out of range. A walker's half stride is not, and on the trunk it
    looks like a stride of a runner at twice the cadence; those two differ in how hard they shake the body.

    Data needed: 1 s; a lag is believed once 30 % of the energy lies in what it compares. Latency: the estimate
    describes the middle of the window. Failure modes: a walk that shakes as hard as a run, with left and right steps
    that look alike, reads double; anything that is rhythmic in the band is taken for strides: `coach.dsp.gate` judges.
    """

    def __init__(self, *, one_footed: bool = False) -> None:
        self._one_footed = one_footed
        self._shortest = round(120 / FASTEST_SPM * _RATE_HZ)
        self._longest = round(120 / SLOWEST_SPM * _RATE_HZ) + 2

    def estimate(self, motion: FloatArray, known_s: float | None = None) -> Rhythm:
        """Estimate from the newest samples of the grid, shape (n, 3), at most 5 s of them.

        `known_s` is the stride of a moment ago.
        """
        x = motion[::-_EVERY][::-1]
        n = len(x)
        spectrum = np.fft.rfft(np.ascontiguousarray(x.T), _SIZE)
        power = (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
        energy = np.zeros(n + 1)
        energies(x).cumsum(out=energy[1:])
        rms_g = math.sqrt(float(energy[-1]) / n)
        lags = max(3, min(self._longest, n - 3))
        product = np.fft.irfft(power, _SIZE)[:lags]
        early, late = energy[: n - lags : -1], energy[n] - energy[:lags]
        match = product / np.sqrt(early * late + 1e-12)
        match[early + late < 2 * OVERLAP * energy[-1]] = 0.0
        best = self._shortest_strong_peak(match, rms_g, known_s)
        if best is None:
            return _nothing(rms_g, power)
        quick = match[_QUICKEST : _QUICK + 1]
        quicker = ((quick[1:-1] > quick[:-2]) & (quick[1:-1] >= quick[2:])).nonzero()[0]
        half = match[int(0.46 * best) : int(0.54 * best) + 2].max()
        stride = parabolic_peak(match, best)
        return Rhythm(
            stride_s=stride / _RATE_HZ,
            match=float(match[best]),
            alike=float(half),
            sided=_sided(power, energy, stride),
            quicker=float(quick[1 + quicker].max()) if len(quicker) else 0.0,
            seen=float(early[best] + late[best]) / (2 * float(energy[-1]) + 1e-12),
            rms_g=rms_g,
            power=power,
        )

    def _shortest_strong_peak(self, match: FloatArray, rms_g: float, known_s: float | None) -> int | None:
        first = self._shortest
        inside = match[first:-1]
        is_peak = (inside > match[first - 1 : -2]) & (inside >= match[first + 1 :]) & (inside > WEAKEST)
        peaks = {first + peak: float(inside[peak]) for peak in is_peak.nonzero()[0].tolist()}
        if not peaks:
            return None
        best = max(peaks, key=peaks.__getitem__)
        enough = STRONG if rms_g < HARD_G else STRONG_IF_HARD
        known = known_s * _RATE_HZ if known_s is not None and _is_multiple(best / (known_s * _RATE_HZ)) else math.inf
        strong = [
            peak
            for peak, height in peaks.items()
            if height >= (STRONG_IF_KNOWN if abs(peak / known - 1) < NEAR else enough) * peaks[best]
        ]
        if not strong:
            return None
        if self._one_footed or _between_walk_and_run_g(strong[0] / _RATE_HZ) <= rms_g:
            return strong[0]
        return next((peak for peak in strong if abs(peak / (2 * strong[0]) - 1) < NEAR), None)


def _nothing(rms_g: float, power: FloatArray) -> Rhythm:
    return Rhythm(stride_s=None, match=0.0, alike=0.0, sided=0.0, quicker=0.0, seen=0.0, rms_g=rms_g, power=power)


def _sided(power: FloatArray, energy: FloatArray, stride: float) -> float:
    """Correlate the difference of each step and the one before with that of a stride later.

    That takes the correlations r of the signal after one, two and three steps: (2 r2 - r1 - r3) / (2 - 2 r1). A rhythm
    without sides loses as much with the third step as with the second, so nothing is left.
    """
    turns = np.cos(0.5 * stride / _RATE_HZ * _TURNS_HZ)
    once = power * turns
    total, c1, c2, c3 = power.sum(), power @ turns, once @ turns, once @ (turns * turns)
    sums = (c1, 2 * c2 - total, 4 * c3 - 3 * c1)  # the cosines of twice and thrice an angle, by those of the angle
    kept = [_kept(energy, round(0.5 * steps * stride)) for steps in (1, 2, 3)]
    r1, r2, r3 = (float(each / (total * share + 1e-12)) for each, share in zip(sums, kept, strict=True))
    if kept[2] < ENOUGH:
        r3 = r1
    return (2 * r2 - r1 - r3) / max(2 - 2 * r1, LEAST)


def _kept(energy: FloatArray, lag: int) -> float:
    """Give the share of the energy that a lag leaves to compare."""
    lag = min(lag, len(energy) - 1)
    early, late, whole = float(energy[-1 - lag]), float(energy[-1] - energy[lag]), float(energy[-1])
    return math.sqrt(early * late) / (whole + 1e-12)


def _is_multiple(strides: float) -> bool:
    return round(strides) >= 2 and abs(strides / round(strides) - 1) < NEAR


def _between_walk_and_run_g(stride_s: float) -> float:
    """Give what shakes less than this at a stride is rather a walk whose *step* lasts so long, than a run.

    Walking shakes about 0.32 g (root mean square, all axes, at the trunk or the arm) at 110 steps a minute, and grows
    with the square of the cadence; running about 0.85 g at any. Between the two, in the geometric middle.
    """
    if stride_s > SLOWEST_STEP_S:
        return 0.0
    walk_g = 0.32 * (60 / stride_s / 110) ** 2
    return math.sqrt(walk_g * 0.85)
