"""What is not gait: standing, sitting, typing, fidgeting, driving, cycling, and a sensor that is shaken.

A motion gives, for each tick of the world, the acceleration at the placement and how gravity leans away from where the
posture has it. Sizes are made up from what is known of each activity (crank length and rate; a car's bounce at 1-2 Hz
and wheel hop at 10-15 Hz; sway below 1 Hz) and from phones that lay, sat and rode along in public recordings of daily
life; each run draws some of them anew. None holds a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import numpy as np

from coach.model import FloatArray
from sensors.course import Activity, Segment
from sensors.processes import Knocks, Noise, Rhythm, Spells

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
_SEATED = {
    "thigh": -80.0,
    "sacrum": 12.0,
    "waist": 12.0,
    "chest": 8.0,
    "upper_arm": -20.0,
    "wrist": -75.0,
    "hand": -60.0,
}
_RIDING = {"thigh": -50.0, "shank": 15.0, "sacrum": -35.0, "waist": -35.0, "chest": -40.0, "upper_arm": -45.0}
# By how many degrees a limb is turned in the sagittal plane, against standing.
POSTURES: dict[Activity, Mapping[str, float]] = {
    "sit": _SEATED,
    "type": _SEATED,
    "fidget": _SEATED,
    "drive": _SEATED,
    "cycle": _RIDING | {"wrist": -60.0, "hand": -60.0},
}
CRANK_M = 0.17
# Of the pedal's acceleration (forward and up), and degrees that the limb swings.
_ROUND: dict[str, tuple[float, float, float]] = {
    "foot": (1.0, 1.0, 12.0),
    "ankle": (0.97, 0.95, 14.0),
    "shank": (0.75, 0.8, 22.0),
    "thigh": (0.5, 0.1, 20.0),
}
STANDARD_GRAVITY = 9.81


class Motion(Protocol):
    """A stream of motion."""

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        """Give acceleration in g and the lean of gravity in g, both of shape (n, 3), for the next `n` ticks."""


def motion_of(segment: Segment, placement: str, rng: np.random.Generator) -> Motion:
    """Make what a placement feels of a part of a course that has no steps."""
    return _MOTIONS[segment.activity](_At(segment, placement, rng))


class _At:
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


class _Stand:
    """Sways below 1 Hz, and shifts its weight now and then; seated, less of both."""

    def __init__(self, at: _At, *, liveliness: float = 1.0) -> None:
        sway = liveliness * at.by_limb(leg=0.002, trunk=0.01, arm=0.015)
        shift = at.by_limb(leg=0.02, trunk=0.04, arm=0.08)
        self._sway = at.noise(0.1, 1.0, sway, sway, 0.0)
        self._when = Spells((0.3, 1.2), (2.0 / liveliness, 10.0 / liveliness), at.rng)
        self._shift = at.noise(0.4, 3.0, shift, shift, shift)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        shift = self._when.draw(n) * self._shift.draw(n)
        return shift, self._sway.draw(n) + shift


class _Sit(_Stand):
    def __init__(self, at: _At) -> None:
        super().__init__(at, liveliness=0.4)


class _Type(_Sit):
    """Bursts of taps, and pauses."""

    def __init__(self, at: _At) -> None:
        super().__init__(at)
        tap_g = at.about({"wrist": 0.12, "hand": 0.12, "upper_arm": 0.02}.get(at.placement, 0.004))
        self._burst = Spells((1.0, 6.0), (0.4, 3.0), at.rng)
        self._taps = at.knocks(0.17, 20.0, 0.5 * tap_g, 0.4 * tap_g, tap_g)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        return moved + self._burst.draw(n) * self._taps.draw(n), lean


class _Fidget(_Sit):
    """Irregular bouts of movement, and a leg that bounces for no longer than two seconds."""

    def __init__(self, at: _At) -> None:
        super().__init__(at)
        size = at.about(at.by_limb(leg=0.22, trunk=0.06, arm=0.28))
        bounce_g = at.about(at.by_limb(leg=0.4, trunk=0.03, arm=0.03))
        self._when = Spells((0.4, 2.5), (0.5, 5.0), at.rng)
        self._shift = at.noise(0.4, 4.0, size, size, size)
        self._bouncing = Spells((0.7, 1.7), (4.0, 15.0), at.rng)
        self._bounce = Rhythm(at.rng.uniform(2.8, 6.0), 0.06, at.rng)
        self._bounce_g = bounce_g * np.array([0.5, 0.2, 1.0])

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        bounce = np.sin(self._bounce.draw(n))[:, None] * self._bounce_g
        return moved + self._bouncing.draw(n) * bounce, lean


class _Drive(_Sit):
    """A car that rolls and stops: bounce, wheel hop, bumps, bends and brakes; its engine runs on."""

    def __init__(self, at: _At) -> None:
        super().__init__(at)
        rough = at.about(at.by_limb(leg=0.9, trunk=1.0, arm=1.2))
        self._rolling = Spells((8.0, 40.0), (3.0, 9.0), at.rng, spread=0.2, ramp_s=1.0)
        self._road = (
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


class _Cycle:
    """A leg that goes round with the crank and coasts now and then; the rest of the body rocks, and feels the road."""

    def __init__(self, at: _At) -> None:
        pedal_g = CRANK_M * (2 * np.pi * at.rate_hz) ** 2 / STANDARD_GRAVITY
        forward, up, self._deg = _ROUND.get(at.placement, (0.0, 0.0, 1.5))
        self._round_g = pedal_g * np.array([forward, 0.05 * forward, up])
        self._rock_g = at.about(at.by_limb(leg=0.0, trunk=0.02, arm=0.015)) * at.rate_hz * np.array([0.5, 1.0, 1.0])
        buzz = at.about(at.by_limb(leg=0.05, trunk=0.05, arm=0.12))
        self._pedalling = Spells((8.0, 40.0), (1.0, 4.0), at.rng, spread=0.0, ramp_s=0.3, axes=1)
        self._crank = Rhythm(at.rate_hz, 0.03, at.rng)
        self._road = (at.noise(3.0, 30.0, 0.5 * buzz, 0.4 * buzz, buzz), at.knocks(6.0, 9.0, buzz, buzz, 3 * buzz))

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        drive = self._pedalling.draw(n)
        phase = self._crank.draw(n, drive[:, 0])
        phase += 0.04 * np.sin(2 * phase)  # a foot pushes down harder than it pulls up
        circle = np.stack([np.cos(phase), np.sin(phase), np.sin(phase)], axis=1)
        rock = np.stack([np.sin(2 * phase), np.sin(phase), np.cos(2 * phase)], axis=1)
        moved = drive**2 * (circle * self._round_g + rock * self._rock_g)
        swing = np.radians(self._deg) * np.sin(phase + 0.6)
        lean = np.stack([np.sin(swing), np.zeros(n), np.cos(swing) - 1], axis=1)
        return moved + sum(part.draw(n) for part in self._road), lean


class _Rattle:
    """A sensor that is thrown about, as in a bag: strong, tumbling, never twice the same."""

    def __init__(self, at: _At) -> None:
        size = at.rng.uniform(0.7, 1.6)
        self._when = Spells((0.15, 1.0), (0.05, 0.4), at.rng, spread=0.5, ramp_s=0.03)
        self._shaking = at.noise(1.0, 12.0, size, size, size)
        self._bangs = at.knocks(0.4, 25.0, size, size, size)
        self._tumbling = at.noise(0.2, 2.5, 1.0, 1.0, 1.0)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        return self._when.draw(n) * self._shaking.draw(n) + self._bangs.draw(n), self._tumbling.draw(n)


class _Shake:
    """A hand that shakes the sensor to and fro: mostly one direction, not quite a sine, not quite regular."""

    def __init__(self, at: _At) -> None:
        direction = at.rng.standard_normal((3, 3))
        direction /= np.linalg.norm(direction, axis=1)[:, None]
        # The first harmonic along one direction, the others along that one and a little along their own.
        shares = np.array([1.0, *at.rng.uniform(0.05, 0.35, 2)])
        self._size_g = at.rng.uniform(0.5, 2.0) * shares[:, None] * (direction[0] + 0.25 * direction)
        self._late = at.rng.uniform(0.0, 2 * np.pi, 3)
        self._rhythm = Rhythm(at.rate_hz, 0.05, at.rng)
        self._strength = at.noise(0.1, max(at.rate_hz / 2, 0.2), 0.15)
        self._tremor = at.noise(1.0, 9.0, 0.08, 0.08, 0.08)
        self._wrist = at.rng.normal(0.0, 0.12, 3)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        phase = self._rhythm.draw(n)[:, None]
        waves = np.cos(np.array([1, 2, 3]) * phase + self._late)
        moved = (1 + self._strength.draw(n)) * (waves @ self._size_g)
        return moved + self._tremor.draw(n), np.sin(phase) * self._wrist


_MOTIONS: dict[str, Callable[[_At], Motion]] = {
    "stand": _Stand,
    "sit": _Sit,
    "type": _Type,
    "fidget": _Fidget,
    "drive": _Drive,
    "cycle": _Cycle,
    "rattle": _Rattle,
    "shake": _Shake,
}
