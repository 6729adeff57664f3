"""Runs kept in one SQLite file: every input as it was received, every event as its line, and what explains them.

    Store ── begin ──► RunWriter   a sink: takes inputs and events, writes them from a thread of its own
      │   ── run ────► KeptRun     reads them back, exactly and in order
      └── runs, cut_off, remember, recall, note, notes

`schema` holds the tables and the ways in which a database can refuse, `framing` the bytes of a block, `notes` the rows
of what a runner noted (`coach.care`), `alive` the lock by which a run in the writing is told from one whose process was
killed.
"""

from __future__ import annotations

from coach.store.book import Store, store_path
from coach.store.kept import Hole, KeptRun, RunInfo
from coach.store.writer import Limits, RunWriter

__all__ = ["Hole", "KeptRun", "Limits", "RunInfo", "RunWriter", "Store", "store_path"]
