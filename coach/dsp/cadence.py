"""The cadence engine: stamped samples of one acceleration sensor in; steps, cadence and gaps out.

`CadenceEngine.push` takes `Stamped` samples and gives `Hop`s in the order in which they became known. Nothing outside
of `coach.dsp` knows how a step is found.

Theory of operation. Samples go onto a 100 Hz grid and through one band-pass. Until there is gait, the rhythm of the
last seconds is estimated every 200 ms (`StrideTempo`) and judged (`gate`); when two estimates agree, a `Tracker` finds
the steps that lie in the signal already, then follows the feet step by step, and the cadence is that of the present
stride (`IntervalFilter`). The rhythm goes on being estimated, so that neither a wrong octave nor a rhythm that is no
gait can last. Everything happens at places of the grid that are fixed by the samples, and every stage is causal: the
same samples give the same events however they were batched.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from coach.dsp.axes import mean
from coach.dsp.filters import Butterworth
from coach.dsp.gate import GAIT_G, REPEATS, Verdict, judge
from coach.dsp.intervals import IntervalFilter
from coach.dsp.landings import Sampled
from coach.dsp.regularity import StepTimes
from coach.dsp.resample import GRID_HZ, Grid, Hole, Resampler
from coach.dsp.ring import Ring
from coach.dsp.tempo import SHORTEST_WINDOW_S, WINDOW_S, Rhythm, StrideTempo
from coach.dsp.timebase import Stamped
from coach.dsp.tracker import Contact, Tracker
from coach.dsp.worn import SAID, Region, feels_both_feet, infer_region, region_of
from coach.model import (
    Cadence,
    CadenceStatus,
    FloatArray,
    Foot,
    Gait,
    Gap,
    Placement,
    SensorEvent,
    Side,
    Step,
)

HOP, DOUBT_HOP, CALM_HOP, SAID_HOP = 20, 15, 40, 24
CHECK_HOP, RECHECK_HOP = 140, 60
GAIT_HOP = 1000
"""In grid samples. While nobody is followed the signal is looked at every `HOP`; who is followed, every `DOUBT_HOP`
while in doubt, else with every step, and `CALM_HOP` after the last look at the latest: sooner than a hole ends, so that
each is known at once. The reading is said with every look, and again `SAID_HOP` later. The rhythm is checked every
`CHECK_HOP` while all is well, every `RECHECK_HOP` in the beginning and after a check that spoke against gait. The
regularity of steps is said every `GAIT_HOP`."""

MOTION_HZ = (0.7, 12.0)
"""What gait is made of, without gravity and without what only some sensors pass on."""

PATIENCE = 2
PATIENCES: dict[Verdict, int] = {"gait": PATIENCE, "likely": 5, "doubtful": 14}
"""So many estimates in a row must agree: those of gait, likely ones and doubtful ones."""

ECHOES, ECHO = (3 / 2, 2), 0.06
"""Strides of which samples were lost look like three steps or two strides, within such a share. Who was followed until
a moment ago does not go on at such a part of the pace: a rhythm like that is believed as late as a doubtful one."""

SAME = 0.15
"""Estimates agree whose strides differ by less than such a share; people change their pace by no more in a moment."""

ELSEWHERE = 0.1
"""A rhythm that is further off the present stride speaks against it."""

STRIDES, FEW_STRIDES = 3.2, 2.2
"""So many of the last strides are checked while all is well, and where there is doubt."""

FASTER_WINDOW = 180
"""In grid samples: no more is checked of a runner who shakes harder than before, for strides are shorter now."""

CALMER, WILDER = 0.6, 1.6
"""Against the usual vigour: less or more is in doubt."""

SURE, SURE_OF_LESS = 0.7, 0.9
"""Another rhythm must match at least so well to take over; the second where less than two of its strides were seen."""

STILL, STRIDE_PART = 0.2, 80
FADED, STEP_PART = 0.35, 60
"""Less than this share of the usual vigour, over so many samples of the grid, is the end of gait: the first at once (a
slow walker's foot rests longest, and keeps 0.26), the second when contacts are missing too."""

TOO_SOON = 0.25
"""In strides: no step follows another sooner."""

LOST_S = 1.7
"""Gait is over when no contact could be measured for so long."""

SLOWEST_SENSOR_HZ = 10.5
"""Slower ones do not show the steps of a runner; what they seem to show is nonsense."""

SLOW_SENSOR_HZ = 20.0
"""Slower ones feel too little of a step to end a gait that they found."""

MOVES_G = 0.1
"""Who shakes less stands, until a rhythm says otherwise."""

SEARCH_S = 6.0
"""Somebody who has moved for so long without gait does something else."""


_FEET: dict[Side, tuple[Foot, Foot]] = {
    "unknown": ("other", "sensor"),
    "left": ("right", "left"),
    "right": ("left", "right"),
}
"""The foot without the sensor, and the one with it."""


@dataclass(frozen=True, slots=True)
class Hop:
    """What became known at one moment.

    Parameters
    ----------
    at_s : host time. host_delay_s : what to add to a stamp for the host time of what it stamps, as known then.
    """

    at_s: float
    host_delay_s: float
    events: tuple[Step | Cadence | Gait | Gap | SensorEvent, ...]


class CadenceEngine:
    """Finds steps and cadence in the samples of one sensor.

    Latency, measured on simulated runners and real recordings at 100 Hz without batching: first reading 1.1 s after
    the first step of a run, with the steps since; a step is known 0.12 s after contact; after a jump of 10 spm the
    reading is within 2 spm in about 2 s; it goes about 1 s after the last step of a run. Data needed: 12.5 Hz and more.
    Failure modes: those of `gate` (some shaking and exercise reads as gait), `StrideTempo` (octaves), `Tracker`.

    Parameters
    ----------
    sensor : id, for the events.
    placement : where the sensor is worn; "unknown" is fine, and inferred as far as it can be.
    side : of a sensor on a foot; no signal tells it, so without it steps are of the sensor's foot and of the other.
    """

    def __init__(self, sensor: str, placement: Placement = "unknown", side: Side = "unknown") -> None:
        self._sensor = sensor
        self._placement = placement
        self._feet = _FEET[side]
        self._region = region_of(placement)
        self._resampler = Resampler()
        self._band = Butterworth(2, MOTION_HZ, "bandpass", GRID_HZ)
        self._motion, self._felt = (Ring(round(WINDOW_S * GRID_HZ), 3) for _ in range(2))
        self._bridges: list[tuple[int, int]] = []
        self._tempo = StrideTempo(one_footed=region_of(placement) == "foot")
        self._intervals = IntervalFilter()
        self._said_to = -math.inf
        self._next_look: float = -math.inf
        self._looked_at = self._spoke_at = 0
        self._followed_to: float = -math.inf
        self._moving_since: int | None = None
        self._forget()

    @property
    def phase_known(self) -> bool:
        """Whether step times are those of foot contacts, to which a beat may be aligned.

        A wrist or a pocket swings with the runner at a phase of its own.
        """
        return self._region in ("foot", "trunk")

    def push(self, stamped: Stamped) -> Iterator[Hop]:
        """Take samples; yield what became known, in order."""
        for grid in self._resampler.push(stamped, self._next_look):
            if grid.hole is not None:
                yield self._gap(grid.hole)
                self._restart()
            yield from self._stretch(grid, stamped)
        yield from self._repeated(stamped, self._next_look)

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
        self._band.reset()
        self._motion.reset()
        self._felt.reset()
        self._bridges.clear()
        self._moving_since = None
        self._forget()

    def _forget(self) -> None:
        """Drop the gait and all that hangs on it, not the signal."""
        self._tracker: Tracker | None = None
        self._due = self._judge_at = self._check_at = 0
        self._agreeing, self._found_s, self._astray = 0, math.inf, False
        self._against = 0
        self._usual_g, self._vigour = 0.0, 1.0
        self._step_times = StepTimes()
        self._missed: list[Contact] = []
        self._measured_at = -math.inf

    def _lose(self, newest: int) -> None:
        """Drop the gait, and remember for a while what it was."""
        self._followed_to = newest
        self._forget()

    def _stretch(self, grid: Grid, stamped: Stamped) -> Iterator[Hop]:
        motion = self._band.push(grid.acc_g)
        if grid.bridges:
            kept = grid.first - self._motion.capacity
            self._bridges = [*(bridge for bridge in self._bridges if bridge[1] >= kept), *grid.bridges]
        start, n = 0, len(grid)
        while True:
            self._next_look = look = self._look_from(grid.first + start)
            end = look + 1 - grid.first
            yield from self._repeated(stamped, min(look, grid.first + n))
            self._motion.push(motion[start:end])
            self._felt.push(grid.acc_g[start:end])
            if end > n:
                return
            at_s, delay_s = float(grid.at_s[end - 1]), float(grid.delay_s[end - 1])
            yield Hop(at_s, delay_s, tuple(self._look(look, at_s)))
            start = end

    def _repeated(self, stamped: Stamped, before: float) -> Iterator[Hop]:
        """Say the reading again where the next look, which makes a new one, is too far off: that needs no signal."""
        while self._tracker is not None and (place := self._spoke_at + SAID_HOP) < before:
            i = self._resampler.known_with(stamped, place)
            if i is None:
                return
            at_s = float(stamped.at_s[i])
            yield Hop(at_s, float(stamped.delay_s[i]), (self._reading(place, at_s),))

    def _look_from(self, first: int) -> int:
        """Give the first place of the grid, from `first` on, at which there is something to do."""
        if self._tracker is None:
            return first + -first % HOP
        judge_at = self._judge_at if self._in_doubt(self._tracker) else self._looked_at + CALM_HOP
        return max(min(self._due, judge_at), first)

    def _look(self, newest: int, at_s: float) -> Iterator[Step | Cadence | Gait | SensorEvent]:
        looked_at, self._looked_at = self._looked_at, newest
        if self._tracker is not None and newest >= self._due:
            yield from self._steps(self._tracker, newest, at_s)
        if newest >= self._judge_at:
            self._judge_at = newest + DOUBT_HOP
            if self._tracker is not None and self._is_over(self._tracker, newest):
                self._lose(newest)
            if self._tracker is None:
                yield from self._search(newest, at_s)
            else:
                yield from self._check(self._tracker, newest, at_s)
        yield self._reading(newest, at_s)
        if newest // GAIT_HOP > looked_at // GAIT_HOP:
            yield from self._gait(newest, at_s)

    # --- the reading ----------------------------------------------------------------------------------------------

    def _reading(self, at: int, at_s: float) -> Cadence:
        """Say the cadence at a place of the grid; the signal is needed only where nobody is followed."""
        stride_s = self._intervals.stride_s
        locked = self._tracker is not None and stride_s is not None
        self._spoke_at = at
        return Cadence(
            t_s=at / GRID_HZ,
            available_s=at_s,
            spm=round(120 / stride_s, 2) if locked and stride_s is not None else None,
            status="locked" if locked else self._searching(at),
            source="steps",
            sensor=self._sensor,
        )

    def _gait(self, newest: int, at_s: float) -> Iterator[Gait]:
        regularity = self._step_times.describe()
        if regularity is not None:
            yield Gait(
                t_s=newest / GRID_HZ,
                available_s=at_s,
                strides=regularity.strides,
                stride_cv_pct=round(regularity.stride_cv_pct, 2),
                step_cv_pct=_rounded(regularity.step_cv_pct),
                asymmetry_pct=_rounded(regularity.asymmetry_pct),
                sensor=self._sensor,
            )

    def _searching(self, newest: int) -> CadenceStatus:
        if len(self._motion) < SHORTEST_WINDOW_S * GRID_HZ:
            return "acquiring"
        if self._vigour_g(GRID_HZ) < MOVES_G:
            self._moving_since = None
            return "idle"
        if self._moving_since is None:
            self._moving_since = newest
        return "acquiring" if newest - self._moving_since < SEARCH_S * GRID_HZ else "idle"

    def _vigour_g(self, samples: float) -> float:
        n = min(len(self._motion), int(samples))
        recent = self._motion.last(n)
        return math.sqrt(float(np.vdot(recent, recent)) / n)

    # --- finding gait ---------------------------------------------------------------------------------------------

    def _search(self, newest: int, at_s: float) -> Iterator[Step | SensorEvent]:
        n = len(self._motion)
        if n < SHORTEST_WINDOW_S * GRID_HZ or self._resampler.rate_hz < SLOWEST_SENSOR_HZ:
            return
        if self._rests(n):
            self._agreeing = 0
            return
        rhythm, verdict = self._judged(n, newest)
        if verdict == "other":
            self._agreeing = 0
        elif self._agrees(rhythm, PATIENCES["doubtful" if self._is_echo(rhythm, newest) else verdict]):
            yield from self._begin(rhythm, newest, at_s)

    def _is_echo(self, rhythm: Rhythm, newest: int) -> bool:
        """Tell whether it is what is left of the pace that was followed in the seconds that it was found in."""
        assert rhythm.stride_s is not None
        longer = rhythm.stride_s * GRID_HZ / self._stride() if newest - self._followed_to < len(self._motion) else 1.0
        return any(abs(longer / echo - 1) < ECHO for echo in ECHOES)

    def _rests(self, n: int) -> bool:
        """Tell, before any rhythm is looked for, that there is none of gait: it shakes too little, or has faded."""
        vigour_g = self._vigour_g(n)
        return vigour_g < GAIT_G * _unit_g(self._felt.last(n)) or self._vigour_g(STEP_PART) < FADED * vigour_g

    def _judged(self, n: int, newest: int, known_s: float | None = None) -> tuple[Rhythm, Verdict]:
        acc_g = self._felt.last(n)
        unit_g = _unit_g(acc_g)
        motion = self._motion.last(n) / unit_g
        rhythm = self._tempo.estimate(motion, known_s)
        slow = self._resampler.rate_hz < SLOW_SENSOR_HZ
        return rhythm, judge(
            rhythm, motion, acc_g / unit_g, self._where_sampled(n, newest), followed=known_s is not None, slow=slow
        )

    def _where_sampled(self, n: int, newest: int) -> Sampled:
        """Tell where the last `n` samples of the grid are no bridges; None where all are, or few: a slower sensor."""
        if not self._bridges:
            return None
        sampled, offset = np.ones(n, dtype=np.bool_), newest + 1 - n
        for first, last in self._bridges:
            sampled[max(first - offset, 0) : max(last + 1 - offset, 0)] = False
        return sampled if n / 2 < sampled.sum() < n else None

    def _agrees(self, rhythm: Rhythm, patience: int) -> bool:
        """Take an estimate; tell whether enough of them in a row agree."""
        assert rhythm.stride_s is not None
        is_same = abs(rhythm.stride_s / self._found_s - 1) < SAME
        self._agreeing, self._found_s = self._agreeing + 1 if is_same else 1, rhythm.stride_s
        return self._agreeing >= patience

    def _begin(self, rhythm: Rhythm, newest: int, at_s: float) -> Iterator[Step | SensorEvent]:
        """Start to follow the feet; say the steps that were not said yet."""
        assert rhythm.stride_s is not None
        n, stride = len(self._motion), rhythm.stride_s * GRID_HZ
        motion, acc_g = self._motion.last(n), self._felt.last(n)
        both_feet = feels_both_feet(self._placement, rhythm.alike)
        tracker = Tracker(both_feet=both_feet)
        contacts = tracker.begin(motion, acc_g, newest, stride)
        strides = [contact.stride for contact in contacts if contact.stride is not None]
        if not strides:
            return
        self._tracker, self._against, self._moving_since = tracker, 0, None
        self._agreeing, self._astray = 0, False
        self._usual_g, self._vigour, self._measured_at = self._vigour_g(n), 1.0, contacts[-1].at
        self._intervals.reset()
        for measured in strides:
            self._intervals.push(measured / GRID_HZ)
        self._due = self._next_due(tracker)
        self._judge_at, self._check_at = newest + DOUBT_HOP, newest + RECHECK_HOP
        if self._placement == "unknown":
            felt_g = acc_g / _unit_g(acc_g)
            yield from self._place(infer_region(rhythm, felt_g, contacts, newest, both_feet=both_feet), newest, at_s)
        self._missed.clear()
        self._step_times.clear()
        yield from self._say(contacts, newest, at_s)

    def _place(self, region: Region, newest: int, at_s: float) -> Iterator[SensorEvent]:
        """Take note of where the sensor seems to be worn; say so when that is new."""
        if region != self._region:
            self._region = region
            yield SensorEvent(
                t_s=newest / GRID_HZ, available_s=at_s, sensor=self._sensor, state="placement", reason=SAID[region]
            )

    # --- following the feet ---------------------------------------------------------------------------------------

    def _stride(self) -> float:
        stride_s = self._intervals.stride_s
        assert stride_s is not None  # a tracker begins with strides
        return GRID_HZ * stride_s

    def _next_due(self, tracker: Tracker) -> int:
        return math.ceil(tracker.due(self._stride()))

    def _steps(self, tracker: Tracker, newest: int, at_s: float) -> Iterator[Step]:
        n = len(self._motion)
        motion, acc_g = self._motion.last(n), self._felt.last(n)
        while newest >= self._due:
            contact = tracker.step(motion, acc_g, newest, self._stride())
            self._step_times.push(contact)
            if contact.stride is not None:
                self._intervals.push(contact.stride / GRID_HZ)
                self._measured_at = contact.at
                yield from self._say([*self._missed, contact], newest, at_s)
                self._missed.clear()
            else:
                self._missed.append(contact)  # if gait goes on there was a step all the same
            self._due = self._next_due(tracker)

    def _in_doubt(self, tracker: Tracker) -> bool:
        return tracker.misses > 0 or self._astray or not CALMER < self._vigour < WILDER

    def _is_over(self, tracker: Tracker, newest: int) -> bool:
        if newest - self._measured_at > LOST_S * GRID_HZ:
            return True
        if self._vigour_g(STRIDE_PART) < STILL * self._usual_g:
            return True
        return tracker.misses >= 2 and self._vigour_g(STEP_PART) < FADED * self._usual_g

    def _check(self, tracker: Tracker, newest: int, at_s: float) -> Iterator[Step | SensorEvent]:
        """Look whether the rhythm of the last strides still is gait, and this gait: often where that is in doubt."""
        self._vigour = self._vigour_g(GRID_HZ) / self._usual_g
        in_doubt = self._in_doubt(tracker)
        if newest < self._check_at and not in_doubt:
            return
        self._check_at = newest + CHECK_HOP
        n = min(len(self._motion), int((FEW_STRIDES if in_doubt else STRIDES) * self._stride()))
        if self._vigour > WILDER:
            n = min(n, FASTER_WINDOW)
        rhythm, verdict = self._judged(n, newest, self._intervals.stride_s)
        self._usual_g += (0.05 if in_doubt else 0.5) * (self._vigour_g(n) - self._usual_g)
        if rhythm.stride_s is None or rhythm.match < REPEATS:
            return
        is_near = abs(rhythm.stride_s * GRID_HZ / self._stride() - 1) < ELSEWHERE
        self._astray = verdict != "other" and not is_near
        if verdict == "other":
            self._against += 1
            self._agreeing = 0
            self._check_at = newest + RECHECK_HOP
            if self._against >= 3:
                self._lose(newest)
        elif is_near:
            self._against = 0
            self._agreeing = 0
        elif rhythm.match > (SURE if 2 * rhythm.stride_s * GRID_HZ < n else SURE_OF_LESS):
            # Several strides look like one too: only a longer one must prove that it is not just that.
            is_longer = rhythm.stride_s * GRID_HZ > self._stride()
            if self._agrees(rhythm, 2 * PATIENCE if is_longer and not tracker.misses else PATIENCE):
                yield from self._begin(rhythm, newest, at_s)

    def _say(self, contacts: Iterable[Contact], newest: int, at_s: float) -> Iterator[Step]:
        """Give the steps of contacts that were not said yet."""
        on_foot = self._region == "foot"
        for contact in contacts:
            if contact.at > self._said_to:
                self._said_to = contact.at + TOO_SOON * self._stride()
                yield Step(
                    t_s=min(contact.at, newest) / GRID_HZ,
                    available_s=at_s,
                    foot=self._feet[contact.own] if on_foot else "unknown",
                    inferred=not contact.felt or (on_foot and not contact.own),
                    sensor=self._sensor,
                )


def _unit_g(acc_g: FloatArray) -> float:
    """Give what the sensor reads for 1 g, by its mean; 1 where that cannot be gravity."""
    mean_g = math.hypot(*mean(acc_g).tolist())
    return mean_g if 0.5 < mean_g < 1.3 else 1.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
