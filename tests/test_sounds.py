"""What a cue sounds like: the click of its foot or the words of its prompt, at the runner's volume and place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.click import click
from audio.sounds import Sounds, pan
from coach.config import AudioConfig, load
from coach.errors import ConfigError
from coach.model import Beat, Foot, Prompt

RATE_HZ = 48000
FEET: list[Foot] = ["left", "right", "sensor", "other", "unknown"]


def config(**changes: object) -> AudioConfig:
    shipped = load(environ={"XDG_CONFIG_HOME": "nowhere"}).config.audio
    return shipped.model_copy(update={"volume": 1.0, **changes})


def beat(foot: Foot = "left", gain: float = 1.0) -> Beat:
    return Beat(t_s=1.0, available_s=0.5, index=0, foot=foot, gain=gain)


def prompt() -> Prompt:
    return Prompt(t_s=1.0, available_s=0.5, say="below", spm=164)


class Says:
    """Words that are always the same samples."""

    def __init__(self, samples: list[float] | None) -> None:
        self.samples = samples

    def sound(self, prompt: Prompt, rate_hz: int) -> np.ndarray | None:
        return None if self.samples is None else np.array(self.samples, dtype=np.float32)


@pytest.mark.parametrize("foot", FEET)
@pytest.mark.parametrize("voice", ["tick", "wood", "soft"])
def test_a_beat_is_the_click_of_its_foot_in_the_chosen_voice_in_both_channels(voice: str, foot: Foot) -> None:
    sound = Sounds(RATE_HZ, config(click=voice)).of(beat(foot))
    expected = click(foot, RATE_HZ, voice)  # type: ignore[arg-type]
    np.testing.assert_array_equal(sound, np.column_stack([expected, expected]))


def test_clicks_are_made_once() -> None:
    sounds = Sounds(RATE_HZ, config())
    assert sounds.of(beat()) is sounds.of(beat())


def test_no_sound_can_be_changed() -> None:
    sounds = Sounds(RATE_HZ, config(), Says([0.5] * 1000))
    for cue in (beat(), beat(gain=0.5), prompt()):
        sound = sounds.of(cue)
        assert sound is not None
        with pytest.raises(ValueError, match="read-only"):
            sound[0] = 1


@given(gain=st.floats(0.001, 1), volume=st.floats(0.001, 1))
def test_gain_and_volume_scale_a_click(gain: float, volume: float) -> None:
    sound = Sounds(RATE_HZ, config(volume=volume)).of(beat(gain=gain))
    assert sound is not None
    np.testing.assert_allclose(sound[:, 0], click("left", RATE_HZ) * gain * volume, rtol=1e-5)


@pytest.mark.parametrize("cue", [beat(gain=0.0), prompt()])
def test_where_nothing_is_to_be_heard_there_is_no_sound(cue: Beat | Prompt) -> None:
    assert Sounds(RATE_HZ, config()).of(cue) is None


@pytest.mark.parametrize("cue", [beat(), prompt()])
def test_without_volume_there_is_no_sound(cue: Beat | Prompt) -> None:
    assert Sounds(RATE_HZ, config(volume=0.0), Says([0.5] * 1000)).of(cue) is None


@pytest.mark.parametrize("samples", [None, []])
def test_words_may_have_nothing_to_say(samples: list[float] | None) -> None:
    assert Sounds(RATE_HZ, config(), Says(samples)).of(prompt()) is None


def test_words_have_volume_and_no_edges() -> None:
    sound = Sounds(RATE_HZ, config(volume=0.5), Says([0.8] * 4800)).of(prompt())
    assert sound is not None
    np.testing.assert_allclose(sound[240:-240], 0.4, rtol=1e-6)
    assert np.abs(np.diff(sound, axis=0, prepend=0, append=0)).max() < 0.4 / 100


@pytest.mark.parametrize("length", [1, 2, 100, 300, 479])
def test_a_short_word_has_no_edges_either(length: int) -> None:
    sound = Sounds(RATE_HZ, config(), Says([0.8] * length)).of(prompt())
    assert sound is not None
    assert np.abs(np.diff(sound, axis=0, prepend=0, append=0)).max() < 0.8 / 100


@given(place=st.floats(-0.5, 0.5))
def test_pan_keeps_the_power(place: float) -> None:
    left, right = pan(place)
    assert left**2 + right**2 == pytest.approx(2.0)
    assert (left > right) == (place < 0) or left == pytest.approx(right)


def test_the_middle_is_both_channels_as_they_were_made() -> None:
    assert pan(0.0) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize(("place", "louder"), [(-0.5, 0), (0.5, 1)])
def test_half_way_to_a_side_one_channel_is_7_7_db_above_the_other(place: float, louder: int) -> None:
    for cue in (beat("right"), prompt()):
        sound = Sounds(RATE_HZ, config(pan=place), Says([0.5] * 1000)).of(cue)
        assert sound is not None
        peaks = np.abs(sound).max(axis=0)
        assert 20 * np.log10(peaks[louder] / peaks[1 - louder]) == pytest.approx(7.66, abs=0.01)


@pytest.mark.parametrize("setting", ["volume=1.1", "volume=-0.1", "pan=0.6", "pan=-0.51", "click=bell"])
def test_what_is_out_of_range_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match=f"audio.{setting.split('=', maxsplit=1)[0]}"):
        load(settings=[f"audio.{setting}"], environ={"XDG_CONFIG_HOME": "nowhere"})
