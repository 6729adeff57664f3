"""Where in the stride the foot strikes: the jolt of the impact.

A contact is the one thing in a stride that is fast. It is felt at the foot as it happens, and at the trunk, the arm or
the hand as soon as the shock has come up. On a force plate (sacrum, eight trials at 2.5 to 4.2 m/s) the middle of the
jolt comes 33 to 44 ms after contact; sways of the trunk, which are slower, come 35 to 110 ms after it.

It is evaluated on demand over the few samples around an expected contact, so a stream pays for it once a step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import signal

from coach.dsp.axes import energies
from coach.dsp.resample import GRID_HZ
from coach.dsp.strides import parabolic_peak
from coach.model import FloatArray

FOOT_LAG_S = 0.018
TRUNK_LAG_S = 0.028
"""From contact to the middle of its jolt. At a foot or shank the impact rises within 10 to 15 ms, and rings; the trunk
feels it later. With these the steps of each force-plate trial are 5 to 16 ms late, those of a simulated foot or shank
0 to 5 ms."""

_SMOOTH = signal.windows.hann(9, sym=True)[1:-1]
CONTEXT = 2 + len(_SMOOTH) - 1
"""So many samples more are needed than strengths are given, half before, half after."""


def jolts(acc_g: FloatArray) -> FloatArray:
    """Give the energy of what changes fast: second differences over all axes, squared, smoothed over 70 ms; zero-phase.

    Parameters
    ----------
    acc_g : shape (n, 3), on the grid, g.

    Returns
    -------
    Shape (n - CONTEXT,), g squared: the strength about sample CONTEXT / 2 and those after it.
    """
    bend = acc_g[2:] - 2 * acc_g[1:-1] + acc_g[:-2]
    return np.correlate(energies(bend), _SMOOTH)


def contact_near(acc_g: FloatArray, near: float, reach: float, lag_s: float) -> float | None:
    """Find a contact by its jolt.

    Parameters
    ----------
    acc_g : shape (n, 3), on the grid, g. near : expected contact, index into `acc_g`. reach : samples around it.
    lag_s : from a contact to the middle of its jolt.

    Returns
    -------
    Its index, between samples too; None where the signal does not reach so far or has no peak there.
    """
    lag = lag_s * GRID_HZ
    first, last = round(near + lag - reach), round(near + lag + reach)
    if first < CONTEXT // 2 or last + CONTEXT // 2 >= len(acc_g) or last - first < 2:
        return None
    strength = jolts(acc_g[first - CONTEXT // 2 : last + CONTEXT // 2 + 1])
    best = int(strength.argmax())
    if not 0 < best < len(strength) - 1:
        return None
    return first + parabolic_peak(strength, best) - lag


def loudness(acc_g: FloatArray, contacts: Sequence[float], reach: float) -> float:
    """Give the median strength of the jolts within `reach` samples of contacts, indices into `acc_g`; 0 for none."""
    strength = jolts(acc_g)
    firsts = [max(0, round(contact - CONTEXT / 2 - reach)) for contact in contacts]
    heights = [strength[first : first + round(2 * reach) + 1] for first in firsts]
    return float(np.median([height.max() for height in heights if len(height)] or [0.0]))
