"""The click track: whole clicks at their frames, whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.click import click
from audio.track import Track, limit
from coach.model import Foot

RATE_HZ = 48000
SECOND = 48000

frames = st.lists(st.integers(0, SECOND), max_size=8).map(sorted)


def rendered(track: Track, length: int, block: int) -> np.ndarray:
    whole, rest = divmod(length, block)
    return np.concatenate([track.render(n) for n in [block] * whole + [rest]])


def track_with(scheduled: list[int], foot: Foot = "left", gain: float = 1.0, volume: float = 1.0) -> Track:
    track = Track(RATE_HZ, volume)
    for frame in scheduled:
        track.schedule(frame, foot, gain)
    return track


def test_a_click_begins_at_its_frame() -> None:
    samples = track_with([1000]).render(4800)
    np.testing.assert_array_equal(samples[1000:2200, 0], click("left", RATE_HZ))
    assert not samples[:1000].any()
    assert not samples[2200:].any()


def test_both_channels_are_alike() -> None:
    samples = track_with([0]).render(4800)
    np.testing.assert_array_equal(samples[:, 0], samples[:, 1])


def test_gain_and_volume_scale_a_click() -> None:
    samples = track_with([0], gain=0.5, volume=0.5).render(4800)
    np.testing.assert_allclose(samples[:1200, 0], click("left", RATE_HZ) / 4, rtol=1e-6)


@pytest.mark.parametrize("block", [1, 64, 441, 960, 4096])
@pytest.mark.parametrize("scheduled", [[], [0], [959, 3000], [4095, 6000, 47999]])
def test_blocks_do_not_change_the_samples(scheduled: list[int], block: int) -> None:
    length = 9600 if block == 1 else SECOND + 2000
    whole = track_with(scheduled).render(length)
    np.testing.assert_array_equal(rendered(track_with(scheduled), length, block), whole)


@given(scheduled=frames, blocks=st.lists(st.integers(0, 5000), min_size=1, max_size=20))
def test_ragged_blocks_do_not_change_the_samples(scheduled: list[int], blocks: list[int]) -> None:
    whole = track_with(scheduled).render(sum(blocks))
    track = track_with(scheduled)
    np.testing.assert_array_equal(np.concatenate([track.render(n) for n in blocks]), whole)
    assert track.position == sum(blocks)


@given(scheduled=frames)
def test_clicks_never_overlap(scheduled: list[int]) -> None:
    track = track_with(scheduled)
    samples = track.render(2 * SECOND)[:, 0]
    expected, free_from, dropped = np.zeros_like(samples), 0, 0
    for frame in scheduled:
        if frame < free_from:
            dropped += 1
            continue
        free_from = frame + 1200
        expected[frame:free_from] = click("left", RATE_HZ)
    np.testing.assert_array_equal(samples, expected)
    assert track.dropped == dropped


@given(scheduled=frames, gain=st.floats(0, 1))
def test_no_sample_jumps_further_than_within_a_click(scheduled: list[int], gain: float) -> None:
    samples = track_with(scheduled, "right", gain).render(SECOND)[:, 0]
    steepest = np.abs(np.diff(click("right", RATE_HZ))).max()
    assert np.abs(np.diff(samples, prepend=0)).max() <= steepest * 1.0001


def test_a_click_for_a_frame_that_is_gone_is_late_and_not_heard() -> None:
    track = Track(RATE_HZ)
    track.render(960)
    track.schedule(959, "left")
    assert not track.render(4800).any()
    assert track.late == 1
    assert track.missed == "beats too late to be heard: 1"


def test_a_late_click_does_not_cut_the_one_that_sounds() -> None:
    track = track_with([500])
    head = track.render(960)
    track.schedule(-5000, "left")
    tail = track.render(960)
    np.testing.assert_array_equal(np.concatenate([head, tail])[500:1700, 0], click("left", RATE_HZ))


def test_a_click_before_the_first_frame_is_late() -> None:
    track = track_with([-1])
    track.render(960)
    assert (track.late, track.dropped) == (1, 0)


def test_a_track_that_nobody_renders_does_not_grow() -> None:
    track = track_with([2000 * k for k in range(5000)])
    assert track.dropped == 5000 - 1024


def test_ends_at_is_where_the_last_click_has_ended() -> None:
    track = Track(RATE_HZ)
    assert track.ends_at == 0
    track.schedule(4800, "left")
    assert track.ends_at == 6000


def test_what_is_soft_passes_the_limiter_unchanged() -> None:
    samples = np.linspace(-0.7, 0.7, 1001, dtype=np.float32)
    np.testing.assert_array_equal(limit(samples), samples)


@given(st.floats(0, 1000))
def test_nothing_leaves_the_limiter_beyond_minus_1_dbfs(peak: float) -> None:
    samples = np.linspace(-peak, peak, 2001, dtype=np.float32)
    out = limit(samples)
    assert np.abs(out).max() <= 0.8913
    assert (np.diff(out) >= 0).all()


def test_too_much_gain_is_limited() -> None:
    assert np.abs(track_with([0], gain=50.0).render(4800)).max() <= 0.8913
