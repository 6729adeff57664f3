"""What landings do to a signal: signals made by hand, and where the figures lie."""

import numpy as np
import pytest

from coach.dsp.landings import evenness, keeping_time, other_foot

STRIDE = 72


def knocked(places, sizes=1.0, samples=360):
    """Stand upright, with knocks across."""
    acc_g = np.tile([0.0, 0.0, 1.0], (samples, 1))
    acc_g[places, 0] = sizes
    return acc_g


class TestKeepingTime:
    def test_knocks_that_come_with_the_stride_do(self):
        acc_g = knocked(np.arange(20, 350, STRIDE))
        assert keeping_time(acc_g, STRIDE) > 0.99
        assert keeping_time(acc_g, STRIDE / 2) < 0.1

    def test_a_stride_may_be_a_sample_or_two_off(self):
        assert keeping_time(knocked(np.arange(20, 350, STRIDE)), STRIDE + 2.4) > 0.99

    @pytest.mark.parametrize("seed", range(5))
    def test_a_road_does_not(self, seed):
        jolts_g = np.random.default_rng(seed).standard_normal((400, 3))
        assert abs(keeping_time(jolts_g, STRIDE)) < 0.35

    def test_too_little_says_nothing(self):
        assert keeping_time(knocked([10], samples=40), STRIDE) == 0.0

    def test_a_jolt_at_the_end_of_a_bridge_is_none(self):
        """A landing is missing in each bridge, and where its line ends the signal bends."""
        sampled = np.ones(360, dtype=bool)
        sampled[82:112] = sampled[226:246] = False
        acc_g = knocked([20, 112, 164, 246, 308])
        sampled[112] = sampled[246] = False
        assert keeping_time(acc_g, STRIDE) < 0.5
        assert keeping_time(acc_g, 2 * STRIDE, sampled) > 0.99


class TestEvenness:
    TURN = 2 * np.pi * np.arange(3 * STRIDE) / STRIDE

    def test_steps_lift_twice_a_stride(self):
        up_g = 1 + 0.3 * np.cos(2 * self.TURN)
        assert evenness(np.stack([0 * up_g, 0 * up_g, up_g], axis=1), STRIDE) > 0.9

    def test_a_squat_lifts_once(self):
        up_g = 1 + 0.3 * np.cos(self.TURN)
        assert evenness(np.stack([0 * up_g, 0 * up_g, up_g], axis=1), STRIDE) < -0.9

    def test_a_limb_that_turns_changes_nothing(self):
        """Gravity turns by 60 degrees once a stride, beside the same steps."""
        up_g, angle = 1 + 0.3 * np.cos(2 * self.TURN), np.radians(60) * np.sin(self.TURN)
        turned = np.stack([up_g * np.sin(angle), 0 * up_g, up_g * np.cos(angle)], axis=1)
        assert evenness(turned, STRIDE) == pytest.approx(evenness(np.stack([0 * up_g, 0 * up_g, up_g], axis=1), STRIDE))

    def test_lost_samples_do_not_count(self):
        up_g = 1 + 0.3 * np.cos(2 * self.TURN)
        sampled = np.ones(len(up_g), dtype=bool)
        sampled[30:60] = sampled[100:130] = False
        up_g[~sampled] = 1.6
        acc_g = np.stack([0 * up_g, 0 * up_g, up_g], axis=1)
        assert evenness(acc_g, STRIDE) < 0.6
        assert evenness(acc_g, STRIDE, sampled) > 0.9

    def test_nothing_that_was_sampled_says_nothing(self):
        assert evenness(knocked([20, 92]), STRIDE, np.zeros(360, dtype=bool)) == 0.0


class TestOtherFoot:
    @pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
    def test_it_is_the_share_of_the_other_landing(self, share):
        places = np.arange(20, 350, STRIDE // 2)
        sizes = np.where(np.arange(len(places)) % 2, share, 1.0)
        assert other_foot(knocked(places, sizes), STRIDE) == pytest.approx(share, abs=0.02)

    def test_stillness_has_none(self):
        assert other_foot(knocked([]), STRIDE) == pytest.approx(0.0)
