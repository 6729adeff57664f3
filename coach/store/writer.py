"""The sink that keeps a run: taken in by the loop in about a microsecond, written once a second by a thread of its own.

    take ──► inbox (bounded) ──► blocks ──► ledger (bounded backlog) ──► one commit

`take` never blocks and never raises, and what it takes is written in its order. When the inbox is full, because the
disk stands still, the newest is dropped and counted; see `ledger` for a disk that refuses. Trouble is told in one line
when it begins and in one when it ends. In virtual time a run takes thousands of inputs a second; the thread is then
woken at every `BLOCK_TAKES`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coach.model import Event, Input
from coach.store.alive import AliveLock
from coach.store.blocks import BLOCK_TAKES, NOTHING, Count, Taken, blocks, count, host_time
from coach.store.kept import RunStatus
from coach.store.ledger import Ledger, RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of a writer.

    Parameters
    ----------
    commit_s : seconds between commits, which is what a killed process loses.
    close_s : seconds that `close` waits at most.
    inbox_takes : calls of `take` that may wait; the default is half an hour of a live run and some 30 MB.
    backlog_blocks : blocks that may wait for a disk that refuses; the default is a minute of a live run.
    """

    commit_s: float = 1.0
    close_s: float = 5.0
    inbox_takes: int = 50_000
    backlog_blocks: int = 60


DEFAULT_LIMITS = Limits()


class RunWriter:
    """Keeps one run; made by `Store.begin`.

    Parameters
    ----------
    path, row, alive : of the store; of the run, already written; the lock that says that it is in the writing.
    on_problem : told when trouble begins and when it ends; called from any thread, must be quick and must not raise.
    limits : the bounds.
    """

    def __init__(
        self, path: Path, row: RunRow, alive: AliveLock, *, on_problem: Callable[[str], None], limits: Limits
    ) -> None:
        self.uid = row.uid
        self._path = path
        self._alive = alive
        self._say = on_problem
        self._limits = limits
        self._inbox: deque[Taken] = deque()
        self._dropped = NOTHING  # since the last one that went into the inbox
        self._heard_s = 0.0
        self._has_unfit = False
        self._status: RunStatus | None = None
        self._is_closed = False
        self._wake = threading.Event()
        self._ledger = Ledger(path, row, say=on_problem, backlog_blocks=limits.backlog_blocks)
        self._thread = threading.Thread(target=self._run, name="coach-store", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> Count:
        """Inputs and events that are not kept; complete once the run is closed."""
        return self._ledger.lost

    @property
    def lost_s(self) -> float:
        """Seconds that are not kept; complete once the run is closed."""
        return self._ledger.lost_s

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        """Keep an input and what the fold said to it; either may be absent. Called from one thread, as is `close`."""
        if self._is_closed or (item is None and not events):
            return
        self._heard_s = host_time(item, events)
        if len(self._inbox) >= self._limits.inbox_takes:
            self._drop(count(item, events))
            return
        self._inbox.append(Taken(item, tuple(events), self._heard_s, self._dropped))
        self._dropped = NOTHING
        if len(self._inbox) % BLOCK_TAKES == 0:
            self._wake.set()

    def close(self, status: RunStatus | None = None) -> None:
        """End the run, within `close_s` whatever the disk does.

        Parameters
        ----------
        status : how it ended; by default `done` when its summary was taken, `interrupted` otherwise.
        """
        if self._is_closed:
            return
        if self._dropped:
            self._inbox.append(Taken(None, (), self._heard_s, self._dropped))
        self._status = status
        self._is_closed = True
        self._wake.set()
        self._thread.join(self._limits.close_s)
        if self._thread.is_alive():
            self._say(f"the end of the run may not be kept: {self._path} did not answer in time")

    def _drop(self, dropped: Count) -> None:
        if not self._dropped:
            self._say(f"the run is not being kept: {self._path} does not answer")
        self._dropped += dropped

    def _run(self) -> None:
        is_over = False
        while not is_over:
            self._wake.wait(self._limits.commit_s)
            self._wake.clear()
            is_over = self._is_closed  # asked before the inbox is emptied: nothing comes after it
            self._collect()
            if is_over:
                self._ledger.finish(self._status)
            else:
                self._ledger.commit()
        self._alive.release()

    def _collect(self) -> None:
        for block in blocks(self._taken(), self._unfit):
            self._ledger.put(block)

    def _taken(self) -> Iterator[Taken]:
        for _ in range(len(self._inbox)):
            yield self._inbox.popleft()

    def _unfit(self, error: Exception) -> None:
        if not self._has_unfit:
            self._say(f"something of the run cannot be kept: {error!r}")
        self._has_unfit = True
