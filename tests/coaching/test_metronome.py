"""The metronome: every beat follows the one before, and what is heard changes by 1 % and by 2.5 % in 20 s at most."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.metronome import Metronome

tempos = st.floats(60, 260)
orders = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 40)),
        st.tuples(st.just("steer"), tempos, st.integers(1, 16)),
        st.tuples(st.just("shift"), st.floats(-0.5, 0.5)),
        st.tuples(st.just("trim"), tempos),
    ),
    max_size=30,
)


def take(metronome, count):
    return [metronome.take() for _ in range(count)]


def obey(metronome, orders):
    """Give the beats that were taken on the way."""
    beats_s = []
    for order in orders:
        match order:
            case "take", count:
                beats_s += take(metronome, count)
            case "steer", to_spm, beats:
                metronome.steer(to_spm, beats)
            case "shift", by_s:
                metronome.shift(by_s)
            case "trim", to_spm:
                metronome.trim(to_spm)
        assert not beats_s or metronome.next_s > beats_s[-1]
    return beats_s


@given(first_s=st.floats(0, 1e5), spm=tempos)
def test_left_alone_it_is_even(first_s, spm):
    assert take(Metronome(first_s, spm), 50) == pytest.approx([first_s + k * 60 / spm for k in range(50)])


@given(spm=tempos, orders=orders)
def test_whatever_is_asked_an_interval_is_within_1_percent_of_the_one_before(spm, orders):
    intervals_s = [b - a for a, b in pairwise(obey(Metronome(10.0, spm), orders))]
    assert all(max(a / b, b / a) <= 1.01 + 1e-9 for a, b in pairwise(intervals_s))


@given(spm=tempos, orders=orders)
def test_whatever_is_asked_intervals_differ_by_no_more_than_2_5_percent_in_20_s(spm, orders):
    beats_s = obey(Metronome(10.0, spm), [*orders, ("take", 30)])
    intervals_s = [b - a for a, b in pairwise(beats_s)]
    first = 0
    for last, end_s in enumerate(beats_s[1:]):
        while end_s - beats_s[first] > 20.0:
            first += 1
        span_s = intervals_s[first : last + 1]
        assert max(span_s) / min(span_s) <= 1.025 + 1e-9


@given(spm=tempos, orders=orders)
def test_whatever_is_asked_beats_follow_each_other(spm, orders):
    beats_s = obey(Metronome(10.0, spm), orders)
    assert all(0.2 < b - a < 1.1 for a, b in pairwise(beats_s))


@given(spm=tempos, to_spm=tempos, beats=st.integers(1, 32))
def test_when_it_says_that_it_has_arrived_it_has(spm, to_spm, beats):
    metronome = Metronome(0.0, spm)
    metronome.steer(to_spm, beats)
    arrives_s = metronome.arrives_s
    while metronome.ramping:
        last_s = metronome.take()
    assert last_s <= arrives_s + 1e-9


@given(spm=tempos, change=st.floats(-0.024, 0.024), beats=st.integers(4, 32))
def test_a_ramp_is_a_line_and_arrives(spm, change, beats):
    """One of up to 2.4 %, over four beats or more: steps of less than 1 %."""
    metronome, to_spm = Metronome(0.0, spm), spm * (1 + change)
    metronome.steer(to_spm, beats)
    times_s = take(metronome, beats + 4)
    assert not metronome.ramping
    assert metronome.tempo_spm == pytest.approx(to_spm)
    heard_spm = [60 / (b - a) for a, b in pairwise(times_s)]
    expected = [spm + (to_spm - spm) * min(k / beats, 1) for k in range(1, beats + 4)]
    assert heard_spm == pytest.approx(expected)


def test_a_tempo_that_is_out_of_reach_is_gone_to_in_steps():
    """Whoever steers sees the tempo that came of it, and steers again."""
    metronome = Metronome(0.0, 160.0)
    take(metronome, 2)
    tempos_spm = []
    while metronome.next_s < 70:
        metronome.steer(172.0, 8)
        take(metronome, 8)
        tempos_spm.append(metronome.tempo_spm)
    assert tempos_spm[0] == pytest.approx(164.0)
    assert max(tempos_spm[:6]) <= 160 * 1.025 + 1e-9
    assert tempos_spm[-1] == pytest.approx(172.0)


def test_it_is_ramping_until_the_last_step_is_taken():
    metronome = Metronome(0.0, 160.0)
    metronome.steer(162.0, 8)
    metronome.take()
    ramping = [metronome.ramping for _ in range(9) if [metronome.take()]]
    assert ramping == [True] * 7 + [False] * 2


def test_a_new_order_starts_from_the_tempo_of_the_moment():
    metronome = Metronome(0.0, 160.0)
    metronome.steer(162.0, 8)
    take(metronome, 5)
    assert metronome.tempo_spm == pytest.approx(161.0)
    metronome.steer(160.0, 4)
    metronome.take()
    assert metronome.tempo_spm == pytest.approx(160.75)


@pytest.mark.parametrize("order", [lambda m: m.steer(151.0, 1), lambda m: m.trim(151.0)], ids=["steer", "trim"])
def test_a_new_tempo_begins_with_the_beat_that_was_taken_last(order):
    metronome = Metronome(0.0, 150.0)
    metronome.take()
    order(metronome)
    assert take(metronome, 2) == pytest.approx([60 / 151, 120 / 151])


def test_before_it_began_it_may_begin_at_another_time_and_not_after():
    metronome = Metronome(0.0, 150.0)
    metronome.begin(1.0)
    assert take(metronome, 2) == pytest.approx([1.0, 1.4])
    with pytest.raises(ValueError, match="has begun"):
        metronome.begin(2.0)


@pytest.mark.parametrize("taken", [1, 3])
def test_a_shift_moves_all_beats_from_the_next_one_on_and_only_once(taken):
    plain, shifted = Metronome(0.0, 150.0), Metronome(0.0, 150.0)
    assert take(plain, taken) == take(shifted, taken)
    shifted.shift(0.002)
    late_s = [b - a for a, b in zip(take(plain, 4), take(shifted, 4), strict=True)]
    assert late_s == pytest.approx([0.002] * 4)


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


def test_a_wider_span_lets_a_ramp_through_that_nobody_has_to_run_to():
    spans = []
    for span in (0.025, math.inf):
        metronome = Metronome(0.0, 160.0, span=span)
        metronome.steer(180.0, 16)
        beats_s = [metronome.take() for _ in range(20)]
        gaps_s = [later - beat for beat, later in pairwise(beats_s)]
        spans.append(max(gaps_s) / min(gaps_s) - 1)
    assert spans[0] == pytest.approx(0.025)
    assert metronome.tempo_spm == pytest.approx(180)
