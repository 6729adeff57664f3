"""The engine is not less accurate than it was: every cell of the quick grid against `bench/accuracy.json`.

The whole table is printed, so that what CI measured can be read in its output. After a change for the better, or one
that is worth its price, `python -m bench cadence --baseline` moves the baseline, in a commit of its own.
"""

from __future__ import annotations

import sys

import pytest

from bench.grid import make, records
from bench.guard import Cell, cell_name, cells, read, report
from bench.trial import trials

GRID = records(quick=True)
NAMES = list(dict.fromkeys(cell_name(record) for record in GRID))


def figures(mae_spm=1.0, w2_pct=90.0, false_pct=0.0):
    return Cell(mae_spm=mae_spm, w2_pct=w2_pct, false_pct=false_pct)


@pytest.fixture(scope="module")
def baseline():
    return read()


@pytest.fixture(scope="module")
def measured(baseline, pytestconfig):
    """Measure every cell, once, and print what was found."""
    now = cells(list(trials(GRID)))
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write("\n\n" + "\n".join(report(now, baseline)) + "\n")
    return now


@pytest.mark.parametrize("name", NAMES)
def test_no_cell_is_worse_than_the_baseline(measured, baseline, name):
    assert list(measured[name].problems(baseline[name])) == []


def test_the_baseline_has_the_cells_of_the_grid(baseline):
    assert set(baseline) == set(NAMES), "python -m bench cadence --baseline makes it anew"


def test_no_detector_can_change_what_the_next_one_sees():
    samples = make(GRID[0]).samples
    assert not any(array.flags.writeable for array in (samples.at_s, samples.device_s, samples.acc_g))


class TestWorse:
    """More than a tenth worse, and more than 0.1 spm or 2 points."""

    @pytest.mark.parametrize("now", [0.9, 1.0, 1.1])
    def test_a_mean_error_may_grow_by_a_tenth(self, now):
        assert list(figures(mae_spm=now).problems(figures())) == []

    def test_a_mean_error_may_not_grow_by_more(self):
        assert list(figures(mae_spm=1.12).problems(figures())) == ["mean error 1.12 spm, was 1.0"]

    def test_a_small_mean_error_may_grow_by_a_tenth_of_a_step_a_minute(self):
        assert list(figures(mae_spm=0.39).problems(figures(mae_spm=0.3))) == []
        assert list(figures(mae_spm=0.41).problems(figures(mae_spm=0.3)))

    def test_a_share_is_judged_by_what_is_missing_from_it(self):
        assert list(figures(w2_pct=88.1).problems(figures())) == []
        assert list(figures(w2_pct=87.9).problems(figures())) == ["within 2 spm 87.9 %, was 90.0"]
        assert list(figures(w2_pct=47.0).problems(figures(w2_pct=50.0))) == []

    def test_readings_while_nobody_walks_may_not_grow_by_more_than_two_points(self):
        assert list(figures(false_pct=2.0).problems(figures())) == []
        assert list(figures(false_pct=2.1).problems(figures())) == ["readings while not in gait 2.1 %, was 0.0"]

    def test_readings_that_vanish_are_a_share_that_is_missed(self):
        assert len(list(figures(mae_spm=None, w2_pct=0.0).problems(figures()))) == 1

    def test_what_never_was_cannot_get_worse(self):
        assert list(figures(false_pct=50.0).problems(figures(false_pct=None))) == []
