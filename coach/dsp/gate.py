"""Whether a rhythm is gait: what walking and running do to a body that other rhythms do not.

* **Gait repeats itself**, stride by stride, and shakes the body.
* **Nothing is quicker than a step.** Engines, washboards and a bouncing leg repeat themselves sooner than feet do.
* **Two feet.** What happens once a stride happens twice in it: impact, support and swing put power at twice the
  stride's rate and above. A cyclist's leg goes round once, smoothly, and has none there.
* **More than a tone.** A hand that shakes a sensor moves it to and fro at one rate, softly. Support, flight and impact
  are more than that; and where a body moves along one line, it is the vertical.
* **Vigour.** Where left and right feel alike (trunk, a held phone) nobody shakes like a runner at a walker's cadence.

A rhythm that could be either is believed once it has lasted (`LONG_PATIENCE` in `cadence`): people shake things for a
second or two.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from coach.dsp.contacts import CONTEXT, jolts
from coach.dsp.tempo import Rhythm
from coach.model import FloatArray

Verdict = Literal["gait", "doubtful", "other"]

REPEATS = 0.6
GAIT_G = 0.1
"""Gait repeats itself at least so well, and shakes at least so hard. Real gait at any placement: 0.6 to 0.98, from
0.15 g up (slow walkers, at the lumbar spine)."""

QUICKER = 0.6
"""Real gait repeats itself at lags shorter than any step at most a third as well as a stride later."""

ROUND = 0.92
"""More of the harmonic power at the stride's own rate is one thing going round. Walkers' wrists reach 0.87."""

OPPOSITE = -0.65
"""Left and right steps that are each other's opposite, so much, are rather the two halves of a circle."""

WELL, VERY_WELL = 0.65, 0.8
"""A rhythm that repeats itself less well than this has to last; the second holds while less than two strides of it were
seen, because so little is soon alike by chance."""

ONE_TONE = 0.8
"""More of the harmonic power than this about one multiple of the stride's rate is a tone, as a hand makes it."""

STRAIGHT, UPRIGHT, FELT_G = 0.97, 0.9, 0.5
"""More of the power than this along one line is a line; it is vertical when the cosine between it and gravity is larger
than the second; gravity is felt when the mean of the acceleration is larger than the third."""

HARD, HARDER = 0.9, 2.0
"""Jolts this hard, against the root mean square of the motion, are impacts; a shoe's are harder than the second."""

WALKING_SPM = 130.0
WALKING_G = 0.75
"""Walkers up to this cadence shake a sensor that feels both feet alike less than this."""

ALIKE = 0.8


def judge(rhythm: Rhythm, motion: FloatArray, acc_g: FloatArray) -> Verdict:
    """Tell what makes the rhythm of the last seconds.

    Parameters
    ----------
    motion, acc_g : shape (n, 3), the samples that the rhythm was found in, band-passed and not.
    """
    if rhythm.stride_s is None or rhythm.match < REPEATS or rhythm.rms_g < GAIT_G:
        return "other"
    if rhythm.quicker > QUICKER * rhythm.match:
        return "other"
    shares = rhythm.shares()
    shares /= shares.sum() + 1e-12
    if shares[0] > ROUND:
        return "other"
    if rhythm.alike > ALIKE and 120 / rhythm.stride_s < WALKING_SPM and rhythm.rms_g > WALKING_G:
        return "other"
    hard = hardness(acc_g, rhythm.rms_g)
    if hard < HARD and shares.max() > ONE_TONE:
        return "other" if _is_across(motion, acc_g) else "doubtful"
    is_chance = rhythm.seen < 0.5 and rhythm.match < VERY_WELL
    is_poor = hard < HARDER and (rhythm.match < WELL or rhythm.alike < OPPOSITE)
    return "doubtful" if is_chance or is_poor else "gait"


def _is_across(motion: FloatArray, acc_g: FloatArray) -> bool:
    """Tell whether the motion is to and fro along one line, and that not the vertical."""
    powers, directions = np.linalg.eigh(motion.T @ motion)
    rest_g = acc_g.mean(axis=0)
    felt_g = float(np.linalg.norm(rest_g))
    is_upright = felt_g < FELT_G or abs(float(rest_g @ directions[:, -1])) > UPRIGHT * felt_g
    return not is_upright and float(powers[-1]) > STRAIGHT * float(powers.sum())


def hardness(acc_g: FloatArray, rms_g: float) -> float:
    """Give the strength of the jolts in some seconds of signal, in units of its root mean square.

    At a foot or shank 4 to 15, at a thigh 2 to 4, at the trunk 1 to 2, at a wrist 0.6; less for sensors under 50 Hz.
    """
    if len(acc_g) <= CONTEXT:
        return 0.0
    strength = jolts(acc_g)
    top = len(strength) - 1 - len(strength) // 40
    return float(np.sqrt(np.partition(strength, top)[top])) / (rms_g + 1e-12)
