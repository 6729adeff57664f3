"""When the coach speaks: seldom, and never across a change of tempo.

At most one prompt in 30 s, and none within 3 s of a change of tempo, before it or after: a runner who listens to words
does not hear a beat move. A prompt that may not be said yet waits for a while; what has become untrue by the time that
it could be said is not said. What lasts is said again: a cue without a beat after `again_s` of the settings, and that
silence means fine every minute, if it is to be said at all.

It hears what the coach decides and how the sensor does, and speaks at `deadline_s`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from coach.coaching.target import Side
from coach.config import VoiceConfig
from coach.model import Cadence, Decision, DecisionMode, Prompt, PromptName

APART_S = 30.0
TEMPO_S = 3.0
LONGEST_S = 4.0
"""No prompt takes longer to say."""

FINE_S = 60.0
WAITS_S = 50.0
"""What could not be said for so long is no longer news."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    say: PromptName
    since_s: float
    spm: int | None = None


class Prompter:
    """Decides what is said, and when. Times are host time in seconds.

    Parameters
    ----------
    config : the voice section of the settings.

    Notes
    -----
    Calls come in the order of their times. `speak` is to be called at `deadline_s`, before anything later; each call
    puts the deadline off or leaves less to say.
    """

    def __init__(self, config: VoiceConfig) -> None:
        self._speaks = config.mode != "off"
        self._fine_every_s = math.inf if config.fine == "off" else FINE_S
        self._cue_every_s = max(config.again_s, APART_S) if config.again_s else math.inf
        self._wanted: _Wanted | None = None
        self._not_before_s = -math.inf
        self._every_s = self._again_s = math.inf
        self._cues = False
        self._lost = False
        self._told_lost = False

    def decision(self, decision: Decision, before: DecisionMode, side: Side | None, *, gave_up: bool) -> None:
        """Take what the coach decided.

        Parameters
        ----------
        before : the mode until then. side : where the runner is to the band; None without a cadence.
        gave_up : the runner is left alone from now on.
        """
        at_s, mode = decision.available_s, decision.mode
        began = mode == "cue" or (mode == "match" and before == "silent")
        ended = mode == "silent" and before in ("fade", "cue")
        if began and side is not None and side != "in":
            self._wanted = _Wanted(side, at_s)
        elif ended and gave_up:
            self._wanted = _Wanted("let_go", at_s)
        elif ended and side == "in":
            self._wanted = _Wanted("on_target", at_s)
        elif mode in ("paused", "off"):
            self._wanted = None
        self._cues = mode == "cue"
        fine_every_s = self._fine_every_s if mode == "silent" and side == "in" else math.inf
        self._every_s = self._cue_every_s if self._cues else fine_every_s
        self._again_s = at_s + self._every_s

    def cadence(self, cadence: Cadence) -> None:
        """Take how the sensor does."""
        if cadence.status == "lost" and not self._lost:
            self._lost = True
            self._wanted = _Wanted("sensor_lost", cadence.available_s)
        elif cadence.spm is not None and self._lost:
            self._lost = False
            if self._told_lost:
                self._wanted = _Wanted("sensor_back", cadence.available_s)
            self._told_lost = False

    def announce(self, say: PromptName, spm: int | None, at_s: float) -> None:
        """Take what a plan asks of the runner from now on."""
        self._wanted = _Wanted(say, at_s, spm)

    @property
    def deadline_s(self) -> float | None:
        """When the next prompt is due, if the tempo allows it; None when there is none."""
        if not self._speaks:
            return None
        wanted_s = math.inf if self._wanted is None else self._wanted.since_s
        due_s = min(wanted_s, self._again_s)
        return max(due_s, self._not_before_s) if math.isfinite(due_s) else None

    def speak(
        self, at_s: float, ahead_s: float, steady_from_s: float, side: Side | None, spm: float | None
    ) -> Prompt | None:
        """Say what is due, put it off, or drop it.

        Parameters
        ----------
        ahead_s : it would be heard so much later. steady_from_s : the tempo that is heard does not change from then on.
        side, spm : where the runner is now.
        """
        soonest_s = steady_from_s + TEMPO_S - ahead_s
        if at_s < soonest_s:
            self._not_before_s = max(self._not_before_s, soonest_s)
            return None
        asked_spm = None if self._wanted is None else self._wanted.spm
        say = self._next(at_s, side)
        if say is None:
            return None
        self._told_lost |= say == "sensor_lost"
        self._not_before_s = at_s + ahead_s + APART_S
        self._again_s = at_s + ahead_s + self._every_s
        number = {"below": math.floor, "above": math.ceil}.get(say)
        shown_spm = asked_spm if number is None or spm is None else number(spm)
        return Prompt(t_s=at_s + ahead_s, available_s=at_s, say=say, spm=shown_spm)

    def _next(self, at_s: float, side: Side | None) -> PromptName | None:
        """Take out what is to be said now."""
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            fresh = at_s - wanted.since_s <= WAITS_S
            return wanted.say if fresh and self._is_true(wanted.say, side) else None
        if self._again_s > at_s:
            return None
        self._again_s = at_s + self._every_s
        if self._cues:
            return side if side != "in" else None
        return "fine" if side == "in" else None

    def _is_true(self, say: PromptName, side: Side | None) -> bool:
        match say:
            case "below" | "above":
                return side == say
            case "on_target":
                return side == "in"
            case "sensor_lost":
                return self._lost
            case "sensor_back":
                return not self._lost
            case "target" | "easy":
                return True
            case _:
                return side is not None
