"""Words: at most one prompt in 30 s, never within 3 s of a change of tempo, and none that is no longer true."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.coaching.nudge import MARGIN_S
from coach.coaching.prompts import Prompter
from coach.coaching.target import Band
from coach.model import Decision

from .track import BAND, Track, follows, reading, sways


def decision(mode, at_s, reason=""):
    return Decision(
        t_s=at_s,
        available_s=at_s,
        mode=mode,
        phase="locked",
        tempo_spm=None,
        target_low_spm=BAND[0],
        target_high_spm=BAND[1],
        reason=reason,
    )


@pytest.fixture
def prompter(config):
    return Prompter(config.voice)


def said(track):
    return [prompt.say for prompt in track.prompts]


class TestPrompter:
    @pytest.mark.parametrize(("side", "spm", "shown"), [("below", 164.7, 164), ("above", 195.2, 196)])
    def test_a_beat_that_begins_is_explained(self, prompter, side, spm, shown):
        prompter.decision(decision("match", 10.0), "silent", side, gave_up=False)
        assert prompter.deadline_s == 10.0
        prompt = prompter.speak(10.0, 0.3, -1e9, side, spm)
        assert (prompt.say, prompt.spm, prompt.t_s, prompt.available_s) == (side, shown, 10.3, 10.0)
        assert prompter.deadline_s is None

    def test_the_next_one_waits_for_30_s(self, prompter):
        prompter.decision(decision("match", 10.0), "silent", "below", gave_up=False)
        prompter.speak(10.0, 0.5, -1e9, "below", 164.0)
        prompter.decision(decision("silent", 20.0), "fade", "in", gave_up=False)
        assert prompter.deadline_s == 40.5
        assert prompter.speak(40.5, 0.5, -1e9, "in", 175.0).say == "on_target"

    def test_a_change_of_tempo_puts_it_off(self, prompter):
        prompter.decision(decision("match", 10.0), "silent", "below", gave_up=False)
        assert prompter.speak(10.0, 0.5, 12.0, "below", 164.0) is None
        assert prompter.deadline_s == 14.5
        assert prompter.speak(14.5, 0.5, 12.0, "below", 164.0).t_s == 15.0

    @pytest.mark.parametrize("side", ["in", "above", None])
    def test_what_has_become_untrue_is_not_said(self, prompter, side):
        prompter.decision(decision("match", 10.0), "silent", "below", gave_up=False)
        assert prompter.speak(10.0, 0.1, -1e9, side, 180.0) is None
        assert prompter.deadline_s is None

    def test_what_had_to_wait_for_long_is_no_news(self, prompter):
        prompter.decision(decision("match", 10.0), "silent", "below", gave_up=False)
        assert prompter.speak(61.0, 0.1, -1e9, "below", 160.0) is None

    def test_a_beat_with_a_runner_in_the_band_is_not_explained(self, prompter):
        prompter.decision(decision("match", 10.0), "silent", "in", gave_up=False)
        assert prompter.deadline_s is None

    def test_that_the_sensor_is_back_is_told_to_who_was_told_that_it_was_lost(self, prompter):
        for at_s in (10.0, 100.0):
            prompter.cadence(reading(None, at_s, "lost"))
            if at_s == 100:
                assert prompter.speak(at_s, 0.1, -1e9, None, None).say == "sensor_lost"
            prompter.cadence(reading(165.0, at_s + 5))
            if at_s == 10:
                assert prompter.speak(at_s + 5, 0.1, -1e9, "below", 165.0) is None
        assert prompter.speak(140.0, 0.1, -1e9, "below", 165.0).say == "sensor_back"

    @pytest.mark.parametrize("steady_from_s", [0.1 + 0.2, 7.123456789, 1e5 / 3])
    @pytest.mark.parametrize("ahead_s", [0.1, 0.7, 1 / 3])
    def test_put_off_to_a_time_it_is_said_then(self, prompter, steady_from_s, ahead_s):
        """No rounding makes a deadline that is returned again and again."""
        at_s = max(0.0, steady_from_s - 2)
        prompter.decision(decision("match", at_s), "silent", "below", gave_up=False)
        assert prompter.speak(at_s, ahead_s, steady_from_s, "below", 160.0) is None
        assert prompter.deadline_s > at_s
        assert prompter.speak(prompter.deadline_s, ahead_s, steady_from_s, "below", 160.0)

    def test_a_voice_that_is_off_has_no_deadline(self, configured):
        prompter = Prompter(configured("voice.mode=off", "voice.fine=word").voice)
        prompter.decision(decision("match", 10.0), "silent", "below", gave_up=False)
        assert prompter.deadline_s is None


class TestCoach:
    def test_a_runner_who_is_led_hears_why_and_that_it_is_enough(self, config):
        track = Track(config, voice=True).run(150, follows(165.0))
        assert said(track) == ["below", "on_target"]

    def test_who_is_given_up_is_told(self, config):
        track = Track(config, voice=True).run(250, 160)
        assert said(track)[-1] == "let_go"
        assert "on_target" not in said(track)

    def test_alert_has_words_only(self, configured):
        track = Track(configured("coaching.mode=alert"), voice=True).run(60, 164).run(60, 178).run(60, 200)
        assert track.beats == []
        assert said(track) == ["below", "on_target", "above"]

    @pytest.mark.parametrize("mode", ["match", "steady"])
    def test_a_beat_in_the_band_is_no_cue(self, configured, mode):
        assert said(Track(configured(f"coaching.mode={mode}"), voice=True).run(60, 180)) == []

    @pytest.mark.parametrize(("again_s", "times"), [(60, 4), (30, 7), (0, 1)])
    def test_a_cue_without_a_beat_comes_again_while_the_runner_stays_outside(self, configured, again_s, times):
        track = Track(configured("coaching.mode=alert", f"voice.again_s={again_s}"), voice=True).run(208, 160)
        assert said(track) == ["below"] * times
        track.run(100, 178)
        assert said(track) == [*["below"] * times, "on_target"]

    def test_a_cue_that_is_wanted_at_every_moment_waits_like_any_other(self, configured):
        track = Track(configured("coaching.mode=alert", "voice.again_s=1e-9"), voice=True)
        track.run(33, 160).run(6, 172).run(55, 160)
        assert said(track) == ["below"] * 2

    @pytest.mark.parametrize(
        ("changes", "spm", "heard"),
        [(("coaching.mode=alert",), 160, ["below"] * 4), (("voice.fine=word",), 180, ["fine"] * 3)],
    )
    def test_a_band_that_moves_with_the_speed_changes_nothing_of_what_is_said(self, configured, changes, spm, heard):
        track = Track(configured(*changes), voice=True)
        for number in range(20):
            track.tell(track.coach.move_band(Band(168.0 + number % 2, 190.0), track.now, "faster")).run(10.4, spm)
        assert said(track) == heard

    def test_a_cue_does_not_come_again_in_a_moment_inside(self, configured):
        track = Track(configured("coaching.mode=alert"), voice=True).run(62, 160).run(8, 172).run(20, 160)
        assert said(track) == ["below"]

    @pytest.mark.parametrize("latency_s", [0.0, 0.25, 0.6])
    def test_words_are_committed_as_far_ahead_as_beats(self, config, latency_s):
        track = Track(config, voice=True).output(latency_s).run(30, 160)
        ahead_s = {round(prompt.t_s - prompt.available_s, 6) for prompt in track.prompts}
        assert ahead_s == {round(latency_s + MARGIN_S, 6)}

    @pytest.mark.parametrize("fine", ["tick", "word"])
    def test_fine_is_said_once_a_minute_in_the_band(self, configured, fine):
        track = Track(configured(f"voice.fine={fine}"), voice=True).run(200, 180)
        assert said(track) == ["fine"] * 3
        times_s = [prompt.t_s for prompt in track.prompts]
        assert [later_s - t_s for t_s, later_s in pairwise(times_s)] == pytest.approx([60, 60], abs=0.3)

    def test_fine_is_not_said_unless_asked_for_nor_outside_nor_while_a_beat_is_on(self, configured):
        assert said(Track(configured(), voice=True).run(200, 180)) == []
        assert "fine" not in said(Track(configured("voice.fine=word"), voice=True).run(200, 150))
        match = Track(configured("voice.fine=word", "coaching.mode=match"), voice=True)
        assert said(match.run(200, 180)) == []

    @pytest.mark.parametrize("call", ["pause", "mute"])
    def test_nothing_is_said_while_paused_or_muted(self, configured, call):
        track = Track(configured("voice.fine=word"), voice=True).run(7, 164)
        track.tell(getattr(track.coach, call)(True, track.now)).run(100, 178).lose(5, 178).run(20, 178)
        assert track.prompts == []
        track.tell(getattr(track.coach, call)(False, track.now)).run(100, 178)
        assert said(track) == ["fine"]

    def test_nothing_is_said_without_sound(self, configured):
        track = Track(configured("voice.fine=word"), voice=True).run(7, 164).output(0.1, audible=False).run(200, 178)
        assert track.prompts == []

    def test_nothing_is_said_after_the_end(self, configured):
        track = Track(configured("voice.fine=word"), voice=True).run(20, 164)
        count = len(track.prompts)
        track.tell(track.coach.stop(track.now)).output(0.1).run(100, 178)
        assert len(track.prompts) == count

    def test_a_runner_who_stopped_is_not_told_to_hurry(self, configured):
        """The cue had to wait, because something else was said; meanwhile the runner stood still."""
        track = Track(configured(), voice=True).run(2, 164).lose(2, 164).run(9, 164)
        assert said(track) == ["sensor_lost"]
        track.run(60, None)
        assert said(track) == ["sensor_lost"]

    @pytest.mark.parametrize("mode", ["nudge", "match", "steady", "alert"])
    def test_lost_and_back_are_told(self, configured, mode):
        track = Track(configured(f"coaching.mode={mode}"), voice=True).run(50, 178).lose(40, 178).run(40, 178)
        assert said(track) == ["sensor_lost", "sensor_back"]

    def test_the_computer_that_slept_says_nothing_of_it(self, config):
        track = Track(config, voice=True).run(20, 165)
        count = len(track.events)
        track.coach.sleep()
        track.run(20, 165)
        assert len(track.events) == count
        track.tell(track.coach.wake(track.now))
        assert track.decisions[-1].reason == "the computer slept"

    def test_where_clicks_are_inexact_they_are_not_aimed_at_footfalls(self, config):
        track = Track(config, voice=True)
        track.tell(track.coach.output(0.1, 0.05, audible=True, at_s=0.0))
        track.coach.set_phase_known(True)
        assert {d.phase for d in track.run(12, 165).decisions} == {"free"}

    def test_the_same_run_gives_the_same(self, config):
        one, other = (Track(config, voice=True).run(100, sways(166.0, 3.0, 9.0)).events for _ in range(2))
        assert one == other

    @given(
        legs=st.lists(
            st.tuples(
                st.floats(1, 60),
                st.one_of(st.none(), st.floats(140, 215)),
                st.sampled_from(["", "", "pause", "resume", "target", "silence", "sound", "far", "lose"]),
            ),
            min_size=1,
            max_size=6,
        ),
        mode=st.sampled_from(["nudge", "match", "steady", "alert"]),
        follow=st.booleans(),
    )
    @settings(max_examples=80)
    def test_whatever_happens_words_keep_clear_of_each_other_and_of_changes_of_tempo(
        self, configured, legs, mode, follow
    ):
        track = Track(configured(f"coaching.mode={mode}", "voice.fine=word"), voice=True)
        for length_s, spm, action in legs:
            match action:
                case "pause" | "resume":
                    track.tell(track.coach.pause(action == "pause", track.now))
                case "target":
                    track.tell(track.coach.set_band(Band(160.0, 172.0), track.now))
                case "silence" | "sound" | "far":
                    track.output(0.6 if action == "far" else 0.1, audible=action != "silence")
            pace = follows(spm) if follow and spm is not None else spm
            if action == "lose":
                track.lose(length_s, pace)
            else:
                track.run(length_s, pace)
        times_s = [prompt.t_s for prompt in track.prompts]
        assert all(later_s - t_s >= 30 for t_s, later_s in pairwise(times_s))
        changes_s = changes_of_tempo(track) if mode in ("nudge", "steady") else []
        assert not [(said_s, at_s) for said_s in times_s for at_s in changes_s if abs(said_s - at_s) < 3 - 0.01]


def changes_of_tempo(track):
    """When an interval differs from the one before it by more than corrections of phase make it."""
    beats = track.beats
    gaps_s = [b.t_s - a.t_s for a, b in pairwise(beats)]
    decided = {d.available_s: d for d in track.decisions}  # the last of those at one time
    ends_s = [*list(decided)[2:], math.inf]  # a ramp ends with the next decision: to hold, to be silent, another ramp
    asked = [
        (at_s, min(at_s + 4, end_s))
        for ((_, one), (at_s, another)), end_s in zip(pairwise(decided.items()), ends_s, strict=False)
        if another.mode != "hold"  # keeps the tempo of the moment, where the one before told of its goal
        and one.tempo_spm is not None
        and another.tempo_spm is not None
        and abs(another.tempo_spm / one.tempo_spm - 1) > 0.004
    ]
    return [
        beat.t_s
        for at_s, end_s in asked
        for beat, one_s, next_s in zip(beats[2:], gaps_s, gaps_s[1:], strict=False)
        if at_s < beat.t_s < end_s and max(one_s, next_s) < 1.0 and 0.0005 < abs(next_s / one_s - 1) < 0.002
    ]
