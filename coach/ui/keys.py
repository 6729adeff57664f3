"""Single keys from the terminal: `Keys` gives them as they are typed, `Keyboard` as controls of a run.

On POSIX the terminal is put into cbreak mode, in which a key comes unseen and without Enter while Ctrl-C stays SIGINT.
The terminal is ours only while the process is in the foreground: Ctrl-Z gives it back before the process stops,
SIGCONT takes it again, and a run that goes on in the background leaves it alone (reading or changing a terminal from
there stops the process) and asks once a second whether it has been fetched, which no signal says. Modes are changed
at once, never after the output has drained, which may be never (Ctrl-S).
On Windows the console is asked a hundred times a second: who taps along is not to wait for it.

Where stdin is no terminal there are no keys, and nothing is touched.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self, TextIO

from coach.model import ControlAction
from coach.ui.state import RunState


class Screen(Protocol):
    """Who else uses the terminal, and lets go of it while it is not ours."""

    def suspend(self) -> None: ...

    def resume(self) -> None: ...


class View(Screen, Protocol):
    """What the controls need of the view: the state that they toggle."""

    state: RunState


def actions(text: str, state: RunState) -> list[ControlAction]:
    """Translate what was typed: space or p pauses, m mutes, l marks a lap, q stops; other keys mean nothing.

    A text that begins with Escape is an arrow or a function key: the letters in it were not typed.
    """
    if text.startswith("\x1b"):
        return []
    keys: dict[str, ControlAction] = {
        " ": "resume" if state.paused else "pause",
        "p": "resume" if state.paused else "pause",
        "m": "unmute" if state.muted else "mute",
        "l": "lap",
        "q": "stop",
    }
    return [keys[key] for key in text.lower() if key in keys]


class Keys:
    """What is typed, from `with` to its end, inside a running event loop of the main thread.

    Parameters
    ----------
    on_text : called in the loop with what was typed, as soon as it is: nearly always one key.
    screen : who lets go of the terminal when the process is stopped.
    stdin : the terminal; the process's own unless given.
    """

    def __init__(self, on_text: Callable[[str], None], screen: Screen, *, stdin: TextIO | None = None) -> None:
        self._on_text = on_text
        self._screen = screen
        self._stdin = stdin or sys.stdin
        self._terminal: _Terminal | None = None

    def __enter__(self) -> Self:
        if self._stdin is not None and self._stdin.isatty():
            self._terminal = _Terminal(self._stdin.fileno(), self._on_text, self._screen)
            self._terminal.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal is not None:
            self._terminal.close()


class Keyboard(Keys):
    """The keys as controls of a run.

    Parameters
    ----------
    on_action : called in the loop with each control that was asked for.
    view : whose state says what a toggle means, and which lets go of the terminal when the process is stopped.
    stdin : the terminal; the process's own unless given.
    """

    def __init__(self, on_action: Callable[[ControlAction], None], view: View, *, stdin: TextIO | None = None) -> None:
        def typed(text: str) -> None:
            for action in actions(text, view.state):
                on_action(action)

        super().__init__(typed, view, stdin=stdin)


if sys.platform == "win32":
    import msvcrt

    POLL_S = 0.01

    class _Terminal:
        """The Windows console, polled."""

        def __init__(self, fd: int, on_text: Callable[[str], None], screen: Screen) -> None:
            self._on_text = on_text
            self._loop = asyncio.get_running_loop()
            self._timer: asyncio.TimerHandle | None = None

        def open(self) -> None:
            while msvcrt.kbhit():
                key = msvcrt.getwch()
                if key in "\x00\xe0":
                    msvcrt.getwch()  # the second half of an arrow or a function key
                else:
                    self._on_text(key)
            self._timer = self._loop.call_later(POLL_S, self.open)

        def close(self) -> None:
            if self._timer is not None:
                self._timer.cancel()

else:
    import termios
    import tty

    ASK_S = 1.0

    class _Terminal:
        """A POSIX terminal in cbreak mode while we are in its foreground."""

        def __init__(self, fd: int, on_text: Callable[[str], None], screen: Screen) -> None:
            self._fd = fd
            self._on_text = on_text
            self._screen = screen
            self._loop = asyncio.get_running_loop()
            self._found: list[int | list[bytes | int]] | None = None  # the modes to go back to
            self._ask: asyncio.TimerHandle | None = None

        def open(self) -> None:
            self._loop.add_signal_handler(signal.SIGTSTP, self._stop_process)
            self._loop.add_signal_handler(signal.SIGCONT, self._follow)
            self._follow()

        def close(self) -> None:
            self._loop.remove_signal_handler(signal.SIGTSTP)
            self._loop.remove_signal_handler(signal.SIGCONT)
            self._ask_no_more()
            self._release()

        def _follow(self) -> None:
            """Take the terminal or leave it, by whether we are in its foreground."""
            self._ask_no_more()
            if self._in_foreground():
                self._take()
                self._screen.resume()
            else:
                self._release()
                self._screen.suspend()
                self._ask = self._loop.call_later(ASK_S, self._follow)

        def _ask_no_more(self) -> None:
            if self._ask is not None:
                self._ask.cancel()

        def _take(self) -> None:
            with suppress(termios.error):  # the terminal is gone
                if self._found is None:
                    self._found = termios.tcgetattr(self._fd)
                    self._loop.add_reader(self._fd, self._read)
                tty.setcbreak(self._fd, termios.TCSANOW)

        def _release(self) -> None:
            if self._found is None:
                return
            self._loop.remove_reader(self._fd)
            if self._in_foreground():
                with suppress(termios.error):  # the terminal is gone
                    termios.tcsetattr(self._fd, termios.TCSANOW, self._found)
            self._found = None

        def _in_foreground(self) -> bool:
            try:
                return os.tcgetpgrp(self._fd) == os.getpgrp()
            except OSError:
                return True  # not the terminal that controls us: nobody else's jobs are on it

        def _stop_process(self) -> None:
            self._screen.suspend()
            self._release()
            self._loop.remove_signal_handler(signal.SIGTSTP)
            signal.raise_signal(signal.SIGTSTP)  # stands here until SIGCONT, whose handler then follows
            self._loop.add_signal_handler(signal.SIGTSTP, self._stop_process)

        def _read(self) -> None:
            try:
                data = os.read(self._fd, 256)
            except OSError:
                data = b""
            if data:
                self._on_text(data.decode("latin-1"))
            else:
                self._loop.remove_reader(self._fd)  # the terminal is gone
