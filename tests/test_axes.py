"""Sums over all axes: what numpy's own reductions give."""

import numpy as np
import pytest

from coach.dsp.axes import energies, mean

ROWS = np.random.default_rng(1).normal(size=(240, 3))


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], ROWS[::-2][::-1]], ids=["some seconds", "one row", "every second"])
def test_they_are_those_of_the_rows(rows):
    assert energies(rows) == pytest.approx((rows**2).sum(axis=1), rel=1e-14)
    assert mean(rows) == pytest.approx(rows.mean(axis=0), rel=1e-12)


def test_of_no_rows_there_is_no_energy():
    assert energies(ROWS[:0]).shape == (0,)
