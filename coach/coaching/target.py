"""The band of cadence that the coach leads into: a fixed one, or one that is so much above the runner's own cadence.

Speed and cadence rise together, by about 5.6 steps a minute for each m/s (Burns 2019). What is a percentage of the own
cadence is therefore one of the cadence that the runner would have at the speed of the moment, where a sensor tells it.

Latency: the speed is smoothed over `SMOOTH_S`, and the band moves by no less than `MOVES_SPM`, so that it follows a
change of pace within half a minute and does not flutter. Fails where a pod's speed is wrong, by as much as that is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from coach.config import TargetConfig

Side = Literal["below", "in", "above"]

MOST_PCT = 10.0
"""Never further above the runner's own cadence than this."""

AROUND_PCT = 2.5
"""The band of a percentage reaches so far to either side: twice what the cadence of a steady run sways by."""

SMOOTH_S = 15.0
LONGEST_S = 2.0
"""A speed counts for the time since the one before it, but never for more than this."""

MOVES_SPM = 2.0
SLOWEST_MPS = 1.5
"""Below this nobody runs: the band stays where it was."""

FURTHEST_MPS = 1.5
"""Further than this from the speed at which the own cadence was measured, nothing is known of it; and a speed that
jumps for a moment counts as no more."""


@dataclass(frozen=True, slots=True)
class Band:
    """A range of cadence, steps a minute."""

    low_spm: float
    high_spm: float

    @classmethod
    def above(cls, own_spm: float, pct: float) -> Band:
        """Give the band so much above an own cadence; it never reaches further than `MOST_PCT` above that."""
        low_pct, high_pct = pct - AROUND_PCT, min(pct + AROUND_PCT, MOST_PCT)
        return cls(*(math.floor(own_spm * (1000 + 10 * pct) / 100) / 10 for pct in (low_pct, high_pct)))

    def __str__(self) -> str:
        return f"{self.low_spm:g}-{self.high_spm:g}"

    def side(self, spm: float) -> Side:
        """Tell where a cadence lies."""
        if spm < self.low_spm:
            return "below"
        return "above" if spm > self.high_spm else "in"

    def inside(self, spm: float, margin_spm: float) -> float:
        """Give the cadence nearest to `spm` that is inside by the margin (or the middle, of a narrow band)."""
        margin_spm = self.margin(margin_spm)
        return min(max(spm, self.low_spm + margin_spm), self.high_spm - margin_spm)

    def margin(self, asked_spm: float) -> float:
        """Give a margin inside both edges, or as much of it as there is room for."""
        return min(asked_spm, (self.high_spm - self.low_spm) / 2)


def is_too_far(low_spm: float, own_spm: float) -> bool:
    """Tell whether a band begins further above an own cadence than anybody is to be led."""
    return low_spm > own_spm * (1 + MOST_PCT / 100)


class Target:
    """What a run is led into, as the settings say.

    Parameters
    ----------
    config : the target section of the settings.

    Attributes
    ----------
    own_spm : the runner's own cadence at the speed of the moment; None where it is not known.
    """

    def __init__(self, config: TargetConfig) -> None:
        self._config = config
        self._asked: Band | None = None
        self._measured_spm = config.own_spm or None
        self.own_spm = self._measured_spm
        self._mps = config.own_mps
        self._at_s = -math.inf

    @property
    def band(self) -> Band:
        """The band of the settings, or the one that was asked for since."""
        if self._asked is not None:
            return self._asked
        if self._config.kind == "personal" and self.own_spm is not None:
            return Band.above(self.own_spm, self._config.raise_pct)
        return Band(self._config.low_spm, self._config.high_spm)

    @property
    def mps(self) -> float:
        """The speed, smoothed, no further from that of the own cadence than is known; 0 where none is known."""
        return self._mps

    def ask(self, band: Band) -> None:
        """Take another band, whatever the settings say."""
        self._asked = band

    def learn(self, own_spm: float) -> None:
        """Take the runner's own cadence at the speed that the settings say."""
        self._measured_spm = self.own_spm = own_spm

    def speed(self, mps: float, at_s: float) -> None:
        """Take a speed: the own cadence follows it."""
        passed_s, self._at_s = min(at_s - self._at_s, LONGEST_S), at_s
        if self._measured_spm is None or not self._config.own_mps or mps < SLOWEST_MPS:
            return
        known_mps = min(max(mps, self._config.own_mps - FURTHEST_MPS), self._config.own_mps + FURTHEST_MPS)
        self._mps += (1 - math.exp(-passed_s / SMOOTH_S)) * (known_mps - self._mps)
        own_spm = self._measured_spm + self._config.spm_per_mps * (self._mps - self._config.own_mps)
        assert self.own_spm is not None
        if abs(own_spm - self.own_spm) >= MOVES_SPM:
            self.own_spm = round(own_spm, 1)
