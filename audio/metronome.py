"""Beat times: a metronome whose tempo ramps and whose phase never jumps.

It deals in host time and knows no sound. Each beat follows the one before it by the period in force until it is taken,
so a change of tempo begins with the beat that was taken last, moves the next one, and revises nothing already taken.

What is heard is the interval from one beat to the next, ramp and correction of phase together, so that is what is
limited: from one interval to the next it changes by no more than 1 %, and within 20 s by no more than 2.5 %, whatever
is asked for. A change of 1 to 3 % goes unnoticed, one of 4 % does not (Van Dyck 2015). What the limit cuts off a ramp
or a shift is dropped: whoever steers sees the tempo that came of it, and steers again.
"""

from __future__ import annotations

from collections import deque

STEP = 0.01
"""The most by which an interval differs from the one before it, as a part."""

SPAN = 0.025
SPAN_S = 20.0
"""Within any 20 s the longest interval is no more than 2.5 % longer than the shortest."""


class Metronome:
    """Gives beat times one by one.

    Parameters
    ----------
    first_s : time of the first beat.
    tempo_spm : beats a minute from there on.
    span : the part by which intervals within 20 s may differ.
    """

    def __init__(self, first_s: float, tempo_spm: float, *, span: float = SPAN) -> None:
        self.next_s = first_s
        self.tempo_spm = tempo_spm
        self._span = span
        self._last_s: float | None = None
        self._next_spm = tempo_spm
        self._step_spm = 0.0
        self._ramp_beats = 0
        self._shift_s = 0.0
        self._heard: deque[tuple[float, float]] = deque()  # (end, length) of the intervals of the last 20 s

    @property
    def ramping(self) -> bool:
        """Whether the tempo has not yet arrived where it was steered."""
        return self._ramp_beats > 0

    @property
    def goal_spm(self) -> float:
        """Where the tempo is steered to."""
        return self.tempo_spm + self._ramp_beats * self._step_spm

    @property
    def arrives_s(self) -> float:
        """When the ramp will have ended, at the latest; the time of the last beat where there is none."""
        from_s = self.next_s if self._last_s is None else self._last_s
        return from_s + self._ramp_beats * 60 / min(self.tempo_spm, self.goal_spm)

    def begin(self, first_s: float) -> None:
        """Begin at another time; before the first beat was taken."""
        if self._last_s is not None:
            raise ValueError("the beat has begun")
        self.next_s = first_s

    def steer(self, tempo_spm: float, beats: int) -> None:
        """Go to another tempo in equal steps over so many beats."""
        if beats < 1 or tempo_spm <= 0:
            raise ValueError(f"cannot go to {tempo_spm} spm in {beats} beats")
        self._step_spm = (tempo_spm - self.tempo_spm) / beats
        self._ramp_beats = beats
        self._aim()

    def trim(self, tempo_spm: float) -> None:
        """Take another tempo from the last beat on, where no ramp is on."""
        self.tempo_spm = tempo_spm
        self._aim()

    def shift(self, by_s: float) -> None:
        """Move the beats from the next one on by a little, later if positive; a shift not yet taken is replaced."""
        self._shift_s = by_s
        self._aim()

    def take(self) -> float:
        """Take the next beat: give its time and go on to the one after it."""
        beat_s = self.next_s
        if self._last_s is not None:
            self.tempo_spm, self._shift_s = self._next_spm, 0.0
            self._ramp_beats = max(self._ramp_beats - 1, 0)
            self._heard.append((beat_s, beat_s - self._last_s))
        self._last_s = beat_s
        self._aim()
        return beat_s

    def _aim(self) -> None:
        """Find when the next beat is due, and at which tempo, as things stand."""
        if self._last_s is None:
            return
        shortest_s, longest_s = self._limits(self._last_s)
        wanted_spm = self.tempo_spm + (self._step_spm if self._ramp_beats else 0.0)
        self._next_spm = _within(wanted_spm, 60 / longest_s, 60 / shortest_s)
        self.next_s = self._last_s + _within(60 / self._next_spm + self._shift_s, shortest_s, longest_s)

    def _limits(self, now_s: float) -> tuple[float, float]:
        """Give the shortest and the longest that the next interval may be."""
        while self._heard and self._heard[0][0] < now_s - SPAN_S:
            self._heard.popleft()
        own_s = 60 / self.tempo_spm
        lengths_s = [length_s for _, length_s in self._heard] or [own_s]
        last_s = lengths_s[-1]
        shortest_s = max(max(lengths_s) / (1 + self._span), last_s / (1 + STEP))
        longest_s = min(min(lengths_s) * (1 + self._span), last_s * (1 + STEP))
        return shortest_s, longest_s


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
