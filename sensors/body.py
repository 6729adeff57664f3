"""What a place on the body feels: gait from contact to contact, and the motions in between.

A gait's part is its form (`sensors.forms`), tabulated over the phase between contacts and growing and shrinking
from one contact to the next; so standing up into a run, a run out of a walk and a stop need no rule of their own. The
impact of a contact follows it in absolute time. Where the course has no steps a motion (`sensors.motions`) takes over,
and the posture that goes with it turns the limb within a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coach.model import FloatArray
from sensors.course import Segment
from sensors.forms import FORMS, REFERENCE_SPM, Form, Gait, Impact
from sensors.motions import POSTURES, motion_of
from sensors.person import of_person
from sensors.placed import Motion
from sensors.processes import Noise
from sensors.runner import Moment, Side

SENSOR_SIDE: Side = "right"
# Coefficient of variation of the swing from step to step, on each axis of its own, and of its angle.
_SWING_VARIATION = 0.2
_TURN_VARIATION = 0.12
# What no two strides have in common (soft tissue, uneven ground, a glance aside), against the size of the form. With
# it a stride resembles the one before as in recordings: correlation 0.9-0.95 between 0.5 and 12 Hz.
_IRREGULAR = 0.16
_IRREGULAR_HZ = (0.4, 6.0)
# A posture is changed in so long; a motion begins and ends in so long.
_POSTURE_S = 0.8
_FADE_S = 0.25
_PHASES = 512
_IMPACT_STEP_S = 0.0005
_IMPACT_S = 0.25
_NOTHING = np.zeros(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A moment as the body feels it; sizes are 0 where there is no gait."""

    t_s: float
    phase: float
    segment: Segment
    swing: FloatArray
    turn: float
    impact_g: FloatArray


class Body:
    """The motion of one placement: told of the moments of a course, asked for what happens between them.

    Parameters
    ----------
    placement : a key of the forms.
    person : 0 for the body of the forms, any other number for another one.
    start : the moment from which the body lives.
    rng : where the variation of the strides and the motions come from.
    """

    def __init__(self, placement: str, *, person: int, start: Moment, rng: np.random.Generator) -> None:
        self._placement = placement
        self._stride_rng, self._motion_rng, irregular_rng = rng.spawn(3)
        self._waves = {gait: _Waves(of_person(forms[placement], person)) for gait, forms in FORMS.items()}
        self._last = self._next = self._mark(start)
        self._motion: Motion | None = None
        self._irregular = Noise(*_IRREGULAR_HZ, (_IRREGULAR / np.sqrt(3),) * 3, irregular_rng)
        self._pose = _Pose(self._posture())

    def move(self, moment: Moment) -> None:
        """Take the next moment; `feel` then speaks of the time between it and the one before."""
        self._last, self._next = self._next, self._mark(moment)
        segment = self._last.segment
        self._motion = None if segment.gait else motion_of(segment, self._placement, self._motion_rng.spawn(1)[0])
        self._pose.turn(self._posture(), self._last.t_s)

    def feel(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Tell what happens at ticks of the world between the last two moments, each tick once.

        Returns
        -------
        moved_g : shape (n, 3), acceleration in the frame of the limb.
        up_g : shape (n, 3), what gravity adds to it where it is sensed; of length 1.
        """
        pitch = self._pose.at(t_s)
        moved_g = np.zeros((len(t_s), 3))
        since_s = t_s - self._last.t_s
        done = since_s / (self._next.t_s - self._last.t_s)
        for gait, waves in self._waves.items():
            first, last = (_sizes(mark, gait) for mark in (self._last, self._next))
            if first[3] or last[3]:
                cycle_g, angle = waves.at(self._last.phase + done / 2)
                sizes = first + done[:, None] * (last - first)
                moved_g += sizes[:, :3] * (cycle_g + waves.rms_g * self._irregular.draw(len(t_s)))
                pitch = pitch + sizes[:, 3] * angle
        if self._last.segment.gait:
            moved_g += self._waves[self._last.segment.gait].shock(since_s)[:, None] * self._last.impact_g
        up_g = np.stack([np.sin(pitch), np.zeros(len(t_s)), np.cos(pitch)], axis=1)
        if self._motion is None:
            return moved_g, up_g
        motion_g, lean_g = self._motion.feel(len(t_s))
        fade = np.clip(np.minimum(since_s, self._next.t_s - t_s) / _FADE_S, 0.0, 1.0)[:, None]
        up_g += fade * lean_g
        return moved_g + fade * motion_g, up_g / np.linalg.norm(up_g, axis=1)[:, None]

    def _posture(self) -> float:
        """Give the angle of the limb in what is being done, radians."""
        return float(np.radians(POSTURES.get(self._last.segment.activity, {}).get(self._placement, 0.0)))

    def _mark(self, moment: Moment) -> _Mark:
        gait = moment.segment.gait
        own = moment.side == SENSOR_SIDE
        phase = 0.0 if own else 0.5
        if gait is None or not moment.is_contact:
            return _Mark(
                t_s=moment.t_s, phase=phase, segment=moment.segment, swing=_NOTHING, turn=0.0, impact_g=_NOTHING
            )
        form = self._waves[gait].form
        vigour = (moment.cadence_spm / REFERENCE_SPM[gait]) ** form.growth
        swing, shock, (turn, *_) = self._stride_rng.standard_normal((3, 3))
        share = vigour if own else vigour * form.impact.other_foot
        return _Mark(
            t_s=moment.t_s,
            phase=phase,
            segment=moment.segment,
            swing=vigour * (1 + _SWING_VARIATION * swing),
            turn=vigour * (1 + _TURN_VARIATION * turn),
            impact_g=share * np.array(form.impact.peak_g) * (1 + form.impact.variation * shock),
        )


def _sizes(mark: _Mark, gait: Gait) -> FloatArray:
    """Give how large a gait is at a mark: the swing on three axes, and its angle."""
    return np.array([*mark.swing, mark.turn]) if mark.segment.gait == gait else np.zeros(4)


class _Waves:
    """A form in tables: of the phase of the stride, and of the time since a contact."""

    def __init__(self, form: Form) -> None:
        self.form = form
        phase = np.linspace(0.0, 1.0, _PHASES + 1)
        table = np.zeros((_PHASES + 1, 4))
        for turn in form.turns:
            table[:, 3] += np.radians(turn.deg) * _bell(phase, turn.at, turn.width)
        for bump in form.bumps:
            table[:, :3] += _bell(phase, bump.at, bump.width)[:, None] * np.array(bump.height_g)
            other = np.array(bump.height_g) * (1.0, -1.0, 1.0)
            table[:, :3] += _bell(phase, bump.at + 0.5, bump.width)[:, None] * bump.both * other
        self._table = table
        self.rms_g = float(np.sqrt((table[:, :3] ** 2).sum(1).mean()))
        self._slope = np.diff(table, axis=0)
        self._since_s = np.arange(0.0, _IMPACT_S, _IMPACT_STEP_S)
        self._shock = _shock(form.impact, self._since_s)

    def at(self, phase: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give acceleration, shape (n, 3), g, and the angle of the limb, shape (n,), radians, at phases in 0-1."""
        x = phase * _PHASES
        i = np.minimum(x.astype(np.intp), _PHASES - 1)
        found = self._table[i] + (x - i)[:, None] * self._slope[i]
        return found[:, :3], found[:, 3]

    def shock(self, since_s: FloatArray) -> FloatArray:
        """Give the impact at times since the contact, as a share of its peak."""
        return np.interp(since_s, self._since_s, self._shock, right=0.0)


class _Pose:
    """The angle of the limb in the posture of the activity, and the way there from the one before."""

    def __init__(self, angle: float) -> None:
        self._from = self._to = angle
        self._since_s = 0.0

    def turn(self, angle: float, t_s: float) -> None:
        """Begin to take a posture."""
        if angle != self._to:
            self._from = float(self.at(np.array([t_s]))[0])
            self._to, self._since_s = angle, t_s

    def at(self, t_s: FloatArray) -> FloatArray:
        done = np.clip((t_s - self._since_s) / _POSTURE_S, 0.0, 1.0)
        angle: FloatArray = self._from + (self._to - self._from) * done * done * (3 - 2 * done)
        return angle


def _bell(phase: FloatArray, at: float, width: float) -> FloatArray:
    return np.exp((np.cos(2 * np.pi * (phase - at)) - 1) / (2 * np.pi * width) ** 2)


def _shock(impact: Impact, since_s: FloatArray) -> FloatArray:
    x = since_s / impact.rise_s
    return x**2 * np.exp(2 * (1 - x)) * np.cos(2 * np.pi * impact.ring_hz * (since_s - impact.rise_s))
