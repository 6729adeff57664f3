"""A run through its plan: steps end when they should, whenever anybody looked, and the coach does what they ask."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.coaching.plan import about_s
from coach.coaching.target import MOST_PCT, Band
from coach.formats.events import line
from coach.model import (
    Assignment,
    Beat,
    Control,
    ControlEvent,
    Decision,
    OutputReport,
    Packet,
    Plan,
    PlanEvent,
    PlanStep,
    Prompt,
)
from coach.offline import Loop
from coach.pipeline import Pipeline
from sensors.codecs import decode
from sensors.course import parse_course
from sensors.simulated import SimulatedRunner


def step(name, length, unit="s", **more):
    return PlanStep(name=name, length=float(length), unit=unit, **more)


def assigned(*steps, baseline_spm=None, at=0.0, session=None):
    return Assignment(at=at, plan=Plan(name="test", steps=steps, session=session), baseline_spm=baseline_spm)


def pod(at, spm=166, speed_mps=3.0):
    payload = b"\x05" + round(speed_mps * 256).to_bytes(2, "little") + bytes([spm // 2, 0, 0])
    return Packet(at=float(at), sensor="pod", codec="rsc", payload=payload)


def pods(start, end, spm=166, speed_mps=3.0):
    return [pod(at, spm, speed_mps) for at in range(start, end)]


def run_of(events, *states):
    return [event for event in events if isinstance(event, PlanEvent) and event.state in states]


def begins(events):
    return [(event.name, event.available_s) for event in run_of(events, "step")]


@pytest.fixture(scope="module")
def by_pod(configured, fold):
    """Take packets of a pod and other inputs through the fold; the pod counts strides, as most do."""

    def run(assignment, items, until_s, *changes):
        config = configured("sensor.pod_cadence=strides", *changes)
        return fold(sorted([assignment, *items], key=lambda item: item.at), config, until_s=until_s)

    return run


@pytest.fixture(scope="module")
def simulated(configured):
    """Let a simulated runner run a course by a plan; give all inputs and events."""

    class Kept:
        def __init__(self):
            self.items, self.events = [], []

        def take(self, item, events):
            self.items += [] if item is None else [item]
            self.events += events

    def run(course, assignment, until_s, *changes):
        config = configured(*changes)
        runner = SimulatedRunner(config.simulation, parse_course(course))
        kept = Kept()
        loop = Loop(Pipeline(config, decode), listeners=[runner], sinks=[kept])
        loop.push(assignment)
        loop.follow(runner, until_s)
        return kept

    return run


@pytest.fixture(scope="module")
def intervals(simulated):
    """Say what happens in five steps, two of them coached."""
    plan = assigned(
        step("warm-up", 35, mode="off"),
        step("quick", 40, mode="steady", pct=5.0),
        step("rest", 20, mode="off"),
        step("again", 40, mode="nudge", low_spm=172.0, high_spm=182.0),
        step("cool-down", 35, mode="off"),
        baseline_spm=162.0,
    )
    return simulated("stand 3, run 200 @ 162", plan, 200.0).events


class TestTime:
    def test_a_step_by_time_ends_at_its_due_time_and_not_with_the_next_input(self, by_pod):
        plan = assigned(step("one", 10.3), step("two", 20), step("three", 5))
        events = by_pod(plan, pods(2, 60), 60.0)
        begun_s = run_of(events, "step")[0].available_s
        assert begins(events) == [
            ("one", begun_s),
            ("two", pytest.approx(begun_s + 10.3)),
            ("three", pytest.approx(begun_s + 30.3)),
        ]
        [done] = run_of(events, "done")
        assert done.available_s == pytest.approx(begun_s + 35.3)
        assert (done.done_pct, done.mode, done.until_s) == (100.0, "off", None)

    def test_it_begins_with_the_first_steps(self, by_pod):
        events = by_pod(assigned(step("one", 10)), [*pods(2, 30, spm=0), *pods(30, 50)], 50.0)
        [waiting] = run_of(events, "waiting")
        assert (waiting.available_s, waiting.left, waiting.until_s) == (0.0, 10.0, None)
        assert 30.0 <= begins(events)[0][1] < 34.0

    def test_it_waits_while_the_runner_stands(self, by_pod):
        items = [*pods(0, 20), *pods(20, 45, spm=0, speed_mps=0.0), *pods(45, 90)]
        events = by_pod(assigned(step("one", 40), step("two", 10)), items, 90.0)
        [stand], [go] = run_of(events, "stand"), run_of(events, "go")
        (_, begun_s), (_, ended_s) = begins(events)
        stood_s = go.available_s - stand.available_s
        assert 20 < stood_s < 30
        assert ended_s == pytest.approx(begun_s + 40 + stood_s)
        assert stand.left == pytest.approx(40 - (stand.available_s - begun_s))
        assert (stand.until_s, go.until_s) == (None, pytest.approx(ended_s))

    def test_it_waits_while_paused(self, by_pod):
        acts = [Control(at=10.5, action="pause"), Control(at=17.0, action="resume")]
        events = by_pod(assigned(step("one", 20), step("two", 10)), [*pods(0, 60), *acts], 60.0)
        (_, begun_s), (_, ended_s) = begins(events)
        assert ended_s == pytest.approx(begun_s + 20 + 6.5)
        assert [event.available_s for event in run_of(events, "stand", "go")] == [10.5, 17.0]

    def test_a_runner_who_stands_during_a_pause_is_waited_for_after_it(self, by_pod):
        acts = [Control(at=10.5, action="pause"), Control(at=25.0, action="resume")]
        items = [*pods(0, 15), *pods(15, 35, spm=0, speed_mps=0.0), *pods(35, 80), *acts]
        events = by_pod(assigned(step("one", 20), step("two", 10)), items, 80.0)
        [stand, go] = run_of(events, "stand", "go")
        assert stand.available_s == 10.5
        assert go.available_s >= 35.0

    def test_missing_data_do_not_stop_it_for_a_minute(self, by_pod):
        events = by_pod(assigned(step("one", 40), step("two", 10)), [*pods(0, 10), *pods(60, 90)], 90.0)
        (_, begun_s), (_, ended_s) = begins(events)
        assert ended_s == pytest.approx(begun_s + 40)
        assert not run_of(events, "stand")

    def test_but_no_longer(self, by_pod):
        events = by_pod(assigned(step("one", 200), step("two", 10)), [*pods(0, 10), *pods(130, 300)], 300.0)
        [stand], [go] = run_of(events, "stand"), run_of(events, "go")
        assert "no data for a minute" in stand.reason
        assert stand.available_s == pytest.approx(9.0 + 4.0 + 60.0, abs=3.0)
        assert go.available_s == pytest.approx(130.0, abs=3.0)

    def test_a_run_that_ends_sooner_says_how_much_was_done(self, by_pod):
        events = by_pod(assigned(step("one", 30), step("two", 30)), pods(0, 49), 49.0)
        begun_s = begins(events)[0][1]
        assert isinstance(events[-2], PlanEvent)
        assert (events[-2].state, events[-2].available_s) == ("stopped", 49.0)
        assert events[-2].done_pct == pytest.approx(100 * (49.0 - begun_s) / 60, abs=0.01)

    @given(data=st.data())
    @settings(max_examples=40)
    def test_when_time_is_let_pass_changes_nothing(self, configured, fold, data):
        """Streaming is batch: runs with stops, pauses and lost data, looked at at any time."""
        config = configured("sensor.pod_cadence=strides")
        lengths = data.draw(st.lists(st.sampled_from([7.5, 20.0, 33.3]), min_size=1, max_size=4))
        units = data.draw(st.lists(st.sampled_from(["s", "m", "steps"]), min_size=4, max_size=4))
        steps = [step(f"{i}", length, unit) for i, (length, unit) in enumerate(zip(lengths, units, strict=False))]
        paces = data.draw(st.lists(st.sampled_from([166, 166, 180, 0, None]), min_size=4, max_size=12))
        items = [pod(6 * i + k, spm, spm / 60) for i, spm in enumerate(paces) if spm is not None for k in range(6)]
        acts = [Control(at=13.37, action="pause"), Control(at=19.5, action="resume")]
        items = sorted([assigned(*steps, at=0.5), *items, *acts], key=lambda item: item.at)
        end_s = 6.0 * len(paces) + 20
        expected = [line(event) for event in fold(items, config, until_s=end_s)]
        pipeline, events, now = Pipeline(config, decode), [], 0.0
        for item in [*items, None]:
            until_s = end_s if item is None else item.at
            for share in sorted(data.draw(st.lists(st.floats(0, 1), max_size=2))):
                events += pipeline.advance(now + share * (until_s - now))
            events += pipeline.finish(end_s) if item is None else pipeline.push(item)
            now = until_s
        assert [line(event) for event in events] == expected
        assert all(one.available_s <= other.available_s for one, other in pairwise(events))


class TestDistance:
    def test_metres_are_the_pods_speed_over_the_time_run(self, by_pod):
        items = [*pods(0, 30, speed_mps=3.0), *pods(30, 90, speed_mps=4.0)]
        events = by_pod(assigned(step("far", 150, "m"), step("then", 10)), items, 90.0)
        (_, begun_s), (_, ended_s) = begins(events)
        assert ended_s == pytest.approx(30 + (150 - 3.0 * (30 - begun_s)) / 4)
        left = run_of(events, "left")
        assert [event.left for event in left] == pytest.approx([135 - 15 * i for i in range(9)])
        assert left[-1].until_s == pytest.approx(ended_s)

    def test_standing_is_no_distance_whatever_the_pod_says(self, by_pod):
        items = [*pods(0, 10), *pods(10, 30, spm=0, speed_mps=3.0), *pods(30, 90)]
        events = by_pod(assigned(step("far", 120, "m"), step("then", 10)), items, 90.0)
        [stand], [go] = run_of(events, "stand"), run_of(events, "go")
        (_, begun_s), (_, ended_s) = begins(events)
        assert 3.0 * (ended_s - begun_s - (go.available_s - stand.available_s)) == pytest.approx(120)

    def test_without_speed_metres_go_by_the_time_that_the_plan_gives_instead(self, simulated):
        plan = assigned(step("far", 400, "m", else_s=12.0), step("then", 10))
        events = simulated("run 40 @ 166", plan, 40.0).events
        (_, begun_s), (_, ended_s) = begins(events)
        assert ended_s == pytest.approx(begun_s + 12)
        assert run_of(events, "done")[0].done_pct == 100.0

    def test_and_where_it_gives_none_the_step_is_left_out_and_not_counted(self, simulated):
        plan = assigned(step("far", 280, "m"), step("then", 10))
        events = simulated("run 40 @ 166", plan, 40.0).events
        (_, begun_s), (_, ended_s) = begins(events)
        assert ended_s == pytest.approx(begun_s + 10)
        assert run_of(events, "step")[1].reason == "far is left out: no sensor tells a speed"
        assert run_of(events, "done")[0].done_pct == pytest.approx(100 * 10 / 110, abs=0.01)

    def test_a_limit_ends_what_takes_too_long_and_says_so(self, by_pod):
        plan = assigned(step("far", 400, "m", most_s=60.0), step("two", 10), step("three", 20))
        events = by_pod(plan, pods(0, 120, speed_mps=2.5), 120.0)
        (_, begun_s), (_, ended_s), _ = begins(events)
        assert ended_s == pytest.approx(begun_s + 60)
        first, second = run_of(events, "step")[:2]
        assert (first.until_s, second.reason) == (pytest.approx(ended_s, abs=1), "far ends at its limit, 250 m short")
        assert [event.left for event in run_of(events, "left")] == pytest.approx([360, 320, 280])

    def test_a_limit_stands_still_with_the_runner_and_does_not_hurry(self, by_pod):
        items = [*pods(0, 20), *pods(20, 45, spm=0, speed_mps=0.0), *pods(45, 120)]
        events = by_pod(assigned(step("some", 120, "steps", most_s=45.0), step("two", 10)), items, 120.0)
        (_, begun_s), (_, ended_s) = begins(events)
        [stand], [go] = run_of(events, "stand"), run_of(events, "go")
        assert ended_s == pytest.approx(begun_s + 120 * 60 / 166 + go.available_s - stand.available_s, abs=1.5)
        assert run_of(events, "step")[1].reason == ""

    def test_steps_are_those_that_were_sensed(self, simulated):
        events = simulated("stand 2, run 40 @ 166", assigned(step("some", 60, "steps"), step("then", 5)), 40.0).events
        [first, second] = run_of(events, "step")
        after = events[events.index(first) : events.index(second)]
        assert sum(event.type == "step" for event in after) == 60
        assert [event.left for event in run_of(events, "left")] == [54, 48, 42, 36, 30, 24, 18, 12, 6]

    def test_or_those_that_a_pods_cadence_makes(self, by_pod):
        events = by_pod(assigned(step("some", 83, "steps"), step("then", 5)), pods(0, 60), 60.0)
        (_, begun_s), (_, ended_s) = begins(events)
        assert ended_s - begun_s == pytest.approx(30.0)


class TestCoaching:
    def within(self, events, name, kind):
        """What was said in a step of the plan, up to the next one."""
        starts = run_of(events, "step", "done", "stopped")
        start = next(i for i, event in enumerate(starts) if event.name == name and event.state == "step")
        return [
            event
            for event in events
            if isinstance(event, kind)
            and starts[start].available_s <= event.available_s < starts[start + 1].available_s
        ]

    def test_a_step_without_coaching_has_no_beat(self, intervals):
        assert not any(self.within(intervals, name, Beat) for name in ("warm-up", "rest", "cool-down"))
        assert self.within(intervals, "quick", Beat)
        assert self.within(intervals, "again", Beat)
        assert not [event for event in intervals if isinstance(event, Beat) and event.available_s > 180.0]

    def test_a_steady_step_has_the_tempo_of_its_percentage(self, intervals):
        [tempo_spm] = {
            decision.tempo_spm for decision in self.within(intervals, "quick", Decision) if decision.mode == "steady"
        }
        assert tempo_spm == pytest.approx(162 * 1.05, abs=0.1)

    def test_decisions_name_the_band_and_the_step(self, intervals):
        [first, *_] = self.within(intervals, "again", Decision)
        assert (first.target_low_spm, first.target_high_spm) == (172.0, 182.0)
        assert first.reason == "again: target 172-182"

    def test_interval_starts_are_prompts_at_most_every_half_minute(self, intervals):
        prompts = [event for event in intervals if isinstance(event, Prompt)]
        starts = {event.name: event.available_s for event in run_of(intervals, "step")}
        said = [(prompt.say, prompt.spm) for prompt in prompts]
        assert said[:2] == [("easy", None), ("target", 170)]
        assert prompts[0].available_s == starts["warm-up"]
        assert prompts[1].available_s == pytest.approx(starts["quick"], abs=1.0)
        assert all(later.t_s - prompt.t_s >= 30.0 - 1e-9 for prompt, later in pairwise(prompts))

    def test_what_was_said_last_is_not_said_again(self, simulated):
        plan = assigned(step("one", 35, mode="off"), step("two", 35, mode="off"))
        events = simulated("run 90 @ 175", plan, 90.0).events
        assert [event.say for event in events if isinstance(event, Prompt)] == ["easy"]

    def test_who_is_to_keep_a_target_without_help_hears_nothing(self, simulated):
        off = step("own", 35, mode="off", low_spm=160.0, high_spm=170.0)
        events = simulated("run 90 @ 165", assigned(step("on", 35, mode="steady"), off), 90.0).events
        on, own = run_of(events, "step")
        assert (on.free, own.free, own.mode) == (False, False, "off")
        [done] = run_of(events, "done")
        said = [(event.say, event.available_s >= done.available_s) for event in events if isinstance(event, Prompt)]
        assert said == [("target", False), ("easy", True)]
        assert not self.within(events, "own", Beat)

    def test_muted_nothing_is_said(self, by_pod):
        mute = [Control(at=0.5, action="mute")]
        events = by_pod(assigned(step("one", 20, mode="off"), at=0.1), [*pods(1, 40), *mute], 40.0)
        assert not [event for event in events if isinstance(event, Prompt)]

    def test_with_coaching_off_and_no_plan_nothing_is_said(self, configured, fold):
        config = configured("sensor.pod_cadence=strides", "coaching.mode=off")
        assert not [event for event in fold(pods(0, 20), config, until_s=90.0) if isinstance(event, Prompt)]

    def test_steps_that_name_nothing_are_coached_as_the_settings_say(self, by_pod):
        target = Control(at=5.5, action="target", low_spm=160.0, high_spm=168.0)
        plan = assigned(step("one", 10), step("two", 10), at=0.0)
        one, two = run_of(by_pod(plan, [*pods(0, 40), target], 40.0, "coaching.mode=alert"), "step")
        assert (one.mode, one.target_low_spm, one.target_high_spm) == ("alert", 170.0, 190.0)
        assert (two.mode, two.target_low_spm, two.target_high_spm) == ("alert", 160.0, 168.0)

    def test_after_its_end_the_run_goes_on_in_silence(self, simulated):
        events = simulated("run 90 @ 150", assigned(step("one", 20, mode="steady")), 90.0).events
        [done] = run_of(events, "done")
        assert not run_of(events, "stopped")
        late = [event for event in events if event.type != "header" and event.available_s > done.available_s]
        assert not [event for event in late if isinstance(event, Beat)]
        assert [event.mode for event in events if isinstance(event, Decision)][-1] == "off"


class TestBands:
    @given(baseline_spm=st.floats(100, 230), pct=st.floats(-10, 10))
    def test_no_band_reaches_further_than_ten_per_cent_above_the_baseline(self, baseline_spm, pct):
        band = Band.above(baseline_spm, pct)
        assert band.low_spm < baseline_spm * (1 + pct / 100)
        assert band.high_spm <= baseline_spm * (1 + MOST_PCT / 100) + 1e-9
        assert band.high_spm - band.low_spm >= 0.02 * baseline_spm

    def test_the_beat_leads_to_the_percentage_itself(self):
        band = Band.above(160.0, 5.0)
        assert (band.low_spm, band.high_spm) == (164.0, 172.0)

    def test_a_percentage_without_a_baseline_is_refused(self):
        with pytest.raises(ValueError, match="needs a baseline"):
            assigned(step("one", 10, pct=5.0))

    def test_how_long_a_step_takes_about(self):
        assert [about_s(one) for one in (step("a", 9), step("b", 280, "m"), step("c", 340, "steps"))] == [9, 100, 120]
        assert about_s(step("d", 280, "m", else_s=90.0)) == 90
        assert about_s(step("e", 340, "steps", most_s=70.0)) == 70


class TestReplay:
    def test_a_stop_at_a_light_lengthens_a_step_by_the_stand(self, simulated):
        """The stand is 15 s; what is seen of it begins and ends a little later."""
        plan = assigned(step("one", 40), step("two", 10))
        events = simulated("stand 2, run 25 @ 175, stand 15, run 60 @ 175", plan, 100.0).events
        (_, begun_s), (_, ended_s) = begins(events)
        assert ended_s - begun_s - 40 == pytest.approx(15, abs=2.0)

    def test_the_kept_inputs_give_the_same_lines_again(self, simulated, configured, fold):
        plan = assigned(
            step("off", 12, mode="off"), step("on", 30, "steps", pct=5.0, mode="steady"), baseline_spm=166.0
        )
        kept = simulated("stand 2, run 20 @ 166, stand 8, run 30 @ 166", plan, 60.0)
        again = fold(kept.items, configured(), until_s=60.0)
        assert [line(event) for event in again] == [line(event) for event in kept.events]
        assert run_of(again, "stand")
        assert [event for event in again if isinstance(event, Beat)]

    def test_an_output_that_is_late_delays_words_and_no_step(self, by_pod):
        report = OutputReport(at=0.0, output="null", state="open", latency_s=0.6)
        plan = assigned(step("one", 10, mode="off"), step("two", 10, mode="steady"))
        events, late = (by_pod(plan, [*pods(0, 40), *more], 40.0) for more in ([], [report]))
        assert begins(events) == begins(late)

    def test_a_control_takes_effect_before_the_plan_answers_it(self, by_pod):
        events = by_pod(assigned(step("one", 20)), [*pods(0, 30), Control(at=8.5, action="pause")], 30.0)
        at = [type(event) for event in events if event.type != "header" and event.available_s == 8.5]
        assert at.index(ControlEvent) < at.index(PlanEvent)
