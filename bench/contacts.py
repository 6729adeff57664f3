"""How right single steps are: found steps matched with true contacts, one to one, about the record's own offset.

A detector on the body may be late by a constant (a push of the trunk comes after the contact that caused it); that
constant is reported as `offset_s`, and only what varies about it counts as error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coach.model import FloatArray

MATCH_S = 0.05
NEAR_S = 0.3
"""Found steps further than this from every contact say nothing about the offset."""

MARGIN_S = 0.2
"""Found steps up to so long before the first contact and after the last are held against the detector."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """The steps that a detector found.

    Parameters
    ----------
    t_s : shape (n,), when the foot struck. available_s : shape (n,), when that was known.
    inferred : shape (n,), whether a step was only concluded from those around it.
    """

    t_s: FloatArray
    available_s: FloatArray
    inferred: NDArray[np.bool_]

    @property
    def sensed_s(self) -> FloatArray:
        """When the steps struck that were not inferred."""
        return self.t_s[~self.inferred]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Found steps beside true ones; None where nothing matched.

    Parameters
    ----------
    f1 : harmonic mean of the share of contacts that were found and the share of found steps that were contacts.
    offset_s : the median by which found steps are late. jitter_s : the standard deviation about it.
    """

    f1: float
    offset_s: float | None
    jitter_s: float | None


def match(true_s: FloatArray, found_s: FloatArray) -> Match:
    """Match found steps with contacts; both increase, the contacts are at least one."""
    if not len(found_s):
        return Match(f1=0.0, offset_s=None, jitter_s=None)
    late_s = found_s[_nearest(found_s, true_s)] - true_s
    near_s = late_s[np.abs(late_s) < NEAR_S]
    offset_s = float(np.median(near_s)) if len(near_s) else 0.0
    residues_s = list(_residues_s(true_s, found_s - offset_s))
    inside = (found_s - offset_s > true_s[0] - MARGIN_S) & (found_s - offset_s < true_s[-1] + MARGIN_S)
    return Match(
        f1=2 * len(residues_s) / (len(true_s) + int(inside.sum())),
        offset_s=offset_s,
        jitter_s=float(np.std(residues_s)) if residues_s else None,
    )


def settled(times_s: FloatArray, starts_s: FloatArray, after_s: float) -> FloatArray:
    """Leave out the times within so long after each of the starts, and shortly before it."""
    early = [(times_s > start_s - MARGIN_S) & (times_s <= start_s + after_s) for start_s in starts_s]
    return times_s[~np.any(early, axis=0)] if early else times_s


def _residues_s(true_s: FloatArray, found_s: FloatArray) -> Iterator[float]:
    """Give the remaining error of each contact that the step nearest to it matches; a step matches once."""
    used = -1
    for contact_s, i in zip(true_s, _nearest(found_s, true_s), strict=True):
        if i > used and abs(found_s[i] - contact_s) <= MATCH_S:
            used = int(i)
            yield float(found_s[i] - contact_s)


def _nearest(values: FloatArray, to: FloatArray) -> NDArray[np.intp]:
    """Give the index of the value nearest to each of `to`."""
    right = np.clip(np.searchsorted(values, to), 1, max(len(values) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(values) - 1)
    return np.where(to - values[left] <= values[right] - to, left, right)
