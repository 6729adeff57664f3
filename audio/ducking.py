"""How loud clicks are beneath words: by what factor, at each counted frame.

While a prompt sounds the clicks go down by 8 dB, within 50 ms, and come back within 350 ms after it: low enough to
understand the words, loud enough not to lose the beat. The factor is a function of the frame alone, smooth, and looked
up in two tables; it does not depend on how frames are cut into blocks. A prompt that begins while the clicks are still
coming back finds them where they are: of all factors the smallest holds.
"""

from __future__ import annotations

import numpy as np

from audio.click import Mono, amplitude, raised_cosine

DUCK_DB = -8.0
ATTACK_S = 0.05
RELEASE_S = 0.35


class Ducking:
    """The factor of the clicks, given when prompts sound.

    Parameters
    ----------
    rate_hz : frames a second.
    """

    def __init__(self, rate_hz: int) -> None:
        self._attack = _ramp(1.0, amplitude(DUCK_DB), round(ATTACK_S * rate_hz))
        self._release = _ramp(amplitude(DUCK_DB), 1.0, round(RELEASE_S * rate_hz))
        self._prompts: list[tuple[int, int]] = []

    def beneath(self, begin: int, end: int) -> None:
        """Take in that a prompt sounds from frame `begin` up to frame `end`."""
        self._prompts.append((begin, end))

    def forget(self, until: int) -> None:
        """Let go of prompts of which nothing is to be noticed from frame `until` on."""
        self._prompts = [prompt for prompt in self._prompts if prompt[1] + len(self._release) > until]

    def factor(self, frame: int, n_frames: int) -> Mono | None:
        """Give the factor of `n_frames` from `frame` on, shape (n_frames,), (1,) where it is constant; None for 1."""
        lowest: Mono | None = None
        for begin, end in self._prompts:
            if begin < frame + n_frames and frame < end + len(self._release):
                factor = self._beneath(begin, end, frame, n_frames)
                lowest = factor if lowest is None else np.minimum(lowest, factor)
        return lowest

    def _beneath(self, begin: int, end: int, frame: int, n_frames: int) -> Mono:
        if begin + len(self._attack) <= frame and frame + n_frames <= end:
            return self._attack[-1:]
        frames = np.arange(frame, frame + n_frames)
        down = self._attack.take(frames - begin, mode="clip")
        up = self._release.take(frames - end, mode="clip")
        factor: Mono = np.maximum(down, up)
        return factor


def _ramp(first: float, last: float, n_frames: int) -> Mono:
    shape = raised_cosine(np.arange(n_frames + 1) / n_frames)
    return (first + (last - first) * shape).astype(np.float32)
