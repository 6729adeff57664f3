"""What was taken, turned into blocks ready to be written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from coach.formats.events import line
from coach.model import Event, Header, Input, PlanEvent, Summary
from coach.store import framing

BLOCK_TAKES = 1000  # a live run has a tenth of that a second


@dataclass(frozen=True, slots=True)
class Count:
    """So many inputs and events."""

    inputs: int = 0
    events: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.inputs + other.inputs, self.events + other.events)

    def __bool__(self) -> bool:
        return bool(self.inputs or self.events)


NOTHING = Count()


class Taken(NamedTuple):
    """One call of `take`; `lost` is what was dropped just before it."""

    item: Input | None
    events: tuple[Event, ...]
    at_s: float
    lost: Count

    @property
    def holds(self) -> Count:
        return count(self.item, self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A row of the table: inputs and events of about a second, and what was lost just before them.

    Parameters
    ----------
    first_s, last_s : host times of the first and the last.
    summary : the line of the run's summary, in the block that holds it. plan : the last line of its plan, likewise.
    """

    first_s: float
    last_s: float
    holds: Count
    lost: Count
    inputs: bytes
    events: bytes
    summary: str | None = None
    plan: str | None = None


class _Entry(NamedTuple):
    at_s: float
    record: bytes
    lines: list[str]
    holds: Count
    lost: Count
    summary: str | None = None
    plan: str | None = None


def count(item: Input | None, events: Sequence[Event]) -> Count:
    return Count(int(item is not None), len(events))


def host_time(item: Input | None, events: Sequence[Event]) -> float:
    """Give the host time of what was taken: when it came in, or when the fold spoke."""
    if item is not None:
        return item.at
    last = events[-1]
    return 0.0 if isinstance(last, Header) else last.available_s


def blocks(taken: Iterable[Taken], unfit: Callable[[Exception], None]) -> Iterator[Block]:
    """Make blocks, a new one at every `BLOCK_TAKES` and wherever something was lost.

    `unfit` is told of what cannot be written at all: a fault of whoever made it, which must not end the keeping of the
    run. It counts as lost.
    """
    entries: list[_Entry] = []
    for one in taken:
        try:
            entry = _entry(one)
        except Exception as error:
            unfit(error)
            entry = _Entry(one.at_s, b"", [], NOTHING, one.lost + one.holds)
        if entries and (entry.lost or len(entries) == BLOCK_TAKES):
            yield _block(entries)
            entries = []
        entries.append(entry)
    if entries:
        yield _block(entries)


def _entry(one: Taken) -> _Entry:
    record = b"" if one.item is None else framing.frame(one.item)
    lines = [line(event) for event in one.events]
    summary, plan = (_last(kind, one.events, lines) for kind in (Summary, PlanEvent))
    return _Entry(one.at_s, record, lines, one.holds, one.lost, summary, plan)


def _last(kind: type[Event], events: Sequence[Event], lines: Sequence[str]) -> str | None:
    found = [text for event, text in zip(events, lines, strict=True) if isinstance(event, kind)]
    return found[-1] if found else None


def _block(entries: Sequence[_Entry]) -> Block:
    return Block(
        first_s=entries[0].at_s,
        last_s=entries[-1].at_s,
        holds=sum((entry.holds for entry in entries), NOTHING),
        lost=entries[0].lost,
        inputs=framing.pack_records(entry.record for entry in entries),
        events=framing.pack_lines(text for entry in entries for text in entry.lines),
        summary=next((entry.summary for entry in entries if entry.summary), None),
        plan=next((entry.plan for entry in reversed(entries) if entry.plan), None),
    )
