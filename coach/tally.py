"""A run in figures, as its events go by."""

from __future__ import annotations

from collections import Counter

from coach.coaching.target import Band
from coach.model import Beat, Cadence, Event, Gap, Header, Step, Summary

LONGEST_S = 1.0
"""A reading counts for the time since the one before it, but never for more than this; two beats that are further
apart than this have silence between them."""


class Tally:
    """Adds up what the summary says; memory does not grow with the run.

    Attributes
    ----------
    bad_packets : how many could not be decoded, by the id of their sensor.
    """

    def __init__(self) -> None:
        self.bad_packets: Counter[str] = Counter()
        self._steps = self._beats = self._gaps = 0
        self._running_s = self._in_band_s = self._sounding_s = self._spm_s = 0.0
        self._began_s: float | None = None
        self._reading_at_s: float | None = None
        self._beat_at_s: float | None = None

    def add(self, event: Event, band: Band) -> None:
        """Count an event; `band` is the target in force."""
        if self._began_s is None and not isinstance(event, Header):
            self._began_s = event.available_s
        match event:
            case Step():
                self._steps += 1
            case Gap():
                self._gaps += 1
            case Beat():
                self._beats += 1
                if self._beat_at_s is not None and event.t_s - self._beat_at_s < LONGEST_S:
                    self._sounding_s += event.t_s - self._beat_at_s
                self._beat_at_s = event.t_s
            case Cadence():
                self._add_reading(event, band)
            case _:
                pass

    def _add_reading(self, cadence: Cadence, band: Band) -> None:
        before_s, self._reading_at_s = self._reading_at_s, cadence.t_s if cadence.spm is not None else None
        if cadence.spm is None or before_s is None:
            return
        length_s = min(max(cadence.t_s - before_s, 0.0), LONGEST_S)
        self._running_s += length_s
        self._spm_s += cadence.spm * length_s
        if band.side(cadence.spm) == "in":
            self._in_band_s += length_s

    def summary(self, at_s: float) -> Summary:
        """Give the figures as of a host time."""
        return Summary(
            t_s=at_s,
            available_s=at_s,
            duration_s=at_s - (at_s if self._began_s is None else self._began_s),
            steps=self._steps,
            beats=self._beats,
            running_s=round(self._running_s, 2),
            in_band_s=round(self._in_band_s, 2),
            sounding_s=round(self._sounding_s, 2),
            mean_spm=round(self._spm_s / self._running_s, 2) if self._running_s else None,
            gaps=self._gaps,
            bad_packets=self.bad_packets.total(),
        )
