"""The band keeper: silent in the band, a beat towards it outside.

A runner who leaves the band for a while hears a beat on his or her own footfalls (*match*), then one a little ahead
(*lead*): never more than `lead_pct` ahead of the runner, in ramps of at most `ramp_pct` over eight beats, the next
ramp only when the runner has followed the last. Once the runner has been in the band for a while the beat fades.
No beat is committed once it is known that the runner stopped or that data are missing.

It hears of cadence and of contacts, on host time, and acts at the times of those and at `deadline_s`, when the next
beat must be committed: the output's latency and `MARGIN_S` before it is heard.

Sources: lead and ramp sizes Van Dyck 2015, start in phase Moens 2014, phase correction Buhmann 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from audio.metronome import Metronome
from coach.coaching.phase import Footfalls, other_foot, wrap
from coach.coaching.target import Band, Side
from coach.config import CoachingConfig
from coach.model import Beat, Cadence, Decision, DecisionMode, Foot

CoachingEvent = Decision | Beat

MARGIN_S = 0.1
"""Beyond the output's latency: beats are committed so much ahead that no output is ever surprised."""

RAMP_BEATS = 8
SMALLEST_RAMP_SPM = 0.5
MATCH_BEATS = 8
FOLLOWS_PCT = 1.5
"""The runner follows when no further than this from the beat; only then is the next ramp begun."""

OUT_OF_REACH_PCT = 1.0
"""This much beyond the lead the runner has left the beat, faster than a ramp could follow: it ends, to begin anew."""

SMOOTHING_S = 2.0
PHASE_GAIN = 0.2
MATCH_SHIFT_S = 0.003
LEAD_SHIFT_S = 0.002
LEAD_ASYNCHRONY_S = 0.06
"""While matching, each contact moves the next beat by a fifth of the asynchrony, at most 3 ms (under 1 % of a step).
While leading only an asynchrony beyond 60 ms is corrected, by 2 ms: a full phase loop would undo the lead."""

FAINTEST = 0.2
"""Where the fade in starts and the fade out ends, as a gain."""


@dataclass(frozen=True, slots=True)
class _Pace:
    """The runner's smoothed cadence, which side of the band it is on, and since when."""

    spm: float
    at_s: float
    side: Side
    since_s: float


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
        self._phase_known = False
        self._paused = False
        self._muted = False
        self._pace: _Pace | None = None
        self._footfalls = Footfalls()
        self._mode: DecisionMode = "silent"
        self._said: tuple[DecisionMode, str] | None = None
        self._metronome: Metronome | None = None
        self._first_beat_s = 0.0
        self._next_foot: Foot = "unknown"
        self._beats_in_mode = 0
        self._index = 0

    # --- what comes in --------------------------------------------------------------------------------------------

    def set_latency(self, latency_s: float) -> None:
        """Take the time from handing a beat over to hearing it."""
        self._latency_s = latency_s

    def set_phase_known(self, known: bool) -> None:
        """Tell whether contacts are those of the feet, so that a beat may be aligned to them."""
        self._phase_known = known

    def cadence(self, cadence: Cadence, at_s: float) -> Iterator[CoachingEvent]:
        """Take a reading that became known at `at_s`."""
        if cadence.spm is None:
            yield from self._runner_gone(cadence, at_s)
            return
        self._pace = self._smoothed(cadence.spm, at_s)
        if self._hushed:
            return
        match self._mode:
            case "silent":
                yield from self._watch(self._pace, at_s)
            case "lead":
                yield from self._lead(self._pace, at_s)
            case _:
                pass

    def contact(self, contact_s: float, foot: Foot) -> None:
        """Take a foot contact, on host time."""
        self._footfalls.add(contact_s, foot)
        if self._metronome is None or not self._phase_known:
            return
        late_s = wrap(contact_s - self._metronome.next_s, 60 / self._metronome.tempo_spm)
        if self._mode == "match":
            self._metronome.shift(max(-MATCH_SHIFT_S, min(MATCH_SHIFT_S, PHASE_GAIN * late_s)))
        elif abs(late_s) > LEAD_ASYNCHRONY_S and self._pace is not None:
            ahead = self._metronome.tempo_spm > self._pace.spm
            if ahead == (late_s > 0):  # towards the runner; the other way would lead further than is allowed
                self._metronome.shift(math.copysign(LEAD_SHIFT_S, late_s))

    def pause(self, paused: bool, at_s: float) -> Iterator[Decision]:
        """Stop or go on coaching."""
        if paused != self._paused:
            self._paused = paused
            yield from self._hush_or_resume("you paused" if paused else "you go on", at_s)

    def mute(self, muted: bool, at_s: float) -> Iterator[Decision]:
        """Stop or go on sounding."""
        if muted != self._muted:
            self._muted = muted
            yield from self._hush_or_resume("muted" if muted else "no longer muted", at_s)

    def stop(self, at_s: float) -> Iterator[Decision]:
        """End: no beat is committed any more."""
        self._muted = True
        if self._metronome is not None:
            yield from self._hush_or_resume("the run ends", at_s)

    def set_band(self, band: Band, at_s: float) -> Iterator[Decision]:
        """Coach towards another band from now on."""
        self._band = band
        if self._pace is not None:
            self._pace = replace(self._pace, side=band.side(self._pace.spm), since_s=at_s)
        yield self._decide(self._mode, f"new target {_range(band)}", at_s)

    # --- what is decided ------------------------------------------------------------------------------------------

    @property
    def _hushed(self) -> bool:
        return self._paused or self._muted or self._config.mode == "off"

    def _hush_or_resume(self, reason: str, at_s: float) -> Iterator[Decision]:
        self._metronome = None
        self._mode = "paused" if self._paused else "off" if self._hushed else "silent"
        if self._pace is not None:
            self._pace = replace(self._pace, since_s=at_s)
        yield self._decide(self._mode, reason, at_s)

    def _runner_gone(self, cadence: Cadence, at_s: float) -> Iterator[Decision]:
        self._pace = None
        self._footfalls.clear()
        sounding, self._metronome = self._metronome is not None, None
        if self._hushed:
            return
        reason = {"lost": "no data from the sensor", "idle": "you stand still"}.get(
            cadence.status, "finding your steps"
        )
        self._mode = "silent"
        if sounding or self._said != ("silent", reason):
            yield self._decide("silent", reason, at_s)

    def _smoothed(self, spm: float, at_s: float) -> _Pace:
        if self._pace is None:
            return _Pace(spm, at_s, self._band.side(spm), at_s)
        weight = 1 - math.exp(-(at_s - self._pace.at_s) / SMOOTHING_S)
        smooth_spm = self._pace.spm + weight * (spm - self._pace.spm)
        side = self._band.side(smooth_spm)
        return _Pace(smooth_spm, at_s, side, self._pace.since_s if side == self._pace.side else at_s)

    def _watch(self, pace: _Pace, at_s: float) -> Iterator[Decision]:
        """Silent: engage once the runner has been outside for long enough."""
        outside_s = at_s - pace.since_s
        if pace.side == "in":
            if self._said != ("silent", "in"):
                yield self._decide("silent", f"{pace.spm:.0f}, in {_range(self._band)}", at_s, said="in")
        elif outside_s >= self._config.engage_after_s:
            if self._engage(pace, at_s):
                yield self._decide("match", _outside(pace, self._band, outside_s), at_s)
        elif self._said != ("silent", pace.side):
            yield self._decide("silent", _outside(pace, self._band), at_s, said=pace.side)

    def _engage(self, pace: _Pace, at_s: float) -> bool:
        """Start the metronome on the runner's own beat; False when there is no footfall yet to start on."""
        soonest_s = at_s + self._latency_s + MARGIN_S
        first: tuple[float, Foot] | None = (soonest_s, "unknown")
        if self._phase_known:
            first = self._footfalls.next_after(soonest_s, 60 / pace.spm)
        if first is None:
            return False
        self._first_beat_s, self._next_foot = first
        self._metronome = Metronome(self._first_beat_s, pace.spm)
        return True

    def _lead(self, pace: _Pace, at_s: float) -> Iterator[Decision]:
        """Leading: let go when in the band for long enough, else the next ramp once the last one was followed."""
        assert self._metronome is not None
        inside_s = at_s - pace.since_s
        if pace.side == "in" and inside_s >= self._config.silent_after_s:
            yield self._decide("fade", f"{pace.spm:.0f}, in the band for {inside_s:.0f} s", at_s)
            return
        tempo_spm = self._metronome.tempo_spm
        if abs(tempo_spm / pace.spm - 1) > (self._config.lead_pct + OUT_OF_REACH_PCT) / 100:
            self._metronome = None
            self._pace = replace(pace, since_s=at_s)
            yield self._decide("silent", f"you changed to {pace.spm:.0f}, away from the beat", at_s)
            return
        goal_spm = self._next_tempo(pace.spm, tempo_spm)
        turns = (goal_spm - tempo_spm) * (self._metronome.goal_spm - tempo_spm) < 0
        if (self._metronome.ramping and not turns) or abs(goal_spm - tempo_spm) < SMALLEST_RAMP_SPM:
            return
        self._metronome.steer(goal_spm, RAMP_BEATS)
        inside_spm = self._band.inside(pace.spm, self._config.hysteresis_spm)
        yield self._decide("lead", f"from {pace.spm:.0f} towards {inside_spm:.0f}", at_s, goal_spm)

    def _next_tempo(self, pace_spm: float, tempo_spm: float) -> float:
        lead, ramp = self._config.lead_pct / 100, self._config.ramp_pct / 100
        goal_spm = self._band.inside(pace_spm, self._config.hysteresis_spm)
        away = abs(goal_spm - pace_spm) > abs(tempo_spm - pace_spm)
        if away and abs(tempo_spm / pace_spm - 1) > FOLLOWS_PCT / 100:
            goal_spm = tempo_spm
        goal_spm = min(max(goal_spm, pace_spm * (1 - lead)), pace_spm * (1 + lead))
        return min(max(goal_spm, tempo_spm * (1 - ramp)), tempo_spm * (1 + ramp))

    def _decide(
        self, mode: DecisionMode, reason: str, at_s: float, tempo_spm: float | None = None, *, said: str = ""
    ) -> Decision:
        if mode != self._mode:
            self._mode, self._beats_in_mode = mode, 0
        self._said = (mode, said or reason)
        if tempo_spm is None and self._metronome is not None:
            tempo_spm = self._metronome.tempo_spm
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
        if self._metronome is None:
            return None
        return self._metronome.next_s - self._latency_s - MARGIN_S

    def commit(self, at_s: float) -> Iterator[CoachingEvent]:
        """Commit the next beat."""
        assert self._metronome is not None
        tempo_spm = self._metronome.tempo_spm
        gain = self._gain(self._metronome.next_s)
        beat_s = self._metronome.take()
        yield Beat(t_s=beat_s, available_s=at_s, index=self._index, foot=self._next_foot, gain=gain)
        self._index += 1
        self._beats_in_mode += 1
        self._next_foot = other_foot(self._next_foot)
        if self._mode == "match" and self._beats_in_mode >= MATCH_BEATS:
            yield self._decide("lead", "you are on the beat", at_s, tempo_spm)
        elif self._mode == "fade" and self._beats_in_mode >= self._config.fade_out_steps:
            self._metronome = None
            yield self._decide("silent", "on target", at_s, said="in")

    def _gain(self, beat_s: float) -> float:
        if self._mode == "fade":
            return round(1 - (1 - FAINTEST) * (self._beats_in_mode + 1) / self._config.fade_out_steps, 3)
        if self._config.fade_in_s == 0:
            return 1.0
        return round(min(1.0, FAINTEST + (1 - FAINTEST) * (beat_s - self._first_beat_s) / self._config.fade_in_s), 3)


def _range(band: Band) -> str:
    return f"{band.low_spm:g}-{band.high_spm:g}"


def _outside(pace: _Pace, band: Band, for_s: float = 0.0) -> str:
    """Say "164 for 8 s, below 170"; rounded away from the band, so that it never reads "170, below 170"."""
    below = pace.side == "below"
    shown_spm = math.floor(pace.spm) if below else math.ceil(pace.spm)
    lasting = f" for {for_s:.0f} s" if for_s else ""
    return f"{shown_spm}{lasting}, {f'below {band.low_spm:g}' if below else f'above {band.high_spm:g}'}"
