"""The band keeper: silent in the band, a beat towards it outside, never on a runner who is gone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.coaching.phase import TRUST, other_foot, wrap
from coach.coaching.target import Band

from .track import BAND, Track, follows, reading, silences, sways


@pytest.fixture
def track(config):
    return Track(config)


class TestSilence:
    @pytest.mark.parametrize("spm", [170.5, 180, 189.5])
    def test_in_the_band_nothing_is_heard_and_it_is_said_once(self, track, spm):
        track.run(60, spm)
        assert track.beats == []
        assert [decision.mode for decision in track.decisions] == ["silent"]

    def test_an_excursion_that_is_too_short_is_left_alone(self, track):
        for _ in range(4):
            track.run(7, 165).run(8, 178)
        assert track.beats == []

    def test_a_runner_who_sways_across_the_edge_is_judged_by_where_he_mostly_is(self, config):
        assert Track(config).run(120, sways(168.5, 3.0, 4.0)).beats
        assert not Track(config).run(120, sways(172.0, 4.0, 4.0)).beats

    def test_coaching_that_is_off_says_nothing(self, configured):
        track = Track(configured("coaching.mode=off")).run(30, 150).run(5, None).run(30, 150)
        track.output(0.1, audible=False).output(0.1).run(10, 150)
        assert track.events == []

    def test_reasons_are_said_once_while_they_last(self, track):
        track.run(20, None).run(20, None, status="lost").run(20, None, status="acquiring").run(5, 165)
        assert [decision.reason for decision in track.decisions] == [
            "you stand still",
            "no data from the sensor",
            "finding your steps",
            "165, below 170",
        ]


class TestEngaging:
    @pytest.mark.parametrize("after_s", [4.0, 8.0, 20.0])
    def test_it_begins_when_the_runner_was_outside_for_so_long(self, configured, after_s):
        track = Track(configured(f"coaching.engage_after_s={after_s}")).run(after_s + 5, 165)
        first = track.first("match")
        assert first.t_s - 0.2 == pytest.approx(after_s, abs=0.3)
        assert (first.tempo_spm, first.reason) == (165, f"165 for {after_s:.0f} s, below 170")
        assert track.beats[0].available_s >= first.available_s

    @pytest.mark.parametrize("phase_ms", [-20.0, 0.0, 30.0])
    @pytest.mark.parametrize("latency_s", [0.0, 0.15, 0.6])
    @pytest.mark.parametrize("spm", [148.0, 165.0, 201.0])
    def test_the_first_beats_are_on_footfalls_at_the_runners_own_tempo(self, configured, latency_s, spm, phase_ms):
        """Or so much ahead of them, or behind them, as is set."""
        track = Track(configured(f"coaching.phase_ms={phase_ms}"), latency_s=latency_s).run(14, spm)
        beats = track.beats[:6]
        assert len(beats) == 6
        for beat in beats:
            contact_s, foot = min(track.steps, key=lambda step: abs(step[0] - beat.t_s))
            assert contact_s - beat.t_s == pytest.approx(phase_ms / 1000, abs=0.01)
            assert beat.foot == foot
        assert all(b.t_s - a.t_s == pytest.approx(60 / spm, abs=0.001) for a, b in pairwise(beats))

    def test_uneven_steps_are_nothing_to_begin_on(self, track):
        """Steps of which every seventh is missed: a cadence is known, an even runner is not."""
        track.run(4, 165)
        for k in range(100):
            at_s = track.now + k / 5
            track.tell(track.coach.cadence(reading(160.0, at_s), at_s))
            if k % 14 not in (0, 1):
                track.coach.contact(at_s - 0.1, "unknown", at_s)
                track.coach.contact(at_s - 0.1 + 0.05 * (k % 3), "unknown", at_s)
        assert track.coach.deadline_s is None

    def test_the_first_beat_is_aimed_by_all_that_arrived_with_what_began_it(self, config):
        """Frames come in bunches: the contacts that follow in the same one tell where the feet are by now."""
        track = Track(config).until("match", 160)
        assert not track.beats
        aimed_s, (last_s, foot) = track.coach.deadline_s, track.told_steps[-1]
        track.coach.contact(last_s + 60 / 160 + 0.03, other_foot(foot), track.now)
        moved_s = wrap(track.coach.deadline_s - aimed_s, 60 / 160)
        assert moved_s == pytest.approx(TRUST * 0.03, abs=0.004)  # and something for that foot's side
        assert track.coach.deadline_s >= track.now

    @pytest.mark.parametrize("mode", ["nudge", "match"])
    def test_between_walking_and_running_no_beat_begins(self, configured, mode):
        """The smoothed cadence is neither's for some seconds: a beat of 150 would fall on no foot."""
        track = Track(configured(f"coaching.mode={mode}")).run(12.4, 114).run(12, 164)
        begun = [d for d in track.decisions if d.mode == "match" and d.available_s > 12.4]
        assert begun
        assert all(abs(d.tempo_spm / 164 - 1) < 0.03 for d in begun)

    @pytest.mark.parametrize("place", [0.25, 0.5, 0.75])
    @pytest.mark.parametrize("latency_s", [0.0, 0.6])
    def test_a_contact_that_is_none_does_not_move_the_first_beat(self, config, latency_s, place):
        track = Track(config, latency_s=latency_s).until("match", 160)
        aimed_s, (last_s, foot) = track.coach.deadline_s, track.told_steps[-1]
        track.coach.contact(last_s + place * 60 / 160, other_foot(foot), track.now)
        assert track.coach.deadline_s == aimed_s

    @pytest.mark.parametrize("status", ["lost", "acquiring", "idle"])
    @pytest.mark.parametrize("on_loss", ["hold", "fade"])
    def test_a_beat_that_has_not_begun_does_not_begin_for_a_runner_who_is_gone(self, configured, on_loss, status):
        track = Track(configured(f"coaching.on_loss={on_loss}"), latency_s=0.2).until("match", 160)
        assert not track.beats
        track.tell(track.coach.cadence(reading(None, track.now, status), track.now))
        assert track.coach.deadline_s is None
        assert track.modes()[-1] == "silent"

    def test_without_footfalls_it_waits_for_them(self, config):
        track = Track(config)
        track.steps_known = False
        track.run(20, 160)
        assert track.beats == []
        track.steps_known = True
        assert track.run(6, 160).beats

    def test_footfalls_of_before_a_stop_are_nothing_to_start_on(self, config):
        track = Track(config).run(6, 165).run(1, None)
        track.steps_known = False
        assert track.run(20, 165).beats == []

    def test_it_fades_in(self, config):
        track = Track(config).run(14, 165)
        gains = [(beat.t_s - track.beats[0].t_s, beat.gain) for beat in track.beats]
        assert gains[0] == (0, 0.2)
        assert all(later > gain for (_, gain), (t_s, later) in pairwise(gains) if t_s < 1.5)
        assert all(gain == 1.0 for t_s, gain in gains if t_s >= 1.5)

    @pytest.mark.parametrize("fade_in_s", [0.0, 10.0])
    def test_or_as_slowly_as_it_is_told_to(self, configured, fade_in_s):
        track = Track(configured(f"coaching.fade_in_s={fade_in_s}")).run(25, 165)
        full = next(beat for beat in track.beats if beat.gain == 1.0)
        assert full.t_s - track.beats[0].t_s == pytest.approx(fade_in_s, abs=0.4)


class TestPodAlone:
    """Cadence once a second and no steps: phase is free."""

    def pod(self, config, spm, seconds=60, **kwargs):
        track = Track(config, phase_known=False, **kwargs)
        for k in range(4 * seconds):  # each packet is said again until the next
            at_s = k / 4
            while (due_s := track.coach.deadline_s) is not None and due_s <= at_s:
                track.tell(track.coach.commit(due_s))
            value = 2.0 * round(spm(k // 4) / 2)
            track.tell(track.coach.cadence(replace(reading(value, at_s), t_s=float(k // 4), source="rsc"), at_s))
        return track

    def test_it_begins_at_once_and_corrects_nothing(self, config):
        track = self.pod(config, lambda second: 164.0, 14)
        assert {decision.phase for decision in track.decisions} == {"free"}
        assert track.beats[0].t_s == pytest.approx(track.first("match").t_s + 0.1)
        assert {beat.foot for beat in track.beats} == {"unknown"}
        assert all(spm == pytest.approx(164) for _, spm in track.heard_spm()[:5])

    def test_a_value_that_flickers_is_no_lock(self, config):
        assert not self.pod(config, lambda second: 150.0 if second % 3 else 162.0).beats

    def test_a_lock_is_four_packets_that_agree(self, configured):
        track = self.pod(
            configured("coaching.engage_after_s=0"), lambda second: 164.0 if second >= 5 else 120.0 + second
        )
        begun = track.first("match")
        assert 8.0 <= begun.t_s < 9.5
        assert begun.tempo_spm == pytest.approx(164.0, rel=0.03)

    def test_it_leads_into_the_band_by_2_spm_at_least(self, configured):
        track = self.pod(configured("coaching.hysteresis_spm=0", "coaching.lead_pct=4"), lambda second: 168.0)
        assert max(spm for _, spm in track.heard_spm()) > 171

    def test_who_follows_is_led_in_and_left_alone(self, config):
        spm = 164.0

        def pace(second):
            nonlocal spm
            heard = [beat.t_s for beat in track.beats if beat.t_s <= second]
            if len(heard) > 2 and heard[-1] > second - 1:
                spm += 0.3 * (60 / (heard[-1] - heard[-2]) - spm)
            return spm

        track = Track(config, phase_known=False)
        track = self.followed(track, pace)
        assert track.modes() == ["silent", "match", "lead", "fade", "silent"]
        assert track.decisions[-1].reason == "on target"

    def followed(self, track, pace):
        for k in range(4 * 120):
            at_s = k / 4
            while (due_s := track.coach.deadline_s) is not None and due_s <= at_s:
                track.tell(track.coach.commit(due_s))
            if k % 4 == 0:
                value = 2.0 * round(pace(at_s) / 2)
            track.tell(track.coach.cadence(replace(reading(value, at_s), t_s=float(k // 4), source="rsc"), at_s))
        return track

    def test_who_does_not_follow_is_given_up(self, config):
        track = self.pod(config, lambda second: 160.0, 200)
        assert track.decisions[-1].reason == "no beat for now"
        assert track.first("fade").t_s - track.first("match").t_s < 180


class TestEnding:
    @pytest.mark.parametrize("steps", [4, 6, 8])
    def test_it_fades_over_so_many_steps_and_is_silent(self, configured, steps):
        track = Track(configured(f"coaching.fade_out_steps={steps}")).run(120, follows(165.0))
        fade = track.first("fade")
        faded = [beat.gain for beat in track.beats if beat.available_s >= fade.t_s]
        assert faded == pytest.approx([1 - 0.8 * (k + 1) / steps for k in range(steps)], abs=0.001)
        assert (track.decisions[-1].mode, track.decisions[-1].reason) == ("silent", "on target")

    def test_on_target_is_said_once(self, track):
        track.run(300, follows(165.0))
        assert [decision.reason for decision in track.decisions].count("on target") == 1

    def test_after_the_fade_it_begins_anew_when_the_runner_leaves_the_band(self, track):
        track.run(90, follows(166.0))
        assert track.modes()[-1] == "silent"
        count = len(track.beats)
        track.run(7, 164)
        assert len(track.beats) == count
        track.run(8, 164)
        assert len(track.beats) > count
        assert track.beats[count].gain == 0.2

    @pytest.mark.parametrize("running_s", [9.0, 11.0, 14.0, 25.0])
    def test_no_beat_is_committed_once_it_is_known_that_nobody_runs(self, track, running_s):
        track.run(running_s, 165)
        assert track.beats
        known_s = track.now + 0.2
        track.run(30, None)
        assert [beat for beat in track.beats if beat.available_s > known_s] == []
        assert (track.decisions[-1].mode, track.decisions[-1].tempo_spm) == ("silent", None)

    def test_after_a_stop_the_runner_has_the_whole_time_again(self, track):
        track.run(15, 165).run(5, None)
        count = len(track.beats)
        track.run(7.9, 165)
        assert len(track.beats) == count
        track.run(3, 165)
        assert track.off_s(track.beats[count]) < 0.01

    @pytest.mark.parametrize("mode", ["nudge", "match", "steady", "alert"])
    @pytest.mark.parametrize("end", ["pause", "mute", "stop", "sleep", "silence"])
    @pytest.mark.parametrize("running_s", [4.0, 10.0, 20.0])
    def test_every_end_is_at_once_and_lasts(self, configured, mode, end, running_s):
        track = Track(configured(f"coaching.mode={mode}")).run(running_s, 165)
        at_s = track.now
        match end:
            case "pause":
                track.tell(track.coach.pause(True, at_s))
            case "mute":
                track.tell(track.coach.mute(True, at_s))
            case "stop":
                track.tell(track.coach.stop(at_s))
                for muted in (True, False):
                    track.tell(track.coach.mute(muted, at_s))
            case "sleep":
                track.coach.sleep()
            case "silence":
                track.output(0.0, audible=False)
        track.run(20, 165).run(3, None).run(20, 165)
        assert [beat for beat in track.beats if beat.available_s > at_s] == []
        assert track.coach.deadline_s is None

    @pytest.mark.parametrize("mode", ["nudge", "match", "steady"])
    @pytest.mark.parametrize("end", ["pause", "mute", "sleep", "silence"])
    def test_going_on_begins_anew_and_in_phase(self, configured, mode, end):
        track = Track(configured(f"coaching.mode={mode}")).run(14, 165)
        match end:
            case "pause" | "mute":
                act = getattr(track.coach, end)
                track.tell(act(True, track.now)).run(10, 165).tell(act(False, track.now))
            case "sleep":
                track.coach.sleep()
                track.run(10, 165).tell(track.coach.wake(track.now))
            case "silence":
                track.output(0.0, audible=False).run(10, 165).output(0.0)
        resumed_s = track.now
        track.run(12, 165)
        again = next(beat for beat in track.beats if beat.available_s > resumed_s)
        assert again.available_s <= resumed_s + (8.7 if mode == "nudge" else 3.5)
        assert again.gain == 0.2
        assert track.off_s(again) < 0.01

    def test_a_new_beat_is_heard_as_a_new_one(self, configured):
        """What is heard obeys its limits within a beat; between two of them there is silence."""
        track = Track(configured("coaching.mode=match")).run(12, 165)
        track.tell(track.coach.pause(True, track.now)).run(0.2, 165).tell(track.coach.pause(False, track.now))
        track.run(12, 165)
        assert all(silent_s > 1.5 for silent_s in silences(track.beats))
        assert len(list(silences(track.beats))) == 1

    def test_unmuted_while_paused_it_stays_paused(self, track):
        track.run(12, 165).tell(track.coach.pause(True, track.now)).tell(track.coach.mute(True, track.now))
        track.tell(track.coach.mute(False, track.now)).run(20, 165)
        assert track.decisions[-1].mode == "paused"
        assert track.coach.deadline_s is None

    @pytest.mark.parametrize("call", ["pause", "mute"])
    def test_going_on_when_nothing_was_stopped_changes_nothing(self, config, call):
        plain, resumed = Track(config).run(15, 165), Track(config).run(15, 165)
        list(getattr(resumed.coach, call)(False, resumed.now))
        assert resumed.run(10, 165).beats == plain.run(10, 165).beats


class TestTarget:
    def test_a_new_target_is_said_and_coached_towards(self, track):
        track.run(20, 180)
        track.tell(track.coach.set_band(Band(185.0, 195.0), track.now))
        said = track.decisions[-1]
        assert (said.target_low_spm, said.target_high_spm, said.mode) == (185.0, 195.0, "silent")
        at_s = track.now
        track.run(30, 180)
        assert track.first("match").t_s == pytest.approx(at_s + 8, abs=0.3)
        assert max(d.tempo_spm for d in track.decisions if d.tempo_spm) > 181

    def test_it_turns_round_when_the_band_moves_to_the_other_side(self, track):
        pace = follows(165.0)
        track.run(20, pace)
        track.tell(track.coach.set_band(Band(145.0, 155.0), track.now))
        turned = len(track.decisions)
        track.run(120, pace)
        led = [d.tempo_spm for d in track.decisions[turned:] if d.mode == "lead"]
        assert led == sorted(led, reverse=True)
        assert track.decisions[-1].reason == "on target"
        assert pace(track) < 156

    def test_a_runner_whom_the_new_band_holds_is_left_alone(self, track):
        track.run(20, 165)
        track.tell(track.coach.set_band(Band(150.0, 180.0), track.now)).run(40, 165)
        assert track.modes()[-1] == "silent"
        assert track.beats[-1].t_s < 45

    def test_who_was_given_up_is_coached_again(self, track):
        track.run(200, 160)
        assert track.decisions[-1].reason == "no beat for now"
        track.tell(track.coach.set_band(Band(165.0, 175.0), track.now))
        count, at_s = len(track.beats), track.now
        track.run(12, 160)
        assert track.beats[count].t_s < at_s + 10

    def test_a_fade_says_no_more_that_the_old_target_was_met(self, configured):
        track = Track(configured("coaching.fade_out_steps=8")).until("fade", follows(167.0))
        track.tell(track.coach.set_band(Band(185.0, 195.0), track.now)).run(6, 178)
        assert "on target" not in {decision.reason for decision in track.decisions}


class TestCommitting:
    @pytest.mark.parametrize("latency_s", [0.0, 0.05, 0.15, 0.6])
    def test_beats_are_committed_latency_and_a_tenth_of_a_second_ahead(self, config, latency_s):
        track = Track(config, latency_s=latency_s).run(60, follows(165.0))
        assert len(track.beats) > 50
        assert {round(beat.t_s - beat.available_s, 9) for beat in track.beats} == {round(latency_s + 0.1, 9)}

    def test_what_is_known_later_moves_no_committed_beat(self, config):
        """Up to the moment at which they part, two runners who differ only later are given the same beats."""
        one, other = (Track(config, latency_s=0.6).run(20, 165).run(10, spm) for spm in (165, 150))
        before = [beat for beat in one.beats if beat.available_s <= 20.0]
        assert before == [beat for beat in other.beats if beat.available_s <= 20.0]

    def test_sound_that_takes_longer_from_now_on_is_waited_for(self, track):
        """Headphones are put on: no beat is handed over too late to be heard at its time."""
        track.run(20, 165).output(0.6)
        at_s = track.now
        track.run(10, 165)
        after = [beat for beat in track.beats if beat.available_s > at_s]
        assert after
        assert all(beat.t_s - beat.available_s == pytest.approx(0.7) for beat in after)
        assert track.off_s(after[0]) < 0.01
        assert after[0].t_s < at_s + 5

    @pytest.mark.parametrize("beat_on", ["second", "stride"])
    @pytest.mark.parametrize("phase_known", [True, False])
    def test_every_second_step_may_be_left_out(self, configured, beat_on, phase_known):
        track = Track(configured(f"coaching.beat_on={beat_on}"), phase_known=phase_known).run(30, 165)
        beats = track.beats
        assert [beat.index for beat in beats] == list(range(len(beats)))
        gaps_s = [b.t_s - a.t_s for a, b in pairwise(beats) if b.t_s - a.t_s < 1.0]
        assert len(gaps_s) > 20
        assert gaps_s == pytest.approx([120 / 165] * len(gaps_s), rel=0.03)
        if beat_on == "stride":
            assert {beat.foot for beat in beats} == {"sensor" if phase_known else "unknown"}

    @pytest.mark.parametrize(
        ("feet", "heard"),
        [(("left", "right"), "left"), (("sensor", "other"), "sensor"), (("unknown", "unknown"), "unknown")],
    )
    def test_a_stride_is_that_of_the_left_foot_or_the_sensors(self, configured, feet, heard):
        track = Track(configured("coaching.beat_on=stride"))
        for k in range(1200):
            at_s = k / 40
            while (due_s := track.coach.deadline_s) is not None and due_s <= at_s:
                track.tell(track.coach.commit(due_s))
            if k % 15 == 0:  # 160 spm
                track.coach.contact(at_s - 0.1, feet[(k // 15) % 2], at_s)
            if k % 10 == 0:
                track.tell(track.coach.cadence(reading(160.0, at_s), at_s))
        assert len(track.beats) > 20
        assert {beat.foot for beat in track.beats} == {heard}

    @given(
        legs=st.lists(
            st.tuples(
                st.floats(1, 25),
                st.one_of(st.none(), st.floats(60, 240)),
                st.sampled_from(["idle", "acquiring", "lost"]),
                st.sampled_from(
                    ["", "pause", "resume", "mute", "unmute", "low", "high", "silence", "sound", "near", "far", "lose"]
                ),
            ),
            min_size=1,
            max_size=8,
        ),
        mode=st.sampled_from(["nudge", "match", "steady", "alert"]),
        ways=st.tuples(st.sampled_from(["hold", "fade"]), st.sampled_from(["step", "second", "stride"])),
        phase_known=st.booleans(),
    )
    @settings(max_examples=120)
    def test_whatever_happens_beats_are_in_order_ahead_of_time_and_only_for_a_runner(
        self, configured, legs, mode, ways, phase_known
    ):
        on_loss, beat_on = ways
        changes = (f"coaching.mode={mode}", f"coaching.on_loss={on_loss}", f"coaching.beat_on={beat_on}")
        track = Track(configured(*changes), phase_known=phase_known)
        silent: list[tuple[float, float]] = []
        hushed = {"pause": False, "mute": False, "silence": False}
        latency_s = 0.0
        for length_s, spm, status, action in legs:
            match action:
                case "pause" | "resume":
                    hushed["pause"] = action == "pause"
                    track.tell(track.coach.pause(hushed["pause"], track.now))
                case "mute" | "unmute":
                    hushed["mute"] = action == "mute"
                    track.tell(track.coach.mute(hushed["mute"], track.now))
                case "silence" | "sound":
                    hushed["silence"] = action == "silence"
                    track.output(latency_s, audible=not hushed["silence"])
                case "near" | "far":
                    latency_s = 0.6 if action == "far" else 0.0
                    track.output(latency_s, audible=not hushed["silence"])
                case "low" | "high":
                    track.tell(track.coach.set_band(Band(*((150, 160) if action == "low" else BAND)), track.now))
            start_s = track.now
            if action == "lose":
                track.lose(length_s, spm)
                silent.append((start_s + 12.5, track.now))
            else:
                track.run(length_s, spm, status)
            if any(hushed.values()) or mode == "alert":
                silent.append((start_s, track.now))
            elif spm is None and action != "lose":
                silent.append((start_s + (0.2 if status == "idle" else 13.0), track.now))
        beats = track.beats
        assert [beat.index for beat in beats] == list(range(len(beats)))
        assert all(later.t_s - beat.t_s > 0.24 for beat, later in pairwise(beats))
        assert all(0.1 - 1e-9 <= beat.t_s - beat.available_s <= 0.7 + 1.1 for beat in beats)
        assert all(0 < beat.gain <= 1 for beat in beats)
        assert not [(beat.available_s, a, b) for beat in beats for a, b in silent if a < beat.available_s <= b]
        assert [event.available_s for event in track.events] == sorted(event.available_s for event in track.events)
        intervals_s = [b.t_s - a.t_s for a, b in pairwise(beats)]
        if beat_on == "step":
            assert all(max(a / b, b / a) <= 1.01 + 1e-6 for a, b in pairwise(intervals_s) if max(a, b) < 1.0)
