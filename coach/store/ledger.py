"""The side of a run's writer that touches the file: blocks wait here until a commit has them.

A commit that fails leaves its blocks in the backlog, in order, to be tried again with the store opened anew. When the
backlog is full the newest block is dropped and counted in the next one that is written. A store that was deleted in
the middle of a run is made again, with a hole where the first part was. Used from the writer's thread only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from coach.errors import StoreError
from coach.store.blocks import NOTHING, Block, Count
from coach.store.framing import pack_lines, pack_records
from coach.store.kept import RunStatus
from coach.store.schema import connect, explain, transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """What is written of a run when it begins; all but `uid` and `started_at` is JSON."""

    uid: str
    started_at: str
    source: str
    config: str
    origins: str
    versions: str

    def insert(self, connection: sqlite3.Connection) -> None:
        """Write the row of a run that is in the writing."""
        connection.execute(
            "INSERT INTO runs (uid, started_at, source, config, origins, versions, status) VALUES (?,?,?,?,?,?,'open')",
            (self.uid, self.started_at, self.source, self.config, self.origins, self.versions),
        )

    def find(self, connection: sqlite3.Connection) -> int | None:
        """Give the run's id, if its row is there."""
        found = connection.execute("SELECT id FROM runs WHERE uid = ?", (self.uid,)).fetchone()
        return int(found[0]) if found else None


class Ledger:
    """Writes the blocks of one run.

    Parameters
    ----------
    path, row : of the store; of the run, already written.
    say : told in one line when trouble begins and when it ends.
    backlog_blocks : blocks that may wait.
    """

    def __init__(self, path: Path, row: RunRow, *, say: Callable[[str], None], backlog_blocks: int) -> None:
        self.lost = NOTHING
        self.lost_s = 0.0
        self._path = path
        self._row = row
        self._say = say
        self._backlog_blocks = backlog_blocks
        self._backlog: list[Block] = []
        self._overflow = NOTHING  # dropped since the last block that went into the backlog
        self._untold = NOTHING  # lost, with the hole written, but not told yet
        self._untold_s = 0.0
        self._heard_s = 0.0  # host time of the last block, kept or dropped
        self._kept = NOTHING
        self._kept_until_s = 0.0
        self._seq = 0
        self._has_summary = False
        self._in_trouble = False
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def put(self, block: Block) -> None:
        """Let a block wait for the next commit; a burst that fills the backlog is written at once."""
        if len(self._backlog) >= self._backlog_blocks and not self._in_trouble:
            self.commit()
        self._heard_s = block.last_s
        self._has_summary |= block.summary is not None
        if len(self._backlog) < self._backlog_blocks:
            self._backlog.append(replace(block, lost=self._overflow + block.lost))
            self._overflow = NOTHING
        else:
            self._overflow += block.lost + block.holds

    def commit(self) -> None:
        """Write what waits, or keep it for the next time."""
        if self._backlog:
            self._attempt(None)

    def finish(self, status: RunStatus | None) -> None:
        """Write what waits, and how the run ended: by default `done` when there was a summary."""
        if self._overflow:
            self._backlog.append(_empty(self._heard_s, self._overflow))
            self._overflow = NOTHING
        self._attempt(status or ("done" if self._has_summary else "interrupted"))
        for block in self._backlog:
            self.lost += block.lost + block.holds
        self.lost += self._untold
        self.lost_s += self._untold_s + self._heard_s - self._kept_until_s
        self._disconnect()

    def _attempt(self, ending: RunStatus | None) -> None:
        try:
            self._write(ending)
        except (sqlite3.Error, OSError) as error:
            self._disconnect()
            self._failed(error, ending)
        else:
            self._settle()

    def _write(self, ending: RunStatus | None) -> None:
        connection = self._connected()
        with transaction(connection):
            run = self._row.find(connection)
            if run is None:
                run = self._begin_again(connection)
            for seq, block in enumerate(self._backlog, self._seq):
                _insert(connection, run, seq, block)
            if ending is not None:
                connection.execute("UPDATE runs SET status = ? WHERE id = ?", (ending, run))

    def _begin_again(self, connection: sqlite3.Connection) -> int:
        """Write the run's row into a store that was made anew, and count as lost what the old one held."""
        self._row.insert(connection)
        first, *others = self._backlog or [_empty(self._heard_s, NOTHING)]
        self._backlog = [replace(first, lost=self._kept + first.lost), *others]
        self._kept, self._kept_until_s = NOTHING, 0.0
        run = self._row.find(connection)
        assert run is not None
        return run

    def _settle(self) -> None:
        """Count what is written now."""
        for block in self._backlog:
            if block.lost:
                self._untold += block.lost
                self._untold_s += block.first_s - self._kept_until_s
            self._kept += block.holds
            self._kept_until_s = block.last_s
        self._seq += len(self._backlog)
        self._backlog.clear()
        if not self._overflow:  # otherwise the next block will show how long the hole is
            self._tell()
        self._in_trouble = False

    def _tell(self) -> None:
        """Say that trouble is over and what it cost, if there was any."""
        lost, lost_s = self._untold, self._untold_s
        if self._in_trouble or lost:
            missing = f"{lost_s:.1f} s are missing ({lost.inputs} inputs, {lost.events} events)"
            self._say(f"the run is kept again; {missing if lost else 'nothing is missing'}")
        self.lost += lost
        self.lost_s += lost_s
        self._untold, self._untold_s = NOTHING, 0.0

    def _failed(self, error: sqlite3.Error | OSError, ending: RunStatus | None) -> None:
        reason = error if isinstance(error, StoreError) else explain(self._path, error)
        if ending is not None:
            self._say(f"the run is kept up to {self._kept_until_s:.1f} s only: {reason}")
        elif not self._in_trouble:
            self._say(f"the run is not being kept, and is tried again every second: {reason}")
        self._in_trouble = True

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path)
            self._inode = self._path.stat().st_ino
        elif not self._path.exists() or self._path.stat().st_ino != self._inode:
            # SQLite would go on writing to a file that nobody can find any more.
            raise StoreError(f"{self._path}: the run store was deleted or moved", hint="a new one is made")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _insert(connection: sqlite3.Connection, run: int, seq: int, block: Block) -> None:
    # "or replace": a commit that failed at its very end may be there after all; the same block comes again.
    row = (run, seq, block.first_s, block.last_s, block.holds.inputs, block.holds.events)
    connection.execute(
        "INSERT OR REPLACE INTO blocks (run, seq, first_s, last_s, input_count, event_count,"
        " lost_inputs, lost_events, inputs, events) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (*row, block.lost.inputs, block.lost.events, block.inputs, block.events),
    )
    if block.summary is not None:
        connection.execute("UPDATE runs SET summary = ? WHERE id = ?", (block.summary, run))
    if block.plan is not None:
        connection.execute("UPDATE runs SET plan = ? WHERE id = ?", (block.plan, run))


def _empty(at_s: float, lost: Count) -> Block:
    return Block(first_s=at_s, last_s=at_s, holds=NOTHING, lost=lost, inputs=pack_records([]), events=pack_lines([]))
