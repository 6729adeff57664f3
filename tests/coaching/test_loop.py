"""The whole loop in virtual time: a simulated runner, the detector, the coach, and the runner's ears."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from bench.coaching import ALONE, Trial, run
from coach.formats.events import line
from coach.model import Beat, Control, Decision, OutputReport, Packet, Prompt
from coach.offline import Loop
from coach.pipeline import Pipeline
from sensors.codecs import decode
from sensors.course import parse_course
from sensors.following import subjects
from sensors.simulated import SimulatedRunner


class Source:
    """A simulated runner whose sensor is lost for a while, and what else comes in meanwhile."""

    def __init__(self, runner, *, lost_s=(0.0, 0.0), also=()):
        self._runner = runner
        self._lost_s = lost_s
        self._also = list(also)

    def next_at(self):
        times = [at for at in (self._runner.next_at(), self._also[0].at if self._also else None) if at is not None]
        return min(times, default=None)

    def take(self):
        own_at = self._runner.next_at()
        if self._also and (own_at is None or self._also[0].at <= own_at):
            return self._also.pop(0)
        item = self._runner.take()
        if isinstance(item, Packet) and self._lost_s[0] <= item.at < self._lost_s[1]:
            return Control(at=item.at, action="lap")  # it never arrives
        return item

    def play(self, cue):
        self._runner.play(cue)


class Run:
    """What was heard and decided, and where the feet truly fell."""

    def __init__(self):
        self.events = []
        self.steps_s = np.array([])

    def take(self, item, events):
        self.events += events

    def close(self):
        """Nothing to let go."""

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def reasons(self):
        return [decision.reason for decision in self.of(Decision)]

    def beats(self, from_s=0.0, to_s=1e9):
        return [beat for beat in self.of(Beat) if from_s <= beat.t_s < to_s]

    def off_s(self, beats):
        times_s = np.array([beat.t_s for beat in beats])
        return np.abs(self.steps_s[None, :] - times_s[:, None]).min(axis=1)

    def mode_at(self, at_s):
        return [decision.mode for decision in self.of(Decision) if decision.available_s <= at_s][-1]


@pytest.fixture(scope="module")
def coached(configured):
    def coach(course, until_s, *changes, **kwargs):
        config = configured("simulation.placement=waist", "simulation.transport_s=0", *changes)
        runner = SimulatedRunner(config.simulation, parse_course(course))
        source, found = Source(runner, **kwargs), Run()
        Loop(Pipeline(config, decode), listeners=[runner], sinks=[found]).follow(source, until_s)
        found.steps_s = np.array([step.t_s for step in runner.true_steps])
        return found

    return coach


def limits(beats):
    """The largest change from one interval to the next, and within 20 s; silences apart."""
    times_s = [beat.t_s for beat in beats]
    gaps_s = [later_s - t_s for t_s, later_s in pairwise(times_s)]
    step = max(max(a / b, b / a) for a, b in pairwise(gaps_s) if max(a, b) < 1.0) - 1
    span, first = 0.0, 0
    for last, gap_s in enumerate(gaps_s):
        if gap_s >= 1.0:
            first = last + 1
            continue
        while times_s[last + 1] - times_s[first] > 20:
            first += 1
        span = max(span, max(gaps_s[first : last + 1]) / min(gaps_s[first : last + 1]) - 1)
    return step, span


LIGHT = "stand 2, run 30 @ 160, stand 15, run 40 @ 160"


@pytest.mark.parametrize("mode", ["nudge", "match", "steady"])
def test_a_stop_at_a_light(coached, mode):
    """Silent 3 s after the last step; no beat is committed once the stop is known; in phase after the restart."""
    found = coached(LIGHT, 87.0, f"coaching.mode={mode}")
    last_s = found.steps_s[found.steps_s < 40].max()
    assert found.beats(20, last_s)
    assert not found.beats(last_s + 3, 47)
    known_s = next(d.available_s for d in found.of(Decision) if d.reason == "you stand still" and d.available_s > 30)
    assert not [beat for beat in found.of(Beat) if known_s < beat.available_s < 47]
    assert not [prompt for prompt in found.of(Prompt) if known_s < prompt.available_s < 47]
    again = found.beats(47)
    assert found.off_s(again[: 1 if mode == "steady" else 5]).max() < 0.06
    assert again[0].gain == 0.2
    if mode == "nudge":
        assert again[0].t_s > 47 + 8


def test_a_walk_break(coached):
    """A walk is far below the band; whatever is heard in it is the walker's own tempo, or nothing."""
    found = coached("stand 2, run 40 @ 162, walk 30 @ 112, run 50 @ 162", 122.0)
    walking = found.beats(50, 70)
    for one, later in pairwise(walking):
        if later.t_s - one.t_s < 1.0:
            assert 60 / (later.t_s - one.t_s) < 112 * 1.06
    resumed = found.beats(82, 122)
    heard = [60 / (b.t_s - a.t_s) for a, b in pairwise(resumed) if b.t_s - a.t_s < 1.0]
    assert heard
    assert max(heard) < 176
    assert "on target" not in found.reasons


def test_a_sprint_in_the_middle_of_leading(coached):
    found = coached("stand 2, run 30 @ 162, ramp 3 -> 200, run 12 @ 200, ramp 3 -> 162, run 40 @ 162", 90.0)
    assert any(reason.endswith("away from the beat") for reason in found.reasons)
    sprint = [60 / (b.t_s - a.t_s) for a, b in pairwise(found.beats(39, 46)) if b.t_s - a.t_s < 1.0]
    assert all(spm > 190 for spm in sprint)  # none, or one that leads down
    assert limits(found.beats())[0] <= 0.01 + 1e-6
    assert "on target" not in found.reasons


@pytest.mark.parametrize("on_loss", ["hold", "fade"])
@pytest.mark.parametrize("mode", ["nudge", "match"])
def test_a_sensor_that_is_lost_for_ten_seconds(coached, on_loss, mode):
    changes = (f"coaching.mode={mode}", f"coaching.on_loss={on_loss}")
    found = coached("stand 2, run 80 @ 160", 80.0, *changes, lost_s=(25.0, 35.0))
    known_s = next(d.available_s for d in found.of(Decision) if d.reason.startswith("no data"))
    assert known_s == pytest.approx(28, abs=0.2)
    if on_loss == "hold":
        assert found.mode_at(30) == "hold"
        held = [b.t_s - a.t_s for a, b in pairwise(found.beats(known_s + 0.6, 35))]
        assert held == pytest.approx([held[0]] * len(held))
        assert len(held) > 10
    else:
        assert found.mode_at(29) == "fade"
        assert not found.beats(31, 35)
    after = found.beats(40, 80)
    fresh = next((k for k, beat in enumerate(after) if beat.gain < 1), 0)
    assert np.median(found.off_s(after[fresh : fresh + 6])) < 0.06
    assert "on target" not in found.reasons
    assert {prompt.say for prompt in found.of(Prompt)} <= {"below", "sensor_lost", "sensor_back", "let_go"}


def test_headphones_that_are_gone_and_back(coached):
    also = [
        OutputReport(at=0.1, output="device", state="open", latency_s=0.2),
        OutputReport(at=25.0, output="device", state="lost"),
        OutputReport(at=35.0, output="device", state="open", latency_s=0.4),
    ]
    found = coached("stand 2, run 60 @ 160", 60.0, also=also)
    assert "there is no sound" in found.reasons
    assert not [beat for beat in found.of(Beat) if 25 < beat.available_s < 35]
    assert not [prompt for prompt in found.of(Prompt) if 25 < prompt.available_s < 35]
    back = found.beats(35)
    assert back[0].t_s < 39
    assert back[0].gain == 0.2
    assert found.off_s(back[:6]).max() < 0.06
    assert {round(beat.t_s - beat.available_s, 6) for beat in back} == {0.5}


@pytest.fixture(scope="module")
def late(coached):
    """Frames that come 1.2 s late and in bunches, and sound that takes 0.6 s."""
    also = [OutputReport(at=0.1, output="device", state="open", latency_s=0.6)]
    changes = ("simulation.transport_s=0.3", "simulation.bunch_s=0.9", "simulation.frame_s=0.3")
    return [
        coached("stand 2, run 100 @ 163", 100.0, *changes, f"simulation.seed={seed}", also=also) for seed in (1, 2, 3)
    ]


def test_late_bunched_frames_and_a_long_latency_still_lead(late):
    for found in late:
        assert {round(beat.t_s - beat.available_s, 6) for beat in found.of(Beat)} == {0.7}
        heard = [60 / (b.t_s - a.t_s) for a, b in pairwise(found.beats()) if b.t_s - a.t_s < 1.0]
        assert max(heard) > 168
        cadence = 60 * (np.count_nonzero(found.steps_s > 85) - 1) / np.ptp(found.steps_s[found.steps_s > 85])
        assert cadence > 168


def test_there_too_first_beats_are_within_25_ms_of_the_footfalls(late):
    """Their spread about the mean: 0.3 s of transport that nobody can know of shifts them all alike."""
    off_s = []
    for found in late:
        first_s = np.array([beat.t_s for beat in found.beats()[:6]])
        nearest = found.steps_s[np.abs(found.steps_s[None, :] - (first_s - 0.3)[:, None]).argmin(axis=1)]
        off_s.extend(first_s - nearest - np.mean(first_s - nearest))
    assert np.sqrt(np.mean(np.square(off_s))) < 0.025


def test_the_same_run_gives_the_same_decisions(coached):
    one, other = (coached("stand 2, run 38 @ 163", 40.0) for _ in range(2))
    assert [line(event) for event in one.events] == [line(event) for event in other.events]


def test_every_decision_has_a_reason(late):
    for found in late:
        assert all(reason for reason in found.reasons)


@pytest.fixture(scope="module")
def outcomes():
    """Twenty runners, six minutes each, from 8 % below the band."""
    people = subjects(20, seed=1)
    trials = [Trial(subject=person, number=k, settings=ALONE, minutes=6.0) for k, person in enumerate(people)]
    return [run(trial) for trial in trials]


def test_twenty_runners_hear_no_change_that_they_would_notice(outcomes):
    assert max(outcome.largest_step for outcome in outcomes) <= 0.0101
    assert max(outcome.largest_span for outcome in outcomes) <= 0.0251


def test_those_who_follow_are_in_the_band_within_4_min_and_stay_with_little_sound(outcomes):
    followers = [outcome for outcome in outcomes if outcome.kind == "follower"]
    assert len(followers) >= 10
    assert max(outcome.first_in_s for outcome in followers) <= 240
    assert np.median([outcome.first_in_s for outcome in followers]) <= 120
    assert np.median([outcome.in_band for outcome in followers]) >= 0.90
    assert np.median([outcome.sounding_in_band for outcome in followers]) <= 0.25


def test_those_who_do_not_are_never_led_far_and_are_given_up(outcomes):
    others = [outcome for outcome in outcomes if outcome.kind != "follower"]
    assert len(others) >= 4
    assert max(outcome.lead for outcome in others) <= 0.025
    assert max(outcome.gave_up_after_s for outcome in others) <= 180
