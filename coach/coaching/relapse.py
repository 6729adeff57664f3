"""What the silences of a run teach: who was led into the band slides back out of it, and how soon.

Who was led in chose another cadence when left alone, and drifts back to it. So, from then on, the beat begins again
while the runner is still inside, once the mean of 20 s has come close to the edge: the first time within 1.25 % of it,
half a percent earlier each time that the runner was out all the same, and later again after a long silence. And who
slides back soon is accompanied for longer, up to twice as long. But it is silence that is practised: once the beat has
been heard for `SHARE` of the time in the band, it begins as late, and ends as soon, as at first. All of it is forgotten
with the target.

It knows only what is past: of a slide faster than a mean of 20 s it learns when the runner is out. A runner who sways
by more than the margin is accompanied for nothing now and then.

Sources: guidance that is given less and less, as the learner needs it (Winstein & Schmidt 1990).
"""

from __future__ import annotations

import math

from coach.coaching.pace import Pace
from coach.coaching.target import Band

FIRST, WIDER, WIDEST = 0.0125, 0.005, 0.02
"""How close to the edge, as a part of the cadence, the beat begins again; never further inside than half of where the
runner is led to."""

SLIDE = 0.001
"""Who is that much nearer to the edge, as a part of the cadence, than at best in the silence, slides."""

ALONE_S = 30.0
"""Inside the band nobody is accompanied again sooner than this."""

SOON_S = 150.0
"""A silence that lasted less was too short, one that lasted more was long."""

LONGER, LONGEST = 1.5, 2.0

SHARE, FIRST_S = 0.18, 30.0
"""Of the time in the band, so much may be accompanied, and so long at first."""


class Relapses:
    """Learns how close to the edge, and how long, a runner wants to be accompanied."""

    def __init__(self) -> None:
        self._margin = 0.0
        self._patience = 1.0
        self._silent_from_s = math.inf
        self._furthest_spm = 0.0
        self._inside_s = self._accompanied_s = 0.0

    @property
    def patience(self) -> float:
        """How many times as long as usual the beat stays with a runner who is in the band."""
        return 1.0 if self._spent else self._patience

    @property
    def _spent(self) -> bool:
        return self._accompanied_s > FIRST_S + SHARE * self._inside_s

    def inside(self, passed_s: float, *, sounds: bool) -> None:
        """Count time that was spent in the band, once the runner was led there."""
        if self._margin:
            self._inside_s += passed_s
            self._accompanied_s += passed_s if sounds else 0.0

    def silent(self, at_s: float, *, led_in: bool) -> None:
        """Take note that a beat ended; `led_in`: with the runner in the band."""
        self._silent_from_s, self._furthest_spm = at_s, 0.0
        if led_in and not self._margin:
            self._margin = FIRST

    def begun(self, at_s: float, *, outside: bool) -> None:
        """Learn from a silence that ends, because the runner is outside, or slides."""
        if not self._margin:
            return
        soon = at_s - self._silent_from_s < SOON_S
        if soon:
            self._patience = min(LONGER * self._patience, LONGEST)
        if outside:
            self._margin = min(self._margin + WIDER, WIDEST)
        elif not soon:
            self._margin = max(self._margin - WIDER, WIDER)

    def slides(self, pace: Pace, band: Band, led_to_spm: float, at_s: float) -> bool:
        """Tell whether a runner in the band, who is led to `led_to_spm` inside of it, is about to leave it."""
        if not self._margin or pace.side != "in" or at_s - self._silent_from_s < ALONE_S:
            return False
        inside_spm = min(pace.long_spm - band.low_spm, band.high_spm - pace.long_spm)
        self._furthest_spm = max(self._furthest_spm, inside_spm)
        slid = self._furthest_spm - inside_spm > SLIDE * pace.long_spm
        return slid and not self._spent and inside_spm < min(self._margin * pace.long_spm, led_to_spm / 2)
