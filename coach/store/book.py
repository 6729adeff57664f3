"""The store as the program sees it: runs begin here, are found again here, and devices are remembered here."""

from __future__ import annotations

import json
import platform
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

import coach
from coach.care import Note
from coach.coaching.own import Measured
from coach.errors import StoreError
from coach.store import baselines, notes
from coach.store.alive import AliveLock, is_alive
from coach.store.kept import KeptRun, RunInfo
from coach.store.ledger import RunRow
from coach.store.schema import connect, explained, transaction
from coach.store.writer import DEFAULT_LIMITS, Limits, RunWriter

_LIBRARIES = ("numpy", "scipy", "bleak")
_INFO = """
    SELECT id, started_at, status, source, summary, plan, config, coalesce(
        (SELECT last_s FROM blocks WHERE run = runs.id ORDER BY seq DESC LIMIT 1), 0.0)
    FROM runs
"""


def store_path(configured: str) -> Path:
    """Give the place of the store: the one in `store.path`, or `runs.sqlite` in the user's data folder."""
    if configured:
        return Path(configured).expanduser()
    from platformdirs import user_data_path

    return user_data_path("cadence-coach", appauthor=False) / "runs.sqlite"


class Store:
    """An open run store. It is used from one thread; the writers that it begins have their own."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the store, made or brought up to date where needed.

        Raises
        ------
        StoreError
            When the file is no run store, is newer than this program, is damaged, or cannot be written.
        """
        return cls(path, connect(path))

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def begin(
        self,
        *,
        config: Mapping[str, object],
        origins: Mapping[str, str],
        source: Mapping[str, object],
        on_problem: Callable[[str], None],
        started_at: datetime | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> RunWriter:
        """Begin a run, and give the sink that keeps it.

        Parameters
        ----------
        config, origins : the settings in force, by section and key, and where each comes from.
        source : where the data come from.
        on_problem : told in one line when trouble begins and when it ends; called from any thread, must be quick and
            must not raise.
        started_at : wall-clock time of host time zero; by default now.
        limits : the bounds of the writer.

        Raises
        ------
        StoreError
            When not even the beginning can be written.
        """
        row = RunRow(
            uid=uuid.uuid4().hex,
            started_at=(started_at or datetime.now(UTC)).astimezone(UTC).isoformat(),
            source=json.dumps(dict(source)),
            config=json.dumps(dict(config)),
            origins=json.dumps(dict(origins)),
            versions=json.dumps(_versions()),
        )
        with explained(self.path):
            alive = AliveLock(self.path, row.uid)
            try:
                with transaction(self._connection):
                    row.insert(self._connection)
            except sqlite3.Error:
                alive.release()
                raise
        return RunWriter(self.path, row, alive, on_problem=on_problem, limits=limits)

    def id_of(self, writer: RunWriter) -> int | None:
        """Give the number of the run that a writer keeps; None where not even its beginning is kept any more.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        with explained(self.path):
            found = self._connection.execute("SELECT id FROM runs WHERE uid = ?", (writer.uid,)).fetchone()
        return found[0] if found else None

    def discard(self, writer: RunWriter) -> None:
        """Remove the run of a writer that has been closed; its notes stay, as notes of their own.

        Raises
        ------
        StoreError
            When the store cannot be written.
        """
        with explained(self.path), transaction(self._connection):
            notes.take_from_run(self._connection, writer.uid)
            self._connection.execute(
                "DELETE FROM blocks WHERE run = (SELECT id FROM runs WHERE uid = ?)", (writer.uid,)
            )
            self._connection.execute("DELETE FROM runs WHERE uid = ?", (writer.uid,))

    def cut_off(self) -> list[RunInfo]:
        """Mark the runs that a kill or a power cut left open, and give them, newest first; each is given once.

        Raises
        ------
        StoreError
            When the store cannot be read or written.
        """
        with explained(self.path):
            left = self._connection.execute("SELECT id, uid FROM runs WHERE status = 'open' ORDER BY id DESC")
            dead = [run for run, uid in left.fetchall() if not is_alive(self.path, uid)]
            mark = "UPDATE runs SET status = 'cut off' WHERE id = ? AND status = 'open'"
            marked = [run for run in dead if self._connection.execute(mark, (run,)).rowcount]
        return [self._info(run) for run in marked]

    def runs(self) -> list[RunInfo]:
        """Give every run, newest first.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        with explained(self.path):
            return [_run_info(row) for row in self._connection.execute(f"{_INFO} ORDER BY id DESC")]

    def run(self, which: int | str) -> KeptRun:
        """Find a run by its id, or the last one by "last".

        Raises
        ------
        StoreError
            When there is no such run, or the store cannot be read.
        """
        infos = self.runs()
        found = infos[:1] if which == "last" else [info for info in infos if str(info.id) == str(which)]
        if not found:
            there = f"there are {_few([info.id for info in infos])}" if infos else "none has been kept yet"
            raise StoreError(f"there is no run {which} in {self.path}", hint=there)
        return KeptRun(self.path, self._connection, found[0])

    def remember(self, key: str, value: str) -> None:
        """Keep a text between runs: the last sensor's address, the cadence unit of a pod.

        Raises
        ------
        StoreError
            When the store cannot be written.
        """
        with explained(self.path):
            self._connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (key, value))

    def recall(self, key: str) -> str | None:
        """Give what was remembered, or None.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        with explained(self.path):
            found = self._connection.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def note(self, note: Note) -> None:
        """Keep a note.

        Raises
        ------
        StoreError
            When the store cannot be written.
        """
        with explained(self.path):
            notes.insert(self._connection, note)

    def notes(self, runner: str | None = None) -> list[Note]:
        """Give the notes of a runner, or everybody's, newest first: in the order in which they were kept.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        with explained(self.path):
            found = notes.newest_first(self._connection)
        return [note for note in found if runner in (None, note.runner)]

    def give_notes(self, run: int, since: datetime, runner: str = "") -> None:
        """Give a run the notes that its runner made before it since then, and that belong to no run yet.

        Raises
        ------
        StoreError
            When the store cannot be written.
        """
        with explained(self.path):
            notes.give_to_run(self._connection, run, runner, since)

    def keep_baseline(self, measured: Measured) -> None:
        """Keep a runner's own cadence.

        Raises
        ------
        StoreError
            When the store cannot be written.
        """
        with explained(self.path):
            baselines.insert(self._connection, measured)

    def baselines(self, runner: str) -> list[Measured]:
        """Give a runner's own cadences, the newest first.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        with explained(self.path):
            return baselines.newest_first(self._connection, runner)

    def _info(self, run: int) -> RunInfo:
        with explained(self.path):
            return _run_info(self._connection.execute(f"{_INFO} WHERE id = ?", (run,)).fetchone())


def _run_info(row: tuple[Any, ...]) -> RunInfo:
    run, started_at, status, source, summary, plan, config, duration_s = row
    return RunInfo(
        id=run,
        started_at=datetime.fromisoformat(started_at),
        status=status,
        duration_s=duration_s,
        source=json.loads(source),
        summary=json.loads(summary) if summary else None,
        plan=json.loads(plan) if plan else None,
        config=json.loads(config),
    )


def _few(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:10])) + (f" and {len(ids) - 10} older ones" if len(ids) > 10 else "")


def _versions() -> dict[str, str]:
    versions = {"coach": coach.__version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions
