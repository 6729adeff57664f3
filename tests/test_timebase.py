"""Stamps: intervals come from the device's clock, phase from the lower envelope of the delays, time only advances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.dsp.timebase import Timebase
from coach.model import Frame, Samples

N = 36
NOMINAL_HZ = 200.0


def frame(last_s, at, n=N):
    return Frame(at=at, last_s=last_s, acc_g=np.zeros((n, 3)))


def stream(count, *, rate_hz=NOMINAL_HZ, device_s=1000.0, host_s=5.0, ppm=0.0, delay_s=lambda i: 0.05, n=N):
    """Frames of a device whose clock is `ppm` fast; the last sample of frame i is taken at (i + 1) n / rate."""
    for i in range(count):
        taken_s = (i + 1) * n / rate_hz
        yield frame(device_s + taken_s * (1 + ppm * 1e-6), host_s + taken_s + delay_s(i), n)


def stamp(timebase, readings):
    parts = [timebase.push(reading) for reading in readings]
    return tuple(np.concatenate([getattr(part, name) for part in parts]) for name in ("t_s", "at_s", "delay_s"))


def samples(t_s, at_s=None):
    t_s = np.array(t_s, dtype=float)
    at_s = t_s if at_s is None else np.array(at_s, dtype=float)
    return Samples(at_s=at_s, device_s=t_s, acc_g=np.repeat(t_s[:, None], 3, axis=1))


class TestFrames:
    def test_a_frame_after_a_frame_is_spread_by_the_stamps_not_by_the_nominal_rate(self):
        t_s, _, _ = stamp(Timebase(NOMINAL_HZ), stream(20, rate_hz=194.0))
        assert np.diff(t_s[N:]) == pytest.approx(1 / 194.0, rel=1e-6)

    def test_the_first_frame_reaches_back_by_the_nominal_rate(self):
        t_s, at_s, _ = stamp(Timebase(NOMINAL_HZ), [frame(1000.0, 5.0)])
        assert np.diff(t_s) == pytest.approx(1 / NOMINAL_HZ)
        assert (t_s[-1], at_s[-1]) == (5.0, 5.0)

    @pytest.mark.parametrize("lost", [1, 2, 30])
    def test_a_lost_frame_leaves_a_hole_and_stretches_nothing(self, lost):
        frames = list(stream(60))
        t_s, _, _ = stamp(Timebase(NOMINAL_HZ), frames[:10] + frames[10 + lost :])
        steps_s = np.diff(t_s)
        assert np.argmax(steps_s) == 10 * N - 1
        assert steps_s.max() == pytest.approx((lost * N + 1) / NOMINAL_HZ)
        assert np.delete(steps_s, 10 * N - 1) == pytest.approx(1 / NOMINAL_HZ)

    def test_late_frames_move_no_stamp(self):
        chance = np.random.default_rng(3)
        punctual, _, _ = stamp(Timebase(NOMINAL_HZ), stream(50))
        late, _, _ = stamp(Timebase(NOMINAL_HZ), stream(50, delay_s=lambda i: 0.05 + (i > 0) * chance.exponential(0.1)))
        assert np.array_equal(late, punctual)

    def test_frames_in_bunches_move_no_stamp(self):
        punctual = list(stream(64, n=7, rate_hz=50.0))
        bunched = [frame(f.last_s, punctual[i | 7].at, 7) for i, f in enumerate(punctual)]
        t_s, at_s, _ = stamp(Timebase(50.0), bunched)
        assert len(set(at_s)) == 8
        assert np.diff(t_s) == pytest.approx(1 / 50.0)

    def test_without_the_rate_a_frame_cannot_be_stamped(self):
        with pytest.raises(ValueError, match="rate"):
            Timebase().push(frame(1000.0, 5.0))


class TestClocks:
    def test_a_clock_set_anew_goes_on_where_the_host_is(self):
        timebase = Timebase(NOMINAL_HZ)
        before, _, _ = stamp(timebase, stream(20))
        after, at_s, _ = stamp(timebase, stream(20, device_s=3.0, host_s=12.0))
        assert timebase.dropped == 0
        assert before[-1] < after[0]
        assert after[N - 1] == at_s[N - 1]
        assert np.diff(after) == pytest.approx(1 / NOMINAL_HZ)

    def test_a_small_jump_back_loses_what_would_run_back_and_counts_it(self):
        timebase = Timebase(NOMINAL_HZ)
        before, _, _ = stamp(timebase, stream(20))
        after, _, _ = stamp(timebase, stream(20, device_s=1003.1, host_s=8.6))
        assert timebase.dropped == pytest.approx(0.5 * NOMINAL_HZ, abs=1)
        assert len(after) == 20 * N - timebase.dropped
        assert (np.diff(np.concatenate([before, after])) > 0).all()

    def test_after_a_reconnect_time_still_only_advances(self):
        timebase = Timebase(NOMINAL_HZ)
        before, _, _ = stamp(timebase, stream(20, delay_s=lambda i: 0.8))
        timebase.reconnect(50.0)
        after, _, _ = stamp(timebase, stream(10, device_s=0.0, host_s=9.0, rate_hz=50.0))
        joined = np.concatenate([before, after])
        assert (np.diff(joined) > 0).all()
        assert np.diff(after) == pytest.approx(1 / 50.0)

    def test_a_stamp_from_the_future_does_not_deafen(self):
        """One wild stamp (facts/sensors.md, 4: "may jump years") may cost its frame, not the rest of the run."""
        timebase = Timebase(NOMINAL_HZ)
        frames = list(stream(60))
        frames[20] = frame(frames[20].last_s + 3600.0, frames[20].at)
        t_s, at_s, _ = stamp(timebase, frames)
        assert len(t_s) >= 58 * N
        assert (t_s <= at_s + 1.0).all()


class TestRows:
    def test_stamps_that_do_not_advance_are_dropped_and_counted(self):
        timebase = Timebase()
        assert timebase.push(samples([0.0, 1.0, 1.0, 0.5, 2.0], [0, 1, 2, 3, 4])).t_s.tolist() == [0.0, 1.0, 2.0]
        assert timebase.dropped == 2
        stamped = timebase.push(samples([2.0, 1.5, 3.0], [5, 6, 7]))
        assert (stamped.t_s.tolist(), stamped.at_s.tolist(), stamped.acc_g.tolist()) == ([3.0], [7.0], [[3.0] * 3])
        assert timebase.dropped == 4

    def test_a_jump_of_ages_costs_no_memory(self):
        assert Timebase().push(samples([0.0, 0.01, 1e17], [0.0, 0.01, 0.02])).t_s.tolist() == [0.0, 0.01, 1e17]

    @given(
        rows=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 90)), min_size=1, max_size=60),
        sizes=st.lists(st.integers(1, 9), min_size=1, max_size=60),
    )
    def test_batches_change_nothing(self, rows, sizes):
        t_s, at_s = np.array(rows).T
        at_s = np.sort(at_s)
        whole = Timebase()
        expected = stamp(whole, [samples(t_s, at_s)])
        cuts = np.cumsum(sizes)[np.cumsum(sizes) < len(rows)]
        pieces = Timebase()
        parts = [samples(*part) for part in zip(np.split(t_s, cuts), np.split(at_s, cuts), strict=True)]
        for got, wanted in zip(stamp(pieces, parts), expected, strict=True):
            assert np.array_equal(got, wanted)
        assert pieces.dropped == whole.dropped == len(rows) - len(expected[0])


class TestHostDelay:
    def test_the_delay_is_the_least_so_far(self):
        t_s = np.arange(5.0)
        stamped = Timebase().push(samples(t_s, t_s + np.array([0.3, 0.2, 0.9, 0.1, 0.5])))
        assert stamped.delay_s == pytest.approx([0.3, 0.2, 0.2, 0.1, 0.1])

    @pytest.mark.parametrize("ppm", [100.0, -100.0])
    def test_it_follows_a_clock_that_drifts(self, ppm):
        chance = np.random.default_rng(5)
        late_s = 0.05 + (np.arange(3000) % 5 > 0) * chance.exponential(0.1, 3000)
        frames = stream(3000, n=10, rate_hz=50.0, ppm=ppm, delay_s=lambda i: late_s[i])
        t_s, _, delay_s = stamp(Timebase(50.0), frames)
        k = np.arange(len(t_s))
        prompt_s = 5.0 + (k + 1) / 50.0 + 0.05  # on the host, at the least delay
        assert np.abs(t_s + delay_s - prompt_s)[10:].max() < 0.004
        assert np.diff(t_s)[10:] == pytest.approx((1 + ppm * 1e-6) / 50.0, rel=1e-5)

    def test_it_forgets_within_two_stretches(self):
        t_s = np.arange(0.0, 60.0, 0.5)
        stamped = Timebase().push(samples(t_s, t_s + np.where(t_s < 1, 0.05, 0.25)))
        assert stamped.delay_s[t_s < 15] == pytest.approx(0.05)
        assert stamped.delay_s[t_s >= 30] == pytest.approx(0.25)

    def test_it_forgets_what_was_before_a_long_hole(self):
        timebase = Timebase()
        timebase.push(samples([0.0, 1.0], [0.05, 1.05]))
        assert timebase.push(samples([600.0, 601.0], [600.25, 601.25])).delay_s == pytest.approx([0.25, 0.25])

    def test_a_new_clock_begins_a_new_envelope(self):
        timebase = Timebase(NOMINAL_HZ)
        stamp(timebase, stream(20, delay_s=lambda i: 0.4 if i == 0 else 0.05))
        t_s, at_s, delay_s = stamp(timebase, stream(20, device_s=3.0, host_s=12.0))
        assert (t_s + delay_s)[N - 1 :: N] == pytest.approx(at_s[N - 1 :: N])
