"""Clicks are short, have no edges, and tell the feet apart by pitch alone."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from audio.click import Voice, click
from bench.loudness import HZ, a_weighted_db, contour_db, loudness_db
from coach.model import Foot

FEET: list[Foot] = ["left", "right", "sensor", "other", "unknown"]
VOICES: tuple[Voice, ...] = get_args(Voice)
RATES_HZ = [22050, 44100, 48000]


def pitch_hz(voice: Voice, foot: Foot, rate_hz: int = 48000) -> float:
    spectrum = np.abs(np.fft.rfft(click(foot, rate_hz, voice), 1 << 16))
    return float(np.argmax(spectrum) * rate_hz / (1 << 16))


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Give the largest cross-correlation of two sounds, 1 for the same sound."""
    energy = np.sqrt(np.dot(one, one) * np.dot(other, other))
    return float(np.abs(np.correlate(one, other, mode="full")).max() / energy)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("foot", FEET)
@pytest.mark.parametrize("voice", VOICES)
class TestEveryClick:
    def test_peaks_at_minus_9_dbfs(self, voice: Voice, foot: Foot, rate_hz: int) -> None:
        assert np.abs(click(foot, rate_hz, voice)).max() == pytest.approx(0.354813, abs=1e-6)

    def test_lasts_20_to_30_ms(self, voice: Voice, foot: Foot, rate_hz: int) -> None:
        assert 0.020 <= len(click(foot, rate_hz, voice)) / rate_hz <= 0.0301

    def test_begins_and_ends_without_an_edge(self, voice: Voice, foot: Foot, rate_hz: int) -> None:
        sound = np.abs(click(foot, rate_hz, voice))
        assert sound[0] == 0
        assert sound[-1] == 0
        assert sound[-round(0.002 * rate_hz) :].max() < 0.01 * sound.max()

    def test_sounds_from_the_first_millisecond_on(self, voice: Voice, foot: Foot, rate_hz: int) -> None:
        sound = np.abs(click(foot, rate_hz, voice))
        assert sound[: round(0.001 * rate_hz)].max() > 0.1 * sound.max()

    def test_is_loudest_within_4_ms(self, voice: Voice, foot: Foot, rate_hz: int) -> None:
        most_s = 0.004 if voice == "soft" else 0.002
        assert np.abs(click(foot, rate_hz, voice)).argmax() / rate_hz < most_s

    def test_has_a_pitch_that_small_speakers_play(self, voice: Voice, foot: Foot, rate_hz: int) -> None:
        assert 600 < pitch_hz(voice, foot, rate_hz) < 2500

    def test_is_made_once_and_cannot_be_changed(self, voice: Voice, foot: Foot, rate_hz: int) -> None:
        assert click(foot, rate_hz, voice) is click(foot, rate_hz, voice)
        with pytest.raises(ValueError, match="read-only"):
            click(foot, rate_hz, voice)[0] = 1


@pytest.mark.parametrize(
    ("voice", "left_hz", "right_hz"), [("tick", 1000, 2000), ("wood", 720, 1080), ("soft", 660, 990)]
)
def test_left_and_right_differ_in_pitch(voice: Voice, left_hz: float, right_hz: float) -> None:
    assert pitch_hz(voice, "left") == pytest.approx(left_hz, rel=0.05)
    assert pitch_hz(voice, "right") == pytest.approx(right_hz, rel=0.05)


@pytest.mark.parametrize("phon", [40, 50, 60, 70, 80])
@pytest.mark.parametrize("voice", VOICES)
def test_left_and_right_are_equally_loud(voice: Voice, phon: float) -> None:
    left, right = (loudness_db(click(foot, 48000, voice), 48000, phon) for foot in ("left", "right"))
    assert left == pytest.approx(right, abs=1.0)


@pytest.mark.parametrize("voice", VOICES)
def test_left_and_right_are_equally_loud_a_weighted(voice: Voice) -> None:
    left, right = (a_weighted_db(click(foot, 48000, voice), 48000) for foot in ("left", "right"))
    assert left == pytest.approx(right, abs=1.0)


def test_contours_are_those_of_the_standard() -> None:
    """At 1 kHz phon are dB; the others are what the standard's own figure of contours shows."""
    at = {int(hz): level for hz, level in zip(HZ, contour_db(60), strict=True)}
    assert (at[1000], at[125], at[4000]) == pytest.approx((60.0, 75.6, 57.6), abs=0.1)


@pytest.mark.parametrize("voice", VOICES)
def test_the_foot_with_the_sensor_sounds_unlike_the_other(voice: Voice) -> None:
    assert click("sensor", 48000, voice) is not click("other", 48000, voice)
    assert pitch_hz(voice, "sensor") > 1.4 * pitch_hz(voice, "other")


@pytest.mark.parametrize("foot", FEET)
def test_voices_are_unlike_each_other(foot: Foot) -> None:
    for one, other in combinations(VOICES, 2):
        assert likeness(click(foot, 48000, one), click(foot, 48000, other)) < 0.75


def test_the_voice_that_nobody_chose_is_tick() -> None:
    np.testing.assert_array_equal(click("left", 48000), click("left", 48000, "tick"))
