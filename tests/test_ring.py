"""The ring: whatever went in, the newest rows come out, in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.dsp.ring import Ring


def counted(first, n):
    return np.arange(first, first + n, dtype=float)[:, None] * [1.0, -1.0]


@given(capacity=st.integers(1, 9), sizes=st.lists(st.integers(0, 25), max_size=12))
def test_the_newest_rows_come_out_in_order(capacity, sizes):
    ring = Ring(capacity, 2)
    pushed = 0
    for size in sizes:
        ring.push(counted(pushed, size))
        pushed += size
        held = min(pushed, capacity)
        assert len(ring) == held
        for n in range(held + 1):
            assert ring.last(n).tolist() == counted(pushed - n, n).tolist()


@given(capacity=st.integers(1, 9), sizes=st.lists(st.integers(0, 25), max_size=6))
def test_after_a_reset_it_is_as_new(capacity, sizes):
    used, new = Ring(capacity, 2), Ring(capacity, 2)
    used.push(counted(1000, 13))
    used.reset()
    assert len(used) == 0
    for size in sizes:
        used.push(counted(0, size))
        new.push(counted(0, size))
        assert used.last(len(used)).tolist() == new.last(len(new)).tolist()


def test_more_than_is_held_is_an_error():
    ring = Ring(4, 1)
    ring.push(np.zeros((3, 1)))
    with pytest.raises(ValueError, match="4 rows asked for, 3 held"):
        ring.last(4)
    ring.push(np.zeros((9, 1)))
    with pytest.raises(ValueError, match="5 rows asked for, 4 held"):
        ring.last(5)


def test_the_newest_rows_are_a_view():
    ring = Ring(5, 1)
    ring.push(np.arange(8.0)[:, None])
    assert np.shares_memory(ring.last(5), ring.last(5))
    assert ring.last(5).flags.c_contiguous


@pytest.mark.parametrize(("capacity", "columns"), [(0, 1), (-1, 3), (4, 0)])
def test_a_ring_that_holds_nothing_is_refused(capacity, columns):
    with pytest.raises(ValueError, match="holds nothing"):
        Ring(capacity, columns)
