"""How right a cadence is: the definitions by which every detector of the bench is judged.

Time is looked at every `GRID_S`. A detector's cadence at a time is the last one that it had *said* until then, so its
delay counts against it; the true cadence is that of the steps within two seconds on either side, so a detector is
asked for the local cadence, not for a long mean. Only bouts count: `BOUT_STEPS` steps or more without a pause, scored
from `SETTLING_S` after their start to `ENDING_S` before their end.

Scores hold what was found point by point, so that those of several records are pooled by joining them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coach.model import FloatArray

GRID_S = 0.1
PAUSE_S = 1.5
BOUT_STEPS = 8
SETTLING_S = 5.0
ENDING_S = 2.0
HALF_WIDTH_S = 2.0
RATIO_TOLERANCE = 0.12
"""How far, of the wrong octave itself, a reading may lie from it: |est/ref - 2| < 0.24, |est/ref - 0.5| < 0.06."""

FOLLOWED_SPM = 2.0
HELD_S = 3.0
FIRST_SPM = 5.0
STILL_AFTER_S = 3.0
"""Neither the first seconds of a record nor those after the last step count as time without gait."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readings:
    """What a detector said.

    Parameters
    ----------
    at_s : shape (n,), when it was said, non-decreasing.
    spm : shape (n,), steps a minute of both feet; NaN for "no reading".
    """

    at_s: FloatArray
    spm: FloatArray

    def held(self, t_s: FloatArray) -> FloatArray:
        """Give what had been said last at each time; NaN before the first word."""
        last = np.searchsorted(self.at_s, t_s, side="right") - 1
        return np.concatenate(([math.nan], self.spm))[last + 1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What happened in a record.

    Parameters
    ----------
    steps_s : shape (n,), the contacts of both feet, increasing.
    end_s : the length of the record.
    changes_s : when the runner's own cadence began to change.
    """

    steps_s: FloatArray
    end_s: float
    changes_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Score:
    """What a detector made of one record or of several.

    Parameters
    ----------
    est_spm, ref_spm : shape (n,), said and true cadence at each scored point; NaN where nothing was shown.
    lags_s : for each change, how long until the reading had followed it for good; infinite for never.
    firsts_s : for each bout, from its first step to the first right reading; infinite for never.
    releases_s : for each bout that ended while a reading was shown, from its last step to none; infinite for never.
    shown : shape (m,), whether there was a reading at each point of the time without gait.
    """

    est_spm: FloatArray
    ref_spm: FloatArray
    lags_s: tuple[float, ...] = ()
    firsts_s: tuple[float, ...] = ()
    releases_s: tuple[float, ...] = ()
    shown: NDArray[np.bool_]

    @property
    def mae_spm(self) -> float | None:
        """Mean absolute error where there is a reading."""
        return _mean(self._errors_spm())

    @property
    def p95_spm(self) -> float | None:
        """95th percentile of the absolute error where there is a reading."""
        errors_spm = self._errors_spm()
        return float(np.percentile(errors_spm, 95)) if len(errors_spm) else None

    @property
    def coverage_pct(self) -> float | None:
        """Share of the scored points with a reading."""
        return _percent(~np.isnan(self.est_spm))

    @property
    def false_pct(self) -> float | None:
        """Share of the time without gait with a reading."""
        return _percent(self.shown)

    def within_pct(self, spm: float) -> float | None:
        """Give the share of the scored points within so much of the truth; no reading is a miss."""
        return _percent(np.abs(self.est_spm - self.ref_spm) <= spm)

    def near_pct(self, *ratios: float) -> float | None:
        """Give the share of the scored points at one of these multiples of the truth: 0.5 is half of it."""
        found = self.est_spm / self.ref_spm
        return _percent(np.any([np.abs(found / ratio - 1) < RATIO_TOLERANCE for ratio in ratios], axis=0))

    def _errors_spm(self) -> FloatArray:
        read = ~np.isnan(self.est_spm)
        errors_spm: FloatArray = np.abs(self.est_spm[read] - self.ref_spm[read])
        return errors_spm


def score(readings: Readings, truth: Truth, settling_s: float = SETTLING_S) -> Score:
    """Judge what a detector said of one record."""
    walked = bouts(truth.steps_s)
    scored = [_scored(readings, bout, settling_s) for bout in walked]
    grid_s = grid(STILL_AFTER_S, truth.end_s)
    since_s = grid_s - _step_before_s(truth.steps_s, grid_s)
    return Score(
        est_spm=np.concatenate([est_spm for est_spm, _ in scored] or [np.empty(0)]),
        ref_spm=np.concatenate([ref_spm for _, ref_spm in scored] or [np.empty(0)]),
        lags_s=tuple(lag for bout in walked for lag in _lags_s(readings, bout, truth.changes_s)),
        firsts_s=tuple(_first_s(readings, bout) for bout in walked),
        releases_s=tuple(_releases_s(readings, walked, truth)),
        shown=~np.isnan(readings.held(grid_s[since_s >= STILL_AFTER_S])),
    )


def pool(scores: Sequence[Score]) -> Score:
    """Join the scores of several records: every scored point counts the same."""
    return Score(
        est_spm=np.concatenate([score.est_spm for score in scores] or [np.empty(0)]),
        ref_spm=np.concatenate([score.ref_spm for score in scores] or [np.empty(0)]),
        lags_s=tuple(lag for score in scores for lag in score.lags_s),
        firsts_s=tuple(first for score in scores for first in score.firsts_s),
        releases_s=tuple(release for score in scores for release in score.releases_s),
        shown=np.concatenate([score.shown for score in scores] or [np.empty(0, dtype=np.bool_)]),
    )


def grid(start_s: float, end_s: float) -> FloatArray:
    """Give the multiples of `GRID_S` from a start up to, not including, an end."""
    first, stop = (math.ceil(limit_s / GRID_S - 1e-9) for limit_s in (start_s, end_s))
    return np.arange(first, stop, dtype=np.float64) * GRID_S


def bouts(steps_s: FloatArray) -> list[FloatArray]:
    """Split steps at pauses; leave out what is too short to be a bout."""
    parts = np.split(steps_s, np.flatnonzero(np.diff(steps_s) >= PAUSE_S) + 1)
    return [part for part in parts if len(part) >= BOUT_STEPS]


def local_cadence(bout_s: FloatArray, t_s: FloatArray) -> FloatArray:
    """Give the true cadence at each time, steps a minute, from the steps within `HALF_WIDTH_S` on either side."""
    low_s = np.clip(t_s - HALF_WIDTH_S, bout_s[0], bout_s[-1])
    high_s = np.clip(t_s + HALF_WIDTH_S, bout_s[0], bout_s[-1])
    number = np.arange(len(bout_s))
    count = np.interp(high_s, bout_s, number) - np.interp(low_s, bout_s, number)
    cadence_spm: FloatArray = 60 * count / (high_s - low_s)
    return cadence_spm


def quantile(values: Sequence[float], share: float) -> float | None:
    """Give the smallest value that so large a share of the values does not exceed; they may be infinite."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1] if values else None


def _scored(readings: Readings, bout_s: FloatArray, settling_s: float) -> tuple[FloatArray, FloatArray]:
    t_s = grid(bout_s[0] + settling_s, bout_s[-1] - ENDING_S)
    return readings.held(t_s), local_cadence(bout_s, t_s)


def _lags_s(readings: Readings, bout_s: FloatArray, changes_s: tuple[float, ...]) -> Iterator[float]:
    """Give the lag of each change in a bout, judged by the steps from that change to the next one only."""
    inside_s = [change_s for change_s in changes_s if bout_s[0] < change_s < bout_s[-1]]
    for change_s, next_s in pairwise([*inside_s, math.inf]):
        after_s = bout_s[(bout_s >= change_s) & (bout_s < next_s)]
        if len(after_s) >= BOUT_STEPS:
            yield _lag_s(readings, after_s, change_s)


def _lag_s(readings: Readings, after_s: FloatArray, change_s: float) -> float:
    t_s = grid(change_s, after_s[-1])
    follows = np.abs(readings.held(t_s) - local_cadence(after_s, t_s)) <= FOLLOWED_SPM
    held = round(HELD_S / GRID_S) + 1
    if len(follows) < held:
        return math.inf
    for_good = np.lib.stride_tricks.sliding_window_view(follows, held).all(axis=1)
    return float(t_s[for_good.argmax()] - change_s) if for_good.any() else math.inf


def _first_s(readings: Readings, bout_s: FloatArray) -> float:
    during = (readings.at_s > bout_s[0]) & (readings.at_s <= bout_s[-1])
    at_s = readings.at_s[during]
    right = np.abs(readings.spm[during] - local_cadence(bout_s, at_s)) <= FIRST_SPM
    return float(at_s[right.argmax()] - bout_s[0]) if right.any() else math.inf


def _releases_s(readings: Readings, walked: Sequence[FloatArray], truth: Truth) -> Iterator[float]:
    """Give the release of each bout after which the runner rests for a while, and was shown a reading until then."""
    for bout_s in walked:
        last_s = float(bout_s[-1])
        later_s = truth.steps_s[truth.steps_s > last_s]
        rest_ends_s = float(later_s[0]) if len(later_s) else truth.end_s
        if rest_ends_s - last_s < STILL_AFTER_S or np.isnan(readings.held(bout_s[-1:])[0]):
            continue
        nothing_s = readings.at_s[(readings.at_s > last_s) & (readings.at_s <= rest_ends_s) & np.isnan(readings.spm)]
        yield float(nothing_s[0]) - last_s if len(nothing_s) else math.inf


def _step_before_s(steps_s: FloatArray, t_s: FloatArray) -> FloatArray:
    """Give the last step before each time, or minus infinity."""
    return np.concatenate(([-math.inf], steps_s))[np.searchsorted(steps_s, t_s, side="right")]


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None


def _percent(flags: NDArray[np.bool_]) -> float | None:
    return 100 * float(flags.mean()) if len(flags) else None
