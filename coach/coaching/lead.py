"""How far the beat goes ahead of the runner: the next ramp, or none, or the end of trying.

One step at a time: a ramp of at most `ramp_pct`, and the next one only while the runner follows. The beat is never
aimed further than `AIM` of `lead_pct` ahead of the cadence that the runner keeps, and comes back when the runner sways
away, so that it is not found more than `lead_pct` ahead.

Whether the runner follows is asked in three ways. Where contacts are those of the feet, by synchrony: the relative
phase over 32 steps; it knows within 10 s, and cannot tell a small lead from none. By the mean lead of a minute of
beats: who follows is with the beat in the mean, who does not is behind it by the whole lead. And by what comes of it:
within two minutes and a half the runner comes nearer to the band, or it is no use.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from coach.coaching.pace import Pace
from coach.coaching.phase import Synchrony
from coach.coaching.target import Band
from coach.config import CoachingConfig

AIM, AIM_FREE = 0.75, 0.5
"""Parts of `lead_pct` that the beat goes ahead; the second where only a pod's cadence is known, in steps of 2 spm."""

FOLLOWS_PCT = 1.5
"""No next ramp while the runner is further than this from the beat."""

BACK_PCT = 1.0
"""Who falls further behind than the beat is ever aimed is gone back to, up to here."""

MINUTE_S = 60.0
LEFT_BEHIND_PCT = 1.3
"""Who is further than this from the beat in the mean of a minute does not follow it."""

LOOSE, FIRM, APART = 0.5, 0.7, 0.3
FAR_S, NEAR_S, LOST_S = 0.06, 0.04, 0.09
APART_S = 20.0
"""Synchrony below `LOOSE`, or a mean asynchrony beyond `FAR_S`: hold, until it is above `FIRM` and within `NEAR_S`.
Below `APART` for 20 s: back to the runner's own tempo."""

ASTRAY_S, ASTRAY_INSIDE_S = 0.09, 0.11
"""A beat begins on the footfalls. Steps that are this far from it by now, however slowly they got there, are about to
fall a whole step behind: it begins anew. Inside the band, where it is about to end, it may be a little further."""

SMALLEST_RAMP_SPM = 0.3

PROGRESS = 0.035
TRYING_S = 150.0
PATIENCE_S = 12.0
"""Trying for so long is in vain, unless the runner came nearer to the band by 3.5 % in each such time. A silence in
between counts for 12 s."""

DOUBT_S, HALF_S = 168.0, 84.0
"""After so long, who came nearer by less than 7 % must have done half of what is asked in the latter half: some follow
for 3 % only, and then seem to come nearer, because they sway."""

Remedy = Literal["hold", "back", "restart"]
"""hold: the tempo waits, the phase may be met. back: to the runner's own tempo. restart: on the footfalls, anew."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """The runner and the beat lose each other: what to do, and why, in words for the runner."""

    remedy: Remedy
    reason: str


class Lead:
    """The leading of one runner from outside the band into it.

    Parameters
    ----------
    config : the coaching section of the settings.
    """

    def __init__(self, config: CoachingConfig) -> None:
        self._config = config
        self._behind: deque[tuple[float, float]] = deque()
        self._behind_sum = 0.0
        self._apart_since_s: float | None = None
        self._holding = False
        self._from_spm: float | None = None
        self._tried_s = 0.0
        self._seen_s = 0.0
        self._gains: deque[tuple[float, float]] = deque()

    def begin(self) -> None:
        """Begin with a beat on the runner's own tempo."""
        self._behind.clear()
        self._behind_sum = 0.0
        self._apart_since_s = None
        self._holding = False

    def forget(self) -> None:
        """The runner is in the band, or has rested: what was tried is no longer held against him or her."""
        self._from_spm = None

    def in_vain(self, pace: Pace, band: Band, at_s: float) -> bool:
        """Tell whether a beat has been tried for long without the runner coming nearer to the band."""
        passed_s, self._seen_s = min(at_s - self._seen_s, PATIENCE_S), at_s
        from_spm = self._from_spm or pace.long_spm
        gained = (pace.long_spm / from_spm - 1) * (1 if band.inside(from_spm, 0.0) >= from_spm else -1)
        if self._from_spm is None or pace.side == "in":
            self._from_spm, self._tried_s = pace.long_spm, 0.0
            self._gains.clear()
        else:
            self._tried_s += passed_s
        self._gains.append((self._tried_s, gained))
        while self._gains[0][0] < self._tried_s - HALF_S:
            self._gains.popleft()
        of_late = gained - self._gains[0][1]
        stalls = self._tried_s > DOUBT_S and gained < 2 * PROGRESS and of_late < PROGRESS / 2
        return self._tried_s > TRYING_S and (stalls or gained < PROGRESS * self._tried_s / TRYING_S)

    def trouble(self, pace: Pace, tempo_spm: float, synchrony: Synchrony | None, at_s: float) -> Trouble | None:
        """Say whether, and how, the runner and the beat lose each other; None while they do not.

        Parameters
        ----------
        synchrony : of steps and beats; None where contacts are not known to be those of the feet.
        """
        if self._left_behind(pace, tempo_spm, at_s):
            return Trouble("back", f"you keep {pace.slow_spm:.0f}")
        if synchrony is None or (strength := synchrony.strength) is None:
            return None
        if self._apart(strength, at_s):
            return Trouble("back", "your steps and the beat went apart")
        late_s = abs(synchrony.late_s)
        if late_s > LOST_S or synchrony.apart_s > (ASTRAY_INSIDE_S if pace.side == "in" else ASTRAY_S):
            return Trouble("restart", "the beat finds your steps again")
        if strength < LOOSE or late_s > FAR_S:
            self._holding = True
        elif strength > FIRM and late_s < NEAR_S:
            self._holding = False
        return Trouble("hold", "waiting for your steps to meet the beat") if self._holding else None

    def next_tempo(
        self, pace: Pace, tempo_spm: float, goal_spm: float, inside_spm: float, *, free: bool = False
    ) -> float | None:
        """Say where the next ramp goes; None while there is to be none.

        Parameters
        ----------
        tempo_spm, goal_spm : of the beat, now and at the end of the ramp that it is on.
        inside_spm : where in the band the runner is to be led. free : whether steps are not known, only cadence.
        """
        next_spm = self._allowed(pace, tempo_spm, inside_spm, AIM_FREE if free else AIM)
        turns = (next_spm - tempo_spm) * (goal_spm - tempo_spm) < 0
        busy = goal_spm != tempo_spm and not turns
        return None if busy or abs(next_spm - tempo_spm) < SMALLEST_RAMP_SPM else next_spm

    def _allowed(self, pace: Pace, tempo_spm: float, inside_spm: float, aim: float) -> float:
        most, ramp = aim * self._config.lead_pct / 100, self._config.ramp_pct / 100
        goal_spm = inside_spm
        away = abs(goal_spm - pace.slow_spm) > abs(tempo_spm - pace.slow_spm)
        if self._holding or (away and abs(tempo_spm / pace.slow_spm - 1) > FOLLOWS_PCT / 100):
            goal_spm = tempo_spm
        if abs(tempo_spm / pace.slow_spm - 1) > most:
            most = BACK_PCT / 100
        goal_spm = min(max(goal_spm, pace.slow_spm * (1 - most)), pace.slow_spm * (1 + most))
        return min(max(goal_spm, tempo_spm * (1 - ramp)), tempo_spm * (1 + ramp))

    def _left_behind(self, pace: Pace, tempo_spm: float, at_s: float) -> bool:
        behind = abs(tempo_spm / pace.slow_spm - 1)
        self._behind.append((at_s, behind))
        self._behind_sum += behind
        while self._behind[0][0] < at_s - MINUTE_S:
            self._behind_sum -= self._behind.popleft()[1]
        whole = at_s - self._behind[0][0] > MINUTE_S - 1
        return whole and self._behind_sum > LEFT_BEHIND_PCT / 100 * len(self._behind)

    def _apart(self, strength: float, at_s: float) -> bool:
        if strength >= APART:
            self._apart_since_s = None
            return False
        if self._apart_since_s is None:
            self._apart_since_s = at_s
        return at_s - self._apart_since_s >= APART_S
