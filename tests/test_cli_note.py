"""Notes of pain from the command line: `coach note`, and what `coach history` shows of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from coach.care import SEE_A_DOCTOR, STEP_BACK, Note
from coach.cli import status
from coach.formats.events import line
from coach.model import PlanEvent
from coach.store import Store

NOW = datetime.now(UTC)
LONG_AGO = datetime(2026, 3, 29, 5, 40, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A home of its own, and the run store in it."""
    for name in [name for name in os.environ if name.startswith("COACH_")]:
        monkeypatch.delenv(name)
    for name, place in (("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")):
        monkeypatch.setenv(name, str(tmp_path / place))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(tmp_path)
    with Store.open(tmp_path / "data" / "cadence-coach" / "runs.sqlite") as store:
        yield store


class Said:
    def __init__(self, code: int, out: str, err: str) -> None:
        assert "Traceback" not in err, err
        assert "internal error" not in err, err
        self.code = code
        self.out = out
        self.err = err


Coach = Callable[..., Said]


@pytest.fixture
def coach(store: Store, capsys: pytest.CaptureFixture[str]) -> Coach:
    """Run a command in this process."""

    def run(*arguments: object) -> Said:
        return Said(status([str(argument) for argument in arguments]), *capsys.readouterr())

    return run


def kept_run(store: Store, started_at: datetime = NOW, plan: PlanEvent | None = None) -> int:
    """Keep a run in which nothing was received."""
    writer = store.begin(
        config={}, origins={}, source={"kind": "ble"}, on_problem=lambda text: None, started_at=started_at
    )
    if plan is not None:
        writer.take(None, [plan])
    writer.close("done")
    run = store.id_of(writer)
    assert run is not None
    return run


def what(note: Note) -> dict[str, Any]:
    """Give what was said in a note, without its time."""
    fields = ("run", "when", "back_pain", "new_pain", "red_flag", "cleared", "text")
    return {name: value for name in fields if (value := getattr(note, name)) or (name == "back_pain" and value == 0)}


def noted(store: Store) -> list[dict[str, Any]]:
    """Give what was said in each note, the newest last."""
    return [what(note) for note in reversed(store.notes())]


# --- coach note ---------------------------------------------------------------------------------------------------


def test_a_note_goes_with_the_last_run_if_it_began_today(coach: Coach, store: Store) -> None:
    kept_run(store)
    said = coach("note", "--pain", 2, "--new", "calf", "--new", "HIP", "--new", "calf", "legs", "  heavy\x1b[2J")
    assert (said.code, said.out) == (0, "")
    assert noted(store) == [
        {"run": 1, "when": "after", "back_pain": 2, "new_pain": ("calf", "hip"), "text": "legs heavy [2J"}
    ]
    first, second = said.err.splitlines()
    assert first.startswith("Kept with run 1 of ")
    assert first.endswith('after it: back pain 2; new pain: calf, hip; "legs heavy [2J".')
    assert second == STEP_BACK


def test_a_note_is_of_its_own_when_no_run_began_today(coach: Coach, store: Store) -> None:
    kept_run(store, NOW - timedelta(days=1))
    assert "as a note of its own: back pain 2." in coach("note", "--pain", 2).err
    assert noted(store) == [{"back_pain": 2}]


@pytest.mark.parametrize("which", ["1", "last"])
def test_a_note_goes_with_the_run_that_is_named(coach: Coach, store: Store, which: str) -> None:
    kept_run(store, LONG_AGO)
    said = coach("note", which, "--before", "--pain", 0, "slept badly")
    assert said.err == 'Kept with run 1 of 2026-03-29 05:40, before it: back pain 0; "slept badly".\n'
    assert noted(store) == [{"run": 1, "when": "before", "back_pain": 0, "text": "slept badly"}]


def test_a_note_from_before_waits_for_the_next_run_of_the_day(coach: Coach, store: Store) -> None:
    kept_run(store)
    assert coach("note", "--before", "--pain", 3).err == "Kept for the next run that you begin today: back pain 3.\n"
    assert noted(store) == [{"when": "before", "back_pain": 3}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pain", "11"], "11 is not in the range"),
        (["--pain", "much"], "'much' is not a valid integer"),
        (["--new", "knee"], "'knee' is not one of 'calf', 'achilles', 'hip'"),
        (["--red-flag", "back"], "'back' is not one of 'leg', 'numbness', 'standing'"),
        (["--before", "--after", "--pain", "1"], "--before and --after are two notes"),
        (["--red-flag", "leg", "--cleared"], "--cleared and --red-flag exclude each other"),
        (["--before"], "--before says nothing by itself"),
        (["last", "--after"], "--after says nothing by itself"),
        (["5", "km", "easy"], 'put the text in quotes: coach note "5 km easy"'),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else None,
)
def test_a_note_that_makes_no_sense_is_2_and_is_not_kept(
    coach: Coach, store: Store, arguments: list[str], words: str
) -> None:
    said = coach("note", *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.count(words) == 1
    assert store.notes() == []


def test_a_note_for_a_run_that_is_not_there_is_5(coach: Coach, store: Store) -> None:
    kept_run(store)
    for arguments in (["9", "--pain", "1"], ["9"]):
        said = coach("note", *arguments)
        assert (said.code, said.out) == (5, "")
        assert "there is no run 9" in said.err
    assert store.notes() == []


def test_without_anything_to_note_the_last_ten_are_shown(coach: Coach, store: Store) -> None:
    run = kept_run(store)
    for number in range(11):
        store.note(Note(at=LONG_AGO + timedelta(days=number), back_pain=number % 10))
    store.note(Note(at=LONG_AGO + timedelta(days=11), run=run, when="after", new_pain=("achilles",), text="hm"))
    lines = coach("note").out.splitlines()
    assert len(lines) == 10
    assert lines[0] == '2026-04-09 05:40  run 1     after   new pain: Achilles; "hm"'
    assert lines[1] == "2026-04-08 05:40                    back pain 0"
    assert lines[9] == "2026-03-31 05:40                    back pain 2"
    assert coach("note", run).out.splitlines() == lines[:1]


def test_where_there_is_no_note_it_says_how_to_make_one(coach: Coach, store: Store) -> None:
    run = kept_run(store)
    for arguments in ([], [run]):
        said = coach("note", *arguments)
        assert (said.code, said.out) == (0, "")
        assert "coach note --pain" in said.err


# --- a red flag ---------------------------------------------------------------------------------------------------


def test_a_red_flag_is_told_once_and_a_doctor_clears_it(coach: Coach, store: Store) -> None:
    said = coach("note", "--red-flag", "numbness")
    assert said.err.splitlines() == ["Kept as a note of its own: red flag: numbness.", SEE_A_DOCTOR]
    assert "The coach coaches again." in coach("note", "--cleared").err
    assert "No red flag was up" in coach("note", "--cleared").err
    assert noted(store) == [{"red_flag": "numbness"}, {"cleared": True}, {"cleared": True}]


# --- history ------------------------------------------------------------------------------------------------------


def ran(session: int | None, done_pct: float) -> PlanEvent:
    return PlanEvent(
        t_s=600.0,
        available_s=600.0,
        plan="faded",
        session=session,
        state="done",
        step=2,
        of=2,
        name="on",
        left=0.0,
        unit="s",
        until_s=None,
        mode="steady",
        free=False,
        target_low_spm=170.0,
        target_high_spm=178.0,
        done_pct=done_pct,
    )


def test_history_shows_the_plan_and_the_notes_of_a_run_at_80_columns(coach: Coach, store: Store) -> None:
    kept_run(store, LONG_AGO)
    run = kept_run(store, LONG_AGO, ran(3, 99.6))
    store.note(Note(at=LONG_AGO, run=run, when="before", back_pain=3))
    store.note(Note(at=LONG_AGO, run=run, when="after", back_pain=1, new_pain=("hip",), text="word " * 20))
    store.note(Note(at=LONG_AGO, back_pain=9))
    first, plan, notes, *more, last = coach("history").out.splitlines()
    assert first == "    2  2026-03-29 05:40     10:00      - spm  ble, done"
    assert plan == "       plan faded, session 3, 100 % done"
    assert notes.startswith('       back pain 3 -> 1; new pain: hip; "word word')
    assert all(text.startswith("       word") and len(text) <= 80 for text in more)
    assert len(notes) <= 80
    assert last == "    1  2026-03-29 05:40      0:00      - spm  ble, done"


def test_history_gives_plan_and_notes_to_programs(coach: Coach, store: Store) -> None:
    run = kept_run(store, LONG_AGO, ran(None, 40.0))
    store.note(Note(at=LONG_AGO, run=run, when="before", back_pain=3))
    store.note(Note(at=LONG_AGO, run=run, when="after", red_flag="leg", text="ü"))
    (row,) = json.loads(coach("history", "--json").out)
    assert row["plan"] == json.loads(line(ran(None, 40.0)))
    nothing = {"back_pain": None, "new_pain": [], "red_flag": None, "cleared": False, "text": ""}
    at = {"at": "2026-03-29T05:40:00+00:00"}
    assert row["notes"] == [
        {**nothing, **at, "when": "before", "back_pain": 3},
        {**nothing, **at, "when": "after", "red_flag": "leg", "text": "ü"},
    ]
