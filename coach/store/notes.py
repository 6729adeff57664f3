"""Notes as rows: `moment` is a note's `when`, a word that SQL keeps for itself."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from coach.care import Note

_COLUMNS = "at, runner, run, moment, back_pain, new_pain, red_flag, cleared, text"


def insert(connection: sqlite3.Connection, note: Note) -> None:
    """Write a note."""
    new_pain, text = json.dumps(note.new_pain), note.text
    whose = (_utc(note.at), note.runner, note.run, note.when)
    row = (*whose, note.back_pain, new_pain, note.red_flag, note.cleared, text)
    connection.execute(f"INSERT INTO notes ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", row)


def newest_first(connection: sqlite3.Connection) -> list[Note]:
    """Read every note, in the order of their writing: the clock of a small computer may have been set in between."""
    return [_note(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM notes ORDER BY id DESC")]


def give_to_run(connection: sqlite3.Connection, run: int, runner: str, since: datetime) -> None:
    """Give a run the notes of its runner from before it that belong to none yet; a red flag belongs to none."""
    waits = "run IS NULL AND moment = 'before' AND red_flag IS NULL"
    query = f"UPDATE notes SET run = ? WHERE {waits} AND runner = ? AND at >= ?"
    connection.execute(query, (run, runner, _utc(since)))


def take_from_run(connection: sqlite3.Connection, uid: str) -> None:
    """Make the notes of a run notes of their own."""
    connection.execute("UPDATE notes SET run = NULL WHERE run = (SELECT id FROM runs WHERE uid = ?)", (uid,))


def _note(row: tuple[Any, ...]) -> Note:
    at, runner, run, when, back_pain, new_pain, red_flag, cleared, text = row
    return Note(
        at=datetime.fromisoformat(at),
        runner=runner,
        run=run,
        when=when,
        back_pain=back_pain,
        new_pain=tuple(json.loads(new_pain)),
        red_flag=red_flag,
        cleared=bool(cleared),
        text=text,
    )


def _utc(at: datetime) -> str:
    # Always as many digits: as texts, too, the earlier is the smaller.
    return at.astimezone(UTC).isoformat(timespec="microseconds")
