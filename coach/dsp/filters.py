"""Streaming filters: second-order sections from scipy.signal with state carried between blocks.

Each section is run by `lfilter`, which is what `sosfilt` does to a block, without its overhead a call:
blocks of a live stream are short.

A filter starts at the steady state of its first sample, so that gravity is not a 1 g step, and is reset after a gap.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import signal

from coach.model import FloatArray

Band = Literal["bandpass", "lowpass", "highpass"]


class SosFilter:
    """A Butterworth filter over the columns of a stream.

    Parameters
    ----------
    order : order of the prototype (a band-pass has twice as many poles).
    edges_hz : one edge, or two for a band-pass.
    band : kind of filter.
    rate_hz : rate of the stream.

    Notes
    -----
    Causal: its output lags by `phase_delay_s`, which depends on frequency.
    """

    def __init__(self, order: int, edges_hz: float | tuple[float, float], band: Band, rate_hz: float) -> None:
        self._sos: FloatArray = signal.butter(order, edges_hz, btype=band, fs=rate_hz, output="sos")
        self._rest: FloatArray = signal.sosfilt_zi(self._sos)
        self._rate_hz = rate_hz
        self._state: list[FloatArray] | None = None

    def push(self, rows: FloatArray) -> FloatArray:
        """Filter rows, shape (n, columns), each column alone."""
        if len(rows) == 0:
            return rows
        if self._state is None:
            self._state = list(self._rest[:, :, None] * rows[0])
        for i, section in enumerate(self._sos):
            rows, self._state[i] = signal.lfilter(section[:3], section[3:], rows, axis=0, zi=self._state[i])
        return rows

    def phase_delay_s(self, frequencies_hz: FloatArray) -> FloatArray:
        """Give the delay of a sine at each frequency, seconds, shape as given."""
        frequencies, response = signal.sosfreqz(self._sos, worN=frequencies_hz, fs=self._rate_hz)
        delay: FloatArray = -np.unwrap(np.angle(response)) / (2 * np.pi * frequencies)
        return delay

    def reset(self) -> None:
        """Forget the past: the next sample is a new start."""
        self._state = None
