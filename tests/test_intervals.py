"""Cadence from single strides: steady where the runner is, and there within two or three steps of a jump."""

import pickle

import numpy as np
import pytest

from coach.dsp import intervals
from coach.dsp.intervals import IntervalFilter


def filtered(strides_s):
    """Give the stride after each one."""
    interval_filter = IntervalFilter()
    found_s = []
    for stride_s in strides_s:
        interval_filter.push(stride_s)
        found_s.append(interval_filter.stride_s)
    return np.array(found_s)


def off_pct(strides_s, pace_s=0.7):
    """Give by how many percent the stride is off the pace after each one."""
    return 100 * (filtered(strides_s) / pace_s - 1)


def test_before_the_first_stride_nothing_is_known():
    assert IntervalFilter().stride_s is None


def test_one_stride_is_enough():
    assert filtered([0.7]) == pytest.approx([0.7])


def test_a_constant_stays_as_it_is():
    assert filtered([0.7] * 300) == pytest.approx([0.7] * 300, abs=1e-12)


def test_forgetting_is_a_new_beginning():
    interval_filter = IntervalFilter()
    for stride_s in (0.7, 0.71, 0.69):
        interval_filter.push(stride_s)
    interval_filter.reset()
    assert interval_filter.stride_s is None
    interval_filter.push(0.5)
    assert interval_filter.stride_s == pytest.approx(0.5)


def test_the_unit_does_not_matter():
    """Lengths are compared as ratios: half the strides give half the result."""
    strides_s = 0.7 * np.exp(0.03 * np.random.default_rng(5).standard_normal(60))
    assert filtered(strides_s / 2) == pytest.approx(filtered(strides_s) / 2)


class TestJump:
    """Of pace, by 6 %, after twenty steps and after five hundred."""

    @pytest.mark.parametrize("before", [20, 500])
    @pytest.mark.parametrize("jump_pct", [6.0, -6.0])
    def test_most_of_the_way_is_gone_within_two_steps_and_nearly_all_in_three(self, before, jump_pct):
        gone = off_pct([0.7] * before + [0.7 * (1 + jump_pct / 100)] * 4)[before:] / jump_pct
        assert gone[0] == pytest.approx(0.41, abs=0.06)
        assert gone[1] == pytest.approx(0.89, abs=0.02)
        assert gone[2] > 0.93
        assert gone[3] == pytest.approx(0.965, abs=0.01)

    def test_one_step_is_believed_less_than_half(self):
        assert off_pct([0.7] * 20 + [0.742])[-1] < 3.0

    def test_a_small_one_is_approached_and_does_not_overshoot(self):
        off = off_pct([0.7] * 20 + [0.714] * 20)[20:]
        assert (np.diff(off) > 0).all()
        assert off[4] == pytest.approx(1.4, abs=0.15)
        assert off[-1] < 2.0


class TestOutlier:
    def test_a_stride_a_fifth_too_long_is_not_believed(self):
        assert np.abs(off_pct([0.7] * 20 + [0.84] + [0.7] * 5)).max() < 0.05

    @pytest.mark.parametrize("ratio", [0.5, 2.0])
    def test_nor_is_half_or_twice_a_stride(self, ratio):
        assert np.abs(off_pct([0.7] * 20 + [0.7 * ratio] + [0.7] * 5)).max() < 1e-3

    def test_one_of_a_tenth_is_forgotten_with_the_next_step(self):
        off = off_pct([0.7] * 20 + [0.77] + [0.7] * 3)[20:]
        assert off[0] == pytest.approx(1.4, abs=0.7)
        assert np.abs(off[1:]).max() < 0.1

    def test_one_in_twenty_moves_the_reading_by_no_more_than_a_tenth_of_a_percent(self):
        strides_s = 0.7 * np.exp(0.01 * np.random.default_rng(6).standard_normal(400))
        wrong_s = strides_s.copy()
        wrong_s[30::20] *= np.random.default_rng(7).uniform(1.2, 1.4, len(wrong_s[30::20]))
        moved = np.abs(filtered(wrong_s) / filtered(strides_s) - 1)
        assert np.median(moved) < 0.001


class TestVariation:
    def test_left_and_right_do_not_pull_it_to_and_fro(self):
        """Overlapping strides of 3 % more and less: the reading stays within a quarter of a percent."""
        strides_s = 0.7 * (1 + 0.015 * (-1.0) ** np.arange(60))
        assert np.abs(off_pct(strides_s)[20:]).max() < 0.25

    def test_a_runners_own_is_smoothed_to_less_than_half(self):
        """As the mean of seven independent strides would do: 1.6 % becomes 0.6 %."""
        strides_s = 0.7 * np.exp(0.016 * np.random.default_rng(3).standard_normal(3000))
        off = off_pct(strides_s)[50:]
        assert off.std() == pytest.approx(0.62, abs=0.05)
        assert off.mean() == pytest.approx(0.0, abs=0.05)

    @pytest.mark.parametrize(("wander_pct", "late_pct"), [(0.1, 0.41), (0.3, 0.97), (-0.3, -0.97)])
    def test_a_pace_that_wanders_is_followed_three_to_four_steps_late(self, wander_pct, late_pct):
        strides_s = 0.7 * (1 + wander_pct / 100) ** np.arange(80)
        late = 100 * (1 - filtered(strides_s)[-1] / strides_s[-1])
        assert late == pytest.approx(late_pct, abs=0.06)
        assert late / wander_pct < 4.2


class TestCost:
    def test_what_is_kept_does_not_grow(self):
        interval_filter = IntervalFilter()
        sizes = []
        for stride_s in 0.7 * np.exp(0.02 * np.random.default_rng(8).standard_normal(500)):
            interval_filter.push(stride_s)
            sizes.append(len(pickle.dumps(interval_filter)))
        assert len(set(sizes[40:])) == 1
        assert sizes[-1] < 1000

    def test_merging_the_oldest_hypotheses_changes_nothing_to_speak_of(self, monkeypatch):
        strides_s = 0.7 * np.exp(0.016 * np.random.default_rng(9).standard_normal(300))
        merged_s = filtered(strides_s)
        monkeypatch.setattr(intervals, "HYPOTHESES", 1000)
        assert merged_s == pytest.approx(filtered(strides_s), rel=1e-4)
