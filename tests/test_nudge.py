"""The band keeper: silent in the band, a beat towards it outside, never far from the runner, never on a runner who is
gone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.coaching.nudge import Nudge
from coach.coaching.phase import Footfalls, other_foot, wrap
from coach.coaching.target import Band
from coach.model import Beat, Cadence, Decision

TICK_S = 0.05
READING_TICKS = 4
STEP_KNOWN_AFTER_S = 0.2
BAND = (170.0, 190.0)

Pace = float | None | Callable[["Track"], float]


class Track:
    """A runner without a body: footfalls and readings as they become known, and what the coach makes of them.

    Time goes in ticks; a beat is committed at its deadline, before anything later, as the fold does it.
    """

    def __init__(self, config, *, band=BAND, latency_s=0.0, phase_known=True) -> None:
        self.coach = Nudge(config.coaching, Band(*band))
        self.coach.set_latency(latency_s)
        self.coach.set_phase_known(phase_known)
        self.events: list[Beat | Decision] = []
        self.steps: list[tuple[float, str]] = []
        self.now = 0.0
        self._tick = 0
        self._told = 0

    def run(self, for_s: float, pace: Pace, status: str = "idle") -> Track:
        """Go on at a pace, steps a minute; or None: nobody runs, and the readings say so."""
        for _ in range(round(for_s / TICK_S)):
            self._tick += 1
            self.now = self._tick * TICK_S
            spm = pace(self) if callable(pace) else pace
            self._advance()
            if spm is not None:
                self._step(spm)
            if self._tick % READING_TICKS == 0:
                self._read(spm, status)
        return self

    def tell(self, events) -> Track:
        self.events += events
        return self

    def _advance(self) -> None:
        while (deadline_s := self.coach.deadline_s) is not None and deadline_s <= self.now:
            self.events += self.coach.commit(max(deadline_s, self.now - TICK_S))

    def _step(self, spm: float) -> None:
        last_s, foot = self.steps[-1] if self.steps else (-60.0, "other")
        next_s = last_s + 60 / spm
        if next_s < self.now - 2 * TICK_S:  # ran not until now
            next_s = self.now
        if next_s <= self.now:
            self.steps.append((next_s, other_foot(foot)))
        while self._told < len(self.steps) and self.steps[self._told][0] + STEP_KNOWN_AFTER_S <= self.now:
            self.coach.contact(*self.steps[self._told])
            self._told += 1

    def _read(self, spm: float | None, status: str) -> None:
        self.events += self.coach.cadence(
            Cadence(
                t_s=self.now,
                available_s=self.now,
                spm=spm,
                status=status if spm is None else "locked",
                source="steps",
                sensor="sensor",
            ),
            self.now,
        )

    @property
    def beats(self) -> list[Beat]:
        return [event for event in self.events if isinstance(event, Beat)]

    @property
    def decisions(self) -> list[Decision]:
        return [event for event in self.events if isinstance(event, Decision)]

    def modes(self) -> list[str]:
        """Modes, each as often as it is entered."""
        modes = [decision.mode for decision in self.decisions]
        return [mode for before, mode in pairwise([None, *modes]) if mode != before]

    def first(self, mode: str) -> Decision:
        return next(decision for decision in self.decisions if decision.mode == mode)

    def heard_spm(self) -> list[tuple[float, float]]:
        """Time of each beat but the first, and the tempo that its interval is heard as."""
        return [(b.t_s, 60 / (b.t_s - a.t_s)) for a, b in pairwise(self.beats) if b.t_s - a.t_s < 1.5]


def follows(own_spm: float) -> Callable[[Track], float]:
    """Run at the tempo heard last, at one's own without a beat."""

    def pace(track: Track) -> float:
        heard = [beat.t_s for beat in track.beats[-12:] if beat.t_s <= track.now]
        if len(heard) < 2:
            return own_spm
        pace.spm += 0.05 * (60 / (heard[-1] - heard[-2]) - pace.spm)
        return pace.spm

    pace.spm = own_spm
    return pace


@pytest.fixture
def track(config):
    return Track(config)


class TestBand:
    @pytest.mark.parametrize(("spm", "side"), [(169.99, "below"), (170, "in"), (190, "in"), (190.01, "above")])
    def test_the_edges_are_inside(self, spm, side):
        assert Band(*BAND).side(spm) == side

    @pytest.mark.parametrize(("spm", "inside"), [(150, 174), (173, 174), (180, 180), (187, 186), (210, 186)])
    def test_inside_is_the_nearest_place_with_a_margin(self, spm, inside):
        assert Band(*BAND).inside(spm, 4.0) == inside

    @pytest.mark.parametrize("spm", [150, 172, 210])
    def test_a_narrow_band_gives_its_middle(self, spm):
        assert Band(170.0, 174.0).inside(spm, 4.0) == 172


class TestFootfalls:
    @given(period_s=st.floats(0.25, 0.8), count=st.integers(1, 12), ahead_s=st.floats(0, 3), start_s=st.floats(0, 1e4))
    def test_an_even_runner_is_foretold(self, period_s, count, ahead_s, start_s):
        footfalls = Footfalls()
        for k in range(count):
            footfalls.add(start_s + k * period_s, "left" if k % 2 == 0 else "right")
        after_s = start_s + (count - 1) * period_s + ahead_s
        foretold_s, foot = footfalls.next_after(after_s, period_s)
        k = round((foretold_s - start_s) / period_s)
        assert foretold_s == pytest.approx(start_s + k * period_s, abs=1e-6)
        assert after_s - 1e-6 <= foretold_s <= after_s + period_s + 1e-6
        assert k >= count
        assert foot == ("left" if k % 2 == 0 else "right")

    def test_one_odd_step_does_not_move_the_beat(self):
        footfalls = Footfalls()
        for k in range(8):
            footfalls.add(0.36 * k + (0.05 if k == 7 else 0), "unknown")
        foretold_s, _ = footfalls.next_after(3.0, 0.36)
        assert foretold_s == pytest.approx(0.36 * 9, abs=0.05 / 4)

    def test_a_step_out_of_order_is_ignored(self):
        footfalls = Footfalls()
        footfalls.add(1.0, "left")
        footfalls.add(0.7, "right")
        assert footfalls.next_after(1.1, 0.4) == (pytest.approx(1.4), "right")

    def test_nothing_is_foretold_from_nothing(self):
        footfalls = Footfalls()
        assert footfalls.next_after(1.0, 0.36) is None
        footfalls.add(1.0, "left")
        footfalls.clear()
        assert footfalls.next_after(1.0, 0.36) is None

    @given(offset_s=st.floats(-100, 100), period_s=st.floats(0.2, 1))
    def test_an_offset_is_within_half_a_period(self, offset_s, period_s):
        wrapped_s = wrap(offset_s, period_s)
        assert abs(wrapped_s) <= period_s / 2 + 1e-9
        assert (offset_s - wrapped_s) / period_s == pytest.approx(round((offset_s - wrapped_s) / period_s), abs=1e-6)


class TestSilence:
    @pytest.mark.parametrize("spm", [170.5, 180, 189.5])
    def test_in_the_band_nothing_is_heard_and_it_is_said_once(self, track, spm):
        track.run(60, spm)
        assert track.beats == []
        assert [decision.mode for decision in track.decisions] == ["silent"]

    def test_an_excursion_that_is_too_short_is_left_alone(self, track):
        for _ in range(4):
            track.run(7, 165).run(5, 178)
        assert track.beats == []

    def test_coaching_that_is_off_says_nothing(self, configured):
        track = Track(configured("coaching.mode=off")).run(30, 150).run(5, None).run(30, 150)
        assert track.events == []

    def test_reasons_are_said_once_while_they_last(self, track):
        track.run(20, None).run(20, None, status="lost").run(5, 165)
        assert [decision.reason for decision in track.decisions] == [
            "you stand still",
            "no data from the sensor",
            "165, below 170",
        ]


class TestEngaging:
    @pytest.mark.parametrize("after_s", [2.0, 8.0, 20.0])
    def test_it_begins_when_the_runner_was_outside_for_so_long(self, configured, after_s):
        track = Track(configured(f"coaching.engage_after_s={after_s}")).run(after_s + 5, 165)
        first = track.first("match")
        assert first.t_s - 0.2 == pytest.approx(after_s, abs=0.2)
        assert first.tempo_spm == 165
        assert track.beats[0].available_s >= first.available_s

    @pytest.mark.parametrize("latency_s", [0.0, 0.15, 0.6])
    @pytest.mark.parametrize("spm", [148.0, 165.0, 201.0])
    def test_the_first_beat_is_on_a_footfall_and_the_next_are_at_the_runners_own_tempo(self, config, latency_s, spm):
        track = Track(config, latency_s=latency_s).run(14, spm)
        beats = track.beats[:8]
        for beat in beats:
            contact_s, foot = min(track.steps, key=lambda step: abs(step[0] - beat.t_s))
            assert beat.t_s == pytest.approx(contact_s, abs=0.01)
            assert beat.foot == foot
        assert all(b.t_s - a.t_s == pytest.approx(60 / spm, abs=0.001) for a, b in pairwise(beats))

    def test_without_a_footfall_to_start_on_it_waits_for_one(self, config):
        track = Track(config)
        for k in range(80):
            track.tell(track.coach.cadence(reading(160.0, k / 5), k / 5))
        assert track.coach.deadline_s is None
        track.coach.contact(15.9, "left")
        assert track.coach.deadline_s is None
        track.tell(track.coach.cadence(reading(160.0, 16.0), 16.0))
        assert track.coach.deadline_s == pytest.approx(15.9 + 0.375 - 0.1)

    def test_footfalls_of_before_a_stop_are_nothing_to_start_on(self, config):
        track = Track(config).run(6, 165).run(1, None)
        for k in range(36, 90):
            track.tell(track.coach.cadence(reading(160.0, k / 5), k / 5))
        assert track.coach.deadline_s is None

    def test_where_the_phase_is_unknown_it_begins_at_once_and_corrects_nothing(self, config):
        track = Track(config, phase_known=False).run(14, 165)
        assert {decision.phase for decision in track.decisions} == {"free"}
        assert track.beats[0].t_s == pytest.approx(track.first("match").t_s + 0.1)
        assert {beat.foot for beat in track.beats} == {"unknown"}
        assert all(spm == pytest.approx(165) for _, spm in track.heard_spm()[:7])

    def test_it_fades_in(self, config):
        track = Track(config).run(14, 165)
        gains = [(beat.t_s - track.beats[0].t_s, beat.gain) for beat in track.beats]
        assert gains[0] == (0, 0.2)
        assert all(later > gain for (_, gain), (t_s, later) in pairwise(gains) if t_s < 1.5)
        assert all(gain == 1.0 for t_s, gain in gains if t_s >= 1.5)


class TestLeading:
    @pytest.mark.parametrize(("own_spm", "band"), [(162.0, BAND), (198.0, BAND), (166.0, (174.0, 178.0))])
    def test_a_runner_who_follows_is_led_into_the_band_and_left_alone(self, config, own_spm, band):
        track = Track(config, band=band).run(120, follows(own_spm))
        assert track.modes() == ["silent", "match", "lead", "fade", "silent"]
        entered = next(t_s for t_s, spm in track.heard_spm() if band[0] <= spm <= band[1])
        assert track.first("fade").t_s - entered >= config.coaching.silent_after_s - 3
        assert track.coach.deadline_s is None

    @pytest.mark.parametrize("lead_pct", [1.0, 2.5, 4.0])
    @pytest.mark.parametrize(("spm", "sign"), [(160.0, 1), (205.0, -1)])
    def test_the_tempo_asked_for_is_never_further_ahead_than_allowed(self, configured, lead_pct, spm, sign):
        track = Track(configured(f"coaching.lead_pct={lead_pct}")).run(90, spm)
        ahead_pct = [sign * 100 * (d.tempo_spm / spm - 1) for d in track.decisions if d.tempo_spm is not None]
        assert min(ahead_pct) >= -0.01
        assert 0.5 < max(ahead_pct) <= lead_pct + 0.01

    @pytest.mark.parametrize(("spm", "sign"), [(160.0, 1), (205.0, -1)])
    def test_what_is_heard_is_never_further_ahead_than_allowed(self, track, config, spm, sign):
        """facts/audio.md: what is heard, corrections of phase included, obeys the limit."""
        track.run(90, spm)
        ahead_pct = [sign * 100 * (heard / spm - 1) for _, heard in track.heard_spm()]
        assert max(ahead_pct) <= config.coaching.lead_pct + 0.01

    @pytest.mark.parametrize("slower_spm", [158.0, 150.0, 140.0])
    def test_a_runner_who_slows_down_is_not_left_with_a_beat_far_ahead(self, track, config, slower_spm):
        track.run(30, 166).run(40, slower_spm)
        late = [(t_s, 100 * (heard / slower_spm - 1)) for t_s, heard in track.heard_spm() if t_s > 38]
        assert [ahead for ahead in late if ahead[1] > config.coaching.lead_pct + 1] == []

    @pytest.mark.parametrize("ramp_pct", [0.5, 1.0, 2.0])
    @pytest.mark.parametrize("own_spm", [160.0, 205.0])
    def test_each_ramp_is_small_and_takes_eight_beats(self, configured, ramp_pct, own_spm):
        track = Track(configured(f"coaching.ramp_pct={ramp_pct}"), phase_known=False).run(60, follows(own_spm))
        led = [decision for decision in track.decisions if decision.mode == "lead"]
        assert len(led) > 4
        for before, ramp in pairwise(led):
            assert abs(ramp.tempo_spm / before.tempo_spm - 1) <= ramp_pct / 100 + 1e-4
        for before, ramp in pairwise(led[1:]):  # the first says that the match is over
            assert sum(before.t_s <= beat.available_s <= ramp.t_s for beat in track.beats) >= 8
        heard = [spm for _, spm in track.heard_spm()]
        assert max(abs(b / a - 1) for a, b in pairwise(heard)) <= ramp_pct / 100 / 8 + 1e-3
        assert max(abs(b / a - 1) for a, b in zip(heard, heard[8:], strict=False)) <= 2 * ramp_pct / 100

    def test_the_next_ramp_waits_for_the_runner(self, config):
        stubborn = Track(config).run(60, 162)
        led = [decision.tempo_spm for decision in stubborn.decisions if decision.mode == "lead"]
        assert max(led) < 162 * 1.025
        assert len(set(led)) <= 4

    def test_a_runner_who_slows_down_gently_is_not_told_so_at_every_reading(self, config):
        track = Track(config).run(25, 165)
        track.run(25, lambda track: 165 - 0.25 * (track.now - 25))
        led = [decision.t_s for decision in track.decisions if decision.mode == "lead"]
        assert all(later_s - t_s > 1.0 for t_s, later_s in pairwise(led[1:]))

    def test_corrections_of_phase_are_too_small_to_notice(self, config):
        """At most 3 ms a beat while matching, 2 ms while leading."""
        track = Track(config).run(9, 165)
        odd = [step for step in track.steps if step[0] > track.first("match").t_s - 1]
        for contact_s, foot in odd:
            track.coach.contact(contact_s + 0.5, foot)  # contacts that lie anywhere
        track.run(40, 165)
        tempo_steps_spm = 1.65 / 8
        for (_, a), (_, b) in pairwise(track.heard_spm()):
            assert abs(60 / a - 60 / b) <= 2 * 0.003 + 60 / 165 - 60 / (165 + tempo_steps_spm) + 1e-9

    def test_a_runner_off_the_beat_is_met_while_matching(self, config):
        """The reading was 0.6 % low, so the beat drifts by 16 ms in eight steps; the contacts pull it back."""
        track = Track(config).run(8.3, 165)
        track.run(4, 166)
        deviations_s = [min(abs(beat.t_s - contact_s) for contact_s, _ in track.steps) for beat in track.beats[:8]]
        assert max(deviations_s) < 0.012


class TestEnding:
    def test_it_fades_over_so_many_steps_and_is_silent(self, configured):
        track = Track(configured("coaching.fade_out_steps=8")).run(120, follows(165.0))
        fade = track.first("fade")
        faded = [beat for beat in track.beats if beat.available_s >= fade.t_s]
        assert [beat.gain for beat in faded] == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
        assert (track.decisions[-1].mode, track.decisions[-1].reason) == ("silent", "on target")

    def test_after_the_fade_it_begins_anew_when_the_runner_leaves_the_band(self, track):
        track.run(60, follows(166.0))
        assert track.modes()[-1] == "silent"
        count = len(track.beats)
        track.run(7, 164)
        assert len(track.beats) == count
        track.run(6, 164)
        assert len(track.beats) > count
        assert track.beats[count].gain == 0.2

    @pytest.mark.parametrize("status", ["idle", "lost", "acquiring"])
    @pytest.mark.parametrize("running_s", [9.0, 11.0, 14.0, 25.0])
    def test_no_beat_is_committed_once_it_is_known_that_nobody_runs(self, track, status, running_s):
        track.run(running_s, 165)
        assert track.beats
        known_s = track.now + 0.2
        track.run(30, None, status=status)
        assert [beat for beat in track.beats if beat.available_s > known_s] == []
        assert (track.decisions[-1].mode, track.decisions[-1].tempo_spm) == ("silent", None)

    def test_after_a_stop_the_runner_has_the_whole_time_again(self, track):
        track.run(15, 165).run(5, None)
        count = len(track.beats)
        track.run(7.9, 165)
        assert len(track.beats) == count
        track.run(3, 165)
        again = track.beats[count]
        assert min(abs(again.t_s - contact_s) for contact_s, _ in track.steps) < 0.01

    @pytest.mark.parametrize("end", ["pause", "mute", "stop"])
    @pytest.mark.parametrize("running_s", [4.0, 9.0, 20.0])
    def test_pause_mute_and_stop_are_at_once_and_last(self, track, end, running_s):
        track.run(running_s, 165)
        at_s = track.now
        match end:
            case "pause":
                track.tell(track.coach.pause(True, at_s))
            case "mute":
                track.tell(track.coach.mute(True, at_s))
            case "stop":
                track.tell(track.coach.stop(at_s))
        track.run(20, 165).run(3, None).run(20, 165)
        assert [beat for beat in track.beats if beat.available_s > at_s] == []
        assert track.coach.deadline_s is None
        if end != "stop":
            assert track.decisions[-1].mode == ("paused" if end == "pause" else "off")

    @pytest.mark.parametrize("call", ["pause", "mute"])
    def test_going_on_begins_anew(self, track, call):
        act = getattr(track.coach, call)
        track.run(12, 165).tell(act(True, track.now)).run(10, 165).tell(act(False, track.now))
        resumed_s = track.now
        assert track.decisions[-1].mode == "silent"
        track.run(12, 165)
        again = next(beat for beat in track.beats if beat.available_s > resumed_s)
        assert again.available_s == pytest.approx(resumed_s + 8, abs=0.7)

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
        track.run(15, pace)
        track.tell(track.coach.set_band(Band(145.0, 155.0), track.now))
        turned = len(track.decisions)
        track.run(60, pace)
        led = [d.tempo_spm for d in track.decisions[turned:] if d.mode == "lead"]
        assert led == sorted(led, reverse=True)
        assert track.decisions[-1].reason == "on target"
        assert pace.spm < 156

    def test_a_runner_whom_the_new_band_holds_is_left_alone(self, track):
        track.run(15, 165)
        track.tell(track.coach.set_band(Band(160.0, 180.0), track.now)).run(30, 165)
        assert track.modes() == ["silent", "match", "lead", "fade", "silent"]


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

    @given(
        legs=st.lists(
            st.tuples(
                st.floats(1, 25),
                st.one_of(st.none(), st.floats(140, 215)),
                st.sampled_from(["", "pause", "resume", "mute", "unmute", "low", "high"]),
            ),
            min_size=1,
            max_size=8,
        ),
        latency_s=st.sampled_from([0.0, 0.15, 0.6]),
        phase_known=st.booleans(),
    )
    @settings(max_examples=40)
    def test_whatever_happens_beats_are_in_order_ahead_of_time_and_only_for_a_runner(
        self, config, legs, latency_s, phase_known
    ):
        track = Track(config, latency_s=latency_s, phase_known=phase_known)
        silent: list[tuple[float, float]] = []
        hushed = {"pause": False, "mute": False}
        for length_s, spm, action in legs:
            match action:
                case "pause" | "resume":
                    hushed["pause"] = action == "pause"
                    track.tell(track.coach.pause(hushed["pause"], track.now))
                case "mute" | "unmute":
                    hushed["mute"] = action == "mute"
                    track.tell(track.coach.mute(hushed["mute"], track.now))
                case "low" | "high":
                    track.tell(track.coach.set_band(Band(*((150, 160) if action == "low" else BAND)), track.now))
            start_s = track.now
            track.run(length_s, spm)
            if any(hushed.values()):
                silent.append((start_s, track.now))
            elif spm is None:
                silent.append((start_s + 0.2, track.now))
        beats = track.beats
        assert [beat.index for beat in beats] == list(range(len(beats)))
        assert all(later.t_s - beat.t_s > 0.24 for beat, later in pairwise(beats))
        assert all(beat.t_s - beat.available_s == pytest.approx(latency_s + 0.1) for beat in beats)
        assert all(0 < beat.gain <= 1 for beat in beats)
        assert all(not start_s < beat.available_s <= end_s for beat in beats for start_s, end_s in silent)
        assert [event.available_s for event in track.events] == sorted(event.available_s for event in track.events)


def reading(spm, at_s):
    return Cadence(t_s=at_s, available_s=at_s, spm=spm, status="locked", source="steps", sensor="sensor")
