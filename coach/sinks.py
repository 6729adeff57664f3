"""Where events go as lines, and how a slow taker is kept from holding up the run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from coach.formats.events import line
from coach.model import Event, Input
from coach.ports import Sink

QUEUE_ITEMS = 10_000
"""Enough for half an hour of a reader that stands still; after that the newest are dropped and counted."""

CLOSE_S = 2.0


class EventLines:
    """Writes every event as a line of JSON, and closes the stream in the end.

    A reader that has gone away (`| head`) ends the writing, not the run. Any other failure to write is told once.
    """

    def __init__(self, stream: TextIO, on_problem: Callable[[str], None]) -> None:
        self._stream = stream
        self._on_problem = on_problem
        self._open = True

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        if self._open and events:
            with self._told():
                self._stream.writelines(f"{line(event)}\n" for event in events)
                self._stream.flush()

    def close(self) -> None:
        with self._told():
            self._stream.close()
        self._open = False

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._open = False
        except OSError as error:
            if self._open:
                self._on_problem(f"event lines end here: {error.strerror or error}")
            self._open = False


class Threaded:
    """Gives a sink a thread of its own behind a bounded queue; what does not fit is dropped, counted and told."""

    def __init__(self, sink: Sink, on_problem: Callable[[str], None]) -> None:
        self._sink = sink
        self._on_problem = on_problem
        self._queue: queue.Queue[tuple[Input | None, tuple[Event, ...]] | None] = queue.Queue(QUEUE_ITEMS)
        self._dropped = 0
        self._thread = threading.Thread(target=self._work, name="sink", daemon=True)
        self._thread.start()

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            self._queue.put_nowait((item, tuple(events)))
        except queue.Full:
            self._dropped += len(events)

    def close(self) -> None:
        """Let what is queued be written, for two seconds at most."""
        with suppress(queue.Full):
            self._queue.put(None, timeout=CLOSE_S)
        self._thread.join(CLOSE_S)
        if self._dropped or self._thread.is_alive():
            self._on_problem(
                f"event lines: the reader was too slow, {self._dropped + self._queue.qsize()} were dropped"
            )

    def _work(self) -> None:
        broken = False
        while (entry := self._queue.get()) is not None:
            if broken:
                continue
            try:
                self._sink.take(*entry)
            except Exception as error:  # beyond this thread nobody would hear of it
                broken = True
                self._on_problem(f"{type(self._sink).__name__} stopped: {error}")
        self._sink.close()
