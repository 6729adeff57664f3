"""What is gait and what is not: each rule by its threshold, and motions made by hand."""

import numpy as np
import pytest

from coach.dsp.gate import hardness, judge
from coach.dsp.tempo import Rhythm, StrideTempo

STRIDE_S = 0.72
UPRIGHT_G = np.array([0.0, 0.0, 1.0])


def rhythm(spm=120 / STRIDE_S, *, match=0.9, alike=0.0, quicker=0.0, seen=0.8, rms_g=0.5, once=0.3):
    """A rhythm of which the share `once` of the power is at the stride's own rate, the rest at twice that."""
    power = np.zeros(257)
    first = round(spm / 120 * 512 / 50)  # the spectrum has 512 points at 50 Hz
    power[first], power[2 * first] = once, 1 - once
    return Rhythm(stride_s=120 / spm, match=match, alike=alike, quicker=quicker, seen=seen, rms_g=rms_g, power=power)


def motion(straight=0.6):
    """Movement of which this share of the power lies along one line."""
    t_s = np.arange(0, 3, 0.01)
    along, across = np.sin(2 * np.pi * t_s), np.cos(2 * np.pi * t_s)
    return np.stack([np.sqrt(straight) * along, np.sqrt(1 - straight) * across, 0 * t_s], axis=1)


def impacts(hard, rms_g=0.5):
    """Jolts this hard against the size of the motion: one every 0.36 s."""
    acc_g = np.tile(UPRIGHT_G, (300, 1))
    acc_g[20::36, 0] = 1.0
    strongest = np.sqrt(91.31371 / 16)  # that of a knock of 1 g, as `test_contacts` adds it up
    return acc_g * [hard * rms_g / strongest, 0.0, 1.0]


def verdict(rhythm, *, straight=0.6, hard=1.5):
    return judge(rhythm, motion(straight), impacts(hard, rhythm.rms_g))


class TestGait:
    def test_it_repeats_itself_with_two_feet_in_all_directions(self):
        assert verdict(rhythm()) == "gait"

    def test_without_a_rhythm_there_is_none(self):
        nothing = Rhythm(stride_s=None, match=0.0, alike=0.0, quicker=0.0, seen=0.0, rms_g=0.5, power=np.ones(257))
        assert verdict(nothing) == "other"

    @pytest.mark.parametrize(("match", "expected"), [(0.57, "other"), (0.62, "doubtful"), (0.7, "gait")])
    def test_it_repeats_itself_well(self, match, expected):
        assert verdict(rhythm(match=match)) == expected

    @pytest.mark.parametrize(("match", "expected"), [(0.75, "doubtful"), (0.85, "gait")])
    def test_little_of_it_is_soon_alike_by_chance(self, match, expected):
        assert verdict(rhythm(match=match, seen=0.4)) == expected

    @pytest.mark.parametrize(("rms_g", "expected"), [(0.07, "other"), (0.14, "gait"), (3.0, "gait")])
    def test_it_shakes_the_body(self, rms_g, expected):
        assert verdict(rhythm(rms_g=rms_g)) == expected


class TestTwoFeet:
    @pytest.mark.parametrize(("once", "expected"), [(0.87, "gait"), (0.95, "other")])
    def test_what_goes_round_once_a_stride_is_a_crank(self, once, expected):
        assert verdict(rhythm(once=once)) == expected

    def test_impacts_do_not_make_it_gait(self):
        assert verdict(rhythm(once=0.95), hard=6.0) == "other"

    @pytest.mark.parametrize(("alike", "expected"), [(-0.7, "doubtful"), (-0.6, "gait")])
    def test_halves_that_are_opposed_are_rather_those_of_a_circle(self, alike, expected):
        assert verdict(rhythm(alike=alike)) == expected

    @pytest.mark.parametrize(("hard", "expected"), [(1.4, "doubtful"), (2.6, "gait")])
    def test_but_a_shoe_tells_by_its_impacts(self, hard, expected):
        assert verdict(rhythm(alike=-0.8), hard=hard) == expected
        assert verdict(rhythm(match=0.62), hard=hard) == expected

    @pytest.mark.parametrize(("quicker", "expected"), [(0.3, "gait"), (0.7, "other")])
    def test_nothing_in_gait_is_quicker_than_a_step(self, quicker, expected):
        assert verdict(rhythm(quicker=quicker)) == expected


class TestTone:
    """What has one rate only, and no impacts, is more likely a hand."""

    @pytest.mark.parametrize(("once", "expected"), [(0.25, "gait"), (0.1, "doubtful"), (0.85, "doubtful")])
    def test_a_soft_tone_has_to_last(self, once, expected):
        assert verdict(rhythm(once=once), hard=0.6) == expected

    @pytest.mark.parametrize(("hard", "expected"), [(0.75, "doubtful"), (1.1, "gait")])
    def test_impacts_are_more_than_a_tone(self, hard, expected):
        assert verdict(rhythm(once=0.1), hard=hard) == expected

    @pytest.mark.parametrize(("straight", "expected"), [(0.94, "doubtful"), (0.99, "other")])
    def test_a_tone_along_a_line_across_the_vertical_is_a_hand(self, straight, expected):
        assert verdict(rhythm(once=0.1), straight=straight, hard=0.6) == expected

    def test_along_the_vertical_it_may_be_a_body(self):
        up_and_down = motion(0.99)[:, [2, 1, 0]]
        assert judge(rhythm(once=0.1), up_and_down, impacts(0.6)) == "doubtful"

    def test_without_gravity_nobody_knows_what_is_vertical(self):
        assert judge(rhythm(once=0.1), motion(0.99), impacts(0.6) - UPRIGHT_G) == "doubtful"

    def test_more_than_a_tone_may_go_along_a_line(self):
        assert verdict(rhythm(), straight=0.99, hard=0.6) == "gait"


class TestVigour:
    """Where left and right feel alike, only runners shake hard, and they take more than 130 steps a minute."""

    @pytest.mark.parametrize(("rms_g", "expected"), [(0.65, "gait"), (0.9, "other")])
    def test_nobody_walks_so_hard(self, rms_g, expected):
        assert verdict(rhythm(120, alike=0.9, rms_g=rms_g)) == expected

    @pytest.mark.parametrize(("spm", "expected"), [(125, "other"), (140, "gait")])
    def test_runners_do(self, spm, expected):
        assert verdict(rhythm(spm, alike=0.9, rms_g=0.9)) == expected

    @pytest.mark.parametrize(("alike", "expected"), [(0.72, "gait"), (0.85, "other")])
    def test_a_limb_that_swings_may(self, alike, expected):
        assert verdict(rhythm(110, alike=alike, rms_g=0.9)) == expected


class TestHardness:
    @pytest.mark.parametrize("hard", [0.6, 2.0, 8.0])
    def test_it_is_that_of_the_impacts_whatever_the_size_of_all(self, hard):
        assert hardness(impacts(hard, 0.5), 0.5) == pytest.approx(hard, rel=1e-6)
        assert hardness(impacts(hard, 2.0), 2.0) == pytest.approx(hard, rel=1e-6)

    def test_a_circle_has_that_of_its_speed(self):
        """A circle of 1 g at 5 Hz bends by 4 sin²(pi 5 / 100) of its size at each sample; the window counts twice."""
        turns = 2 * np.pi * 5 * np.arange(200) / 100
        circle_g = np.stack([np.cos(turns), np.sin(turns), 1 + 0 * turns], axis=1)
        assert hardness(circle_g, 1.0) == pytest.approx(0.1958, abs=1e-4)

    def test_the_hardest_fortieth_is_left_out(self):
        """One blow of a hand is no gait."""
        acc_g = np.tile(UPRIGHT_G, (400, 1))
        acc_g[200, 0] = 20.0
        assert hardness(acc_g, 1.0) < 1e-6

    def test_stillness_has_none(self):
        assert hardness(np.tile(UPRIGHT_G, (8, 1)), 0.5) == 0.0


class TestMotions:
    """Through the estimator, as the engine does it."""

    T_S = np.arange(0, 4, 0.01)

    def judged(self, motion_g):
        return judge(StrideTempo().estimate(motion_g), motion_g, motion_g + UPRIGHT_G)

    def turns(self, hz):
        return 2 * np.pi * hz * self.T_S

    def steps(self, spm, size_g):
        """Support, sway and swing of a trunk, and the impact of each foot."""
        step = self.turns(spm / 60)
        motion_g = size_g * np.stack([0.5 * np.sin(step), 0.4 * np.sin(step / 2), np.cos(step)], axis=1)
        motion_g[(step % (2 * np.pi)) < step[1], 2] += 1.5 * size_g
        return motion_g

    @pytest.mark.parametrize(("spm", "size_g"), [(104, 0.25), (166, 1.0), (225, 1.0)])
    def test_steps_are_gait(self, spm, size_g):
        assert self.judged(self.steps(spm, size_g)) == "gait"

    @pytest.mark.parametrize("rpm", [65, 85, 100])
    def test_a_leg_on_a_crank_is_not(self, rpm):
        turn = self.turns(rpm / 60)
        circle_g = 0.8 * np.stack([np.cos(turn), 0.1 * np.sin(turn), np.sin(turn)], axis=1)
        assert self.judged(circle_g + 0.05 * np.sin(2 * turn)[:, None]) == "other"

    @pytest.mark.parametrize("per_min", [90, 130, 160, 200])
    def test_a_hand_that_shakes_along_a_line_is_not(self, per_min):
        turn = self.turns(per_min / 60)
        along_g = np.sin(turn) + 0.3 * np.sin(2 * turn + 1)
        assert self.judged(along_g[:, None] * [0.6, -0.5, 0.6]) == "other"

    @pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
    def test_noise_is_not(self, seed):
        assert self.judged(0.6 * np.random.default_rng(seed).standard_normal((400, 3))) == "other"

    def test_standing_is_not(self):
        """Though somebody who sways does so in a rhythm."""
        assert self.judged(self.steps(104, 0.03)) == "other"
