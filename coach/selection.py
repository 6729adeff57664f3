"""Which reading counts when a runner wears several sensors: selection, not averaging.

Sensed steps lead. While there are none a pod stands in, and once it has a reading it gives way only to steps that were
locked for three seconds.
"""

from __future__ import annotations

from coach.model import Cadence

BACK_S = 3.0


class Selection:
    """Tells of each reading, in the order in which they became known, whether it counts.

    Attributes
    ----------
    steps_lead : whether the readings that count are those of steps, so that the steps do too.
    """

    def __init__(self) -> None:
        self.steps_lead = False
        self._pod_locked = False
        self._locked_since_s: float | None = None

    def counts(self, reading: Cadence) -> bool:
        """Take a reading; tell whether it is the one to believe."""
        if reading.source == "rsc":
            self._pod_locked = reading.status == "locked"
            return not self.steps_lead
        if reading.status == "lost":
            led, self.steps_lead = self.steps_lead, False
            self._locked_since_s = None
            return led
        if not self.steps_lead:
            self.steps_lead = not self._pod_locked or self._is_back(reading)
        return self.steps_lead

    def _is_back(self, reading: Cadence) -> bool:
        if reading.status != "locked":
            self._locked_since_s = None
        elif self._locked_since_s is None:
            self._locked_since_s = reading.available_s
        return self._locked_since_s is not None and reading.available_s - self._locked_since_s >= BACK_S
