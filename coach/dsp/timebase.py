"""When each sample was taken, on the axis of the run.

Intervals come from device stamps, or from counting, never from a nominal rate or from single arrivals: a sensor clock
that is 1 % off shifts cadence by 1 %, a late notification not at all. Two questions are answered apart:

* *Stamps*: `coach.dsp.clocks` places the samples of each kind of device. Samples of recordings and of the simulated
  runner are on the axis of the run already.
* *Host delay*: how much later than the stamp a sample can be known at the earliest. Radio delays only ever add, so
  it is the lower envelope of arrival minus stamp. It serves phase (where to put a click), never cadence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, assert_never

import numpy as np

from coach.dsp.clocks import CountedClock, FrameClock, SeriesClock
from coach.model import FloatArray, Frame, Samples, Series

ENVELOPE_S = 15.0
"""The envelope looks back one to two of these: long enough to meet an undelayed packet, short enough for drift."""

LOST_PERIODS = 3.5
"""A longer step, in periods, between samples that come in frames is a frame that was lost."""


class Stamped(NamedTuple):
    """Samples on the run's axis, strictly increasing: a tuple, for one is made of every frame, and twice more of some.

    Parameters
    ----------
    t_s : shape (n,). at_s : shape (n,), arrivals. acc_g : shape (n, 3).
    delay_s : shape (n,), the host delay as it was known when each sample arrived.
    """

    t_s: FloatArray
    at_s: FloatArray
    acc_g: FloatArray
    delay_s: FloatArray


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames that did not come: nothing was sampled from `t_s` for `length_s`."""

    t_s: float
    length_s: float


class Timebase:
    """Stamps the samples of one sensor.

    Failure modes: those of `coach.dsp.clocks`; a device whose clock jumps forward a little shows a gap that was none.
    Stamps that stand still or run back are dropped and counted in `dropped`.

    Parameters
    ----------
    nominal_rate_hz : that the stream was started with; frames with a stamp need it.
    """

    def __init__(self, nominal_rate_hz: float | None = None) -> None:
        self._counted: CountedClock | None = None
        self._last_s = -math.inf
        self.dropped = 0
        self.reconnect(nominal_rate_hz)

    def reconnect(self, nominal_rate_hz: float | None) -> None:
        """Begin again with a device whose clock may have started anew; time on the run's axis still only advances."""
        self._nominal_rate_hz = nominal_rate_hz
        self._series = SeriesClock()
        self._frames = None if nominal_rate_hz is None else FrameClock(nominal_rate_hz)
        if self._counted is not None:
            self._counted.restart()
        self._minima_s = (math.inf, math.inf)
        self._stretch = -math.inf
        self._losses: list[Loss] = []

    def push(self, reading: Samples | Series | Frame) -> Stamped:
        """Stamp a reading; rows that do not advance time are left out, and those that wait come with a later one.

        Raises
        ------
        ValueError
            For a frame with a stamp when there is no nominal rate.
        """
        period_s = math.inf  # of what may not have lost frames
        match reading:
            case Samples():
                return self._stamped(reading)
            case Series():
                samples, is_new = self._series.place(reading)
            case Frame(last_s=None, first_s=None):
                if self._counted is None:
                    self._counted = CountedClock(self._nominal_rate_hz)
                samples, is_new = self._counted.place(reading)
                period_s = self._counted.period_s
            case Frame():
                if self._frames is None:
                    raise ValueError("frames with one stamp need the rate that the stream was started with")
                samples, is_new = self._frames.place(reading)
                period_s = self._frames.period_s
            case _:
                assert_never(reading)
        if is_new:
            self._minima_s = (math.inf, math.inf)
        before_s = self._last_s
        stamped = self._stamped(samples)
        if not is_new:
            self._note_losses(before_s, stamped.t_s, period_s)
        return stamped

    def take_losses(self) -> list[Loss]:
        """Give what was found missing since the last call, where samples come in frames."""
        losses, self._losses = self._losses, []
        return losses

    def _note_losses(self, before_s: float, t_s: FloatArray, period_s: float) -> None:
        """Take note of holes that are longer than a few samples; single samples are not lost, frames are."""
        t_s = np.concatenate(([before_s], t_s))
        steps_s = t_s[1:] - t_s[:-1]
        for i in ((steps_s > LOST_PERIODS * period_s) & (steps_s < math.inf)).nonzero()[0]:
            self._losses.append(Loss(float(t_s[i]), float(steps_s[i])))

    def _stamped(self, samples: Samples) -> Stamped:
        t_s, at_s, acc_g = self._advancing(samples)
        return Stamped(t_s, at_s, acc_g, self._host_delay_s(t_s, at_s))

    def _advancing(self, samples: Samples) -> tuple[FloatArray, FloatArray, FloatArray]:
        t_s, at_s, acc_g = samples.device_s, samples.at_s, samples.acc_g
        if len(t_s) and t_s[0] > self._last_s and (t_s[1:] > t_s[:-1]).all():
            self._last_s = float(t_s[-1])
            return t_s, at_s, acc_g
        highest_s = np.maximum.accumulate(np.concatenate(([self._last_s], t_s)))
        self._last_s = float(highest_s[-1])
        fresh = t_s > highest_s[:-1]
        self.dropped += int((~fresh).sum())
        return t_s[fresh], at_s[fresh], acc_g[fresh]

    def _host_delay_s(self, t_s: FloatArray, at_s: FloatArray) -> FloatArray:
        """Lower envelope of arrival minus stamp over this stretch of time and the one before it."""
        delay_s = at_s - t_s
        if len(delay_s) == 0:
            return delay_s
        first = float(t_s[0]) // ENVELOPE_S
        if first == float(t_s[-1]) // ENVELOPE_S:
            return self._lowest_s(first, delay_s)
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
        before_s, lowest_s = self._minima_s
        envelope_s: FloatArray = np.minimum.accumulate(delay_s)
        self._minima_s = (before_s, min(lowest_s, float(envelope_s[-1])))
        return np.minimum(envelope_s, min(before_s, lowest_s))


class FirstRate:
    """Samples a second over the first seconds of a stream, measured once.

    Parameters
    ----------
    over_s : so long.

    Attributes
    ----------
    hz : None until it is known. known_s : stamp of the sample with which it was.
    """

    def __init__(self, over_s: float) -> None:
        self.hz: float | None = None
        self.known_s = math.inf
        self._over_s = over_s
        self._first_s: float | None = None
        self._count = 0

    def push(self, t_s: FloatArray) -> int | None:
        """Take stamps; give the index of the one with which the rate is known."""
        if self.hz is not None or len(t_s) == 0:
            return None
        if self._first_s is None:
            self._first_s = float(t_s[0])
        enough = int(np.searchsorted(t_s, self._first_s + self._over_s))
        if enough == len(t_s):
            self._count += len(t_s)
            return None
        self.known_s = float(t_s[enough])
        self.hz = (self._count + enough) / (self.known_s - self._first_s)
        return enough
