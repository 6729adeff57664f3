"""People differ: another person's waveform of the same gait at the same place.

Person 0 is the body that `sensors.forms` describes. Any other number is the seed of a person of its own, drawn apart
from the seed of the run, so that one person can run many courses and many persons the same one. The spreads are a
guess at how runners differ from each other, wide enough that no one waveform is the one to be tuned to.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sensors.forms import Bump, Form, Impact, Turn, Vector

# Standard deviations, of the logarithm but for places.
HEIGHT = 0.25
PLACE_STRIDES = 0.015
WIDTH = 0.08
LEFT_TO_RIGHT = 0.06
SWING = 0.3
RISE = 0.2
RING = 0.15


def of_person(form: Form, person: int) -> Form:
    """Give the form as this person has it.

    Parameters
    ----------
    person : 0 for the form as it is; any other number always gives the same person.
    """
    if not person:
        return form
    chance = _Chance(np.random.default_rng(person))
    return replace(
        form,
        bumps=tuple(map(chance.bump, form.bumps)),
        turns=tuple(map(chance.turn, form.turns)),
        impact=chance.impact(form.impact),
    )


class _Chance:
    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def bump(self, bump: Bump) -> Bump:
        return Bump(
            at=self._near(bump.at),
            width=bump.width * self._times(WIDTH),
            height_g=self._scaled(bump.height_g, self._times(HEIGHT)),
            both=bump.both * self._times(LEFT_TO_RIGHT),
        )

    def turn(self, turn: Turn) -> Turn:
        return Turn(at=self._near(turn.at), width=turn.width * self._times(WIDTH), deg=turn.deg * self._times(SWING))

    def impact(self, impact: Impact) -> Impact:
        return Impact(
            peak_g=self._scaled(impact.peak_g, self._times(HEIGHT)),
            rise_s=impact.rise_s * self._times(RISE),
            ring_hz=impact.ring_hz * self._times(RING),
            other_foot=impact.other_foot * self._times(LEFT_TO_RIGHT),
            variation=impact.variation,
        )

    def _times(self, spread: float) -> float:
        return float(self._rng.lognormal(0.0, spread))

    def _near(self, phase: float) -> float:
        return phase + float(self._rng.normal(0.0, PLACE_STRIDES))

    def _scaled(self, height_g: Vector, size: float) -> Vector:
        """Scale a height, each axis a little differently: another person's limb points elsewhere."""
        x, y, z = (axis * size * self._times(HEIGHT / 2) for axis in height_g)
        return x, y, z
