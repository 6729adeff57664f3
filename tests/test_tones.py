"""Prompts as tones: a pattern for each, told apart by ear, and nothing that cracks."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from audio.tones import PATTERNS, ToneWords, pattern
from coach.model import Prompt, PromptName

NAMES: tuple[PromptName, ...] = get_args(PromptName)
RATE_HZ = 48000


def dbfs(sound: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(sound).max()))


def pitch_hz(sound: np.ndarray) -> float:
    """Find the strongest pitch, to 2 Hz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), RATE_HZ // 2))
    return float(2 * np.argmax(spectrum))


def tones(sound: np.ndarray) -> list[np.ndarray]:
    """Cut a pattern at its pauses."""
    loud = np.array([chunk.any() for chunk in np.array_split(sound, len(sound) // 480)])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    return [sound[480 * begin : 480 * end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def bends(name: PromptName) -> list[float]:
    """By how much each tone of a pattern goes up, from its first third to its last."""
    return [
        pitch_hz(tone[-len(tone) // 3 :]) - pitch_hz(tone[: len(tone) // 3]) for tone in tones(pattern(name, RATE_HZ))
    ]


def test_every_prompt_has_a_pattern() -> None:
    assert set(PATTERNS) == set(NAMES)


@pytest.mark.parametrize("rate_hz", [22050, 44100, 48000])
@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_is_short_level_and_starts_and_ends_in_silence(name: PromptName, rate_hz: int) -> None:
    sound = pattern(name, rate_hz)
    assert len(sound) < 0.8 * rate_hz
    assert dbfs(sound) == pytest.approx(-20 if name == "fine" else -12, abs=0.01)
    assert np.abs(sound[[0, -1]]).max() < 1e-4
    assert np.abs(np.diff(sound, n=2)).max() < 0.25 * (2 * np.pi * 1000 / rate_hz) ** 2  # no corner: at most 1 kHz
    assert sound.dtype == np.float32


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"fine"}))
def test_no_pattern_strikes_as_a_click_does(name: PromptName) -> None:
    """A click is at its height within 4 ms (`test_click`); no tone is at half of its own by then, nor ends so soon."""
    for tone in tones(pattern(name, RATE_HZ)):
        struck = np.flatnonzero(np.abs(tone) > 0.5 * np.abs(tone).max())
        assert min(struck[0], len(tone) - struck[-1]) > 0.004 * RATE_HZ


@pytest.mark.parametrize(("one", "other"), list(combinations(NAMES, 2)))
def test_no_pattern_resembles_another(one: PromptName, other: PromptName) -> None:
    a, b = pattern(one, RATE_HZ).astype(float), pattern(other, RATE_HZ).astype(float)
    longest = np.fft.irfft(np.fft.rfft(a, 2**17) * np.fft.rfft(b, 2**17).conj())
    assert np.abs(longest).max() < 0.8 * np.linalg.norm(a) * np.linalg.norm(b)


def test_on_target_rises_by_a_fifth() -> None:
    low, high = (pitch_hz(tone) for tone in tones(pattern("on_target", RATE_HZ)))
    assert high / low == pytest.approx(1.5, rel=0.01)


def test_below_is_two_quick_rising_tones_and_above_two_slow_falling_ones() -> None:
    assert len(bends("below")) == len(bends("above")) == 2
    assert min(bends("below")) > 50
    assert max(bends("above")) < -50
    assert len(pattern("above", RATE_HZ)) > 2 * len(pattern("below", RATE_HZ))


def test_a_sensor_that_is_lost_falls_and_one_that_is_back_rises_both_low() -> None:
    lost = [pitch_hz(tone) for tone in tones(pattern("sensor_lost", RATE_HZ))]
    back = [pitch_hz(tone) for tone in tones(pattern("sensor_back", RATE_HZ))]
    assert lost == back[::-1] == sorted(lost, reverse=True)
    assert max(lost) < 400


def test_that_all_is_fine_is_a_single_tick() -> None:
    assert len(pattern("fine", RATE_HZ)) < 0.05 * RATE_HZ


def test_tone_words_are_as_loud_as_they_are_asked_to_be() -> None:
    prompt = Prompt(t_s=1.0, available_s=0.5, say="below", spm=164)
    assert dbfs(ToneWords(1.0).sound(prompt, RATE_HZ)) == pytest.approx(-12, abs=0.01)
    assert dbfs(ToneWords(0.5).sound(prompt, RATE_HZ)) == pytest.approx(-18, abs=0.1)
    assert not ToneWords(0.0).sound(prompt, RATE_HZ).any()
