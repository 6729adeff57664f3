"""What a cue sounds like: a click for a beat, words for a prompt, at the volume and the place that the runner wants.

Clicks are made once. A beat that fades in or out costs one small array. Words come from whoever speaks them; their
first and last 5 ms are faded, so that no voice and no pattern of tones can crack.

Pan is equal in power: wherever the sound lies, left and right together carry as much as in the middle, where both
channels have it as it was made. At half way to a side the louder channel is 2.3 dB above that, a click at -6.7 dBFS.
"""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from audio.click import Mono, click, raised_cosine
from coach.config import AudioConfig
from coach.model import Beat, Cue, Foot, Prompt
from coach.ports import Words

Stereo = NDArray[np.float32]

EDGE_S = 0.005


class Sounds:
    """Gives the sound of every cue.

    Parameters
    ----------
    rate_hz : frames a second.
    config : which click, volume and pan.
    words : whoever turns prompts into sound; without, prompts are silent.
    """

    def __init__(self, rate_hz: int, config: AudioConfig, words: Words | None = None) -> None:
        self._rate_hz = rate_hz
        self._words = words
        self._channels = np.array(pan(config.pan), dtype=np.float32) * np.float32(config.volume)
        self._silent = config.volume == 0
        feet: tuple[Foot, ...] = get_args(Foot)
        self._clicks = {foot: self._placed(click(foot, rate_hz, config.click)) for foot in feet}

    def of(self, cue: Cue) -> Stereo | None:
        """Give the whole sound of a cue, shape (n, 2), full scale 1, read-only; None when nothing is to be heard."""
        if self._silent:
            return None
        match cue:
            case Beat():
                return self._click(cue)
            case Prompt():
                return self._said(cue)

    def _click(self, beat: Beat) -> Stereo | None:
        whole = self._clicks[beat.foot]
        if beat.gain == 1:
            return whole
        return _kept(whole * np.float32(beat.gain)) if beat.gain > 0 else None

    def _said(self, prompt: Prompt) -> Stereo | None:
        words = None if self._words is None else self._words.sound(prompt, self._rate_hz)
        if words is None or len(words) == 0:
            return None
        return self._placed(words * _fade(len(words), round(EDGE_S * self._rate_hz)))

    def _placed(self, mono: Mono) -> Stereo:
        return _kept(mono[:, np.newaxis] * self._channels)


def pan(place: float) -> tuple[float, float]:
    """Give the factors of left and right, equal in power, for a place from -1 (left) over 0 (1 and 1) to 1 (right)."""
    angle = (1 + place) * math.pi / 4
    return math.sqrt(2) * math.cos(angle), math.sqrt(2) * math.sin(angle)


def _fade(n_frames: int, edge_frames: int) -> Mono:
    fade = np.ones(n_frames, dtype=np.float32)
    edge = raised_cosine(np.arange(min(edge_frames, n_frames)) / edge_frames)
    fade[: len(edge)] *= edge
    fade[n_frames - len(edge) :] *= edge[::-1]
    return fade


def _kept(sound: Stereo) -> Stereo:
    sound.flags.writeable = False
    return sound
