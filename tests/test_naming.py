"""Which sound device a name means."""

from __future__ import annotations

import pytest

from audio.outputs.naming import SoundDevice, labels, pick
from coach.errors import AudioError


def devices(*names: str, api: str = "", usual: bool = True, first: int = 0) -> list[SoundDevice[int]]:
    return [SoundDevice(key=first + k, name=name, api=api, usual=usual) for k, name in enumerate(names)]


def test_a_part_of_the_name_is_enough_whatever_its_letters() -> None:
    assert pick("JABRA", devices("Built-in Output", "Jabra Elite 75t")).name == "Jabra Elite 75t"


def test_the_whole_name_wins_over_a_longer_one() -> None:
    assert pick("default", devices("sysdefault", "default", "default:1")).name == "default"


def test_an_unknown_name_lists_those_that_exist() -> None:
    with pytest.raises(AudioError) as caught:
        pick("nose", devices("Speakers", "Jabra", api="WASAPI"))
    assert str(caught.value) == "there is no sound device 'nose' (there are: Speakers; Jabra)"


def test_without_any_device_says_that_there_is_none() -> None:
    with pytest.raises(AudioError, match=r"no sound device 'nose' \(there is none at all\)"):
        pick("nose", devices())


def test_an_ambiguous_name_lists_those_that_it_fits() -> None:
    with pytest.raises(AudioError) as caught:
        pick("hdmi", devices("HDMI 0", "Speakers", "HDMI 1"))
    assert str(caught.value) == "several sound devices are called 'hdmi' (there are: HDMI 0; HDMI 1)"


def test_of_a_device_reached_in_several_ways_the_usual_one_is_meant() -> None:
    found = devices("Speakers", api="WASAPI", usual=False) + devices("Speakers", api="MME", first=1)
    assert pick("speak", found).key == 1
    assert pick("Speakers, WASAPI", found).key == 0


def test_devices_of_one_name_cannot_be_told_apart() -> None:
    assert pick("Null Output", devices("Null Output", "Null Output")).key == 0


def test_every_label_finds_its_device() -> None:
    found = devices("Speakers", "Jabra", api="WASAPI", usual=False) + devices("Speakers", "HDMI", api="MME", first=2)
    assert labels(found) == ["Speakers, WASAPI", "Jabra", "Speakers, MME", "HDMI"]
    assert [pick(label, found).key for label in labels(found)] == [0, 1, 2, 3]
