"""Sensors whose rate is not what they say, or changes: cadence is right all the same.

A simulated runner is felt at the rate in question, and goes through the clocks to the engine.
"""

import numpy as np
import pytest

from coach.dsp.cadence import CadenceEngine
from coach.dsp.timebase import Timebase
from coach.model import Cadence, Frame

SPM = 170


def frames(recorded, taken_s, n, *, kept=lambda i: True, stamp=None, seed=1):
    """What a waist feels at these times, in frames of n samples; they arrive late by chance, never before another."""
    table, _ = recorded(f"run 60 @ {SPM}", 60.0, "placement=waist", "rate_hz=200")
    acc_g = np.stack([np.interp(taken_s, table[:, 1], axis) for axis in table[:, 2:].T], axis=1)
    chance = np.random.default_rng(seed)
    at_s = 0.0
    for i in range(len(taken_s) // n):
        part = slice(i * n, (i + 1) * n)
        at_s = max(at_s, 5.0 + taken_s[part][-1] + 0.03 + chance.exponential(0.02))
        if kept(i):
            stamps = {} if stamp is None else {stamp: taken_s[part][-1 if stamp == "last_s" else 0]}
            yield Frame(at=at_s, acc_g=acc_g[part], **stamps)


def readings(frames, nominal_hz):
    """Give when each reading was known, in seconds since the first sample, and its steps a minute."""
    timebase, engine = Timebase(nominal_hz), CadenceEngine("sensor", "waist")
    hops = [hop for frame in frames for hop in engine.push(timebase.push(frame))]
    said = [event for hop in hops for event in hop.events if isinstance(event, Cadence)]
    return np.array([(one.available_s - 5.0, np.nan if one.spm is None else one.spm) for one in said]).T


def at_rates(*pieces):
    """Give the times of samples, from (rate, seconds) after (rate, seconds)."""
    steps_s = np.concatenate([np.full(round(rate_hz * length_s), 1 / rate_hz) for rate_hz, length_s in pieces])
    return np.cumsum(steps_s)


def assert_right(at_s, spm, from_s):
    """No reading is wrong from here on, and there is one nearly always (at 26 Hz the engine rests for a moment)."""
    later = spm[at_s >= from_s]
    read = later[np.isfinite(later)]
    assert len(read) > 0.92 * len(later) > 0
    assert read == pytest.approx(np.full(len(read), SPM), abs=5)


class TestStamped:
    @pytest.mark.parametrize("stamp", ["last_s", "first_s"])
    @pytest.mark.parametrize(("n", "rate_hz", "nominal_hz"), [(4, 26, 52), (10, 26, 52), (10, 52, 104), (4, 20, 52)])
    def test_a_sensor_at_half_its_rate_or_less_has_a_cadence(self, recorded, stamp, n, rate_hz, nominal_hz):
        taken_s = at_rates((rate_hz, 40))
        at_s, spm = readings(frames(recorded, taken_s, n, stamp=stamp), nominal_hz)
        assert_right(at_s, spm, 9 * n / rate_hz + 5)

    @pytest.mark.parametrize("stamp", ["last_s", "first_s"])
    def test_a_fifth_of_the_frames_lost_leaves_cadence_as_it_is(self, recorded, stamp):
        chance = np.random.default_rng(7)
        came = frames(recorded, at_rates((52, 40)), 4, stamp=stamp, kept=lambda i: chance.random() > 0.2)
        assert_right(*readings(came, 52), 3)


class TestCounted:
    @pytest.mark.parametrize("n", [1, 10])
    @pytest.mark.parametrize(("before_hz", "after_hz"), [(100, 80), (50, 104), (104, 50), (50, 40), (50, 65)])
    def test_a_rate_that_changes_is_followed(self, recorded, n, before_hz, after_hz):
        """Heard after one to three seconds, listened to for another; then the engine finds its feet."""
        at_s, spm = readings(frames(recorded, at_rates((before_hz, 15), (after_hz, 25)), n), before_hz)
        assert_right(at_s, spm, 24)

    def test_a_nominal_rate_that_is_nonsense_is_given_up(self, recorded):
        assert_right(*readings(frames(recorded, at_rates((50, 30)), 5), 100), 6)

    def test_a_third_lost_a_second_at_a_time_leaves_cadence_as_it_is(self, recorded):
        """Every hole of a second ends a reading, for the engine begins anew."""
        edges = np.cumsum(np.random.default_rng(1).exponential([23.0, 10.0], (20, 2)).ravel())
        came = frames(recorded, at_rates((50, 55)), 5, kept=lambda i: np.searchsorted(edges, i) % 2 == 0)
        _, spm = readings(came, 50)
        read = spm[np.isfinite(spm)]
        assert len(read) > 0.5 * len(spm)
        assert np.mean(np.abs(read - SPM) < 5) > 0.97

    def test_a_fifth_of_the_frames_of_ten_lost_leaves_cadence_as_it_is(self, recorded):
        """They leave holes of a frame each, where a slower sensor would be evenly slower."""
        chance = np.random.default_rng(5)
        came = frames(recorded, at_rates((50, 55)), 10, kept=lambda i: chance.random() > 0.2)
        _, spm = readings(came, 50)
        read = spm[np.isfinite(spm)]
        assert len(read) > 0.8 * len(spm)
        assert np.mean(np.abs(read - SPM) < 5) > 0.95
