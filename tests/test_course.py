"""Courses of the simulated runner: the grammar, the gaits and what has no steps."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from coach.config import SimulationConfig, read_layer, shipped_path
from coach.errors import UsageError
from sensors.course import parse_course
from sensors.processes import WORLD_HZ, Spells
from sensors.simulated import SimulatedRunner, record, truth

SHIPPED = read_layer(shipped_path()).tree["simulation"]
EXERCISES = ["curl 20 @ 40", "squat 20 @ 35", "push-up 20 @ 35", "row 20 @ 28", "jack 20 @ 120"]
STEPLESS = ["stand 20", "sit 20", "type 20", "fidget 20", "drive 20", "cycle 20 @ 85", "rattle 20", "shake 20 @ 160"]
BUSY = ["rough-drive 20", "rough-cycle 20 @ 85", "gesture 20", "brush 20", "wash 20", *EXERCISES]


def simulated(text, **changes):
    """Run a course to its end: the runner, the stamps and the acceleration."""
    course = parse_course(text)
    runner = SimulatedRunner(SimulationConfig.model_validate(SHIPPED | changes), course)
    table = np.concatenate(list(record(runner, course.end_s)))
    return runner, table[:, 1], table[:, 2:]


def felt(text, **changes):
    """Acceleration without the sensor's noise, once the activity has begun."""
    _, t_s, acc_g = simulated(text, **({"noise_g": 0.0} | changes))
    return acc_g[t_s >= 1.0]


def rms_g(acc_g):
    return np.sqrt(((acc_g - acc_g.mean(0)) ** 2).sum(1).mean())


def share_at(acc_g, per_min, rate_hz=100.0):
    """Share of the power, of three axes, within 15 % of a rate."""
    power = (abs(np.fft.rfft((acc_g - acc_g.mean(0)) * np.hanning(len(acc_g))[:, None], axis=0)) ** 2).sum(1)
    times = np.fft.rfftfreq(len(acc_g), 1 / rate_hz) * 60 / per_min
    return power[abs(times - 1) < 0.15].sum() / power.sum()


def resemblance(acc_g, shortest_s=0.25, longest_s=1.5, rate_hz=100.0):
    """Largest correlation of the signal with itself, over the lags of gait."""
    x = acc_g - acc_g.mean(0)
    lags = range(round(shortest_s * rate_hz), round(longest_s * rate_hz))
    return max((x[:-k] * x[k:]).sum() / np.sqrt((x[:-k] ** 2).sum() * (x[k:] ** 2).sum()) for k in lags)


class TestGrammar:
    def test_text_is_read(self):
        course = parse_course("stand 5, run 60 @ 166, ramp 10 -> 176,run 30@176, stand 5")
        assert course.end_s == 110
        told = [course.cadence_at(t) for t in (0, 4.9, 5, 64, 70, 75, 104.9, 105, 111)]
        assert told == [0, 0, 166, 166, 171, 176, 176, 0, 0]
        assert [course.next_change(t) for t in (0, 5, 70, 106, 110)] == [5, 65, 75, 110, math.inf]

    def test_every_activity_is_read(self):
        text = "walk 1 @ 110, run 1 @ 166, cycle 1 @ 85, shake 1 @ 160, sit 1, type 1, fidget 1, drive 1, rattle 1"
        more = "rough-drive 1, gesture 1, brush 1, wash 1, rough-cycle 1 @ 80, curl 1 @ 40, squat 1 @ 40"
        strong = "push-up 1 @ 40, row 1 @ 28, jack 1 @ 120"
        others = parse_course(f"{more}, {strong}")
        assert [others.segment_at(t + 0.5).activity for t in range(10)] == [
            part.split()[0] for part in f"{more}, {strong}".split(", ")
        ]
        course = parse_course(text)
        done = [course.segment_at(t + 0.5) for t in range(10)]
        names = [segment.activity for segment in done]
        assert names == ["walk", "run", "cycle", "shake", "sit", "type", "fidget", "drive", "rattle", "stand"]
        assert [segment.gait for segment in done[:3]] == ["walk", "run", None]
        assert [course.cadence_at(t + 0.5) for t in range(4)] == [110, 166, 0, 0]

    def test_a_ramp_keeps_the_gait(self):
        course = parse_course("walk 10 @ 100, ramp 10 -> 150, run 10 @ 150, ramp 10 -> 180")
        assert [course.segment_at(t).gait for t in (15, 35)] == ["walk", "run"]
        assert [course.cadence_at(t) for t in (15, 35)] == [125, 165]

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "part 1 (''): this is neither"),
            ("stand 5, hop 3", "part 2 ('hop 3'): this is neither"),
            ("run 60", "part 1 ('run 60'): this is neither"),
            ("sit 60 @ 80", "part 1 ('sit 60 @ 80'): this is neither"),
            ("run a @ 166", "part 1 ('run a @ 166'): 'a' is not a number"),
            ("stand 5, run -60 @ 166", "part 2 ('run -60 @ 166'): -60 s is no duration"),
            ("stand inf", "part 1 ('stand inf'): inf s is no duration"),
            ("run 60 @ 83", "part 1 ('run 60 @ 83'): 83 steps a minute is outside 120-240"),
            ("run 60 @ nan", "part 1 ('run 60 @ nan'): nan steps a minute is outside 120-240"),
            ("walk 60 @ 180", "part 1 ('walk 60 @ 180'): 180 steps a minute is outside 70-160"),
            ("walk 9 @ 120, ramp 9 -> 180", "part 2 ('ramp 9 -> 180'): 180 steps a minute is outside 70-160"),
            ("cycle 60 @ 170", "part 1 ('cycle 60 @ 170'): 170 turns of the crank a minute is outside 30-130"),
            ("shake 2 @ 4", "part 1 ('shake 2 @ 4'): 4 shakes a minute is outside 30-400"),
            ("stand 5, ramp 10 -> 176", "part 2 ('ramp 10 -> 176'): a ramp starts from the cadence of the part before"),
            (
                "cycle 5 @ 85, ramp 5 -> 90",
                "part 2 ('ramp 5 -> 90'): a ramp starts from the cadence of the part before",
            ),
        ],
    )
    def test_an_error_names_the_part(self, text, complaint):
        with pytest.raises(UsageError) as caught:
            parse_course(text)
        assert caught.value.message.startswith(f"course, {complaint}")
        assert "run 60 @ 166" in caught.value.hint


class TestGaits:
    def test_the_runner_does_what_the_course_says(self):
        course = "stand 5, run 30 @ 160, stand 10, walk 20 @ 100, drive 5"
        runner, _, _ = simulated(course, step_cv_pct=0.0, asymmetry_pct=0.0)
        times = np.array([step.t_s for step in runner.true_steps])
        ran, walked = times[times < 36], times[times > 36]
        assert 5 < ran[0] < 5.5
        assert 34.5 < ran[-1] < 35
        assert np.diff(ran) == pytest.approx(60 / 160)
        assert 45 < walked[0] < 45.7
        assert walked[-1] < 65
        assert np.diff(walked) == pytest.approx(60 / 100)

    def test_walking_goes_over_into_running_from_contact_to_contact(self):
        runner, _, _ = simulated("walk 20 @ 130, run 20 @ 160, walk 20 @ 110", step_cv_pct=0.0)
        steps = runner.true_steps
        assert [gait for gait, step in pairwise(s.gait for s in steps) if gait != step] == ["walk", "run"]
        assert all(a.foot != b.foot for a, b in pairwise(steps))
        assert max(b.t_s - a.t_s for a, b in pairwise(steps)) < 60 / 110 * 1.01

    def test_running_is_stronger_than_walking_at_the_same_cadence(self):
        for placement in ("foot", "chest", "wrist"):
            walk_g, run_g = (felt(f"{gait} 20 @ 150", placement=placement) for gait in ("walk", "run"))
            assert rms_g(run_g) > 1.3 * rms_g(walk_g)

    def test_truth_names_the_gait_of_a_window(self):
        runner, _, _ = simulated("walk 25 @ 110, run 24 @ 160, sit 21")
        windows = truth(runner, 70.0)["windows"]
        assert [w.get("gait") for w in windows] == ["walk", "walk", None, "run", "run", None, None]
        assert [w["ok"] for w in windows] == [False, True, True, True, False, True, True]
        assert [w.get("still", False) for w in windows] == [False] * 5 + [True] * 2


class TestWhatHasNoSteps:
    @pytest.mark.parametrize("placement", ["foot", "chest", "wrist"])
    @pytest.mark.parametrize("course", [*STEPLESS, *BUSY])
    def test_holds_no_step_and_is_another_with_another_seed(self, course, placement):
        (runner, t_s, one), (_, _, again), (_, _, other) = (
            simulated(course, placement=placement, seed=seed) for seed in (1, 1, 2)
        )
        told = truth(runner, 20.0)
        assert told["step_times_s"] == []
        assert [(w["cadence_spm"], w["ok"], w["still"]) for w in told["windows"]] == [(0.0, True, True)] * 2
        assert len(t_s) == 2000
        assert np.array_equal(one, again)
        assert not np.allclose(one - one.mean(0), other - other.mean(0), atol=0.05)

    def test_standing_sways_a_little(self):
        for placement in ("foot", "chest", "hand"):
            swayed = felt("stand 60", placement=placement)
            assert 0.002 < rms_g(swayed) < 0.15
            assert np.linalg.norm(swayed.mean(0)) == pytest.approx(1.0, abs=0.02)

    def test_sitting_down_turns_the_thigh(self):
        _, t_s, acc_g = simulated("stand 5, sit 10", placement="thigh")
        stood, sat = acc_g[(t_s > 1) & (t_s < 4)].mean(0), acc_g[t_s > 7].mean(0)
        assert np.degrees(np.arccos(stood @ sat / np.linalg.norm(stood) / np.linalg.norm(sat))) == pytest.approx(
            80, abs=5
        )

    def test_typing_taps_at_the_wrist_and_leaves_the_thigh_alone(self):
        wrist, thigh = (np.diff(felt("type 60", placement=placement), axis=0) for placement in ("wrist", "thigh"))
        assert abs(wrist).max() > 0.1
        assert wrist.std() > 5 * thigh.std()

    def test_driving_is_road_and_bends(self):
        for placement in ("thigh", "chest", "wrist"):
            assert 0.03 < rms_g(felt("drive 120", placement=placement)) < 0.3

    def test_a_pedalling_foot_goes_round_smoothly_with_the_crank(self):
        foot = felt("cycle 60 @ 90", placement="foot")
        assert share_at(foot, 90) > 0.85
        # A crank of 17 cm at 90 turns a minute: 1.54 g, and gravity.
        assert 1.2 < np.percentile(np.linalg.norm(foot, axis=1), 50) < 2.2
        assert abs(np.diff(foot, axis=0)).max() < 0.7

    def test_on_a_bicycle_the_trunk_and_the_wrist_feel_the_road(self):
        for placement in ("chest", "wrist"):
            ridden = felt("cycle 60 @ 90", placement=placement)
            assert 0.03 < rms_g(ridden) < 0.35
            assert share_at(ridden, 90) < 0.3

    def test_a_rough_road_shakes_hands_more_than_chests_and_what_pedals_still_goes_round(self):
        hand, chest, foot, smooth = (
            felt(f"{verb} 60 @ 80", placement=placement)
            for verb, placement in (
                ("rough-cycle", "hand"),
                ("rough-cycle", "chest"),
                ("rough-cycle", "foot"),
                ("cycle", "hand"),
            )
        )
        assert rms_g(hand) > 2 * rms_g(chest)
        assert rms_g(hand) > 2 * rms_g(smooth)
        assert 0.4 < share_at(foot, 80) < 0.95

    def test_a_track_shakes_a_car_more_than_a_road(self):
        for placement in ("thigh", "chest", "wrist"):
            assert rms_g(felt("rough-drive 60", placement=placement)) > 1.5 * rms_g(
                felt("drive 60", placement=placement)
            )

    @pytest.mark.parametrize("chore", ["gesture", "brush", "wash"])
    def test_chores_are_for_hands(self, chore):
        for seed in (1, 2, 3):
            wrist, foot = (felt(f"{chore} 40", placement=placement, seed=seed) for placement in ("wrist", "foot"))
            assert rms_g(wrist) > 4 * rms_g(foot)

    def test_a_curl_turns_the_forearm_and_leaves_the_foot(self):
        for seed in (1, 2, 3):
            wrist, foot = (felt("curl 30 @ 30", placement=placement, seed=seed) for placement in ("wrist", "foot"))
            assert share_at(wrist, 30) > 0.4
            assert rms_g(foot) < 0.05

    def test_who_squats_goes_down_and_up_as_far_as_he_does(self):
        """By 25 to 50 cm, at the rate of the course: for a sine of half that, 0.17 to 0.36 g root mean square at 40."""
        for seed in (1, 2, 3):
            assert 0.1 < rms_g(felt("squat 30 @ 40", placement="waist", seed=seed)) < 0.6
            assert rms_g(felt("squat 30 @ 40", placement="foot", seed=seed)) < 0.05

    def test_who_does_push_ups_lies(self):
        prone, upright = (felt(f"{verb}", placement="chest").mean(0) for verb in ("push-up 20 @ 30", "stand 20"))
        assert np.degrees(np.arccos(prone @ upright / np.linalg.norm(prone) / np.linalg.norm(upright))) > 60

    def test_an_oarsman_slides(self):
        for seed in (1, 2, 3):
            chest, foot = (felt("row 30 @ 30", placement=placement, seed=seed) for placement in ("chest", "foot"))
            assert rms_g(chest) > 0.1 > 0.5 * rms_g(foot)

    @pytest.mark.parametrize("per_min", [100, 140])
    def test_a_jumper_flies_and_lands_at_every_jump(self, per_min):
        for seed in (1, 2, 3):
            waist = felt(f"jack 30 @ {per_min}", placement="waist", seed=seed, rate_hz=200.0)
            size_g = np.linalg.norm(waist, axis=1)
            assert np.percentile(size_g, 5) < 0.4
            assert np.percentile(size_g, 95) > 2.0
            assert share_at(waist, per_min, 200.0) > 5 * share_at(waist, per_min / 2, 200.0)

    def test_rattling_is_strong_and_has_no_period(self):
        for seed in (1, 2, 3):
            rattled = felt("rattle 30", seed=seed)
            assert rms_g(rattled) > 0.5
            assert resemblance(rattled) < 0.4

    @pytest.mark.parametrize("per_min", [90, 160, 220])
    def test_shaking_keeps_its_rate_and_mostly_its_direction(self, per_min):
        for seed in (1, 2, 3):
            shaken = felt(f"shake 30 @ {per_min}", seed=seed)
            variance = np.linalg.eigvalsh(np.cov(shaken.T))
            assert variance[-1] / variance.sum() > 0.75
            assert 0.3 < np.sqrt(2 * variance[-1]) < 2.8
            assert share_at(shaken, per_min) > 0.5

    def test_spells_last_no_longer_than_they_may(self):
        spells = Spells((0.5, 2.0), (1.0, 2.0), np.random.default_rng(1), ramp_s=0.001, axes=1)
        on = np.concatenate([spells.draw(n)[:, 0] for n in (1, 499, 50_000)]) > 0.05
        edges = np.flatnonzero(np.diff(on))
        lengths_s = np.diff(edges) / WORLD_HZ
        assert lengths_s.min() > 0.49
        assert lengths_s.max() < 2.02
        assert 0.3 < on.mean() < 0.6
