"""What `run` and `demo` share: a live run from its settings to its last line."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.offline import open_events, wav_listener

if TYPE_CHECKING:
    from coach.cli.baseline import Measuring
    from coach.cli.choosing import Sensors
    from coach.cli.options import LiveFlags
    from coach.config import Config, Effective
    from coach.model import Assignment, Event, Input, SensorEvent, Summary
    from coach.ports import Clock, Sink
    from coach.session import Session
    from coach.store.book import Store
    from coach.ui.keys import Keyboard
    from coach.ui.terminal import PlainView, TerminalView

INTERRUPTED = 130
ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """How a live run is shown and kept, as the flags say."""

    duration_s: float | None
    headless: bool
    wav: Path | None
    events: str | None
    as_json: bool
    fallback_wav: Path

    @classmethod
    def of(cls, live: LiveFlags, *, duration_s: float | None, fallback_wav: Path) -> LiveOptions:
        """Take what the flags say."""
        return cls(
            duration_s=duration_s,
            headless=live.headless,
            wav=live.wav,
            events=live.events,
            as_json=live.as_json,
            fallback_wav=fallback_wav,
        )


@dataclass(slots=True)
class Notices:
    """One-line news for people while a run goes on: on stderr, and while a live view has the screen, in that."""

    view: TerminalView | None = None
    late: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Tell; may be called from any thread."""
        view = self.view
        if view is None:
            click.echo(text, err=True)
        else:
            view.tell(text)
            self.late.append(text)

    def view_closed(self) -> None:
        """Repeat what was told in the live view, which leaves nothing behind."""
        self.view = None
        for text in self.late:
            click.echo(text, err=True)


@dataclass(slots=True)
class Outcome:
    """A sink that keeps what a run leaves behind.

    Parameters
    ----------
    summary : None until the end. began : whether anything came in.
    connected : ids of the sensors that were ever there. learnt : what was found out of it.
    wrote_wav : whether a WAV file was the output. kept_as : the number of the run, once it has been kept.
    interrupted, terminated : whether a signal ended the run; whether it was another than Ctrl-C.
    """

    summary: Summary | None = None
    began: bool = False
    interrupted: bool = False
    terminated: bool = False
    wrote_wav: bool = False
    kept_as: int | None = None
    connected: set[str] = field(default_factory=set)
    learnt: list[SensorEvent] = field(default_factory=list)

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        from coach.model import OutputEvent, SensorEvent, Summary

        self.began |= item is not None
        for event in events:
            match event:
                case Summary():
                    self.summary = event
                case OutputEvent(output="wav", state="open"):
                    self.wrote_wav = True
                case SensorEvent(state="connected"):
                    self.connected.add(event.sensor)
                case SensorEvent(state="counts_strides" | "counts_steps"):
                    self.learnt.append(event)
                case _:
                    pass

    def close(self) -> None:
        pass

    def exit(self) -> None:
        """Leave the command with the code that an interruption asks for."""
        if self.interrupted:
            raise click.exceptions.Exit(INTERRUPTED)


def go(
    effective: Effective,
    options: LiveOptions,
    source: dict[str, object],
    make_sensors: Callable[[Clock], Sensors],
    *,
    store: Store | None,
    notices: Notices,
    outcome: Outcome,
    assignment: Assignment | None = None,
    measuring: Measuring | None = None,
    notes_since: datetime | None = None,
) -> None:
    """Run live, from settings to the last line; `outcome` tells what came of it, however it ends.

    Parameters
    ----------
    measuring : what the run is for; it ends the run when it is done.
    notes_since : the run is given the notes that were made before it since then.

    Raises
    ------
    CoachError
        For what ended the run, after it was closed and kept.
    """
    from coach.cli.keeping import Keeping
    from coach.cli.printing import print_summary

    keeping = Keeping(store, effective, source, notices.say, notes_since)
    keepers: list[Sink] = [outcome, *([keeping.writer] if keeping.writer else [])]
    try:
        run = _Run(effective.config, options, source, notices, outcome, keepers, assignment, measuring)
        asyncio.run(run.live(make_sensors))
    finally:
        notices.view_closed()
        try:
            if outcome.summary is not None and measuring is None:
                people = sys.stderr if options.events == "-" else sys.stdout
                print_summary(outcome.summary, effective.config, as_json=options.as_json, stream=people)
            if outcome.wrote_wav and effective.config.audio.output == "auto":
                notices.say(
                    f"What was to be heard is in {options.fallback_wav}; `coach doctor` says why nothing plays."
                )
        finally:
            outcome.kept_as = keeping.end(notices.say, began=outcome.began)


@dataclass(slots=True)
class _Run:
    """The parts of one live run, put together on its loop."""

    config: Config
    options: LiveOptions
    source: dict[str, object]
    notices: Notices
    outcome: Outcome
    keepers: Sequence[Sink]
    assignment: Assignment | None
    measuring: Measuring | None

    async def live(self, make_sensors: Callable[[Clock], Sensors]) -> None:
        """Run."""
        from audio.outputs import choose
        from audio.speech import make_words
        from coach.clock import HostClock
        from coach.pipeline import Pipeline, header
        from coach.ports import Ear
        from coach.session import Session
        from coach.ui.keys import Keyboard
        from coach.ui.terminal import TerminalView, view_for
        from sensors.codecs import decode

        clock = HostClock()
        speaks = self.config.coaching.mode != "off"
        words = make_words(self.config, tell=self.notices.say) if speaks else None
        worn = make_sensors(clock)
        with ExitStack() as stack:
            listeners: list[Ear] = [worn.main] if isinstance(worn.main, Ear) else []
            if self.options.wav is not None:
                wav = wav_listener(self.options.wav, self.config, words, self.notices.say)
                listeners.append(stack.enter_context(wav))
            view = view_for(
                self.config, clock, headless=self.options.headless, keys=sys.stdin is not None and sys.stdin.isatty()
            )
            measures = [self.measuring] if self.measuring is not None else []
            sinks = [view, *self.keepers, *self._event_lines(), *measures]
            session = Session(
                Pipeline(self.config, decode),
                clock,
                sensors=[worn.main],
                companions=worn.companions,
                output=choose(self.config.audio, clock=clock, wav_path=self.options.fallback_wav, words=words),
                sinks=sinks,
                listeners=listeners,
                assignment=self.assignment,
                on_problem=self.notices.say,
            )
            if self.measuring is not None:
                self.measuring.end = session.stop
                view.state.judged = False
            for sink in sinks:
                sink.take(None, [header(self.config, self.source)])
            self.notices.view = view if isinstance(view, TerminalView) else None
            keyboard = Keyboard(session.act, view)
            self._catch_signals(session, keyboard, view)
            if self.options.headless:
                await session.run(self.options.duration_s)
            else:
                with keyboard:
                    await session.run(self.options.duration_s)

    def _event_lines(self) -> list[Sink]:
        from coach.sinks import EventLines, Threaded

        if self.options.events is None:
            return []
        lines = EventLines(open_events(self.options.events), self.notices.say)
        return [Threaded(lines, self.notices.say)]

    def _catch_signals(self, session: Session, keyboard: Keyboard, view: TerminalView | PlainView) -> None:
        """The first Ctrl-C ends the run in good order, the second at once."""
        loop = asyncio.get_running_loop()

        def interrupt(number: int) -> None:
            if self.outcome.interrupted:
                keyboard.__exit__(None, None, None)
                view.close()
                os._exit(INTERRUPTED)
            self.outcome.interrupted = True
            self.outcome.terminated = number != signal.SIGINT
            session.stop()

        for number in ENDING_SIGNALS:
            try:
                loop.add_signal_handler(number, interrupt, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda number, _: loop.call_soon_threadsafe(interrupt, number))
