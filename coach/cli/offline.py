"""What `replay` and `demo --fast` share: a source through the fold in virtual time, and what is printed of it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click

from coach.errors import AudioError, RecordingError
from coach.model import Cadence, Event, Input, Summary

if TYPE_CHECKING:
    from coach.config import Config
    from coach.model import Assignment, OutputReport
    from coach.ports import Ear, InputSource, Sink, Words

EVERY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """Where a run goes: event lines (a file, or - for stdout), a WAV file, and how its summary is printed."""

    events: str | None
    wav: Path | None
    as_json: bool


class Readout:
    """Prints the cadence every few seconds, and keeps the summary."""

    def __init__(self, stream: TextIO | None) -> None:
        self.summary: Summary | None = None
        self._stream = stream
        self._next_s = EVERY_S

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Cadence() if event.available_s >= self._next_s:
                    self._next_s = EVERY_S * (event.available_s // EVERY_S + 1)
                    self._print(event)
                case Summary():
                    self.summary = event
                case _:
                    pass

    def _print(self, cadence: Cadence) -> None:
        if self._stream is not None:
            shown = f"{cadence.spm:5.1f} spm" if cadence.spm is not None else f"    - {cadence.status}"
            self._stream.write(f"{cadence.available_s:8.1f} s  {shown}\n")

    def close(self) -> None:
        pass


def say(text: str) -> None:
    """Tell people."""
    click.echo(text, err=True)


def play(
    source: InputSource,
    config: Config,
    described: dict[str, object],
    outlets: Outlets,
    *,
    until_s: float | None = None,
    assignment: Assignment | None = None,
) -> None:
    """Run a source through the fold, and print the readings and the summary, or the event lines alone."""
    from audio.speech import make_words
    from coach.cli.printing import print_summary
    from coach.offline import Loop
    from coach.pipeline import Pipeline, header
    from coach.ports import Ear
    from coach.sinks import EventLines
    from sensors.codecs import decode

    with ExitStack() as stack:
        to_stdout = outlets.events == "-"
        people = sys.stderr if to_stdout else sys.stdout
        readout = Readout(None if outlets.as_json or to_stdout else people)
        sinks: list[Sink] = [readout]
        if outlets.events is not None:
            lines = EventLines(open_events(outlets.events), say)
            stack.callback(lines.close)
            sinks.append(lines)
        listeners: list[Ear] = [source] if isinstance(source, Ear) else []
        if outlets.wav is not None:
            words = make_words(config, tell=say, at_leisure=True)
            listeners.append(stack.enter_context(wav_listener(outlets.wav, config, words, say)))
        for sink in sinks:
            sink.take(None, [header(config, described)])
        loop = Loop(Pipeline(config, decode), listeners=listeners, sinks=sinks)
        if assignment is not None:
            loop.push(assignment)
        loop.follow(source, until_s)
        assert readout.summary is not None
        print_summary(readout.summary, config, as_json=outlets.as_json, stream=people)


def open_events(where: str) -> TextIO:
    """Open a stream of its own for event lines; - is stdout.

    Raises
    ------
    RecordingError
        When it cannot be written.
    """
    if where == "-":
        return own_stdout()
    try:
        return Path(where).open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise RecordingError(f"{where}: cannot be written: {error.strerror}", hint="name another file") from error


def own_stdout() -> TextIO:
    """Open stdout once more: a writer that is stuck on a reader that stands still must not hold the real one."""
    try:
        return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    except OSError:  # not a file: something that catches what is printed
        return cast("TextIO", _Kept(sys.stdout))


class _Kept(io.TextIOBase):
    """A stream that outlives its being closed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def wav_listener(path: Path, config: Config, words: Words | None, say: Callable[[str], None]) -> Iterator[Ear]:
    """Write what is heard to a file, beside whatever else sounds; `say` is told if that ends early.

    Raises
    ------
    RecordingError
        When it cannot be written.
    """
    from audio.outputs.wav import WavOutput

    def report(news: OutputReport) -> None:
        if news.state == "lost":
            say(news.reason)

    wav = WavOutput(path, config.audio, words=words)
    try:
        wav.open(report)
    except AudioError as error:
        raise RecordingError(error.message, hint=error.hint) from error
    try:
        yield wav
    finally:
        wav.close()
