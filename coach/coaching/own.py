"""The runner's own cadence: that of two steady minutes of running with nothing in the ears.

The readings of a run are put together by blocks of ten seconds. Two minutes are steady when every block's mean lies
within `SWAY` of the mean of all, in speed too where it is known. The first `SETTLE_S` after each start do not count:
nobody runs evenly then. A hole in the data of more than `HOLE_S`, or a stop, begins anew.

Latency: none to speak of, the result is there with the block that ends the two minutes. Fails where the runner goes by
music, by a partner or by another metronome: then it is theirs. A walk is not told from a run, but for being slower than
`SLOWEST_SPM` (real running spans 140 to 234).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from coach.model import Beat, Cadence, Event, Prompt, Speed

BLOCK_S = 10.0
BLOCKS = 12
SWAY = 0.03
SPEED_SWAY = 0.1
SETTLE_S = 30.0
HOLE_S = 3.0
SLOWEST_SPM = 130.0

FASTEST_MPS = 12.0
"""Nobody runs so fast for two minutes: a pod that says so knows no speed."""

APART_MPS = 0.4
"""Own cadences at speeds further apart than this tell how the runner's cadence follows the speed."""

USUAL_SPM_PER_MPS = 5.6
STEEPEST_SPM_PER_MPS = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCadence:
    """What a runner runs at when left alone: steps a minute, and at which speed, metres a second (None: not known)."""

    spm: float
    mps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An own cadence, whose it is, and when it was measured; `runner` is "" where nobody is named."""

    at: datetime
    runner: str
    own: OwnCadence


class SteadyMinutes:
    """Looks for two steady minutes in the events of a run.

    Attributes
    ----------
    found : what they gave; None before.
    coached : whether a beat was heard, or a cue: what comes after it is not the runner's own.
    sway : how far the last two minutes were from their mean at most, as a part of it; None before there are two.
    """

    def __init__(self) -> None:
        self.found: OwnCadence | None = None
        self.coached = False
        self.sway: float | None = None
        self._blocks: deque[tuple[float, float | None]] = deque(maxlen=BLOCKS)
        self._began_s: float | None = None
        self._block: list[tuple[float, float]] = []
        self._speeds: list[float] = []
        self._last_s = 0.0

    @property
    def so_far_s(self) -> float:
        """For how long the runner has been looked at since the last stop, two minutes at most."""
        return len(self._blocks) * BLOCK_S

    def take(self, event: Event) -> None:
        """Take the next event of the run."""
        match event:
            case Beat() | Prompt(say="below" | "above" | "target"):
                self.coached = True
            case Speed():
                self._speeds.append(event.mps)
            case Cadence(spm=None):
                if event.status == "idle" or event.t_s - self._last_s > HOLE_S:
                    self._forget()
            case Cadence() if self.found is None and not self.coached:
                self._reading(event)
            case _:
                pass

    def _forget(self) -> None:
        self._blocks.clear()
        self._block, self._speeds, self._began_s = [], [], None

    def _reading(self, cadence: Cadence) -> None:
        assert cadence.spm is not None
        if self._began_s is None or cadence.t_s - self._last_s > HOLE_S:
            self._forget()
            self._began_s = cadence.t_s + SETTLE_S
        passed_s, self._last_s = max(0.0, cadence.t_s - self._last_s), cadence.t_s
        if cadence.t_s < self._began_s:
            self._speeds.clear()
            return
        self._block.append((cadence.spm, passed_s))
        if cadence.t_s - self._began_s >= BLOCK_S:
            self._began_s = cadence.t_s
            self._end_block()

    def _end_block(self) -> None:
        spm, weights = zip(*self._block, strict=True)
        mean_spm = float(np.average(spm, weights=weights)) if sum(weights) > 0 else float(np.mean(spm))
        self._blocks.append((mean_spm, float(np.mean(self._speeds)) if self._speeds else None))
        self._block, self._speeds = [], []
        if len(self._blocks) == BLOCKS:
            self._judge()

    def _judge(self) -> None:
        cadences = [spm for spm, _ in self._blocks]
        speeds = [mps for _, mps in self._blocks if mps is not None]
        spm = float(np.mean(cadences))
        self.sway = _sway(cadences)
        known = len(speeds) == BLOCKS and min(speeds) > 0 and max(speeds) < FASTEST_MPS
        if self.sway <= SWAY and spm >= SLOWEST_SPM and (not known or _sway(speeds) <= SPEED_SWAY):
            self.found = OwnCadence(spm=round(spm, 1), mps=round(float(np.mean(speeds)), 2) if known else None)


def _sway(values: Sequence[float]) -> float:
    mean = float(np.mean(values))
    return max(abs(value / mean - 1) for value in values)


def spm_per_mps(measured: Sequence[OwnCadence]) -> float:
    """Give by how much a runner's cadence rises with speed, from what was measured at different speeds.

    The usual 5.6 steps a minute for each m/s (Burns 2019) where those are not `APART_MPS` apart, or fewer than two.
    """
    known = [(own.mps, own.spm) for own in measured if own.mps is not None]
    if not known or max(known)[0] - min(known)[0] < APART_MPS:
        return USUAL_SPM_PER_MPS
    speeds, cadences = zip(*known, strict=True)
    slope = float(np.polyfit(speeds, cadences, 1)[0])
    return round(min(max(slope, 0.0), STEEPEST_SPM_PER_MPS), 2)
