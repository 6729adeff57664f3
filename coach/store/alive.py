"""A lock that is held for as long as a run is being written, and that no death of the process can leave behind.

A run whose row says `open` is either in the writing or was left by a process that was killed, or by a power cut.
Process ids are used again, and the pulse of a machine that slept looks like death; a file lock is dropped by the
system itself. The lock is that of an empty SQLite database next to the store, one for each run, because SQLite knows
how to lock a file on every system. Should somebody delete it in the middle of a run, the run is called cut off until
its writer ends it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path


class AliveLock:
    """Held from construction to `release`.

    Raises
    ------
    sqlite3.Error
        When the file cannot be made.
    """

    def __init__(self, store: Path, uid: str) -> None:
        self._path = _lock_path(store, uid)
        self._connection = _lock(self._path)

    def release(self) -> None:
        self._connection.close()
        self._path.unlink(missing_ok=True)


def is_alive(store: Path, uid: str) -> bool:
    """Tell whether a process holds the lock of a run; the lock of a dead one is cleared away."""
    path = _lock_path(store, uid)
    if not path.exists():
        return False
    try:
        _lock(path).close()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return True
        raise
    path.unlink(missing_ok=True)
    return False


def _lock(path: Path) -> sqlite3.Connection:
    # Taken by the thread that begins the run, released by the one that writes it.
    connection = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = OFF")  # nothing is written, so nothing is to be rolled back
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _lock_path(store: Path, uid: str) -> Path:
    return store.with_name(f"{store.name}-{uid}.lock")
