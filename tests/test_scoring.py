"""The definitions by which detectors are judged, on cases small enough to work out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.contacts import match, settled
from bench.oracle import oracle
from bench.scoring import Readings, Truth, bouts, grid, local_cadence, pool, quantile, score

EVEN = np.arange(2.0, 22.01, 0.4)
"""150 steps a minute from 2 s to 22 s."""


def said(*pairs):
    """Take (time, cadence or None) to readings."""
    return Readings(
        at_s=np.array([at_s for at_s, _ in pairs], dtype=float),
        spm=np.array([math.nan if spm is None else spm for _, spm in pairs], dtype=float),
    )


def truth(steps_s, end_s=30.0, changes_s=()):
    return Truth(steps_s=np.asarray(steps_s, dtype=float), end_s=end_s, changes_s=changes_s)


def changing(first_s, then_s):
    """Step from 0.5 s to 10 s at one interval, and to 20 s at another."""
    before = np.arange(0.5, 10.0, first_s)
    return np.concatenate([before, np.arange(before[-1] + first_s, 20.0, then_s)])


class TestTime:
    def test_the_grid_has_tenths_of_a_second_and_not_its_end(self):
        assert grid(0.25, 0.6) == pytest.approx([0.3, 0.4, 0.5])

    def test_the_grid_begins_at_a_multiple_however_it_is_rounded(self):
        assert grid(0.1 + 0.2, 0.5) == pytest.approx([0.3, 0.4])

    def test_the_last_word_holds_from_the_moment_that_it_is_said(self):
        readings = said((1.0, 150), (2.0, None), (3.0, 160))
        held = readings.held(np.array([0.9, 1.0, 1.9, 2.0, 2.9, 3.0, 99.0]))
        assert held == pytest.approx([math.nan, 150, 150, math.nan, math.nan, 160, 160], nan_ok=True)


class TestBouts:
    def test_a_pause_of_a_second_and_a_half_parts_bouts(self):
        steps_s = np.concatenate([np.arange(0, 4, 0.5), np.arange(5.0, 9, 0.5)])
        assert [len(bout) for bout in bouts(steps_s)] == [8, 8]

    def test_a_shorter_pause_does_not(self):
        steps_s = np.concatenate([np.arange(0, 4, 0.5), np.arange(4.9, 9, 0.5)])
        assert [len(bout) for bout in bouts(steps_s)] == [17]

    def test_seven_steps_are_no_bout(self):
        assert bouts(np.arange(7) * 0.4) == []
        assert bouts(np.empty(0)) == []


class TestLocalCadence:
    def test_it_is_that_of_the_two_seconds_on_either_side(self):
        steps_s = np.concatenate([np.arange(0, 10, 0.5), np.arange(10, 20, 0.25)])
        assert local_cadence(steps_s, np.array([5.0, 10.0, 11.0, 15.0])) == pytest.approx([120, 180, 210, 240])

    def test_at_the_ends_of_a_bout_it_looks_no_further_than_the_bout(self):
        assert local_cadence(EVEN, np.array([2.0, 22.0, 21.0])) == pytest.approx([150, 150, 150])


class TestScore:
    def test_it_is_taken_from_five_seconds_after_the_start_to_two_before_the_end(self):
        found = score(said((0.0, 150)), truth(EVEN))
        assert len(found.ref_spm) == 130  # 7.0, 7.1 … 19.9

    def test_errors_are_counted_where_there_is_a_reading_and_shares_everywhere(self):
        found = score(said((0.0, 151), (12.0, None), (14.0, 154)), truth(EVEN))
        assert found.mae_spm == pytest.approx((50 * 1 + 60 * 4) / 110)
        assert found.p95_spm == pytest.approx(4)
        assert found.coverage_pct == pytest.approx(100 * 110 / 130)
        assert found.within_pct(1.5) == pytest.approx(100 * 50 / 130)
        assert found.within_pct(5) == pytest.approx(100 * 110 / 130)

    @pytest.mark.parametrize(
        ("spm", "ratio", "share"),
        [(75, 0.5, 100), (83, 0.5, 100), (85, 0.5, 0), (300, 2, 100), (335, 2, 100), (337, 2, 0), (100, 2 / 3, 100)],
    )
    def test_an_octave_is_half_or_double_by_twelve_in_a_hundred(self, spm, ratio, share):
        assert score(said((0.0, spm)), truth(EVEN)).near_pct(ratio) == share

    def test_two_ratios_are_counted_together(self):
        found = score(said((0.0, 100), (13.5, 225)), truth(EVEN))
        assert found.near_pct(2 / 3, 3 / 2) == 100
        assert found.near_pct(2 / 3) == found.near_pct(3 / 2) == 50

    def test_without_any_reading_there_is_no_mean_error(self):
        found = score(said(), truth(EVEN))
        assert (found.mae_spm, found.p95_spm, found.coverage_pct, found.within_pct(2)) == (None, None, 0, 0)

    def test_without_any_step_there_is_nothing_but_the_time_without_gait(self):
        found = score(said((5.0, 150)), truth([], end_s=10.0))
        assert (found.mae_spm, found.coverage_pct, found.firsts_s) == (None, None, ())
        assert found.false_pct == pytest.approx(100 * 50 / 70)

    def test_pooling_joins_the_points(self):
        one, other = score(said((0.0, 151)), truth(EVEN)), score(said((0.0, 153)), truth(EVEN[:28]))
        both = pool([one, other])
        n, m = len(one.ref_spm), len(other.ref_spm)
        assert both.mae_spm == pytest.approx((n * 1 + m * 3) / (n + m))
        assert both.firsts_s == one.firsts_s + other.firsts_s

    def test_pooling_nothing_gives_nothing(self):
        assert (pool([]).mae_spm, pool([]).false_pct) == (None, None)


class TestFalseReadings:
    def test_three_seconds_at_the_start_and_after_the_last_step_are_left_out(self):
        found = score(said((0.0, 150)), truth(EVEN + 4, end_s=40.0))
        assert len(found.shown) == 30 + 110  # 3.0 to 5.9, and 29.0 to 39.9

    def test_a_step_ends_the_time_without_gait_even_where_it_begins_no_bout(self):
        found = score(said((0.0, 150)), truth([8.0], end_s=20.0))
        assert len(found.shown) == 50 + 90


class TestLag:
    def test_it_is_from_the_change_to_the_reading_that_follows(self):
        steps_s = changing(60 / 150, 60 / 160)
        found = score(said((0.0, 150), (11.75, 160)), truth(steps_s, changes_s=(10.0,)))
        assert found.lags_s == pytest.approx([1.8])

    def test_a_reading_that_passes_by_is_not_there_yet(self):
        steps_s = changing(60 / 150, 60 / 160)
        found = score(said((0.0, 150), (11.0, 160), (13.5, 170), (14.5, 159)), truth(steps_s, changes_s=(10.0,)))
        assert found.lags_s == pytest.approx([4.5])

    def test_two_steps_a_minute_off_is_near_enough_and_more_is_not(self):
        steps_s = changing(60 / 150, 60 / 160)
        assert score(said((0.0, 158.1)), truth(steps_s, changes_s=(10.0,))).lags_s == pytest.approx([0.0])
        assert score(said((0.0, 157.9)), truth(steps_s, changes_s=(10.0,))).lags_s == (math.inf,)

    def test_the_truth_after_a_change_knows_nothing_of_the_time_before(self):
        """Two seconds on either side would make 155 of the first moment."""
        steps_s = changing(60 / 150, 60 / 160)
        assert score(said((0.0, 150), (10.0, 160)), truth(steps_s, changes_s=(10.0,))).lags_s == pytest.approx([0.0])

    def test_what_holds_for_less_than_three_seconds_until_the_next_change_never_followed(self):
        steps_s = changing(60 / 150, 60 / 160)
        found = score(said((0.0, 150), (11.0, 160)), truth(steps_s, changes_s=(10.0, 13.9)))
        assert found.lags_s == (math.inf, pytest.approx(0.0, abs=0.1))

    def test_a_change_outside_of_a_bout_has_no_lag(self):
        assert score(said((0.0, 150)), truth(EVEN, changes_s=(1.0, 25.0))).lags_s == ()


class TestFirstAndRelease:
    def test_the_first_reading_within_five_counts_from_the_first_step(self):
        found = score(said((1.0, 150), (3.0, 144), (3.5, 146), (4.0, 150)), truth(EVEN))
        assert found.firsts_s == pytest.approx([1.5])

    def test_a_bout_without_a_right_reading_has_none_ever(self):
        assert score(said((3.0, 75), (22.5, 150)), truth(EVEN)).firsts_s == (math.inf,)

    def test_release_is_from_the_last_step_to_the_first_word_that_there_is_nothing(self):
        found = score(said((5.0, 150), (22.5, 140), (23.4, None), (24.0, None)), truth(EVEN))
        assert found.releases_s == pytest.approx([1.4])

    def test_a_reading_that_stays_is_never_released(self):
        assert score(said((5.0, 150)), truth(EVEN)).releases_s == (math.inf,)

    def test_what_was_not_shown_cannot_be_released(self):
        assert score(said((5.0, 150), (15.0, None)), truth(EVEN)).releases_s == ()

    def test_a_bout_that_the_record_cuts_off_is_not_judged(self):
        assert score(said((5.0, 150)), truth(EVEN, end_s=24.0)).releases_s == ()

    def test_each_bout_has_its_own(self):
        steps_s = np.concatenate([EVEN, EVEN + 26])
        found = score(said((3.0, 150), (24.0, None), (30.0, 151), (49.0, None)), truth(steps_s, end_s=60.0))
        assert found.firsts_s == pytest.approx([1.0, 2.0])
        assert found.releases_s == pytest.approx([2.0, 1.0])


class TestQuantile:
    def test_it_is_one_of_the_values_even_where_some_are_infinite(self):
        assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
        assert quantile([float(n) for n in range(1, 11)], 0.9) == 9.0
        assert quantile([1.0, math.inf], 0.9) == math.inf
        assert quantile([], 0.9) is None


class TestOracle:
    def test_it_says_the_mean_of_the_last_six_intervals_at_each_step(self):
        steps_s = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.4, 2.8, 3.2, 3.6, 4.0])
        readings = oracle(steps_s)
        assert readings.at_s == pytest.approx(steps_s[1:])
        assert readings.spm[:4] == pytest.approx([120, 120, 120, 120])
        assert readings.spm[5:7] == pytest.approx([60 * 6 / 2.8, 60 * 6 / 2.7])

    def test_it_knows_the_last_step(self):
        found = score(oracle(EVEN), truth(EVEN))
        assert (found.mae_spm, found.coverage_pct, found.false_pct) == (pytest.approx(0, abs=1e-9), 100, 0)
        assert math.isnan(oracle(EVEN).spm[-1])


class TestContacts:
    TRUE = np.array([1.0, 1.4, 1.8, 2.2, 2.6])

    def test_a_constant_delay_is_the_offset_and_no_error(self):
        found = match(self.TRUE, self.TRUE + 0.12)
        assert (found.f1, found.offset_s, found.jitter_s) == (1.0, pytest.approx(0.12), pytest.approx(0.0))

    def test_what_varies_about_it_is_the_jitter(self):
        found = match(self.TRUE, self.TRUE + np.array([0.09, 0.10, 0.11, 0.10, 0.10]))
        assert found.offset_s == pytest.approx(0.10)
        assert found.jitter_s == pytest.approx(math.sqrt(2 / 5) * 0.01)

    def test_steps_that_are_missed_and_steps_that_are_none_both_count(self):
        missed = match(self.TRUE, self.TRUE[:4])
        assert missed.f1 == pytest.approx(2 * 4 / (5 + 4))
        twice = match(self.TRUE, np.sort(np.concatenate([self.TRUE, [1.2, 1.6]])))
        assert twice.f1 == pytest.approx(2 * 5 / (5 + 7))

    def test_a_found_step_matches_one_contact_only(self):
        assert match(np.array([1.0, 1.06]), np.array([1.03])).f1 == pytest.approx(2 * 1 / 3)

    def test_more_than_fifty_milliseconds_off_is_no_match(self):
        found = match(self.TRUE, self.TRUE + np.array([0, 0, 0.06, 0, 0]))
        assert found.f1 == pytest.approx(2 * 4 / 10)

    def test_steps_far_before_and_after_the_contacts_are_not_counted(self):
        found = match(self.TRUE, np.concatenate([[0.2], self.TRUE, [3.4]]))
        assert found.f1 == 1.0

    def test_nothing_found_is_nothing_matched(self):
        found = match(self.TRUE, np.empty(0))
        assert (found.f1, found.offset_s, found.jitter_s) == (0.0, None, None)

    def test_one_found_step_is_enough(self):
        assert match(self.TRUE, np.array([1.4])).f1 == pytest.approx(2 * 1 / 6)

    def test_the_first_moments_of_a_bout_can_be_left_out(self):
        times_s = np.array([0.9, 1.0, 2.5, 2.6, 8.0])
        assert settled(times_s, np.array([1.0]), 1.5) == pytest.approx([2.6, 8.0])
        assert settled(times_s, np.empty(0), 1.5) == pytest.approx(times_s)
