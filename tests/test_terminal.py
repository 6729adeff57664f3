"""The pictures of the live view, its way with a real terminal (a pty), and the plain lines where there is none."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from coach.clock import ManualClock
from coach.coaching.target import Band
from coach.config import Config, load
from coach.model import Cadence, ControlEvent, Decision, Event, HeartRate, OutputEvent, PlanEvent, SensorEvent, Speed
from coach.ports import Sink
from coach.ui.frame import frame
from coach.ui.glyphs import ASCII, UNICODE, figures, glyphs_for
from coach.ui.state import RunState
from coach.ui.terminal import PlainView, TerminalView, view_for

SIZES = [(1, 1), (5, 3), (20, 5), (30, 8), (40, 10), (59, 15), (60, 16), (80, 24), (132, 43), (200, 50), (200, 60)]
REASON = "168 for 8 s, below 170-190: the beat is a little ahead of you"


@pytest.fixture(scope="module")
def config() -> Config:
    return load(environ={}).config


def decision(at_s: float) -> Decision:
    return Decision(
        t_s=at_s,
        available_s=at_s,
        mode="lead",
        phase="locked",
        tempo_spm=170.0,
        target_low_spm=170.0,
        target_high_spm=190.0,
        reason=REASON,
    )


def cadence(at_s: float, spm: float | None) -> Cadence:
    status = "locked" if spm is not None else "lost"
    return Cadence(t_s=at_s, available_s=at_s, spm=spm, status=status, source="steps", sensor="C0:11")


def minute_of_running(spm: float | None = 168.0, name: str = "C0:11") -> list[Event]:
    """A minute towards `spm`, or one that ends without a reading."""
    readings: list[Event] = [cadence(quarter / 4, (spm or 168.0) - 8 + quarter / 30) for quarter in range(240)]
    return [
        *readings,
        cadence(60.0, spm),
        decision(60.0),
        SensorEvent(t_s=60.0, available_s=60.0, sensor=name, state="connected", battery_pct=80),
        OutputEvent(t_s=60.0, available_s=60.0, output="device", state="open", latency_s=0.15),
        HeartRate(t_s=60.0, available_s=60.0, bpm=152, sensor="strap"),
        Speed(t_s=60.0, available_s=60.0, mps=3.1, sensor="pod"),
        ControlEvent(t_s=60.0, available_s=60.0, action="lap"),
    ]


def folded(events: list[Event]) -> RunState:
    state = RunState(band=Band(170.0, 190.0))
    for event in events:
        state.apply(event)
    return state


def lines(state: RunState, width: int, height: int, *, elapsed_s: float = 60.0, ascii_only: bool = False) -> list[str]:
    glyphs = ASCII if ascii_only else UNICODE
    drawn = frame(state, elapsed_s=elapsed_s, width=width, height=height, glyphs=glyphs)
    return [line.plain for line in drawn]


# --- pictures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("spm", [168.0, 62.0, 259.0, None])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_picture_fits_its_terminal(width: int, height: int, spm: float | None, ascii_only: bool) -> None:
    drawn = lines(folded(minute_of_running(spm, name="C0:11 走る " * 20)), width, height, ascii_only=ascii_only)
    assert 1 <= len(drawn) <= height
    assert max(cell_len(line) for line in drawn) <= width
    assert not any("\n" in line for line in drawn)
    assert not ascii_only or all(line.isascii() for line in drawn)


@pytest.mark.parametrize(("width", "height"), [size for size in SIZES if size[0] >= 20])
def test_the_number_and_the_reason_are_always_there(width: int, height: int) -> None:
    text = "\n".join(lines(folded(minute_of_running()), width, height))
    big = figures("168", 1, "█")[0]
    assert "168 spm" in text or big in text or figures("168", 2, "█")[0] in text
    assert REASON.split(":", maxsplit=1)[0] in " ".join(text.split())


def test_a_picture_without_any_event_says_that_it_waits() -> None:
    for width, height in SIZES:
        assert len(lines(folded([]), width, height)) <= height
    assert any("waiting for the sensor" in line for line in lines(folded([]), 80, 24))


def test_without_a_reading_no_number_is_shown() -> None:
    drawn = lines(folded(minute_of_running(None)), 30, 8)
    assert drawn[0].rstrip() == "–  no data"
    assert not any("spm" in line and "168" in line for line in drawn[:1])


def test_a_small_terminal_holds_the_essence() -> None:
    assert lines(folded(minute_of_running()), 20, 5) == [
        "168 spm  below band",
        "──────●━━━━━━┃──────",
        "168 for 8 s, below",
        "170-190: the beat is",
        "a little ahead of…",
    ]


def test_a_runner_far_outside_is_shown_at_the_end_of_the_scale() -> None:
    assert lines(folded(minute_of_running(120.0)), 20, 5)[1].startswith("◀")
    assert lines(folded(minute_of_running(230.0)), 20, 5)[1].endswith("▶")


@pytest.mark.parametrize(("width", "height"), [(40, 12), (80, 24)])
def test_the_step_of_a_plan_and_what_is_left_of_it_are_shown(width: int, height: int) -> None:
    step = PlanEvent(
        t_s=55.0,
        available_s=55.0,
        plan="easy-start",
        session=None,
        state="step",
        step=2,
        of=14,
        name="quick",
        left=60.0,
        unit="s",
        until_s=115.0,
        mode="steady",
        free=False,
        target_low_spm=170.0,
        target_high_spm=178.0,
        done_pct=20.0,
    )
    state = folded([*minute_of_running(), step])
    assert any("quick, 2 of 14: 0:55 left" in text for text in lines(state, width, height))


def test_old_heart_rate_and_speed_are_not_shown() -> None:
    state = folded(minute_of_running())
    assert any("152 bpm" in line for line in lines(state, 80, 24, elapsed_s=69.0))
    later = lines(state, 80, 24, elapsed_s=71.0)
    assert not any("bpm" in line or "/km" in line for line in later)


def test_the_keys_are_named_by_what_they_would_do_now() -> None:
    state = folded(minute_of_running())
    assert lines(state, 80, 24)[-1].strip() == "space pause · m mute · l lap · q quit"
    state.apply(ControlEvent(t_s=61.0, available_s=61.0, action="pause"))
    state.apply(ControlEvent(t_s=61.0, available_s=61.0, action="mute"))
    assert lines(state, 80, 24)[-1].strip() == "space go on · m sound · l lap · q quit"
    silent = frame(state, elapsed_s=61.0, width=80, height=24, keys=False)
    assert not any("quit" in line.plain for line in silent)


def test_escape_sequences_of_a_device_do_not_reach_the_terminal() -> None:
    drawn = lines(folded(minute_of_running(name="\x1b[2Jevil\r\n")), 80, 24)
    assert all(line.isprintable() for line in drawn)


def test_the_curve_of_the_last_minute_slides_and_does_not_dance() -> None:
    events: list[Event] = [cadence(quarter / 4, 160.0 + quarter % 40) for quarter in range(400)]
    state = folded(events)
    before, after = (lines(state, 40, 10, elapsed_s=at_s)[3] for at_s in (99.0, 105.0))
    assert before.strip("▁▂▃▄▅▆▇█") == ""
    assert after == before[4:] + " " * 4


def test_the_big_figures() -> None:
    assert figures("1-", 1, "#") == [
        "  ##          ",
        "####          ",
        "  ##    ######",
        "  ##          ",
        "######        ",
    ]
    assert len(figures("168", 2, "#")) == 10


@pytest.mark.parametrize(
    ("encoding", "glyphs"),
    [("utf-8", UNICODE), ("ascii", ASCII), ("latin-1", ASCII), ("nonsense", ASCII), (None, ASCII)],
)
def test_characters_are_chosen_by_what_the_stream_can_write(encoding: str | None, glyphs: object) -> None:
    assert glyphs_for(encoding) is glyphs


def test_no_color_leaves_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    console.print(*frame(folded(minute_of_running()), elapsed_s=60.0, width=80, height=24), sep="\n")
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "168" in written or "██" in written
    assert "\x1b[32m" not in written
    assert "\x1b[36m" not in written


# --- the live view in a terminal ----------------------------------------------------------------------------------

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


class Pty:
    """A pseudo-terminal whose other end is read all the time, as a terminal emulator does."""

    def __init__(self, width: int, height: int, encoding: str) -> None:
        import termios

        self._ours, theirs = os.openpty()
        self.stream: TextIO = os.fdopen(theirs, "w", encoding=encoding)
        self._termios = termios
        self.resize(width, height)
        self._read = bytearray()
        self._reader = threading.Thread(target=self._pump)
        self._reader.start()

    def resize(self, width: int, height: int) -> None:
        self._termios.tcsetwinsize(self.stream.fileno(), (height, width))

    def written(self) -> str:
        """Hang up, and give all that was written."""
        self.stream.close()
        self._reader.join()
        return self._read.decode()

    def _pump(self) -> None:
        try:
            while data := os.read(self._ours, 65536):
                self._read += data
        except OSError:
            pass  # hung up
        os.close(self._ours)


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], encoding: str = "utf-8") -> Iterator[Pty]:
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals of this kind")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    pty = Pty(*size, encoding)
    try:
        yield pty
    finally:
        if not pty.stream.closed:
            pty.written()


def drawn_in(pty: Pty, config: Config, events: list[Event]) -> str:
    view = view_for(config, ManualClock(60.0), stream=pty.stream)
    assert isinstance(view, TerminalView)
    view.take(None, events)
    view.close()
    return pty.written()


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (200, 50)])
def test_the_terminal_is_left_as_it_was(config: Config, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    with terminal(monkeypatch, size) as pty:
        written = drawn_in(pty, config, minute_of_running())
    assert written.startswith(ENTER_SCREEN)
    assert written.index(HIDE_CURSOR) < written.index("below") < written.index(SHOW_CURSOR)
    assert written.rindex(SHOW_CURSOR) > written.rindex(HIDE_CURSOR)
    assert written.endswith(LEAVE_SCREEN)


def test_a_terminal_without_unicode_gets_ascii(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch, (80, 24), "ascii") as pty:
        written = drawn_in(pty, config, minute_of_running())
    assert written.isascii()
    assert "######" in written


def test_a_terminal_that_does_not_know_its_size_is_taken_for_80_by_24(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with terminal(monkeypatch, (0, 0)) as pty:
        written = drawn_in(pty, config, minute_of_running())
    assert "space pause · m mute · l lap · q quit" in written


def test_suspended_and_resumed_it_enters_and_leaves_twice(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch, (80, 24)) as pty:
        view = TerminalView(config, ManualClock(60.0), stream=pty.stream)
        view.take(None, minute_of_running())
        view.suspend()
        view.take(None, minute_of_running())
        view.resume()
        view.close()
        written = pty.written()
    assert written.count(ENTER_SCREEN) == written.count(LEAVE_SCREEN) == 2
    assert written.endswith(LEAVE_SCREEN)


def test_the_next_picture_has_the_new_size_of_the_terminal(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch, (80, 24)) as pty:
        view = TerminalView(config, ManualClock(60.0), stream=pty.stream)
        view.take(None, minute_of_running())
        view.suspend()
        pty.resize(30, 8)
        view.resume()
        view.close()
        first, second = pty.written().split(LEAVE_SCREEN, maxsplit=1)
    assert "168 spm" not in first  # but big figures
    assert "168 spm" in second


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_a_terminal_that_went_away_does_not_disturb_the_run(config: Config) -> None:
    ours, theirs = os.openpty()
    os.close(ours)
    stream = os.fdopen(theirs, "w", encoding="utf-8")
    view = TerminalView(config, ManualClock(60.0), stream=stream)
    view.take(None, minute_of_running())
    view.close()
    assert view.state.spm == 168.0
    with suppress(OSError):  # what was written for it has nowhere to go
        stream.close()


def test_a_terminal_that_takes_nothing_more_holds_nobody_up(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck(io.StringIO):
        """A terminal on which somebody pressed Ctrl-S."""

        def __init__(self) -> None:
            super().__init__()
            self.freed, self.reached = threading.Event(), threading.Event()

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            self.reached.set()
            self.freed.wait()
            return len(text)

    monkeypatch.setattr("coach.ui.terminal.STOP_S", 0.01)
    stream = Stuck()
    view = TerminalView(config, ManualClock(60.0), stream=stream)
    view.take(None, minute_of_running())
    assert stream.reached.wait(10)
    view.take(None, [cadence(61.0, 170.0)])
    view.close()
    stream.freed.set()
    assert view.state.spm == 170.0


# --- plain lines --------------------------------------------------------------------------------------------------


def test_without_a_terminal_there_are_plain_lines(config: Config) -> None:
    stream = io.StringIO()
    view = view_for(config, ManualClock(), stream=stream)
    assert isinstance(view, PlainView)
    view.take(None, [decision(12.0), cadence(12.0, 166.0)])
    view.close()
    assert stream.getvalue() == f"0:12  166 spm, below your band  lead 170  {REASON}\n"


def test_plain_lines_on_demand_and_on_terminals_that_cannot_move_the_cursor(config: Config) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock, stream = ManualClock(), Terminal()
    assert isinstance(view_for(config, clock, stream=stream, environ={"TERM": "dumb"}), PlainView)
    assert isinstance(view_for(config, clock, stream=stream, environ={"TERM": "xterm"}, headless=True), PlainView)
    assert isinstance(view_for(config, clock, stream=stream, environ={"TERM": "xterm"}), TerminalView)


def test_both_views_are_sinks(config: Config) -> None:
    sinks: list[Sink] = [
        TerminalView(config, ManualClock(), stream=io.StringIO()),
        PlainView(config, stream=io.StringIO()),
    ]
    for sink in sinks:
        sink.close()  # before anything was taken


def test_the_module_loads_neither_rich_nor_scipy() -> None:
    code = "import sys, coach.ui.terminal; print(sorted({'rich', 'scipy', 'bleak'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_who_is_being_measured_sees_no_band() -> None:
    state = folded(minute_of_running())
    state.judged = False
    text = "\n".join(lines(state, 80, 24))
    assert "Measuring, run as you like" in text
    assert "your own cadence" in text
    assert not any(word in text for word in ("In band", "your band", "┃"))
