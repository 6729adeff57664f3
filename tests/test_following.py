"""The runners of the proof: as varied as people are, the same ones every time, and fixed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sensors.following import SCALED, subjects

MANY = subjects(2000, seed=1)
FOLLOWERS = [subject for subject in MANY if subject.kind == "follower"]


def test_one_in_five_hardly_follows_and_one_in_seven_not_at_all():
    kinds = Counter(subject.kind for subject in MANY)
    assert kinds["hardly"] / len(MANY) == pytest.approx(0.20, abs=0.03)
    assert kinds["not"] / len(MANY) == pytest.approx(0.15, abs=0.03)
    assert {subject.following.ceiling for subject in MANY if subject.kind == "hardly"} == {0.03}
    assert {subject.following.ceiling for subject in MANY if subject.kind == "not"} == {0.0}


@pytest.mark.parametrize(
    ("of", "low", "high"),
    [
        (lambda s: s.following.ceiling, 0.09, 0.14),
        (lambda s: s.following.phase_gain, 0.2, 0.4),
        (lambda s: s.following.period_gain, 0.02, 0.1),
        (lambda s: np.log(s.following.return_s), np.log(300), np.log(1800)),
        (lambda s: s.step_cv_pct, 1.0, 2.5),
        (lambda s: s.asymmetry_pct, 0.0, 4.0),
    ],
)
def test_followers_are_spread_evenly_over_what_people_do(of, low, high):
    drawn = np.array([of(subject) for subject in FOLLOWERS])
    assert low <= drawn.min()
    assert drawn.max() <= high
    assert np.median(drawn) == pytest.approx((low + high) / 2, abs=0.05 * (high - low))


def test_the_first_of_many_are_those_of_few():
    assert subjects(5, seed=1) == MANY[:5]
    assert subjects(5, seed=2) != MANY[:5]


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("by", [0.5, 1.5])
def test_each_parameter_can_be_another_while_all_else_stays(name, by):
    for before, after in zip(MANY[:20], subjects(20, seed=1, scale={name: by}), strict=True):
        was, now = {**_flat(before)}, {**_flat(after)}
        assert now.pop(name) == pytest.approx(by * was.pop(name))
        assert now == was


def _flat(subject):
    own = {name: getattr(subject, name) for name in ("kind", "step_cv_pct", "asymmetry_pct")}
    return own | {name: getattr(subject.following, name) for name in type(subject.following).__slots__}
