"""Where host time meets the frames of a sound output.

An output counts frames; a beat is a host time. For every block the output observes when the block's first frame will
be heard. One observation is off by up to 0.1 s, and nearly always late: a callback that waited for the interpreter, a
buffer that was thought full and was not. A low quantile of a batch is good to some milliseconds, and the ear minds
unevenness more than a small constant error. So:

- Observations count in batches of 20 (0.4 s), by the third smallest of each, or by the smallest where none can seem
  early: a player that takes half its buffer at a time leaves one good observation in a batch.
- Two batches in a row that agree within 50 ms anchor the line.
- Afterwards it is slewed towards each batch by no more than 80 ppm, enough for two quartz clocks to stay together. An
  interval between beats at 180 spm is then off by less than 0.05 ms, the rounding to frames included.
- Two batches in a row that agree with each other and are further than 50 ms from the line mean that the sound was
  interrupted (the machine slept, a buffer ran dry): the line is anchored anew, at once, and `anchored` counts it.

A device whose clock is off by more than 80 ppm drifts until it is anchored anew, 50 ms further on.

Theory of operation: only `observe` writes, from the thread of the sound; any thread reads one number, `start_s`.
"""

from __future__ import annotations

import math

BATCH = 20
SEEM_EARLY = 2
AGREE_S = 0.05
SLEW = 80e-6


class Timeline:
    """A line through (frame, host time at which it is heard).

    Parameters
    ----------
    rate_hz : frames a second, as the device was asked for.
    seem_early : how many observations of a batch may be earlier than is true.

    Attributes
    ----------
    anchored : how often the line was anchored: 0 before there is one, more than 1 after an interruption.
    start_s : host time at which frame 0 was heard, or would have been.
    """

    def __init__(self, rate_hz: int, seem_early: int = SEEM_EARLY) -> None:
        self.anchored = 0
        self._rate_hz = rate_hz
        self._seem_early = seem_early
        self.start_s = 0.0
        self._goal_s = 0.0
        self._seen_frame = 0
        self._last_batch_s = math.inf
        self._batch: list[float] = []

    def observe(self, frame: int, heard_at_s: float) -> None:
        """Take in that `frame` will be heard at `heard_at_s`; frames come in increasing order."""
        most_s = SLEW * (frame - self._seen_frame) / self._rate_hz
        self.start_s += min(max(self._goal_s - self.start_s, -most_s), most_s)
        self._seen_frame = frame
        self._batch.append(heard_at_s - frame / self._rate_hz)
        if len(self._batch) == BATCH:
            self._settle(sorted(self._batch)[self._seem_early])
            self._batch.clear()

    def frame_at(self, host_s: float) -> int:
        """Give the frame that is heard at a host time; before the line is anchored, frame 0 is heard at 0 s."""
        return round((host_s - self.start_s) * self._rate_hz)

    def _settle(self, start_s: float) -> None:
        if self.anchored and abs(start_s - self.start_s) <= AGREE_S:
            self._goal_s = start_s
        elif abs(start_s - self._last_batch_s) <= AGREE_S:
            self.start_s = self._goal_s = start_s
            self.anchored += 1
        self._last_batch_s = start_s
