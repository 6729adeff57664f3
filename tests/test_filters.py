"""The streaming filters: no transient at the start, no seam between blocks, the delay that they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.dsp.filters import Butterworth

RATE_HZ = 100.0
IN_USE = [(2, (0.6, 10.0), "bandpass"), (2, (1.2, 8.0), "bandpass"), (2, 10.0, "highpass"), (2, 8.0, "lowpass")]


def made(form):
    return Butterworth(*form, RATE_HZ)


def noise(n, columns=3):
    return np.random.default_rng(7).standard_normal((n, columns)) + [0.0, -1.0, 9.8][:columns]


@pytest.mark.parametrize("form", IN_USE)
def test_gravity_is_no_step(form):
    gravity = np.tile([0.3, -0.5, 0.8], (300, 1))
    expected = gravity if form[2] == "lowpass" else np.zeros_like(gravity)
    assert np.abs(made(form).push(gravity) - expected).max() < 1e-9


@pytest.mark.parametrize("form", IN_USE)
@given(sizes=st.lists(st.integers(0, 40), min_size=1, max_size=20))
@settings(max_examples=25)
def test_blocks_leave_no_seam(form, sizes):
    rows = noise(sum(sizes))
    filtered = made(form)
    parts = [filtered.push(part) for part in np.split(rows, np.cumsum(sizes)[:-1])]
    assert np.array_equal(np.concatenate(parts), made(form).push(rows))


@pytest.mark.parametrize("form", IN_USE)
def test_columns_do_not_mix(form):
    rows = noise(200)
    alone = [made(form).push(rows[:, [column]]) for column in range(3)]
    assert np.array_equal(made(form).push(rows), np.concatenate(alone, axis=1))


@pytest.mark.parametrize("form", IN_USE)
def test_after_a_reset_it_is_as_new(form):
    used = made(form)
    used.push(noise(150))
    used.reset()
    assert np.array_equal(used.push(noise(90)), made(form).push(noise(90)))


@pytest.mark.parametrize(("form", "hz"), [(IN_USE[1], 1.5), (IN_USE[1], 2.8), (IN_USE[1], 4.0), (IN_USE[3], 1.4)])
def test_a_sine_is_as_late_as_the_filter_says(form, hz):
    t_s = np.arange(0, 40, 1 / RATE_HZ)
    late = made(form).push(np.sin(2 * np.pi * hz * t_s)[:, None])[2000:, 0]
    basis = np.exp(-2j * np.pi * hz * t_s[2000:])
    measured_s = -np.angle(np.sum(late * basis) * 1j) / (2 * np.pi * hz)
    said_s = made(form).phase_delay_s(np.array([hz]))[0]
    assert measured_s == pytest.approx(said_s, abs=1e-4)


def test_a_low_pass_keeps_strides_and_stops_what_is_fast():
    t_s = np.arange(0, 20, 1 / 500)
    low, high = (Butterworth(4, 20.0, "lowpass", 500.0).push(np.sin(2 * np.pi * hz * t_s)[:, None]) for hz in (3, 95))
    assert np.abs(low[5000:]).max() == pytest.approx(1.0, abs=0.01)
    assert np.abs(high[5000:]).max() < 0.005
