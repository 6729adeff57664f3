"""Where the foot strikes, from impacts made by hand."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from coach.dsp.contacts import CONTEXT, FOOT_LAG_S, TRUNK_LAG_S, contact_near, jolts


def knock(at, n=60, height_g=4.0):
    """Stand still in gravity, but for a knock in one sample."""
    acc_g = np.zeros((n, 3))
    acc_g[:, 2] = 1.0
    acc_g[int(at), 0] = height_g
    return acc_g


def bump(at, n=60, width=1.5):
    """Stand still in gravity, but for a bell about `at`, between samples too."""
    bell_g = 4 * np.exp(-0.5 * ((np.arange(n) - at) / width) ** 2)
    return np.stack([bell_g, np.zeros(n), np.ones(n)], axis=1)


class TestJolts:
    def test_one_sample_that_sticks_out_is_the_square_of_its_bends(self):
        """1, -2, 1 squared and added are 6; the window over them adds up to 4."""
        assert jolts(knock(30, height_g=1.0)).sum() == pytest.approx(24.0)

    def test_it_is_felt_when_it_is_there_and_for_nine_samples(self):
        strength = jolts(knock(30))
        assert np.flatnonzero(strength > 1e-9).tolist() == [i - CONTEXT // 2 for i in range(26, 35)]
        assert strength == pytest.approx(jolts(knock(29))[::-1])

    def test_some_samples_are_needed_before_and_after(self):
        assert CONTEXT == 8
        assert len(jolts(knock(30))) == 60 - 8

    def test_gravity_and_slow_turns_are_no_jolts(self):
        t_s = np.arange(60) / 100
        swing_g = np.stack([np.sin(2 * np.pi * t_s), np.zeros(60), np.cos(2 * np.pi * t_s)], axis=1)
        assert jolts(np.tile([0.1, 0.2, 1.0], (60, 1))).max() < 1e-20
        assert jolts(swing_g).max() < 1e-3 * jolts(knock(30, height_g=1.0)).max()

    @pytest.mark.parametrize("seed", [1, 2])
    def test_it_does_not_matter_how_the_sensor_is_turned(self, seed):
        turned_g = knock(30) @ Rotation.random(rng=seed).as_matrix()
        assert jolts(turned_g) == pytest.approx(jolts(knock(30)))


class TestContact:
    def test_it_is_the_middle_of_the_jolt_less_its_lag(self):
        assert contact_near(knock(30), near=28.0, reach=8.0, lag_s=0.018) == pytest.approx(28.2)
        assert contact_near(knock(30), near=28.0, reach=8.0, lag_s=0.0) == pytest.approx(30.0)

    @pytest.mark.parametrize("at", [30.0, 30.25, 30.5, 30.75])
    def test_it_is_found_between_the_samples(self, at):
        assert contact_near(bump(at), near=29.0, reach=8.0, lag_s=0.0) == pytest.approx(at, abs=0.05)

    def test_the_strongest_within_reach_is_taken(self):
        two_g = knock(24) + knock(36, height_g=6.0)
        assert contact_near(two_g, near=30.0, reach=10.0, lag_s=0.0) == pytest.approx(36.0)
        assert contact_near(two_g, near=24.0, reach=6.0, lag_s=0.0) == pytest.approx(24.0)

    def test_there_is_none_where_the_jolt_only_begins(self):
        assert contact_near(knock(30), near=20.0, reach=8.0, lag_s=0.0) is None

    @pytest.mark.parametrize("near", [11.0, 48.0])
    def test_there_is_none_where_the_signal_does_not_reach(self, near):
        """Eight samples to either side, and four more of context."""
        assert contact_near(knock(near), near, reach=8.0, lag_s=0.0) is None

    @pytest.mark.parametrize("near", [12.0, 47.0])
    def test_it_need_not_reach_further(self, near):
        assert contact_near(knock(near), near, reach=8.0, lag_s=0.0) == pytest.approx(near)


class TestLags:
    """What the jolt of a real step looks like: it rises within so long after contact, and rings."""

    @staticmethod
    def found_after_s(rise_s, ring_hz, lag_s):
        """Give how long after a contact at 0.3 s it is found, of an impact sampled by a sensor at 100 Hz."""
        t_s = np.arange(0, 0.6, 0.01)
        late_s = []
        for contact_s in 0.3 + np.arange(0.0, 0.01, 0.001):
            x = np.maximum(t_s - contact_s, 0) / rise_s
            shock_g = 6 * x**2 * np.exp(2 - 2 * x) * np.cos(2 * np.pi * ring_hz * (t_s - contact_s - rise_s))
            acc_g = np.stack([0.4 * shock_g, 0 * shock_g, 1 + shock_g], axis=1)
            late_s.append(contact_near(acc_g, 100 * contact_s, 12.0, lag_s) / 100 - contact_s)
        return np.median(late_s)

    @pytest.mark.parametrize(("rise_s", "ring_hz"), [(0.012, 28.0), (0.012, 31.0), (0.013, 33.0)])
    def test_at_a_foot_or_shank_the_contact_is_right_within_five_milliseconds(self, rise_s, ring_hz):
        assert abs(self.found_after_s(rise_s, ring_hz, FOOT_LAG_S)) < 0.005

    @pytest.mark.parametrize(("rise_s", "ring_hz"), [(0.026, 15.0), (0.028, 14.0), (0.035, 12.0)])
    def test_at_the_trunk_within_twelve(self, rise_s, ring_hz):
        assert abs(self.found_after_s(rise_s, ring_hz, TRUNK_LAG_S)) < 0.012
