"""No sound at all: for runs of which only the events are wanted."""

from __future__ import annotations

from coach.model import Cue, OutputReport
from coach.ports import Clock, Report


class NullOutput:
    """Hears beats and plays none."""

    name = "null"
    streams = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._report: Report | None = None

    def open(self, report: Report) -> None:
        self._report = report
        report(OutputReport(at=self._clock.now(), output=self.name, state="open"))

    def play(self, cue: Cue) -> None:
        pass

    def look(self) -> None:
        pass

    def close(self) -> None:
        if self._report is not None:
            self._report(OutputReport(at=self._clock.now(), output=self.name, state="closed"))
            self._report = None
