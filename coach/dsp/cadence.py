"""The cadence engine: stamped samples of one acceleration sensor in; steps, cadence and gaps out.

This is the seam behind which the detector may change: `CadenceEngine.push` takes `Stamped` samples and gives `Hop`s
in the order in which they became known. Nothing outside of `coach.dsp` knows how a step is found.

Theory of operation. Samples go onto a 100 Hz grid; every 50 ms of the data's own time (a *hop*) the step picker looks
at what is new, and every 200 ms the tempo is estimated and a `Cadence` said. The grid is fixed to the run's axis and
every stage is causal, so the same samples give the same events however they were batched. Steps are picked with the
very period that the cadence is read from.

Latency, measured on simulated runners at eight placements: a first reading 0.9 to 1.5 s after the first contact when
the sensor was on before it, else 2 s after the first sample; a change of pace shows after about three strides; a step
is known 0.1 to 0.2 s after contact; the reading goes 1.2 to 1.8 s after the last step. Failure modes: those of
`StrideTempo` (rhythm that is not gait reads as gait), of `PeakPicker`, and of `Resampler`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coach.dsp.filters import SosFilter
from coach.dsp.resample import GRID_HZ, Grid, Hole, Resampler
from coach.dsp.ring import Ring
from coach.dsp.steps import Jolt, PeakPicker, Sway
from coach.dsp.tempo import SHORTEST_WINDOW_S, WINDOW_S, StrideTempo, Tempo, self_similarity
from coach.dsp.timebase import Stamped
from coach.model import Cadence, CadenceStatus, Foot, Gap, Placement, Step

MOTION, JOLT, SWAY = slice(0, 3), slice(3, 4), slice(4, 5)
"""The columns of the ring: band-passed acceleration, and the two strengths that steps are picked from."""

HOP = 5
TEMPO_HOP = 20
"""In grid samples: 50 ms and 200 ms."""

GAIT_MATCH = 0.6
STILL_GAIT_MATCH = 0.4
GAIT_G = 0.12
"""Gait repeats itself at least so well to be believed, and so well to go on being believed; and it shakes at least so
much. Real gait measures 0.7 to 0.97, from 0.25 g up; uneven ground and changes of pace go lower."""

AGREE = 0.06
"""Two tempos that differ by less are one tempo."""

PATIENCE = 3
"""So many tempo hops in a row without gait end the reading."""

ONE_SIDED = 0.3
"""Jolts that repeat less than this half a stride later come from one foot."""

FEET: frozenset[Placement] = frozenset({"foot", "ankle", "shank"})
TRUNK: frozenset[Placement] = frozenset({"waist", "sacrum", "chest"})


@dataclass(frozen=True, slots=True)
class Hop:
    """What became known at one moment.

    Parameters
    ----------
    at_s : host time. host_delay_s : what to add to a stamp for the host time of what it stamps, as known then.
    """

    at_s: float
    host_delay_s: float
    events: tuple[Step | Cadence | Gap, ...]


class CadenceEngine:
    """Finds steps and cadence in the samples of one sensor.

    Parameters
    ----------
    sensor : id, for the events.
    placement : where the sensor is worn; "unknown" is fine for cadence.

    Attributes
    ----------
    phase_known : whether step times are those of foot contacts, to which a beat may be aligned. A wrist or a pocket
        swings with the runner at a phase of its own.
    """

    def __init__(self, sensor: str, placement: Placement = "unknown") -> None:
        self._sensor = sensor
        self._placement = placement
        self.phase_known = placement in FEET | TRUNK
        self._resampler = Resampler()
        self._band = SosFilter(2, (0.6, 10.0), "bandpass", GRID_HZ)
        self._jolt = Jolt()
        self._sway = Sway()
        self._ring = Ring(round(WINDOW_S * GRID_HZ), 5)
        self._tempo = StrideTempo()
        self._picker = PeakPicker()
        self._forget()

    def push(self, stamped: Stamped) -> Iterator[Hop]:
        """Take samples; yield what became known, in order."""
        for grid in self._resampler.push(stamped):
            if grid.hole is not None:
                yield self._gap(grid.hole)
                self._restart()
            yield from self._stretch(grid)

    def _gap(self, hole: Hole) -> Hop:
        gap = Gap(
            t_s=hole.t_s,
            available_s=hole.at_s,
            length_s=hole.length_s,
            reason="no samples",
            sensor=self._sensor,
        )
        return Hop(hole.at_s, 0.0, (gap,))

    def _restart(self) -> None:
        for part in (self._band, self._jolt, self._sway, self._ring):
            part.reset()
        self._forget()

    def _forget(self) -> None:
        """Drop the tempo and all that hangs on it, not the signal."""
        self._picker.reset()
        self._stride_s: float | None = None
        self._candidate_s: float | None = None
        self._misses = 0
        self._one_sided: bool | None = self._placement in FEET if self.phase_known else None
        self._inferred_due_s: float | None = None

    def _stretch(self, grid: Grid) -> Iterator[Hop]:
        columns = (self._band.push(grid.acc_g), self._jolt.push(grid.acc_g), self._sway.push(grid.acc_g))
        rows = np.concatenate(columns, axis=1)
        start = 0
        while start < len(grid):
            first = grid.first + start
            end = min(len(grid), start + 1 + -first % HOP)
            self._ring.push(rows[start:end])
            newest = grid.first + end - 1
            if newest % HOP == 0:
                at_s, delay_s = float(grid.at_s[end - 1]), float(grid.delay_s[end - 1])
                events: tuple[Step | Cadence, ...] = (*self._steps(newest, at_s), *self._reading(newest, at_s))
                if events:
                    yield Hop(at_s, delay_s, events)
            start = end

    # --- cadence --------------------------------------------------------------------------------------------------

    def _reading(self, newest: int, at_s: float) -> Iterator[Cadence]:
        if newest % TEMPO_HOP:
            return
        status = self._follow_tempo()
        spm = round(120 / self._stride_s, 2) if self._stride_s is not None else None
        yield Cadence(
            t_s=newest / GRID_HZ,
            available_s=at_s,
            spm=spm,
            status=status,
            source="steps",
            sensor=self._sensor,
        )

    def _follow_tempo(self) -> CadenceStatus:
        if len(self._ring) < SHORTEST_WINDOW_S * GRID_HZ:
            return "acquiring"
        tempo = self._tempo.estimate(self._ring.last(len(self._ring))[:, MOTION], self._stride_s)
        if self._is_gait(tempo):
            self._accept(tempo)
        elif self._stride_s is not None:
            self._misses += 1
            if self._misses >= PATIENCE or tempo.vibration_g < GAIT_G:
                self._forget()
        else:
            self._candidate_s = None
        if self._stride_s is not None:
            return "locked"
        return "acquiring" if tempo.vibration_g >= GAIT_G else "idle"

    def _is_gait(self, tempo: Tempo) -> bool:
        enough = GAIT_MATCH if self._stride_s is None else STILL_GAIT_MATCH
        return tempo.stride_s is not None and tempo.stride_match >= enough and tempo.vibration_g >= GAIT_G

    def _accept(self, tempo: Tempo) -> None:
        assert tempo.stride_s is not None
        before_s, self._candidate_s = self._candidate_s, tempo.stride_s
        if before_s is None or abs(before_s / tempo.stride_s - 1) > AGREE:
            self._misses += 1
            if self._misses >= PATIENCE:
                self._forget()
            return
        self._misses = 0
        self._stride_s = tempo.stride_s if self._stride_s is None else 0.5 * (before_s + tempo.stride_s)
        if self._one_sided is None:
            self._one_sided = self._feels_one_foot(self._stride_s)

    def _feels_one_foot(self, stride_s: float) -> bool:
        jolts = self._ring.last(len(self._ring))[:, JOLT]
        half = round(stride_s / 2 * GRID_HZ)
        return bool(self_similarity(jolts - jolts.mean(), half + 2)[half] < ONE_SIDED)

    # --- steps ----------------------------------------------------------------------------------------------------

    def _steps(self, newest: int, at_s: float) -> Iterator[Step]:
        if self._stride_s is None:
            return
        period_s = self._stride_s if self._one_sided else self._stride_s / 2
        strength, column = (self._jolt, JOLT) if self._one_sided else (self._sway, SWAY)
        values = self._ring.last(HOP + 2)[:, column].ravel()
        for place in self._picker.push(values, newest - HOP - 1, period_s * GRID_HZ):
            contact_s = place / GRID_HZ - strength.lag_s(1 / period_s)
            yield self._step(contact_s, at_s, inferred=False)
            self._inferred_due_s = contact_s + self._stride_s / 2 if self._one_sided else None
        if self._inferred_due_s is not None and newest / GRID_HZ >= self._inferred_due_s + strength.lag_s(1 / period_s):
            yield self._step(self._inferred_due_s, at_s, inferred=True)
            self._inferred_due_s = None

    def _step(self, t_s: float, at_s: float, *, inferred: bool) -> Step:
        foot: Foot = "unknown"
        if self._placement in FEET:
            foot = "other" if inferred else "sensor"
        return Step(t_s=t_s, available_s=at_s, foot=foot, inferred=inferred, sensor=self._sensor)
