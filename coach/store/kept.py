"""A run that was kept: what is known of it, its inputs and its event lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from coach.config import Tree
from coach.model import Input
from coach.store import framing
from coach.store.schema import explained

RunStatus = Literal["open", "done", "interrupted", "cut off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """A run in one line.

    Parameters
    ----------
    status : `open` in the writing; `done`; `interrupted` ended before its summary; `cut off` by a kill or a power cut.
    duration_s : host time of the last thing that was kept.
    source : where the data came from.
    config : the settings that were in force, by section and key; those of an older coach have fewer.
    summary : the fields of the summary event; None until there is one. plan : of the last event of the run's plan.
    """

    id: int
    started_at: datetime
    status: RunStatus
    duration_s: float
    source: dict[str, Any]
    config: Tree
    summary: dict[str, Any] | None
    plan: dict[str, Any] | None = None

    @property
    def runner(self) -> str:
        """Whose run it is; "" where nobody is named."""
        return str(self.config.get("runner", {}).get("name", ""))

    @property
    def kept_until(self) -> datetime:
        """The wall-clock time of the last thing that was kept."""
        return self.started_at + timedelta(seconds=self.duration_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Inputs and events that could not be kept, between two host times; a replay across it is not the run."""

    after_s: float
    before_s: float
    inputs: int
    events: int


class KeptRun:
    """One run of a store; lives as long as the store is open, and is used from the thread that opened it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, info: RunInfo) -> None:
        self.info = info
        self._path = path
        self._connection = connection

    @property
    def source(self) -> dict[str, Any]:
        """Where the data came from."""
        return self.info.source

    @property
    def config_tree(self) -> Tree:
        """The settings that were in force, by section and key."""
        return self.info.config

    @property
    def origins(self) -> dict[str, str]:
        """Where each setting came from, by `section.key`."""
        origins: dict[str, str] = self._json("origins")
        return origins

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the program and of the libraries that a result depends on."""
        versions: dict[str, str] = self._json("versions")
        return versions

    def inputs(self) -> Iterator[Input]:
        """Give every input, exactly as it was taken, in order; see `holes` for what is missing.

        Raises
        ------
        StoreError
            When the store cannot be read or a block is damaged, after all inputs before it.
        """
        for blob in self._blobs("inputs"):
            yield from framing.unpack_inputs(blob)

    def event_lines(self) -> Iterator[str]:
        """Give every event as its line, without line breaks, in order.

        Raises
        ------
        StoreError
            When the store cannot be read or a block is damaged, after all lines before it.
        """
        for blob in self._blobs("events"):
            yield from framing.unpack_lines(blob)

    def holes(self) -> list[Hole]:
        """Give what could not be kept, in order; empty for nearly every run.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        query = "SELECT first_s, last_s, lost_inputs, lost_events FROM blocks WHERE run = ? ORDER BY seq"
        holes = []
        until_s = 0.0
        with explained(self._path):
            for first_s, last_s, inputs, events in self._connection.execute(query, (self.info.id,)):
                if inputs or events:
                    holes.append(Hole(after_s=until_s, before_s=first_s, inputs=inputs, events=events))
                until_s = last_s
        return holes

    def _blobs(self, column: Literal["inputs", "events"]) -> Iterator[bytes]:
        # One query a block: a long one would keep the log of a run in the writing from being cleared.
        query = f"SELECT seq, {column} FROM blocks WHERE run = ? AND seq > ? ORDER BY seq LIMIT 1"
        seq = -1
        while True:
            with explained(self._path):
                row = self._connection.execute(query, (self.info.id, seq)).fetchone()
            if row is None:
                return
            seq, blob = row
            yield blob

    def _json(self, column: Literal["origins", "versions"]) -> Any:
        with explained(self._path):
            row = self._connection.execute(f"SELECT {column} FROM runs WHERE id = ?", (self.info.id,)).fetchone()
        return json.loads(row[0])
