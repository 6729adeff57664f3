"""What taps along with clicks tell of how late the clicks are heard; pace, constants and limits are literal numbers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.calibration import Calibration, calibration, counted
from coach.errors import TapsError

FIRST_S = 12.5
LEAD_MS = 20.0  # a tap is seen so much sooner than its click is heard: 40 of anticipation less 20 of the key

noises = st.lists(st.floats(-25, 25), min_size=20, max_size=20)
latencies = st.floats(30, 590)


def taps(lags_ms: Sequence[float], beats: Sequence[int] | None = None) -> list[float]:
    """Tap so much later than each click is aimed, from the fifth on unless told."""
    return [
        FIRST_S + 0.75 * beat + lag_ms / 1000
        for beat, lag_ms in zip(beats or range(4, 4 + len(lags_ms)), lags_ms, strict=True)
    ]


def heard_late(latency_ms: float, noise_ms: Sequence[float], beats: Sequence[int] | None = None) -> list[float]:
    return taps([latency_ms - LEAD_MS + off_ms for off_ms in noise_ms], beats)


def told(taps_s: Sequence[float]) -> Calibration:
    return calibration(taps_s, FIRST_S)


def test_twenty_steady_taps() -> None:
    found = told(heard_late(180.0, [0.0] * 20))
    assert (round(found.latency_ms, 6), round(found.spread_ms, 6)) == (180.0, 0.0)
    assert (found.kept, found.dropped) == (20, 0)


def test_the_spread_is_a_standard_deviation_by_the_median_of_deviations() -> None:
    found = told(heard_late(180.0, [-20.0, 20.0] * 10))
    assert found.spread_ms == pytest.approx(1.4826 * 20)


def test_a_few_who_drag_move_nothing() -> None:
    """Six of twenty taps come 45 ms later than the others, which is too little to be a slip: a mean would be 13 off."""
    found = told(heard_late(180.0, [45.0 if index % 3 == 2 else 0.0 for index in range(20)]))
    assert (round(found.latency_ms, 6), found.dropped) == (180.0, 0)


@given(latencies, noises)
def test_latency_is_told_as_well_as_people_tap(latency_ms: float, noise_ms: list[float]) -> None:
    found = told(heard_late(latency_ms, noise_ms))
    assert abs(found.latency_ms - latency_ms) <= max(map(abs, noise_ms)) + 1e-6
    assert found.spread_ms <= 1.4826 * 25 + 1e-6


@given(latencies, noises, st.integers(0, 5), st.data())
def test_slips_are_dropped_and_move_nothing(
    latency_ms: float, noise_ms: list[float], slips: int, data: st.DataObject
) -> None:
    noise_ms = [off_ms * 0.6 for off_ms in noise_ms]
    for slip in range(slips):
        far_ms = data.draw(st.floats(200, 340)) * data.draw(st.sampled_from([-1, 1]))
        noise_ms[1 + slip * 4] = far_ms
    found = told(sorted(heard_late(latency_ms, noise_ms)))
    assert found.dropped == slips
    assert abs(found.latency_ms - latency_ms) <= 15 + 1e-6


@given(latencies, noises, st.data())
def test_clicks_that_were_missed_take_nothing_away(
    latency_ms: float, noise_ms: list[float], data: st.DataObject
) -> None:
    beats = sorted(data.draw(st.permutations(range(4, 34)))[:20])
    together = told(heard_late(latency_ms, noise_ms))
    apart = told(heard_late(latency_ms, noise_ms, beats))
    assert apart.latency_ms == pytest.approx(together.latency_ms)
    assert apart.spread_ms == pytest.approx(together.spread_ms, abs=1e-6)


@given(latencies, noises, st.lists(st.tuples(st.integers(0, 19), st.floats(0.005, 0.3)), max_size=40))
def test_keys_that_bounce_or_are_held_count_once(
    latency_ms: float, noise_ms: list[float], bounces: list[tuple[int, float]]
) -> None:
    clean = heard_late(latency_ms, noise_ms)
    bounced = sorted([*clean, *(clean[tap] + after_s for tap, after_s in bounces)])
    assert counted(bounced, FIRST_S) == clean
    assert told(bounced) == told(clean)


@given(latencies, noises, st.floats(-1e5, 1e5))
def test_it_does_not_matter_when_it_is(latency_ms: float, noise_ms: list[float], later_s: float) -> None:
    once = heard_late(latency_ms, noise_ms)
    again = calibration([tap_s + later_s for tap_s in once], FIRST_S + later_s)
    assert again.latency_ms == pytest.approx(told(once).latency_ms, abs=1e-3)


@given(latencies, noises, st.lists(st.floats(-0.4, 2.8), max_size=8))
def test_taps_along_with_the_count_in_do_not_count(
    latency_ms: float, noise_ms: list[float], early_s: list[float]
) -> None:
    clean = heard_late(latency_ms, noise_ms)
    early = sorted(FIRST_S + after_s for after_s in early_s)
    early = [tap_s for tap_s in early if tap_s < clean[0] - 0.375 and tap_s < FIRST_S + 2.85]
    assert told([*early, *clean]) == told(clean)


def test_more_than_twenty_taps_are_not_waited_for() -> None:
    assert told(heard_late(180.0, [0.0] * 20 + [30.0] * 10)) == told(heard_late(180.0, [0.0] * 20))


# --- what cannot be told ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_taps(count: int) -> None:
    with pytest.raises(TapsError, match=f"only {count} taps of 20"):
        told(heard_late(180.0, [0.0] * count))


def test_taps_with_every_other_click_are_too_few() -> None:
    with pytest.raises(TapsError, match="only 15 taps of 20"):
        told(heard_late(180.0, [0.0] * 15, range(4, 34, 2)))


def test_taps_that_know_no_click_are_scattered() -> None:
    with pytest.raises(TapsError, match="too scattered: by") as caught:
        told(sorted(taps([750 * (0.618 * tap % 1) for tap in range(20)])))
    assert "louder" in caught.value.hint


def test_taps_that_drift_through_the_clicks_are_scattered() -> None:
    with pytest.raises(TapsError, match="too scattered: by"):
        told(taps([100 + 20 * tap for tap in range(20)]))


@pytest.mark.parametrize(("spread_ms", "refused"), [(26.0, False), (28.0, True)])
def test_a_spread_beyond_40_ms_is_refused(spread_ms: float, refused: bool) -> None:
    scattered = heard_late(180.0, [-spread_ms, spread_ms] * 10)
    if refused:
        with pytest.raises(TapsError, match="too scattered: by 42 ms"):
            told(scattered)
    else:
        assert told(scattered).latency_ms == pytest.approx(180.0)


def test_six_of_twenty_far_off_are_more_than_slips() -> None:
    with pytest.raises(TapsError, match="6 of 20 are far from the others"):
        told(heard_late(180.0, [0.0] * 14 + [300.0] * 6))


# --- at the ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("latency_ms", [-49.0, -10.0, 0.0])
def test_a_little_less_than_nothing_is_nothing(latency_ms: float) -> None:
    assert told(heard_late(latency_ms, [0.0] * 20)).latency_ms == pytest.approx(0.0, abs=1e-6)


def test_taps_far_ahead_of_the_clicks_are_refused() -> None:
    with pytest.raises(TapsError, match="100 ms ahead of the clicks"):
        told(taps([-100.0] * 20))


def test_more_than_can_be_set_is_refused() -> None:
    assert told(heard_late(599.0, [0.0] * 20)).latency_ms == pytest.approx(599.0)
    with pytest.raises(TapsError, match="590 ms behind the clicks"):
        told(taps([590.0] * 20))


@given(noises)
def test_lags_about_the_turn_of_the_period_stay_together(noise_ms: list[float]) -> None:
    """Some of these taps are less than 600 ms behind a click, some are less than 150 ms ahead of the next one."""
    with pytest.raises(TapsError, match=r"behind the clicks|ahead of the clicks"):
        told(taps([600 + off_ms for off_ms in noise_ms]))


def test_a_whole_period_more_is_told_as_less() -> None:
    """The known limit: nothing in the taps tells a lag from a lag and a period."""
    beats = range(4, 24)
    assert told(heard_late(780.0, [0.0] * 20, beats)).latency_ms == pytest.approx(30.0)
