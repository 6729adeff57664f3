"""Data that are missing, and come back: the beat holds or fades as it was told to, and says nothing that is wrong."""

from __future__ import annotations

import pytest

from .track import Track, follows

WRONG = {"on target", "you keep your own 165: no beat for 600 s"}


@pytest.fixture
def lost(configured):
    """Lose the sensor of a runner who is being led."""

    def run(for_s, *changes, pace=165.0, then=None, phase_known=True):
        track = Track(configured(*changes), phase_known=phase_known).run(14, pace)
        return track.lose(for_s, pace).run(15, pace if then is None else then)

    return run


class TestHold:
    @pytest.mark.parametrize("mode", ["nudge", "match", "steady"])
    @pytest.mark.parametrize("for_s", [1.0, 5.0, 10.0])
    def test_the_beat_goes_on_at_the_tempo_that_it_had(self, lost, mode, for_s):
        track = lost(for_s, f"coaching.mode={mode}")
        lost_s, back_s = 14.0, 14.0 + for_s
        hold = track.first("hold")
        assert (hold.t_s, hold.reason) == (14.0, "no data from the sensor: the beat waits")
        heard = [spm for t_s, spm in track.heard_spm() if lost_s + 0.5 < t_s < back_s]
        assert len(heard) > 2 * (for_s - 1)
        assert heard == pytest.approx([heard[0] if heard else 0] * len(heard))

    @pytest.mark.parametrize("mode", ["match", "steady"])
    def test_back_in_phase_it_goes_on(self, lost, mode):
        track = lost(10.0, f"coaching.mode={mode}")
        assert [d.reason for d in track.decisions][-1] == "you are back"
        assert track.beats[-1].t_s > 38
        if mode == "match":
            assert max(track.off_s(beat) for beat in track.beats if beat.t_s > 26) < 0.02

    @pytest.mark.parametrize("for_s", [3.0, 6.5, 10.0])
    def test_a_beat_that_has_left_the_feet_is_set_on_them_anew(self, lost, for_s):
        track = lost(for_s)
        back_s = 14.0 + for_s
        after = [beat for beat in track.beats if beat.t_s > back_s + 3]
        assert after
        if "the beat finds your steps again" in {d.reason for d in track.decisions}:
            assert after[0].gain == 0.2 or track.beats[-1].t_s > back_s
            fresh = next(beat for beat in track.beats if beat.t_s > back_s and beat.gain == 0.2)
            assert track.off_s(fresh) < 0.01
        assert not WRONG & {d.reason for d in track.decisions}

    def test_a_runner_who_changed_pace_unseen_is_begun_with_anew(self, lost):
        track = lost(8.0, then=150.0)
        reasons = [d.reason for d in track.decisions]
        assert "the beat finds your steps again" in reasons
        late = [spm for t_s, spm in track.heard_spm() if t_s > 30]
        assert late
        assert max(late) <= 150 * 1.026

    @pytest.mark.parametrize("hold_s", [2.0, 12.0, 30.0])
    @pytest.mark.parametrize("phase_known", [True, False])
    def test_it_does_not_go_on_for_ever(self, configured, hold_s, phase_known):
        """The sensor says only once that it is lost: no reading comes to end the beat."""
        track = Track(configured(f"coaching.hold_s={hold_s}"), phase_known=phase_known).run(14, 165).lose(60, 165.0)
        assert track.beats[-1].available_s == pytest.approx(14 + hold_s, abs=0.4)
        assert (track.decisions[-1].mode, track.decisions[-1].reason) == ("silent", "no data from the sensor")
        assert track.coach.deadline_s is None

    def test_after_that_the_runner_is_new(self, configured):
        track = Track(configured()).run(14, 165).lose(60, 165.0)
        count = len(track.beats)
        track.run(7, 165)
        assert len(track.beats) == count
        track.run(5, 165)
        assert track.off_s(track.beats[count]) < 0.01

    def test_readings_without_steps_do_not_yet_end_the_wait(self, configured):
        track = Track(configured()).run(14, 165).lose(3, 165.0)
        track.steps_known = False
        track.run(5, 165)
        assert track.decisions[-1].mode == "hold"
        track.run(10, 165)
        assert track.decisions[-1].mode == "silent"

    def test_a_stop_meanwhile_ends_it(self, configured):
        track = Track(configured()).run(14, 165).lose(3, 165.0)
        at_s = track.now + 0.2
        track.run(10, None)
        assert not [beat for beat in track.beats if beat.available_s > at_s]

    def test_while_steps_are_being_found_it_waits_too(self, configured):
        track = Track(configured()).run(14, 165).run(4, None, "acquiring")
        assert track.decisions[-1].reason == "finding your steps: the beat waits"
        assert track.run(20, None, "acquiring").decisions[-1].reason == "finding your steps"
        assert track.beats[-1].available_s < 14 + 12.5


class TestFade:
    @pytest.mark.parametrize("mode", ["nudge", "match", "steady"])
    @pytest.mark.parametrize("for_s", [1.0, 10.0, 40.0])
    def test_it_fades_and_begins_anew(self, lost, mode, for_s):
        track = lost(for_s, f"coaching.mode={mode}", "coaching.on_loss=fade")
        fade = track.first("fade")
        assert (fade.t_s, fade.reason) == (14.0, "no data from the sensor")
        gains = [beat.gain for beat in track.beats if 14.0 < beat.available_s < 17]
        assert gains[:6] == sorted(gains[:6], reverse=True)
        assert not WRONG & {d.reason for d in track.decisions}
        again = next(beat for beat in track.beats if beat.t_s > 17)
        assert again.gain == 0.2
        assert track.off_s(again) < 0.01

    def test_lost_while_it_fades_in_the_band_it_goes_on_fading(self, configured):
        track = Track(configured()).until("fade", follows(166.0))
        fade_s = track.now
        track.lose(10, 175.0)
        assert track.beats[-1].t_s < fade_s + 3
        assert track.coach.deadline_s is None


class TestTogether:
    @pytest.mark.parametrize("call", ["pause", "mute"])
    def test_paused_while_it_waits_it_is_silent_and_stays_so(self, configured, call):
        track = Track(configured()).run(14, 165).lose(2, 165.0)
        track.tell(getattr(track.coach, call)(True, track.now))
        at_s = track.now
        track.lose(5, 165.0).run(10, 165)
        assert not [beat for beat in track.beats if beat.available_s > at_s]
        track.tell(getattr(track.coach, call)(False, track.now)).run(12, 165)
        assert [beat for beat in track.beats if beat.available_s > at_s]

    def test_sound_that_is_gone_and_back_while_data_are_missing(self, configured):
        track = Track(configured()).run(14, 165).lose(2, 165.0).output(0.0, audible=False).lose(3, 165.0).output(0.0)
        at_s = track.now
        track.lose(5, 165.0)
        assert not [beat for beat in track.beats if beat.available_s > 16.0]
        track.run(15, 165)
        assert track.off_s(next(beat for beat in track.beats if beat.available_s > at_s)) < 0.01
