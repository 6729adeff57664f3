"""Streaming Butterworth filters from scipy.signal, with state carried between blocks.

A filter starts at the steady state of its first sample, so that gravity is not a 1 g step, and is reset after a gap.

One `lfilter` over the whole transfer function costs a sixth of `sosfilt` on the short blocks of a live stream. Sections
of second order are for filters whose rounding shows: with four poles, a low-pass at 28 Hz differs from its sections by
1e-13 g at 500 Hz and by 4e-9 g at 8 kHz.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import signal

from coach.model import FloatArray

Band = Literal["bandpass", "lowpass", "highpass"]


class Butterworth:
    """A filter over the columns of a stream.

    Parameters
    ----------
    order : order of the prototype (a band-pass has twice as many poles); up to four poles.
    edges_hz : one edge, or two for a band-pass.
    band : kind of filter.
    rate_hz : rate of the stream.

    Notes
    -----
    Causal: its output lags by `phase_delay_s`, which depends on frequency.
    """

    def __init__(self, order: int, edges_hz: float | tuple[float, float], band: Band, rate_hz: float) -> None:
        self._form: tuple[FloatArray, FloatArray] = signal.butter(order, edges_hz, btype=band, fs=rate_hz)
        self._rest: FloatArray = signal.lfilter_zi(*self._form)
        self._rate_hz = rate_hz
        self._state: FloatArray | None = None

    def push(self, rows: FloatArray) -> FloatArray:
        """Filter rows, shape (n, columns), each column alone."""
        if len(rows) == 0:
            return rows
        if self._state is None:
            self._state = self._rest[:, None] * rows[0]
        rows, self._state = signal.lfilter(*self._form, rows, axis=0, zi=self._state)
        return rows

    def phase_delay_s(self, frequencies_hz: FloatArray) -> FloatArray:
        """Give the delay of a sine at each frequency, seconds, shape as given."""
        frequencies, response = signal.freqz(*self._form, worN=frequencies_hz, fs=self._rate_hz)
        delay: FloatArray = -np.unwrap(np.angle(response)) / (2 * np.pi * frequencies)
        return delay

    def reset(self) -> None:
        """Forget the past: the next sample is a new start."""
        self._state = None
