"""How far the beat goes ahead of the runner, and when it no longer does."""

from __future__ import annotations

from itertools import pairwise

import pytest

from coach.coaching.lead import Lead
from coach.coaching.pace import Pace
from coach.coaching.phase import Synchrony
from coach.coaching.target import Band

from .track import BAND, Track, follows

IN_BAND = 178.0


@pytest.fixture
def track(config):
    return Track(config)


def pace(spm, slow_spm=None, band=BAND):
    slow_spm = slow_spm or spm
    return Pace(spm, slow_spm, slow_spm, 0.0, Band(*band).side(spm))


class TestNextRamp:
    @pytest.fixture
    def lead(self, config):
        lead = Lead(config.coaching)
        lead.begin()
        return lead

    @pytest.mark.parametrize(("spm", "inside_spm", "sign"), [(160.0, 178.0, 1), (205.0, 182.0, -1)])
    def test_it_is_one_percent_towards_the_band(self, lead, spm, inside_spm, sign):
        assert lead.next_tempo(pace(spm), spm, spm, inside_spm) == pytest.approx(spm * (1 + sign * 0.01))

    def test_while_one_is_on_there_is_no_other(self, lead):
        assert lead.next_tempo(pace(160.0), 160.5, 161.6, IN_BAND) is None

    def test_unless_the_beat_must_turn_round(self, lead):
        assert lead.next_tempo(pace(155.0), 160.5, 161.6, IN_BAND) < 160.5

    def test_there_is_none_while_the_runner_is_behind(self, lead):
        assert lead.next_tempo(pace(160.0), 162.6, 162.6, IN_BAND) is None

    def test_who_sways_back_is_gone_back_to(self, lead):
        assert lead.next_tempo(pace(158.0), 163.0, 163.0, IN_BAND) == pytest.approx(163.0 * 0.99)

    def test_it_ends_where_the_runner_is_to_be(self, lead):
        assert lead.next_tempo(pace(177.5), 177.5, 177.5, IN_BAND) == IN_BAND
        assert lead.next_tempo(pace(178.0), 178.0, 178.0, IN_BAND) is None

    @pytest.mark.parametrize("slow_spm", [120.0, 160.0, 200.0, 240.0])
    @pytest.mark.parametrize("tempo_spm", [120.0, 160.0, 200.0, 240.0])
    def test_it_is_never_aimed_further_than_a_ramp_away(self, lead, slow_spm, tempo_spm):
        goal_spm = lead.next_tempo(pace(slow_spm), tempo_spm, tempo_spm, IN_BAND)
        assert goal_spm is None or abs(goal_spm / tempo_spm - 1) <= 0.01 + 1e-9


class TestTrouble:
    def synchrony(self, late_s):
        synchrony = Synchrony()
        for k in range(64):
            synchrony.beat(k * 0.36)
            synchrony.contact(k * 0.36 + late_s(k), 0.36)
        return synchrony

    def trouble(self, config, late_s, times=(0.0,), tempo_spm=166.0):
        lead = Lead(config.coaching)
        return [lead.trouble(pace(166.0), tempo_spm, self.synchrony(late_s), at_s) for at_s in times][-1]

    def test_in_step_there_is_none(self, config):
        assert self.trouble(config, lambda k: 0.03) is None

    def test_where_synchrony_is_lost_the_tempo_waits(self, config):
        found = self.trouble(config, lambda k: 0.36 * ((k * 0.618) % 1) * 0.65)
        assert (found.remedy, found.reason) == ("hold", "waiting for your steps to meet the beat")

    def test_apart_for_20_s_it_goes_back_to_the_runner(self, config):
        apart = lambda k: 0.36 * (k * 0.382 % 1)  # noqa: E731
        assert self.trouble(config, apart, [0.0, 19.9]).remedy != "back"
        assert self.trouble(config, apart, [0.0, 20.0]).remedy == "back"

    def test_a_beat_that_the_steps_have_left_is_set_anew(self, config):
        assert self.trouble(config, lambda k: 0.0 if k < 52 else 0.17).remedy == "restart"

    def test_who_is_behind_for_a_minute_does_not_follow(self, config):
        lead = Lead(config.coaching)
        found = [lead.trouble(pace(160.0), 160 * 1.02, None, float(at_s)) for at_s in range(62)]
        assert found[58] is None
        assert (found[60].remedy, found[60].reason) == ("back", "you keep 160")

    def test_who_is_with_the_beat_in_the_mean_does(self, config):
        lead = Lead(config.coaching)
        assert {
            lead.trouble(pace(160.0), 160 * (1.02 if at_s % 2 else 1.0), None, float(at_s)) for at_s in range(300)
        } == {None}


class TestInVain:
    def first_in_vain(self, config, spm, every_s=0.25):
        lead = Lead(config.coaching)
        times = [k * every_s for k in range(round(600 / every_s))]
        return next((at_s for at_s in times if lead.in_vain(pace(spm(at_s)), Band(*BAND), at_s)), None)

    @pytest.mark.parametrize("spm", [150.0, 210.0])
    def test_who_does_not_move_is_given_up_in_time(self, config, spm):
        assert 120 < self.first_in_vain(config, lambda at_s: spm) < 170

    @pytest.mark.parametrize("sign", [1, -1])
    def test_who_comes_nearer_slowly_is_not(self, config, sign):
        from_spm = 180 - sign * 30
        assert self.first_in_vain(config, lambda at_s: from_spm * (1 + sign * 0.03 * at_s / 120)) is None

    @pytest.mark.parametrize("sign", [1, -1])
    def test_who_goes_the_other_way_is(self, config, sign):
        from_spm = 180 - sign * 20
        assert self.first_in_vain(config, lambda at_s: from_spm * (1 - sign * 0.03 * at_s / 120)) is not None


class TestLeading:
    @pytest.mark.parametrize(("own_spm", "band"), [(162.0, BAND), (198.0, BAND), (166.0, (174.0, 178.0))])
    def test_a_runner_who_follows_is_led_into_the_band_and_left_alone(self, config, own_spm, band):
        """From above as from below, and into a narrow band."""
        track = Track(config, band=band).run(120, follows(own_spm))
        assert [mode for mode in track.modes() if mode != "hold"][-2:] == ["fade", "silent"]
        assert track.modes()[:3] == ["silent", "match", "lead"]
        entered = next(t_s for t_s, spm in track.heard_spm() if band[0] <= spm <= band[1])
        assert track.first("fade").t_s - entered >= config.coaching.silent_after_s - 3
        assert track.coach.deadline_s is None

    @pytest.mark.parametrize("lead_pct", [1.0, 2.5, 4.0])
    @pytest.mark.parametrize(("spm", "sign"), [(160.0, 1), (205.0, -1)])
    def test_what_is_heard_is_never_further_ahead_than_allowed(self, configured, lead_pct, spm, sign):
        """facts/audio.md: what is heard, corrections of phase included, obeys the limit."""
        track = Track(configured(f"coaching.lead_pct={lead_pct}")).run(90, spm)
        ahead_pct = [sign * 100 * (heard / spm - 1) for _, heard in track.heard_spm()]
        assert 0.5 < max(ahead_pct) <= lead_pct + 0.01
        asked_pct = [sign * 100 * (d.tempo_spm / spm - 1) for d in track.decisions if d.tempo_spm is not None]
        assert max(asked_pct) <= lead_pct + 0.01

    @pytest.mark.parametrize("slower_spm", [158.0, 150.0, 140.0, 120.0])
    def test_a_runner_who_slows_down_is_not_left_with_a_beat_far_ahead(self, track, config, slower_spm):
        track.run(30, 166).run(40, slower_spm)
        late = [100 * (heard / slower_spm - 1) for t_s, heard in track.heard_spm() if t_s > 38]
        assert [ahead for ahead in late if ahead > config.coaching.lead_pct + 0.1] == []

    @pytest.mark.parametrize("ramp_pct", [0.5, 1.0, 2.0])
    @pytest.mark.parametrize("own_spm", [160.0, 205.0])
    def test_each_ramp_is_small_and_takes_eight_beats(self, configured, ramp_pct, own_spm):
        track = Track(configured(f"coaching.ramp_pct={ramp_pct}")).run(60, follows(own_spm))
        led = [decision for decision in track.decisions if decision.mode == "lead"]
        assert len(led) > 4
        for before, ramp in pairwise(led):
            assert abs(ramp.tempo_spm / before.tempo_spm - 1) <= ramp_pct / 100 + 1e-4
        for before, ramp in pairwise(led[1:]):  # the first says that the match is over
            assert sum(before.t_s <= beat.available_s <= ramp.t_s for beat in track.beats) >= 8
        heard = [spm for _, spm in track.heard_spm()]
        assert max(abs(b / a - 1) for a, b in pairwise(heard)) <= min(0.01, ramp_pct / 100 / 8 + 0.009)

    def test_the_next_ramp_waits_for_the_runner(self, config):
        stubborn = Track(config).run(30, 162)
        led = [decision.tempo_spm for decision in stubborn.decisions if decision.mode == "lead"]
        assert max(led) < 162 * 1.025
        assert len(set(led)) <= 4

    @pytest.mark.parametrize("spm", [150.0, 160.0, 168.0, 200.0])
    def test_who_does_not_follow_is_given_up_within_3_min_and_told_so(self, config, spm):
        track = Track(config).run(300, spm)
        fade = track.first("fade")
        assert fade.t_s - track.first("match").t_s < 180
        assert fade.reason == f"you keep your own {spm:.0f}: no beat for 600 s"
        assert track.decisions[-1].reason == "no beat for now"
        assert track.beats[-1].t_s < fade.t_s + 3
        assert track.run(440, spm).beats[-1].t_s < fade.t_s + 3
        assert track.run(60, spm).beats[-1].t_s > fade.t_s + 600

    def test_who_followed_before_is_asked_again_sooner(self, config):
        track = Track(config).run(120, follows(166.0)).run(400, 164)
        given_up = [d.reason for d in track.decisions if d.mode == "fade" and "no beat" in d.reason]
        assert given_up[0].endswith("no beat for 60 s")

    @pytest.mark.parametrize("change_spm", [-8.0, 8.0])
    def test_a_runner_off_the_beat_is_met_while_matching(self, config, change_spm):
        """The reading was 0.6 % off, so the beat drifts by 13 ms in six steps; the contacts pull it back."""
        track = Track(config).run(8.3, 165)
        track.run(4, 165 + change_spm / 8)
        assert max(track.off_s(beat) for beat in track.beats[:6]) < 0.012

    def test_corrections_of_phase_are_too_small_to_notice(self, config):
        track = Track(config).run(9, 165)
        for contact_s, foot in track.steps[-30:]:
            track.coach.contact(contact_s + 9.1, foot, track.now)  # contacts that lie anywhere
        track.run(40, 165)
        gaps_s = [b.t_s - a.t_s for a, b in pairwise(track.beats)]
        assert len(gaps_s) > 60
        assert all(max(a / b, b / a) <= 1.01 + 1e-9 for a, b in pairwise(gaps_s) if max(a, b) < 1.0)


class TestOtherModes:
    @pytest.mark.parametrize("phase_known", [True, False])
    @pytest.mark.parametrize("to_spm", [150.0, 158.0, 171.0])
    def test_match_follows_the_runner_wherever_the_runner_goes(self, configured, phase_known, to_spm):
        track = Track(configured("coaching.mode=match"), phase_known=phase_known).run(20, 164)
        track.run(30, lambda track: 164 + (to_spm - 164) * (track.now - 20) / 30).run(20, to_spm)
        heard = [spm for t_s, spm in track.heard_spm() if t_s > 62]
        assert heard
        assert heard == pytest.approx([to_spm] * len(heard), rel=0.015)
        assert {decision.mode for decision in track.decisions} <= {"match", "silent"}
        if phase_known:
            late = [track.off_s(beat) for beat in track.beats if 65 < beat.t_s < 69.5]  # 3 ms a beat, at most
            assert max(late) < 0.06

    def test_match_goes_on_in_the_band_and_outside_it(self, configured):
        track = Track(configured("coaching.mode=match")).run(40, 180)
        assert [d.reason for d in track.decisions] == ["with you"]
        assert track.beats[-1].t_s > 39

    @pytest.mark.parametrize("spm", [150.0, 180.0, 205.0])
    def test_steady_keeps_its_tempo_whatever_the_runner_does(self, configured, spm):
        track = Track(configured("coaching.mode=steady")).run(20, spm).run(30, 160)
        heard = [heard for _, heard in track.heard_spm()]
        assert heard == pytest.approx([178.0] * len(heard))
        assert [d.reason for d in track.decisions] == ["a steady beat at 178"]
        assert track.off_s(track.beats[0]) < 0.01

    def test_steady_goes_to_a_new_target_in_steps_that_are_not_noticed(self, configured):
        track = Track(configured("coaching.mode=steady")).run(20, 160)
        track.tell(track.coach.set_band(Band(150.0, 170.0), track.now)).run(120, 160)
        heard = track.heard_spm()
        assert heard[-1][1] == pytest.approx(158.0, abs=0.31)
        for k, (t_s, spm) in enumerate(heard):
            within = [later for later_s, later in heard[k:] if later_s - t_s < 19]
            assert max(within) / min(within) <= 1.025 + 1e-9
            assert abs(within[min(1, len(within) - 1)] / spm - 1) <= 0.01

    def test_alert_cues_once_and_says_when_the_target_is_met(self, configured):
        track = Track(configured("coaching.mode=alert")).run(60, 164).run(20, 178).run(60, 200)
        assert track.beats == []
        assert [(d.mode, d.reason) for d in track.decisions] == [
            ("silent", "164, below 170"),
            ("cue", "164 for 8 s, below 170"),
            ("silent", "on target"),
            ("silent", "191, above 190"),
            ("cue", "200 for 8 s, above 190"),
        ]

    def test_alert_does_not_repeat_itself_at_the_edge(self, configured):
        track = Track(configured("coaching.mode=alert"))
        track.run(300, lambda track: 169.0 + 2.0 * (track.now % 5 > 2.5))
        cues = [d.reason for d in track.decisions if d.mode == "cue"]
        assert len(cues) == 1
        assert cues[0].endswith("below 170")

    def test_alert_cues_anew_for_a_new_target_and_after_a_stop(self, configured):
        track = Track(configured("coaching.mode=alert")).run(20, 164)
        track.tell(track.coach.set_band(Band(180.0, 190.0), track.now)).run(20, 164).run(5, None).run(20, 164)
        assert [d.reason for d in track.decisions if d.mode == "cue"] == [
            "164 for 8 s, below 170",
            "164 for 8 s, below 180",
            "164 for 8 s, below 180",
        ]
