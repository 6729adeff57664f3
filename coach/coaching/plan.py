"""How far a run has come in its plan: which step it is in, and when that ends.

The plan has a clock of its own. It starts with the first cadence, stands still while the runner stands (a traffic
light) or has paused, and goes on when cadence is there again. Data that are missing do not stop it, as the runner goes
on running, but for a minute at most: after that nobody knows.

A step ends when so many seconds have passed on that clock; when the pod's speed, taken over that clock, has come to so
many metres (the last speed that was heard holds); or at so many steps, as they were sensed, or by a pod's cadence. What
has not come to an end by an input does so at `deadline_s`. Metres without any speed go by `else_s`; without that too
such a step is left out after `SPEED_WAIT_S`. A limit in seconds ends a step by metres or steps that takes longer.

Latency: a stop is known as soon as the cadence says idle (1 to 3 s), and so is a start; the two nearly make up for each
other. Fails where the runner walks the rest that was meant to be stood: walking is steps too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from coach.coaching.target import Band, Target
from coach.model import Assignment, Cadence, CoachingMode, PlanEvent, PlanState, PlanStep

BRIDGE_S = 60.0
SPEED_WAIT_S = 10.0
MARKS = 10
"""What is left of metres and steps is said at every tenth."""

USUAL_MPS = 2.8
USUAL_SPM = 170.0


def about_s(step: PlanStep) -> float:
    """Give how long a step takes, about."""
    most_s = math.inf if step.most_s is None else step.most_s
    match step.unit:
        case "s":
            return step.length
        case "m":
            return min(step.length / USUAL_MPS if step.else_s is None else step.else_s, most_s)
        case "steps":
            return min(step.length * 60 / USUAL_SPM, most_s)


@dataclass(slots=True)
class _Gauge:
    """A quantity that grows at a rate, known exactly at any time after `at_s`."""

    at_s: float
    value: float = 0.0
    rate: float = 0.0

    def read(self, at_s: float) -> float:
        return self.value + self.rate * (at_s - self.at_s)

    def grow(self, rate: float, at_s: float) -> None:
        if rate != self.rate:
            self.value, self.rate, self.at_s = self.read(at_s), rate, at_s

    def reaches_s(self, goal: float) -> float:
        if self.value >= goal:
            return self.at_s
        return self.at_s + (goal - self.value) / self.rate if self.rate > 0 else math.inf


class PlanProgress:
    """Follows a run through its plan. Times are host time in seconds.

    Parameters
    ----------
    assignment : the plan.
    target : what the runner is led into by steps that say nothing else, and the own cadence that percentages are of.
    mode : of the settings, for steps that name none.

    Notes
    -----
    Calls come in the order of their times. `due` is to be called at `deadline_s`, before anything later.
    """

    def __init__(self, assignment: Assignment, target: Target, mode: CoachingMode) -> None:
        self._plan = assignment.plan
        self._target, self._own_mode = target, mode
        self._whole_s = sum(map(about_s, self._plan.steps))
        self._done_s = 0.0
        self._index = 0
        self._begun = self._ended = False
        self._moving = self._paused = False
        self._stands_s = math.inf
        self._mps: float | None = None
        self._pod_spm = 0.0
        self._marks = 0
        self._passed, self._done = _Gauge(assignment.at), _Gauge(assignment.at)

    # --- what comes in --------------------------------------------------------------------------------------------

    def begin(self, at_s: float) -> Iterator[PlanEvent]:
        """Say what comes first."""
        yield self._event("waiting", at_s, "it begins with your first steps")

    def cadence(self, cadence: Cadence) -> Iterator[PlanEvent]:
        """Take a reading: whether the runner moves."""
        at_s = cadence.available_s
        if cadence.spm is not None:
            self._moving, self._stands_s = True, math.inf
            self._pod_spm = cadence.spm if cadence.source == "rsc" else 0.0
        elif cadence.status == "idle":
            self._moving = False
        elif self._moving and self._stands_s == math.inf:
            self._stands_s = at_s + BRIDGE_S
        yield from self._stand_or_go(at_s, "you stand still")

    def step(self, at_s: float) -> None:
        """Take a step of the runner."""
        if self._runs and self._step.unit == "steps" and not self._done.rate:
            self._done.value, self._done.at_s = self._done.value + 1, at_s

    def speed(self, mps: float, at_s: float) -> None:
        """Take a speed."""
        self._mps = mps
        self._set_rates(at_s)

    def pause(self, paused: bool, at_s: float) -> Iterator[PlanEvent]:
        """Stand still, or go on."""
        self._paused = paused
        yield from self._stand_or_go(at_s, "you paused")

    def stop(self, at_s: float) -> Iterator[PlanEvent]:
        """End before the plan does."""
        if not self._ended:
            yield self._event("stopped", at_s, "the run ends")

    # --- what falls due -------------------------------------------------------------------------------------------

    @property
    def deadline_s(self) -> float:
        """When something falls due without any further input; infinite while nothing does."""
        return min(self._step_due_s, self._stands_s) if self._runs else math.inf

    def due(self, at_s: float) -> Iterator[PlanEvent]:
        """Do what falls due at `deadline_s`."""
        if self._stands_s < self._step_due_s:
            self._moving = False
            yield from self._stand_or_go(at_s, "no data for a minute")
        elif self._marks < MARKS - 1 and self._step.unit != "s" and not self._lacks_speed and at_s < self._limit_s:
            self._marks = max(self._marks + 1, int(self._done.value * MARKS / self._step.length))
            yield self._event("left", at_s)
        else:
            yield from self._next(at_s)

    @property
    def _step_due_s(self) -> float:
        if self._lacks_speed:
            return min(self._passed.reaches_s(self._step.else_s or SPEED_WAIT_S), self._limit_s)
        share = 1.0 if self._step.unit == "s" else (self._marks + 1) / MARKS
        return min(self._done.reaches_s(self._step.length * share), self._limit_s)

    @property
    def _limit_s(self) -> float:
        """When the step ends, however much is left of it; infinite without a limit."""
        return math.inf if self._step.most_s is None else self._passed.reaches_s(self._step.most_s)

    def _next(self, at_s: float) -> Iterator[PlanEvent]:
        left_out = self._lacks_speed and self._step.else_s is None
        self._done_s += 0.0 if left_out else about_s(self._step)
        reason = self._why_it_ends(at_s, left_out=left_out)
        self._index += 1
        self._ended = self._index == len(self._plan.steps)
        if not self._ended:
            self._enter(at_s)
        yield self._event("done" if self._ended else "step", at_s, reason)

    @property
    def band(self) -> Band:
        """The band that is asked for now."""
        step = self._step
        if not self._ended and step.low_spm is not None and step.high_spm is not None:
            return Band(step.low_spm, step.high_spm)
        if self._ended or step.pct is None:
            return self._target.band
        assert self._target.own_spm is not None
        return Band.above(self._target.own_spm, step.pct)

    def _why_it_ends(self, at_s: float, *, left_out: bool) -> str:
        """Say why a step ended, where it is not because it was run."""
        if left_out:
            return f"{self._step.name} is left out: no sensor tells a speed"
        left = self._step.length - self._done.read(at_s)
        if at_s < self._limit_s or self._lacks_speed or left < 1:
            return ""
        return f"{self._step.name} ends at its limit, {left:.0f} {self._step.unit} short"

    # --- the clock ------------------------------------------------------------------------------------------------

    @property
    def _step(self) -> PlanStep:
        return self._plan.steps[min(self._index, len(self._plan.steps) - 1)]

    @property
    def _lacks_speed(self) -> bool:
        return self._step.unit == "m" and self._mps is None

    @property
    def _runs(self) -> bool:
        return self._moving and not self._paused and not self._ended

    def _enter(self, at_s: float) -> None:
        self._passed, self._done, self._marks = _Gauge(at_s), _Gauge(at_s), 0
        self._set_rates(at_s)

    def _set_rates(self, at_s: float) -> None:
        rate = {"s": 1.0, "m": self._mps or 0.0, "steps": self._pod_spm / 60}[self._step.unit]
        self._passed.grow(float(self._runs), at_s)
        self._done.grow(rate if self._runs else 0.0, at_s)

    def _stand_or_go(self, at_s: float, why: str) -> Iterator[PlanEvent]:
        ran = self._passed.rate > 0
        self._set_rates(at_s)
        if self._ended or ran == self._runs:
            return
        if not self._begun:
            self._begun = True
            yield self._event("step", at_s)
        else:
            yield self._event("go", at_s) if self._runs else self._event("stand", at_s, f"{why}: the plan waits")

    # --- what is said ---------------------------------------------------------------------------------------------

    def _event(self, state: PlanState, at_s: float, reason: str = "") -> PlanEvent:
        step = self._step
        done = 1.0 if self._ended else min(self._done.read(at_s) / step.length, 1.0)
        if self._lacks_speed and step.else_s is not None and not self._ended:
            done = min(self._passed.read(at_s) / step.else_s, 1.0)
        until_s = math.inf if self._ended else self._ends_s
        band = self.band
        mode = "off" if self._ended else step.mode or self._own_mode
        names_target = step.pct is not None or step.low_spm is not None
        return PlanEvent(
            t_s=at_s,
            available_s=at_s,
            plan=self._plan.name,
            session=self._plan.session,
            state=state,
            step=min(self._index + 1, len(self._plan.steps)),
            of=len(self._plan.steps),
            name=step.name,
            left=round(step.length * (1 - done), 3),
            unit=step.unit,
            until_s=until_s if math.isfinite(until_s) else None,
            mode=mode,
            free=self._ended or (mode in ("off", "match") and not names_target),
            target_low_spm=band.low_spm,
            target_high_spm=band.high_spm,
            done_pct=round(100 * self._share(done), 2),
            reason=reason,
        )

    @property
    def _ends_s(self) -> float:
        """When the step ends if the runner goes on as now."""
        if not self._runs:
            return math.inf
        return self._step_due_s if self._lacks_speed else min(self._done.reaches_s(self._step.length), self._limit_s)

    def _share(self, done: float) -> float:
        """Give what is done of the whole plan; `done` is that of the step."""
        current_s = 0.0 if self._ended else done * about_s(self._step)
        return (self._done_s + current_s) / self._whole_s
