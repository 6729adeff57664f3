"""The grid: that of the run, the same however the rows were batched, without holes or tones that were not there."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.dsp.resample import GRID_HZ, Resampler
from coach.dsp.timebase import Stamped


def stamped(t_s, signal=lambda t_s: t_s, late_s=0.05):
    t_s = np.array(t_s, dtype=float)
    acc_g = np.stack([signal(t_s), np.zeros_like(t_s), np.ones_like(t_s)], axis=1)
    return Stamped(t_s, t_s + late_s, acc_g, np.full(len(t_s), late_s))


def split(whole, cuts):
    columns = [np.split(column, cuts) for column in (whole.t_s, whole.at_s, whole.acc_g, whole.delay_s)]
    return [Stamped(*(part.copy() for part in parts)) for parts in zip(*columns, strict=True)]


def resample(parts, hop=None):
    """Give the grid's indices, values, arrivals and delays, and the holes; wanted is each next multiple of the hop."""
    resampler, grids, wanted = Resampler(), [], -math.inf
    for part in parts:
        for grid in resampler.push(part, wanted):
            grids.append(grid)
            wanted = wanted if hop is None else ((grid.first + len(grid) - 1) // hop + 1) * hop
    k = np.concatenate([np.arange(grid.first, grid.first + len(grid)) for grid in grids] or [[]])
    columns = [np.concatenate([getattr(g, name) for g in grids] or [[]]) for name in ("acc_g", "at_s", "delay_s")]
    return k, *columns, [grid.hole for grid in grids if grid.hole is not None]


def uneven(rate_hz, seconds, seed=1, start_s=12.3456):
    """Stamps that wander by a third of an interval, with a small hole and two large ones."""
    n = round(rate_hz * seconds)
    t_s = start_s + (np.arange(n) + np.random.default_rng(seed).uniform(-1, 1, n) / 3) / rate_hz
    since_s = t_s - start_s
    holes = [(1.0, 1.4), (5.5, 6.3), (6.5, 9.0)]
    return t_s[~np.any([(since_s > start) & (since_s < end) for start, end in holes], axis=0)]


def sine(hz):
    return lambda t_s: np.sin(2 * np.pi * hz * t_s)


@pytest.mark.parametrize("rate_hz", [26.0, 52.0, 104.0, 200.0, 500.0])
@pytest.mark.parametrize("batch", [1, 3, 7, 512])
def test_batches_change_nothing(rate_hz, batch):
    whole = stamped(uneven(rate_hz, 12.0), sine(2.8))
    *expected, holes = resample(split(whole, []))
    *got, got_holes = resample(split(whole, range(batch, len(whole.t_s), batch)))
    assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))
    assert got_holes == holes
    assert len(holes) == 2


@pytest.mark.parametrize("rate_hz", [26.0, 104.0, 500.0])
@pytest.mark.parametrize("batch", [1, 3, 7, 512])
def test_waiting_for_what_is_wanted_delays_the_same_samples_and_changes_nothing_else(rate_hz, batch):
    """The last samples wait for the next multiple; those of a batch that reaches one go on with it."""
    whole = stamped(uneven(rate_hz, 12.0), sine(2.8))
    *expected, holes = resample(split(whole, []))
    *got, got_holes = resample(split(whole, range(batch, len(whole.t_s), batch)), hop=5)
    n = len(got[0])
    assert len(expected[0]) - 5 <= n <= len(expected[0])
    assert all(np.array_equal(a, b[:n]) for a, b in zip(got, expected, strict=True))
    assert got_holes == holes


def test_single_samples_go_on_when_what_is_wanted_is_known():
    resampler = Resampler()
    whole = stamped(np.arange(48) / 100)
    wanted = [-math.inf] * 26 + [30] * 5 + [42] * 12 + [99] * 5
    reached = [
        [grid.first + len(grid) - 1 for grid in resampler.push(part, index)]
        for part, index in zip(split(whole, range(1, 48)), wanted, strict=True)
    ]
    assert reached[:26] == [[]] * 25 + [[25]]  # the rate is found from a quarter of a second
    assert [(i, known) for i, known in enumerate(reached) if known][1:] == [(30, [30]), (42, [42])]


def test_a_few_stamps_too_close_together_do_not_make_a_fast_sensor():
    resampler = Resampler()
    t_s = np.r_[np.arange(8) * 1e-4, 0.02 + np.arange(100) / 100]
    resampler.push(stamped(t_s))
    assert resampler.rate_hz == pytest.approx(100, rel=0.01)


def test_samples_that_are_lost_at_the_start_do_not_make_a_slow_sensor():
    resampler = Resampler()
    resampler.push(stamped(0.08 * np.array([0, 1, 3, 5, 6, 7, 8, 9])))
    assert resampler.rate_hz == pytest.approx(12.5)


@given(
    steps_s=st.lists(st.floats(0.001, 1.5), min_size=1, max_size=60),
    start_s=st.floats(-10, 10),
    cuts=st.sets(st.integers(1, 60)),
)
def test_each_grid_sample_comes_once_in_order_and_not_before_it_is_known(steps_s, start_s, cuts):
    t_s = start_s + np.cumsum(steps_s)
    parts = split(stamped(t_s), sorted(cut for cut in cuts if cut < len(t_s)))
    k, _, at_s, _, holes = resample(parts)
    assert (np.diff(k) > 0).all()
    assert (np.diff(at_s) >= 0).all()
    assert (k / GRID_HZ <= t_s.max()).all()
    assert (at_s >= k / GRID_HZ).all()
    if len(t_s) >= 8:
        assert len(holes) == (np.diff(t_s) > 0.6).sum()


def test_the_grid_is_that_of_the_run_whatever_the_first_stamp():
    k, acc_g, at_s, delay_s, _ = resample([stamped(np.arange(12.3456, 14.0, 1 / 52))])
    assert k[0] == 1235
    assert acc_g[:, 0] == pytest.approx(k / GRID_HZ)
    assert acc_g[:, 2] == pytest.approx(1.0)
    assert delay_s == pytest.approx(0.05)
    late_s = (at_s - k / GRID_HZ)[30:]  # past the quarter of a second that the rate is found from
    assert (late_s >= 0.05).all()
    assert (late_s < 0.05 + 1 / 52).all()


def test_a_stamp_on_the_grid_makes_its_own_sample_known():
    """0.29 * 100 is less than 29; the sample at 0.29 s is there all the same."""
    t_s = np.arange(0, 200) / 100
    k, _, at_s, _, _ = resample([stamped(t_s)])
    assert k.tolist() == list(range(200))
    assert at_s[26:].tolist() == (t_s + 0.05)[26:].tolist()


@pytest.mark.parametrize("rate_hz", [52.0, 100.0, 130.0])
def test_a_stride_keeps_its_shape_at_irregular_rates(rate_hz):
    n = round(20 * rate_hz)
    t_s = (np.arange(n) + np.random.default_rng(2).uniform(-0.4, 0.4, n)) / rate_hz
    k, acc_g, *_ = resample([stamped(t_s, sine(2.8))])
    assert np.abs(acc_g[:, 0] - sine(2.8)(k / GRID_HZ)).max() < 0.05


@pytest.mark.parametrize("rate_hz", [52.0, 100.0, 500.0])
def test_it_tells_with_which_sample_a_place_becomes_known(rate_hz):
    """The same that the grid tells once it is made, after a filter's delay too."""
    half = round(3 * rate_hz)
    early, late = split(stamped(np.arange(2 * half) / rate_hz), [half])
    resampler = Resampler()
    resampler.push(early)
    told = [resampler.known_with(late, place) for place in (350, 377, 500)]
    (grid,) = resampler.push(late)
    assert [late.at_s[i] for i in told] == [grid.at_s[place - grid.first] for place in (350, 377, 500)]
    assert resampler.known_with(late, 601) is None
    assert resampler.known_with(split(late, [0])[0], 350) is None


class TestHoles:
    def test_a_small_hole_is_bridged_by_a_line(self):
        t_s = np.r_[np.arange(0, 1.0, 0.02), np.arange(1.55, 3.0, 0.02)]
        k, acc_g, _, _, holes = resample([stamped(t_s)])
        assert holes == []
        assert k.tolist() == list(range(k[0], k[-1] + 1))
        assert acc_g[:, 0] == pytest.approx(k / GRID_HZ)

    def test_nothing_is_made_up_in_a_large_hole(self):
        t_s = np.r_[np.arange(0, 1.0, 0.02), np.arange(1.65, 3.0, 0.02)]
        k, _, _, _, holes = resample([stamped(t_s)])
        assert not ((k > 98) & (k < 165)).any()
        (hole,) = holes
        assert (hole.t_s, hole.length_s, hole.at_s) == pytest.approx((0.98, 0.67, 1.70))

    def test_a_hole_at_the_very_start_is_told_too(self):
        _, _, _, _, holes = resample([stamped([0.0, 2.0, 2.01, 2.02, 2.03, 2.04, 2.05, 2.06, 2.07])])
        assert [(hole.t_s, hole.length_s) for hole in holes] == [(0.0, 2.0)]


class TestBridges:
    """Where samples were lost the grid says so."""

    def bridged(self, parts):
        """Give the indices of the grid on bridges."""
        resampler = Resampler()
        grids = [grid for part in parts for grid in resampler.push(part)]
        return [i for grid in grids for first, last in grid.bridges for i in range(first, last + 1)]

    @pytest.mark.parametrize("batch", [1, 3, 7, 512])
    @pytest.mark.parametrize("rate_hz", [26.0, 104.0, 500.0])
    def test_a_frame_that_was_lost_is_bridged_however_the_rows_were_batched(self, rate_hz, batch):
        whole = stamped(uneven(rate_hz, 12.0))
        bridged = self.bridged(split(whole, range(batch, len(whole.t_s), batch)))
        assert bridged == self.bridged([whole])
        assert bridged == list(range(bridged[0], bridged[-1] + 1))
        since_s = np.array([bridged[0], bridged[-1]]) / GRID_HZ - 12.3456
        assert since_s == pytest.approx([1.0, 1.4], abs=1.5 / rate_hz + 0.02)

    @pytest.mark.parametrize(
        ("rate_hz", "lost", "is_bridged"),
        [(12.5, 1, True), (26, 1, True), (50, 1, False), (50, 2, True), (100, 3, False), (100, 5, True)],
    )
    def test_single_samples_are_missed_by_slow_sensors_only(self, rate_hz, lost, is_bridged):
        t_s = np.arange(0, 4, 1 / rate_hz)
        t_s = np.delete(t_s, slice(30, 30 + lost))
        assert bool(self.bridged([stamped(t_s)])) is is_bridged

    def test_jitter_by_a_quarter_of_a_period_is_no_loss(self):
        t_s = (np.arange(200) + np.tile([0.25, -0.25, -0.25, 0.25], 50)) / 12.5
        assert self.bridged([stamped(t_s)]) == []


class TestFastSensors:
    """Sensors above the grid's rate pass an anti-alias filter."""

    T_S = np.arange(0, 20, 1 / 500)

    def resampled(self, signal):
        k, acc_g, *_ = resample([stamped(self.T_S, signal)])
        late = k > 200
        return k[late] / GRID_HZ, acc_g[late, 0]

    def test_a_tone_at_95_hz_does_not_appear_at_5_hz(self):
        _, tone = self.resampled(sine(95.0))
        assert np.abs(tone).max() < 0.01

    def test_what_is_quick_in_an_impact_comes_through(self):
        _, tone = self.resampled(sine(18.0))
        assert np.abs(tone).max() > 0.9

    @pytest.mark.parametrize("hz", [1.4, 2.8])
    def test_strides_and_steps_come_through_in_size_and_in_time(self, hz):
        t_s, tone = self.resampled(sine(hz))
        wave = 2 * np.mean(tone * np.exp(-2j * np.pi * hz * t_s)) * 1j
        assert abs(wave) == pytest.approx(1.0, abs=0.02)
        assert np.angle(wave) / (2 * np.pi * hz) == pytest.approx(0.0, abs=0.002)

    @pytest.mark.parametrize("batch", [1, 7, 10_000])
    def test_what_was_lost_is_bridged_before_the_filter_for_which_no_time_went_by(self, batch):
        """A line stays a line."""
        t_s = np.delete(self.T_S, slice(5000, 5050))
        k, acc_g, at_s, *_ = resample(split(stamped(t_s), range(batch, len(t_s), batch)))
        late = k > 200
        assert np.diff(acc_g[late, 0]) == pytest.approx(1 / GRID_HZ, abs=1e-6)
        assert (at_s[(k > 1000) & (k <= 1008)] > 10.1).all()

    def test_after_a_hole_it_starts_from_what_is_there(self):
        t_s = np.r_[np.arange(0, 3, 1 / 500), np.arange(4, 6, 1 / 500)]
        k, acc_g, _, _, holes = resample([stamped(t_s, lambda t_s: 1.0 * (t_s > 3.5))])
        assert len(holes) == 1
        assert acc_g[:, 0] == pytest.approx(1.0 * (k > 350))
        assert acc_g[:, 2] == pytest.approx(1.0)


def test_stamps_of_no_sensor_are_taken_as_they_are():
    """A flood, or a device with a clock of nonsense: a filter for its rate would be singular."""
    t_s = 5.0 + np.arange(400) * 1e-7
    k, acc_g, *_ = resample([stamped(t_s), stamped(6.0 + np.arange(200) / 100)])
    assert len(k) > 150
    assert np.isfinite(acc_g).all()
