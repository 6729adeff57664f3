"""The rhythm of some seconds of signal made of harmonics: right octave, walking or running, one foot or both."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from coach.dsp.tempo import StrideTempo


def waves(stride_s, sizes, n, seed=1):
    """Harmonics of the stride with these sizes, each in a direction and at a phase of its own, of unit power each."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(n)[:, None] / 100
    made = np.zeros((n, 3))
    for k, size in enumerate(sizes, start=1):
        direction = rng.standard_normal(3)
        phase = rng.uniform(0, 2 * np.pi)
        made += size * direction / np.linalg.norm(direction) * np.sin(2 * np.pi * k / stride_s * t_s + phase)
    return made


def scaled(motion, rms_g):
    return motion * rms_g / np.sqrt((motion**2).sum(axis=1).mean())


def gait(spm, *, alike=0.0, rms_g=1.0, n=400):
    """Strides of which the share (1 + alike) / 2 of the power comes again half a stride later, the rest opposed."""
    both, one = np.sqrt([(1 + alike) / 2, (1 - alike) / 2])
    return scaled(waves(120 / spm, [one, 0.8 * both, 0.3 * one, 0.6 * both], n), rms_g)


def disturbed(stride_s, match, rms_g, n=400):
    """Strides that match the one before so well, and the one before that wholly."""
    own, other = np.sqrt([(1 + match) / 2, (1 - match) / 2])
    every_second = scaled(waves(2 * stride_s, [1], n, seed=9), 1.0)
    return scaled(own * gait(120 / stride_s, n=n) + other * every_second, rms_g)


def spm_of(motion, known_s=None):
    rhythm = StrideTempo().estimate(np.ascontiguousarray(motion), known_s)
    return None if rhythm.stride_s is None else 120 / rhythm.stride_s


class TestRunning:
    @pytest.mark.parametrize("spm", [130, 150, 166, 185, 205, 225, 240])
    @pytest.mark.parametrize("alike", [-0.9, -0.3, 0.3, 0.8, 1.0])
    def test_the_octave_is_right_however_much_left_is_like_right(self, spm, alike):
        """A foot feels one side only (-0.9), a symmetric trunk both alike (1.0)."""
        assert spm_of(gait(spm, alike=alike)) == pytest.approx(spm, abs=0.3)

    @pytest.mark.parametrize("spm", [150, 166, 205])
    def test_a_second_and_a_half_is_enough(self, spm):
        assert spm_of(gait(spm, n=150)) == pytest.approx(spm, abs=1.0)

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_it_does_not_matter_how_the_sensor_is_turned(self, seed):
        motion = gait(166)
        assert spm_of(motion @ Rotation.random(rng=seed).as_matrix()) == pytest.approx(spm_of(motion))

    def test_the_size_of_the_motion_does_not_matter(self):
        assert spm_of(gait(166, rms_g=3.0)) == pytest.approx(spm_of(gait(166, rms_g=0.8)))


class TestWalking:
    @pytest.mark.parametrize("spm", [78, 90, 104, 116, 130])
    @pytest.mark.parametrize("alike", [-0.9, 0.0, 0.8, 1.0])
    def test_it_is_not_doubled_where_it_shakes_as_walking_shakes(self, spm, alike):
        assert spm_of(gait(spm, alike=alike, rms_g=0.3 * (spm / 110) ** 2)) == pytest.approx(spm, abs=0.3)

    @pytest.mark.parametrize(("walk_spm", "soft_g", "hard_g"), [(90, 0.36, 0.5), (110, 0.45, 0.6)])
    def test_the_same_rhythm_is_a_run_of_twice_the_cadence_where_it_shakes_harder(self, walk_spm, soft_g, hard_g):
        """Where left and right look alike only the vigour tells; it lies at 0.43 g for 90 spm, at 0.52 g for 110."""
        assert spm_of(gait(walk_spm, alike=1.0, rms_g=soft_g)) == pytest.approx(walk_spm, abs=0.3)
        assert spm_of(gait(walk_spm, alike=1.0, rms_g=hard_g)) == pytest.approx(2 * walk_spm, abs=0.6)

    def test_steps_that_differ_a_little_are_told_apart_however_it_shakes(self):
        """0.84 of the best match is not strong enough for half a stride to be one."""
        assert spm_of(gait(104, alike=0.84, rms_g=0.7)) == pytest.approx(104, abs=0.3)
        assert spm_of(gait(104, alike=0.6, rms_g=1.5)) == pytest.approx(104, abs=0.3)

    def test_a_slow_rhythm_is_no_single_step_however_softly_it_shakes(self):
        """0.92 s is a stride at 130 spm, not a step of a walk at 65."""
        assert spm_of(gait(130, rms_g=0.2)) == pytest.approx(130, abs=0.3)


class TestDisturbed:
    """A stride that looks like the one before last more than like the last: pushed off a kerb, or turned round."""

    def test_four_fifths_are_enough_of_a_runner(self):
        assert spm_of(disturbed(0.7, 0.84, rms_g=0.9)) == pytest.approx(120 / 0.7, abs=1)

    def test_they_are_not_of_a_walker(self):
        assert spm_of(disturbed(0.7, 0.84, rms_g=0.6)) == pytest.approx(60 / 0.7, abs=1)

    def test_three_fifths_are_enough_for_the_stride_of_a_moment_ago(self):
        motion = disturbed(0.7, 0.7, rms_g=0.9)
        assert spm_of(motion) == pytest.approx(60 / 0.7, abs=1)
        assert spm_of(motion, known_s=0.7) == pytest.approx(120 / 0.7, abs=1)

    def test_less_is_not(self):
        assert spm_of(disturbed(0.7, 0.45, rms_g=0.9), known_s=0.7) == pytest.approx(60 / 0.7, abs=1)

    @pytest.mark.parametrize(("ratio", "is_known"), [(0.92, True), (1.07, True), (0.84, False), (1.15, False)])
    def test_it_must_be_near_that_one(self, ratio, is_known):
        found = spm_of(disturbed(0.7, 0.7, rms_g=0.9), known_s=0.7 / ratio)
        assert found == pytest.approx((120 if is_known else 60) / 0.7, abs=1)


class TestNothing:
    def test_noise_has_no_rhythm(self):
        for seed in range(20):
            noise = np.random.default_rng(seed).standard_normal((400, 3))
            assert StrideTempo().estimate(noise).match < 0.35

    def test_stillness_has_none(self):
        rhythm = StrideTempo().estimate(np.zeros((400, 3)))
        assert (rhythm.stride_s, rhythm.rms_g) == (None, 0.0)

    @pytest.mark.parametrize(("noise_g", "found"), [(1.1, True), (1.9, False)])
    def test_a_rhythm_that_drowns_is_none(self, noise_g, found):
        """Noise of 1.1 times the rhythm's size leaves a match of 0.45, of 1.9 one of 0.2."""
        noise = scaled(np.random.default_rng(5).standard_normal((400, 3)), noise_g)
        assert (spm_of(gait(166) + noise) is not None) is found

    @pytest.mark.parametrize("period_s", [2.0, 2.4])
    def test_a_rhythm_slower_than_any_walk_is_no_stride(self, period_s):
        assert spm_of(waves(period_s, [1], 400)) is None

    def test_a_lag_is_believed_once_three_tenths_of_the_signal_are_left_to_compare(self):
        assert spm_of(gait(120 / 0.66, n=100)) == pytest.approx(120 / 0.66, rel=0.05)
        assert spm_of(gait(120 / 0.78, n=100)) is None


class TestRhythm:
    @pytest.mark.parametrize("alike", [-0.8, 0.0, 0.8])
    def test_it_says_how_much_left_is_like_right(self, alike):
        motion = scaled(waves(0.72, [np.sqrt((1 - alike) / 2), np.sqrt((1 + alike) / 2)], 360), 1.0)
        assert StrideTempo().estimate(motion).alike == pytest.approx(alike, abs=0.12)

    def test_it_says_how_hard_it_shakes(self):
        assert StrideTempo().estimate(gait(166, rms_g=0.85)).rms_g == pytest.approx(0.85, abs=0.01)

    @pytest.mark.parametrize("spm", [104, 166, 230])
    def test_it_says_how_the_power_lies_about_the_multiples_of_the_stride(self, spm):
        """Sizes of 2, 1 and 1 are powers of 4, 1 and 1."""
        shares = StrideTempo().estimate(waves(120 / spm, [2, 1, 0, 1], 400)).shares
        assert shares / shares.sum() == pytest.approx([4 / 6, 1 / 6, 0, 1 / 6, 0, 0, 0, 0], abs=0.05)
        assert 0.6 < shares.sum() < 1.0
        assert shares.shape == (8,)

    def test_what_does_not_repeat_itself_has_no_share(self):
        """A road beside the crank: as much power again, at rates that have nothing to do with it."""
        road = scaled(np.random.default_rng(3).standard_normal((400, 3)), 1.0)
        quiet, rough = (StrideTempo().estimate(scaled(waves(0.7, [1], 400), 1.0) + size * road) for size in (0.0, 1.0))
        assert quiet.shares[0] / quiet.shares.sum() > 0.97
        assert rough.shares[0] / rough.shares.sum() > 0.9
        assert rough.shares.sum() < 0.65 * quiet.shares.sum()

    @pytest.mark.parametrize("n", [240, 400])
    def test_it_says_whether_the_sides_come_again(self, n):
        """Steps that differ, steps that do not, and shakes that wander: a little later each, by a hundredth or two."""
        wandering_s = np.cumsum(0.36 * (1 + 0.04 * np.random.default_rng(2).standard_normal(20)))
        turn = 2 * np.pi * np.interp(np.arange(n) / 100, np.concatenate(([0.0], wandering_s)), np.arange(21.0))
        shakes = np.stack([np.cos(turn), 0.2 * np.sin(2 * turn), 0 * turn], axis=1)
        assert StrideTempo().estimate(gait(166, alike=0.7, n=n)).sided > 0.8
        assert abs(StrideTempo().estimate(gait(166, alike=1.0, n=n)).sided) < 0.12
        assert StrideTempo().estimate(shakes).sided < 0.05

    @pytest.mark.parametrize("seed", range(5))
    def test_feet_that_are_quite_alike_have_none_however_little_is_left_of_noise(self, seed):
        """The difference is then noise beside noise, which might come to anything."""
        noise = 0.03 * np.random.default_rng(seed).standard_normal((400, 3))
        assert abs(StrideTempo().estimate(gait(166, alike=1.0) + noise).sided) < 0.02

    @pytest.mark.parametrize("n", [115, 120])
    def test_a_window_with_hardly_any_room_for_three_steps_shows_them_all_the_same(self, n):
        assert StrideTempo(one_footed=True).estimate(gait(166, alike=0.2, n=n)).sided > 0.9

    def test_where_three_steps_leave_next_to_nothing_two_are_enough(self):
        """A few samples of noise beside a few others might come to anything."""
        sided = []
        for seed in range(12):
            chance = np.random.default_rng(seed)
            turn = 2 * np.pi * np.arange(114) / 72 + chance.uniform(0, 2 * np.pi)
            steps = np.stack([np.cos(2 * turn), 0.3 * np.sin(turn), 0 * turn], axis=1)
            noise = 0.15 * chance.standard_normal((114, 3))
            sided.append(StrideTempo().estimate(steps + noise).sided)
        assert min(sided) > 0.3

    def test_the_power_goes_to_25_hz_in_256_steps(self):
        power = StrideTempo().estimate(waves(0.5, [0, 0, 0, 0, 1], 400)).power
        assert power.shape == (257,)
        assert power.argmax() * 25 / 256 == pytest.approx(10.0, abs=0.1)
