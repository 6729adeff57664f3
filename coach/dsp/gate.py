"""Whether a rhythm is gait: what walking and running do to a body that other rhythms do not.

* **Gait repeats itself**, stride by stride, and shakes the body.
* **Nothing is quicker than a step.** Engines, washboards and a bouncing leg repeat themselves sooner than feet do.
* **Every step lifts the body.** Whatever else a limb does once a stride, twice a stride the body under it rises and
  falls. A leg on a crank, an arm that swings a weight go round once, and have less there.
* **What jolts is the feet**, so it comes with the stride. A road jolts a cyclist when it likes.
* **Two feet are not one.** What left does differently from right, left does again a stride later. One hand that shakes
  a sensor has no sides; its second half is only ever another shake. Impacts can hide the sides; they prove the feet.
* **Up and down.** What both steps have in common, where they feel alike, is mostly along the vertical.
* **Vigour.** Where left and right feel alike, or feet tread softly, nobody shakes like a runner at a walker's cadence.

A rhythm that could be either is believed once it has lasted (`LONG_PATIENCE` in `cadence`): people shake things for a
second or two.

Failure modes. Exercise that hits something once a turn (boxing, clapping hands), or swings an arm through a large angle
so that gravity is felt to turn twice, is taken for strides in every second draw. A thigh that pedals over rough ground
is, when the road happens to jolt with the crank, a sixth of the time; shaking along the vertical that jolts, or whose
single shakes differ by chance as left and right do, a tenth. A runner whose left and right are the same, on a
sensor under 30 Hz that does not feel impacts, is read late.

The shares are those of draws of two generators of motion, the bench's and one that was not kept; real recordings hold
only gait and rest.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from coach.dsp.contacts import CONTEXT, jolts
from coach.dsp.resample import GRID_HZ
from coach.dsp.tempo import Rhythm
from coach.model import FloatArray

Verdict = Literal["gait", "doubtful", "other"]

REPEATS = 0.6
GAIT_G = 0.07
"""Gait repeats itself at least so well, and shakes at least so hard. Real gait at any placement: 0.6 to 0.98, from
0.15 g up; somebody who potters about shakes the lumbar spine by 0.1 g and at times less."""

QUICKER = 0.6
"""Real gait repeats itself at lags shorter than any step at most a third as well as a stride later."""

BOUNCE_G, BOUNCE_SPM = 0.3, 165.0
"""What repeats twice a stride, four times and six shakes at least so hard (root mean square, all axes) at this cadence
and above, and less in proportion to the fourth power of the cadence below: the body is an inverted pendulum that rises
with the square of the step's length, which grows with the cadence. Real runners: 0.5 to 1.1 g, walkers: 0.15 to 0.5."""

AMPLE = 2.0
"""Who bounces so many times as hard as that need not keep time: the jolts of a wrist that walks drown in its noise."""

LOCKED, LOCKED_IF_ROUND = 0.1, 0.25
ROUND = 0.5
"""How well the loudness of the jolts repeats itself with the stride: hard ones at least like the first, and all like
the second where more than the third of what repeats does so once a stride. Gait: 0.3 to 0.99; a road: -0.4 to 0.3."""

OPPOSITE = -0.65
"""Left and right steps that are each other's opposite, so much, are rather the two halves of a circle."""

WELL, VERY_WELL = 0.65, 0.8
"""A rhythm that repeats itself less well than this has to last; the second holds while less than two strides of it were
seen, because so little is soon alike by chance."""

SIDED, WELL_SIDED = 0.05, 0.12
"""Without impacts the difference of left and right comes again at least so well; less than the second has to last.
Soft gait: 0.1 to 0.95, real walkers 0.3 and more; shaking hands: -0.5 to 0.1, and above in one window of ten."""

UPRIGHT, UPRIGHT_ONCE_FOLLOWED, FELT_G = 0.35, 0.25, 0.5
"""Where both steps feel alike, more than the first of the power that they have in common is vertical, or than the
second once it is followed, for there are moments (real gait: from 0.55 up; simulated chests, in one window of 100,
0.34); gravity is felt when the mean of the acceleration is larger than the third."""

HARD, HARDER = 1.05, 2.0
"""Jolts this hard, against the root mean square of the motion, are impacts; a shoe's are harder than the second."""

WALKING_SPM = 130.0
WALKING_G, SWINGING_G = 0.75, 1.4
"""Walkers up to this cadence shake a sensor that feels both feet alike less than the first, one that feels no impacts
(as on a foot, sampled slowly) less than the second."""

ALIKE = 0.8


def judge(
    rhythm: Rhythm, motion: FloatArray, acc_g: FloatArray, *, followed: bool = False, slow: bool = False
) -> Verdict:
    """Tell what makes the rhythm of the last seconds.

    Parameters
    ----------
    motion, acc_g : shape (n, 3), the samples that the rhythm was found in, band-passed and not.
    followed : the rhythm was found to be gait before. slow : the sensor is too slow to feel jolts and sides surely, so
        that what is followed has the benefit of the doubt.
    """
    if rhythm.stride_s is None or rhythm.match < REPEATS or rhythm.rms_g < GAIT_G:
        return "other"
    if rhythm.quicker > QUICKER * rhythm.match:
        return "other"
    benefit = followed and slow
    hard = hardness(acc_g, rhythm.rms_g)
    is_soft = hard < HARD
    lift = _lift(rhythm, motion)
    if lift < 1 or not (benefit or lift >= AMPLE or _keeps_time(rhythm, acc_g, is_soft)):
        return "other"
    if is_soft and rhythm.sided < SIDED and not benefit:
        return "other"
    is_alike = rhythm.alike > ALIKE
    walker_g = WALKING_G if is_alike else SWINGING_G if is_soft else math.inf
    if rhythm.rms_g > walker_g and 120 / rhythm.stride_s < WALKING_SPM:
        return "other"
    if is_alike and _is_across(rhythm, motion, acc_g, UPRIGHT_ONCE_FOLLOWED if followed else UPRIGHT):
        return "other"
    is_chance = rhythm.seen < 0.5 and rhythm.match < VERY_WELL
    is_poor = hard < HARDER and (rhythm.match < WELL or rhythm.alike < OPPOSITE)
    is_even = is_soft and rhythm.sided < WELL_SIDED
    return "doubtful" if is_chance or is_poor or is_even else "gait"


def _lift(rhythm: Rhythm, motion: FloatArray) -> float:
    """Give the bounce of the last stride (it alone, since a bout may just have begun) against the least of gait."""
    assert rhythm.stride_s is not None
    last = motion[-round(rhythm.stride_s * GRID_HZ) :]
    bounce_g = math.sqrt(float(np.square(last).sum()) / len(last) * float(rhythm.shares()[1::2].sum()))
    return bounce_g / (BOUNCE_G * min(1.0, 120 / rhythm.stride_s / BOUNCE_SPM) ** 4)


def _keeps_time(rhythm: Rhythm, acc_g: FloatArray, is_soft: bool) -> bool:
    """Tell whether the jolts come with the stride."""
    assert rhythm.stride_s is not None
    shares = rhythm.shares()
    is_round = float(shares[0]) > ROUND * float(shares.sum())
    if is_soft and not is_round:
        return True  # whatever they are, they are nothing beside the motion
    loud = np.sqrt(jolts(acc_g))
    loud -= loud.mean()
    stride = round(rhythm.stride_s * GRID_HZ)
    locked = max(_correlation(loud[lag:], loud[:-lag]) for lag in range(stride - 2, stride + 3))
    return locked > (LOCKED_IF_ROUND if is_round else LOCKED)


def _correlation(one: FloatArray, other: FloatArray) -> float:
    return float(one @ other) / math.sqrt(float(one @ one) * float(other @ other) + 1e-12)


def _is_across(rhythm: Rhythm, motion: FloatArray, acc_g: FloatArray, upright: float) -> bool:
    """Tell whether what both steps have in common is mostly across the vertical."""
    assert rhythm.stride_s is not None
    rest_g = acc_g.mean(axis=0)
    felt_g = float(np.linalg.norm(rest_g))
    step = round(rhythm.stride_s * GRID_HZ / 2)
    common = motion[step:] + motion[:-step]
    vertical = float(np.square(common @ rest_g).sum()) / (felt_g**2 * float(np.square(common).sum()) + 1e-12)
    return felt_g > FELT_G and vertical < upright


def hardness(acc_g: FloatArray, rms_g: float) -> float:
    """Give the strength of the jolts in some seconds of signal, in units of its root mean square.

    At a foot or shank 4 to 15, at a thigh 2 to 4, at the trunk 1 to 2, at a wrist 0.6; less for sensors under 50 Hz.
    """
    if len(acc_g) <= CONTEXT:
        return 0.0
    strength = jolts(acc_g)
    top = len(strength) - 1 - len(strength) // 40
    return float(np.sqrt(np.partition(strength, top)[top])) / (rms_g + 1e-12)
