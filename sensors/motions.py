"""What is not gait: standing, sitting, typing, fidgeting, a sensor that is shaken, and where to find all the rest.

A motion gives, for each tick of the world, the acceleration at the placement and how gravity leans away from where the
posture has it. Sizes are made up from what is known of each activity (crank length and rate; a car's bounce at 1-2 Hz
and wheel hop at 10-15 Hz; sway below 1 Hz) and from phones that lay, sat and rode along in public recordings of daily
life; each run draws some of them anew. None holds a step. Rides, chores and exercises are in modules of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from coach.model import FloatArray
from sensors.chores import Brush, Gesture, Wash
from sensors.course import Activity, Segment
from sensors.exercises import Curl, Jack, PushUp, Row, Squat
from sensors.placed import At, Motion, Sit, Stand
from sensors.processes import Rhythm, Spells
from sensors.rides import RIDING, Cycle, Drive, RoughCycle, RoughDrive

_SEATED = {
    "thigh": -80.0,
    "sacrum": 12.0,
    "waist": 12.0,
    "chest": 8.0,
    "upper_arm": -20.0,
    "wrist": -75.0,
    "hand": -60.0,
}
# By how many degrees a limb is turned in the sagittal plane, against standing.
POSTURES: dict[Activity, Mapping[str, float]] = {
    "sit": _SEATED,
    "type": _SEATED,
    "fidget": _SEATED,
    "drive": _SEATED,
    "rough-drive": _SEATED,
    "cycle": RIDING,
    "rough-cycle": RIDING,
}


def motion_of(segment: Segment, placement: str, rng: np.random.Generator) -> Motion:
    """Make what a placement feels of a part of a course that has no steps."""
    return _MOTIONS[segment.activity](At(segment, placement, rng))


class _Type(Sit):
    """Bursts of taps, and pauses."""

    def __init__(self, at: At) -> None:
        super().__init__(at)
        tap_g = at.about({"wrist": 0.12, "hand": 0.12, "upper_arm": 0.02}.get(at.placement, 0.004))
        self._burst = Spells((1.0, 6.0), (0.4, 3.0), at.rng)
        self._taps = at.knocks(0.17, 20.0, 0.5 * tap_g, 0.4 * tap_g, tap_g)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        return moved + self._burst.draw(n) * self._taps.draw(n), lean


class _Fidget(Sit):
    """Irregular bouts of movement, and a leg that bounces for no longer than two seconds."""

    def __init__(self, at: At) -> None:
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


class _Rattle:
    """A sensor that is thrown about, as in a bag: strong, tumbling, never twice the same."""

    def __init__(self, at: At) -> None:
        size = at.rng.uniform(0.7, 1.6)
        self._when = Spells((0.15, 1.0), (0.05, 0.4), at.rng, spread=0.5, ramp_s=0.03)
        self._shaking = at.noise(1.0, 12.0, size, size, size)
        self._bangs = at.knocks(0.4, 25.0, size, size, size)
        self._tumbling = at.noise(0.2, 2.5, 1.0, 1.0, 1.0)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        return self._when.draw(n) * self._shaking.draw(n) + self._bangs.draw(n), self._tumbling.draw(n)


class _Shake:
    """A hand that shakes the sensor to and fro: mostly one direction, not quite a sine, not quite regular."""

    def __init__(self, at: At) -> None:
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


_MOTIONS: dict[str, Callable[[At], Motion]] = {
    "stand": Stand,
    "sit": Sit,
    "type": _Type,
    "fidget": _Fidget,
    "drive": Drive,
    "rough-drive": RoughDrive,
    "cycle": Cycle,
    "rough-cycle": RoughCycle,
    "gesture": Gesture,
    "brush": Brush,
    "wash": Wash,
    "curl": Curl,
    "jack": Jack,
    "squat": Squat,
    "push-up": PushUp,
    "row": Row,
    "rattle": _Rattle,
    "shake": _Shake,
}
