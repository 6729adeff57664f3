"""Irregular stamps in, a uniform grid out.

The grid is that of the run: sample k is at k / rate_hz, whatever the sensor's rate or the first stamp, so that the
result does not depend on how the data were batched. Sensors faster than the grid pass an anti-alias filter first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coach.dsp.filters import Butterworth
from coach.dsp.timebase import Stamped
from coach.model import FloatArray

GRID_HZ = 100.0
ALIAS_FREE_HZ = 28.0
FASTEST_SENSOR_HZ = 2000.0
"""Stamps that are closer than this are no sensor's, and a filter for them would be nothing but rounding."""

LARGEST_HOLE_S = 0.6
SMALLEST_BRIDGE_S, SMALLEST_BRIDGE_PERIODS = 0.055, 1.7
"""Between samples that are further apart than both, others were lost. Less than the first hides no part of a step, and
jitter seldom stretches a period by the second."""

_FIRST_SAMPLES = 8
_FIRST_S = 0.25


@dataclass(frozen=True, slots=True)
class Hole:
    """Time without samples: from `t_s` for `length_s`, known at `at_s`."""

    t_s: float
    length_s: float
    at_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A stretch of uniform samples.

    Parameters
    ----------
    first : index of the first sample; sample k is at (first + k) / GRID_HZ on the run's axis.
    acc_g : shape (m, 3).
    at_s, delay_s : shape (m,), arrival and host delay of the sample that made each grid sample known.
    hole : what lies before this stretch, None where it adjoins the one before.
    bridges : first and last index of each part where samples were lost and a line stands in for them.
    """

    first: int
    acc_g: FloatArray
    at_s: FloatArray
    delay_s: FloatArray
    hole: Hole | None
    bridges: Sequence[tuple[int, int]]

    def __len__(self) -> int:
        return len(self.at_s)


class Resampler:
    """Streams stamped samples onto the grid by linear interpolation.

    Holes to 0.6 s are bridged by a line; longer ones end the stretch. Latency: a grid sample is known with the first
    sensor sample at or after it. For sensors faster than 1.5 x the grid, by the first 8 stamps and quarter of a second,
    a 4th-order low-pass at 28 Hz runs before the grid, over the bridges too; its delay is taken off the stamps. Failure
    mode: a sensor that changes its rate keeps the filter of its first rate. (Curves through three or four samples of a
    slow sensor are no better than a line: docs/decisions/0008.)

    Attributes
    ----------
    rate_hz : of the sensor, by its first stamps; 0 before them.
    """

    def __init__(self) -> None:
        self.rate_hz = 0.0
        self._first: list[Stamped] | None = []
        self._held: list[Stamped] = []
        self._begun = False
        self._antialias: Butterworth | None = None
        self._filter_delay_s = 0.0
        self._bridge_s = math.inf
        self._last_filtered: FloatArray = np.empty((0, 3))

    def push(self, stamped: Stamped, wanted: float = -math.inf) -> list[Grid]:
        """Take samples; give the stretches of grid that they made known, a new one after every hole.

        Parameters
        ----------
        wanted : grid index; until it is known samples wait, so that a stream of short frames costs little more than
            one of long ones.
        """
        if len(stamped.t_s) == 0:
            return []
        if self._first is not None:
            self._first.append(stamped)
            stamped = join(self._first)
            n = max(_FIRST_SAMPLES, int(stamped.t_s.searchsorted(stamped.t_s[0] + _FIRST_S)) + 1)
            if len(stamped.t_s) < n:
                return []
            self._choose_filter(stamped.t_s[:n])
            self._first = None
            stamped = stamped._replace(at_s=stamped.at_s.copy())
            stamped.at_s[:n] = stamped.at_s[n - 1]
        self._held.append(stamped)
        if stamped.t_s[-1] - self._filter_delay_s < wanted / GRID_HZ:
            return []
        return list(self._stretches(join(self._held)))

    def known_with(self, stamped: Stamped, place: int) -> int | None:
        """Give the first of the samples that makes a place of the grid known; None where none does."""
        place_s = place / GRID_HZ
        if len(stamped.t_s) == 0 or stamped.t_s[-1] - self._filter_delay_s < place_s:
            return None
        return int((stamped.t_s - self._filter_delay_s).searchsorted(place_s))

    def _choose_filter(self, t_s: FloatArray) -> None:
        self.rate_hz = 1 / float(np.median(np.diff(t_s)))
        self._bridge_s = max(SMALLEST_BRIDGE_S, SMALLEST_BRIDGE_PERIODS / self.rate_hz)
        if self.rate_hz > 1.5 * GRID_HZ:
            self._antialias = Butterworth(4, ALIAS_FREE_HZ, "lowpass", min(self.rate_hz, FASTEST_SENSOR_HZ))
            self._filter_delay_s = float(self._antialias.phase_delay_s(np.array([3.0]))[0])

    def _stretches(self, knots: Stamped) -> Iterator[Grid]:
        """Cut samples at the holes; the first is the last of before, once there was one."""
        parts = _between_holes(knots)
        yield self._stretch(parts[0], None)
        for before, after in pairwise(parts):
            from_s, to_s = float(before.t_s[-1]), float(after.t_s[0])
            yield self._stretch(after, Hole(from_s, to_s - from_s, float(after.at_s[0])))

    def _stretch(self, knots: Stamped, hole: Hole | None) -> Grid:
        is_new = hole is not None or not self._begun
        bridged = self._bridged(knots.t_s)
        self._begun, self._held = True, [_part(knots, -1, None)]
        if self._antialias is not None:
            knots = self._filled(knots, bridged)
            knots = knots._replace(acc_g=self._filtered(self._antialias, knots.acc_g, is_new=is_new))
        bridges = [(1 + self._place(before_s), self._place(after_s)) for before_s, after_s in bridged]
        t_s = knots.t_s - self._filter_delay_s
        first = 1 + _index_up_to(float(np.nextafter(t_s[0], -np.inf) if is_new else t_s[0]))
        wanted_s = np.arange(first, _index_up_to(float(t_s[-1])) + 1, dtype=np.float64) / GRID_HZ
        known_by = t_s.searchsorted(wanted_s)
        acc_g = np.empty((len(wanted_s), 3))
        for axis in range(3):
            acc_g[:, axis] = np.interp(wanted_s, t_s, knots.acc_g[:, axis])
        return Grid(
            first=first,
            acc_g=acc_g,
            at_s=knots.at_s[known_by],
            delay_s=knots.delay_s[known_by],
            hole=hole,
            bridges=bridges,
        )

    def _place(self, stamp_s: float) -> int:
        """Give the last grid index up to a stamp, once filtered."""
        return _index_up_to(stamp_s - self._filter_delay_s)

    def _bridged(self, t_s: FloatArray) -> list[tuple[float, float]]:
        """Give the stamps before and after each part that was lost."""
        before = (t_s[1:] - t_s[:-1] > self._bridge_s).nonzero()[0]
        return [(float(t_s[i]), float(t_s[i + 1])) for i in before]

    def _filled(self, knots: Stamped, bridged: Sequence[tuple[float, float]]) -> Stamped:
        """Put samples on the bridges, for a filter knows no time but that of its samples."""
        if not bridged:
            return knots
        period_s = 1 / min(self.rate_hz, FASTEST_SENSOR_HZ)
        spans = [
            np.linspace(before_s, after_s, round((after_s - before_s) / period_s) + 1) for before_s, after_s in bridged
        ]
        t_s = np.union1d(knots.t_s, np.concatenate([span[1:-1] for span in spans]))
        known_by = knots.t_s.searchsorted(t_s)
        acc_g = np.stack([np.interp(t_s, knots.t_s, axis) for axis in knots.acc_g.T], axis=1)
        return Stamped(t_s, knots.at_s[known_by], acc_g, knots.delay_s[known_by])

    def _filtered(self, antialias: Butterworth, acc_g: FloatArray, *, is_new: bool) -> FloatArray:
        """Filter what was not yet: all of a new stretch, else all but the first row."""
        if is_new:
            antialias.reset()
            filtered = antialias.push(acc_g)
        else:
            filtered = np.concatenate((self._last_filtered, antialias.push(acc_g[1:])))
        self._last_filtered = filtered[-1:]
        return filtered


def _between_holes(stamped: Stamped) -> list[Stamped]:
    t_s = stamped.t_s
    if t_s[-1] - t_s[0] <= LARGEST_HOLE_S:
        return [stamped]  # as nearly always: there is no room for one
    after = 1 + (t_s[1:] - t_s[:-1] > LARGEST_HOLE_S).nonzero()[0]
    return [_part(stamped, start, end) for start, end in pairwise([0, *after.tolist(), len(t_s)])]


def _part(stamped: Stamped, start: int, end: int | None) -> Stamped:
    return Stamped(*[column[start:end] for column in stamped])


def _index_up_to(t_s: float) -> int:
    """Give the last grid index whose time is not after `t_s`; exact, as batches may end anywhere."""
    index = round(t_s * GRID_HZ)
    return index if index / GRID_HZ <= t_s else index - 1


def join(parts: list[Stamped]) -> Stamped:
    """Put stretches of samples one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Stamped(*map(np.concatenate, zip(*parts, strict=True)))
