"""Clicks go down smoothly beneath words, and come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.ducking import Ducking

RATE_HZ = 48000
ATTACK, RELEASE = 2400, 16800
DUCKED = 0.398107

prompts = st.lists(st.tuples(st.integers(0, 40000), st.integers(1, 20000)), min_size=1, max_size=4)


def ducking(*spans: tuple[int, int]) -> Ducking:
    made = Ducking(RATE_HZ)
    for begin, end in spans:
        made.beneath(begin, end)
    return made


def factor(made: Ducking, frame: int, n_frames: int) -> np.ndarray:
    found = made.factor(frame, n_frames)
    return np.broadcast_to(np.float32(1) if found is None else found, n_frames)


def test_without_words_nothing_is_ducked() -> None:
    assert ducking().factor(0, 960) is None


def test_clicks_are_down_by_8_db_after_50_ms_and_back_350_ms_after_the_words() -> None:
    made = factor(ducking((10000, 58000)), 0, 80000)
    assert (made[: 10000 + 1] == 1).all()
    np.testing.assert_allclose(made[10000 + ATTACK : 58000 + 1], DUCKED, rtol=1e-5)
    assert (made[58000 + RELEASE :] == 1).all()
    assert (np.diff(made[10000 : 10000 + ATTACK]) <= 0).all()
    assert (np.diff(made[58000 : 58000 + RELEASE]) >= 0).all()


def test_half_way_the_factor_is_half_way() -> None:
    made = factor(ducking((0, 48000)), 0, 80000)
    assert (made[ATTACK // 2], made[48000 + RELEASE // 2]) == pytest.approx(((1 + DUCKED) / 2,) * 2, abs=1e-4)


@given(prompts)
def test_the_factor_is_smooth_and_within_bounds_whatever_is_said(spans: list[tuple[int, int]]) -> None:
    made = factor(ducking(*((begin, begin + length) for begin, length in spans)), 0, 90000)
    assert np.abs(np.diff(made)).max() < 1.6 * (1 - DUCKED) / ATTACK
    assert made.min() >= DUCKED - 1e-6
    assert (made[0], made[-1]) == (1, 1)


@given(prompts, st.lists(st.integers(1, 9000), min_size=1, max_size=20))
def test_cutting_does_not_change_it_nor_does_forgetting(spans: list[tuple[int, int]], cuts: list[int]) -> None:
    made = ducking(*((begin, begin + length) for begin, length in spans))
    whole, parts, frame = factor(made, 0, sum(cuts)), [], 0
    for cut in cuts:
        parts.append(factor(made, frame, cut))
        frame += cut
        made.forget(frame)
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_what_is_over_is_forgotten() -> None:
    made = ducking((0, 1000))
    made.forget(1000 + RELEASE + 1)
    assert made.factor(0, 960) is None
