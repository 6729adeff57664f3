"""Own cadences as rows."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from coach.coaching.own import Measured, OwnCadence


def insert(connection: sqlite3.Connection, measured: Measured) -> None:
    """Write what was measured."""
    row = (measured.at.astimezone(UTC).isoformat(), measured.runner, measured.own.spm, measured.own.mps)
    connection.execute("INSERT INTO baselines (at, runner, spm, mps) VALUES (?,?,?,?)", row)


def newest_first(connection: sqlite3.Connection, runner: str) -> list[Measured]:
    """Read all that was measured of a runner."""
    query = "SELECT at, spm, mps FROM baselines WHERE runner = ? ORDER BY id DESC"
    return [
        Measured(at=datetime.fromisoformat(at), runner=runner, own=OwnCadence(spm=spm, mps=mps))
        for at, spm, mps in connection.execute(query, (runner,))
    ]
