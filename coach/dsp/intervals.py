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

import numpy as np

from coach.model import FloatArray

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

HYPOTHESES = 24
"""The oldest are merged beyond so many."""


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
        self._mean: FloatArray = np.empty(0)
        self._variance: FloatArray = np.empty(0)
        self._weight: FloatArray = np.empty(0)

    @property
    def stride_s(self) -> float | None:
        """The present stride; None before the first was pushed."""
        return math.exp(float(self._weight @ self._mean)) if len(self._mean) else None

    def push(self, stride_s: float) -> None:
        """Take the stride that ended with a step."""
        x = math.log(stride_s)
        if len(self._mean) == 0:
            self._mean, self._variance, self._weight = np.array([x]), np.array([STRIDE_CV**2]), np.array([1.0])
            return
        mean = np.concatenate(([self._weight @ self._mean], self._mean))
        variance = np.concatenate(([JUMP**2], self._variance)) + WANDER**2
        prior = np.concatenate(([CHANGE], (1 - CHANGE) * self._weight))
        surprise = x - mean
        spread = variance + STRIDE_CV**2
        right = (1 - WRONG) * np.exp(-0.5 * surprise * surprise / spread) / np.sqrt(2 * math.pi * spread)
        wrong = WRONG / WRONG_SPREAD
        gain = variance / spread * right / (right + wrong)
        weight = prior * (right + wrong)
        weight[0] -= prior[0] * wrong  # a stride that was measured wrong begins nothing
        self._mean = mean + gain * surprise
        self._variance = variance * (1 - gain)
        self._weight = weight / weight.sum()
        if len(self._mean) > HYPOTHESES:
            self._merge_oldest()

    def _merge_oldest(self) -> None:
        share = self._weight[-2:] / (self._weight[-2:].sum() + 1e-300)
        self._mean = np.append(self._mean[:-2], share @ self._mean[-2:])
        self._variance = np.append(self._variance[:-2], share @ self._variance[-2:])
        self._weight = np.append(self._weight[:-2], self._weight[-2:].sum())
