"""The click track: clicks at counted frames, rendered block by block.

Theory of operation: one thread schedules clicks ahead of time, in order; another, the sound's own, asks for the next
block. Between them lies one deque: nothing locks, and `render` allocates no more than the block that it returns. A
click is a whole sound that starts at its frame and is never computed from a moving phase, so that the samples do not
depend on how they are cut into blocks.

Rules: two clicks never overlap: one that would begin before the last has ended is dropped and counted (25 ms is a
twelfth of the shortest step). One whose frame has been rendered already is late: counted, and not played. No sample
leaves beyond -1 dBFS.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.click import Mono, amplitude, click
from coach.model import Foot

Stereo = NDArray[np.float32]

CEILING = amplitude(-1.0)
KNEE = amplitude(-3.0)
MAX_WAITING = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Click:
    frame: int
    sound: Mono


class Track:
    """A stereo click track without an end, both channels alike.

    Parameters
    ----------
    rate_hz : frames a second.
    volume : 0 to 1, of every click.

    Attributes
    ----------
    position : frames rendered so far; the next block starts with this one.
    late : clicks that came after their frame had been rendered.
    dropped : clicks that came on the heels of another, or with 1024 of them waiting.
    """

    def __init__(self, rate_hz: int, volume: float = 1.0) -> None:
        self.rate_hz = rate_hz
        self.position = 0
        self.late = 0
        self.dropped = 0
        self._volume = volume
        self._free_from = -math.inf
        self._waiting: deque[_Click] = deque()
        self._sounding: _Click | None = None

    @property
    def ends_at(self) -> int:
        """The frame at which the last scheduled click has ended."""
        return int(max(0, self._free_from))

    @property
    def missed(self) -> str:
        """What was not heard, in words; empty when all was."""
        beats = {"beats too late to be heard": self.late, "beats too close to the one before": self.dropped}
        return ", ".join(f"{what}: {count}" for what, count in beats.items() if count)

    def schedule(self, frame: int, foot: Foot, gain: float = 1.0) -> None:
        """Let a click begin at `frame`, with `gain` from 0 to 1; frames come in increasing order."""
        if frame < self._free_from or len(self._waiting) == MAX_WAITING:
            self.dropped += 1
            return
        sound = click(foot, self.rate_hz) * np.float32(gain * self._volume)
        self._waiting.append(_Click(frame=frame, sound=sound))
        self._free_from = frame + len(sound)

    def render(self, n_frames: int) -> Stereo:
        """Give the next samples, shape (n_frames, 2), full scale 1."""
        block = np.zeros((n_frames, 2), dtype=np.float32)
        if self._sounding is not None:
            self._mix(block, self._sounding)
        while self._waiting and self._waiting[0].frame < self.position + n_frames:
            begun = self._waiting.popleft()
            if begun.frame < self.position:
                self.late += 1
            else:
                self._mix(block, begun)
        self.position += n_frames
        return block

    def _mix(self, block: Stereo, sounding: _Click) -> None:
        offset = sounding.frame - self.position
        piece = sounding.sound[max(0, -offset) : len(block) - offset]
        span = slice(max(0, offset), max(0, offset) + len(piece))
        block[span] = limit(block[span] + piece[:, np.newaxis])
        self._sounding = sounding if offset + len(sounding.sound) > len(block) else None


def limit(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bend what exceeds -3 dBFS so that nothing exceeds -1 dBFS; all below stays as it is."""
    over = np.abs(samples) - KNEE
    if over.max(initial=0.0) <= 0:
        return samples
    room = CEILING - KNEE
    bent = np.copysign(KNEE + room * np.tanh(over / room), samples)
    return np.where(over > 0, bent, samples).astype(np.float32)
