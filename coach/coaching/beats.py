"""A beat that is on: when its clicks fall and for which foot, how loud they are, and how it is kept on the steps.

Times are those at which a click is meant to be heard. Contacts are moved by the set phase before they are compared with
clicks, so that "late" is what the runner is late on the beat as it is meant to lie.

Sources: start in phase Moens 2014, phase correction Buhmann 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from audio.metronome import Metronome
from coach.coaching.phase import Synchrony, other_foot
from coach.config import CoachingConfig
from coach.model import Foot

Manner = Literal["follow", "meet", "wait", "lead", "leave"]
"""How the beat is kept on the steps. follow: phase and tempo go with them. meet: the phase alone. wait: the phase, but
hardly. lead: not, unless they are lost, and then towards the runner. leave: not at all."""

RAMP_BEATS = 8

PHASE_GAIN = 0.2
PERIOD_GAIN = PHASE_GAIN**2 / 4
MEET_SHIFT_S = 0.003
WAIT_SHIFT_S = 0.002
"""Each contact moves the next beat by a fifth of the asynchrony: at most 3 ms (under 1 % of a step) while the beat
meets the runner, at most 2 ms while it waits or leads: a full loop would undo the lead."""

LEAD_LATE_S = 0.06
"""While it leads, the phase is left alone up to here: who is led is a little behind."""

FAINTEST = 0.2
"""Where the fade in starts and the fade out ends, as a gain."""


@dataclass(frozen=True, slots=True)
class Click:
    """One beat: when it is heard, on which foot, how loud (0 to 1), and whether the runner wants to hear it."""

    t_s: float
    foot: Foot
    gain: float
    sounds: bool


class Beats:
    """One beat, from its first click to its last.

    Parameters
    ----------
    config : the coaching section of the settings.
    first_s, foot : the first click, and the foot that it is on.
    tempo_spm : beats a minute, until the beat is steered.
    """

    def __init__(self, config: CoachingConfig, first_s: float, foot: Foot, tempo_spm: float) -> None:
        self.synchrony = Synchrony()
        self._config = config
        self._metronome = Metronome(first_s, tempo_spm)
        self._first_s = first_s
        self._foot = foot
        self._taken = 0
        self._fades_from: int | None = None

    @property
    def next_s(self) -> float:
        """When the next click is heard."""
        return self._metronome.next_s

    @property
    def begun(self) -> bool:
        """Whether the first click was taken."""
        return self._taken > 0

    def aim(self, first_s: float, foot: Foot) -> None:
        """Begin at another time and on another foot: more is known of the footfalls by now."""
        self._metronome.begin(first_s)
        self._first_s, self._foot = first_s, foot

    @property
    def tempo_spm(self) -> float:
        """The tempo of the moment."""
        return self._metronome.tempo_spm

    @property
    def goal_spm(self) -> float:
        """The tempo that the beat is on its way to; that of the moment where it is on none."""
        return self._metronome.goal_spm

    @property
    def steady_from_s(self) -> float | None:
        """When the tempo will have arrived; None while it does not change."""
        return self._metronome.arrives_s if self._metronome.ramping else None

    def steer(self, tempo_spm: float) -> None:
        """Go to another tempo in a ramp, one that the runner does not notice."""
        self._metronome.steer(tempo_spm, RAMP_BEATS)

    def approach(self, tempo_spm: float) -> None:
        """Go towards another tempo, but no further than one ramp may go."""
        most = self._config.ramp_pct / 100
        self.steer(min(max(tempo_spm, self.tempo_spm * (1 - most)), self.tempo_spm * (1 + most)))

    def stay(self) -> None:
        """Keep the tempo of the moment."""
        self._metronome.steer(self.tempo_spm, 1)

    def fade(self) -> None:
        """Become fainter from the next click on, and end."""
        self._fades_from = self._taken

    @property
    def faded(self) -> bool:
        """Whether the last click was taken."""
        return self._fades_from is not None and self._taken - self._fades_from >= self._config.fade_out_steps

    def late_s(self, contact_s: float) -> float | None:
        """Take note of a contact; give by how much it is late on the beat, None before there is one."""
        return self.synchrony.contact(contact_s - self._config.phase_ms / 1000, 60 / self.tempo_spm)

    def contact(self, contact_s: float, manner: Manner, runner_spm: float) -> None:
        """Take a contact, and move the clicks from the next one on a little towards the feet."""
        late_s = self.late_s(contact_s)
        if late_s is None:
            return
        match manner:
            case "follow" | "meet":
                self._metronome.shift(_clip(PHASE_GAIN * late_s, MEET_SHIFT_S))
                if manner == "follow" and not self._metronome.ramping:
                    self._metronome.trim(60 / (60 / self.tempo_spm + PERIOD_GAIN * late_s))
            case "wait":
                self._metronome.shift(_clip(PHASE_GAIN * late_s, WAIT_SHIFT_S))
            case "lead":
                towards_runner = (self.tempo_spm > runner_spm) == (late_s > 0)
                if towards_runner and abs(self.synchrony.late_s) > LEAD_LATE_S:
                    self._metronome.shift(math.copysign(WAIT_SHIFT_S, late_s))
            case "leave":
                pass

    def take(self) -> Click:
        """Take the next click."""
        gain, foot, sounds = self._gain(self._metronome.next_s), self._foot, self._sounds()
        t_s = self._metronome.take()
        self.synchrony.beat(t_s)
        self._taken += 1
        self._foot = other_foot(foot)
        return Click(t_s, foot, gain, sounds)

    def _sounds(self) -> bool:
        """Tell whether the next step is one that the runner wants to hear."""
        match self._config.beat_on:
            case "step":
                return True
            case "second":
                return self._taken % 2 == 0
            case "stride":
                return self._foot in ("left", "sensor") or (self._foot == "unknown" and self._taken % 2 == 0)

    def _gain(self, beat_s: float) -> float:
        since_s, fade_in_s = beat_s - self._first_s, self._config.fade_in_s
        gain = 1.0 if since_s >= fade_in_s else FAINTEST + (1 - FAINTEST) * since_s / fade_in_s
        if self._fades_from is not None:
            faded = (self._taken - self._fades_from + 1) / self._config.fade_out_steps
            gain *= 1 - (1 - FAINTEST) * min(faded, 1.0)
        return round(gain, 3)


def _clip(value: float, most: float) -> float:
    return min(max(value, -most), most)
