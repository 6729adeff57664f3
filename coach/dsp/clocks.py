"""The clocks of sensors: from what a device says of time to a time for every sample, on the axis of the run.

Three kinds of device. Those that stamp every sample, those that stamp one sample of a frame, and those that stamp
nothing, whose samples can only be counted. A device's clock starts anywhere; the first thing that it says after a
connect is taken for now, which fixes the constant that moves its clock onto the axis of the run.

A nominal rate is a hint only (sensors are off by up to 5 %, which would be 9 steps a minute): it spreads the first
frame, and then what is measured counts.
"""

from __future__ import annotations

import math

import numpy as np

from coach.model import FloatArray, Frame, Samples, Series

NEW_CLOCK_S = 1.0
"""A stamp that is further behind the one before it than this comes from a clock that was set anew."""

FAR_AHEAD_S = 5.0
"""Frames come in bunches of up to 1.4 s; a stamp that gains more than this on the host is not a clock's."""

GAIN = 0.1
"""Nor is one that got there in small steps, by gaining more than this share: the worst are off by half as much."""


class OwnClock:
    """The clock of a device, moved onto the axis of the run: from the first stamp on, and anew when it was set anew."""

    def __init__(self) -> None:
        self._epoch_s: float | None = None
        self._last_s = -math.inf
        self._last_at_s = self._began_at_s = 0.0

    def epoch_s(self, stamp_s: float, at_s: float) -> tuple[float, bool]:
        """Give what to add to a stamp that came at `at_s`, and whether the clock began anew with it.

        It did when it ran back by more than `NEW_CLOCK_S`, or ran ahead of the host by more than `FAR_AHEAD_S`: that
        is no clock, and following it would deafen the sensor for as long.
        """
        since_s = stamp_s - self._last_s
        is_new = self._epoch_s is None or since_s < -NEW_CLOCK_S or since_s > at_s - self._last_at_s + FAR_AHEAD_S
        if self._epoch_s is None or is_new or self._races(stamp_s + self._epoch_s, at_s):
            is_new = True
            self._epoch_s = at_s - stamp_s
            self._last_s, self._began_at_s = stamp_s, at_s
        self._last_s, self._last_at_s = max(self._last_s, stamp_s), at_s
        return self._epoch_s, is_new

    def _races(self, time_s: float, at_s: float) -> bool:
        return time_s - at_s > FAR_AHEAD_S + GAIN * (at_s - self._began_at_s)


class SeriesClock:
    """Places samples that the device stamps one by one."""

    def __init__(self) -> None:
        self._clock = OwnClock()

    def place(self, series: Series) -> tuple[Samples, bool]:
        """Give the samples on the axis of the run, and whether the device's clock began anew."""
        epoch_s, is_new = self._clock.epoch_s(float(series.device_s[-1]), series.at)
        at_s = np.full(len(series.device_s), series.at)
        return Samples(at_s=at_s, device_s=series.device_s + epoch_s, acc_g=series.acc_g), is_new


SMOOTHING = 16
"""The period of a device is the mean over so many frames, about."""

ADJOIN = 0.5
"""Two frames adjoin when the time between their stamps is off by less than this share of what the samples take."""

ALIKE, ALIKE_FRAMES = 0.05, 8
"""So many frames in a row that do not adjoin, but are as far from each other within this share, are not losses: chance
that loses half of all frames loses just one between each two so often once in 65 000 frames."""


class FrameClock:
    """Places frames that stamp one of their samples.

    A frame whose *last* sample is stamped (Polar) is spread back to the frame before it, (stamp - previous stamp) / n,
    as Polar's own software does; one whose *first* sample is stamped (Movesense) is spread forward by the period as
    measured, for it is not known yet when the next one begins. Where a frame was lost the measured period serves in
    both cases, so that the hole stays a hole and nothing is stretched. Holes that are alike, one after each frame, are
    the period of a device at another rate than it said, or that has changed it.

    Latency: none. Failure modes: a device that skips fewer samples than half a frame is stretched over them; one whose
    rate is less than two thirds of the nominal one, or twice as high, is taken for one that loses frames for the first
    `ALIKE_FRAMES`; a radio that loses the same number of frames between each two is taken for a slower device:
    their stamps do not differ.

    Parameters
    ----------
    nominal_rate_hz : that the stream was started with.

    Attributes
    ----------
    period_s : from sample to sample, as measured.
    """

    def __init__(self, nominal_rate_hz: float) -> None:
        self.period_s = 1 / nominal_rate_hz
        self._clock = OwnClock()
        self._frames = 0
        self._apart_s: list[float] = []
        self._stamp_s = -math.inf
        self._samples = 0

    def place(self, frame: Frame) -> tuple[Samples, bool]:
        """Give the samples on the axis of the run, and whether the device's clock began anew."""
        n = len(frame.acc_g)
        stamps_last = frame.last_s is not None
        stamp_s = frame.last_s if frame.last_s is not None else frame.first_s
        assert stamp_s is not None  # frames without a stamp are counted
        epoch_s, is_new = self._clock.epoch_s(stamp_s, frame.at)
        since_s = math.inf if is_new else stamp_s - self._stamp_s
        interval_s = self._interval_s(since_s, n if stamps_last else self._samples)
        self._stamp_s, self._samples = stamp_s if is_new else max(self._stamp_s, stamp_s), n
        if stamps_last:
            device_s = stamp_s - interval_s * np.arange(n - 1, -1, -1, dtype=np.float64)
        else:
            device_s = stamp_s + self.period_s * np.arange(n, dtype=np.float64)
        return Samples(at_s=np.full(n, frame.at), device_s=device_s + epoch_s, acc_g=frame.acc_g), is_new

    def _interval_s(self, since_s: float, samples: int) -> float:
        """Give the interval of samples between two stamps, and learn from it; the usual one where they are apart."""
        if samples == 0 or not 0 < since_s < math.inf:
            self._apart_s.clear()
            return self.period_s
        interval_s = since_s / samples
        if abs(interval_s - self.period_s) > ADJOIN * self.period_s:
            self._learn_from_apart(interval_s)
            return self.period_s
        self._apart_s.clear()
        self._frames += 1
        self.period_s += (interval_s - self.period_s) / min(self._frames, SMOOTHING)
        return interval_s

    def _learn_from_apart(self, interval_s: float) -> None:
        """Take the period from frames that do not adjoin, where enough of them in a row are alike."""
        if self._apart_s and abs(interval_s / self._apart_s[0] - 1) > ALIKE:
            self._apart_s.clear()
        self._apart_s.append(interval_s)
        if len(self._apart_s) == ALIKE_FRAMES:
            self.period_s, self._frames = sum(self._apart_s) / ALIKE_FRAMES, ALIKE_FRAMES
            self._apart_s.clear()


JITTER_S = 0.1
NOMINAL_SPREAD, GUESS_SPREAD = 0.03, 0.1
WANDER = 0.001 / math.sqrt(30.0)
"""How late notifications come, how wrong a nominal rate is, how wrong one that was counted over a second, and how far a
rate wanders in the square root of a second: what each new arrival weighs follows from these."""

LISTEN_S, LISTEN_LIMIT_S = 1.0, 3.0
"""A device of unknown rate is listened to until frames came evenly for the first, but no longer than the second."""

ASTRAY_S = 0.3
"""Where arrivals are off the count by more, and that was no hole, the count is wrong, and the device listened to."""

SAME = 0.05
"""What was heard is the rate that was known, where it differs by less than this share (a second tells no better): it
was the place of the count that was wrong."""

PULL_S, PULL_LIMIT = 3.0, 0.002
"""The count is drawn to where arrivals say it is, with this time constant, and by no more than this share of an
interval: a correction of phase must not look like a change of cadence (0.2 % is a third of a step a minute)."""

HOLE_S, HOLE_FRAMES = 0.12, 0.6
"""After a silence that is longer than the first, and than so many frames take, frames were held back, or lost. (The
jitter of a radio is about the first; of a frame that was lost, more than the second is left when it is taken off.)"""

HOLES = 8
"""So many without a frame in time between them are no losses, but a slower device."""

DECIDE_S = 0.2
"""Which of the two is known after so long: what was held back comes in a burst."""

MOST_WAITING = 512
"""Frames that wait for a decision, at most."""

SHORTEST_PERIOD_S = 1e-4
"""No motion sensor is faster; a flood of packets may seem so."""


class CountedClock:
    """Places the samples of a device that stamps nothing: they are counted, and the period is measured.

    A Kalman filter follows the arrival of the newest sample and the period, from the arrivals of frames. The times that
    leave go on by the period, and are drawn to the filter's only slowly.

    A frame that comes late after a silence was held back by the radio (then a burst follows, and nothing is missing),
    or others before it were lost (then the count must jump, by whole frames). The frames after it tell; until then they
    wait. Where arrivals leave the count without a silence, the rate that it goes by is not the device's, or not any
    more: then frames wait until they came evenly for a second, and the count goes on from there by the rate heard.

    Latency: none in general, 0.2 s after a hole, 1 s where the rate is unknown or has changed, up to 3 s where frames
    come unevenly then. A nominal rate that is 5 % wrong shows in cadence for the first two to three seconds of a link,
    and puts the phase off by up to 60 ms until the count has been drawn to its place, within a minute. A rate that
    changes by a fifth or more shows for one to three seconds until it is listened to; one that changes by less, for up
    to twenty. A slower one leaves a hole of about 0.4 s, a faster one the count ahead by as much, for minutes.

    Failure modes: frames of less than about 0.2 s that are lost one by one do not stand out of the radio's jitter, and
    seem to be a slower device, which is right on average but shakes cadence; of longer ones, a few losses in a thousand
    are not seen, and the count is a frame off for a while. What was held back for longer than `DECIDE_S` and does not
    come in one burst is taken for lost. A radio that loses every second frame, in turn, is taken for a slower device.

    Parameters
    ----------
    nominal_rate_hz : None where the device does not say.

    Attributes
    ----------
    period_s : from sample to sample, as measured; 0 while unknown.
    """

    def __init__(self, nominal_rate_hz: float | None) -> None:
        self.period_s = 0.0 if nominal_rate_hz is None else 1 / nominal_rate_hz
        self._started = False
        self._listening = nominal_rate_hz is None
        self._time_s = -math.inf
        self._arrival_s = self._at_s = self._frame_s = 0.0
        self._arrival_var = self._covariance = self._period_var = 0.0
        self._holes = 0
        self._waiting: list[Frame] = []

    def restart(self) -> None:
        """Begin again after a reconnect; the period that was measured is kept."""
        self._started, self._listening = False, self.period_s == 0
        self._waiting.clear()

    def place(self, frame: Frame) -> tuple[Samples, bool]:
        """Take a frame; give the samples that can be placed now, and whether the count began with them."""
        begins = not self._started
        self._waiting.append(frame)
        placed = []
        while self._waiting and self._is_ready():
            placed.append(self._placed(self._waiting.pop(0)))
        return _joined(placed, frame.at), begins

    def _is_ready(self) -> bool:
        """Tell whether it is known when the first of the frames that wait was taken."""
        if self._listening:
            return self._is_heard()
        if not self._started:
            self._begin(NOMINAL_SPREAD)
        return self._is_decided()

    def _is_heard(self) -> bool:
        """Listen until frames came evenly for a second; begin with their rate."""
        at_s, count = self._arrivals()
        is_last = at_s[-1] - at_s[0] >= LISTEN_LIMIT_S or len(at_s) >= MOST_WAITING
        start = max(0, int(at_s.searchsorted(at_s[-1] - LISTEN_S, "right")) - 1)
        if at_s[-1] - at_s[start] < LISTEN_S and not is_last:
            return False
        period_s, uneven_s = _line(count[start:], at_s[start:])
        if uneven_s > HOLE_S and not is_last:
            return False
        is_same = abs(period_s - self.period_s) < SAME * self.period_s
        if not is_same:
            self.period_s = max(period_s, SHORTEST_PERIOD_S)
        self._begin(NOMINAL_SPREAD if is_same else GUESS_SPREAD)
        return True

    def _begin(self, spread: float) -> None:
        """Start the count so that the first frame arrives as it did; no time that left comes again."""
        first = self._waiting[0]
        self._frame_s = len(first.acc_g) * self.period_s
        self._arrival_s = first.at - self._frame_s
        self._time_s = max(self._time_s, self._arrival_s)
        self._at_s = first.at
        self._arrival_var, self._covariance, self._period_var = JITTER_S**2, 0.0, (spread * self.period_s) ** 2
        self._started, self._listening, self._holes = True, False, 0

    def _is_decided(self) -> bool:
        """Tell whether it is known why the first is early or late; listen to the device where the count is wrong."""
        first, last = self._waiting[0], self._waiting[-1]
        taken_s = len(first.acc_g) * self.period_s
        late_s, silence_s = first.at - taken_s - self._arrival_s, first.at - taken_s - self._at_s
        hole_s = max(HOLE_S, HOLE_FRAMES * self._frame_s)
        least_s = late_s if late_s < hole_s else self._least_late_s()
        stays_late = late_s >= hole_s and least_s >= 0.5 * hole_s  # a burst would have caught up
        if stays_late and silence_s >= hole_s:
            is_known = last.at - first.at >= DECIDE_S or len(self._waiting) >= MOST_WAITING
            return is_known and self._jumps(least_s)
        if late_s < 0.5 * hole_s:
            self._holes = 0
        self._listening = late_s < -ASTRAY_S or (stays_late and least_s > ASTRAY_S)
        return not self._listening

    def _jumps(self, late_s: float) -> bool:
        """Let the count jump over the frames that were lost, unless there are too many such holes."""
        self._holes += 1
        self._listening = self._holes == HOLES
        if not self._listening:
            jump_s = max(1, round(late_s / self._frame_s)) * self._frame_s
            self._arrival_s += jump_s
            self._time_s += jump_s
            self._arrival_var += JITTER_S**2
        return not self._listening

    def _least_late_s(self) -> float:
        """Give how late the least late of the frames that wait is."""
        at_s, count = self._arrivals()
        return float((at_s - self._arrival_s - count * self.period_s).min())

    def _arrivals(self) -> tuple[FloatArray, FloatArray]:
        """Give when each of the frames that wait came, and how many samples had come with it."""
        at_s = np.array([frame.at for frame in self._waiting])
        return at_s, np.cumsum([float(len(frame.acc_g)) for frame in self._waiting])

    def _placed(self, frame: Frame) -> Samples:
        n = len(frame.acc_g)
        self._follow(n, frame.at)
        taken_s = n * self.period_s
        late_s = self._arrival_s - self._time_s - taken_s
        pull_s = min(max(late_s * taken_s / PULL_S, -PULL_LIMIT * taken_s), PULL_LIMIT * taken_s)
        device_s = self._time_s + (taken_s + pull_s) / n * np.arange(1, n + 1, dtype=np.float64)
        self._time_s = float(device_s[-1])
        self._frame_s += (taken_s - self._frame_s) / SMOOTHING
        return Samples(at_s=np.full(n, frame.at), device_s=device_s, acc_g=frame.acc_g)

    def _follow(self, n: int, at_s: float) -> None:
        """Let the filter take the arrival of a frame of n samples."""
        self._arrival_s += n * self.period_s
        self._arrival_var += n * (2 * self._covariance + n * self._period_var)
        self._covariance += n * self._period_var
        self._period_var += (WANDER * self.period_s) ** 2 * max(0.0, at_s - self._at_s)
        self._at_s = at_s
        late_s = at_s - self._arrival_s
        total = self._arrival_var + JITTER_S**2
        arrival_gain, period_gain = self._arrival_var / total, self._covariance / total
        self._arrival_s += arrival_gain * late_s
        self.period_s = max(self.period_s + period_gain * late_s, SHORTEST_PERIOD_S)
        self._period_var -= period_gain * self._covariance
        self._covariance -= arrival_gain * self._covariance
        self._arrival_var -= arrival_gain * self._arrival_var


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Give the slope of the line through points, by least squares, and how far the worst of them is off it."""
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y) / float(x @ x)
    return slope, float(np.abs(y - slope * x).max())


def _joined(parts: list[Samples], at_s: float) -> Samples:
    """Put parts together that are known at the same time."""
    device_s = np.concatenate([np.empty(0), *(part.device_s for part in parts)])
    acc_g = np.concatenate([np.empty((0, 3)), *(part.acc_g for part in parts)])
    return Samples(at_s=np.full(len(device_s), at_s), device_s=device_s, acc_g=acc_g)
