"""Cadence from the lengths of single strides: their mean since the pace last changed.

A runner's strides vary by 1 to 2 % around a pace that wanders slowly and, now and then, jumps. A long mean is late
after a jump, a short one is noisy between jumps, and any fixed one is wrong half of the time. So every moment at which
the present pace may have begun is kept as a hypothesis with its own mean, and each new stride weighs them anew:
Bayesian online change-point detection (Adams and MacKay 2007, arXiv:0710.3742) on the logarithm of the length, with
room for a stride that is simply measured wrong. Strides, not steps: left and right steps alternate, and their
difference is asymmetry, not a change of pace.
"""

from __future__ import annotations

import math
from math import exp, sqrt

STRIDE_CV = 0.016
"""Variation of the measured strides about the pace: runners' own is 1 to 2 %. It counts two overlapping strides for
each step, which are not independent; a smaller figure trusts them too much."""

WANDER = 0.003
"""How far the pace itself wanders in a step, as a share."""

JUMP = 0.04
"""How far it jumps where it does."""

CHANGE = 1 / 15
"""How likely a change of pace is, at each step: a runner's, or the start of a slow one."""

WRONG = 0.05
WRONG_SPREAD = 0.25
"""How likely a stride is measured wrong, and the range over which it then lies."""

HYPOTHESES = 25
"""So many moments at which the pace may have begun are kept; before that the likelier one of the two oldest stays."""

_NOISE = STRIDE_CV**2
_DRIFT = WANDER**2
_RIGHT = (1 - WRONG) / math.sqrt(2 * math.pi)
_WRONG = WRONG / WRONG_SPREAD


class IntervalFilter:
    """The present stride, from a stream of measured ones, one for each step.

    Data needed: one stride. Cost: constant. Latency: none between strides; after a jump of 6 % most of the way within
    two to three steps; in steady running it is about the mean of the last ten steps. Failure modes: strides that are
    measured wrong the same way twice look like a change; a pace that goes on changing is followed two to three steps
    late.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the pace."""
        self._stride_s: float | None = None
        self._paces: list[tuple[float, float, float]] = []

    @property
    def stride_s(self) -> float | None:
        """The present stride; None before the first was pushed."""
        return self._stride_s

    def push(self, stride_s: float) -> None:
        """Take the stride that ended with a step."""
        x = math.log(stride_s)
        if self._stride_s is None:
            self._stride_s, self._paces = stride_s, [(x, STRIDE_CV**2, 1.0)]
            return
        self._forget_one()
        paces, total, middle = [], 0.0, 0.0
        begins = 0.0  # a stride that was measured wrong begins nothing
        for mean, older, weight in ((math.log(self._stride_s), JUMP**2, CHANGE / (1 - CHANGE)), *self._paces):
            variance = older + _DRIFT
            surprise, spread = x - mean, variance + _NOISE
            right = _RIGHT * exp(-0.5 * surprise * surprise / spread) / sqrt(spread)
            gain = variance / spread * right / (right + _WRONG)
            now, likely = mean + gain * surprise, weight * (right + begins)
            paces.append((now, (1 - gain) * variance, likely))
            total += likely
            middle += likely * now
            begins = _WRONG
        self._paces = [(mean, variance, likely / total) for mean, variance, likely in paces]
        self._stride_s = math.exp(middle / total)

    def _forget_one(self) -> None:
        """Make room for a pace that begins now."""
        paces = self._paces
        if len(paces) == HYPOTHESES:
            likelier = max(paces[-1], paces[-2], key=lambda pace: pace[2])
            paces[-2:] = [(likelier[0], likelier[1], paces[-2][2] + paces[-1][2])]
