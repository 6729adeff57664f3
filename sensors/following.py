"""How people follow a beat: the runners that the coach is proven on. They were fixed before the coach was tuned.

Most who were told to run to the beat (*followers*) are drawn by one within 3 % of the cadence that they have at the
moment (Van Dyck 2015), and can be led to 9-14 % above the one that they would choose; one in five gets no further than
3 %, one in seven does not care for the sound. The gains are those of people who run to a metronome (Mates 1994,
Repp 2005; Bood 2013). In silence a runner returns to the own cadence over 5 to 30 minutes, and tires on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Kind = Literal["follower", "hardly", "not"]

REACH = 0.03
HARDLY_SHARE, NOT_SHARE = 0.20, 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How far, and how fast, a beat draws a runner.

    Parameters
    ----------
    ceiling : part of the own cadence by which beats can change it; 0: does not follow.
    phase_gain : part of an asynchrony that the next step makes good.
    period_gain : part of the way to the beat's interval that the own period goes with each step.
    reach : part of the present cadence within which a beat's tempo must lie to draw the runner.
    return_s : time constant of the return to the own cadence in silence.
    tiring_per_h : part by which the own cadence falls in an hour.
    """

    ceiling: float = 0.12
    phase_gain: float = 0.3
    period_gain: float = 0.05
    reach: float = REACH
    return_s: float = 15 * 60.0
    tiring_per_h: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One simulated runner of the proof."""

    kind: Kind
    following: Following
    step_cv_pct: float
    asymmetry_pct: float


def subjects(count: int, *, seed: int, scale: dict[str, float] | None = None) -> list[Subject]:
    """Draw runners.

    Parameters
    ----------
    count, seed : how many, and from which chance; the first n of more runners are the n of fewer.
    scale : factors for parameters by their name, those of `Following` and of `Subject`: what if people differ?
    """
    return [_scaled(_draw(np.random.default_rng([seed, number])), scale or {}) for number in range(count)]


def _draw(rng: np.random.Generator) -> Subject:
    chance = rng.uniform()
    kind: Kind = "not" if chance < NOT_SHARE else "hardly" if chance < NOT_SHARE + HARDLY_SHARE else "follower"
    ceiling = rng.uniform(0.09, 0.14)
    following = Following(
        ceiling={"follower": ceiling, "hardly": 0.03, "not": 0.0}[kind],
        phase_gain=rng.uniform(0.2, 0.4),
        period_gain=rng.uniform(0.02, 0.1),
        return_s=60 * float(np.exp(rng.uniform(np.log(5), np.log(30)))),
        tiring_per_h=rng.uniform(0.0, 0.04),
    )
    return Subject(kind=kind, following=following, step_cv_pct=rng.uniform(1, 2.5), asymmetry_pct=rng.uniform(0, 4))


def _scaled(subject: Subject, scale: dict[str, float]) -> Subject:
    own = {name: getattr(subject, name) * by for name, by in scale.items() if name.endswith("_pct")}
    drawn = {name: getattr(subject.following, name) * by for name, by in scale.items() if not name.endswith("_pct")}
    return replace(subject, following=replace(subject.following, **drawn), **own)


SCALED: Sequence[str] = (
    *("ceiling", "phase_gain", "period_gain", "reach", "return_s", "tiring_per_h"),
    *("step_cv_pct", "asymmetry_pct"),
)
"""The parameters that the proof varies, by half and by half as much again, one at a time."""
