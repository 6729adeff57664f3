"""Irregular stamps in, a uniform grid out.

The grid is that of the run: sample k is at k / rate_hz, whatever the sensor's rate or the first stamp, so that the
result does not depend on how the data were batched. Sensors faster than the grid pass an anti-alias filter first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coach.dsp.filters import SosFilter
from coach.dsp.timebase import Stamped
from coach.model import FloatArray

GRID_HZ = 100.0
ALIAS_FREE_HZ = 20.0
LARGEST_HOLE_S = 0.6
_FIRST_SAMPLES = 8


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
    """

    first: int
    acc_g: FloatArray
    at_s: FloatArray
    delay_s: FloatArray
    hole: Hole | None

    def __len__(self) -> int:
        return len(self.at_s)


class Resampler:
    """Streams stamped samples onto the grid by linear interpolation.

    Holes to 0.6 s are bridged by a line; longer ones end the stretch. Latency: a grid sample is known with the first
    sensor sample at or after it. For sensors faster than 1.5 x the grid, by the stamps of the first 8 samples, a
    4th-order low-pass at 20 Hz runs before the grid; its delay is taken off the stamps. Failure mode: a sensor that
    changes its rate keeps the filter of its first rate.
    """

    def __init__(self) -> None:
        self._first: list[Stamped] | None = []
        self._antialias: SosFilter | None = None
        self._filter_delay_s = 0.0
        self._last: tuple[float, FloatArray] | None = None

    def push(self, stamped: Stamped) -> list[Grid]:
        """Take samples; give the stretches of grid that they made known, a new one after every hole."""
        if self._first is not None:
            self._first.append(stamped)
            stamped = join(self._first)
            if len(stamped.t_s) < _FIRST_SAMPLES:
                return []
            self._choose_filter(stamped.t_s[:_FIRST_SAMPLES])
            self._first = None
            stamped.at_s[:_FIRST_SAMPLES] = stamped.at_s[_FIRST_SAMPLES - 1]
        if len(stamped.t_s) == 0:
            return []
        last_s = stamped.t_s[0] if self._last is None else self._last[0] + self._filter_delay_s
        steps_s = np.diff(stamped.t_s, prepend=last_s)
        starts = np.flatnonzero(steps_s > LARGEST_HOLE_S)
        grids = []
        for start, end in zip((0, *starts), (*starts, len(steps_s)), strict=True):
            if end > start:
                hole = None
                if steps_s[start] > LARGEST_HOLE_S:
                    t_s, length_s = float(stamped.t_s[start]), float(steps_s[start])
                    hole = Hole(t_s - length_s, length_s, float(stamped.at_s[start]))
                grids.append(self._stretch(stamped, slice(start, end), hole))
        return grids

    def _choose_filter(self, t_s: FloatArray) -> None:
        rate_hz = 1 / float(np.median(np.diff(t_s)))
        if rate_hz > 1.5 * GRID_HZ:
            self._antialias = SosFilter(4, ALIAS_FREE_HZ, "lowpass", rate_hz)
            self._filter_delay_s = float(self._antialias.phase_delay_s(np.array([3.0]))[0])

    def _stretch(self, stamped: Stamped, piece: slice, hole: Hole | None) -> Grid:
        t_s, acc_g = stamped.t_s[piece] - self._filter_delay_s, stamped.acc_g[piece]
        if self._antialias is not None:
            if hole is not None:
                self._antialias.reset()
            acc_g = self._antialias.push(acc_g)
        first = _index_up_to(float(np.nextafter(t_s[0], -np.inf))) + 1
        knots_s, knots_g = t_s, acc_g
        if self._last is not None and hole is None:
            first = _index_up_to(self._last[0]) + 1
            knots_s = np.concatenate(([self._last[0]], t_s))
            knots_g = np.concatenate((self._last[1][None], acc_g))
        self._last = (float(t_s[-1]), acc_g[-1])
        wanted_s = np.arange(first, _index_up_to(float(t_s[-1])) + 1) / GRID_HZ
        known_by = piece.start + np.searchsorted(t_s, wanted_s)
        return Grid(
            first=first,
            acc_g=np.column_stack([np.interp(wanted_s, knots_s, axis) for axis in knots_g.T]),
            at_s=stamped.at_s[known_by],
            delay_s=stamped.delay_s[known_by],
            hole=hole,
        )


def _index_up_to(t_s: float) -> int:
    """Give the last grid index whose time is not after `t_s`; exact, as batches may end anywhere."""
    index = round(t_s * GRID_HZ)
    return index if index / GRID_HZ <= t_s else index - 1


def join(parts: list[Stamped]) -> Stamped:
    """Put stretches of samples one after the other."""
    return Stamped(
        np.concatenate([part.t_s for part in parts]),
        np.concatenate([part.at_s for part in parts]),
        np.concatenate([part.acc_g for part in parts]),
        np.concatenate([part.delay_s for part in parts]),
    )
