"""Exercise on the spot: curls, squats, push-ups, rowing and jumping jacks, by the kinematics of the limbs.

A joint or the body goes to and fro; angle and place give what the limb feels: the tangential and centripetal
acceleration at the sensor's distance from the joint, the acceleration of the body that carries it, and gravity turned
by the angle. Ranges are those of the textbook exercise, rates what the course says: repetitions of strength exercises
last one to six seconds, an oarsman takes 18 to 36 strokes a minute. A jumper is in the air for a third to a half of
each jump and lands with 2.3 to 3.1 times the body's weight (3.5 times in children's jumping jacks, by force plates:
McKay et al. 2005, Br J Sports Med 39:10). Distances and how much goes astray are made up.
"""

from __future__ import annotations

import numpy as np

from coach.model import FloatArray
from sensors.placed import STANDARD_GRAVITY, At, Stand
from sensors.processes import Rhythm


class ToAndFro:
    """A way from 0 to 1 and back once a turn, not quite a sine, sooner one way than the other, not quite regular."""

    def __init__(self, at: At, rate_hz: float, *, variation: float = 0.05) -> None:
        self._rhythm = Rhythm(rate_hz, variation, at.rng)
        self._turn_per_s = 2 * np.pi * rate_hz
        self._skew = at.rng.uniform(-0.35, 0.35)
        self._second = at.rng.uniform(-0.06, 0.06)
        self._range = at.noise(0.05, max(rate_hz / 2, 0.2), 0.06)

    def draw(self, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give place, speed (a second) and acceleration (a second, a second), each of shape (n,)."""
        turn = self._rhythm.draw(n)
        phase = turn + self._skew * np.sin(turn)
        speed = self._turn_per_s * (1 + self._skew * np.cos(turn))
        faster = -(self._turn_per_s**2) * self._skew * np.sin(turn)
        place = (1 - np.cos(phase)) / 2 + self._second * (1 - np.cos(2 * phase)) / 2
        slope = np.sin(phase) / 2 + self._second * np.sin(2 * phase)
        bend = np.cos(phase) / 2 + 2 * self._second * np.cos(2 * phase)
        size = 1 + self._range.draw(n)[:, 0]
        return size * place, size * slope * speed, size * (bend * speed**2 + slope * faster)


class _Exercise(Stand):
    """Moves the body and turns the limb in the sagittal plane; muscles tremble.

    Parameters
    ----------
    forward_m, up_m : how far the placement travels. from_deg, to_deg : how the limb is turned, against standing.
    radius_m : from the joint about which it turns, for what is not in the travel.
    """

    def __init__(
        self,
        at: At,
        *,
        forward_m: float = 0.0,
        up_m: float = 0.0,
        from_deg: float = 0.0,
        to_deg: float = 0.0,
        radius_m: float = 0.0,
    ) -> None:
        super().__init__(at, liveliness=0.3)
        self._way = ToAndFro(at, at.rate_hz)
        self._travel_m = at.about(1.0, 0.15) * np.array([forward_m, up_m])
        self._from, self._to = np.radians([at.about(1.0, 0.08) * from_deg, at.about(1.0, 0.08) * to_deg])
        self._radius_m = radius_m
        tremor = at.about(0.012) * (1 + 40 * abs(self._travel_m).max() * at.rate_hz**2 / STANDARD_GRAVITY)
        self._tremor = at.noise(2.0, 10.0, tremor, tremor, tremor)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        place, speed, push = self._way.draw(n)
        turned = self._to - self._from
        angle = self._from + turned * place
        forward, up = self._travel_m[:, None] * push / STANDARD_GRAVITY
        cos, sin = np.cos(angle), np.sin(angle)
        along = self._radius_m * (turned * speed) ** 2 / STANDARD_GRAVITY
        across = self._radius_m * turned * push / STANDARD_GRAVITY
        moved += np.stack([forward * cos + up * sin + across, np.zeros(n), up * cos - forward * sin + along], axis=1)
        return moved + self._tremor.draw(n), lean + np.stack([sin, np.zeros(n), cos - 1], axis=1)


def _of(at: At, felt: dict[str, dict[str, float]]) -> dict[str, float]:
    """Give what is known of a placement, or of its limb."""
    return felt.get(at.placement) or felt.get(at.limb) or {}


class Curl(_Exercise):
    """Forearms up and down with a weight; the body sways against it, and no foot moves."""

    def __init__(self, at: At) -> None:
        felt = {
            "hand": {"from_deg": 10.0, "to_deg": 135.0, "radius_m": 0.33},
            "wrist": {"from_deg": 10.0, "to_deg": 135.0, "radius_m": 0.25},
            "upper_arm": {"to_deg": 14.0, "radius_m": 0.15, "forward_m": 0.02},
            "trunk": {"to_deg": -5.0, "forward_m": 0.02, "up_m": 0.004},
            "thigh": {"to_deg": 1.0, "forward_m": 0.006},
        }
        super().__init__(at, **_of(at, felt))


class Squat(_Exercise):
    """Down and up; arms held out or a bar held."""

    def __init__(self, at: At) -> None:
        deep_m = at.rng.uniform(0.25, 0.5)
        raised_deg = at.rng.choice([0.0, 80.0])
        felt = {
            "shank": {"to_deg": 28.0, "radius_m": 0.2},
            "ankle": {"to_deg": 12.0, "radius_m": 0.1},
            "foot": {"to_deg": 1.0},
            "thigh": {"to_deg": -85.0, "up_m": -0.6 * deep_m, "forward_m": -0.5 * deep_m},
            "chest": {"to_deg": 30.0, "up_m": -deep_m, "forward_m": 0.05},
            "trunk": {"to_deg": 25.0, "up_m": -deep_m, "forward_m": -0.25 * deep_m},
            "arm": {"to_deg": -raised_deg, "up_m": -deep_m, "radius_m": 0.5 if raised_deg else 0.0},
        }
        super().__init__(at, **_of(at, felt))


class PushUp(_Exercise):
    """Face down, hands and feet planted: the chest goes down and up, the hips half as far."""

    def __init__(self, at: At) -> None:
        deep_m = at.rng.uniform(0.2, 0.35)
        prone_deg = 78.0
        felt = {
            "hand": {"from_deg": -70.0, "to_deg": -72.0},
            "wrist": {"from_deg": 5.0, "to_deg": 12.0, "radius_m": 0.06},
            "upper_arm": {"from_deg": -5.0, "to_deg": 65.0, "up_m": -0.8 * deep_m},
            "chest": {"from_deg": prone_deg - 8, "to_deg": prone_deg + 6, "up_m": -deep_m},
            "trunk": {"from_deg": prone_deg - 8, "to_deg": prone_deg + 6, "up_m": -0.6 * deep_m},
            "thigh": {"from_deg": prone_deg - 8, "to_deg": prone_deg + 6, "up_m": -0.35 * deep_m},
            "leg": {"from_deg": prone_deg - 8, "to_deg": prone_deg + 2, "up_m": -0.05 * deep_m},
        }
        super().__init__(at, **_of(at, felt))


class Row(_Exercise):
    """On a rowing machine: legs, trunk and arms drive the handle back; the feet are strapped."""

    def __init__(self, at: At) -> None:
        slide_m = at.rng.uniform(0.4, 0.65)
        felt = {
            "foot": {"to_deg": 10.0, "radius_m": 0.1},
            "ankle": {"from_deg": 30.0, "to_deg": -10.0, "radius_m": 0.1},
            "shank": {"from_deg": 30.0, "to_deg": -30.0, "radius_m": 0.25},
            "thigh": {"from_deg": -130.0, "to_deg": -85.0, "forward_m": -0.75 * slide_m},
            "chest": {"from_deg": 28.0, "to_deg": -25.0, "forward_m": -slide_m - 0.35},
            "trunk": {"from_deg": 22.0, "to_deg": -20.0, "forward_m": -slide_m - 0.1},
            "upper_arm": {"from_deg": -80.0, "to_deg": 25.0, "forward_m": -slide_m - 0.35, "radius_m": 0.2},
            "arm": {"from_deg": -85.0, "to_deg": -70.0, "forward_m": -slide_m - 0.75, "up_m": 0.1},
        }
        super().__init__(at, **_of(at, felt))


_LANDING: dict[str, tuple[float, float, float, float]] = {
    "foot": (1.0, 6.0, 0.012, 32.0),
    "ankle": (0.95, 5.0, 0.012, 30.0),
    "shank": (0.7, 4.0, 0.013, 28.0),
    "thigh": (0.3, 1.8, 0.018, 20.0),
    "waist": (0.0, 1.2, 0.028, 14.0),
    "sacrum": (0.0, 1.2, 0.026, 15.0),
    "chest": (0.0, 0.9, 0.035, 12.0),
    "upper_arm": (0.0, 0.8, 0.035, 12.0),
    "wrist": (0.0, 0.7, 0.03, 12.0),
    "hand": (0.0, 0.7, 0.035, 11.0),
}
"""How much of the feet's way a placement has (what is planted feels no bounce); the shock of a landing: g, s, Hz."""

_ARM_M = {"upper_arm": 0.18, "wrist": 0.52, "hand": 0.6}


class Jack(Stand):
    """Jumps, feet apart and together in turn, both landing at once; arms go up and down once in two jumps."""

    def __init__(self, at: At) -> None:
        super().__init__(at, liveliness=0.3)
        self._feet, shock_g, self._rise_s, self._ring_hz = _LANDING[at.placement]
        self._jump_s = 1 / at.rate_hz
        self._turn = Rhythm(at.rate_hz / 2, 0.04, at.rng)
        self._ground = at.rng.uniform(0.5, 0.68)
        self._apart_m, self._lift_m = at.rng.uniform(0.2, 0.35), at.rng.uniform(0.03, 0.09)
        self._shock_g = at.about(shock_g) * np.array([0.3, at.rng.uniform(-0.3, 0.3), 1.0])
        self._unlike = at.rng.normal(0.0, 0.12)
        self._each = at.noise(0.05, at.rate_hz / 2, 0.15)
        self._raised = np.radians(at.rng.uniform(70.0, 160.0))
        self._radius_m = _ARM_M.get(at.placement, 0.0)
        self._sway = at.noise(0.5, 6.0, *(at.about(0.07),) * 3)

    def feel(self, n: int) -> tuple[FloatArray, FloatArray]:
        moved, lean = super().feel(n)
        turn = self._turn.draw(n)
        jump = (turn / np.pi) % 1
        side = 1 - 2 * (np.floor(turn / np.pi) % 2)
        each = 1 + self._unlike * side + self._each.draw(n)[:, 0]
        body = (1 - self._feet) * self._bounce(jump, each)
        across, lift = self._step(jump, side)
        shock = each * _shock(jump * self._jump_s, self._rise_s, self._ring_hz)
        moved += np.stack([np.zeros(n), across, body + lift], axis=1) + shock[:, None] * self._shock_g
        moved += self._sway.draw(n)
        return self._raise(moved, lean, turn) if self._radius_m else (moved, lean)

    def _bounce(self, jump: FloatArray, each: FloatArray) -> FloatArray:
        """Give what the ground's push does to the body: half a sine, and free fall."""
        push = np.pi / (2 * self._ground) * np.sin(np.pi * np.minimum(jump / self._ground, 1.0))
        bounce: FloatArray = each * (push - 1)
        return bounce

    def _step(self, jump: FloatArray, side: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give how the foot swings out or in, and up and down, while it is in the air."""
        air_s = (1 - self._ground) * self._jump_s
        flown = np.clip((jump - self._ground) / (1 - self._ground), 0.0, 1.0)
        per_s2 = self._feet * (2 * np.pi / air_s) ** 2 / STANDARD_GRAVITY
        across = side * self._apart_m * per_s2 / (2 * np.pi) * np.sin(2 * np.pi * flown)
        lift = (flown > 0) * self._lift_m / 2 * per_s2 * np.cos(2 * np.pi * flown)
        return across, lift

    def _raise(self, moved: FloatArray, lean: FloatArray, turn: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Turn the arm up and down beside the body, once in two jumps."""
        per_s = np.pi / self._jump_s
        angle = self._raised * (1 - np.cos(turn)) / 2
        speed, push = self._raised * np.sin(turn) / 2 * per_s, self._raised * np.cos(turn) / 2 * per_s**2
        cos, sin = np.cos(angle), np.sin(angle)
        x, y, z = moved.T
        across = y * cos + z * sin + self._radius_m * push / STANDARD_GRAVITY
        along = z * cos - y * sin + self._radius_m * speed**2 / STANDARD_GRAVITY
        return np.stack([x, across, along], axis=1), lean + np.stack([0 * sin, sin, cos - 1], axis=1)


def _shock(since_s: FloatArray, rise_s: float, ring_hz: float) -> FloatArray:
    x = since_s / rise_s
    shock: FloatArray = x**2 * np.exp(2 * (1 - x)) * np.cos(2 * np.pi * ring_hz * (since_s - rise_s))
    return shock
