"""The band of cadence that the coach leads into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["below", "in", "above"]


@dataclass(frozen=True, slots=True)
class Band:
    """A range of cadence, steps a minute."""

    low_spm: float
    high_spm: float

    def __str__(self) -> str:
        return f"{self.low_spm:g}-{self.high_spm:g}"

    def side(self, spm: float) -> Side:
        """Tell where a cadence lies."""
        if spm < self.low_spm:
            return "below"
        return "above" if spm > self.high_spm else "in"

    def inside(self, spm: float, margin_spm: float) -> float:
        """Give the cadence nearest to `spm` that is inside by the margin (or the middle, of a narrow band)."""
        margin_spm = min(margin_spm, (self.high_spm - self.low_spm) / 2)
        return min(max(spm, self.low_spm + margin_spm), self.high_spm - margin_spm)
