"""How regular steps are: two alternating populations of intervals, and what cannot be known of one foot."""

import numpy as np
import pytest

from coach.dsp.regularity import StepTimes
from coach.dsp.tracker import Contact


def described(steps, *, both_feet=True, missing=()):
    """Describe contacts at the ends of steps, in samples; strides are those of two steps."""
    times = StepTimes()
    ends = np.cumsum([0.0, *steps])
    for i, at in enumerate(ends):
        stride = None if i < 2 or i in missing else at - ends[i - 2]
        times.push(Contact(float(at), own=both_feet or i % 2 == 0, stride=stride))
    return times.describe()


def test_left_and_right_that_differ_are_asymmetry_not_variation():
    regularity = described([36.0, 34.0] * 25)
    assert regularity.asymmetry_pct == pytest.approx(100 * 2 / 35)
    assert regularity.step_cv_pct == pytest.approx(0.0, abs=1e-9)
    assert regularity.stride_cv_pct == pytest.approx(0.0, abs=1e-9)
    assert regularity.strides == 20


def test_the_variation_is_about_the_mean_of_the_own_foot():
    regularity = described([37.0, 34.0, 35.0, 34.0] * 13)
    assert regularity.step_cv_pct == pytest.approx(100 * np.sqrt(0.5) / 35, rel=0.05)
    assert regularity.stride_cv_pct == pytest.approx(100 * 1 / 70, rel=0.5)


def test_of_one_foot_only_strides_are_known():
    regularity = described([36.0, 34.0] * 25, both_feet=False)
    assert (regularity.step_cv_pct, regularity.asymmetry_pct) == (None, None)
    assert regularity.stride_cv_pct == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("steps", "is_known"), [(15, False), (40, True)])
def test_it_takes_twenty_steps_in_a_row(steps, is_known):
    assert (described([35.0] * steps) is not None) is is_known


def test_a_missing_contact_breaks_the_row():
    assert described([35.0] * 40, missing=[30]) is None
    assert described([35.0] * 60, missing=[30]) is not None


def test_what_is_forgotten_is_not_described():
    times = StepTimes()
    for i in range(40):
        times.push(Contact(35.0 * i, own=True, stride=70.0))
    times.clear()
    assert times.describe() is None
