"""When the next foot comes down, and how steps lie to beats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.coaching.phase import Footfalls, Synchrony, wrap

PERIOD_S = 0.36


def filled(count, *, period_s=PERIOD_S, start_s=0.0, late_s=lambda k: 0.0):
    footfalls = Footfalls()
    for k in range(count):
        footfalls.add(start_s + k * period_s + late_s(k), "left" if k % 2 == 0 else "right", period_s)
    return footfalls


class TestFootfalls:
    @given(period_s=st.floats(0.25, 0.8), count=st.integers(1, 12), ahead_s=st.floats(0, 3), start_s=st.floats(0, 1e4))
    def test_an_even_runner_is_foretold(self, period_s, count, ahead_s, start_s):
        after_s = start_s + (count - 1) * period_s + ahead_s
        foretold_s, foot = filled(count, period_s=period_s, start_s=start_s).next_after(after_s, period_s)
        k = round((foretold_s - start_s) / period_s)
        assert foretold_s == pytest.approx(start_s + k * period_s, abs=1e-6)
        assert after_s - 1e-6 <= foretold_s <= after_s + period_s + 1e-6
        assert k >= count
        assert foot == ("left" if k % 2 == 0 else "right")

    @pytest.mark.parametrize("asymmetry", [0.02, 0.04, 0.08])
    def test_the_two_feet_are_foretold_apart(self, asymmetry):
        footfalls = filled(60, late_s=lambda k: asymmetry * PERIOD_S / 2 * (k % 2))
        for k in (60, 61, 62, 63):
            foretold_s, foot = footfalls.next_after(k * PERIOD_S - 0.1, PERIOD_S)
            assert foretold_s == pytest.approx(k * PERIOD_S + asymmetry * PERIOD_S / 2 * (k % 2), abs=0.001)
            assert foot == ("left" if k % 2 == 0 else "right")

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize(("ahead_s", "most_s"), [(0.3, 0.016), (0.7, 0.025)])
    def test_a_runner_of_2_percent_is_foretold_within_25_ms(self, seed, ahead_s, most_s):
        """Predicted footfalls within 25 ms RMS, with 0.6 s of latency and 0.1 s of margin."""
        rng = np.random.default_rng(seed)
        steps_s = np.cumsum(PERIOD_S * (1 + 0.02 * rng.standard_normal(400)))
        known_s = steps_s + 0.004 * rng.standard_normal(400)
        footfalls, errors_s = Footfalls(), []
        for k, contact_s in enumerate(known_s):
            footfalls.add(contact_s, "unknown", PERIOD_S)
            if 20 < k < 390:
                foretold_s, _ = footfalls.next_after(steps_s[k] + ahead_s, PERIOD_S)
                errors_s.append(np.abs(steps_s - foretold_s).min())
        assert np.sqrt(np.mean(np.square(errors_s))) < most_s

    def test_one_odd_step_moves_the_prediction_by_a_part_only(self):
        foretold_s, _ = filled(8, late_s=lambda k: 0.05 if k == 7 else 0.0).next_after(3.0, PERIOD_S)
        assert 9 * PERIOD_S < foretold_s < 9 * PERIOD_S + 0.05

    def test_a_contact_that_was_missed_shifts_no_foot(self):
        footfalls = filled(8)
        footfalls.add(9 * PERIOD_S, "right", PERIOD_S)  # number 8 was missed
        assert footfalls.next_after(9.5 * PERIOD_S, PERIOD_S) == (pytest.approx(10 * PERIOD_S), "left")

    def test_a_step_out_of_order_is_ignored(self):
        footfalls = Footfalls()
        footfalls.add(1.0, "left", 0.4)
        footfalls.add(0.7, "right", 0.4)
        assert footfalls.next_after(1.1, 0.4) == (pytest.approx(1.4), "right")

    def test_after_a_pause_it_counts_from_the_first_step_anew(self):
        footfalls = filled(8)
        footfalls.add(100.0, "left", PERIOD_S)
        assert footfalls.next_after(100.1, PERIOD_S) == (pytest.approx(100 + PERIOD_S), "right")

    def test_nothing_is_foretold_from_nothing(self):
        footfalls = Footfalls()
        assert footfalls.next_after(1.0, PERIOD_S) is None
        footfalls.add(1.0, "left", PERIOD_S)
        footfalls.clear()
        assert footfalls.next_after(1.0, PERIOD_S) is None

    @given(offset_s=st.floats(-100, 100), period_s=st.floats(0.2, 1))
    def test_an_offset_is_within_half_a_period(self, offset_s, period_s):
        wrapped_s = wrap(offset_s, period_s)
        assert abs(wrapped_s) <= period_s / 2 + 1e-9
        assert (offset_s - wrapped_s) / period_s == pytest.approx(round((offset_s - wrapped_s) / period_s), abs=1e-6)


def together(count, late_s):
    synchrony = Synchrony()
    for k in range(count):
        synchrony.beat(k * PERIOD_S)
        synchrony.contact(k * PERIOD_S + late_s(k), PERIOD_S)
    return synchrony


class TestSynchrony:
    def test_before_there_are_beats_nothing_is_late(self):
        synchrony = Synchrony()
        assert synchrony.contact(3.0, PERIOD_S) is None
        assert (synchrony.strength, synchrony.late_s) == (None, 0.0)

    def test_it_says_nothing_before_16_steps(self):
        assert together(15, lambda k: 0.0).strength is None
        assert together(16, lambda k: 0.0).strength == pytest.approx(1)

    @pytest.mark.parametrize("late_s", [-0.08, 0.0, 0.05])
    def test_a_distance_that_is_kept_is_a_habit_and_no_loss(self, late_s):
        synchrony = together(64, lambda k: late_s)
        assert synchrony.strength == pytest.approx(1)
        assert synchrony.late_s == pytest.approx(0, abs=1e-9)

    def test_who_runs_at_another_tempo_loses_it_within_ten_seconds(self):
        synchrony = together(28, lambda k: 0.05 * PERIOD_S * k)
        assert synchrony.strength < 0.5

    def test_a_distance_that_grew_slowly_into_a_habit_is_seen_still(self):
        synchrony = together(300, lambda k: 0.12 * k / 300)
        assert abs(synchrony.late_s) < 0.02
        assert synchrony.apart_s > 0.11

    def test_who_drifts_is_told_by_the_mean_of_eight_steps(self):
        synchrony = together(64, lambda k: 0.0 if k < 50 else 0.08)
        assert 0.04 < synchrony.late_s < 0.08

    @given(late_s=st.lists(st.floats(-1, 1), min_size=1, max_size=80))
    def test_whatever_comes_strength_is_a_part_of_one(self, late_s):
        synchrony = together(len(late_s), lambda k: late_s[k])
        assert synchrony.strength is None or 0 <= synchrony.strength <= 1 + 1e-9
        assert abs(synchrony.late_s) <= 2 * PERIOD_S
