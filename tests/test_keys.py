"""Single keys through real pseudo-terminals, and the terminal as it is before, during and after."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest

from coach.coaching.target import Band
from coach.model import ControlAction, ControlEvent
from coach.ui.keys import Keyboard, actions
from coach.ui.state import RunState

LIMIT_S = 10.0  # so that a test which waits in vain fails, and does not hang

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")


class StubView:
    """A view that only remembers what was asked of it."""

    def __init__(self) -> None:
        self.state = RunState(band=Band(170.0, 190.0))
        self.asked: list[str] = []

    def suspend(self) -> None:
        self.asked.append("suspend")

    def resume(self) -> None:
        self.asked.append("resume")


def control(action: ControlAction) -> ControlEvent:
    return ControlEvent(t_s=1.0, available_s=1.0, action=action)


# --- what keys mean -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        (" ", ["pause"]),
        ("p", ["pause"]),
        ("m", ["mute"]),
        ("l", ["lap"]),
        ("q", ["stop"]),
        ("Q", ["stop"]),
        ("lq", ["lap", "stop"]),
        ("x\r\n\x04\t", []),
        ("\x1b[D", []),  # arrow left
        ("\x1bOP", []),  # F1
        ("\x1bl", []),  # Alt-L
    ],
)
def test_keys_as_controls(typed: str, asked: list[str]) -> None:
    assert actions(typed, StubView().state) == asked


def test_pause_and_mute_toggle_by_the_state_of_the_run() -> None:
    state = StubView().state
    state.apply(control("pause"))
    state.apply(control("mute"))
    assert actions(" pm", state) == ["resume", "resume", "unmute"]


# --- in a terminal ------------------------------------------------------------------------------------------------


@pytest.fixture
def pty() -> Iterator[tuple[int, TextIO]]:
    """Our end of a pseudo-terminal, and the other as a stdin."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "wb", buffering=0), os.fdopen(theirs, "r", encoding="utf-8") as stdin:
        yield ours, stdin


def modes(terminal: int) -> int:
    import termios

    local = termios.tcgetattr(terminal)[3]
    assert isinstance(local, int)
    return local


def line_mode(terminal: int) -> bool:
    """Tell whether the terminal waits for Enter and echoes."""
    import termios

    return bool(modes(terminal) & termios.ICANON) and bool(modes(terminal) & termios.ECHO)


def makes_signals(terminal: int) -> bool:
    """Tell whether Ctrl-C is SIGINT."""
    import termios

    return bool(modes(terminal) & termios.ISIG)


def test_a_key_comes_without_enter(pty: tuple[int, TextIO]) -> None:
    ours, stdin = pty

    async def press() -> ControlAction:
        asked: asyncio.Queue[ControlAction] = asyncio.Queue()
        async with asyncio.timeout(LIMIT_S):
            with Keyboard(asked.put_nowait, StubView(), stdin=stdin):
                os.write(ours, b"l")
                return await asked.get()

    assert asyncio.run(press()) == "lap"


def test_modes_during_and_after(pty: tuple[int, TextIO]) -> None:
    _, stdin = pty
    view = StubView()

    async def look() -> tuple[bool, bool]:
        with Keyboard(lambda action: None, view, stdin=stdin):
            return line_mode(stdin.fileno()), makes_signals(stdin.fileno())

    assert line_mode(stdin.fileno())
    assert asyncio.run(look()) == (False, True)
    assert line_mode(stdin.fileno())


def test_modes_are_restored_after_an_error(pty: tuple[int, TextIO]) -> None:
    _, stdin = pty

    async def fail() -> None:
        with Keyboard(lambda action: None, StubView(), stdin=stdin):
            raise RuntimeError("something else went wrong")

    with pytest.raises(RuntimeError, match="something else"):
        asyncio.run(fail())
    assert line_mode(stdin.fileno())


def test_a_terminal_that_hangs_up_ends_the_keys_and_nothing_else() -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "r", encoding="utf-8") as stdin:

        async def hang_up() -> list[ControlAction]:
            asked: list[ControlAction] = []
            with Keyboard(asked.append, StubView(), stdin=stdin):
                os.close(ours)
                for _ in range(3):  # turns of the loop, in the first of which the hang-up is read
                    await asyncio.sleep(0)
            return asked

        assert asyncio.run(hang_up()) == []


def test_without_a_terminal_nothing_is_touched() -> None:
    view = StubView()
    with Keyboard(lambda action: None, view, stdin=io.StringIO("qqq")):
        pass
    assert view.asked == []


# --- a job of a shell ---------------------------------------------------------------------------------------------

JOB = """
import asyncio, coach.ui.keys
from coach.coaching.target import Band
from coach.ui.state import RunState

class View:
    state = RunState(band=Band(170.0, 190.0))
    def suspend(self): print("view suspended", flush=True)
    def resume(self): print("view resumed", flush=True)

async def main():
    end = asyncio.Event()
    def asked(action):
        print("asked to", action, flush=True)
        if action == "stop":
            end.set()
    with coach.ui.keys.Keyboard(asked, View()):
        await end.wait()

coach.ui.keys.ASK_S = 0.05
asyncio.run(main())
"""

SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # our terminal, in which we are the first process
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
os.setpgid(job, job or os.getpid())
if job == 0:
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
signal.signal(signal.SIGUSR1, lambda *_: os.tcsetpgrp(0, job))  # fg
print("job", job, flush=True)
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpid())
    if not os.WIFSTOPPED(status):
        break
    print("job stopped", flush=True)
print("job done", status, flush=True)
"""


class Shell:
    """As much of a shell as it takes: one job in the foreground of a terminal of its own."""

    def __init__(self) -> None:
        self.terminal, theirs = os.openpty()
        command = [sys.executable, "-c", SHELL, JOB]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self._read = b""
        self.until(b"job ")
        self.job = int(self.until(b"\n"))

    def press(self, keys: bytes) -> None:
        os.write(self.terminal, keys)

    def until(self, text: bytes) -> bytes:
        """Wait for something new to be written; give what came before it."""
        while text not in self._read:
            self._read += os.read(self.terminal, 4096)
        before, _, self._read = self._read.partition(text)
        return before

    def line_mode(self) -> bool:
        return line_mode(self.terminal)

    def close(self) -> None:
        self.process.kill()  # which hangs up the terminal of the job
        self.process.wait()
        os.close(self.terminal)


@pytest.fixture
def shell() -> Iterator[Shell]:
    shell = Shell()
    yield shell
    shell.close()


def test_stopped_and_fetched_back_it_gives_the_terminal_and_takes_it_again(shell: Shell) -> None:
    shell.until(b"view resumed")
    assert not shell.line_mode()
    shell.press(b"\x1a")  # Ctrl-Z
    shell.until(b"view suspended")
    shell.until(b"job stopped")
    assert shell.line_mode()
    os.kill(shell.job, signal.SIGCONT)  # bg
    shell.until(b"view suspended")
    assert shell.line_mode()
    os.kill(shell.process.pid, signal.SIGUSR1)  # fg
    shell.until(b"view resumed")
    assert not shell.line_mode()
    shell.press(b"m")
    shell.until(b"asked to mute")
    shell.press(b"q")
    shell.until(b"job done 0")
    assert shell.line_mode()


def test_control_c_stays_an_interrupt_and_leaves_the_terminal_as_it_was(shell: Shell) -> None:
    shell.until(b"view resumed")
    shell.press(b"\x03")
    shell.until(b"KeyboardInterrupt")
    shell.until(b"job done")
    assert shell.line_mode()
