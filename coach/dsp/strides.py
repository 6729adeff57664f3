"""From one step to the next: how long the stride that just ended was, by comparing it with the one before.

A foot's contact, an arm's swing, a hip's sway: whatever the sensor feels, it feels nearly the same one stride later.
So the time of a step is the time of the same foot's last step plus the lag at which the signal of the last half
stride looks most like the signal before it. All three axes count, so orientation does not matter, and left is only
ever compared with left. Nothing here knows where in the stride the foot strikes; `coach.dsp.contacts` says that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coach.model import FloatArray

REACH = 0.14
"""A stride may differ by so much from the expected one: a jump of 10 % and its noise."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a stretch of signal compares with an earlier one.

    Parameters
    ----------
    lag : samples, between samples too. match : correlation at that lag, -1 to 1.
    growth : energy of the stretch over that of the earlier one.
    """

    lag: float
    match: float
    growth: float


def likeness(motion: FloatArray, end: int, width: int, lag: float, reach: float = REACH) -> Likeness | None:
    """Find the lag near `lag` at which `motion[end - width : end]` looks most like itself.

    Parameters
    ----------
    motion : shape (n, 3), contiguous. end, width : samples. lag : samples. reach : share of the lag to look around.

    Returns
    -------
    None where the signal does not reach so far back, or where no lag inside the reach is better than its neighbours.
    """
    longest = int(lag * (1 + reach)) + 1
    shortest = int(lag * (1 - reach))
    if end > len(motion) or end - width - longest < 0 or width < 2:
        return None
    recent = motion[end - width : end].ravel()
    past = motion[end - width - longest : end - shortest].ravel()
    product = np.correlate(past, recent)[::3]
    energy = np.zeros(len(past) + 1)
    np.square(past).cumsum(out=energy[1:])
    before = energy[len(recent) :: 3] - energy[: -len(recent) : 3]
    match = product / np.sqrt(before + 1e-12)
    best = int(match.argmax())
    if not 0 < best < len(match) - 1:
        return None
    own = float(recent @ recent)
    return Likeness(
        lag=longest - parabolic_peak(match, best),
        match=float(match[best]) / (own**0.5 + 1e-12),
        growth=own / (float(before[best]) + 1e-12),
    )


def parabolic_peak(values: FloatArray, i: int) -> float:
    """Give the place of the maximum near index `i`, between samples, by a parabola through three points."""
    if not 0 < i < len(values) - 1:
        return float(i)
    left, middle, right = float(values[i - 1]), float(values[i]), float(values[i + 1])
    bend = left - 2 * middle + right
    return i + 0.5 * (left - right) / bend if bend < 0 else float(i)
