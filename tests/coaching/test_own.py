"""Two steady minutes: found when they are steady, at once, and only when they are the runner's own."""

from __future__ import annotations

import numpy as np
import pytest

from coach.coaching.own import BLOCK_S, BLOCKS, SETTLE_S, OwnCadence, SteadyMinutes, spm_per_mps
from coach.model import Beat, Cadence, Prompt, Speed

EVERY_S = 0.2
TWO_MINUTES_S = SETTLE_S + 120


def reading(t_s, spm, status="locked", source="steps"):
    return Cadence(t_s=t_s, available_s=t_s, spm=spm, status=status, source=source, sensor="s")


def readings(spm, length_s, start_s=0.0, *, every_s=EVERY_S):
    """Give readings; `spm` is a number or a function of the time."""
    times = start_s + np.arange(0, length_s, every_s)
    return [reading(float(t), float(spm(t)) if callable(spm) else spm) for t in times]


def with_speed(events, mps):
    return [
        one
        for event in events
        for one in (Speed(t_s=event.t_s, available_s=event.t_s, mps=mps(event.t_s), sensor="pod"), event)
    ]


def by_blocks(mean, by):
    """Give what is above the mean in one block, and below it in the next."""
    return lambda t: mean * (1 + (by if (t - SETTLE_S) // BLOCK_S % 2 else -by))


def taken(*parts):
    steady = SteadyMinutes()
    for events in parts:
        for event in events:
            steady.take(event)
    return steady


class TestFinding:
    def test_two_even_minutes_are_found(self):
        assert taken(readings(164.3, TWO_MINUTES_S + 3)).found == OwnCadence(spm=164.3)

    def test_not_before_they_are_over(self):
        assert taken(readings(164.3, TWO_MINUTES_S - 3)).found is None

    def test_the_mean_is_over_time_not_over_readings(self):
        rare = [event for event in readings(160.0, 200) if event.t_s % 10 < 5 or round(event.t_s / EVERY_S) % 5 == 0]
        mixed = [reading(event.t_s, 160.0 if event.t_s % 10 < 5 else 164.0) for event in rare]
        found = taken(mixed).found
        assert found is not None
        assert found.spm == pytest.approx(162.0, abs=0.5)  # over readings it would be 160.7

    def test_a_pods_readings_once_a_second_do(self):
        assert taken(readings(158.0, TWO_MINUTES_S + 3, every_s=1.0)).found == OwnCadence(spm=158.0)

    def test_swaying_within_three_per_cent_is_steady_and_beyond_is_not(self):
        def swaying(by):
            return lambda t: 165 * (1 + by * np.sin(2 * np.pi * t / 60))

        assert taken(readings(swaying(0.025), 300)).found is not None
        uneven = taken(readings(swaying(0.06), 300))
        assert uneven.found is None
        assert uneven.sway == pytest.approx(0.056, abs=0.01)

    @pytest.mark.parametrize(("by", "found"), [(0.029, True), (0.033, False)])
    def test_three_per_cent_is_the_edge(self, by, found):
        assert (taken(readings(by_blocks(165.0, by), 300)).found is not None) is found

    def test_a_quick_start_does_not_count(self):
        found = taken(readings(lambda t: 180.0 if t < SETTLE_S else 165.0, TWO_MINUTES_S + 3)).found
        assert found == OwnCadence(spm=165.0)

    def test_once_found_it_stays(self):
        assert taken(readings(165.0, 200), readings(180.0, 300, 200.0)).found == OwnCadence(spm=165.0)

    def test_a_walk_is_no_run(self):
        assert taken(readings(128.0, 400)).found is None
        assert taken(readings(132.0, 400)).found == OwnCadence(spm=132.0)


class TestHoles:
    def test_a_stop_begins_anew(self):
        half = readings(165.0, 100)
        stopped = [reading(100.0, None, "idle")]
        assert taken(half, stopped, readings(165.0, 100, 104.0)).found is None
        assert taken(half, stopped, readings(165.0, TWO_MINUTES_S + 3, 104.0)).found == OwnCadence(spm=165.0)

    def test_a_moment_without_a_reading_does_not(self):
        lost = [reading(91.0, None, "lost"), reading(92.0, None, "acquiring")]
        assert taken(readings(165.0, 90.5), lost, readings(165.0, 65, 92.5)).found == OwnCadence(spm=165.0)

    def test_a_long_one_does(self):
        assert taken(readings(165.0, 90), readings(165.0, 65, 94.0)).found is None
        lost = [reading(95.0, None, "lost")]
        steady = taken(readings(165.0, 90), lost, readings(165.0, 65, 98.0))
        assert (steady.found, steady.so_far_s < 120) == (None, True)


class TestSpeed:
    def test_the_speed_is_kept_beside_the_cadence(self):
        found = taken(with_speed(readings(165.0, 200), lambda t: 2.8 + 0.1 * np.sin(t))).found
        assert found == OwnCadence(spm=165.0, mps=pytest.approx(2.8, abs=0.02))

    def test_an_unso_far_speed_is_not_steady(self):
        assert taken(with_speed(readings(165.0, 300), lambda t: 2.4 if t % 60 < 30 else 3.2)).found is None

    @pytest.mark.parametrize(("by", "found"), [(0.08, True), (0.13, False)])
    def test_a_tenth_is_the_edge(self, by, found):
        assert (taken(with_speed(readings(165.0, 300), by_blocks(2.8, by))).found is not None) is found

    def test_no_speed_at_all_is_none_known(self):
        found = taken(with_speed(readings(165.0, 200), lambda t: 0.0)).found
        assert found == OwnCadence(spm=165.0, mps=None)

    def test_a_speed_that_nobody_runs_at_is_none_known(self):
        found = taken(with_speed(readings(165.0, 200), lambda t: 25.0)).found
        assert found == OwnCadence(spm=165.0, mps=None)


def test_after_a_beat_nothing_is_the_runners_own():
    beat = Beat(t_s=20.0, available_s=19.8, index=0, foot="unknown")
    steady = taken(readings(165.0, 20), [beat], readings(165.0, 300, 20.0))
    assert (steady.found, steady.coached) == (None, True)


@pytest.mark.parametrize(("say", "coached"), [("below", True), ("above", True), ("target", True), ("easy", False)])
def test_after_a_cue_neither(say, coached):
    cue = Prompt(t_s=20.0, available_s=19.8, say=say)
    steady = taken(readings(165.0, 20), [cue], readings(165.0, 300, 20.0))
    assert (steady.found is None, steady.coached) == (coached, coached)


class TestSlope:
    def test_it_is_the_usual_one_without_two_speeds(self):
        for measured in ([], [OwnCadence(spm=160)], [OwnCadence(spm=160, mps=2.8), OwnCadence(spm=169, mps=3.0)]):
            assert spm_per_mps(measured) == 5.6

    def test_it_is_the_runners_own_with_them(self):
        measured = [OwnCadence(spm=160, mps=2.5), OwnCadence(spm=168, mps=3.5), OwnCadence(spm=150)]
        assert spm_per_mps(measured) == 8.0

    def test_it_is_kept_within_what_people_do(self):
        wild = [OwnCadence(spm=150, mps=2.5), OwnCadence(spm=190, mps=3.0)]
        odd = [OwnCadence(spm=170, mps=2.5), OwnCadence(spm=160, mps=3.5)]
        assert (spm_per_mps(wild), spm_per_mps(odd)) == (12.0, 0.0)


def test_two_minutes_are_two_minutes():
    assert BLOCKS * 10 == 120
