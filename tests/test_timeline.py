"""Host time and frames: anchored from what is observed, then slewed too little to be heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import pytest

from audio.timeline import Timeline

RATE_HZ = 48000
BLOCK = 960
START_S = 100.0


def exact(frame: int) -> float:
    return START_S + frame / RATE_HZ


def observed(
    n_blocks: int, heard: Callable[[int], float] = exact, timeline: Timeline | None = None, first: int = 0
) -> Timeline:
    timeline = timeline or Timeline(RATE_HZ)
    for frame in range(first * BLOCK, (first + n_blocks) * BLOCK, BLOCK):
        timeline.observe(frame, heard(frame))
    return timeline


def beats(timeline: Timeline, heard: Callable[[int], float]) -> Iterator[int]:
    """Give the frames of beats at 180 spm, each asked for 0.3 s ahead, while blocks go on."""
    due_s = START_S + 1.5
    for block in count(40):
        frame = block * BLOCK
        timeline.observe(frame, heard(frame))
        while exact(frame) > due_s - 0.3:
            yield timeline.frame_at(due_s)
            due_s += 1 / 3


def interval_errors_ms(heard: Callable[[int], float], n_beats: int = 400) -> np.ndarray:
    timeline = observed(40, heard)
    assert timeline.anchored == 1
    source = beats(timeline, heard)
    frames = np.array([next(source) for _ in range(n_beats)])
    return np.abs(np.diff(frames) / RATE_HZ - 1 / 3) * 1000


def jitter(spread_s: float) -> Callable[[int], float]:
    noise = np.random.default_rng(1).uniform(0, spread_s, 1 << 16)
    return lambda frame: exact(frame) + noise[frame // BLOCK % len(noise)]


def test_exact_observations_give_exact_frames() -> None:
    timeline = observed(200)
    assert timeline.frame_at(START_S) == 0
    assert timeline.frame_at(START_S + 12.5) == 600_000


@pytest.mark.parametrize("off_frames", [-0.4, 0.4])
def test_between_frames_the_nearest_is_given(off_frames: float) -> None:
    assert observed(200).frame_at(exact(600_000) + off_frames / RATE_HZ) == 600_000


def test_before_the_anchor_time_and_frames_begin_together() -> None:
    timeline = observed(39)
    assert timeline.anchored == 0
    assert timeline.frame_at(2.0) == 96_000


def test_two_batches_that_agree_anchor() -> None:
    assert observed(40).anchored == 1


def test_frames_that_are_taken_faster_than_they_sound_never_anchor() -> None:
    assert observed(1000, lambda frame: START_S).anchored == 0


def test_late_observations_do_not_move_the_anchor() -> None:
    timeline = observed(40, lambda frame: exact(frame) + (0.08 if frame // BLOCK % 5 else 0.0))
    assert timeline.frame_at(START_S + 1) == RATE_HZ


@pytest.mark.parametrize("spread_s", [0.005, 0.04, 0.1])
def test_jitter_of_the_observations_is_not_heard(spread_s: float) -> None:
    assert interval_errors_ms(jitter(spread_s)).max() < 0.05


def test_single_wild_observations_are_not_heard() -> None:
    def wild(frame: int) -> float:
        return exact(frame) + {7: 0.9, 13: -0.9}.get(frame // BLOCK % 50, 0.0)

    assert interval_errors_ms(wild).max() < 0.03


def test_a_player_that_takes_half_its_buffer_at_a_time_is_placed_by_its_last_block() -> None:
    """All blocks of 0.36 s are taken at once, each believed to be heard when only the last of them is."""
    timeline = Timeline(RATE_HZ, seem_early=0)
    observed(400, lambda frame: exact(frame + BLOCK * (17 - frame // BLOCK % 18)), timeline)
    assert timeline.anchored == 1
    assert timeline.frame_at(START_S + 1) == RATE_HZ


def test_a_drifting_device_is_followed() -> None:
    def drifting(frame: int) -> float:
        return START_S + frame / RATE_HZ * (1 + 60e-6)

    assert interval_errors_ms(drifting).max() < 0.05
    timeline = observed(30_000, drifting)
    assert timeline.anchored == 1
    frame = 30_000 * BLOCK
    assert timeline.frame_at(drifting(frame)) == pytest.approx(frame, abs=0.002 * RATE_HZ)


@pytest.mark.parametrize("off_ppm", [-60, 20, 60])
def test_an_hour_beside_a_device_with_a_clock_of_its_own(off_ppm: float) -> None:
    """Beats stay where they were aimed and even, though the device's hour is up to 0.2 s off ours."""
    noise_s = np.random.default_rng(2).uniform(0, 0.01, 1 << 12)

    def truly(frame: int) -> float:
        return START_S + frame / RATE_HZ * (1 + off_ppm * 1e-6)

    timeline = observed(40, truly)
    late_ms, frames, due_s = [], [], START_S + 1.5
    for block in range(40, 3600 * 50):
        timeline.observe(block * BLOCK, truly(block * BLOCK) + noise_s[block % len(noise_s)])
        while truly(block * BLOCK) > due_s - 0.3:
            frames.append(timeline.frame_at(due_s))
            late_ms.append(1000 * (truly(frames[-1]) - due_s))
            due_s += 1 / 3
    assert timeline.anchored == 1
    assert len(frames) > 3598 * 3
    assert np.abs(late_ms).max() < 3
    assert np.abs(np.diff(frames) / RATE_HZ - 1 / 3).max() * 1000 < 0.05


def test_an_interruption_anchors_anew_and_is_counted() -> None:
    timeline = observed(200)
    observed(40, lambda frame: exact(frame) + 3600, timeline, first=200)
    assert timeline.anchored == 2
    assert timeline.frame_at(START_S + 3600 + 10) == 480_000


def test_a_short_disturbance_does_not_anchor_anew() -> None:
    timeline = observed(200)
    observed(19, lambda frame: exact(frame) + 0.2, timeline, first=200)
    observed(200, exact, timeline, first=219)
    assert timeline.anchored == 1
    assert timeline.frame_at(START_S + 10) == pytest.approx(480_000, abs=48)
