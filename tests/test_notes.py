"""Notes in the store: what a runner noted comes back, and outlives the run that it belongs to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from coach.care import Note
from coach.errors import StoreError
from coach.store import RunWriter, Store, schema

AT = datetime(2026, 3, 29, 5, 40, tzinfo=UTC)
WHOLE = Note(
    at=AT,
    when="after",
    back_pain=0,
    new_pain=("achilles", "calf"),
    red_flag="numbness",
    text="Läufer 👟; 'drop'",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "runs.sqlite") as opened:
        yield opened


def begin(store: Store) -> tuple[RunWriter, int]:
    writer = store.begin(config={}, origins={}, source={"kind": "test"}, on_problem=lambda text: None)
    run = store.id_of(writer)
    assert run is not None
    return writer, run


# --- what is kept -------------------------------------------------------------------------------------------------


def test_a_note_comes_back_whole(store: Store) -> None:
    store.note(WHOLE)
    store.note(Note(at=AT, cleared=True))
    assert store.notes() == [Note(at=AT, cleared=True), WHOLE]


def test_a_note_is_of_the_moment_whatever_the_time_zone(store: Store) -> None:
    store.note(Note(at=AT.astimezone(timezone(timedelta(hours=5, minutes=30)))))
    assert store.notes() == [Note(at=AT)]
    assert store.notes()[0].at.utcoffset() == timedelta(0)


def test_notes_are_newest_first_though_the_clock_was_set_back(store: Store) -> None:
    for minutes in (0, 5, -60):
        store.note(Note(at=AT + timedelta(minutes=minutes)))
    assert [(note.at - AT) / timedelta(minutes=1) for note in store.notes()] == [-60, 5, 0]


@pytest.mark.parametrize(
    "wrong",
    [{"back_pain": 11}, {"back_pain": -1}, {"red_flag": "leg", "cleared": True}, {"at": AT.replace(tzinfo=None)}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_note_that_makes_no_sense_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"back pain is|raises no red flag|has a time zone"):
        replace(Note(at=AT), **wrong)


def test_a_store_from_before_there_were_notes_keeps_its_runs(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    old = sqlite3.connect(path, isolation_level=None)
    for statement in ";".join(schema.MIGRATIONS[:2]).split(";"):
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    old.execute("PRAGMA user_version = 2")
    row = ("a", "2026-03-29T10:03:00+00:00", "done", "{}", "{}", "{}", "{}")
    old.execute(f"INSERT INTO runs (uid, started_at, status, source, config, origins, versions) VALUES {row}")
    old.close()
    with Store.open(path) as store:
        assert store.notes() == []
        store.note(replace(WHOLE, run=1))
        assert [info.id for info in store.runs()] == [1]
        assert store.notes() == [replace(WHOLE, run=1)]


def test_a_note_that_cannot_be_kept_is_an_error_of_the_store(store: Store) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._connection.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(StoreError, match="another program holds"):
        store.note(WHOLE)
    other.close()
    assert store.notes() == []


# --- notes and runs -----------------------------------------------------------------------------------------------


def test_the_notes_of_a_run_that_is_discarded_become_notes_of_their_own(store: Store) -> None:
    kept, first = begin(store)
    kept.close()
    writer, run = begin(store)
    store.note(Note(at=AT, run=first, back_pain=1))
    store.note(Note(at=AT, run=run, back_pain=2))
    writer.close()
    store.discard(writer)
    assert [(note.run, note.back_pain) for note in store.notes()] == [(None, 2), (first, 1)]


def test_a_run_is_given_the_notes_of_today_that_were_made_before_it(store: Store) -> None:
    old, yesterday = begin(store)
    old.close()
    notes = {
        "of another run": Note(at=AT, run=yesterday, when="before", back_pain=1),
        "too old": Note(at=AT - timedelta(microseconds=1), when="before", back_pain=2),
        "of no moment": Note(at=AT, back_pain=3),
        "of after a run": Note(at=AT, when="after", back_pain=4),
        "a red flag": Note(at=AT, when="before", red_flag="leg", back_pain=5),
        "for this run": Note(at=AT, when="before", back_pain=6),
    }
    for note in notes.values():
        store.note(note)
    writer, run = begin(store)
    store.give_notes(run, AT)
    writer.close()
    assert store.notes() == [replace(notes["for this run"], run=run), *list(notes.values())[-2::-1]]


def test_a_note_for_a_run_that_never_began_waits_for_the_next_one(store: Store) -> None:
    store.note(Note(at=AT, when="before", back_pain=3))
    failed, first = begin(store)
    store.give_notes(first, AT)
    failed.close()
    store.discard(failed)
    writer, second = begin(store)
    store.give_notes(second, AT)
    writer.close()
    assert [note.run for note in store.notes()] == [second]
    assert second != first
