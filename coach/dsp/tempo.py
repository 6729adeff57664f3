"""The stride period by self-similarity: how well the last strides repeat themselves, at every plausible lag.

All three axes together, so orientation does not matter, and strides rather than steps, because on a wrist, a foot or
a shank left and right look nothing like each other while one stride looks like the next wherever the sensor sits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from coach.dsp.resample import GRID_HZ
from coach.model import FloatArray

FASTEST_SPM = 240.0
SLOWEST_SPM = 76.0
WINDOW_S = 4.0
SHORTEST_WINDOW_S = 2.0
STRONG = 0.9
STRONG_IF_KNOWN = 0.6
NEAR = 0.12
"""A lag is strong when it matches nearly as well as the best one; within 12 % of the known stride less will do."""

RUNNING_SPM = 150.0
RUNNING_G = 0.5
"""Faster than this is running, and running shakes the body more than this wherever the sensor sits."""

_SHORTEST_OVERLAP = 40


@dataclass(frozen=True, slots=True)
class Tempo:
    """What the last seconds say.

    Parameters
    ----------
    stride_s : stride period, None where nothing repeats.
    stride_match : correlation of the signal with itself a stride later, -1 to 1.
    vibration_g : root mean square of the band-passed acceleration over the last second, all axes.
    """

    stride_s: float | None
    stride_match: float
    vibration_g: float


class StrideTempo:
    """Estimates the stride period from the newest seconds of band-passed acceleration on the grid.

    Two stages. Coarse: normalised autocorrelation over up to 4 s; the shortest lag whose peak reaches 90 % of the
    highest is the stride. For running this resolves the octave, as half a stride is then out of range; a walker's
    half stride is not, so a running tempo is believed only where the body is shaken as running shakes it.
    Fine: the same over the last two strides only, within 12 % of the coarse lag, with a parabola through the peak.

    Data needed: 2 s. Latency: the estimate describes the middle of its last three strides, about 1 s ago. Failure
    modes: a vigorous walk whose left and right steps look alike reads double; a change of pace within three strides
    is blurred; anything rhythmic in the band is taken for gait. `coach.dsp.cadence` gates what it can.
    """

    def __init__(self) -> None:
        self._lags = np.arange(round(120 / FASTEST_SPM * GRID_HZ), round(120 / SLOWEST_SPM * GRID_HZ) + 1)

    def estimate(self, acc_g: FloatArray, known_s: float | None = None) -> Tempo:
        """Estimate from the newest `acc_g`, shape (n, 3), n samples of the grid.

        `known_s` is the stride period of a moment ago: a lag near it is believed on less evidence than a longer one,
        because a disturbed stride looks like every second one.
        """
        vibration_g = float(np.sqrt(np.square(acc_g[-round(GRID_HZ) :]).sum(axis=1).mean()))
        match = self_similarity(acc_g, int(self._lags[-1]) + 2)
        fastest_spm = FASTEST_SPM if vibration_g >= RUNNING_G else RUNNING_SPM
        stride = self._shortest_strong_peak(match, fastest_spm, known_s)
        if stride is None:
            return Tempo(None, 0.0, vibration_g)
        fine = self._refine(acc_g, stride)
        return Tempo(fine / GRID_HZ, float(match[stride]), vibration_g)

    def _shortest_strong_peak(self, match: FloatArray, fastest_spm: float, known_s: float | None) -> int | None:
        lags = self._lags[(self._lags < len(match) - 1) & (self._lags >= 120 / fastest_spm * GRID_HZ)]
        inside = match[lags]
        peaks = lags[(inside > match[lags - 1]) & (inside >= match[lags + 1]) & (inside > 0.2)]
        if len(peaks) == 0:
            return None
        enough = np.full(len(peaks), STRONG)
        if known_s is not None:
            enough[np.abs(peaks / (known_s * GRID_HZ) - 1) < NEAR] = STRONG_IF_KNOWN
        return int(peaks[match[peaks] >= enough * match[peaks].max()][0])

    def _refine(self, acc_g: FloatArray, stride: int) -> float:
        reach = max(3, round(0.12 * stride))
        lags = np.arange(stride - reach, min(stride + reach, len(acc_g) - _SHORTEST_OVERLAP) + 1)
        length = min(2 * stride, len(acc_g) - int(lags[-1]))
        stretches = sliding_window_view(acc_g, length, axis=0)[len(acc_g) - length - lags]
        product = np.einsum("lan,na->l", stretches, acc_g[-length:])
        match = product / np.sqrt(np.square(stretches).sum(axis=(1, 2)) + 1e-12)
        return float(lags[0]) + parabolic_peak(match, int(match.argmax()))


def self_similarity(acc_g: FloatArray, lags: int) -> FloatArray:
    """Correlate a signal, shape (n, axes), with itself at lags 0 to lags - 1: 1 where it repeats exactly.

    Each lag is normalised by the energies of the two stretches that it compares.
    """
    n = len(acc_g)
    lags = min(lags, n - _SHORTEST_OVERLAP)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(acc_g, size, axis=0)
    product = np.fft.irfft((spectrum * spectrum.conj()).real.sum(axis=1), size)[:lags]
    energy = np.concatenate(([0.0], np.square(acc_g).sum(axis=1).cumsum()))
    lag = np.arange(lags)
    early, late = energy[n - lag], energy[n] - energy[lag]
    match: FloatArray = product / np.sqrt(early * late + 1e-12)
    return match


def parabolic_peak(values: FloatArray, i: int) -> float:
    """Give the place of the maximum near index `i`, between samples, by a parabola through three points."""
    if not 0 < i < len(values) - 1:
        return float(i)
    left, middle, right = values[i - 1], values[i], values[i + 1]
    bend = left - 2 * middle + right
    return i + float(0.5 * (left - right) / bend) if bend < 0 else float(i)
