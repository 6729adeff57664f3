"""Steps: tempo-guided peaks of how hard the body is shaken, each committed once.

Two measures of shaking, because bodies are shaken in two ways:

* `Sway`, for a sensor that feels both feet alike (waist, sacrum, chest): the magnitude of acceleration, band-passed
  to one hump a step. Against a force plate the hump comes 55 to 73 ms after contact.
* `Jolt`, for a sensor that feels one foot (foot, ankle, shank; a wrist or a pocket seems so too): the strength of
  what is faster than 10 Hz, which is the impact, one hump a stride at the contact itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coach.dsp.filters import SosFilter
from coach.dsp.resample import GRID_HZ
from coach.dsp.tempo import parabolic_peak
from coach.model import FloatArray

REFRACTORY = 0.7
"""Of a period: no contact follows another sooner."""

EARLY = 0.85
"""Of a period: a peak before this is not taken until the expected time is over."""

CONFIRM = 0.2
CONFIRM_S = 0.08
"""A peak stands when nothing higher has come for this share of a period, or for this long, whichever is less."""

WEAKEST = 0.35
"""Of the usual peak: lower ones are not contacts."""

SWAY_LAG_S = 0.062
"""From contact to the hump at the sacrum: eight force-plate trials at 2.5 to 4.2 m/s gave 55 to 73 ms. With this the
steps of each of them are within 10 ms of contact, in the median."""


class Sway:
    """The magnitude of acceleration between 1.2 and 8 Hz: one hump a step on the trunk.

    `push` takes grid samples, shape (n, 3), and gives the strength, shape (n, 1); `lag_s` is the time from a contact
    to its hump in the stream.
    """

    def __init__(self) -> None:
        self._filter = SosFilter(2, (1.2, 8.0), "bandpass", GRID_HZ)
        self._rates_hz = np.linspace(0.6, 4.2, 73)
        self._delays_s = self._filter.phase_delay_s(self._rates_hz)

    def push(self, acc_g: FloatArray) -> FloatArray:
        return self._filter.push(np.sqrt(np.square(acc_g).sum(axis=1, keepdims=True)))

    def lag_s(self, humps_per_s: float) -> float:
        return SWAY_LAG_S + float(np.interp(humps_per_s, self._rates_hz, self._delays_s))

    def reset(self) -> None:
        self._filter.reset()


class Jolt:
    """The strength of what is faster than 10 Hz on all axes, smoothed at 8 Hz: one hump an impact. Used as `Sway`."""

    def __init__(self) -> None:
        self._fast = SosFilter(2, 10.0, "highpass", GRID_HZ)
        self._smooth = SosFilter(2, 8.0, "lowpass", GRID_HZ)
        self._lag_s = float(self._smooth.phase_delay_s(np.array([1.4]))[0])

    def push(self, acc_g: FloatArray) -> FloatArray:
        power = np.square(self._fast.push(acc_g)).sum(axis=1, keepdims=True)
        strength: FloatArray = np.sqrt(np.maximum(self._smooth.push(power), 0.0))
        return strength

    def lag_s(self, humps_per_s: float) -> float:
        return self._lag_s

    def reset(self) -> None:
        self._fast.reset()
        self._smooth.reset()


class PeakPicker:
    """Commits one peak of each period, shortly after it: the one that is high and where it is expected.

    A peak counts by its height times how near it is to a period after the last contact. One that comes early waits
    until the expected time is over, in case a better one follows.

    Latency: up to 80 ms after the peak, a whole period for the first. Failure modes: when two humps of one contact
    are equally good it may switch between them; a period that is wrong by more than 30 % merges or splits contacts,
    which is why it is given the very tempo that the cadence comes from.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the past, after a gap or when the runner stopped."""
        self._last: float | None = None
        self._usual = 0.0
        self._best: _Peak | None = None

    def push(self, values: FloatArray, first: int, period: float) -> Iterator[float]:
        """Look at new samples; yield the places (grid index, fractional) of the peaks that are certain now.

        Parameters
        ----------
        values : shape (n + 2,), the new samples after the last two that were looked at before.
        first : grid index of values[0].
        period : samples from one contact to the next.
        """
        for i in range(1, len(values) - 1):
            height = float(values[i])
            if height >= values[i - 1] and height > values[i + 1]:
                self._consider(first + parabolic_peak(values, i), height, period)
            if self._best is not None and first + i >= self._certain_from(self._best.place, period):
                peak, self._best = self._best, None
                self._last = peak.place
                self._usual = peak.height if self._usual == 0 else 0.8 * self._usual + 0.2 * peak.height
                yield peak.place

    def _consider(self, place: float, height: float, period: float) -> None:
        if height <= WEAKEST * self._usual or self._periods(place, period) < REFRACTORY:
            return
        worth = height * max(0.1, 1 - 2 * abs(self._periods(place, period) - 1))
        if self._best is None or worth > self._best.worth:
            self._best = _Peak(place, height, worth)

    def _periods(self, place: float, period: float) -> float:
        """Give how many periods a place is after the last contact; 1 where there was none."""
        return 1.0 if self._last is None else (place - self._last) / period

    def _certain_from(self, place: float, period: float) -> float:
        if self._last is None:
            return place + period
        if self._periods(place, period) < EARLY:
            return self._last + period * (2 - EARLY)
        return place + min(CONFIRM * period, CONFIRM_S * GRID_HZ)


@dataclass(frozen=True, slots=True)
class _Peak:
    place: float
    height: float
    worth: float
