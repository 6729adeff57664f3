"""Where a motion is felt: the limb at a placement, its chance, and the swaying that everything else comes on top of."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np

from coach.model import FloatArray
from sensors.course import Segment
from sensors.processes import Knocks, Noise, Spells

STANDARD_GRAVITY = 9.81

Limb = Literal["leg", "trunk", "arm"]
LIMBS: dict[str, Limb] = {
    "foot": "leg",
    "ankle": "leg",
    "shank": "leg",
    "thigh": "leg",
    "waist": "trunk",
    "sacrum": "trunk",
    "chest": "trunk",
    "upper_arm": "arm",
    "wrist": "arm",
    "hand": "arm",
}


class Motion(Protocol):
    """A stream of motion."""

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        """Give acceleration in g and the lean of gravity in g, both of shape (n, 3), for the next `n` ticks."""


class At:
    """Where a motion is felt, and what its parts draw from."""

    def __init__(self, segment: Segment, placement: str, rng: np.random.Generator) -> None:
        self.placement = placement
        self.limb: Limb = LIMBS[placement]
        self.rate_hz = segment.first_per_min / 60
        self.rng = rng

    def by_limb(self, *, leg: float, trunk: float, arm: float) -> float:
        return {"leg": leg, "trunk": trunk, "arm": arm}[self.limb]

    def noise(self, low_hz: float, high_hz: float, *rms: float) -> Noise:
        return Noise(low_hz, high_hz, rms, self.rng)

    def knocks(self, every_s: float, ring_hz: float, *peak_g: float) -> Knocks:
        return Knocks(every_s, peak_g, ring_hz, self.rng)

    def about(self, size: float, spread: float = 0.3) -> float:
        """Draw a size that this run has."""
        return size * float(self.rng.lognormal(0.0, spread))


class Stand:
    """Sways below 1 Hz, and shifts its weight now and then; seated, less of both."""

    def __init__(self, at: At, *, liveliness: float = 1.0) -> None:
        sway = liveliness * at.by_limb(leg=0.002, trunk=0.01, arm=0.015)
        shift = at.by_limb(leg=0.02, trunk=0.04, arm=0.08)
        self._sway = at.noise(0.1, 1.0, sway, sway, 0.0)
        self._when = Spells((0.3, 1.2), (2.0 / liveliness, 10.0 / liveliness), at.rng)
        self._shift = at.noise(0.4, 3.0, shift, shift, shift)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        shift = self._when.draw(n) * self._shift.draw(n)
        return shift, self._sway.draw(n) + shift


class Sit(Stand):
    """The same, less of it."""

    def __init__(self, at: At) -> None:
        super().__init__(at, liveliness=0.4)
