"""The plan of a run, from the settings and from what the store knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coach.errors import ConfigError

if TYPE_CHECKING:
    from coach.config import Config
    from coach.model import Assignment, Plan
    from coach.store.book import Store

LIVE_MARGIN_S = 30.0
"""A simulated runner needs so much longer than the plan: to stand, and to be found."""


def assignment_for(config: Config, store: Store | None, say: Callable[[str], None]) -> Assignment | None:
    """Give the plan of a run, if the settings name one, and say which; the session after those in the store.

    Raises
    ------
    ConfigError
        When there is no such plan, or it cannot be run.
    UsageError
        When it has no such session, or all are done.
    """
    if not config.coaching.plan:
        return None
    from coach.model import Assignment, HostTime
    from coach.plans import choose
    from coach.ui.words import duration_text

    schedule, plan = choose(config.coaching.plan, store.runs() if store is not None else [])
    baseline_spm = _baseline_spm(config)
    _check(plan, config, baseline_spm)
    session = f", session {plan.session} of {len(schedule.sessions)}" if plan.session is not None else ""
    say(f"The plan is {plan.name}{session}, {duration_text(length_s(plan))}: {schedule.note}.")
    return Assignment(at=HostTime(0.0), plan=plan, baseline_spm=baseline_spm)


def length_s(plan: Plan) -> float:
    """Give how long a plan takes, about."""
    from coach.coaching.plan import about_s

    return sum(map(about_s, plan.steps))


def _baseline_spm(config: Config) -> float | None:
    """A simulated runner's own cadence is known; a real one's is told."""
    own_spm = config.simulation.cadence_spm if config.sensor.kind == "simulated" else config.target.own_spm
    return own_spm or None


def _check(plan: Plan, config: Config, baseline_spm: float | None) -> None:
    """Refuse a plan that cannot be run today; a step that is repeated is named once."""
    tells_speed = config.sensor.kind in ("auto", "ble")
    problems: dict[str, str] = {}
    hint = ""
    for number, step in enumerate(plan.steps, 1):
        where = f"{plan.name}: step {number} of {len(plan.steps)} ({step.name})"
        if step.pct is not None and baseline_spm is None:
            hint = "run for some minutes as you like, see the mean at the end, and set target.own_spm to it"
            problems.setdefault(step.name, f"{where}: {step.pct:+g} % of your own cadence, which is not known yet")
        if step.unit == "m" and step.else_s is None and not tells_speed:
            why = f"{config.sensor.kind} tells no speed to count {step.length:g} m by: give else_seconds too"
            problems.setdefault(step.name, f"{where}: {why}")
    if problems:
        raise ConfigError(list(problems.values()), hint=hint)
