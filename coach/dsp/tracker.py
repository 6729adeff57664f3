"""Following the feet: every step once, soon after it, and backwards to the first of the bout.

Two chains, one a foot. The next step of a chain is the last one plus the lag of the stride between them
(`coach.dsp.strides`), measured `READ_S` after the contact is due; what the last half stride of signal says is enough.
A chain of lags drifts, so each contact is drawn a little towards its landmark (`coach.dsp.contacts`) once enough
signal has come after it. Where the sensor feels one foot only, the other's contact is held half way.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from coach.dsp.contacts import CONTEXT, FOOT_LAG_S, TRUNK_LAG_S, contact_near, jolts
from coach.dsp.resample import GRID_HZ
from coach.dsp.strides import likeness
from coach.model import FloatArray

READ = 11
"""Grid samples after a contact until its stride is measured: the impact and what follows it must have been felt."""

MATCH = 0.55
"""Strides that are less alike than this are not compared."""

FADED = 0.3
"""A half stride with less than this share of the energy of the one before is no stride."""

PULL = 0.3
"""So far is a contact drawn towards its landmark."""

LANDMARK_REACH = 0.22
"""In step periods: a landmark this near to the expected contact is that contact's."""

ASTRAY = 3
"""So many landmarks in a row that are elsewhere, and agree where, move the chains."""

LANDMARK_LIMIT = 3.0
"""Grid samples: a landmark that is further away draws no stronger."""


@dataclass(slots=True)
class Contact:
    """A contact of a foot.

    Parameters
    ----------
    at : index on the grid, between samples too. own : whether the sensor feels this foot, or both alike.
    stride : samples since the same foot's last contact, as measured; None where it could not be measured.
    felt : whether the sensor felt the contact, by its stride or by its jolt; else it is only expected.
    """

    at: float
    own: bool
    stride: float | None = None
    felt: bool = True


class Tracker:
    """The steps of one bout.

    Parameters
    ----------
    both_feet : whether the sensor feels both feet alike.
    """

    def __init__(self, *, both_feet: bool) -> None:
        self._both_feet = both_feet
        self._lag_s = TRUNK_LAG_S if both_feet else FOOT_LAG_S
        self._last: deque[Contact] = deque(maxlen=4)
        self._astray: deque[float] = deque(maxlen=ASTRAY)
        self.misses = 0

    def due(self, stride: float) -> float:
        """When, on the grid, the next contact can be measured, strides lasting `stride` samples."""
        return self._expected(stride) + READ

    def _expected(self, stride: float) -> float:
        return self._last[-2].at + stride

    def step(self, motion: FloatArray, acc_g: FloatArray, newest: int, stride: float) -> Contact:
        """Measure the contact that is due. The one before it may change: it is final once this one is known.

        Parameters
        ----------
        motion, acc_g : shape (n, 3), the newest samples, band-passed and not. newest : grid index of their last row.
        stride : expected stride, samples.
        """
        offset = newest + 1 - len(motion)
        end = round(self._expected(stride) + READ) + 1 - offset
        base = self._last[-2]
        found = _compare(motion, end, stride)
        before = base
        if found is None and len(self._last) == 4 and base.stride is None:
            found, before = _compare(motion, end, 2 * stride, 0.5 * stride), self._last[-4]
        if found is None:
            contact = Contact(self._expected(stride), base.own, felt=False)
            self.misses += 1
        else:
            contact = Contact(before.at + found, base.own, found if before is base else found / 2)
            self.misses = 0
        self._settle(acc_g, offset, contact)
        self._last.append(contact)
        return contact

    def _settle(self, acc_g: FloatArray, offset: int, after: Contact) -> None:
        """Draw the last contact to where its landmark is, or half way between its neighbours."""
        last, before = self._last[-1], self._last[-2]
        step = 0.5 * (after.at - before.at)
        if not last.own:
            last.at += PULL * (0.5 * (after.at + before.at) - last.at)
            return
        reach = 0.45 * (step if self._both_feet else 2 * step)
        found = contact_near(acc_g, last.at - offset, reach, self._lag_s)
        if found is None:
            return
        late = found + offset - last.at
        if abs(late) > LANDMARK_REACH * step:
            self._astray.append(late)
            self._find_back(after, step)
        elif last.felt:
            self._astray.clear()
            last.at += PULL * min(max(late, -LANDMARK_LIMIT), LANDMARK_LIMIT)
        else:
            last.at, last.felt = last.at + late, True

    def _find_back(self, after: Contact, step: float) -> None:
        """Move the chains when the landmarks agree that they slipped: a stride was taken for another."""
        if len(self._astray) < ASTRAY:
            return
        late = sorted(self._astray)[len(self._astray) // 2]
        if max(abs(other - late) for other in self._astray) < LANDMARK_REACH * step:
            for contact in (*self._last, after):
                contact.at += late
            self._astray.clear()

    def begin(self, motion: FloatArray, acc_g: FloatArray, newest: int, stride: float) -> list[Contact]:
        """Find the steps that lie in the signal already, oldest first; at least two, or none where none is certain."""
        offset = newest + 1 - len(motion)
        period = stride / 2 if self._both_feet else stride
        anchor = self._anchor(acc_g, period, stride / 2)
        if anchor is None:
            return []
        contacts = self._backwards(motion, anchor, stride)
        for contact in contacts:
            contact.at += offset
        self._last.extend(contacts)
        self.misses = 0
        return contacts if len(contacts) >= 2 else []

    def _anchor(self, acc_g: FloatArray, period: float, step: float) -> float | None:
        """Find the newest contact that can be measured: where the landmarks of the last strides agree best."""
        lag = self._lag_s * GRID_HZ
        newest = len(acc_g) - 1 - max(READ, lag + CONTEXT / 2)
        folds = min(4, int((newest + lag - CONTEXT) / period))
        if folds < 1:
            return None
        strength = jolts(acc_g)
        spots = newest + lag - CONTEXT / 2 - np.arange(int(period))[:, None] - period * np.arange(folds)
        spots = np.clip(np.rint(spots).astype(np.intp), 0, len(strength) - 1)
        near = newest - int(strength[spots].sum(axis=1).argmax())
        found = contact_near(acc_g, near, LANDMARK_REACH * step, self._lag_s)
        return float(near) if found is None else found

    def _backwards(self, motion: FloatArray, anchor: float, stride: float) -> list[Contact]:
        """Follow both chains back to where the signal stops looking like strides, from the newest contact on."""
        ends = [Contact(anchor, own=True), Contact(anchor - stride / 2, own=self._both_feet)]
        if anchor + stride / 2 + READ < len(motion):
            ends.insert(0, Contact(anchor + stride / 2, own=self._both_feet))
        contacts = ends[:2]
        while True:
            after = contacts[-2]
            found = _compare(motion, round(after.at + READ) + 1, stride)
            if found is None:
                break
            after.stride = found
            contacts.append(Contact(after.at - found, own=after.own))
        return contacts[::-1]


def _compare(motion: FloatArray, end: int, lag: float, width: float | None = None) -> float | None:
    """Give the lag between the half stride up to `end` and its like, near `lag`; None where they are not alike."""
    found = likeness(motion, end, round(width or lag / 2), lag)
    if found is None or found.match < MATCH or not FADED < found.growth < 1 / FADED:
        return None
    return found.lag
