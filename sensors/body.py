"""What an accelerometer sees of a running body: the waveform of each placement.

The signal is the sum of what repeats with the *stride* (swing and support, and gravity turning in the frame of a
swinging limb: tables over the phase between contacts), what follows a *contact* in absolute time (the impact), and
noise. On limbs most of it comes once a stride, on the trunk and the upper arm once a step.

Body axes, before a mounting that is turned at random: x forward, y to the left, z up along the limb; phase 0 is the
contact of the sensor's own foot, phase 0.5 that of the other. The sizes were set by hand beside recordings: a shoe
(fuzzylabs, 100 Hz), the sacrum over a force plate (Alcantara, 500 Hz: peak about 30 ms after contact, flight near 0 g)
and arms that ST recorded (26 Hz). No running recording was at hand for shank, thigh, waist and chest: those are made
up between the others, and walking at the same places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coach.model import FloatArray
from sensors.runner import Moment, Side

SENSOR_SIDE: Side = "right"
RANGE_G = 16.0
# At this cadence the sizes below hold; they grow in proportion.
_REFERENCE_SPM = 166.0
# Coefficient of variation of the swing from step to step, on each axis of its own.
_SWING_VARIATION = 0.2
_PHASES = 512
_IMPACT_STEP_S = 0.00025
_IMPACT_S = 0.25

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Bump:
    """A periodic bell over the stride: its place and its standard deviation in strides, its height in g."""

    at: float
    width: float
    height_g: Vector


@dataclass(frozen=True, slots=True)
class _Turn:
    """A swing of the limb in the sagittal plane, as a bell too."""

    at: float
    width: float
    deg: float


@dataclass(frozen=True, slots=True)
class _Impact:
    """The shock of a contact: rises to `peak_g` in `rise_s`, and rings.

    `other_foot` is the share that arrives from the foot on the other side, `variation` the coefficient of variation.
    """

    peak_g: Vector
    rise_s: float
    ring_hz: float
    other_foot: float
    variation: float


@dataclass(frozen=True, slots=True)
class _Form:
    bumps: tuple[_Bump, ...]
    impact: _Impact
    turns: tuple[_Turn, ...] = ()


def _trunk(support_g: float, sway_g: float, limp: float) -> tuple[_Bump, ...]:
    """Support and flight of both steps; left and right differ by `limp`, and the body sways to the side it is on."""
    bumps: list[_Bump] = []
    for at, side in ((0.0, 1 + limp), (0.5, -1 + limp)):
        support = (0.35, sway_g * side, support_g * abs(side))
        bumps += [_Bump(at + 0.18, 0.075, support), _Bump(at + 0.39, 0.06, (-0.65, 0.0, -1.05))]
    return tuple(bumps)


PLACEMENTS: dict[str, _Form] = {
    "foot": _Form(
        bumps=(
            _Bump(0.42, 0.06, (0.9, -0.9, 0.8)),
            _Bump(0.53, 0.06, (-0.4, -0.9, 1.2)),
            _Bump(0.87, 0.07, (3.6, 0.2, -2.0)),
        ),
        turns=(_Turn(0.55, 0.08, -50.0), _Turn(0.9, 0.06, 20.0)),
        impact=_Impact((9.0, 5.0, 8.0), rise_s=0.013, ring_hz=33.0, other_foot=0.0, variation=0.5),
    ),
    "shank": _Form(
        bumps=(_Bump(0.42, 0.06, (1.0, -0.3, 0.7)), _Bump(0.85, 0.075, (2.0, 0.2, -1.3))),
        turns=(_Turn(0.6, 0.12, -60.0), _Turn(0.92, 0.08, 20.0)),
        impact=_Impact((2.5, 1.5, 6.0), rise_s=0.012, ring_hz=28.0, other_foot=0.03, variation=0.3),
    ),
    "thigh": _Form(
        bumps=(
            _Bump(0.12, 0.06, (0.5, 0.3, 1.5)),
            _Bump(0.4, 0.06, (-0.6, 0.2, -0.3)),
            _Bump(0.62, 0.06, (0.4, -0.2, 0.6)),
            _Bump(0.8, 0.08, (1.1, 0.3, -0.9)),
        ),
        turns=(_Turn(0.3, 0.15, -20.0), _Turn(0.75, 0.15, 35.0)),
        impact=_Impact((1.0, 0.6, 2.2), rise_s=0.018, ring_hz=20.0, other_foot=0.4, variation=0.25),
    ),
    "waist": _Form(
        bumps=_trunk(support_g=1.4, sway_g=0.2, limp=0.05),
        impact=_Impact((-1.0, 0.4, 1.8), rise_s=0.028, ring_hz=14.0, other_foot=1.0, variation=0.12),
    ),
    "sacrum": _Form(
        bumps=_trunk(support_g=1.5, sway_g=0.15, limp=0.03),
        impact=_Impact((-1.5, 0.2, 2.0), rise_s=0.026, ring_hz=15.0, other_foot=1.0, variation=0.12),
    ),
    "chest": _Form(
        bumps=_trunk(support_g=1.35, sway_g=0.3, limp=0.06),
        impact=_Impact((-0.6, 0.2, 1.4), rise_s=0.035, ring_hz=12.0, other_foot=1.0, variation=0.12),
    ),
    "upper_arm": _Form(
        bumps=(*_trunk(support_g=1.3, sway_g=0.25, limp=0.06), _Bump(0.1, 0.1, (0.8, 0.2, 0.4))),
        turns=(_Turn(0.0, 0.15, -25.0), _Turn(0.5, 0.15, 25.0)),
        impact=_Impact((-0.6, 0.3, 1.5), rise_s=0.035, ring_hz=12.0, other_foot=1.0, variation=0.15),
    ),
    "wrist": _Form(
        bumps=(
            _Bump(0.07, 0.06, (2.8, -0.7, 1.6)),
            _Bump(0.39, 0.06, (0.9, 2.0, -1.0)),
            _Bump(0.54, 0.06, (-1.2, 0.2, -0.6)),
            _Bump(0.7, 0.06, (1.1, -1.6, 1.6)),
        ),
        turns=(_Turn(0.0, 0.15, -35.0), _Turn(0.5, 0.15, 35.0)),
        impact=_Impact((0.4, 0.2, 1.0), rise_s=0.03, ring_hz=12.0, other_foot=0.8, variation=0.2),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A moment of the gait as the sensor feels it."""

    t_s: float
    phase: float
    swing: FloatArray
    impact_g: FloatArray


class Body:
    """The waveform at one placement: told of the moments of the gait, asked for samples between them.

    Parameters
    ----------
    placement : a key of `PLACEMENTS`.
    rate_hz : samples a second; what the sensor's own low-pass lets through follows from it.
    noise_g : standard deviation of the sensor's noise on each axis.
    rng : where the mounting, the variation of the strides and the noise come from.
    """

    def __init__(self, placement: str, *, rate_hz: float, noise_g: float, rng: np.random.Generator) -> None:
        mounting_rng, self._stride_rng, self._noise_rng = rng.spawn(3)
        form = PLACEMENTS[placement]
        mounting = _mounting(mounting_rng)
        self._impact = form.impact
        self._peak_g = np.array(form.impact.peak_g) @ mounting
        self._rest_g = np.array([0.0, 0.0, 1.0]) @ mounting
        self._cycle_g = _cycle(form) @ mounting
        self._slope_g = np.diff(self._cycle_g, axis=0)
        self._since_s = np.arange(0.0, _IMPACT_S, _IMPACT_STEP_S)
        self._shock = _shock(form.impact, self._since_s, rate_hz)
        self._noise_g = noise_g
        self._last = self._next = _Mark(t_s=0.0, phase=0.0, swing=np.zeros(3), impact_g=np.zeros(3))

    def move(self, moment: Moment) -> None:
        """Take the next moment of the gait; samples come from between it and the one before."""
        own = moment.side == SENSOR_SIDE
        swing, shock = self._stride_rng.standard_normal((2, 3))
        vigour = moment.cadence_spm / _REFERENCE_SPM
        share = vigour if own else vigour * self._impact.other_foot
        self._last = self._next
        self._next = _Mark(
            t_s=moment.t_s,
            phase=0.0 if own else 0.5,
            swing=vigour * (1 + _SWING_VARIATION * swing),
            impact_g=share * self._peak_g * (1 + self._impact.variation * shock),
        )

    def sense(self, t_s: FloatArray) -> FloatArray:
        """Give the acceleration, shape (n, 3), g, at times between the last two moments."""
        last, following = self._last, self._next
        since_s = t_s - last.t_s
        done = since_s / (following.t_s - last.t_s)
        swing = last.swing + done[:, None] * (following.swing - last.swing)
        acc_g = self._rest_g + swing * self._cycle_at(last.phase + done / 2)
        acc_g += np.interp(since_s, self._since_s, self._shock, right=0.0)[:, None] * last.impact_g
        acc_g += self._noise_g * self._noise_rng.standard_normal(acc_g.shape)
        return np.clip(acc_g, -RANGE_G, RANGE_G, out=acc_g)

    def _cycle_at(self, phase: FloatArray) -> FloatArray:
        x = phase * _PHASES
        i = np.minimum(x.astype(np.intp), _PHASES - 1)
        return self._cycle_g[i] + (x - i)[:, None] * self._slope_g[i]


def _mounting(rng: np.random.Generator) -> FloatArray:
    """Draw a rotation, all of them equally likely."""
    from scipy.spatial.transform import Rotation

    rotation: FloatArray = Rotation.from_quat(rng.standard_normal(4)).as_matrix()
    return rotation


def _bell(phase: FloatArray, at: float, width: float) -> FloatArray:
    return np.exp((np.cos(2 * np.pi * (phase - at)) - 1) / (2 * np.pi * width) ** 2)


def _cycle(form: _Form) -> FloatArray:
    """Tabulate a stride in body axes, as the difference from standing still, closed at phase 1."""
    phase = np.linspace(0.0, 1.0, _PHASES + 1)
    angle = np.zeros_like(phase)
    for turn in form.turns:
        angle += np.radians(turn.deg) * _bell(phase, turn.at, turn.width)
    cycle = np.stack([np.sin(angle), np.zeros_like(phase), np.cos(angle) - 1], axis=1)
    for bump in form.bumps:
        cycle += _bell(phase, bump.at, bump.width)[:, None] * np.array(bump.height_g)
    return cycle


def _shock(impact: _Impact, since_s: FloatArray, rate_hz: float) -> FloatArray:
    """Tabulate the impact over the time since contact, as it leaves the sensor's low-pass, with that one's delay."""
    from scipy.signal import butter, sosfilt

    x = since_s / impact.rise_s
    shape = x**2 * np.exp(2 * (1 - x)) * np.cos(2 * np.pi * impact.ring_hz * (since_s - impact.rise_s))
    filtered: FloatArray = sosfilt(butter(2, 0.4 * rate_hz, fs=1 / _IMPACT_STEP_S, output="sos"), shape)
    return filtered
