"""What is gait and what is not: each rule by its threshold, and motions made by hand."""

import numpy as np
import pytest

from coach.dsp.gate import judge
from coach.dsp.landings import hardness
from coach.dsp.tempo import Rhythm, StrideTempo

STRIDE_S = 0.72
UPRIGHT_G = np.array([0.0, 0.0, 1.0])


def rhythm(spm=120 / STRIDE_S, *, match=0.9, alike=0.0, sided=0.5, quicker=0.0, seen=0.8, rms_g=0.5, once=0.3):
    """A rhythm of which the share `once` of the power is at the stride's own rate, the rest at twice that."""
    power = np.zeros(257)
    first = round(spm / 120 * 512 / 50)  # the spectrum has 512 points at 50 Hz
    power[first], power[2 * first] = once, 1 - once
    return Rhythm(
        stride_s=120 / spm,
        match=match,
        alike=alike,
        sided=sided,
        quicker=quicker,
        seen=seen,
        rms_g=rms_g,
        power=power,
    )


def motion(rms_g=1.0, vertical=0.7, stride_s=STRIDE_S):
    """Move at the rate of the steps, with this share of the power up and down."""
    turn = 4 * np.pi / stride_s * np.arange(0, 3, 0.01)
    across, up = np.sqrt(1 - vertical) * np.sin(turn), np.sqrt(vertical) * np.cos(turn)
    return np.sqrt(2) * rms_g * np.stack([across, 0 * turn, up], axis=1)


def impacts(hard, rms_g=0.5, period=36):
    """Jolts this hard against the size of the motion: one every so many samples, or at the samples given."""
    acc_g = np.tile(UPRIGHT_G, (300, 1))
    acc_g[np.arange(20, 300, period) if isinstance(period, int) else period, 0] = 1.0
    strongest = np.sqrt(91.31371 / 16)  # that of a knock of 1 g, as `test_contacts` adds it up
    return acc_g * [hard * rms_g / strongest, 0.0, 1.0]


UNLOCKED = np.array([12, 40, 74, 96, 138, 156, 201, 222, 255, 290])
"""Knocks, in samples, that do not come again a stride later."""


def keeps_time(monkeypatch, locked):
    monkeypatch.setattr("coach.dsp.gate.keeping_time", lambda signal_g, lag, sampled: locked)


def verdict(rhythm, *, vertical=0.7, hard=1.5, bounce_g=1.0, period=None, **known):
    """Judge a rhythm whose motion has this size."""
    felt = impacts(hard, rhythm.rms_g, round(50 * rhythm.stride_s) if period is None else period)
    return judge(rhythm, motion(bounce_g, vertical, rhythm.stride_s) + felt - UPRIGHT_G, felt, **known)


class TestGait:
    def test_it_repeats_itself_with_two_feet_in_all_directions(self):
        assert verdict(rhythm()) == "gait"

    def test_without_a_rhythm_there_is_none(self):
        nothing = Rhythm(
            stride_s=None, match=0.0, alike=0.0, sided=0.0, quicker=0.0, seen=0.0, rms_g=0.5, power=np.ones(257)
        )
        assert judge(nothing, motion(), impacts(1.5)) == "other"

    @pytest.mark.parametrize(("match", "expected"), [(0.57, "other"), (0.62, "doubtful"), (0.7, "gait")])
    def test_it_repeats_itself_well(self, match, expected):
        assert verdict(rhythm(match=match)) == expected

    @pytest.mark.parametrize(("match", "expected"), [(0.75, "doubtful"), (0.85, "gait")])
    def test_little_of_it_is_soon_alike_by_chance(self, match, expected):
        assert verdict(rhythm(match=match, seen=0.4)) == expected

    @pytest.mark.parametrize(("rms_g", "expected"), [(0.05, "other"), (0.09, "gait"), (3.0, "gait")])
    def test_it_shakes_the_body(self, rms_g, expected):
        assert verdict(rhythm(rms_g=rms_g)) == expected


class TestTwoFeet:
    @pytest.mark.parametrize(
        ("sided", "expected"), [(-0.3, "other"), (0.03, "other"), (0.08, "doubtful"), (0.2, "gait")]
    )
    def test_what_left_does_differently_it_does_again(self, sided, expected):
        """One hand that shakes a sensor has no sides."""
        assert verdict(rhythm(sided=sided), hard=0.6) == expected

    @pytest.mark.parametrize(("followed", "expected"), [(False, "other"), (True, "doubtful")])
    def test_sides_drown_where_samples_were_lost(self, followed, expected):
        """Who was followed until then keeps the reading; nobody is found there without them."""
        sampled = np.arange(300) > 20
        assert verdict(rhythm(sided=-0.3), hard=0.6, sampled=sampled, followed=followed) == expected
        assert verdict(rhythm(sided=-0.3), hard=0.6, followed=followed) == "other"

    @pytest.mark.parametrize(("hard", "expected"), [(0.9, "other"), (1.2, "gait")])
    def test_impacts_are_feet_too(self, hard, expected):
        assert verdict(rhythm(sided=-0.3), hard=hard) == expected

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


class TestBounce:
    """Twice a stride the body rises and falls, the faster its cadence the harder."""

    @pytest.mark.parametrize(("spm", "bounce_g", "expected"), [
        (180, 0.25, "other"), (180, 0.35, "gait"),
        (165, 0.25, "other"), (165, 0.35, "gait"),
        (110, 0.045, "other"), (110, 0.08, "gait"),
        (83, 0.012, "other"), (83, 0.03, "gait"),
    ])  # fmt: skip
    def test_it_grows_with_the_fourth_power_of_the_cadence(self, spm, bounce_g, expected):
        assert verdict(rhythm(spm, once=0.0, rms_g=0.08), bounce_g=bounce_g) == expected

    @pytest.mark.parametrize(("once", "expected"), [(0.8, "gait"), (0.97, "other")])
    def test_what_goes_round_once_a_stride_does_not_lift_it(self, once, expected):
        assert verdict(rhythm(once=once)) == expected

    def test_impacts_do_not_make_it_gait(self):
        assert verdict(rhythm(once=0.97), hard=6.0) == "other"

    def test_the_rest_before_a_bout_does_not_count(self):
        felt = impacts(1.5)
        begun = motion(0.4) + felt - UPRIGHT_G
        begun[:150] = 0.0
        assert judge(rhythm(once=0.0), begun, felt) == "gait"


class TestRoad:
    """What jolts in gait is the feet."""

    def test_hard_jolts_come_with_the_stride(self):
        assert verdict(rhythm(), hard=3.0, bounce_g=0.5) == "gait"
        assert verdict(rhythm(), hard=3.0, bounce_g=0.5, period=UNLOCKED) == "other"

    def test_who_bounces_amply_lands_all_the_same(self):
        assert verdict(rhythm(once=0.0), hard=3.0, bounce_g=0.75, period=UNLOCKED) == "other"

    @pytest.mark.parametrize(("locked", "known", "expected"), [
        (0.15, {}, "other"), (0.22, {}, "other"), (0.3, {}, "gait"),
        (0.15, {"followed": True}, "other"), (0.22, {"followed": True}, "gait"),
    ])  # fmt: skip
    def test_how_well(self, monkeypatch, locked, known, expected):
        keeps_time(monkeypatch, locked)
        assert verdict(rhythm(), hard=2.9, **known) == expected

    @pytest.mark.parametrize(("locked", "expected"), [(0.4, "other"), (0.6, "gait")])
    def test_jolts_prove_feet_without_sides_where_they_keep_it_well(self, monkeypatch, locked, expected):
        keeps_time(monkeypatch, locked)
        assert verdict(rhythm(sided=0.0), hard=2.9) == expected


class TestSoftFeet:
    """Where landings are not felt, the strength of what is felt has to rise and fall twice a stride."""

    def judged(self, monkeypatch, locked, even, spm=120, **shape):
        keeps_time(monkeypatch, locked)
        monkeypatch.setattr("coach.dsp.gate.evenness", lambda acc_g, stride, sampled: even)
        vertical = shape.pop("vertical", 0.7)
        return verdict(rhythm(spm, **shape), hard=0.6, vertical=vertical)

    @pytest.mark.parametrize(("even", "expected"), [(0.5, "other"), (0.8, "gait")])
    def test_instead_of_jolts(self, monkeypatch, even, expected):
        assert self.judged(monkeypatch, 0.0, even) == expected
        assert self.judged(monkeypatch, 0.0, even, 170) == expected

    def test_along_the_vertical(self, monkeypatch):
        """Circles of a hand that washes up are as even."""
        assert self.judged(monkeypatch, 0.0, 0.8, vertical=0.3) == "other"
        assert self.judged(monkeypatch, 0.4, 0.8, vertical=0.3) == "gait"

    @pytest.mark.parametrize(("locked", "even", "expected"), [
        (0.4, -0.3, "gait"), (0.4, -0.5, "other"), (0.9, -0.5, "gait"), (0.2, 0.0, "other"),
    ])  # fmt: skip
    def test_at_a_walkers_cadence_one_makes_up_for_the_other(self, monkeypatch, locked, even, expected):
        assert self.judged(monkeypatch, locked, even) == expected

    @pytest.mark.parametrize(("even", "expected"), [(-0.3, "gait"), (-0.5, "other")])
    def test_what_goes_round_is_not_pushed_once_a_turn(self, monkeypatch, even, expected):
        assert self.judged(monkeypatch, 0.9, even, 170, once=0.6) == expected


class TestShaking:
    """What might be a hand has to last a moment."""

    @pytest.mark.parametrize(("sided", "expected"), [(0.3, "likely"), (0.6, "gait")])
    def test_softly_with_sides_that_are_alike(self, sided, expected):
        assert verdict(rhythm(alike=0.9, sided=sided), hard=0.8) == expected
        assert verdict(rhythm(alike=0.9, sided=sided), hard=1.5) == "gait"

    @pytest.mark.parametrize(("alike", "expected"), [(-0.5, "likely"), (-0.3, "gait")])
    def test_softly_with_halves_that_are_opposed(self, monkeypatch, alike, expected):
        monkeypatch.setattr("coach.dsp.gate.evenness", lambda acc_g, stride, sampled: 0.0)
        assert verdict(rhythm(alike=alike, once=0.6), hard=0.8) == expected

    @pytest.mark.parametrize(("alike", "expected"), [(0.4, "gait"), (0.7, "other")])
    def test_two_turns_of_a_crank_are_no_stride(self, alike, expected):
        twice = rhythm(90, alike=alike)
        first = round(90 / 120 * 512 / 50)
        twice.power[[2 * first, 4 * first]] = 0.2, 0.8
        assert verdict(twice) == expected


class TestJumping:
    def test_both_feet_land_at_once(self, monkeypatch):
        """Beside a foot nothing is felt of the other one."""
        assert verdict(rhythm(), hard=4.0, period=72) == "gait"
        assert verdict(rhythm(), hard=4.0, period=36) == "other"

    def test_a_thigh_feels_both_feet(self):
        assert verdict(rhythm(alike=0.4), hard=4.0, period=36) == "gait"

    @pytest.mark.parametrize(("vertical", "expected"), [(0.95, "gait"), (0.999, "other")])
    def test_on_the_spot_is_only_up_and_down(self, vertical, expected):
        assert verdict(rhythm(), vertical=vertical, hard=1.1, bounce_g=2.0) == expected


class TestSlowSensors:
    """What they feel too little of ends no gait that was found, and begins none."""

    @pytest.mark.parametrize(("known", "expected"), [
        ({"followed": True, "slow": True}, "doubtful"), ({"followed": True}, "other"), ({"slow": True}, "other"),
    ])  # fmt: skip
    def test_sides(self, known, expected):
        assert verdict(rhythm(sided=0.0), hard=0.5, **known) == expected

    @pytest.mark.parametrize(("known", "expected"), [
        ({"followed": True, "slow": True}, "gait"), ({"followed": True}, "other"), ({"slow": True}, "other"),
    ])  # fmt: skip
    def test_jolts_that_keep_time(self, known, expected):
        assert verdict(rhythm(once=0.0), hard=3.0, bounce_g=0.5, period=UNLOCKED, **known) == expected


class TestUpright:
    @pytest.mark.parametrize(("vertical", "expected"), [(0.25, "other"), (0.45, "gait")])
    def test_what_both_steps_have_in_common_is_up_and_down(self, vertical, expected):
        assert verdict(rhythm(alike=0.9), vertical=vertical) == expected

    @pytest.mark.parametrize(("vertical", "expected"), [(0.2, "other"), (0.3, "gait")])
    def test_what_is_followed_may_sway_for_a_moment(self, vertical, expected):
        assert verdict(rhythm(alike=0.9), vertical=vertical, followed=True) == expected

    def test_a_limb_may_swing_along_any_line(self):
        assert verdict(rhythm(alike=0.7), vertical=0.1) == "gait"

    def test_without_gravity_nobody_knows_what_is_vertical(self):
        assert judge(rhythm(alike=0.9), motion(vertical=0.1), impacts(1.5) - UPRIGHT_G) == "gait"


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

    @pytest.mark.parametrize(
        ("rms_g", "hard", "expected"), [(1.1, 0.6, "gait"), (1.7, 0.6, "other"), (1.7, 1.5, "gait")]
    )
    def test_if_its_feet_are_felt_however_hard(self, rms_g, hard, expected):
        assert verdict(rhythm(110, rms_g=rms_g), hard=hard) == expected


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
        assert self.judged(along_g[:, None] * [0.7, -0.5, 0.4]) == "other"

    @pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
    def test_noise_is_not(self, seed):
        assert self.judged(0.6 * np.random.default_rng(seed).standard_normal((400, 3))) == "other"

    def test_standing_is_not(self):
        """Though somebody who sways does so in a rhythm."""
        assert self.judged(self.steps(104, 0.03)) == "other"
