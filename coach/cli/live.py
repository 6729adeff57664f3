"""What `run` and `demo` share: a live run from its settings to its last line."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.offline import open_events, wav_listener
from coach.errors import StoreError

if TYPE_CHECKING:
    from coach.config import Config, Effective
    from coach.model import Event, Input, SensorEvent, Summary
    from coach.ports import Clock, Sensor, Sink
    from coach.session import Session
    from coach.store.book import Store
    from coach.store.writer import RunWriter
    from coach.ui.keys import Keyboard
    from coach.ui.terminal import PlainView, TerminalView

INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """How a live run is shown and kept, as the flags say."""

    duration_s: float | None
    headless: bool
    wav: Path | None
    events: str | None
    as_json: bool
    fallback_wav: Path


@dataclass(slots=True)
class Notices:
    """One-line news for people while a run goes on: into the live view, and onto stderr once that is closed."""

    view: TerminalView | PlainView | None = None
    late: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Tell; may be called from any thread."""
        if self.view is None:
            click.echo(text, err=True)
        else:
            self.view.tell(text)
            self.late.append(text)

    def view_closed(self) -> None:
        """Repeat what was told while a live view, which leaves nothing behind, was on."""
        from coach.ui.terminal import TerminalView

        was_live, self.view = isinstance(self.view, TerminalView), None
        for text in self.late if was_live else ():
            click.echo(text, err=True)


class SummaryKeeper:
    """A sink that keeps the summary and what was learnt of the sensor."""

    def __init__(self) -> None:
        self.summary: Summary | None = None
        self.learnt: list[SensorEvent] = []

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        from coach.model import SensorEvent, Summary

        for event in events:
            match event:
                case Summary():
                    self.summary = event
                case SensorEvent(state="counts_strides" | "counts_steps"):
                    self.learnt.append(event)
                case _:
                    pass

    def close(self) -> None:
        pass


def open_store(config: Config, notices: Notices) -> Store | None:
    """Open the run store; tell of runs that were cut off. A store that cannot be opened does not stop a run."""
    from coach.store.book import Store, store_path

    if not config.store.keep:
        return None
    try:
        store = Store.open(store_path(config.store.path))
        for run in store.cut_off():
            began, until = (time.astimezone().strftime("%H:%M:%S") for time in (run.started_at, run.kept_until))
            notices.say(f"the run {run.id} of {began} was cut off; it is kept up to {until}")
    except StoreError as error:
        notices.say(f"this run will not be kept: {error}")
        return None
    return store


def go(
    effective: Effective,
    options: LiveOptions,
    source: dict[str, object],
    make_sensor: Callable[[Clock], Sensor],
    *,
    store: Store | None,
    notices: Notices,
) -> list[SensorEvent]:
    """Run live, from settings to the last line; give what was learnt of the sensor.

    Raises
    ------
    CoachError
        For what ended the run, after it was closed and kept.
    """
    from coach.cli.printing import print_summary

    keeper = SummaryKeeper()
    people = sys.stderr if options.events == "-" else sys.stdout
    interrupted = False
    with ExitStack() as stack:
        writer = _begin(store, effective, source, notices)
        if store is not None and writer is not None:
            stack.callback(_say_kept, store, writer)
            stack.callback(writer.close)
        run = _Run(effective.config, options, source, notices, [keeper, *([writer] if writer else [])])
        try:
            interrupted = asyncio.run(run.live(make_sensor))
        finally:
            notices.view_closed()
            if keeper.summary is not None:
                print_summary(keeper.summary, effective.config, as_json=options.as_json, stream=people)
    if interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
    return keeper.learnt


def _begin(store: Store | None, effective: Effective, source: dict[str, object], notices: Notices) -> RunWriter | None:
    if store is None:
        return None
    config = effective.config.model_dump(mode="json")
    try:
        return store.begin(config=config, origins=effective.origins, source=source, on_problem=notices.say)
    except StoreError as error:
        notices.say(f"this run will not be kept: {error}")
        return None


def _say_kept(store: Store, writer: RunWriter) -> None:
    run = store.id_of(writer)
    if run is None:
        click.echo(f"The run could not be kept in {store.path}.", err=True)
        return
    click.echo(f"Kept as run {run} in {store.path}; look at it with: coach replay {run}", err=True)
    if writer.lost:
        lost = writer.lost
        click.echo(f"{writer.lost_s:.0f} s of it ({lost.inputs} inputs, {lost.events} events) are lost.", err=True)


@dataclass(slots=True)
class _Run:
    """The parts of one live run, put together on its loop."""

    config: Config
    options: LiveOptions
    source: dict[str, object]
    notices: Notices
    keepers: Sequence[Sink]
    interrupted: bool = False

    async def live(self, make_sensor: Callable[[Clock], Sensor]) -> bool:
        """Run; tell whether it was interrupted."""
        from audio.outputs import choose
        from coach.clock import HostClock
        from coach.pipeline import Pipeline, header
        from coach.ports import BeatListener
        from coach.session import Session
        from coach.ui.keys import Keyboard
        from coach.ui.terminal import view_for
        from sensors.codecs import decode

        clock = HostClock()
        sensor = make_sensor(clock)
        with ExitStack() as stack:
            listeners: list[BeatListener] = [sensor] if isinstance(sensor, BeatListener) else []
            if self.options.wav is not None:
                listeners.append(stack.enter_context(wav_listener(self.options.wav, self.config)))
            view = view_for(self.config, clock, headless=self.options.headless, keys=sys.stdin.isatty())
            sinks = [view, *self.keepers, *self._event_lines(stack)]
            session = Session(
                Pipeline(self.config, decode),
                clock,
                sensors=[sensor],
                make_output=lambda: choose(self.config.audio, clock=clock, wav_path=self.options.fallback_wav),
                sinks=sinks,
                listeners=listeners,
                on_problem=self.notices.say,
            )
            for sink in sinks:
                sink.take(None, [header(self.config, self.source)])
            self.notices.view = view
            keyboard = Keyboard(session.act, view)
            self._catch_signals(session, keyboard, view)
            if self.options.headless:
                await session.run(self.options.duration_s)
            else:
                with keyboard:
                    await session.run(self.options.duration_s)
        return self.interrupted

    def _event_lines(self, stack: ExitStack) -> list[Sink]:
        from coach.sinks import EventLines, Threaded

        if self.options.events is None:
            return []
        stream = stack.enter_context(open_events(self.options.events))
        return [Threaded(EventLines(stream, self.notices.say), self.notices.say)]

    def _catch_signals(self, session: Session, keyboard: Keyboard, view: TerminalView | PlainView) -> None:
        """The first Ctrl-C ends the run in good order, the second at once."""
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            if self.interrupted:
                keyboard.__exit__(None, None, None)
                view.close()
                os._exit(INTERRUPTED)
            self.interrupted = True
            session.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, interrupt)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(interrupt))
