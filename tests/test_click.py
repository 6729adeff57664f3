"""The click is short, has no edges, and tells the feet apart by pitch alone."""

from __future__ import annotations

import numpy as np
import pytest

from audio.click import click
from coach.model import Foot

FEET: list[Foot] = ["left", "right", "sensor", "other", "unknown"]
RATES_HZ = [22050, 44100, 48000]


def pitch_hz(foot: Foot, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(click(foot, rate_hz), 1 << 16))
    return float(np.argmax(spectrum) * rate_hz / (1 << 16))


def rms_db(foot: Foot) -> float:
    return float(10 * np.log10(np.mean(np.square(click(foot, 48000), dtype=np.float64))))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("foot", FEET)
class TestEveryClick:
    def test_peaks_at_minus_9_dbfs(self, foot: Foot, rate_hz: int) -> None:
        assert np.abs(click(foot, rate_hz)).max() == pytest.approx(0.354813, abs=1e-6)

    def test_lasts_20_to_30_ms(self, foot: Foot, rate_hz: int) -> None:
        assert 0.020 <= len(click(foot, rate_hz)) / rate_hz <= 0.030

    def test_begins_and_ends_without_an_edge(self, foot: Foot, rate_hz: int) -> None:
        sound = np.abs(click(foot, rate_hz))
        assert sound[0] == 0
        assert sound[-1] == 0
        assert sound[-round(0.002 * rate_hz) :].max() < 0.01 * sound.max()

    def test_is_loudest_within_2_ms(self, foot: Foot, rate_hz: int) -> None:
        assert np.abs(click(foot, rate_hz)).argmax() / rate_hz < 0.002

    def test_has_a_pitch_that_small_speakers_play(self, foot: Foot, rate_hz: int) -> None:
        assert 900 < pitch_hz(foot, rate_hz) < 2500

    def test_is_made_once_and_cannot_be_changed(self, foot: Foot, rate_hz: int) -> None:
        assert click(foot, rate_hz) is click(foot, rate_hz)
        with pytest.raises(ValueError, match="read-only"):
            click(foot, rate_hz)[0] = 1


def test_left_and_right_differ_in_pitch() -> None:
    assert pitch_hz("left", 48000) == pytest.approx(1000, rel=0.05)
    assert pitch_hz("right", 48000) == pytest.approx(2000, rel=0.05)


def test_left_and_right_are_equally_strong() -> None:
    assert rms_db("left") == pytest.approx(rms_db("right"), abs=0.5)


def test_the_foot_with_the_sensor_sounds_unlike_the_other() -> None:
    assert pitch_hz("sensor", 48000) > 1.5 * pitch_hz("other", 48000)
