"""The tables of the run store, how it is opened, and what its refusals mean.

    runs     one row a run: uid, started_at (UTC, ISO 8601), status, and as JSON: source, config, origins, versions,
             summary (null until the run has ended well), plan (the last event of its plan; null without one)
    blocks   one row for about a second of a run, numbered by `seq`: inputs and events as `framing` packs them, the
             host time of the first and the last, how many they are, and how many could not be kept just before them
    memory   what is remembered between runs, key and value
    notes    one row for what the runner noted at a moment, numbered in the order of their writing: at (UTC, ISO 8601),
             the runner, the run that it belongs to, if any, and what was said, new_pain as a JSON list
    baselines   one row for each time that a runner's own cadence was measured: at, runner, spm, mps (null: not known)

`PRAGMA user_version` is the number of migrations that the file has seen. Adding to `MIGRATIONS` raises it; an entry
that was released is never changed. `application_id` tells our file from any other database.

Durability: write-ahead logging with `synchronous=FULL`, so a commit is on the disk when it returns. One commit a
second is then one sync a second, in a thread that neither the fold nor the sound waits for; a killed process loses
what it had not committed, a power cut no more than that. `NORMAL` would sync at checkpoints only, and would need a
clock for these to promise anything. Readers never block the writer, and two programs may write at the same time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coach.errors import StoreError

APPLICATION_ID = 0x43414443  # "CADC"
BUSY_S = 2.0

MIGRATIONS = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        started_at TEXT NOT NULL,
        status TEXT NOT NULL,
        source TEXT NOT NULL,
        config TEXT NOT NULL,
        origins TEXT NOT NULL,
        versions TEXT NOT NULL,
        summary TEXT
    );
    CREATE TABLE blocks (
        run INTEGER NOT NULL REFERENCES runs (id),
        seq INTEGER NOT NULL,
        first_s REAL NOT NULL,
        last_s REAL NOT NULL,
        input_count INTEGER NOT NULL,
        event_count INTEGER NOT NULL,
        lost_inputs INTEGER NOT NULL,
        lost_events INTEGER NOT NULL,
        inputs BLOB NOT NULL,
        events BLOB NOT NULL,
        PRIMARY KEY (run, seq)
    );
    CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
    "ALTER TABLE runs ADD COLUMN plan TEXT",
    """
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        runner TEXT NOT NULL,
        run INTEGER REFERENCES runs (id),
        moment TEXT,
        back_pain INTEGER,
        new_pain TEXT NOT NULL,
        red_flag TEXT,
        cleared INTEGER NOT NULL,
        text TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE baselines (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        runner TEXT NOT NULL,
        spm REAL NOT NULL,
        mps REAL
    )
    """,
)


def connect(path: Path) -> sqlite3.Connection:
    """Open the store, made or brought up to date where needed. Transactions are the caller's: see `transaction`.

    Raises
    ------
    StoreError
        When the file is no run store, is newer than this program, is damaged, or cannot be written.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            _prepare(path, connection)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing. The lock for writing is taken first, so that a busy store is waited for, not refused."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some errors, a full disk among them, have rolled it back already
            connection.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite or the system says into a `StoreError`."""
    try:
        yield
    except StoreError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise explain(path, error) from error


def explain(path: Path, error: Exception) -> StoreError:
    """Say in the runner's words why a store refused."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # the primary code, without its details
    match code:
        case sqlite3.SQLITE_FULL:
            return StoreError(f"{path}: the disk is full", hint="make room on it")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(f"{path}: another program holds the run store locked", hint="close it and try again")
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            hint = "move it away and a new one is made; `sqlite3 FILE .recover` may rescue the runs in it"
            return StoreError(f"{path}: is damaged, or no run store at all ({error})", hint=hint)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            hint = "check that it is a file in a folder that you may write to, or set store.path to another"
            return StoreError(f"{path}: the run store cannot be opened ({error})", hint=hint)
    hint = "check the disk and the folder, or set store.path to another"
    return StoreError(f"{path}: the run store cannot be used ({error})", hint=hint)


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    if _version(path, connection) < len(MIGRATIONS):
        with transaction(connection):
            _migrate(connection, _version(path, connection))  # asked again: another program may have been quicker
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: a plain sync leaves data in the drive's cache


def _write_ahead(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # SQLite does not wait for this lock. The mode stays with the file: who holds the lock sets it, or the next
        # start does, and until then the store is as safe, only slower.
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise


def _version(path: Path, connection: sqlite3.Connection) -> int:
    # Tables first: another program that makes the store right now commits tables and application_id together.
    is_empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION_ID and not is_empty:
        raise StoreError(f"{path}: is a database of another program", hint="set store.path to a file of its own")
    if version > len(MIGRATIONS):
        message = f"{path}: was written by a newer coach (schema {version}, this one knows {len(MIGRATIONS)})"
        raise StoreError(message, hint="upgrade cadence-coach, or set store.path to another file")
    return version


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for script in MIGRATIONS[version:]:
        for statement in script.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
