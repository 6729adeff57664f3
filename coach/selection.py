"""Which reading counts when a runner wears several sensors: selection, not averaging.

Sensed steps lead. When they are lost a pod stands in, and gives way again once steps were locked for three seconds.
"""

from __future__ import annotations

from coach.model import Cadence

BACK_S = 3.0


class Selection:
    """Tells of each reading, in the order in which they became known, whether it counts."""

    def __init__(self) -> None:
        self._steps_lead = False
        self._pod_stands_in = False
        self._pod_locked = False
        self._locked_since_s: float | None = None

    def counts(self, reading: Cadence) -> bool:
        """Take a reading; tell whether it is the one to believe."""
        if reading.source == "rsc":
            self._pod_locked = reading.status == "locked"
            return not self._steps_lead
        if reading.status == "lost":
            led, self._steps_lead = self._steps_lead, False
            self._pod_stands_in = True
            self._locked_since_s = None
            return led
        if self._pod_stands_in and self._pod_locked and not self._is_back(reading):
            return False
        self._pod_stands_in = False
        self._steps_lead = True
        return True

    def _is_back(self, reading: Cadence) -> bool:
        if reading.status != "locked":
            self._locked_since_s = None
        elif self._locked_since_s is None:
            self._locked_since_s = reading.available_s
        return self._locked_since_s is not None and reading.available_s - self._locked_since_s >= BACK_S
