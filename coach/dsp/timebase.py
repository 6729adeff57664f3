"""When each sample was taken, on the axis of the run.

Intervals come from device stamps, never from a nominal rate or from arrivals: a sensor clock that is 1 % off shifts
cadence by 1 %, a late notification not at all. Two questions are answered apart:

* *Stamps*: a frame that stamps its last sample only (Polar) is spread back to the previous frame, unless a frame was
  lost between them; then it is spread by the nominal rate and the hole stays a hole.
* *Host delay*: how much later than the stamp a sample can be known at the earliest. Radio delays only ever add, so
  it is the lower envelope of arrival minus stamp. It serves phase (where to put a click), never cadence.

A frame's device clock starts anywhere; its first frame after a connect fixes the constant that moves it onto the
run's axis. Samples that stamp each row (recordings, the simulated runner) are on the run's axis already.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coach.model import FloatArray, Frame, Samples

NEW_CLOCK_S = 1.0
"""A stamp that is further behind the one before it than this comes from a clock that was set anew."""

FAR_AHEAD_S = 5.0
"""Frames come in bunches of up to 1.4 s; a stamp that gains more than this on the host is not a clock's."""

ENVELOPE_S = 15.0
"""The envelope looks back one to two of these: long enough to meet an undelayed packet, short enough for drift."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamped:
    """Samples on the run's axis, strictly increasing.

    Parameters
    ----------
    t_s : shape (n,). at_s : shape (n,), arrivals. acc_g : shape (n, 3).
    delay_s : shape (n,), the host delay as it was known when each sample arrived.
    """

    t_s: FloatArray
    at_s: FloatArray
    acc_g: FloatArray
    delay_s: FloatArray


class Timebase:
    """Stamps the samples of one sensor.

    Failure modes: a device whose clock jumps forward a little shows a gap that was none. Stamps that stand still or run
    back are dropped and counted in `dropped`; after a jump that no clock makes it is taken as a new one.
    """

    def __init__(self, nominal_rate_hz: float | None = None) -> None:
        self._nominal_rate_hz = nominal_rate_hz
        self._epoch_s: float | None = None
        self._last_stamp_s = -math.inf
        self._last_at_s = 0.0
        self._last_s = -math.inf
        self._minima_s = (math.inf, math.inf)
        self._stretch = -math.inf
        self.dropped = 0

    def reconnect(self, nominal_rate_hz: float | None) -> None:
        """Begin again with a device whose clock may have started anew; time on the run's axis still only advances."""
        self._nominal_rate_hz = nominal_rate_hz
        self._epoch_s = None
        self._minima_s = (math.inf, math.inf)

    def push(self, reading: Samples | Frame) -> Stamped:
        """Stamp a reading; rows that do not advance time are left out."""
        samples = self._spread(reading) if isinstance(reading, Frame) else reading
        t_s, at_s, acc_g = self._advancing(samples)
        return Stamped(t_s, at_s, acc_g, self._host_delay_s(t_s, at_s))

    def _spread(self, frame: Frame) -> Samples:
        n = len(frame.acc_g)
        if self._epoch_s is None or self._is_new_clock(frame):
            self.reconnect(self._nominal_rate_hz)
            self._epoch_s = frame.at - frame.last_s
            self._last_stamp_s = -math.inf
        interval_s = self._interval_s(frame.last_s - self._last_stamp_s, n)
        self._last_stamp_s = max(self._last_stamp_s, frame.last_s)
        self._last_at_s = frame.at
        last_s = frame.last_s + self._epoch_s
        stamps_s = last_s - interval_s * np.arange(n - 1, -1, -1, dtype=np.float64)
        return Samples(at_s=np.full(n, frame.at), device_s=stamps_s, acc_g=frame.acc_g)

    def _is_new_clock(self, frame: Frame) -> bool:
        """Tell a clock that was set anew, or a stamp that is nonsense: it ran back, or far ahead of the host."""
        since_s = frame.last_s - self._last_stamp_s
        return since_s < -NEW_CLOCK_S or since_s > frame.at - self._last_at_s + FAR_AHEAD_S

    def _interval_s(self, since_s: float, n: int) -> float:
        """Official rule, (stamp - previous stamp) / n, where the frames adjoin; the nominal rate elsewhere."""
        if self._nominal_rate_hz is None:
            raise ValueError("frames that stamp only their last sample need the rate that the stream was started with")
        nominal_s = 1 / self._nominal_rate_hz
        adjoins = abs(since_s - n * nominal_s) <= 0.5 * n * nominal_s
        return since_s / n if adjoins else nominal_s

    def _advancing(self, samples: Samples) -> tuple[FloatArray, FloatArray, FloatArray]:
        t_s, at_s, acc_g = samples.device_s, samples.at_s, samples.acc_g
        highest_s = np.maximum.accumulate(np.concatenate(([self._last_s], t_s)))
        self._last_s = float(highest_s[-1])
        fresh = t_s > highest_s[:-1]
        if fresh.all():
            return t_s, at_s, acc_g
        self.dropped += int((~fresh).sum())
        return t_s[fresh], at_s[fresh], acc_g[fresh]

    def _host_delay_s(self, t_s: FloatArray, at_s: FloatArray) -> FloatArray:
        """Lower envelope of arrival minus stamp over this stretch of time and the one before it."""
        delay_s = at_s - t_s
        if len(delay_s) == 0:
            return delay_s
        stretch = np.floor(t_s / ENVELOPE_S)
        starts = np.flatnonzero(np.diff(stretch)) + 1
        parts = zip((0, *starts), np.split(delay_s, starts), strict=True)
        return np.concatenate([self._lowest_s(float(stretch[start]), part) for start, part in parts])

    def _lowest_s(self, stretch: float, delay_s: FloatArray) -> FloatArray:
        """Take delays within one stretch of time; give the envelope after each."""
        if stretch != self._stretch:
            before_s = self._minima_s[1] if stretch == self._stretch + 1 else math.inf
            self._minima_s = (before_s, math.inf)
            self._stretch = stretch
        lowest_s = np.minimum.accumulate(np.minimum(delay_s, self._minima_s[1]))
        self._minima_s = (self._minima_s[0], float(lowest_s[-1]))
        envelope_s: FloatArray = np.minimum(lowest_s, self._minima_s[0])
        return envelope_s
