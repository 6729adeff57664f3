"""When the next foot comes down, and how the runner's steps lie to the beats."""

from __future__ import annotations

import cmath
from collections import deque

from coach.model import Foot

TRUST = 0.8
"""Part of a contact's surprise that the prediction takes over. Steps wander (CV 1-2.5 %, 3-9 ms) more than a contact is
misjudged (4 ms): as of a walk seen through such noise, so much of what is new is the walk."""

UNEVEN = 0.1
"""Part of a surprise that goes into how far apart the two feet are: left and right alternate, and that is no noise."""

PAUSE_PERIODS = 6
"""After a longer gap nothing is left to count on from."""

OUTLIER = 0.25
"""A contact further than this part of a period from where it was due says little of the phase."""

WINDOW = 32
RECENT = 8
HABIT = 1 / 24
"""A runner keeps to a beat at a distance that is his or her own, and a contact is told with an offset that depends on
where the sensor is worn: neither is a loss of step. What the distance was in the last 24 contacts counts as habit."""


class Footfalls:
    """Follows the contacts, on host time, and predicts those to come.

    The two feet are followed apart: a runner's left and right steps may differ by 4 % of a step. Error of the
    prediction for a runner of interval CV 2 %: 8 ms one step ahead, 11 ms at 0.6 s, 19 ms at 1.5 s (steps wander, and
    no predictor can know where to). It fails for as long as the runner changes pace faster than the cadence is known.
    """

    def __init__(self) -> None:
        self._last: tuple[float, Foot] | None = None
        self._due_s = 0.0
        self._uneven_s = 0.0
        self._even = True

    def add(self, contact_s: float, foot: Foot, period_s: float) -> None:
        """Take a contact, of a runner whose steps last `period_s`; contacts out of order are ignored."""
        if self._last is None or contact_s - self._last[0] > PAUSE_PERIODS * period_s:
            self._last, self._due_s, self._uneven_s, self._even = (contact_s, foot), contact_s, 0.0, True
            return
        if contact_s <= self._last[0]:
            return
        steps = max(1, round((contact_s - self._due_s) / period_s))
        self._even ^= steps % 2 == 1
        self._due_s += steps * period_s
        surprise_s = contact_s - self._due_s - self._side_s(self._even)
        most_s = OUTLIER * period_s
        surprise_s = min(max(surprise_s, -most_s), most_s)
        self._due_s += TRUST * surprise_s
        self._uneven_s += UNEVEN * (surprise_s if self._even else -surprise_s)
        self._last = contact_s, foot

    def clear(self) -> None:
        """Forget all: the runner stopped, or data are missing."""
        self._last = None

    def next_after(self, time_s: float, period_s: float) -> tuple[float, Foot] | None:
        """Predict the first contact at or after a time, and its foot; None when there is nothing to count from."""
        if self._last is None:
            return None
        steps = max(1, -int(-(time_s - self._due_s) // period_s))
        while (contact_s := self._contact_s(steps, period_s)) < time_s:
            steps += 1
        _, last_foot = self._last
        return contact_s, last_foot if steps % 2 == 0 else other_foot(last_foot)

    def _contact_s(self, steps: int, period_s: float) -> float:
        return self._due_s + steps * period_s + self._side_s(self._even == (steps % 2 == 0))

    def _side_s(self, even: bool) -> float:
        return self._uneven_s if even else -self._uneven_s


class Synchrony:
    """How the runner's contacts lie to the beats that were heard: how firmly they keep to one phase, and to which.

    It looks back over 32 contacts, so it knows of a loss of step after some ten seconds.
    """

    def __init__(self) -> None:
        self._beats_s: deque[float] = deque(maxlen=2 * WINDOW)
        self._late_s: deque[float] = deque(maxlen=RECENT)
        self._habit_s: float | None = None
        self._turns: deque[complex] = deque(maxlen=WINDOW)

    def beat(self, beat_s: float) -> None:
        """Take a beat that is going to be heard."""
        self._beats_s.append(beat_s)

    def contact(self, contact_s: float, period_s: float) -> float | None:
        """Take a contact; give by how much it is late on the nearest beat, or None where there was none."""
        if not self._beats_s or contact_s < self._beats_s[0] - period_s / 2:
            return None
        late_s = wrap(min((contact_s - beat_s for beat_s in self._beats_s), key=abs), period_s)
        self._late_s.append(late_s)
        self._habit_s = (
            late_s if self._habit_s is None else self._habit_s + HABIT * wrap(late_s - self._habit_s, period_s)
        )
        self._turns.append(cmath.exp(2j * cmath.pi * late_s / period_s))
        return late_s

    @property
    def strength(self) -> float | None:
        """Mean resultant length of the relative phase, 0 to 1; None until there are enough contacts."""
        if len(self._turns) < WINDOW // 2:
            return None
        return abs(sum(self._turns) / len(self._turns))

    @property
    def apart_s(self) -> float:
        """How far the last eight contacts are from their beats, in the mean, habit or not; 0 before there are any."""
        return abs(sum(self._late_s) / len(self._late_s)) if self._late_s else 0.0

    @property
    def late_s(self) -> float:
        """By how much the last eight asynchronies are off the runner's habit, in the mean; 0 before there are any."""
        if self._habit_s is None:
            return 0.0
        return sum(self._late_s) / len(self._late_s) - self._habit_s


def other_foot(foot: Foot) -> Foot:
    """Give the foot whose turn is next."""
    others: dict[Foot, Foot] = {"left": "right", "right": "left", "sensor": "other", "other": "sensor"}
    return others.get(foot, "unknown")


def wrap(offset_s: float, period_s: float) -> float:
    """Bring an offset into half a period either way."""
    return offset_s - round(offset_s / period_s) * period_s
