"""The waveforms of walking and running: what repeats with the stride at each place on the body.

A form is a sum of *bumps* (acceleration, as bells over the stride), *turns* (the limb's swing in the sagittal plane, so
that gravity turns in its frame) and the *impact* that follows a contact in absolute time. Body axes: x forward, y to
the left, z up along the limb; phase 0 is the contact of the sensor's own foot, phase 0.5 that of the other.

The sizes hold at the reference cadence of the gait and were set by hand beside recordings. Running: a shoe
(fuzzylabs, 100 Hz), the sacrum over a force plate (Alcantara, 500 Hz: peak about 30 ms after contact, flight near 0 g)
and arms that ST recorded (26 Hz). Walking: armband, trouser pockets, hand and neck pouch (Oxford step counter, 100 Hz).
No recording was at hand of running with the sensor on ankle, shank, thigh, waist or chest, nor of walking with it on
foot, ankle, shank or waist: those are made up between the others, from what is known of gait (stance is quiet, swing is
not, the heel strikes). A phone that is held in the hand swings little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gait = Literal["walk", "run"]
Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Bump:
    """A bell over the stride: its place and its standard deviation in strides, its height in g.

    `both` is the share of it that comes again half a stride later, mirrored, from the step of the other foot.
    """

    at: float
    width: float
    height_g: Vector
    both: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A swing of the limb in the sagittal plane, as a bell too."""

    at: float
    width: float
    deg: float


@dataclass(frozen=True, slots=True)
class Impact:
    """The shock of a contact: rises to `peak_g` in `rise_s`, and rings.

    `other_foot` is the share that arrives from the foot on the other side, `variation` the coefficient of variation.
    """

    peak_g: Vector
    rise_s: float
    ring_hz: float
    other_foot: float
    variation: float


@dataclass(frozen=True, slots=True)
class Form:
    """One gait at one placement; it grows with the cadence to the power `growth`."""

    growth: float
    bumps: tuple[Bump, ...]
    impact: Impact
    turns: tuple[Turn, ...] = ()


REFERENCE_SPM: dict[Gait, float] = {"run": 166.0, "walk": 105.0}
# A trunk in flight cannot fall faster than gravity lets it, a leg can swing faster: at the sacrum, 205 spm is no
# stronger than 166. Walking at the trunk: from 0.2 g rms at 70 spm to 0.6 g at 160.
_TRUNK_RUNS, _LIMB_RUNS, _WALKS = 0.5, 1.2, 1.4


def _running_trunk(support_g: float, sway_g: float, limp: float) -> tuple[Bump, ...]:
    """Support and flight of both steps; left and right differ by `limp`, and the body sways to the side it is on."""
    own, other = 1 + limp, 1 - limp
    return (
        Bump(0.18, 0.075, (0.35 * own, sway_g * own, support_g * own), both=other / own),
        Bump(0.39, 0.06, (-0.65, 0.0, -1.05), both=1.0),
    )


def _walking_trunk(size: float, sway_g: float, limp: float) -> tuple[Bump, ...]:
    """High in mid-stance, caught in double support: no flight, and push-off just before the other foot's contact."""
    own, both = 1 + limp, (1 - limp) / (1 + limp)
    return (
        Bump(0.07, 0.055, (-0.2 * size * own, sway_g * own, 0.55 * size * own), both),
        Bump(0.3, 0.09, (0.05 * size * own, -sway_g * own, -0.45 * size * own), both),
        Bump(0.43, 0.045, (0.2 * size * own, 0.0, 0.14 * size * own), both),
    )


RUN: dict[str, Form] = {
    "foot": Form(
        _LIMB_RUNS,
        bumps=(
            Bump(0.42, 0.06, (0.9, -0.9, 0.8)),
            Bump(0.53, 0.06, (-0.4, -0.9, 1.2)),
            Bump(0.87, 0.07, (3.6, 0.2, -2.0)),
        ),
        turns=(Turn(0.55, 0.08, -50.0), Turn(0.9, 0.06, 20.0)),
        impact=Impact((9.0, 5.0, 8.0), rise_s=0.013, ring_hz=33.0, other_foot=0.0, variation=0.5),
    ),
    "ankle": Form(
        _LIMB_RUNS,
        bumps=(
            Bump(0.42, 0.06, (0.95, -0.5, 0.75)),
            Bump(0.54, 0.06, (-0.2, -0.5, 0.7)),
            Bump(0.86, 0.072, (2.8, 0.2, -1.7)),
        ),
        turns=(Turn(0.57, 0.1, -55.0), Turn(0.91, 0.07, 20.0)),
        impact=Impact((5.0, 3.0, 7.0), rise_s=0.012, ring_hz=31.0, other_foot=0.01, variation=0.4),
    ),
    "shank": Form(
        _LIMB_RUNS,
        bumps=(Bump(0.42, 0.06, (1.0, -0.3, 0.7)), Bump(0.85, 0.075, (2.0, 0.2, -1.3))),
        turns=(Turn(0.6, 0.12, -60.0), Turn(0.92, 0.08, 20.0)),
        impact=Impact((2.5, 1.5, 6.0), rise_s=0.012, ring_hz=28.0, other_foot=0.03, variation=0.3),
    ),
    "thigh": Form(
        _LIMB_RUNS,
        bumps=(
            Bump(0.12, 0.06, (0.5, 0.3, 1.5)),
            Bump(0.4, 0.06, (-0.6, 0.2, -0.3)),
            Bump(0.62, 0.06, (0.4, -0.2, 0.6)),
            Bump(0.8, 0.08, (1.1, 0.3, -0.9)),
        ),
        turns=(Turn(0.3, 0.15, -20.0), Turn(0.75, 0.15, 35.0)),
        impact=Impact((1.0, 0.6, 2.2), rise_s=0.018, ring_hz=20.0, other_foot=0.4, variation=0.25),
    ),
    "waist": Form(
        _TRUNK_RUNS,
        bumps=_running_trunk(support_g=1.4, sway_g=0.2, limp=0.05),
        impact=Impact((-1.0, 0.4, 1.8), rise_s=0.028, ring_hz=14.0, other_foot=1.0, variation=0.12),
    ),
    "sacrum": Form(
        _TRUNK_RUNS,
        bumps=_running_trunk(support_g=1.5, sway_g=0.15, limp=0.03),
        impact=Impact((-1.5, 0.2, 2.0), rise_s=0.026, ring_hz=15.0, other_foot=1.0, variation=0.12),
    ),
    "chest": Form(
        _TRUNK_RUNS,
        bumps=_running_trunk(support_g=1.35, sway_g=0.3, limp=0.06),
        impact=Impact((-0.6, 0.2, 1.4), rise_s=0.035, ring_hz=12.0, other_foot=1.0, variation=0.12),
    ),
    "upper_arm": Form(
        _TRUNK_RUNS,
        bumps=(*_running_trunk(support_g=1.3, sway_g=0.25, limp=0.06), Bump(0.1, 0.1, (0.8, 0.2, 0.4))),
        turns=(Turn(0.0, 0.15, -25.0), Turn(0.5, 0.15, 25.0)),
        impact=Impact((-0.6, 0.3, 1.5), rise_s=0.035, ring_hz=12.0, other_foot=1.0, variation=0.15),
    ),
    "wrist": Form(
        _LIMB_RUNS,
        bumps=(
            Bump(0.07, 0.06, (2.8, -0.7, 1.6)),
            Bump(0.39, 0.06, (0.9, 2.0, -1.0)),
            Bump(0.54, 0.06, (-1.2, 0.2, -0.6)),
            Bump(0.7, 0.06, (1.1, -1.6, 1.6)),
        ),
        turns=(Turn(0.0, 0.15, -35.0), Turn(0.5, 0.15, 35.0)),
        impact=Impact((0.4, 0.2, 1.0), rise_s=0.03, ring_hz=12.0, other_foot=0.8, variation=0.2),
    ),
    "hand": Form(
        _TRUNK_RUNS,
        bumps=(*_running_trunk(support_g=1.2, sway_g=0.2, limp=0.05), Bump(0.1, 0.1, (0.45, 0.2, 0.25))),
        turns=(Turn(0.0, 0.15, -7.0), Turn(0.5, 0.15, 7.0)),
        impact=Impact((-0.5, 0.3, 1.1), rise_s=0.038, ring_hz=11.0, other_foot=1.0, variation=0.15),
    ),
}

WALK: dict[str, Form] = {
    "foot": Form(
        _WALKS,
        bumps=(
            Bump(0.52, 0.05, (0.5, 0.2, 0.6)),
            Bump(0.66, 0.045, (1.8, -0.4, 1.0)),
            Bump(0.88, 0.05, (-1.7, 0.3, 0.5)),
        ),
        turns=(Turn(0.58, 0.06, -65.0), Turn(0.95, 0.05, 22.0)),
        impact=Impact((2.2, 1.0, 2.6), rise_s=0.01, ring_hz=35.0, other_foot=0.01, variation=0.35),
    ),
    "ankle": Form(
        _WALKS,
        bumps=(
            Bump(0.5, 0.045, (0.5, 0.15, 0.6)),
            Bump(0.65, 0.045, (1.7, -0.35, 1.0)),
            Bump(0.88, 0.045, (-1.6, 0.25, 0.6)),
        ),
        turns=(Turn(0.25, 0.12, -8.0), Turn(0.61, 0.09, -58.0), Turn(0.94, 0.07, 20.0)),
        impact=Impact((2.0, 0.9, 2.5), rise_s=0.011, ring_hz=32.0, other_foot=0.02, variation=0.3),
    ),
    "shank": Form(
        _WALKS,
        bumps=(
            Bump(0.47, 0.045, (0.45, 0.1, 0.5)),
            Bump(0.66, 0.05, (1.4, -0.25, 0.8)),
            Bump(0.87, 0.05, (-1.2, 0.15, 0.6)),
        ),
        turns=(Turn(0.3, 0.14, -12.0), Turn(0.62, 0.1, -52.0), Turn(0.93, 0.08, 20.0)),
        impact=Impact((1.3, 0.6, 2.4), rise_s=0.012, ring_hz=28.0, other_foot=0.04, variation=0.3),
    ),
    "thigh": Form(
        _WALKS,
        bumps=(
            Bump(0.07, 0.03, (0.5, 0.15, 0.9)),
            Bump(0.26, 0.06, (0.0, 0.05, -0.45)),
            Bump(0.56, 0.03, (0.4, -0.2, 0.7)),
            Bump(0.67, 0.04, (0.6, 0.15, -0.45)),
            Bump(0.84, 0.04, (-0.7, 0.15, -0.4)),
        ),
        turns=(Turn(0.48, 0.15, -14.0), Turn(0.87, 0.13, 28.0)),
        impact=Impact((1.2, 0.6, 1.9), rise_s=0.018, ring_hz=14.0, other_foot=0.5, variation=0.3),
    ),
    "waist": Form(
        _WALKS,
        bumps=_walking_trunk(0.95, sway_g=0.1, limp=0.1),
        impact=Impact((-0.4, 0.1, 0.5), rise_s=0.018, ring_hz=14.0, other_foot=1.0, variation=0.2),
    ),
    "sacrum": Form(
        _WALKS,
        bumps=_walking_trunk(0.95, sway_g=0.08, limp=0.07),
        impact=Impact((-0.45, 0.08, 0.55), rise_s=0.017, ring_hz=15.0, other_foot=1.0, variation=0.2),
    ),
    "chest": Form(
        _WALKS,
        bumps=_walking_trunk(1.0, sway_g=0.07, limp=0.1),
        impact=Impact((-0.4, 0.1, 0.3), rise_s=0.025, ring_hz=10.0, other_foot=1.0, variation=0.2),
    ),
    "upper_arm": Form(
        _WALKS,
        bumps=(*_walking_trunk(0.9, sway_g=0.08, limp=0.1), Bump(0.2, 0.1, (0.08, 0.03, 0.05))),
        turns=(Turn(0.0, 0.16, -9.0), Turn(0.5, 0.16, 10.0)),
        impact=Impact((-0.2, 0.1, 0.2), rise_s=0.028, ring_hz=10.0, other_foot=0.9, variation=0.2),
    ),
    "wrist": Form(
        _WALKS,
        bumps=(
            *_walking_trunk(0.65, sway_g=0.06, limp=0.1),
            Bump(0.26, 0.07, (0.0, 0.03, 0.16)),
            Bump(0.74, 0.07, (0.0, 0.03, 0.22)),
        ),
        turns=(Turn(0.02, 0.15, -20.0), Turn(0.52, 0.15, 27.0)),
        impact=Impact((-0.15, 0.1, 0.2), rise_s=0.028, ring_hz=10.0, other_foot=0.8, variation=0.25),
    ),
    "hand": Form(
        _WALKS,
        bumps=(*_walking_trunk(0.75, sway_g=0.05, limp=0.1), Bump(0.15, 0.12, (0.08, 0.05, 0.04))),
        turns=(Turn(0.0, 0.15, -3.0), Turn(0.5, 0.15, 3.0)),
        impact=Impact((-0.15, 0.08, 0.25), rise_s=0.032, ring_hz=8.0, other_foot=0.9, variation=0.25),
    ),
}

FORMS: dict[Gait, dict[str, Form]] = {"walk": WALK, "run": RUN}
