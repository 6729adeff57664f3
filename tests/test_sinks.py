"""Event lines and the thread in front of them: readers that go away, disks that are full, takers that stand still."""

from __future__ import annotations

import errno
import io
import json
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from coach.model import ControlEvent, Event, HostSlept, HostTime, Input
from coach.sinks import EventLines, Threaded

LONG_S = 30.0


def lap(at_s: float) -> ControlEvent:
    return ControlEvent(t_s=at_s, available_s=at_s, action="lap")


class Refusing(io.StringIO):
    """A stream that takes so many bytes and no more."""

    def __init__(self, error: OSError, room: int) -> None:
        super().__init__()
        self._error = error
        self._room = room

    def flush(self) -> None:
        if len(self.getvalue()) > self._room:
            raise self._error


class Gate:
    """A sink that stands still until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()
        self.taken: list[Event] = []
        self.closed = threading.Event()

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        self.begun.set()
        assert self.open.wait(LONG_S)
        self.taken.extend(events)

    def close(self) -> None:
        self.closed.set()


def test_every_event_is_a_line_and_is_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("w") as stream:
        lines = EventLines(stream, pytest.fail)
        lines.take(HostSlept(at=HostTime(0.5), length_s=6.0), [])
        lines.take(None, [lap(1.0), lap(2.0)])
        written = path.read_text()
    assert [json.loads(text)["t_s"] for text in written.splitlines()] == [1.0, 2.0]
    assert written.endswith("\n")


def test_a_reader_that_has_gone_away_ends_the_writing_and_is_no_problem() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    lines = EventLines(stream, pytest.fail)
    lines.take(None, [lap(1.0)])
    lines.take(None, [lap(2.0)])
    lines.close()
    with suppress(BrokenPipeError):
        stream.close()


def test_a_full_disk_is_told_once_and_ends_the_writing() -> None:
    problems: list[str] = []
    stream = Refusing(OSError(errno.ENOSPC, "No space left on device"), room=100)
    lines = EventLines(stream, problems.append)
    for at_s in range(10):
        lines.take(None, [lap(at_s)])
    assert len(problems) == 1
    assert "No space left on device" in problems[0]
    assert len(stream.getvalue().splitlines()) == 2


def test_after_close_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("w") as stream:
        lines = EventLines(stream, pytest.fail)
        lines.take(None, [lap(1.0)])
        lines.close()
        lines.take(None, [lap(2.0)])
        lines.close()
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
def test_a_disk_that_is_full_is_told_once_however_often_it_is_written_to_and_closed() -> None:
    problems: list[str] = []
    stream = Path("/dev/full").open("w")  # noqa: SIM115 - closed below, which fails
    lines = EventLines(stream, problems.append)
    lines.take(None, [lap(1.0)])
    lines.take(None, [lap(2.0)])
    lines.close()
    with suppress(OSError):
        stream.close()
    assert len(problems) == 1


def test_a_thread_hands_everything_on_in_order_and_closes_its_sink() -> None:
    gate = Gate()
    gate.open.set()
    sink = Threaded(gate, pytest.fail)
    for at_s in range(500):
        sink.take(None, [lap(at_s)])
    sink.close()
    assert [event.t_s for event in gate.taken if isinstance(event, ControlEvent)] == list(range(500))
    assert gate.closed.is_set()


def test_a_taker_that_stands_still_holds_nobody_up_and_what_does_not_fit_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("coach.sinks.QUEUE_ITEMS", 5)
    gate, problems = Gate(), list[str]()
    sink = Threaded(gate, problems.append)
    sink.take(None, [lap(0)])
    assert gate.begun.wait(LONG_S)
    for at_s in range(1, 9):  # five fit
        sink.take(None, [lap(at_s), lap(at_s)])
    gate.open.set()
    sink.close()
    assert len(gate.taken) == 1 + 5 * 2
    assert len(problems) == 1
    assert "6 " in problems[0]


def test_a_taker_that_never_goes_on_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.sinks.QUEUE_ITEMS", 2)
    monkeypatch.setattr("coach.sinks.CLOSE_S", 0.01)
    gate, problems = Gate(), list[str]()
    sink = Threaded(gate, problems.append)
    for at_s in range(10):
        sink.take(None, [lap(at_s)])
    sink.close()
    gate.open.set()
    assert len(problems) == 1


def test_a_sink_that_breaks_in_its_thread_is_told_once_and_the_end_is_quick() -> None:
    """In front of it nobody sees the error: it must not come out as a traceback of a thread, nor as "too slow"."""
    problems: list[str] = []

    class Broken:
        def take(self, item: Input | None, events: Sequence[Event]) -> None:
            raise ValueError("I/O operation on closed file")

        def close(self) -> None:
            pass

    sink = Threaded(Broken(), problems.append)
    for at_s in range(10):
        sink.take(None, [lap(at_s)])
    sink.close()
    assert len(problems) == 1
    assert "closed file" in problems[0]


def test_a_thread_may_be_closed_again_and_takes_nothing_then() -> None:
    gate = Gate()
    gate.open.set()
    sink = Threaded(gate, pytest.fail)
    sink.take(None, [lap(1)])
    sink.close()
    sink.take(None, [lap(2)])
    sink.close()
    assert len(gate.taken) == 1
