"""Where the runner stands to the band, and for how long; and whether he or she is even enough to begin with."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.coaching.lock import Lock
from coach.coaching.pace import Pace
from coach.coaching.target import Band

from .track import BAND, reading


def after(readings, every_s=0.2, band=BAND):
    pace = Pace.first(readings[0], 0.0, Band(*band))
    for k, spm in enumerate(readings[1:], start=1):
        pace = pace.after(spm, k * every_s, Band(*band))
    return pace


class TestBand:
    @pytest.mark.parametrize(("spm", "side"), [(169.99, "below"), (170, "in"), (190, "in"), (190.01, "above")])
    def test_the_edges_are_inside(self, spm, side):
        assert Band(*BAND).side(spm) == side

    @pytest.mark.parametrize(("spm", "inside"), [(150, 174), (173, 174), (180, 180), (187, 186), (210, 186)])
    def test_inside_is_the_nearest_place_with_a_margin(self, spm, inside):
        assert Band(*BAND).inside(spm, 4.0) == inside

    @pytest.mark.parametrize("spm", [150, 172, 210])
    def test_a_narrow_band_gives_its_middle(self, spm):
        assert Band(170.0, 174.0).inside(spm, 4.0) == 172


class TestPace:
    @pytest.mark.parametrize("every_s", [0.2, 0.25, 1.0])
    def test_time_outside_is_counted_in_seconds_however_often_it_is_read(self, every_s):
        pace = after([160.0] * round(10 / every_s + 1), every_s)
        assert (pace.side, pace.outside_s, pace.inside_s) == ("below", pytest.approx(10), 0)

    def test_a_reading_counts_for_no_more_than_a_second(self):
        assert after([160.0, 160.0], every_s=30.0).outside_s == 1.0

    def test_a_moment_across_the_edge_is_no_return(self):
        """A runner who sways by 1 % about the edge is outside all the time."""
        pace = after([169.0 + 1.5 * math.sin(k / 4) for k in range(300)])
        assert pace.outside_s > 50

    def test_well_inside_nothing_is_held_against_the_runner(self):
        assert after([160.0] * 50 + [178.0] * 50).outside_s == 0

    def test_a_moment_outside_takes_as_much_away_as_it_lasts(self):
        pace = after([178.0] * 101)
        assert pace.inside_s == pytest.approx(20)
        for k in range(10):
            pace = pace.after(120.0, 20 + 0.2 * (k + 1), Band(*BAND))
        assert 18 <= pace.inside_s < 20

    def test_across_the_whole_band_it_counts_anew(self):
        pace = after([160.0] * 50 + [400.0] * 5)
        assert pace.side == "above"
        assert pace.outside_s < 1.0

    @given(readings=st.lists(st.floats(60, 260), min_size=1, max_size=60), every_s=st.sampled_from([0.0, 0.2, 40.0]))
    def test_it_stays_among_the_readings_and_is_never_nan(self, readings, every_s):
        pace = after(readings, every_s)
        low, high = min(readings) - 1e-6, max(readings) + 1e-6
        assert all(low <= spm <= high for spm in (pace.spm, pace.slow_spm, pace.long_spm))
        assert pace.outside_s >= 0
        assert pace.inside_s >= 0


class TestLock:
    def locked_on(self, intervals_s):
        lock = Lock()
        for contact_s in np.cumsum(intervals_s):
            lock.contact(float(contact_s))
        return lock.steps_even

    def test_it_takes_ten_contacts(self):
        assert not self.locked_on([0.36] * 9)
        assert self.locked_on([0.36] * 10)

    def test_left_and_right_may_differ(self):
        assert self.locked_on([0.34, 0.38] * 5)

    @pytest.mark.parametrize(("cv", "even"), [(0.015, True), (0.10, False)])
    def test_same_foot_intervals_decide(self, cv, even):
        rng = np.random.default_rng(1)
        assert self.locked_on(0.36 * (1 + cv * rng.standard_normal(10))) == even

    def test_a_step_that_was_missed_is_uneven(self):
        assert not self.locked_on([0.36] * 5 + [0.72] + [0.36] * 4)

    @pytest.mark.parametrize(
        ("spm", "agree"),
        [
            ([164, 164, 166], False),
            ([164, 166, 164, 166], True),
            ([120, 164, 166, 164, 166], True),
            ([164, 166, 164, 172], False),
        ],
    )
    def test_four_packets_that_agree_are_a_lock(self, spm, agree):
        lock = Lock()
        for k, value in enumerate(spm):
            lock.cadence(reading(float(value), float(k)))
        assert lock.readings_agree == agree

    def test_a_packet_that_is_said_again_counts_once(self):
        lock = Lock()
        for k in range(12):
            lock.cadence(replace(reading(164.0, 5.0), available_s=5 + k / 4))
        assert not lock.readings_agree

    @pytest.mark.parametrize(("spm", "agrees"), [(164.0, True), (160.0, True), (157.0, False), (170.0, False)])
    def test_the_last_reading_must_be_near_to_a_smoothed_one(self, spm, agrees):
        lock = Lock()
        assert not lock.agrees_with(spm)
        lock.cadence(reading(114.0, 0.0))
        lock.cadence(reading(164.0, 1.0))
        assert lock.agrees_with(spm) == agrees

    def test_what_was_is_forgotten(self):
        lock = Lock()
        for k in range(12):
            lock.contact(k * 0.36)
            lock.cadence(reading(164.0, float(k)))
        lock.clear()
        assert (lock.steps_even, lock.readings_agree, lock.last_contact_s) == (False, False, -math.inf)
