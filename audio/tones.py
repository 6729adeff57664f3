"""What a prompt sounds like without words: a few tones, a pattern of its own for every meaning.

Up means quicker, or good news; down means calmer, or a loss. Glides speak of the runner's steps, level tones of
everything else, low ones of the sensor. All lie below the clicks (1 kHz and up) and swell and fade where a click
strikes, so that none is taken for a beat. The tick that says "fine" is the exception: it is one, and soft.

Sines at one peak level: nothing cracks at an edge, because each tone rises and falls as a raised cosine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from audio.click import Mono, amplitude
from coach.model import FloatArray, Prompt, PromptName

PEAK_DBFS = -12.0
TICK_DBFS = -20.0
GAP_S = 0.05
EDGE_S = 0.015


@dataclass(frozen=True, slots=True)
class _Tone:
    """A sine that goes from one pitch to another."""

    from_hz: float
    to_hz: float
    length_s: float

    def samples(self, rate_hz: int) -> FloatArray:
        t_s = np.arange(round(self.length_s * rate_hz)) / rate_hz
        glide_hz_s = (self.to_hz - self.from_hz) / self.length_s
        edge_s = min(EDGE_S, self.length_s / 2)
        inwards_s = np.minimum(t_s, t_s[-1] - t_s)
        swell = 0.5 - 0.5 * np.cos(np.pi * np.clip(inwards_s / edge_s, 0, 1))
        tone: FloatArray = swell * np.sin(2 * np.pi * (self.from_hz + glide_hz_s * t_s / 2) * t_s)
        return tone


def _level(hz: float, length_s: float) -> _Tone:
    return _Tone(hz, hz, length_s)


PATTERNS: dict[PromptName, tuple[_Tone, ...]] = {
    "below": (_Tone(587, 784, 0.11), _Tone(587, 784, 0.11)),
    "above": (_Tone(659, 494, 0.30), _Tone(659, 494, 0.30)),
    "on_target": (_level(523, 0.16), _level(784, 0.28)),
    "fine": (_level(880, 0.03),),
    "sensor_lost": (_level(330, 0.22), _level(220, 0.40)),
    "sensor_back": (_level(220, 0.22), _level(330, 0.40)),
    "target": (_level(659, 0.09), _level(659, 0.09), _level(880, 0.24)),
    "easy": (_level(784, 0.18), _level(659, 0.18), _level(523, 0.28)),
    "let_go": (_Tone(523, 392, 0.60),),
}
"""One pattern for every prompt; each is shorter than 0.8 s."""


@cache
def pattern(say: PromptName, rate_hz: int) -> Mono:
    """Make the tones of a prompt.

    Returns
    -------
    shape (n,), float32, peak at -12 dBFS, that of the tick at -20 dBFS; kept, and therefore read-only.
    """
    gap = np.zeros(round(GAP_S * rate_hz))
    parts = [part for tone in PATTERNS[say] for part in (gap, tone.samples(rate_hz))][1:]
    sound = np.concatenate(parts)
    peak = amplitude(TICK_DBFS if say == "fine" else PEAK_DBFS)
    levelled: Mono = (sound * (peak / np.abs(sound).max())).astype(np.float32)
    levelled.flags.writeable = False
    return levelled


class ToneWords:
    """Says every prompt by its tones; the number in it stays unsaid.

    Parameters
    ----------
    volume : 0 to 1.
    """

    def __init__(self, volume: float) -> None:
        self._volume = np.float32(volume)

    def sound(self, prompt: Prompt, rate_hz: int) -> Mono:
        return pattern(prompt.say, rate_hz) * self._volume
