"""The metronome: every beat follows the one before by the period in force, and tempo goes in ramps, never in jumps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.metronome import Metronome

tempos = st.floats(60, 260)
orders = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 12)),
        st.tuples(st.just("steer"), tempos, st.integers(1, 16)),
        st.tuples(st.just("shift"), st.floats(-0.006, 0.006)),
    ),
    max_size=30,
)


def take(metronome, count):
    return [metronome.take() for _ in range(count)]


@given(first_s=st.floats(0, 1e5), spm=tempos)
def test_left_alone_it_is_even(first_s, spm):
    assert take(Metronome(first_s, spm), 50) == pytest.approx([first_s + k * 60 / spm for k in range(50)])


@given(spm=tempos, orders=orders)
def test_whatever_is_asked_phase_never_jumps(spm, orders):
    """An interval is the period of a tempo between those asked for, give or take one shift."""
    metronome = Metronome(10.0, spm)
    low, high = spm, spm
    beats_s, shifts_s = [], [0.0]
    for order in orders:
        due_s = metronome.next_s
        match order:
            case "take", count:
                beats_s += take(metronome, count)
            case "steer", to_spm, beats:
                metronome.steer(to_spm, beats)
                low, high = min(low, to_spm), max(high, to_spm)
            case "shift", by_s:
                metronome.shift(by_s)
                shifts_s.append(by_s)
        if order[0] != "take":
            assert metronome.next_s == due_s  # a beat that is due is never moved
        assert low - 1e-6 <= metronome.tempo_spm <= high + 1e-6
    for one_s, next_s in pairwise(beats_s):
        assert 60 / high + min(shifts_s) - 1e-6 <= next_s - one_s <= 60 / low + max(shifts_s) + 1e-6


@given(spm=tempos, to_spm=tempos, beats=st.integers(1, 32))
def test_a_ramp_is_a_line_and_arrives(spm, to_spm, beats):
    metronome = Metronome(0.0, spm)
    metronome.steer(to_spm, beats)
    times_s = take(metronome, beats + 4)
    assert not metronome.ramping
    assert metronome.tempo_spm == pytest.approx(to_spm)
    heard_spm = [60 / (b - a) for a, b in pairwise(times_s)]
    expected = [spm + (to_spm - spm) * min(k / beats, 1) for k in range(1, beats + 4)]
    assert heard_spm == pytest.approx(expected)


def test_it_is_ramping_until_the_last_step_is_taken():
    metronome = Metronome(0.0, 160.0)
    metronome.steer(168.0, 8)
    ramping = [metronome.ramping for _ in range(9) if [metronome.take()]]
    assert ramping == [True] * 7 + [False] * 2


def test_a_new_order_starts_from_the_tempo_of_the_moment():
    metronome = Metronome(0.0, 160.0)
    metronome.steer(176.0, 8)
    take(metronome, 4)
    assert metronome.tempo_spm == pytest.approx(168.0)
    metronome.steer(160.0, 4)
    metronome.take()
    assert metronome.tempo_spm == pytest.approx(166.0)


def test_a_shift_moves_all_beats_after_the_next_one_and_only_once():
    plain, shifted = Metronome(0.0, 150.0), Metronome(0.0, 150.0)
    shifted.shift(0.002)
    late_s = [b - a for a, b in zip(take(plain, 5), take(shifted, 5), strict=True)]
    assert late_s == pytest.approx([0.0, 0.002, 0.002, 0.002, 0.002])


def test_shifts_that_were_not_taken_do_not_add_up():
    metronome = Metronome(0.0, 150.0)
    for _ in range(5):
        metronome.shift(0.003)
    assert take(metronome, 3) == pytest.approx([0.0, 0.403, 0.803])


@pytest.mark.parametrize(("spm", "beats"), [(170.0, 0), (0.0, 8), (-170.0, 8), (170.0, -1)])
def test_an_impossible_order_is_refused_and_changes_nothing(spm, beats):
    metronome = Metronome(0.0, 160.0)
    with pytest.raises(ValueError, match="cannot go to"):
        metronome.steer(spm, beats)
    assert take(metronome, 3) == pytest.approx([0.0, 0.375, 0.75])
