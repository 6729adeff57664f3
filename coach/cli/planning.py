"""The plan of a run, from the settings and from what the store knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coach.cli.aiming import HINT, UNKNOWN
from coach.errors import ConfigError

if TYPE_CHECKING:
    from coach.config import Config
    from coach.model import Assignment, Plan, PlanStep
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

    own_spm = config.target.own_spm or None
    runs = [] if store is None else [run for run in store.runs() if run.runner == config.runner.name]
    schedule, plan = choose(config.coaching.plan, runs)
    _check(plan, config, own_spm)
    session = f", session {plan.session} of {len(schedule.sessions)}" if plan.session is not None else ""
    say(f"The plan is {plan.name}{session}, {duration_text(length_s(plan))}: {schedule.note}.")
    return Assignment(at=HostTime(0.0), plan=plan, baseline_spm=own_spm)


def length_s(plan: Plan) -> float:
    """Give how long a plan takes, about."""
    from coach.coaching.plan import about_s

    return sum(map(about_s, plan.steps))


def _check(plan: Plan, config: Config, own_spm: float | None) -> None:
    """Refuse a plan that cannot be run today; a step that is repeated is named once."""
    tells_speed = config.sensor.kind in ("auto", "ble")
    problems: dict[str, str] = {}
    for number, step in enumerate(plan.steps, 1):
        if (why := _problem(step, own_spm, config.sensor.kind, tells_speed=tells_speed)) is not None:
            problems.setdefault(step.name, f"{plan.name}: step {number} of {len(plan.steps)} ({step.name}): {why}")
    if problems:
        raise ConfigError(list(problems.values()), hint=HINT if own_spm is None else "")


def _problem(step: PlanStep, own_spm: float | None, sensor: str, *, tells_speed: bool) -> str | None:
    from coach.coaching.target import MOST_PCT, is_too_far

    if step.pct is not None and own_spm is None:
        return f"{step.pct:+g} %, but {UNKNOWN}"
    if step.low_spm is not None and own_spm is not None and is_too_far(step.low_spm, own_spm):
        return f"{step.low_spm:g}-{step.high_spm:g} begins more than {MOST_PCT:g} % above your own {own_spm:g}"
    if step.unit == "m" and step.else_s is None and not tells_speed:
        return f"{sensor} tells no speed to count {step.length:g} m by: give else_seconds too"
    return None
