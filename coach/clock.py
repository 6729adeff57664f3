"""Host time from the one clock of each system that never runs backwards and counts on while the lid is closed.

`time.monotonic` stands still during sleep on Linux and macOS; a run that slept would then show no hole at all.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from coach.model import HostTime


def _seconds() -> Callable[[], float]:
    if sys.platform == "linux":
        return lambda: time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return lambda: time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic


class HostClock:
    """Seconds since this object was made."""

    def __init__(self) -> None:
        self._read = _seconds()
        self._start = self._read()

    def now(self) -> HostTime:
        return HostTime(self._read() - self._start)


class ManualClock:
    """A clock that tests and virtual time set by hand."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> HostTime:
        return HostTime(self._now)

    def set(self, now: float) -> None:
        if now < self._now:
            raise ValueError(f"time cannot go back from {self._now} to {now} s")
        self._now = now
