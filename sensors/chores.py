"""What hands do between runs: talk, brush teeth, wash up. The rest of the body stands by.

Brushing is a rhythm of one's own that all joints of the arm keep, out of the elbow (Inada et al. 2015, Clin Oral
Investig 19:1451); rates and sizes are made up: strokes of one to two centimetres, two to five a second. So are those of
washing up: circles of some centimetres, one to two a second, and things put down between.
"""

from __future__ import annotations

import numpy as np

from coach.model import FloatArray
from sensors.placed import STANDARD_GRAVITY, At, Stand
from sensors.processes import Rhythm, Spells

# How much of what a hand does is felt elsewhere.
_FELT = {"hand": 1.0, "wrist": 0.85, "upper_arm": 0.25, "chest": 0.06, "waist": 0.04, "sacrum": 0.04}


class Gesture(Stand):
    """An arm that talks: sweeps that turn it, and beats that end with a jerk, none like the one before."""

    def __init__(self, at: At) -> None:
        super().__init__(at)
        felt = _FELT.get(at.placement, 0.02)
        sweep, beat = felt * at.about(0.35), felt * at.about(0.8)
        self._talking = Spells((1.0, 5.0), (0.5, 4.0), at.rng, ramp_s=0.15)
        self._sweeps = at.noise(0.3, 2.5, sweep, sweep, sweep)
        self._turns = at.noise(0.1, 1.5, 0.4 * felt, 0.4 * felt, 0.2 * felt)
        self._beats = at.knocks(0.7, 4.0, beat, beat, beat)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        talking = self._talking.draw(n)
        return moved + talking * (self._sweeps.draw(n) + self._beats.draw(n)), lean + talking * self._turns.draw(n)


class _Rub(Stand):
    """A hand that goes to and fro or round, in spells, each at an angle and with a vigour of its own."""

    def __init__(
        self,
        at: At,
        *,
        per_s: tuple[float, float],
        reach_m: tuple[float, float],
        roundness: float,
        on_s: tuple[float, float],
        off_s: tuple[float, float],
    ) -> None:
        super().__init__(at)
        felt = _FELT.get(at.placement, 0.01)
        rate_hz = at.rng.uniform(*per_s)
        size_g = felt * at.rng.uniform(*reach_m) * (2 * np.pi * rate_hz) ** 2 / STANDARD_GRAVITY
        along, across, up = np.linalg.qr(at.rng.standard_normal((3, 3)))[0]
        self._ways_g = size_g * np.stack([along, roundness * across, at.rng.uniform(0.02, 0.2) * up])
        self._late = at.rng.uniform(0.0, 2 * np.pi)
        self._rubbing = Spells(on_s, off_s, at.rng, spread=0.3, ramp_s=0.1, axes=1)
        self._rhythm = Rhythm(rate_hz, 0.08, at.rng)
        self._vigour = at.noise(0.1, rate_hz / 2, 0.15)
        self._tremor = at.noise(2.0, 12.0, *(0.12 * size_g,) * 3)
        self._turns = at.noise(0.05, 0.5, 0.3 * felt, 0.3 * felt, 0.1 * felt)
        self._tilt = 0.15 * felt * at.rng.standard_normal(3)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        phase = self._rhythm.draw(n)
        waves = np.stack([np.cos(phase), np.sin(phase), np.cos(2 * phase + self._late)], axis=1)
        rubbing = self._rubbing.draw(n)
        moved += rubbing * ((1 + self._vigour.draw(n)) * (waves @ self._ways_g) + self._tremor.draw(n))
        return moved, lean + self._turns.draw(n) + rubbing * np.sin(phase)[:, None] * self._tilt


class Brush(_Rub):
    """Teeth, one side after another."""

    def __init__(self, at: At) -> None:
        roundness = at.rng.uniform(0.05, 0.5)
        super().__init__(
            at, per_s=(2.0, 5.0), reach_m=(0.005, 0.012), roundness=roundness, on_s=(3.0, 12.0), off_s=(0.3, 1.5)
        )


class Wash(_Rub):
    """Dishes: rubbed round, turned, put down with a knock."""

    def __init__(self, at: At) -> None:
        roundness = at.rng.uniform(0.4, 1.0)
        super().__init__(
            at, per_s=(0.9, 2.2), reach_m=(0.02, 0.06), roundness=roundness, on_s=(1.5, 8.0), off_s=(0.5, 3.0)
        )
        knock_g = _FELT.get(at.placement, 0.01) * at.about(0.8)
        self._clatter = at.knocks(2.5, 18.0, knock_g, knock_g, knock_g)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        return moved + self._clatter.draw(n), lean
