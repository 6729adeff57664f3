"""What is heard and when: silent in the band, a beat towards it outside; or another way to coach, if the runner wants.

*nudge*: a runner who leaves the band for a while hears a beat on his or her own footfalls (*match*), then one a little
ahead (*lead*, see `coach.coaching.lead`). Where steps and beat lose each other its tempo waits (*hold*) or goes back to
the runner. Once the runner has been in the band for a while the beat fades. Who was led in and slides back hears it
again before the edge, see `coach.coaching.relapse`. Who does not follow is left alone, soon.
*match* stays with the runner, *steady* keeps one tempo, *alert* has words only, *off* nothing.

No beat is committed once it is known that the runner stopped. When data are missing the beat goes on for a while as it
was (*hold* again), or fades, as it was told to, and is set on the footfalls anew when they are back.

It hears of cadence and of contacts, on host time, and acts at the times of those and at `deadline_s`, when the next
beat must be committed: the output's latency and `MARGIN_S` before it is heard.

Sources: lead and ramp sizes Van Dyck 2015, start in phase Moens 2014.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from coach.coaching.beats import Beats, Manner
from coach.coaching.lead import Lead
from coach.coaching.lock import Lock
from coach.coaching.pace import LONGEST_S, Pace
from coach.coaching.phase import Footfalls
from coach.coaching.relapse import Relapses
from coach.coaching.target import Band, Side
from coach.config import CoachingConfig
from coach.model import Beat, Cadence, CadenceStatus, CoachingMode, Decision, DecisionMode, Foot

CoachingEvent = Decision | Beat

MARGIN_S = 0.1
"""Beyond the output's latency: beats are committed so much ahead that no output is ever surprised."""

MATCH_BEATS = 6

OUT_OF_REACH_PCT = 4.0
"""This far from the beat the runner has left it, faster than a ramp could follow: it ends, to begin anew."""

FOLLOW_PCT = 1.0
"""A beat that follows the runner goes in a ramp to a cadence that is further off than this."""

FREE_HYSTERESIS_SPM = 2.0
"""A pod counts in steps of 2 spm: where only cadence is known, the runner is led into the band by no less."""

SMALLEST_RAMP_SPM = 0.3

FOLLOWER_REST_S = 60.0
"""A runner who has followed before, and does not now, is left alone for no longer than this."""

RESTART_S = 2.0
"""After a beat it is silent for so long at least, so that the next one is heard as a new one."""

LOST_STEP_S = 0.09
"""After a gap in the data, a beat that is further than this from the feet is not worth dragging back."""

GONE: dict[CadenceStatus, str] = {
    "lost": "no data from the sensor",
    "idle": "you stand still",
    "acquiring": "finding your steps",
}


class Nudge:
    """Decides what is heard. Times are host time in seconds; cadence and tempo are steps a minute.

    Parameters
    ----------
    config : the coaching section of the settings.
    band : the target.

    Notes
    -----
    `cadence`, `contact`, `pause` and the other calls come in the order of their times. `commit` is to be called at
    `deadline_s`, before anything later.
    """

    def __init__(self, config: CoachingConfig, band: Band) -> None:
        self._config = config
        self._band = band
        self._latency_s = 0.0
        self._audible = True
        self._phase_known = False
        self._paused = False
        self._muted = False
        self._asleep = False
        self._stopped = False
        self._pace: Pace | None = None
        self._footfalls = Footfalls()
        self._lock = Lock()
        self._mode: DecisionMode = self._quiet_mode
        self._said: tuple[DecisionMode, str] | None = None
        self._beats: Beats | None = None
        self._leading = Lead(config)
        self._relapses = Relapses()
        self._beats_in_mode = 0
        self._after_fade = ("", "")
        self._index = 0
        self._lost_since_s: float | None = None
        self._rest_until_s = -math.inf
        self._gave_up = False
        self._has_followed = False
        self._keep_tempo_until_s = -math.inf
        self._steady_from_s = -math.inf

    # --- what comes in --------------------------------------------------------------------------------------------

    def set_output(self, latency_s: float, *, audible: bool, at_s: float) -> Iterator[Decision]:
        """Take how long the output takes from being handed a beat to its being heard, and whether it plays at all."""
        was_audible, self._audible, self._latency_s = self._audible, audible, latency_s
        if self.hushed:
            return
        if was_audible and not audible:
            yield from self._fall_silent("there is no sound", at_s)
        elif self._beats is not None and self._beats.next_s < at_s + latency_s:
            yield from self._restart("the sound takes longer now: the beat finds your steps again", at_s)

    def set_phase_known(self, known: bool) -> None:
        """Tell whether contacts are those of the feet, so that a beat may be aligned to them."""
        self._phase_known = known

    def keep_tempo_until(self, until_s: float) -> None:
        """Change no tempo before a time: somebody is speaking."""
        self._keep_tempo_until_s = until_s

    def cadence(self, cadence: Cadence, at_s: float) -> Iterator[CoachingEvent]:
        """Take a reading that became known at `at_s`."""
        if cadence.spm is None:
            yield from self._runner_gone(cadence.status, at_s)
            return
        if self._lost_since_s is not None:
            yield from self._runner_back(cadence.spm, at_s)
        self._lock.cadence(cadence)
        if self._pace is None:
            self._pace = Pace.first(cadence.spm, at_s, self._band)
        else:
            self._count(at_s - self._pace.at_s)
            self._pace = self._pace.after(cadence.spm, at_s, self._band)
        if self.hushed or not self._audible or self._lost_since_s is not None:
            return
        match self._mode:
            case "silent" | "cue":
                yield from self._watch(self._pace, at_s)
            case "match" | "lead" | "hold" | "steady":
                yield from self._accompany(self._pace, at_s)
            case _:
                pass

    def _count(self, passed_s: float) -> None:
        """Let the silences know how much of the time in the band was accompanied."""
        if self.side == "in":
            self._relapses.inside(min(passed_s, LONGEST_S), sounds=self._beats is not None)

    def contact(self, contact_s: float, foot: Foot, at_s: float) -> None:
        """Take a foot contact, on host time, that became known at `at_s`."""
        if self._pace is None:
            return
        self._footfalls.add(contact_s, foot, 60 / self._pace.spm)
        self._lock.contact(contact_s)
        if self._beats is None or not self._phase_known or self._lost_since_s is not None:
            return
        if self._beats.begun:
            self._beats.contact(contact_s, self._manner, self._pace.spm)
        elif self._lock.steps_even and (first := self._first_on_foot(self._pace, at_s)) is not None:
            self._beats.aim(*first)  # not after a contact that is none: it would move the beat by half a step

    def pause(self, paused: bool, at_s: float) -> Iterator[Decision]:
        """Stop or go on coaching."""
        if paused != self._paused:
            self._paused = paused
            yield from self._fall_silent("you paused" if paused else "you go on", at_s)

    def mute(self, muted: bool, at_s: float) -> Iterator[Decision]:
        """Stop or go on sounding."""
        if muted != self._muted:
            self._muted = muted
            yield from self._fall_silent("muted" if muted else "no longer muted", at_s)

    def sleep(self) -> None:
        """Commit nothing: the computer slept from here on, as it finds out on waking up."""
        self._beats = None
        self._asleep = True

    def wake(self, at_s: float) -> Iterator[Decision]:
        """Go on after a sleep."""
        self._asleep = False
        if self._mode not in ("silent", "paused", "off"):
            yield from self._fall_silent("the computer slept", at_s)

    def stop(self, at_s: float) -> Iterator[Decision]:
        """End: no beat is committed any more, whatever comes."""
        sounding, self._stopped = self._beats is not None, True
        if sounding:
            yield from self._fall_silent("the run ends", at_s)

    def set_band(self, band: Band, at_s: float, reason: str = "") -> Iterator[Decision]:
        """Coach towards another band from now on."""
        self._band = band
        self._rest_until_s, self._gave_up = -math.inf, False
        self._leading.forget()
        self._relapses = Relapses()
        if self._pace is not None:
            self._pace = self._pace.afresh(band)
        reason = reason or f"new target {band}"
        self._after_fade = (reason, "")
        yield self._decide("silent" if self._mode == "cue" else self._mode, reason, at_s)

    def move_band(self, band: Band, at_s: float, reason: str) -> Iterator[Decision]:
        """Go on as before, towards a band that moved with the runner's speed."""
        self._band = band
        said = "" if self._said is None else self._said[1]
        yield self._decide(self._mode, reason, at_s, said=said)

    def aim(self, band: Band, mode: CoachingMode, at_s: float, reason: str) -> Iterator[Decision]:
        """Begin anew, towards a band and in a way to coach; nothing, if they are those already."""
        if (band, mode) != (self._band, self._config.mode):
            self._config = self._config.model_copy(update={"mode": mode})
            self._band = band
            self._rest_until_s, self._gave_up = -math.inf, False
            self._leading.forget()
            yield from self._fall_silent(reason, at_s)
            self._relapses = Relapses()

    # --- what is known --------------------------------------------------------------------------------------------

    @property
    def spm(self) -> float | None:
        """The runner's cadence as the coach sees it; None while there is none."""
        return None if self._pace is None else self._pace.spm

    @property
    def side(self) -> Side | None:
        """Where the runner is to the band; None while there is no cadence."""
        return None if self._pace is None else self._pace.side

    @property
    def steady_from_s(self) -> float:
        """From this host time on, no change of tempo is heard, unless another is decided."""
        arrives_s = None if self._beats is None else self._beats.steady_from_s
        return self._steady_from_s if arrives_s is None else arrives_s

    @property
    def hushed(self) -> bool:
        """Whether no beat is to be heard: silenced, or off."""
        return self._quiet_mode != "silent" or self._asleep

    @property
    def silenced(self) -> bool:
        """Whether nothing at all is to be heard: paused, muted, asleep or at the end."""
        return self._paused or self._muted or self._stopped or self._asleep

    @property
    def gave_up(self) -> bool:
        """Whether the runner is left alone, because he or she did not follow."""
        return self._gave_up

    @property
    def _quiet_mode(self) -> DecisionMode:
        if self._paused:
            return "paused"
        return "off" if self._muted or self._stopped or self._config.mode == "off" else "silent"

    @property
    def _manner(self) -> Manner:
        match self._mode:
            case "match":
                return "follow" if self._config.mode == "match" else "meet"
            case "hold":
                return "wait"
            case "lead":
                return "lead"
            case _:
                return "leave"

    # --- silence, and the way into it -----------------------------------------------------------------------------

    def _fall_silent(self, reason: str, at_s: float, *, said: str = "") -> Iterator[Decision]:
        """End the beat at once, and look at the runner with fresh eyes."""
        if self._beats is not None:
            self._relapses.silent(at_s, led_in=self.side == "in")
        self._beats = None
        self._lost_since_s = None
        self._rest_until_s = max(self._rest_until_s, at_s + RESTART_S)
        if self._pace is not None:
            self._pace = self._pace.afresh(self._band)
        yield self._decide(self._quiet_mode, reason, at_s, said=said)

    def _fade(self, reason: str, at_s: float, *, then: str, said: str = "") -> Iterator[Decision]:
        """End the beat in a few steps; `then` is why it is silent afterwards."""
        assert self._beats is not None
        self._beats.fade()
        self._after_fade = (then, said)
        yield self._decide("fade", reason, at_s)

    def _restart(self, reason: str, at_s: float) -> Iterator[Decision]:
        """Let the beat rest for a moment, and set it on the footfalls anew."""
        yield from self._fall_silent(reason, at_s)
        if self._pace is not None and self._pace.side != "in":
            self._pace = self._pace.impatient(self._config.engage_after_s)

    def _give_up(self, pace: Pace, at_s: float) -> Iterator[Decision]:
        rest_s = min(FOLLOWER_REST_S, self._config.rest_s) if self._has_followed else self._config.rest_s
        self._rest_until_s, self._gave_up = at_s + rest_s, True
        self._leading.forget()
        reason = f"you keep your own {pace.slow_spm:.0f}: no beat for {rest_s:.0f} s"
        yield from self._fade(reason, at_s, then="no beat for now")

    # --- a runner who is gone, and back ---------------------------------------------------------------------------

    def _runner_gone(self, status: CadenceStatus, at_s: float) -> Iterator[Decision]:
        """No cadence: the runner stopped, or data are missing, and that need not be the end of a beat."""
        if status == "idle" or self._beats is None or not self._beats.begun:
            yield from self._forget_runner(GONE[status], at_s)
        elif self._mode == "fade":
            self._lost_since_s = at_s if self._lost_since_s is None else self._lost_since_s
        elif self._lost_since_s is None:
            self._lost_since_s = at_s
            if self._config.on_loss == "fade":
                yield from self._fade(GONE[status], at_s, then=GONE[status])
            else:
                self._beats.stay()
                yield self._decide("hold", f"{GONE[status]}: the beat waits", at_s)
        elif self._waited(at_s):
            yield from self._forget_runner(GONE[status], at_s)

    def _waited(self, at_s: float) -> bool:
        return self._lost_since_s is not None and at_s - self._lost_since_s >= self._config.hold_s

    def _forget_runner(self, reason: str, at_s: float) -> Iterator[Decision]:
        sounding = self._beats is not None
        self._beats, self._pace, self._lost_since_s = None, None, None
        self._footfalls.clear()
        self._lock.clear()
        if not self.hushed and (sounding or self._said != ("silent", reason)):
            yield self._decide("silent", reason, at_s)

    def _runner_back(self, spm: float, at_s: float) -> Iterator[Decision]:
        """Data are back, and the beat went on: keep it if it still fits, else begin anew on the footfalls, at once."""
        assert self._beats is not None
        assert self._lost_since_s is not None
        if self._mode == "fade":
            self._lost_since_s = None
            return
        near = self._config.mode == "steady" or abs(self._beats.tempo_spm / spm - 1) < OUT_OF_REACH_PCT / 100
        if near and self._phase_known and self._config.mode != "steady":
            if self._lock.last_contact_s < self._lost_since_s:
                return  # cadence is known, where the feet fall is not
            late_s = self._beats.late_s(self._lock.last_contact_s)
            near = late_s is None or abs(late_s) < LOST_STEP_S
        self._lost_since_s = None
        if near:
            yield self._decide("lead" if self._config.mode == "nudge" else self._own_mode, "you are back", at_s)
        else:
            yield from self._restart("the beat finds your steps again", at_s)

    # --- silent: whether to begin ---------------------------------------------------------------------------------

    def _watch(self, pace: Pace, at_s: float) -> Iterator[Decision]:
        match self._config.mode:
            case "match" | "steady":
                if at_s >= self._rest_until_s and self._engage(pace, at_s):
                    steady = self._config.mode == "steady"
                    reason = f"a steady beat at {self._steady_spm:.0f}" if steady else "with you"
                    yield self._decide(self._own_mode, reason, at_s)
            case "alert":
                yield from self._alert(pace, at_s)
            case _:
                yield from self._nudge(pace, at_s)

    def _nudge(self, pace: Pace, at_s: float) -> Iterator[Decision]:
        """Engage once the runner has been outside for long enough, or, having been led in, is about to leave again."""
        outside = pace.side != "in" and pace.outside_s >= self._config.engage_after_s
        if not outside and not self._relapses.slides(pace, self._band, self._band.margin(self._hysteresis_spm), at_s):
            yield from self._describe(pace, at_s)
        elif at_s >= self._rest_until_s and self._engage(pace, at_s):
            self._relapses.begun(at_s, outside=outside)
            slides = f"{pace.spm:.0f}, about to leave {self._band} again"
            yield self._decide("match", _outside(pace, self._band, pace.outside_s) if outside else slides, at_s)

    def _alert(self, pace: Pace, at_s: float) -> Iterator[Decision]:
        """Words only: a cue when the runner has been outside for long enough, and one when he or she is back."""
        if pace.side != "in" and pace.outside_s >= self._config.engage_after_s:
            if self._said != ("cue", pace.side):
                yield self._decide("cue", _outside(pace, self._band, pace.outside_s), at_s, said=pace.side)
        elif self._mode != "cue":
            yield from self._describe(pace, at_s)
        elif pace.inside_s >= self._config.engage_after_s:
            yield self._decide("silent", "on target", at_s, said="in")

    def _describe(self, pace: Pace, at_s: float) -> Iterator[Decision]:
        """Say why it is silent, once while that lasts."""
        resting = pace.side != "in" and at_s < self._rest_until_s
        if resting or self._said == ("silent", pace.side):
            return
        reason = f"{pace.spm:.0f}, in {self._band}" if pace.side == "in" else _outside(pace, self._band)
        yield self._decide("silent", reason, at_s, said=pace.side)

    def _engage(self, pace: Pace, at_s: float) -> bool:
        """Begin on the runner's own beat; False when the runner is not even enough yet, or no footfall is known."""
        first: tuple[float, Foot] | None = (self._soonest_s(at_s), "unknown")
        ready = self._lock.readings_agree
        if self._phase_known:
            first, ready = self._first_on_foot(pace, at_s), self._lock.steps_even
        if first is None or not ready or not self._lock.agrees_with(pace.spm):
            return False
        tempo_spm = self._steady_spm if self._config.mode == "steady" else pace.spm
        self._beats = Beats(self._config, *first, tempo_spm)
        self._leading.begin()
        self._gave_up = False
        self._pace = pace.afresh(self._band)
        return True

    def _soonest_s(self, at_s: float) -> float:
        """Say when a beat that is committed now is heard."""
        return at_s + self._latency_s + MARGIN_S

    def _first_on_foot(self, pace: Pace, at_s: float) -> tuple[float, Foot] | None:
        """Predict the first footfall that a beat can still be heard on, and whose it is; None where there is none."""
        phase_s = self._config.phase_ms / 1000
        contact = self._footfalls.next_after(self._soonest_s(at_s) + phase_s, 60 / pace.spm)
        return None if contact is None else (contact[0] - phase_s, contact[1])

    # --- a beat is on: whither ------------------------------------------------------------------------------------

    @property
    def _own_mode(self) -> DecisionMode:
        return "steady" if self._config.mode == "steady" else "match"

    @property
    def _hysteresis_spm(self) -> float:
        least_spm = 0.0 if self._phase_known else FREE_HYSTERESIS_SPM
        return max(self._config.hysteresis_spm, least_spm)

    @property
    def _steady_spm(self) -> float:
        return self._band.inside(0.0, self._config.hysteresis_spm)

    def _accompany(self, pace: Pace, at_s: float) -> Iterator[Decision]:
        """Let go of the runner, give up, or go on with the beat."""
        assert self._beats is not None
        tempo_spm, nudges = self._beats.tempo_spm, self._config.mode == "nudge"
        far = abs(tempo_spm / pace.spm - 1) > OUT_OF_REACH_PCT / 100
        ahead = nudges and abs(tempo_spm / pace.slow_spm - 1) > self._config.lead_pct / 100
        if self._config.mode == "steady":
            self._go_towards(self._steady_spm, SMALLEST_RAMP_SPM, at_s)
        elif far or ahead:
            yield from self._fall_silent(f"you changed to {pace.spm:.0f}, away from the beat", at_s)
        elif not nudges:
            self._go_towards(pace.slow_spm, FOLLOW_PCT / 100 * pace.slow_spm, at_s)
        elif pace.inside_s >= self._config.silent_after_s * self._relapses.patience:
            self._leading.forget()
            self._has_followed = True
            reason = f"{pace.spm:.0f}, in the band for {pace.inside_s:.0f} s"
            yield from self._fade(reason, at_s, then="on target", said="in")
        elif self._leading.in_vain(pace, self._band, at_s):
            yield from self._give_up(pace, at_s)
        elif self._mode != "match" and at_s >= self._keep_tempo_until_s:
            yield from self._lead(self._beats, pace, at_s)

    def _go_towards(self, spm: float, unless_within_spm: float, at_s: float) -> None:
        assert self._beats is not None
        busy = self._beats.steady_from_s is not None or at_s < self._keep_tempo_until_s
        if not busy and abs(spm - self._beats.tempo_spm) > unless_within_spm:
            self._beats.approach(spm)

    def _lead(self, beats: Beats, pace: Pace, at_s: float) -> Iterator[Decision]:
        trouble = self._leading.trouble(pace, beats.tempo_spm, beats.synchrony if self._phase_known else None, at_s)
        if trouble is not None and trouble.remedy == "back":
            self._leading.begin()
            beats.steer(pace.slow_spm)
            yield self._decide("match", f"{trouble.reason}: back to your own beat", at_s, pace.slow_spm)
            return
        if trouble is not None and trouble.remedy == "restart":
            yield from self._restart(trouble.reason, at_s)
            return
        if trouble is not None and self._mode != "hold":
            beats.stay()
            yield self._decide("hold", trouble.reason, at_s)
        elif trouble is None and self._mode == "hold":
            yield self._decide("lead", "you are on the beat again", at_s)
        inside_spm = self._band.inside(pace.spm, self._hysteresis_spm)
        goal_spm = self._leading.next_tempo(
            pace, beats.tempo_spm, beats.goal_spm, inside_spm, free=not self._phase_known
        )
        if goal_spm is not None:
            beats.steer(goal_spm)
            if trouble is None:
                yield self._decide("lead", f"from {pace.spm:.0f} towards {inside_spm:.0f}", at_s, goal_spm)

    def _decide(
        self, mode: DecisionMode, reason: str, at_s: float, tempo_spm: float | None = None, *, said: str = ""
    ) -> Decision:
        if mode != self._mode:
            self._mode, self._beats_in_mode = mode, 0
        self._said = (mode, said or reason)
        if tempo_spm is None and self._beats is not None:
            tempo_spm = self._beats.tempo_spm
        return Decision(
            t_s=at_s,
            available_s=at_s,
            mode=mode,
            phase="locked" if self._phase_known else "free",
            tempo_spm=None if tempo_spm is None else round(tempo_spm, 2),
            target_low_spm=self._band.low_spm,
            target_high_spm=self._band.high_spm,
            reason=reason,
        )

    # --- what is heard --------------------------------------------------------------------------------------------

    @property
    def deadline_s(self) -> float | None:
        """When the next beat must be committed; None while silent."""
        return None if self._beats is None else self._beats.next_s - self._latency_s - MARGIN_S

    def commit(self, at_s: float) -> Iterator[CoachingEvent]:
        """Commit the next beat, or end the beat that waited for data in vain."""
        assert self._beats is not None
        if self._waited(at_s):  # no reading may come to say so
            yield from self._forget_runner(GONE["lost"], at_s)
            return
        self._steady_from_s = self.steady_from_s
        click = self._beats.take()
        if click.sounds:
            yield Beat(t_s=click.t_s, available_s=at_s, index=self._index, foot=click.foot, gain=click.gain)
            self._index += 1
        self._beats_in_mode += 1
        if self._beats.faded:
            yield from self._end_fade(at_s)
        elif self._mode == "match" and self._config.mode == "nudge" and self._beats_in_mode >= MATCH_BEATS:
            yield self._decide("lead", "you are on the beat", at_s)

    def _end_fade(self, at_s: float) -> Iterator[Decision]:
        reason, said = self._after_fade
        if self._lost_since_s is not None:
            yield from self._forget_runner(reason, at_s)
        else:
            yield from self._fall_silent(reason, at_s, said=said)


def _outside(pace: Pace, band: Band, for_s: float = 0.0) -> str:
    """Say "164 for 8 s, below 170"; rounded away from the band, so that it never reads "170, below 170"."""
    below = pace.side == "below"
    shown_spm = math.floor(pace.spm) if below else math.ceil(pace.spm)
    lasting = f" for {for_s:.0f} s" if for_s else ""
    return f"{shown_spm}{lasting}, {f'below {band.low_spm:g}' if below else f'above {band.high_spm:g}'}"
