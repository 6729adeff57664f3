"""The track: clicks and words at counted frames, rendered block by block.

Theory of operation: one thread schedules cues ahead of time, beats in order and prompts in order; another, the sound's
own, asks for the next block. Between them lie two deques: nothing locks. A sound is whole, starts at its frame, and is
never computed from a moving phase; every sample is the click at that frame, times what ducking says of that frame, plus
the words at that frame, limited. So the samples do not depend on how they are cut into blocks, and since frames are
counted, the last click of an hour is where it was asked for to the sample.

A block with sound in it allocates itself and a few arrays of its size. A silent one costs nothing: it is a part of one
block of zeros, which is read-only.

Rules: no sample leaves beyond -1 dBFS. A beat whose frame has been rendered already is late, and not played: a click at
the wrong time is worse than none. Beats never overlap: one that would begin before the last has ended is dropped (25 ms
is a twelfth of the shortest step). Prompts never overlap either. They may be heard late: for up to a second after its
time one still begins with the next block, or when the one before it has ended. All that was not heard is counted.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.click import amplitude
from audio.ducking import Ducking
from audio.sounds import Sounds, Stereo
from coach.model import Cue, Prompt

CEILING = amplitude(-1.0)
KNEE = amplitude(-3.0)
ROOM = CEILING - KNEE
MAX_WAITING = 1024
STILL_WORTH_SAYING_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A sound that begins at a frame."""

    begin: int
    sound: Stereo

    @property
    def end(self) -> int:
        return self.begin + len(self.sound)


class _Lane:
    """Sounds of one kind, in order and apart: those that wait, those that sound, and how many were not heard."""

    def __init__(self, kind: str) -> None:
        self.late = 0
        self.dropped = 0
        self.free_from = -math.inf
        self.waiting: deque[_Placed] = deque()
        self.sounding: list[_Placed] = []
        self._kind = kind

    def add(self, placed: _Placed) -> None:
        if placed.begin < self.free_from or len(self.waiting) == MAX_WAITING:
            self.dropped += 1
            return
        self.waiting.append(placed)
        self.free_from = placed.end

    def missed(self) -> list[str]:
        counts = {
            f"{self._kind} too late to be heard": self.late,
            f"{self._kind} too close to the one before": self.dropped,
        }
        return [f"{what}: {count}" for what, count in counts.items() if count]


class Track:
    """A stereo track without an end.

    Parameters
    ----------
    rate_hz : frames a second.
    sounds : what each cue sounds like.

    Attributes
    ----------
    position : frames rendered so far; the next block starts with this one.
    """

    def __init__(self, rate_hz: int, sounds: Sounds) -> None:
        self.rate_hz = rate_hz
        self.position = 0
        self._sounds = sounds
        self._beats = _Lane("beats")
        self._prompts = _Lane("prompts")
        self._ducking = Ducking(rate_hz)
        self._said_until = 0
        self._silence = _silence(0)

    @property
    def late(self) -> int:
        """How many cues came too late to be heard."""
        return self._beats.late + self._prompts.late

    @property
    def dropped(self) -> int:
        """How many cues came on the heels of another, or with 1024 of them waiting."""
        return self._beats.dropped + self._prompts.dropped

    @property
    def ends_at(self) -> int:
        """The frame at which everything that was scheduled has ended."""
        return int(max(0, self._beats.free_from, self._prompts.free_from, self._said_until))

    @property
    def missed(self) -> str:
        """What was not heard, in words; empty when all was."""
        return ", ".join(self._beats.missed() + self._prompts.missed())

    def schedule(self, frame: int, cue: Cue) -> None:
        """Let a cue begin at `frame`; those of beats come in increasing order, and those of prompts."""
        sound = self._sounds.of(cue)
        if sound is not None:
            lane = self._prompts if isinstance(cue, Prompt) else self._beats
            lane.add(_Placed(frame, sound))

    def render(self, n_frames: int) -> Stereo:
        """Give the next samples, shape (n_frames, 2), full scale 1; not to be written to."""
        until = self.position + n_frames
        self._begin_prompts(until)
        self._begin_beats(until)
        block = self._mixed(n_frames) if self._beats.sounding or self._prompts.sounding else self._silent(n_frames)
        self.position = until
        return block

    def _begin_beats(self, until: int) -> None:
        lane = self._beats
        while lane.waiting and lane.waiting[0].begin < until:
            beat = lane.waiting.popleft()
            if beat.begin < self.position:
                lane.late += 1
            else:
                lane.sounding.append(beat)

    def _begin_prompts(self, until: int) -> None:
        lane = self._prompts
        while lane.waiting:
            due = lane.waiting[0].begin
            begin = max(due, self.position, self._said_until)
            if begin >= until:
                return
            prompt = _Placed(begin, lane.waiting.popleft().sound)
            if begin - due > STILL_WORTH_SAYING_S * self.rate_hz:
                lane.late += 1
            else:
                lane.sounding.append(prompt)
                self._said_until = prompt.end
                self._ducking.beneath(prompt.begin, prompt.end)

    def _mixed(self, n_frames: int) -> Stereo:
        block = np.zeros((n_frames, 2), dtype=np.float32)
        until = self.position + n_frames
        for beat in self._beats.sounding:
            self._add(block, beat, self._ducking)
        for prompt in self._prompts.sounding:
            self._add(block, prompt)
        self._ducking.forget(until)
        for lane in (self._beats, self._prompts):
            lane.sounding = [placed for placed in lane.sounding if placed.end > until]
        return limit(block)

    def _add(self, block: Stereo, placed: _Placed, ducking: Ducking | None = None) -> None:
        begin, end = max(placed.begin, self.position), min(placed.end, self.position + len(block))
        piece = placed.sound[begin - placed.begin : end - placed.begin]
        factor = ducking.factor(begin, end - begin) if ducking else None
        if factor is not None:
            piece = piece * factor[:, np.newaxis]
        block[begin - self.position : end - self.position] += piece

    def _silent(self, n_frames: int) -> Stereo:
        if len(self._silence) < n_frames:
            self._silence = _silence(n_frames)
        return self._silence[:n_frames]


def limit(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bend what exceeds -3 dBFS so that nothing exceeds -1 dBFS; all below stays as it is."""
    if max(samples.max(initial=0.0), -samples.min(initial=0.0)) <= KNEE:
        return samples
    within = np.minimum(np.maximum(samples, -KNEE), KNEE)
    over = samples - within
    bent = within + over / (1 + np.abs(over) / ROOM)
    return bent.astype(np.float32, copy=False)


def _silence(n_frames: int) -> Stereo:
    block = np.zeros((n_frames, 2), dtype=np.float32)
    block.flags.writeable = False
    return block
