"""The personal target over weeks: up a ladder of 2.5 %, a rung at a time, and down when something hurts.

A rung is climbed once three runs were held on the one below, and seven days after that was first run on, at the
soonest. New pain in a calf, an Achilles tendon or a hip is a rung down, and the counting begins anew.

The ladder is the usual one (+2.5, +5, +7.5 % of the own cadence, never beyond +10 %); "held" is this program's own:
four fifths of at least ten minutes of running in the band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

RUNG_PCT = 2.5
HELD_RUNS = 3
APART = timedelta(days=7)
HELD_SHARE = 0.8
HELD_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """A run towards a personal target: when it began, which percentage it was led to, and whether that was held."""

    at: datetime
    pct: float
    held: bool


@dataclass(frozen=True, slots=True)
class Rung:
    """Where the runner is on the ladder today; `reason` says what comes next, in words for the runner."""

    pct: float
    reason: str


def is_held(in_band_s: float, running_s: float) -> bool:
    """Tell whether a run was held."""
    return running_s >= HELD_S and in_band_s >= HELD_SHARE * running_s


def rung(goal_pct: float, runs: Sequence[Climb], pains: Sequence[datetime], now: datetime) -> Rung:
    """Find today's rung.

    Parameters
    ----------
    goal_pct : where the ladder is to lead. runs : in any order. pains : when new pain was told.
    now : in the time zone of the runner, who is told a day and an hour.
    """
    pct, held, hurt = min(RUNG_PCT, goal_pct), 0, False
    since: datetime | None = None
    happened: list[tuple[datetime, Climb | None]] = [*((run.at, run) for run in runs), *((at, None) for at in pains)]
    happened = [(min(at, now), run) for at, run in happened]  # a clock may have been ahead
    for at, run in sorted(happened, key=lambda one: one[0]):
        if run is not None:
            if run.pct != pct or since is None:
                pct, held, since = run.pct, 0, at
            held, hurt = held + run.held, False
        elif since is not None and not hurt:
            pct, held, since, hurt = max(0.0, pct - RUNG_PCT), 0, at, True
    if pct >= goal_pct:
        return Rung(goal_pct, "which is where you want to be")
    above_pct = min(pct + RUNG_PCT, goal_pct)
    if hurt:
        return Rung(pct, f"a rung down after new pain; +{above_pct:g} % again after {HELD_RUNS} runs held, and a week")
    if held < HELD_RUNS or since is None:
        return Rung(pct, f"{held} of {HELD_RUNS} runs held, then +{above_pct:g} %")
    if now < since + APART:
        opens = (since + APART).astimezone(now.tzinfo)
        return Rung(pct, f"{HELD_RUNS} runs held; +{above_pct:g} % from {opens:%A %H:%M} on: one rung a week")
    return Rung(above_pct, f"a rung higher: {HELD_RUNS} runs held at +{pct:g} %")
