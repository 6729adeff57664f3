"""Riding along: in a car, on a bicycle, on good roads and on rough ones.

How hard a rough road shakes a bicycle is measured: at the stem, vertically, 2.6 m/s² root mean square on asphalt, 7.0
on concrete stones and 10.8 on a rough road with a mountain bike, 4.4, 11.8 and 27.3 with a road bike (Arpinar-Avsar et
al. 2013, J Sports Sci Med 12:512); most of it is quicker than a body, cobbles make a wheel bounce at about 40 Hz
(Viellehner and Potthast 2021, Med Sci Sports Exerc 53:936). What of that comes through hands, saddle and pedals is made
up, as are the rider's bob on the saddle and the sizes of cars: what ISO 2631-1 calls "a little uncomfortable" on a good
road, "uncomfortable" to "very uncomfortable" on a rough one (0.3 and 1 to 2 m/s²).
"""

from __future__ import annotations

import numpy as np

from coach.model import FloatArray
from sensors.placed import STANDARD_GRAVITY, At, Sit
from sensors.processes import Knocks, Noise, Rhythm, Spells

CRANK_M = 0.17
# Of the pedal's acceleration (forward and up), and degrees that the limb swings.
_ROUND: dict[str, tuple[float, float, float]] = {
    "foot": (1.0, 1.0, 12.0),
    "ankle": (0.97, 0.95, 14.0),
    "shank": (0.75, 0.8, 22.0),
    "thigh": (0.5, 0.1, 20.0),
}
RIDING: dict[str, float] = {
    "thigh": -50.0,
    "shank": 15.0,
    "sacrum": -35.0,
    "waist": -35.0,
    "chest": -40.0,
    "upper_arm": -45.0,
    "wrist": -60.0,
    "hand": -60.0,
}
"""By how many degrees a limb is turned in the sagittal plane, against standing."""

# Root mean square at the stem of a bicycle on stones and rough roads, m/s²; what of it lies below 35 Hz; and what of
# that comes through to the body.
_STEM_MPS2 = (7.0, 12.0)
_SLOW_PART = 0.6
_COMES_THROUGH: dict[str, float] = {
    "foot": 0.75,
    "ankle": 0.65,
    "shank": 0.5,
    "thigh": 0.4,
    "waist": 0.35,
    "sacrum": 0.35,
    "chest": 0.2,
    "upper_arm": 0.3,
    "wrist": 0.55,
    "hand": 0.7,
}


class Drive(Sit):
    """A car that rolls and stops: bounce, wheel hop, bumps, bends and brakes; its engine runs on."""

    def __init__(self, at: At) -> None:
        super().__init__(at)
        rough = at.about(at.by_limb(leg=0.9, trunk=1.0, arm=1.2))
        self._rolling = Spells((8.0, 40.0), (3.0, 9.0), at.rng, spread=0.2, ramp_s=1.0)
        self._road: tuple[Noise | Knocks, ...] = (
            at.noise(1.0, 2.2, 0.012 * rough, 0.018 * rough, 0.045 * rough),
            at.noise(9.0, 15.0, 0.012 * rough, 0.012 * rough, 0.03 * rough),
            at.noise(0.03, 0.25, 0.08, 0.1, 0.01),
            at.knocks(8.0, 2.0, 0.05 * rough, 0.08 * rough, 0.25 * rough),
            at.knocks(3.0, 12.0, 0.06 * rough, 0.06 * rough, 0.2 * rough),
        )
        self._engine = Rhythm(at.rng.uniform(22.0, 38.0), 0.05, at.rng)
        self._buzz_g = at.about(0.012) * np.array([0.5, 0.5, 1.0])

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        moved += self._rolling.draw(n) * sum(part.draw(n) for part in self._road)
        return moved + np.sin(self._engine.draw(n))[:, None] * self._buzz_g, lean


class Cycle:
    """A leg that goes round with the crank and coasts now and then; the rest of the body rocks, and feels the road."""

    def __init__(self, at: At) -> None:
        pedal_g = CRANK_M * (2 * np.pi * at.rate_hz) ** 2 / STANDARD_GRAVITY
        forward, up, self._deg = _ROUND.get(at.placement, (0.0, 0.0, 1.5))
        self._round_g = pedal_g * np.array([forward, 0.05 * forward, up])
        self._rock_g = at.about(at.by_limb(leg=0.0, trunk=0.02, arm=0.015)) * at.rate_hz * np.array([0.5, 1.0, 1.0])
        buzz = at.about(at.by_limb(leg=0.05, trunk=0.05, arm=0.12))
        self._pedalling = Spells((8.0, 40.0), (1.0, 4.0), at.rng, spread=0.0, ramp_s=0.3, axes=1)
        self._crank = Rhythm(at.rate_hz, 0.03, at.rng)
        self._road: tuple[Noise | Knocks, ...] = (
            at.noise(3.0, 30.0, 0.5 * buzz, 0.4 * buzz, buzz),
            at.knocks(6.0, 9.0, buzz, buzz, 3 * buzz),
        )

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        drive = self._pedalling.draw(n)
        phase = self._crank.draw(n, drive[:, 0])
        phase += 0.04 * np.sin(2 * phase)  # a foot pushes down harder than it pulls up
        circle = np.stack([np.cos(phase), np.sin(phase), np.sin(phase)], axis=1)
        rock = np.stack([np.sin(2 * phase), np.sin(phase), np.cos(2 * phase)], axis=1)
        moved = drive**2 * (circle * self._round_g + rock * self._rock_g)
        swing = np.radians(self._deg) * np.sin(phase + 0.6)
        lean = np.stack([np.sin(swing), np.zeros(n), np.cos(swing) - 1], axis=1)
        return moved + self._jolts(n), lean

    def _jolts(self, n: int) -> FloatArray:
        jolts: FloatArray = np.sum([part.draw(n) for part in self._road], axis=0)
        return jolts


class RoughCycle(Cycle):
    """The same over stones and holes: the rider works harder, bobs, and is shaken, here more and there less."""

    def __init__(self, at: At) -> None:
        super().__init__(at)
        self._rock_g = self._rock_g + at.about(at.by_limb(leg=0.02, trunk=0.05, arm=0.04)) * at.rate_hz**2 / 2
        shake = at.rng.uniform(*_STEM_MPS2) * _SLOW_PART * _COMES_THROUGH[at.placement] / STANDARD_GRAVITY
        bob = at.about(at.by_limb(leg=0.03, trunk=0.06, arm=0.06))
        self._patches = at.noise(0.1, 1.0, 0.35)
        self._road = (
            at.noise(6.0, 35.0, 0.5 * shake, 0.4 * shake, shake),
            at.noise(2.0, 5.0, 0.4 * bob, 0.4 * bob, bob),
            at.knocks(1.0, at.rng.uniform(8.0, 16.0), shake, 0.7 * shake, 3 * shake),
        )
        pitch = np.radians(RIDING.get(at.placement, 0.0))
        self._to_limb = np.array([[np.cos(pitch), 0, -np.sin(pitch)], [0, 1, 0], [np.sin(pitch), 0, np.cos(pitch)]])

    def _jolts(self, n: int) -> FloatArray:
        jolts: FloatArray = np.exp(self._patches.draw(n)) * super()._jolts(n) @ self._to_limb
        return jolts


class RoughDrive(Drive):
    """A track: holes and stones, three to five times as hard, and a washboard now and then."""

    def __init__(self, at: At) -> None:
        super().__init__(at)
        rough = at.rng.uniform(1.5, 3.0)
        self._road = (
            *self._road,
            at.noise(1.0, 3.0, 0.03 * rough, 0.05 * rough, 0.07 * rough),
            at.noise(4.0, 15.0, 0.02 * rough, 0.02 * rough, 0.05 * rough),
            at.knocks(1.0, 2.0, 0.05 * rough, 0.08 * rough, 0.15 * rough),
            at.knocks(0.7, 12.0, 0.05 * rough, 0.05 * rough, 0.15 * rough),
        )
        self._washboard = Spells((1.0, 5.0), (3.0, 12.0), at.rng)
        self._ripples = Rhythm(at.rng.uniform(8.0, 16.0), 0.05, at.rng)
        self._ripple_g = at.about(0.12) * np.array([0.4, 0.3, 1.0])

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        return moved + self._washboard.draw(n) * np.sin(self._ripples.draw(n))[:, None] * self._ripple_g, lean
