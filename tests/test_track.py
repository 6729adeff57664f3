"""The track: whole sounds at their frames, whatever the blocks; clicks beneath words; never too loud."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.click import click
from audio.sounds import Sounds
from audio.track import KNEE, Track, limit
from coach.config import AudioConfig, load
from coach.model import Beat, Foot, Prompt

RATE_HZ = 48000
SECOND = 48000
CLICK = 1200
MINUS_1_DBFS = 0.8912509381337456
BLOCKS = [1, 64, 441, 960, 4096]

frames = st.lists(st.integers(0, SECOND), max_size=8).map(sorted)
cuts = st.lists(st.integers(0, 5000), min_size=1, max_size=20)


class Voice:
    """Says every prompt for `spm` milliseconds, in a full-scale tone."""

    def __init__(self, level: float = 1.0) -> None:
        self.level = level

    def sound(self, prompt: Prompt, rate_hz: int) -> np.ndarray:
        frames = np.arange((prompt.spm or 500) * rate_hz // 1000)
        return (self.level * np.sin(2 * np.pi * 220 * frames / rate_hz)).astype(np.float32)


def config(**changes: object) -> AudioConfig:
    shipped = load(environ={"XDG_CONFIG_HOME": "nowhere"}).config.audio
    return shipped.model_copy(update={"volume": 1.0, **changes})


def empty(level: float = 1.0, **changes: object) -> Track:
    return Track(RATE_HZ, Sounds(RATE_HZ, config(**changes), Voice(level)))


def beat(foot: Foot = "left", gain: float = 1.0) -> Beat:
    return Beat(t_s=0.0, available_s=0.0, index=0, foot=foot, gain=gain)


def words(length_ms: int = 500) -> Prompt:
    return Prompt(t_s=0.0, available_s=0.0, say="below", spm=length_ms)


def said(length_ms: int = 500, level: float = 1.0) -> np.ndarray:
    """Give what a prompt sounds like when nothing else does."""
    sound = Sounds(RATE_HZ, config(), Voice(level)).of(words(length_ms))
    assert sound is not None
    return limit(sound)[:, 0]


def track_with(scheduled: list[int], foot: Foot = "left", gain: float = 1.0, **changes: object) -> Track:
    track = empty(**changes)
    for frame in scheduled:
        track.schedule(frame, beat(foot, gain))
    return track


def busy_track(beats: list[int], prompts: list[tuple[int, int]], level: float = 1.0) -> Track:
    """Make a track of beats at their frames and prompts at their frames, for so many milliseconds."""
    track = track_with(beats, "right", level=level)
    for frame, length_ms in sorted(prompts):
        track.schedule(frame, words(length_ms))
    return track


def rendered(track: Track, length: int, block: int) -> np.ndarray:
    whole, rest = divmod(length, block)
    return np.concatenate([track.render(n) for n in [block] * whole + [rest]])


class TestClicks:
    def test_a_click_begins_at_its_frame(self) -> None:
        samples = track_with([1000]).render(4800)
        np.testing.assert_array_equal(samples[1000:2200, 0], click("left", RATE_HZ))
        assert not samples[:1000].any()
        assert not samples[2200:].any()

    def test_both_channels_are_alike(self) -> None:
        samples = track_with([0]).render(4800)
        np.testing.assert_array_equal(samples[:, 0], samples[:, 1])

    def test_a_panned_click_is_louder_on_its_side(self) -> None:
        left, right = np.abs(track_with([0], pan=-0.5).render(4800)).max(axis=0)
        assert 20 * np.log10(left / right) == pytest.approx(7.66, abs=0.01)

    def test_gain_and_volume_scale_a_click(self) -> None:
        samples = track_with([0], gain=0.5, volume=0.5).render(4800)
        np.testing.assert_allclose(samples[:CLICK, 0], click("left", RATE_HZ) / 4, rtol=1e-6)

    @given(scheduled=frames)
    def test_clicks_never_overlap(self, scheduled: list[int]) -> None:
        track = track_with(scheduled)
        samples = track.render(2 * SECOND)[:, 0]
        expected, free_from, dropped = np.zeros_like(samples), 0, 0
        for frame in scheduled:
            if frame < free_from:
                dropped += 1
                continue
            free_from = frame + CLICK
            expected[frame:free_from] = click("left", RATE_HZ)
        np.testing.assert_array_equal(samples, expected)
        assert track.dropped == dropped

    @given(scheduled=frames, gain=st.floats(0, 1))
    def test_no_sample_jumps_further_than_within_a_click(self, scheduled: list[int], gain: float) -> None:
        samples = track_with(scheduled, "right", gain).render(SECOND)[:, 0]
        steepest = np.abs(np.diff(click("right", RATE_HZ))).max()
        assert np.abs(np.diff(samples, prepend=0)).max() <= steepest * 1.0001

    def test_a_click_for_a_frame_that_is_gone_is_late_and_not_heard(self) -> None:
        track = empty()
        track.render(960)
        track.schedule(959, beat())
        assert not track.render(4800).any()
        assert track.late == 1
        assert track.missed == "beats too late to be heard: 1"

    def test_a_late_click_does_not_cut_the_one_that_sounds(self) -> None:
        track = track_with([500])
        head = track.render(960)
        track.schedule(-5000, beat())
        tail = track.render(960)
        np.testing.assert_array_equal(np.concatenate([head, tail])[500:1700, 0], click("left", RATE_HZ))

    def test_a_click_before_the_first_frame_is_late(self) -> None:
        track = track_with([-1])
        track.render(960)
        assert (track.late, track.dropped) == (1, 0)

    def test_a_track_that_nobody_renders_does_not_grow(self) -> None:
        track = track_with([2000 * k for k in range(5000)])
        assert track.dropped == 5000 - 1024


class TestWords:
    def test_words_begin_at_their_frame(self) -> None:
        samples = busy_track([], [(1000, 500)]).render(SECOND)
        np.testing.assert_array_equal(samples[1000:25000, 0], said())
        assert not samples[:1000].any()
        assert not samples[25000:].any()

    def test_clicks_beneath_them_are_8_db_softer_and_whole_again_afterwards(self) -> None:
        beats = [0, 14000, 30000 - CLICK - 6000, 60000]
        together, voice = (busy_track(b, [(10000, 500)], level=0.1).render(2 * SECOND)[:, 0] for b in (beats, []))
        clicks, factors = together - voice, [1, 10 ** (-8 / 20), 10 ** (-8 / 20), 1]
        for frame, factor in zip(beats, factors, strict=True):
            np.testing.assert_allclose(clicks[frame : frame + CLICK], factor * click("right", RATE_HZ), atol=1e-6)

    def test_a_click_on_the_way_down_goes_down_with_the_ducking(self) -> None:
        together, voice = (busy_track(b, [(10000, 500)], level=0.1).render(SECOND)[:, 0] for b in ([10600], []))
        down = 0.5 - 0.5 * np.cos(np.pi * np.arange(600, 600 + CLICK) / 2400)
        expected = (1 + (10 ** (-8 / 20) - 1) * down) * click("right", RATE_HZ)
        np.testing.assert_allclose((together - voice)[10600 : 10600 + CLICK], expected, atol=1e-6)

    def test_no_two_prompts_sound_at_a_time(self) -> None:
        track = busy_track([], [(1000, 500), (24999, 500), (25000, 500)])
        samples = track.render(2 * SECOND)[:, 0]
        np.testing.assert_array_equal(samples[1000:49000], np.tile(said(), 2))
        assert not samples[49000:].any()
        assert track.missed == "prompts too close to the one before: 1"

    @pytest.mark.parametrize("late_by", [1, 24000, 48000])
    def test_a_prompt_up_to_a_second_late_is_still_said(self, late_by: int) -> None:
        track = empty()
        track.render(50000)
        track.schedule(50000 - late_by, words())
        np.testing.assert_array_equal(track.render(SECOND)[:24000, 0], said())
        assert track.missed == ""

    def test_one_that_is_later_than_that_is_not(self) -> None:
        track = empty()
        track.render(50000)
        track.schedule(50000 - 48001, words())
        assert not track.render(SECOND).any()
        assert (track.late, track.missed) == (1, "prompts too late to be heard: 1")

    def test_after_a_late_prompt_the_next_waits_for_its_end(self) -> None:
        track = empty()
        track.render(10000)
        track.schedule(0, words())
        track.schedule(24000, words())
        samples = track.render(SECOND + 10000)[:, 0]
        np.testing.assert_array_equal(samples[:48000], np.tile(said(), 2))
        assert not samples[48000:].any()

    def test_a_prompt_does_not_take_a_beat_s_place(self) -> None:
        track = busy_track([100, 2000], [(0, 500)])
        track.render(SECOND)
        assert track.missed == ""

    def test_all_that_was_missed_is_told(self) -> None:
        track = busy_track([0, 10, -5], [(0, 500), (100, 500)])
        track.schedule(30000, beat())
        track.render(SECOND)
        assert track.missed == "beats too close to the one before: 2, prompts too close to the one before: 1"
        assert (track.late, track.dropped) == (0, 3)


class TestBlocks:
    @pytest.mark.parametrize("block", BLOCKS)
    @pytest.mark.parametrize("scheduled", [[], [0], [959, 3000], [4095, 6000, 47999]])
    def test_blocks_do_not_change_the_samples(self, scheduled: list[int], block: int) -> None:
        length = 9600 if block == 1 else SECOND + 2000
        whole = track_with(scheduled).render(length)
        np.testing.assert_array_equal(rendered(track_with(scheduled), length, block), whole)

    @pytest.mark.parametrize("block", BLOCKS)
    def test_nor_with_words_over_clicks_ducked_and_limited(self, block: int) -> None:
        beats, prompts = [*range(500, 40000, 3001)], [(-700, 20), (960, 100), (9000, 300), (26000, 60)]
        whole = busy_track(beats, prompts).render(SECOND)
        assert np.abs(whole).max() > KNEE
        np.testing.assert_array_equal(rendered(busy_track(beats, prompts), SECOND, block), whole)

    @given(beats=frames, prompts=st.lists(st.tuples(st.integers(-SECOND, SECOND), st.integers(1, 400))), blocks=cuts)
    def test_ragged_blocks_do_not_change_them(
        self, beats: list[int], prompts: list[tuple[int, int]], blocks: list[int]
    ) -> None:
        whole_track, track = busy_track(beats, prompts), busy_track(beats, prompts)
        whole = whole_track.render(sum(blocks))
        np.testing.assert_array_equal(np.concatenate([track.render(n) for n in blocks]), whole)
        assert track.position == sum(blocks)
        assert track.missed == whole_track.missed

    def test_a_cue_scheduled_on_the_way_sounds_alike_whatever_the_blocks(self) -> None:
        heard = []
        for block in (80, 4000):
            track = track_with([3900])
            head = rendered(track, 8000, block)
            track.schedule(7000, words())
            track.schedule(9000, beat())
            heard.append(np.concatenate([head, rendered(track, SECOND, block)]))
        np.testing.assert_array_equal(*heard)

    def test_silence_is_the_same_block_again_and_cannot_be_written_to(self) -> None:
        track = empty()
        first, second = track.render(960), track.render(960)
        assert np.shares_memory(first, second)
        assert not first.any()
        with pytest.raises(ValueError, match="read-only"):
            first[0] = 1


class TestTheEnd:
    def test_ends_at_is_where_the_last_click_has_ended(self) -> None:
        track = empty()
        assert track.ends_at == 0
        track.schedule(4800, beat())
        assert track.ends_at == 6000

    def test_or_the_last_word(self) -> None:
        track = busy_track([4800], [(1000, 500)])
        assert track.ends_at == 25000

    def test_a_late_prompt_ends_later(self) -> None:
        track = empty()
        track.render(10000)
        track.schedule(0, words())
        track.render(1)
        assert track.ends_at == 34000


class TestLoudness:
    def test_what_is_soft_passes_the_limiter_unchanged(self) -> None:
        samples = np.linspace(-0.7, 0.7, 1001, dtype=np.float32)
        np.testing.assert_array_equal(limit(samples), samples)

    @given(st.floats(0, 1000))
    def test_nothing_leaves_the_limiter_beyond_minus_1_dbfs(self, peak: float) -> None:
        samples = np.linspace(-peak, peak, 2001, dtype=np.float32)
        out = limit(samples)
        assert float(np.abs(out).max()) <= MINUS_1_DBFS
        assert (np.diff(out) >= 0).all()

    def test_the_limiter_has_no_corner(self) -> None:
        bent = limit(np.linspace(-2, 2, 4001, dtype=np.float32))
        assert np.abs(np.diff(bent.astype(float), n=2)).max() < 0.05 * 0.001  # of a step; a clipped one has all of it

    def test_too_much_gain_is_limited(self) -> None:
        assert float(np.abs(track_with([0], gain=50.0).render(4800)).max()) <= MINUS_1_DBFS

    @given(
        beats=frames,
        begin=st.integers(0, SECOND),
        length_ms=st.integers(1, 400),
        level=st.floats(0, 4),
        place=st.floats(-0.5, 0.5),
    )
    def test_no_mix_of_words_and_clicks_is_beyond_it(
        self, beats: list[int], begin: int, length_ms: int, level: float, place: float
    ) -> None:
        track = track_with(beats, "right", level=level, pan=place)
        track.schedule(begin, words(length_ms))
        assert float(np.abs(track.render(2 * SECOND)).max()) <= MINUS_1_DBFS

    @given(beats=frames, prompts=st.lists(st.tuples(st.integers(0, SECOND), st.integers(1, 400)), max_size=3))
    def test_no_edge_of_either_makes_a_jump(self, beats: list[int], prompts: list[tuple[int, int]]) -> None:
        """A sample is never further from the one before than the two sounds' own slopes and the ducking's add up to."""
        samples = busy_track(beats, prompts).render(2 * SECOND)[:, 0]
        voice_step = 1.0 * 2 * np.pi * 220 / RATE_HZ + np.pi / 2 / 240
        click_step = np.abs(np.diff(click("right", RATE_HZ))).max()
        assert np.abs(np.diff(samples, prepend=0)).max() <= click_step + voice_step + 0.0002


class TestAnHour:
    INTERVAL_S = 60 / 181

    def test_clicks_are_exactly_where_they_were_asked_for(self) -> None:
        """An hour in blocks of 20 ms, beats committed 0.3 s ahead: what is heard is found in the samples."""
        track, block = empty(), 960
        asked, heard = [], []
        for k in range(3600 * 50):
            while (len(asked) + 1) * self.INTERVAL_S < (k + 15) * 0.02:
                asked.append(round((len(asked) + 1) * self.INTERVAL_S * RATE_HZ))
                track.schedule(asked[-1], beat())
            heard += self.begun(track.render(block), k * block)
        assert track.position == 3600 * RATE_HZ
        assert len(heard) == 181 * 60 - 1
        assert heard == asked[: len(heard)]
        assert track.missed == ""

    def begun(self, samples: np.ndarray, first: int) -> list[int]:
        """Give the frames at which clicks begin: their first sample is zero, their second the click's own second."""
        return [] if not samples.any() else list(first - 1 + np.flatnonzero(samples[:, 0] == click("left", RATE_HZ)[1]))

    def test_memory_does_not_grow(self) -> None:
        """Two minutes and ten: what is held afterwards is the same, and what is needed at most on the way."""
        track = empty()
        tracemalloc.start()
        try:
            held = [self.memory(track, blocks) for blocks in (6000, 24000)]
        finally:
            tracemalloc.stop()
        (held_before, most_before), (held_after, most_after) = held
        assert held_after - held_before < 2000
        assert most_after - most_before < 2000

    def memory(self, track: Track, blocks: int) -> tuple[int, int]:
        tracemalloc.reset_peak()
        for k in range(blocks):
            if k % 20 == 0:
                track.schedule(track.position + 2000, beat(gain=0.5))
            if k % 1500 == 0:
                track.schedule(track.position + 100, words())
            track.render(960)
        return tracemalloc.get_traced_memory()
