"""Where the sensor is worn: told, or inferred from how it is shaken."""

import numpy as np
import pytest

from coach.dsp.tempo import Rhythm
from coach.dsp.tracker import Contact
from coach.dsp.worn import feels_both_feet, infer_region, region_of

STRIDE = 72
NEWEST = 999


def rhythm(alike, rms_g=0.5):
    return Rhythm(
        stride_s=0.72, match=0.9, alike=alike, sided=0.5, quicker=0.0, seen=0.8, rms_g=rms_g, power=np.ones(257)
    )


def jolted(own_g, other_g):
    """Four seconds with a knock at each contact, and the contacts on the grid."""
    acc_g = np.tile([0.0, 0.0, 1.0], (400, 1))
    places = np.arange(40, 380, STRIDE // 2)
    for i, place in enumerate(places):
        acc_g[place, 0] += own_g if i % 2 == 0 else other_g
    first = NEWEST + 1 - len(acc_g)
    return acc_g, [Contact(float(first + place), own=i % 2 == 0) for i, place in enumerate(places)]


def inferred(own_g, other_g, *, alike=0.0, both_feet=False):
    acc_g, contacts = jolted(own_g, other_g)
    return infer_region(rhythm(alike), acc_g, contacts, NEWEST, both_feet=both_feet)


@pytest.mark.parametrize(
    ("placement", "region"),
    [
        ("ankle", "foot"),
        ("shank", "foot"),
        ("sacrum", "trunk"),
        ("chest", "trunk"),
        ("wrist", "limb"),
        ("hand", "limb"),
    ],
)
def test_a_placement_that_is_told_is_believed(placement, region):
    assert region_of(placement) == region


def test_an_unknown_one_has_no_region_yet():
    assert region_of("unknown") is None


@pytest.mark.parametrize(
    ("placement", "alike", "expected"),
    [("foot", 0.9, False), ("chest", 0.1, True), ("unknown", 0.5, False), ("unknown", 0.7, True), ("hand", 0.7, True)],
)
def test_both_feet_are_felt_where_their_steps_look_alike(placement, alike, expected):
    assert feels_both_feet(placement, alike) is expected


@pytest.mark.parametrize(("alike", "region"), [(0.7, "limb"), (0.9, "trunk")])
def test_on_the_trunk_they_look_very_much_alike(alike, region):
    assert inferred(1.0, 1.0, alike=alike, both_feet=True) == region


@pytest.mark.parametrize(
    ("own_g", "other_g", "region"),
    [
        (1.2, 0.05, "foot"),  # hard enough, and the other foot is not felt
        (1.2, 0.5, "limb"),  # a thigh feels it
        (4.0, 2.0, "foot"),  # so hard is only a foot, whatever it does half way between
        (0.3, 0.01, "limb"),  # nothing that is hard
    ],
)
def test_a_foot_jolts_hard_and_feels_no_other(own_g, other_g, region):
    assert inferred(own_g, other_g) == region
