"""Whether a runner is even enough to begin a beat with: a reading alone does not say so.

Sources: eight steps before a beat, judged by same-foot intervals, because left and right differ and that is no noise
(Moens 2014 began in phase, which takes an even runner).
"""

from __future__ import annotations

import math
from collections import deque

from coach.model import Cadence

STEPS = 8
STEADY_CV = 0.04
"""The last eight steps are even: same-foot intervals have a coefficient of variation below 4 %."""

PACKETS = 4
AGREE_PCT = 3.0
"""Where only cadence is known: the last four packets of the pod lie within 3 % (5 spm; its byte counts in 2 spm). And a
beat begins on a smoothed cadence that is so near to the last reading: between walking and running it is neither's."""


class Lock:
    """Follows contacts and readings, as they become known."""

    def __init__(self) -> None:
        self._contacts_s: deque[float] = deque(maxlen=STEPS + 2)
        self._packets: deque[tuple[float, float]] = deque(maxlen=PACKETS)

    @property
    def last_contact_s(self) -> float:
        """The last contact, on host time; minus infinity before there is one."""
        return self._contacts_s[-1] if self._contacts_s else -math.inf

    def contact(self, contact_s: float) -> None:
        """Take a contact, on host time."""
        self._contacts_s.append(contact_s)

    def cadence(self, cadence: Cadence) -> None:
        """Take a reading; one that only repeats what a packet said does not count again."""
        if cadence.spm is not None and (not self._packets or cadence.t_s > self._packets[-1][0]):
            self._packets.append((cadence.t_s, cadence.spm))

    def clear(self) -> None:
        """Forget all: the runner stopped, or data are missing."""
        self._contacts_s.clear()
        self._packets.clear()

    def agrees_with(self, spm: float) -> bool:
        """Whether the last reading says about that, steps a minute."""
        return bool(self._packets) and abs(self._packets[-1][1] / spm - 1) <= AGREE_PCT / 100

    @property
    def steps_even(self) -> bool:
        """Whether the last steps are those of somebody who runs evenly."""
        if len(self._contacts_s) < STEPS + 2:
            return False
        times_s = list(self._contacts_s)
        strides_s = [later_s - earlier_s for earlier_s, later_s in zip(times_s, times_s[2:], strict=False)]
        mean_s = sum(strides_s) / len(strides_s)
        variance = sum((stride_s - mean_s) ** 2 for stride_s in strides_s) / (len(strides_s) - 1)
        return math.sqrt(variance) < STEADY_CV * mean_s

    @property
    def readings_agree(self) -> bool:
        """Whether the last readings say the same."""
        if len(self._packets) < PACKETS:
            return False
        spm = [spm for _, spm in self._packets]
        return max(spm) <= (1 + AGREE_PCT / 100) * min(spm)
