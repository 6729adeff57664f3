"""Real people running, from ../shared/data: cadence is right and there, and nobody who stands has one.

Windows of ten seconds and their truth come with the data; its own noise is about 1 spm.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from coach.formats.events import line
from coach.formats.recording import Recording
from coach.model import Cadence, Gap, Step, Summary
from coach.offline import Loop
from coach.pipeline import Pipeline
from sensors.codecs import decode
from sensors.replay import RecordingSource

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SACRAL = [
    "sacral_grf/trial02_2p50ms_p0deg",
    "sacral_grf/trial03_3p33ms_p0deg",
    "sacral_grf/trial04_3p33ms_p0deg",
    "sacral_grf/trial06_4p17ms_p0deg",
    "sacral_grf/trial10_3p33ms_m5deg",
    "sacral_grf/trial15_3p33ms_m10deg",
    "sacral_grf/trial18_4p17ms_m10deg",
    "sacral_grf/trial24_3p33ms_p5deg",
]
RUNNING = [f"st_har/running_{number}" for number in ("01", "02", "05", "07", "09")]
SHOE = "fuzzy_run_shoe/matt"
WALKING = ["st_har/walking_08", "st_har/walking_22"]
STILL = ["st_har/stationary_03", "st_har/stationary_12"]

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real recordings are missing: no {DATA}")


class Events:
    """A sink that keeps events."""

    def __init__(self) -> None:
        self.events = []

    def take(self, item, events) -> None:
        self.events += events

    def close(self) -> None:
        """Nothing to let go."""


def replayed(path, config, *, batch_rows=512, placement=None):
    kept = Events()
    with Recording(path) as recording:
        source = RecordingSource(recording, batch_rows=batch_rows, placement=placement)
        Loop(Pipeline(config, decode), sinks=[kept]).follow(source)
    return kept.events


@cache
def said(name, config):
    return tuple(replayed(DATA / f"{name}.csv", config))


@cache
def truth(name):
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["truth"]


def readings(name, config, since_s=0.0, until_s=np.inf):
    events = said(name, config)
    return [e for e in events if isinstance(e, Cadence) and since_s <= e.available_s < until_s]


def locked_share(found):
    return np.mean([reading.spm is not None for reading in found])


def mean_spm(found):
    return np.mean([reading.spm for reading in found if reading.spm is not None])


@pytest.mark.parametrize("name", [*RUNNING, SHOE, *WALKING])
def test_cadence_is_within_5_spm_of_the_truth_in_every_window(config, name):
    windows = [window for window in truth(name)["windows"] if window["ok"] and window["cadence_spm"] > 0]
    assert len(windows) >= 2
    for window in windows:
        found = readings(name, config, max(window["t0"], 3.0), window["t1"])
        assert mean_spm(found) == pytest.approx(window["cadence_spm"], abs=5)


@pytest.mark.parametrize("name", RUNNING)
def test_cadence_is_there_from_the_fourth_second_on(config, name):
    assert locked_share(readings(name, config, 3.0)) >= 0.9


def test_cadence_is_there_for_the_whole_run_with_a_shoe(config):
    contacts_s = truth(SHOE)["stride_times_s"]
    assert locked_share(readings(SHOE, config, contacts_s[0] + 3.0, contacts_s[-1])) >= 0.9


@pytest.mark.parametrize("name", SACRAL)
def test_cadence_agrees_with_the_force_plate(config, name):
    """Against the steps of the two seconds on either side, as far as the five seconds of the trial go."""
    steps_s = np.array(truth(name)["step_times_s"])
    found = readings(name, config, 3.0, steps_s[-1])
    assert locked_share(found) >= 0.9
    for reading in found:
        span_s = np.clip([reading.available_s - 2, reading.available_s + 2], steps_s[0], steps_s[-1])
        count = np.ptp(np.interp(span_s, steps_s, np.arange(len(steps_s))))
        assert reading.spm == pytest.approx(60 * count / np.ptp(span_s), abs=5)


@pytest.mark.parametrize("name", STILL)
def test_nobody_who_stands_has_a_cadence(config, name):
    events = said(name, config)
    assert {reading.spm for reading in readings(name, config)} == {None}
    assert readings(name, config)[-1].status == "idle"
    assert not [event for event in events if isinstance(event, Step)]


def test_before_and_after_the_run_with_a_shoe_there_is_no_cadence(config):
    contacts_s = truth(SHOE)["stride_times_s"]
    assert {reading.spm for reading in readings(SHOE, config, 0.0, 12.0)} == {None}
    assert {reading.spm for reading in readings(SHOE, config, contacts_s[-1] + 2.0)} == {None}


@pytest.mark.parametrize("name", [*RUNNING, SHOE])
def test_there_are_as_many_steps_as_the_cadence_says(config, name):
    shown = [(one, later.t_s - one.t_s) for one, later in pairwise(readings(name, config)) if one.spm is not None]
    expected = sum(reading.spm / 60 * held_s for reading, held_s in shown)
    found = sum(isinstance(event, Step) for event in said(name, config))
    assert found == pytest.approx(expected, rel=0.1)


def test_a_shoe_senses_its_own_contacts(config):
    events = replayed(DATA / f"{SHOE}.csv", config, placement="foot")
    true_s = np.array(truth(SHOE)["stride_times_s"])
    true_s = true_s[true_s > true_s[0] + 4]
    sensed_s = np.array([event.t_s for event in events if isinstance(event, Step) and not event.inferred])
    sensed_s = sensed_s[(sensed_s > true_s[0] - 0.3) & (sensed_s < true_s[-1] + 0.3)]
    offsets_s = np.array([sensed_s[np.abs(sensed_s - t).argmin()] - t for t in true_s])
    late_s = np.median(offsets_s)
    hits = (np.abs(offsets_s - late_s) < 0.05).sum()
    assert 2 * hits / (len(true_s) + len(sensed_s)) > 0.9
    assert abs(late_s) < 0.05


@pytest.mark.parametrize("name", ["st_har/running_01", SACRAL[0]])
@pytest.mark.parametrize("batch_rows", [1, 3, 7])
def test_batches_change_nothing(config, name, batch_rows):
    events = replayed(DATA / f"{name}.csv", config, batch_rows=batch_rows)
    assert [line(event) for event in events] == [line(event) for event in said(name, config)]


@pytest.mark.parametrize("rows_left", [1, 5, 60, 411, 702, 998])
def test_a_file_that_was_cut_gives_the_lines_up_to_there(config, tmp_path, rows_left):
    text = (DATA / "st_har/running_01.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    cut = tmp_path / "cut.csv"
    cut.write_text("".join(text[: 1 + rows_left]), encoding="utf-8")
    events = replayed(cut, config)
    now = float(text[rows_left].split(",")[0])
    whole = said("st_har/running_01", config)
    assert [line(e) for e in events[:-1]] == [line(e) for e in whole[:-1] if e.available_s <= now]
    assert isinstance(events[-1], Summary)
    assert events[-1].available_s == now


@pytest.mark.parametrize("name", [*RUNNING, *STILL, SHOE, *SACRAL])
def test_lines_are_in_order_and_nothing_is_missing_in_whole_files(config, name):
    events = said(name, config)
    assert all(event.available_s <= later.available_s for event, later in pairwise(events))
    assert not [event for event in events if isinstance(event, Gap)]
    said_s = [reading.t_s for reading in readings(name, config)]
    assert max(later - one for one, later in pairwise(said_s)) <= 0.25
