"""Beat times: a metronome whose tempo ramps and whose phase never jumps.

It deals in host time and knows no sound. Each beat follows the one before it by the period then in force, so a change
of tempo takes hold at the next beat and nothing already taken is revised.
"""

from __future__ import annotations


class Metronome:
    """Gives beat times one by one.

    Parameters
    ----------
    first_s : time of the first beat.
    tempo_spm : beats a minute from there on.
    """

    def __init__(self, first_s: float, tempo_spm: float) -> None:
        self.next_s = first_s
        self.tempo_spm = tempo_spm
        self._step_spm = 0.0
        self._ramp_beats = 0
        self._shift_s = 0.0

    @property
    def ramping(self) -> bool:
        """Whether the tempo has not yet arrived where it was steered."""
        return self._ramp_beats > 0

    @property
    def goal_spm(self) -> float:
        """Where the tempo is steered to."""
        return self.tempo_spm + self._ramp_beats * self._step_spm

    def steer(self, tempo_spm: float, beats: int) -> None:
        """Go to another tempo in equal steps over so many beats."""
        if beats < 1 or tempo_spm <= 0:
            raise ValueError(f"cannot go to {tempo_spm} spm in {beats} beats")
        self._step_spm = (tempo_spm - self.tempo_spm) / beats
        self._ramp_beats = beats

    def shift(self, by_s: float) -> None:
        """Move the beats after the next one by a little, later if positive; shifts not yet taken are replaced."""
        self._shift_s = by_s

    def take(self) -> float:
        """Take the next beat: give its time and go on to the one after it."""
        beat_s = self.next_s
        if self._ramp_beats:
            self._ramp_beats -= 1
            self.tempo_spm += self._step_spm
        self.next_s = beat_s + 60 / self.tempo_spm + self._shift_s
        self._shift_s = 0.0
        return beat_s
