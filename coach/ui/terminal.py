"""The live view in the terminal, and plain lines where there is none. Both are sinks, both write to stderr.

`take` folds events under a lock that is never held for longer than the layout of one picture (under 1 ms at 80 x 24).
Drawing and writing belong to a thread of the view's own, so that a terminal that stands still (Ctrl-S, a slow serial
line) never holds up the core or the sound. That thread leaves the terminal as it found it when it ends; `close` waits
for it, but only so long. Drawing begins with the first thing taken.

The live view uses the alternate screen: a resize leaves no rubbish, and nothing stays behind after the run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event as Flag
from threading import Lock, Thread
from typing import TYPE_CHECKING, TextIO

from coach.coaching.target import Target
from coach.config import Config
from coach.model import Event, Input
from coach.ports import Clock
from coach.ui.plain import PlainLog
from coach.ui.state import RunState

if TYPE_CHECKING:
    from rich.console import Group

STOP_S = 1.0
PLAIN_PERIOD_S = 0.5
USUAL_SIZE = (80, 24)


class _View:
    """A fold on the caller's thread and a drawing thread; the children say what drawing is."""

    def __init__(self, config: Config, stream: TextIO | None) -> None:
        self.state = RunState(band=Target(config.target).band)
        self._stream = stream or sys.stderr
        self._lock = Lock()
        self._stop: Flag | None = None
        self._thread: Thread | None = None

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        """Take an input and what the fold said to it."""
        with self._lock:
            if item is not None:
                self.state.note(item)
            for event in events:
                self.state.apply(event)
        if self._stop is None:
            self._begin()

    def tell(self, text: str) -> None:
        """Show a line of news; may be called from any thread."""
        with self._lock:
            self.state.tell(text)

    def close(self) -> None:
        """End drawing for good; takes `STOP_S` at most, even if the stream takes nothing more."""
        self._end()

    def _begin(self) -> None:
        if self._stop is None or self._stop.is_set():
            self._stop = Flag()
            self._thread = Thread(target=self._run, args=(self._stop,), name=type(self).__name__, daemon=True)
            self._thread.start()

    def _end(self) -> None:
        self._stop = self._stop or Flag()
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def _run(self, stop: Flag) -> None:
        with suppress(OSError):  # the terminal is gone: the run goes on without a view
            self._draw_until(stop)

    def _draw_until(self, stop: Flag) -> None:
        raise NotImplementedError


class TerminalView(_View):
    """The run as one picture, drawn anew several times a second.

    Parameters
    ----------
    config : the target band, and how many pictures a second.
    clock : the host time of the run, for the time shown.
    stream : a terminal; stderr unless given.
    keys : whether keys are listened to, and so worth naming.
    """

    def __init__(self, config: Config, clock: Clock, *, stream: TextIO | None = None, keys: bool = True) -> None:
        from rich.console import Console

        from coach.ui.glyphs import glyphs_for

        super().__init__(config, stream)
        self._clock = clock
        self._period_s = 1 / config.view.refresh_hz
        self._keys = keys
        self._glyphs = glyphs_for(self._stream.encoding)
        self._console = Console(file=self._stream, highlight=False, markup=False, emoji=False)

    def suspend(self) -> None:
        """Give the terminal back until `resume`."""
        self._end()

    def resume(self) -> None:
        """Draw, or draw again."""
        self._begin()

    def _draw_until(self, stop: Flag) -> None:
        from rich.live import Live

        with Live(
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self._picture,
        ) as live:
            while True:
                self._console.size = _size_of(self._stream)
                live.refresh()
                if stop.wait(self._period_s):
                    return

    def _picture(self) -> Group:
        from rich.console import Group

        from coach.ui.frame import frame

        width, height = self._console.size
        with self._lock:
            elapsed_s = self.state.elapsed_s if self.state.ended else max(self._clock.now(), self.state.elapsed_s)
            lines = frame(
                self.state, elapsed_s=elapsed_s, width=width, height=height, glyphs=self._glyphs, keys=self._keys
            )
        return Group(*lines)


class PlainView(_View):
    """The run as lines of text, for logs, pipes and terminals that can do no more; see `PlainLog` for the lines."""

    def __init__(self, config: Config, *, stream: TextIO | None = None) -> None:
        super().__init__(config, stream)
        self._log = PlainLog()

    def suspend(self) -> None:
        """Go on: lines of text take nothing from the terminal that would have to be given back."""

    def resume(self) -> None:
        """Go on."""

    def _draw_until(self, stop: Flag) -> None:
        stopped = False
        while not stopped:
            stopped = stop.wait(PLAIN_PERIOD_S)  # and then what came last
            with self._lock:
                lines = self._log.due(self.state)
            self._stream.writelines(f"{line}\n" for line in lines)
            self._stream.flush()


def view_for(
    config: Config,
    clock: Clock,
    *,
    headless: bool = False,
    keys: bool = True,
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> TerminalView | PlainView:
    """Choose the view that a stream can show: plain lines unless it is a terminal that can move its cursor."""
    stream = stream or sys.stderr
    if headless or not stream.isatty() or environ.get("TERM", "").lower() in ("dumb", "unknown"):
        return PlainView(config, stream=stream)
    return TerminalView(config, clock, stream=stream, keys=keys)


def _size_of(stream: TextIO) -> tuple[int, int]:
    """Ask the terminal; serial consoles answer 0 x 0, which means that they do not know."""
    try:
        width, height = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return USUAL_SIZE
    return (width, height) if width and height else USUAL_SIZE
