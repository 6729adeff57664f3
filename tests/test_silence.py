"""Nobody runs, and nothing is said: rides, chores, exercise and short shakes, with fixed seeds, through the engine.

The shares are those of all seeds together, so that one unlucky draw is no failure and a relapse is one: before landings
had to keep time, exercise read for a fifth of the time, a washing hand for a sixth.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from bench.ours import ours
from coach.model import Samples

SEEDS = (1, 2, 3)
LENGTH_S = 20.0


def shown_pct(recorded, course, *placements):
    """Give the share of the time with a reading, over all placements and seeds."""
    shown = []
    for placement, seed in product(placements, SEEDS):
        table, _ = recorded(course, LENGTH_S, f"placement={placement}", f"seed={seed}")
        said, _ = ours(Samples(at_s=table[:, 1], device_s=table[:, 1], acc_g=table[:, 2:]))
        shown.append(~np.isnan(said.held(np.arange(3.0, LENGTH_S, 0.1))))
    return 100 * np.concatenate(shown).mean()


@pytest.mark.parametrize(
    "course", [f"rough-cycle {LENGTH_S} @ 65", f"rough-cycle {LENGTH_S} @ 90", f"cycle {LENGTH_S} @ 80"]
)
def test_on_a_bicycle(recorded, course):
    assert shown_pct(recorded, course, "foot", "ankle", "thigh", "waist", "chest", "wrist") < 0.5


def test_in_a_car(recorded):
    assert shown_pct(recorded, f"rough-drive {LENGTH_S}", "thigh", "waist", "wrist") == 0


@pytest.mark.parametrize("chore", ["gesture", "brush", "wash"])
def test_at_chores(recorded, chore):
    assert shown_pct(recorded, f"{chore} {LENGTH_S}", "wrist", "hand", "chest") < 1


@pytest.mark.parametrize("exercise", ["curl 20 @ 30", "curl 20 @ 50", "push-up 20 @ 40", "row 20 @ 28"])
def test_in_exercise_on_the_spot(recorded, exercise):
    assert shown_pct(recorded, exercise, "thigh", "waist", "chest", "wrist") < 5


def test_a_squat_is_no_step(recorded):
    """A wrist that is held out may feel a walker's: smooth, upright, and with sides."""
    assert shown_pct(recorded, "squat 20 @ 40", "thigh", "waist", "chest") < 1


def test_a_jumper_is_told_by_his_trunk(recorded):
    """At a walker's cadence; a thigh and an arm are taken for a runner's."""
    assert shown_pct(recorded, "jack 20 @ 110", "waist", "chest") < 5


def test_a_shaken_sensor_for_less_than_three_seconds(recorded):
    assert (
        shown_pct(
            recorded,
            "stand 3, shake 2 @ 150, stand 4, shake 2.5 @ 180, stand 4, shake 1 @ 120, stand 3.5",
            "hand",
            "foot",
        )
        < 7
    )
