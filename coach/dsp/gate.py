"""Whether a rhythm is gait: what walking and running do to a body that other rhythms do not.

* **Gait repeats itself**, stride by stride, and shakes the body.
* **Nothing is quicker than a step.** Engines, washboards and a bouncing leg repeat themselves sooner than feet do. What
  feels both feet alike is not shaken mostly twice a step: two turns of a crank are no stride.
* **Every step lifts the body.** Whatever else a limb does once a stride, twice a stride the body under it rises and
  falls. A leg on a crank, an arm that swings a weight go round once, and have less there.
* **Every step lands.** What is quick in the motion is loud at the landings, so its loudness comes again a stride later.
  A road jolts a cyclist when it likes, muscles that push and pull are loud at no time.
* **The strength of what is felt rises and falls twice a stride**, whichever way a limb turns. Who curls a weight,
  squats or rows is pushed once a turn. It stands in for landings that are not felt: at a hand, of soft feet.
* **Two feet are not one.** What left does differently from right, left does again a stride later. One hand that shakes
  a sensor has no sides; its second half is only ever another shake. Impacts can hide the sides; they prove the feet.
* **Two feet land in turn.** A sensor beside one that jolts as hard half a stride later sits on a jumper.
* **Up and down, and onwards.** What both steps have in common, where they feel alike, is mostly along the vertical;
  never all of it, for each step also brakes and pushes. Jumping on the spot does not.
* **Vigour.** Where left and right feel alike, or feet tread softly, nobody shakes like a runner at a walker's cadence.

A rhythm that could be either is believed once it has lasted (`PATIENCES` in `cadence`): people shake things for a
second or two.

Failure modes, with shares of the time. Jumping jacks land in step: a thigh reads 70 to 100 %, a foot up to 50, an arm
20 to 80, a trunk nothing or, where it also sways, up to 75. An arm that strikes reads 30 to 60 %, a wrist that squats
with its body 0 to 30, a thigh or chest on a rowing machine that jolts at the catch 10 to 50, the thigh or shoe of a
cyclist 0 to 7. A hand that shakes a sensor on and on reads 3 to 17 %, for less than three seconds 1 to 3. Runners whose
left and right are the same, on a sensor under 30 Hz that does not feel impacts, are read late, and may be lost for a
moment. Where data are lost a gait that is followed has the benefit of the doubt, and so have long shakes, push-ups and
jumping jacks: they read up to twice as often (`python -m bench lost`).

The shares are those of draws of three generators of motion, the bench's and two that were not kept; real recordings
hold only gait and rest.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from coach.dsp.axes import mean
from coach.dsp.landings import Sampled, evenness, hardness, keeping_time, other_foot
from coach.dsp.resample import GRID_HZ
from coach.dsp.tempo import Rhythm
from coach.model import FloatArray

Verdict = Literal["gait", "likely", "doubtful", "other"]
"""The more doubtful, the longer it has to last."""

REPEATS = 0.6
GAIT_G = 0.07
"""Gait repeats itself at least so well, and shakes at least so hard. Real gait at any placement: 0.6 to 0.98, from
0.15 g up; somebody who potters about shakes the lumbar spine by 0.1 g and at times less."""

QUICKER = 0.6
"""Real gait repeats itself at lags shorter than any step at most a third as well as a stride later."""

BOTH_FELT, TWICE = 0.5, 0.55
"""Where both feet are felt so much alike, what comes twice a step has at most so much of the power of that and of the
steps. Gait: up to 0.42; the hips of a cyclist, two turns taken for a stride: 0.75 to 0.93."""

BOUNCE_G, BOUNCE_SPM = 0.3, 165.0
"""What repeats twice a stride, four times and six shakes at least so hard (root mean square, all axes) at this cadence
and above, and less in proportion to the fourth power of the cadence below: the body is an inverted pendulum that rises
with the square of the step's length, which grows with the cadence. Real runners: 0.5 to 1.1 g, walkers: 0.15 to 0.5."""

HARD, SURELY_HARD, HARDER, HARDEST = 1.05, 1.3, 2.0, 3.0
"""Jolts this hard, against the root mean square of the motion, are impacts, that must keep time from the second on; a
shoe's are harder than the third, and what is harder than the fourth is near one foot."""

LOCKED, LOCKED_ONCE_FOLLOWED, WELL_LOCKED = 0.25, 0.2, 0.5
"""How well the loudness of what is quick comes again a stride later: at least like the first, once followed like the
second; less than the third does not prove feet that have no sides. Gait: 0.3 to 0.99 in 98 windows of a hundred, but
where it is soft; roads and exercise: about 0, above the first in five of a hundred."""

EVEN, UNEVEN, UPRIGHT_ALONE = 0.65, -0.35, 0.45
"""How well the strength of what is felt comes again half a stride later. Soft gait whose landings drown: 0.73 to 0.95,
with more than the third of what both steps share along the vertical. At a runner's cadence what goes round has at least
the second. Squats, curls: -0.9 to 0.1."""

ROUND = 0.5
"""More than so much of what repeats does so once a stride: a limb that goes round."""

UNLIKE, BOTH, BOTH_LOCKED = 0.25, 0.6, 0.7
"""Where the two steps feel less alike than the first, the other foot's jolts are less than the second of one's own, or
repeat themselves half a stride later less than the third as well as a stride later. Feet and shanks: 0.04; thighs: 0.3
to 0.8, and they feel both steps more alike; jumpers: 0.5 to 1."""

OPPOSITE, OPPOSED = -0.65, -0.4
"""Left and right steps that are each other's opposite, so much, are rather the two halves of a circle; less so, and
round without impacts, they have to last a moment."""

WELL, VERY_WELL = 0.65, 0.8
"""A rhythm that repeats itself less well than this has to last; the second holds while less than two strides of it were
seen, because so little is soon alike by chance."""

SIDED, WELL_SIDED, FAIRLY_SIDED = 0.05, 0.12, 0.45
"""Without impacts the difference of left and right comes again at least so well; less than the second has to last, less
than the third a moment. Soft gait: 0.1 to 0.95, real walkers 0.3 and more; shaking hands: -0.5 to 0.1, and above in one
window of ten. It drowns in the lines that stand in for lost samples: there nobody who is followed is asked for it."""

UPRIGHT, UPRIGHT_ONCE_FOLLOWED, UPRIGHTEST, FELT_G = 0.35, 0.25, 0.98, 0.5
"""Where both steps feel alike, more than the first of the power that they have in common is vertical, or than the
second once it is followed, for there are moments (real gait: from 0.55 up; simulated chests, in one window of 100,
0.34); and nowhere more than the third (gait: up to 0.97; jumping: 0.9 to 0.995). Gravity is felt when the mean of the
acceleration is larger than the fourth."""

WALKING_SPM = 130.0
WALKING_G, SWINGING_G = 0.75, 1.7
"""Walkers up to this cadence shake a sensor that feels both feet alike less than the first, one that feels no impacts
(as on a foot, sampled slowly) less than the second, and less in proportion to the square of the cadence below it."""

ALIKE = 0.8


def judge(
    rhythm: Rhythm,
    motion: FloatArray,
    acc_g: FloatArray,
    sampled: Sampled = None,
    *,
    followed: bool = False,
    slow: bool = False,
) -> Verdict:
    """Tell what makes the rhythm of the last seconds.

    Parameters
    ----------
    motion, acc_g : shape (n, 3), the samples that the rhythm was found in, band-passed and not.
    sampled : shape (n,), False where samples were lost; None where none were.
    followed : the rhythm was found to be gait before. slow : the sensor is too slow to feel jolts and sides surely, so
        that what is followed has the benefit of the doubt.
    """
    if rhythm.stride_s is None or rhythm.match < REPEATS or rhythm.rms_g < GAIT_G:
        return "other"
    if rhythm.quicker > QUICKER * rhythm.match or _is_half(rhythm) or _lift(rhythm, motion) < 1:
        return "other"
    hard = hardness(acc_g, rhythm.rms_g)
    is_soft, is_alike = hard < HARD, rhythm.alike > ALIKE
    if rhythm.rms_g > _most_g(rhythm, is_alike=is_alike, is_soft=is_soft):
        return "other"
    vertical = _vertical(rhythm, motion, acc_g)
    upright = (UPRIGHT_ONCE_FOLLOWED if followed else UPRIGHT) if is_alike else 0.0
    if vertical is not None and not upright <= vertical < UPRIGHTEST:
        return "other"
    if not (followed and slow):
        least = LOCKED_ONCE_FOLLOWED if followed else LOCKED
        sides = -math.inf if followed and sampled is not None else SIDED
        if not _has_feet(rhythm, motion, acc_g, sampled, hard=hard, vertical=vertical, least=least, least_sided=sides):
            return "other"
        if not slow and _turns(rhythm, acc_g, sampled):
            return "other"
    if hard > HARDEST and _lands_on_both(rhythm, acc_g):
        return "other"
    is_chance = rhythm.seen < 0.5 and rhythm.match < VERY_WELL
    is_poor = hard < HARDER and (rhythm.match < WELL or rhythm.alike < OPPOSITE)
    is_even = is_soft and rhythm.sided < WELL_SIDED
    if is_chance or is_poor or is_even:
        return "doubtful"
    is_shaken = rhythm.alike < OPPOSED if _is_round(rhythm) else is_alike and rhythm.sided < FAIRLY_SIDED
    return "likely" if is_soft and not slow and is_shaken else "gait"


def _spm(rhythm: Rhythm) -> float:
    assert rhythm.stride_s is not None
    return 120 / rhythm.stride_s


def _stride(rhythm: Rhythm) -> float:
    """Give the stride in samples of the grid."""
    assert rhythm.stride_s is not None
    return rhythm.stride_s * GRID_HZ


def _is_half(rhythm: Rhythm) -> bool:
    """Tell whether two periods of something were taken for two steps."""
    shares = rhythm.shares
    return rhythm.alike > BOTH_FELT and float(shares[3]) > TWICE * float(shares[1] + shares[3])


def _is_round(rhythm: Rhythm) -> bool:
    shares = rhythm.shares
    return float(shares[0]) > ROUND * float(shares.sum())


def _lift(rhythm: Rhythm, motion: FloatArray) -> float:
    """Give the bounce of the last stride (it alone, since a bout may just have begun) against the least of gait."""
    last = motion[-round(_stride(rhythm)) :]
    bounce_g = math.sqrt(float(np.vdot(last, last)) / len(last) * float(rhythm.shares[1::2].sum()))
    return bounce_g / (BOUNCE_G * min(1.0, _spm(rhythm) / BOUNCE_SPM) ** 4)


def _most_g(rhythm: Rhythm, *, is_alike: bool, is_soft: bool) -> float:
    """Give how hard somebody who takes so many steps may shake the sensor."""
    pace = _spm(rhythm) / WALKING_SPM
    if pace >= 1:
        return math.inf
    return WALKING_G if is_alike else SWINGING_G * pace**2 if is_soft else math.inf


def _vertical(rhythm: Rhythm, motion: FloatArray, acc_g: FloatArray) -> float | None:
    """Give the share of the vertical in the power that both steps have in common; None where gravity is not felt."""
    rest_g = mean(acc_g)
    felt_g = math.hypot(*rest_g.tolist())
    if felt_g <= FELT_G:
        return None
    step = round(_stride(rhythm) / 2)
    common = motion[step:] + motion[:-step]
    upwards = common @ rest_g
    return float(upwards @ upwards) / (felt_g**2 * float(np.vdot(common, common)) + 1e-12)


def _has_feet(
    rhythm: Rhythm,
    motion: FloatArray,
    acc_g: FloatArray,
    sampled: Sampled,
    *,
    hard: float,
    vertical: float | None,
    least: float,
    least_sided: float,
) -> bool:
    """Tell whether landings come with the stride, or what stands in for them."""
    stride = _stride(rhythm)
    locked = keeping_time(motion, stride, sampled)
    if rhythm.sided < least_sided and (hard < HARD or locked < WELL_LOCKED):
        return False
    if hard > SURELY_HARD:
        return locked > least
    even, is_round = evenness(acc_g, stride, sampled), _is_round(rhythm)
    if even > EVEN:
        return locked > least or (not is_round and (vertical is None or vertical > UPRIGHT_ALONE))
    if is_round or _spm(rhythm) < WALKING_SPM:
        locked = min(locked, keeping_time(acc_g, stride, sampled))
        return locked > max(least, -even)
    return locked > least


def _turns(rhythm: Rhythm, acc_g: FloatArray, sampled: Sampled) -> bool:
    """Tell whether something goes round at a runner's cadence, and is pushed once a turn."""
    return _is_round(rhythm) and _spm(rhythm) >= WALKING_SPM and evenness(acc_g, _stride(rhythm), sampled) < UNEVEN


def _lands_on_both(rhythm: Rhythm, acc_g: FloatArray) -> bool:
    """Tell whether both feet land at once beside a sensor that should feel one."""
    if rhythm.alike > UNLIKE:
        return False
    stride = _stride(rhythm)
    half, whole = keeping_time(acc_g, stride / 2), keeping_time(acc_g, stride)
    return half > BOTH_LOCKED * whole and other_foot(acc_g, stride) > BOTH
