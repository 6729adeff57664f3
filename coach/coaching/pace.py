"""Where the runner stands to the band: a smoothed cadence, and for how long it has been inside or outside."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from coach.coaching.target import Band, Side

QUICK_S = 2.0
SLOW_S = 6.0
LONG_S = 20.0
LONGEST_S = 1.0
"""A reading counts for the time since the one before it, but never for more than this."""

CLEAR = 0.015
"""Who was outside is counted as outside until this part of the cadence inside: a runner sways, and a moment across the
edge is no return."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The runner's cadence as the coach sees it, steps a minute.

    Parameters
    ----------
    spm : smoothed over 2 s: where the runner is now. slow_spm : over 6 s: what the runner keeps. long_spm : over 20 s:
        what comes of the coaching.
    at_s : host time of the last reading. side : where `spm` lies to the band.
    outside_s, inside_s : time spent there. A moment on the other side takes as much away as it lasts, so that a runner
        who sways across the edge is judged by where he or she mostly is.
    """

    spm: float
    slow_spm: float
    long_spm: float
    at_s: float
    side: Side
    outside_s: float = 0.0
    inside_s: float = 0.0

    @classmethod
    def first(cls, spm: float, at_s: float, band: Band) -> Pace:
        """Begin with a first reading."""
        return cls(spm, spm, spm, at_s, band.side(spm))

    def after(self, spm: float, at_s: float, band: Band) -> Pace:
        """Take the next reading."""
        passed_s = at_s - self.at_s
        quick = self.spm + (1 - math.exp(-passed_s / QUICK_S)) * (spm - self.spm)
        slow = self.slow_spm + (1 - math.exp(-passed_s / SLOW_S)) * (spm - self.slow_spm)
        long = self.long_spm + (1 - math.exp(-passed_s / LONG_S)) * (spm - self.long_spm)
        side = band.side(quick)
        if {side, self.side} == {"below", "above"}:
            return Pace(quick, slow, long, at_s, side)
        counts_s = min(passed_s, LONGEST_S)
        clear = side == "in" and band.side(quick * (1 - CLEAR)) == band.side(quick * (1 + CLEAR)) == "in"
        outside_s = 0.0 if clear else self.outside_s + (counts_s if side != "in" or self.outside_s > 0 else 0.0)
        inside_s = self.inside_s + counts_s if side == "in" else max(0.0, self.inside_s - counts_s)
        return Pace(quick, slow, long, at_s, side, outside_s=outside_s, inside_s=inside_s)

    def impatient(self, outside_s: float) -> Pace:
        """Count as if the runner had been outside for so long already."""
        return replace(self, outside_s=outside_s)

    def afresh(self, band: Band) -> Pace:
        """Count the time inside and outside anew, in this band."""
        return Pace(self.spm, self.slow_spm, self.long_spm, self.at_s, band.side(self.spm))
