"""The ladder of the personal target: up after three runs held and a week, down after new pain, never past the goal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.coaching.ladder import APART, HELD_RUNS, RUNG_PCT, Climb, is_held, rung

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def runs(pct: float, *days: float, held: bool = True) -> list[Climb]:
    return [Climb(at=day(number), pct=pct, held=held) for number in days]


class TestRising:
    def test_it_begins_on_the_first_rung(self):
        first = rung(5.0, [], [], START)
        assert (first.pct, first.reason) == (2.5, "0 of 3 runs held, then +5 %")

    def test_it_rises_after_three_runs_held_and_a_week(self):
        assert rung(5.0, runs(2.5, 0, 2, 4), [], day(7)).pct == 5.0

    def test_it_does_not_rise_within_the_week(self):
        waits = rung(5.0, runs(2.5, 0, 1, 2, 3), [], day(6.9))
        assert (waits.pct, waits.reason) == (2.5, "3 runs held; +5 % from Monday 06:00 on: one rung a week")

    def test_the_day_is_that_of_the_runner(self):
        now = day(6.9).astimezone(timezone(timedelta(hours=-8)))
        assert "+5 % from Sunday 22:00 on" in rung(5.0, runs(2.5, 0, 1, 2, 3), [], now).reason

    def test_runs_that_were_not_held_do_not_count(self):
        waits = rung(5.0, [*runs(2.5, 0, 2), *runs(2.5, 4, 6, 8, held=False)], [], day(30))
        assert (waits.pct, waits.reason) == (2.5, "2 of 3 runs held, then +5 %")

    def test_each_rung_is_held_anew(self):
        assert rung(7.5, [*runs(2.5, 0, 2, 4), *runs(5.0, 8, 10)], [], day(30)).pct == 5.0
        assert rung(7.5, [*runs(2.5, 0, 2, 4), *runs(5.0, 8, 10, 12)], [], day(15)).pct == 7.5

    def test_the_goal_is_the_end(self):
        there = rung(5.0, runs(5.0, 0, 2, 4), [], day(60))
        assert (there.pct, there.reason) == (5.0, "which is where you want to be")
        assert rung(4.0, runs(2.5, 0, 2, 4), [], day(7)).pct == 4.0
        assert rung(1.0, [], [], START).pct == 1.0

    def test_a_run_of_a_clock_that_was_ahead_holds_nobody_for_longer_than_a_week(self):
        assert rung(5.0, runs(2.5, 300, 302, 304), [], day(8)).pct == 2.5
        assert rung(5.0, [*runs(2.5, 0, 2), *runs(2.5, 400)], [], day(8)).pct == 5.0

    def test_a_lower_goal_holds_at_once(self):
        assert rung(2.5, runs(7.5, 0, 2), [], day(3)).pct == 2.5


class TestPain:
    def test_new_pain_is_a_rung_down(self):
        down = rung(7.5, runs(5.0, 0, 2, 4), [day(5)], day(8))
        assert (down.pct, down.reason) == (2.5, "a rung down after new pain; +5 % again after 3 runs held, and a week")

    def test_the_same_pain_told_twice_before_the_next_run_is_one(self):
        assert rung(7.5, runs(7.5, 0), [day(1), day(2)], day(3)).pct == 5.0

    def test_on_the_first_rung_it_is_back_to_the_own_cadence(self):
        assert rung(5.0, runs(2.5, 0), [day(1)], day(2)).pct == 0.0

    def test_afterwards_the_rung_is_held_anew_for_a_week(self):
        hurt = [*runs(5.0, 0, 2, 4), *runs(2.5, 6, 8)]
        assert rung(5.0, hurt, [day(5)], day(20)).pct == 2.5
        assert rung(5.0, [*hurt, *runs(2.5, 10)], [day(5)], day(11)).pct == 2.5
        assert rung(5.0, [*hurt, *runs(2.5, 10)], [day(5)], day(12)).pct == 5.0

    def test_pain_from_before_the_ladder_is_not_new(self):
        assert rung(5.0, [], [day(-30)], START).pct == 2.5


@given(
    goal_pct=st.floats(0, 10),
    held=st.lists(st.booleans(), max_size=60),
    apart_days=st.floats(0.5, 9),
    pains=st.lists(st.floats(0, 300), max_size=5),
)
def test_whatever_happens_no_week_has_two_rises(goal_pct, held, apart_days, pains):
    climbed: list[Climb] = []
    hurt = [day(number) for number in sorted(pains)]
    rises: list[datetime] = []
    for number, one in enumerate(held):
        now = day(number * apart_days)
        today = rung(goal_pct, climbed, [at for at in hurt if at <= now], now)
        before = climbed[-1].pct if climbed else min(RUNG_PCT, goal_pct)
        assert 0 <= today.pct <= goal_pct
        assert today.pct - before <= RUNG_PCT
        if today.pct > before:
            assert sum(run.held for run in climbed if run.pct == before) >= HELD_RUNS
            rises.append(now)
        climbed.append(Climb(at=now, pct=today.pct, held=one))
    assert all(later - sooner >= APART for sooner, later in pairwise(rises))


@pytest.mark.parametrize(
    ("in_band_s", "running_s", "held"),
    [(480, 600, True), (479, 600, False), (599, 599, False), (1440, 1800, True), (0, 0, False)],
)
def test_a_run_is_held_when_it_was_long_enough_and_mostly_in_the_band(in_band_s, running_s, held):
    assert is_held(in_band_s, running_s) is held
