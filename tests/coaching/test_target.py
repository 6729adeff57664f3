"""The target: a band, or so much above the runner's own cadence, which follows the speed where one is known."""

from __future__ import annotations

import pytest

from coach.coaching.target import MOVES_SPM, SMOOTH_S, Band, Target
from coach.model import Assignment, Control, Decision, Packet, Plan, PlanStep

PERSONAL = ("target.kind=personal", "target.own_spm=160")
AT_2_8 = (*PERSONAL, "target.own_mps=2.8")


def pod(at, spm, mps):
    payload = b"\x05" + round(mps * 256).to_bytes(2, "little") + bytes([spm // 2, 0, 0])
    return Packet(at=float(at), sensor="pod", codec="rsc", payload=payload)


def running(start, end, spm, mps):
    return [pod(at, spm, mps) for at in range(start, end)]


def decisions(events, start=""):
    return [event for event in events if isinstance(event, Decision) and event.reason.startswith(start)]


@pytest.fixture
def target(configured):
    return lambda *changes: Target(configured(*changes).target)


@pytest.fixture
def run(configured, fold):
    """Take inputs through the fold; the pod counts strides, as most do."""

    def run(items, *changes):
        config = configured("sensor.pod_cadence=strides", *changes)
        return fold(sorted(items, key=lambda item: item.at), config)

    return run


class TestBand:
    def test_it_is_that_of_the_settings(self, target):
        assert target().band == Band(170.0, 190.0)

    def test_a_personal_one_is_above_the_own_cadence(self, target):
        assert target(*PERSONAL).band == Band(164.0, 172.0)
        assert target(*PERSONAL, "target.raise_pct=2.5").band == Band(160.0, 168.0)
        assert target(*PERSONAL, "target.raise_pct=10").band == Band(172.0, 176.0)

    def test_what_is_asked_for_goes_before(self, target):
        aim = target(*AT_2_8)
        aim.ask(Band(150.0, 160.0))
        for at_s in range(60):
            aim.speed(3.6, float(at_s))
        assert aim.band == Band(150.0, 160.0)


class TestSpeed:
    def test_the_own_cadence_follows_by_so_much_for_each_metre_a_second(self, target):
        aim = target(*AT_2_8)
        for at_s in range(120):
            aim.speed(3.8, float(at_s))
        assert aim.own_spm == pytest.approx(165.6, abs=MOVES_SPM)
        assert aim.own_spm > 163.0

    def test_it_moves_seldom(self, target):
        aim = target(*AT_2_8)
        seen = set()
        for at_s in range(240):
            aim.speed(3.8 + 0.1 * (at_s % 2), float(at_s))
            seen.add(aim.own_spm)
        assert len(seen) <= 3

    def test_it_is_there_within_half_a_minute_or_so(self, target):
        aim = target(*AT_2_8)
        for at_s in range(int(2 * SMOOTH_S)):
            aim.speed(3.8, float(at_s))
        assert aim.own_spm >= 163.5

    def test_standing_and_walking_move_nothing(self, target):
        aim = target(*AT_2_8)
        for at_s in range(300):
            aim.speed(0.0 if at_s % 2 else 1.3, float(at_s))
        assert aim.own_spm == 160.0

    def test_a_slow_jog_moves_it(self, target):
        aim = target(*AT_2_8)
        for at_s in range(300):
            aim.speed(1.6, float(at_s))
        assert aim.own_spm < 156.0

    def test_far_from_the_speed_of_the_baseline_it_goes_no_further(self, target):
        aim = target(*AT_2_8)
        for at_s in range(300):
            aim.speed(7.5, float(at_s))
        assert 160 + 5.6 * 1.5 - MOVES_SPM < aim.own_spm <= 160 + 5.6 * 1.5

    def test_a_speed_that_jumps_for_a_moment_moves_nothing(self, target):
        aim = target(*AT_2_8)
        for at_s in range(300):
            aim.speed(120.0 if at_s == 100 else 2.8, float(at_s))
            assert aim.own_spm == 160.0

    def test_after_a_sprint_it_is_back_as_soon_as_after_any_other(self, target):
        aim = target(*AT_2_8)
        for at_s in range(300):
            aim.speed(9.0, float(at_s))
        for at_s in range(300, 300 + int(2 * SMOOTH_S)):
            aim.speed(2.8, float(at_s))
        assert aim.own_spm < 160 + 2 * MOVES_SPM

    @pytest.mark.parametrize("changes", [(), PERSONAL, (*AT_2_8, "target.spm_per_mps=0")])
    def test_what_has_no_speed_of_its_own_stays(self, target, changes):
        aim = target(*changes)
        before = aim.band
        for at_s in range(120):
            aim.speed(3.8, float(at_s))
        assert aim.band == before

    def test_a_hole_in_the_speeds_is_no_leap(self, target):
        aim = target(*AT_2_8)
        aim.speed(2.8, 0.0)
        aim.speed(4.2, 600.0)
        assert aim.own_spm == 160.0


class TestInARun:
    def test_the_band_moves_with_the_speed_and_says_so(self, run):
        events = run([*running(0, 40, 166, 2.8), *running(40, 120, 166, 3.6)], *AT_2_8)
        moved = decisions(events, "target ")
        assert [str(Band(event.target_low_spm, event.target_high_spm)) for event in moved] == [
            "166-174.1",
            "168.1-176.3",
        ]
        assert moved[0].reason.startswith("target 166-174.1 at 3.")
        assert moved[0].available_s > 40
        assert events[-1].in_band_s < events[-1].running_s - 40

    def test_a_fixed_band_does_not(self, run):
        events = run([*running(0, 40, 166, 2.8), *running(40, 120, 166, 3.6)])
        assert {(event.target_low_spm, event.target_high_spm) for event in decisions(events)} == {(170.0, 190.0)}

    def test_a_band_that_the_runner_asked_for_stays(self, run):
        asked = Control(at=30.0, action="target", low_spm=172.0, high_spm=180.0)
        events = run([*running(0, 40, 166, 2.8), asked, *running(40, 120, 166, 3.6)], *AT_2_8)
        late = [event for event in decisions(events) if event.available_s > 31]
        assert {(event.target_low_spm, event.target_high_spm) for event in late} == {(172.0, 180.0)}

    def test_a_percentage_of_a_plan_follows_too_and_its_bands_do_not(self, run):
        steps = (
            PlanStep(name="quick", length=60.0, unit="s", pct=5.0),
            PlanStep(name="even", length=60.0, unit="s", low_spm=168.0, high_spm=178.0),
        )
        plan = Assignment(at=0.0, plan=Plan(name="two", steps=steps), baseline_spm=160.0)
        events = run([plan, *running(0, 20, 166, 2.8), *running(20, 130, 166, 3.8)], "target.own_mps=2.8")
        first, second = (
            [e for e in decisions(events) if start <= e.available_s < end] for start, end in ((0, 59), (62, 119))
        )
        assert (first[-1].target_low_spm, first[0].target_low_spm) == (168.2, 164.0)
        assert {(event.target_low_spm, event.target_high_spm) for event in second} <= {(168.0, 178.0)}

    def test_a_runner_who_was_left_alone_is_not_bothered_by_a_band_that_moves(self, run):
        """A beat that found no follower stays away while only the speed changes."""
        slow = running(0, 240, 150, 2.8)
        events = run([*slow, *running(240, 300, 150, 3.6)], *AT_2_8)
        gave_up = decisions(events, "you keep your own")
        assert gave_up
        late = [event for event in events if event.type == "beat" and event.t_s > gave_up[0].t_s + 10]
        assert decisions(events, "target ")
        assert late == []
