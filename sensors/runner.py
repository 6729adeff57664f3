"""The human in the simulation: when the feet fall, and how they follow a beat.

**Steps.** Each interval is the runner's period times a factor with the asked coefficient of variation. Half of the
variance is white (the muscles), half is 1/f-like (the inner timekeeper, which wanders), as in the gait of people
(Hausdorff 1996); the alternation of left and right comes on top, so the variation is that of *same-foot* intervals.

**Hearing.** The usual two-process model of sensorimotor synchronisation (Mates 1994, Repp 2005): a foot that falls late
makes the next interval shorter by a part of the asynchrony, and the period goes a part of the way to the beat's
interval. A beat draws the runner only while its tempo is within reach of the one that the runner keeps at this
moment (Van Dyck 2015), and never past a ceiling above the cadence that the runner would choose alone. A faint beat
draws less. In silence the runner drifts back to that cadence, over minutes. How strong all this is differs from one
runner to another: see `sensors.following`.

**Causality.** The next footfall is fixed at the footfall before it, from the beats heard until then and no others.
So the steps are a function of seed, course and beats, however far ahead of its time a beat was announced.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from coach.model import Beat
from sensors.course import Course, Segment
from sensors.following import Following

Follows = Literal["well", "hardly", "not"]
Side = Literal["left", "right"]

FOLLOWING: dict[Follows, Following] = {
    "well": Following(),
    "hardly": Following(ceiling=0.03),
    "not": Following(ceiling=0.0),
}
# A beat heard far out of phase is approached over several steps, not with a stumble: no asynchrony counts for more
# than this part of a period.
LARGEST_LATE = 0.1
# How fast the sense of a tempo follows single intervals, of the beat and of the own steps.
BEAT_SENSE = 0.25
OWN_SENSE = 0.1
# Memories of the wandering timekeeper, as correlation from one step to the next: 2, 10 and 100 steps.
_MEMORIES = np.array([0.5, 0.9, 0.99])


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A turning point: a foot's contact, or a part of the course without steps that begins or ends.

    Parameters
    ----------
    t_s : host time; infinite for the rest that never ends.
    side : the foot that lands, or would.
    cadence_spm : what the runner walks or runs at; 0 at rest.
    segment : the part of the course from here on.
    """

    t_s: float
    side: Side
    cadence_spm: float
    segment: Segment

    @property
    def is_contact(self) -> bool:
        return self.cadence_spm > 0


class Runner:
    """Moments one by one; each is fixed at the time of the one before it.

    Parameters
    ----------
    course : what the runner would do alone.
    step_cv_pct : coefficient of variation of the intervals that end on one and the same foot.
    asymmetry_pct : by how much of their mean a left step (right contact to left contact) outlasts a right one.
    following : how a beat draws the runner.
    rng : where chance comes from.
    """

    def __init__(
        self,
        course: Course,
        *,
        step_cv_pct: float,
        asymmetry_pct: float,
        following: Following,
        rng: np.random.Generator,
    ) -> None:
        self._course = course
        self._variability = _Variability(step_cv_pct / 100, rng)
        self._longer = {"left": 1 + asymmetry_pct / 200, "right": 1 - asymmetry_pct / 200}
        self._following = following
        self._ear = _Ear(following.reach)
        # In periods of the runner's own cadence: the period to which beats have drawn the runner, and the one felt
        # of late, wandering included, corrections of phase not.
        self._period = 1.0
        self._felt = 1.0
        self._last = Moment(t_s=0.0, side="left", cadence_spm=0.0, segment=course.segment_at(0.0))

    @property
    def last(self) -> Moment:
        """The latest moment that is fixed."""
        return self._last

    def hear(self, beat: Beat) -> None:
        """Take note of a beat that is going to sound."""
        if self._following.ceiling:
            self._ear.hear(beat)

    def move(self) -> Moment:
        """Fix the next moment."""
        self._last = self._step() if self._last.segment.gait else self._wait()
        return self._last

    def _wait(self) -> Moment:
        t_s = self._course.next_change(self._last.t_s)
        return Moment(t_s=t_s, side=self._last.side, cadence_spm=0.0, segment=self._course.segment_at(t_s))

    def _step(self) -> Moment:
        side: Side = "right" if self._last.side == "left" else "left"
        interval_s = self._interval_s(self._last.t_s) * self._longer[side]
        t_s = self._last.t_s + interval_s
        segment = self._course.segment_at(t_s)
        return Moment(t_s=t_s, side=side, cadence_spm=60 / interval_s if segment.gait else 0.0, segment=segment)

    def _interval_s(self, t_s: float) -> float:
        own_s = 60 / (self._course.cadence_at(t_s) * (1 - self._following.tiring_per_h * t_s / 3600))
        factor = max(1 + self._variability.draw(), 0.5)
        self._felt += OWN_SENSE * (self._period * factor - self._felt)
        heard = self._ear.heard_at(t_s, own_s * self._felt)
        if heard is None:
            self._period += (1 - self._period) * own_s / self._following.return_s
            return own_s * self._period * factor
        shortest, longest = 1 / (1 + self._following.ceiling), 1 / (1 - self._following.ceiling)
        tempo = self._period + self._following.period_gain * heard.gain * (heard.interval_s / own_s - self._period)
        self._period = _clip(tempo, shortest, longest)
        late = _clip(heard.late_s / own_s, -LARGEST_LATE, LARGEST_LATE)
        return own_s * _clip(self._period - self._following.phase_gain * heard.gain * late, shortest, longest) * factor


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


class _Variability:
    """Relative deviations of the intervals: the sum of a white part and a wandering one, of equal variance."""

    def __init__(self, cv: float, rng: np.random.Generator) -> None:
        self._rng = rng
        self._sigma = cv / np.sqrt(2)
        self._state = rng.standard_normal(len(_MEMORIES))

    def draw(self) -> float:
        chance = self._rng.standard_normal(len(_MEMORIES) + 1)
        self._state = _MEMORIES * self._state + np.sqrt(1 - _MEMORIES**2) * chance[1:]
        return float(self._sigma * (chance[0] + self._state.sum() / np.sqrt(len(_MEMORIES))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """How late a footfall is against the nearest beat, the beat's interval, and how loud it is, 0 to 1."""

    late_s: float
    interval_s: float
    gain: float


class _Ear:
    """The beats to come, and the sense of phase and tempo of those that were heard."""

    def __init__(self, reach: float) -> None:
        self._reach = reach
        self._ahead: deque[Beat] = deque()
        self._last: Beat | None = None
        self._interval_s: float | None = None

    def hear(self, beat: Beat) -> None:
        self._ahead.append(beat)

    def heard_at(self, t_s: float, period_s: float) -> _Heard | None:
        """Say how a footfall lies to the beats heard until then.

        None where there is no beat, or one too fast or too slow to run with at `period_s`. The beat next to come is
        not heard yet: it is expected an interval after the last.
        """
        while self._ahead and self._ahead[0].t_s <= t_s:
            self._listen(self._ahead.popleft())
        if self._last is None or self._interval_s is None:
            return None
        since_s = t_s - self._last.t_s
        steps = max(1, min(2, round(self._interval_s / period_s)))  # a beat on every step, or on every second one
        interval_s = self._interval_s / steps
        if since_s > 1.5 * self._interval_s or abs(period_s - interval_s) > self._reach * interval_s:
            return None
        late_s = since_s - interval_s * round(since_s / interval_s)
        return _Heard(late_s=late_s, interval_s=interval_s, gain=self._last.gain)

    def _listen(self, beat: Beat) -> None:
        if self._last is not None:
            self._sense(beat.t_s - self._last.t_s)
        self._last = beat

    def _sense(self, interval_s: float) -> None:
        known_s = self._interval_s
        if known_s is None or abs(interval_s - known_s) > known_s / 2:
            self._interval_s = interval_s  # the first interval, or a pause: nothing to average with
        else:
            self._interval_s = known_s + BEAT_SENSE * (interval_s - known_s)
