"""Recorded speech: from an engine's WAV file to what can be mixed with clicks."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.click import Mono, amplitude
from coach.errors import AudioError

PEAK_DBFS = -9.0
SPEECH_DBFS = -27.0
"""Of the loud parts, which with espeak-ng lie 13 to 18 dB below the peak."""
LOUD_DB = -30.0
SILENT_DB = -45.0
LEAST = 328  # of 32768: what never gets louder than 1 % is no speech
FRAME_S = 0.005
LOUD_FRAME_S = 0.02
EDGE_S = 0.005
BREATH_S = 0.2
RATES_HZ = range(8000, 96001)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """Mono sound as an engine made it.

    Parameters
    ----------
    samples : shape (n,), int16: a run holds some hundreds of clips, and in half of the memory of float32.
    """

    samples: NDArray[np.int16]
    rate_hz: int


def from_wav(data: bytes) -> Clip:
    """Read a WAV file of 16-bit samples, its channels put together; a header that promises too much is forgiven.

    Raises
    ------
    AudioError
        When it is no such file.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate_hz = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError) as error:  # the last, bare, for a chunk that lies beyond the end
        raise AudioError(f"no WAV file: {str(error) or 'it ends too soon'}") from error
    if width != 2 or rate_hz not in RATES_HZ:
        raise AudioError(f"a WAV file of {8 * width} bits at {rate_hz} Hz, not of 16 bits at 8 kHz or more")
    whole = len(frames) // (2 * channels) * channels
    samples = np.frombuffer(frames, dtype="<i2", count=whole).reshape(-1, channels).mean(axis=1)
    return Clip(samples=samples.astype(np.int16), rate_hz=rate_hz)


def to_wav(clip: Clip) -> bytes:
    """Write a WAV file."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(clip.rate_hz)
        file.writeframes(clip.samples.astype("<i2").tobytes())
    return data.getvalue()


def trimmed(clip: Clip) -> Clip:
    """Cut the silence before and after, to 5 ms.

    Raises
    ------
    AudioError
        When nothing is left.
    """
    frame = round(FRAME_S * clip.rate_hz)
    loudness = _rms(clip.samples / 1.0, frame)
    if loudness.max(initial=0.0) < LEAST:
        raise AudioError("nothing but silence")
    heard = np.flatnonzero(loudness > loudness.max() * amplitude(SILENT_DB))
    begin, end = max(0, heard[0] - 1) * frame, (heard[-1] + 2) * frame
    return Clip(samples=clip.samples[begin:end], rate_hz=clip.rate_hz)


def joined(clips: Sequence[Clip], rate_hz: int) -> Mono:
    """Put clauses together, a breath between two, at the rate and the level at which they are heard.

    Takes 5 ms for 3 s of speech (a 2 GHz core), nearly all of it to change the rate.

    Returns
    -------
    shape (n,), float32, loud parts at -27 dBFS, lower where a peak would exceed -9 dBFS; read-only.
    """
    breath = np.zeros(round(BREATH_S * rate_hz), dtype=np.float32)
    parts = [part for clip in clips for part in (breath, _faded(_resampled(clip, rate_hz), rate_hz))][1:]
    speech = np.concatenate(parts)
    sound: Mono = (speech * _gain(speech, rate_hz)).astype(np.float32)
    sound.flags.writeable = False
    return sound


def _resampled(clip: Clip, rate_hz: int) -> Mono:
    from scipy.signal import resample_poly

    sound = clip.samples.astype(np.float32) / np.float32(32768)
    return resample_poly(sound, rate_hz, clip.rate_hz).astype(np.float32)


def _faded(sound: Mono, rate_hz: int) -> Mono:
    edge = min(round(EDGE_S * rate_hz), len(sound) // 2)
    rise = np.linspace(0, 1, edge, dtype=np.float32)
    return np.concatenate(
        [sound[:edge] * rise, sound[edge : len(sound) - edge], sound[len(sound) - edge :] * rise[::-1]]
    )


def _gain(sound: Mono, rate_hz: int) -> float:
    loudness = _rms(sound, round(LOUD_FRAME_S * rate_hz))
    loud = loudness[loudness > loudness.max() * amplitude(LOUD_DB)]
    by_loudness = amplitude(SPEECH_DBFS) / np.sqrt(np.mean(loud**2))
    return float(min(by_loudness, amplitude(PEAK_DBFS) / np.abs(sound).max()))


def _rms(sound: NDArray[np.floating], frame: int) -> NDArray[np.float64]:
    """Give the loudness of every frame; a last one that is not whole is left out."""
    whole = sound[: len(sound) // frame * frame].reshape(-1, frame)
    loudness: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", whole, whole) / frame).astype(np.float64)
    return loudness
