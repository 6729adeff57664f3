"""Live runs from the command line: what is kept, and every way in which a run can be made to end.

These tests measure processes that run in real time. They wait for what a process writes, never for a length of time;
the limits are there for a process that hangs. Every test has a home, a config folder, a data folder and a working
folder of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from coach.cli import status
from coach.store import Store

LIMIT_S = 60.0
HUNG_S = 30.0  # for what must not hang: long enough for a busy machine, short enough to wait for
POLL_S = 0.02
DEMO = ("demo", "--headless", "--output", "null")
AT_ONCE = ("--set", "simulation.stand_s=0", "--set", "coaching.engage_after_s=1")
ADDRESS = "C0:FF:EE:00:00:01"
STRIDES_85 = bytes.fromhex("04 00 03 55")  # running, 3 m/s, 85 strides a minute

linux = pytest.mark.skipif(sys.platform != "linux", reason="signals, limits and pipes are those of Linux")


# --- a process of its own -----------------------------------------------------------------------------------------


class Said:
    """What a command said and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        assert "Traceback" not in err, err
        assert "internal error" not in err, err
        assert "Exception ignored" not in err, err
        self.code = code
        self.out = out
        self.err = err


Coach = Callable[..., Said]
LivingIn = Callable[[Path], AbstractContextManager[Path]]


@pytest.fixture
def coach(home: Path, capsys: pytest.CaptureFixture[str]) -> Coach:
    """Run a command in this process."""

    def run(*arguments: object) -> Said:
        code = status([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return run


class Child:
    """`coach …` in a process of its own, with event lines in `events.jsonl` unless told otherwise."""

    def __init__(self, *arguments: object, first: str = "", out: int | None = None) -> None:
        work = Path.cwd()
        self.events = work / "events.jsonl"
        self._out, self._err = work / "out.txt", work / "err.txt"
        command = [sys.executable, "-c", f"{first}\nfrom coach.cli import main; main()", *map(str, arguments)]
        if "--events" not in command:
            command += ["--events", str(self.events)]
        with self._out.open("wb") as stdout, self._err.open("wb") as stderr:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stdout if out is None else out,
                stderr=stderr,
            )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        give_up_s = time.monotonic() + LIMIT_S
        while not condition():
            ended = self.process.poll() is not None and not condition()
            assert not ended, f"ended with {self.process.returncode} before {what}: {self._err.read_text()}"
            assert time.monotonic() < give_up_s, f"{what} never came: {self._err.read_text()}"
            time.sleep(POLL_S)

    def until_said(self, words: str) -> None:
        self.until(repr(words), lambda: words in self._err.read_text())

    def until_events(self, count: int) -> None:
        self.until(f"{count} events", lambda: len(self.lines()) >= count)

    def lines(self) -> list[str]:
        """Give the whole lines of events that are written by now."""
        if not self.events.exists():
            return []
        return [text for text in self.events.read_text().splitlines(keepends=True) if text.endswith("\n")]

    def end(self, limit_s: float = LIMIT_S) -> Said:
        self.process.wait(limit_s)
        return Said(self.process.returncode, self._out.read_text(), self._err.read_text())


def runs(coach: Coach) -> list[dict[str, Any]]:
    said = coach("history", "--json")
    assert said.code == 0
    found: list[dict[str, Any]] = json.loads(said.out)
    return found


def statuses(coach: Coach) -> list[str]:
    return [run["status"] for run in runs(coach)]


@dataclass(frozen=True, slots=True)
class GoingOn:
    """A run that was begun early, and where."""

    folder: Path
    child: Child


@pytest.fixture(scope="module", autouse=True)
def early(tmp_path_factory: pytest.TempPathFactory, living_in: LivingIn) -> Iterator[dict[str, GoingOn]]:
    """The two longest runs go on while other tests run; the tests that wait for them come last."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))"
    whole, full = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("full")
    with living_in(whole):
        run = Child(*DEMO, *AT_ONCE, "--duration", 6, "--wav", "heard.wav")
    with living_in(full):
        filling = Child(*DEMO, *AT_ONCE, "--duration", 5, "--events", "-", first=limit)
    with run, filling:
        yield {"whole": GoingOn(whole, run), "full": GoingOn(full, filling)}


# --- what a run says and keeps ------------------------------------------------------------------------------------


def test_event_lines_of_a_live_run_have_stdout_to_themselves(coach: Coach) -> None:
    said = coach(*DEMO, "--duration", 1, "--events", "-", "--json")
    events = [json.loads(text) for text in said.out.splitlines()]
    assert (events[0]["type"], events[-1]["type"]) == ("header", "summary")
    assert sum(event["type"] == "summary" for event in events) == 1


def test_no_keep_keeps_nothing(coach: Coach, home: Path) -> None:
    said = coach(*DEMO, "--duration", 1, "--no-keep")
    assert said.code == 0
    assert "Kept" not in said.err
    assert not list(home.rglob("runs.sqlite"))


def test_run_with_the_simulated_sensor_is_a_run_like_any_other(coach: Coach) -> None:
    said = coach("run", "--sensor", "simulated", "--headless", "--output", "null", "--duration", 1, "--json")
    assert said.code == 0
    assert json.loads(said.out)["type"] == "summary"
    assert statuses(coach) == ["done"]


# --- sound, files and the store that fail -------------------------------------------------------------------------


def test_auto_never_fails_and_says_what_plays(coach: Coach, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))  # no player there
    said = coach("demo", "--headless", "--duration", 1)
    assert said.code == 0
    assert "sound by " in said.err
    assert ("sound by wav" in said.err) == Path("coach-demo.wav").exists()


@pytest.mark.parametrize("name", ["pipe", "device", "simpleaudio"])
def test_a_named_output_that_cannot_play_is_4(
    coach: Coach, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PATH", str(home))
    monkeypatch.setitem(sys.modules, "simpleaudio", None)
    said = coach("demo", "--headless", "--duration", 1, "--output", name, "--set", "audio.device=no such device")
    assert (said.code, said.out) == (4, "")
    assert len([text for text in said.err.splitlines() if text.startswith("coach:")]) == 1


@pytest.mark.parametrize("flag", ["--events", "--wav"])
def test_an_outlet_that_cannot_be_written_is_5_before_the_run_begins(coach: Coach, flag: str) -> None:
    said = coach(*DEMO, "--duration", 30, flag, "no/such/folder/file")
    assert (said.code, said.out) == (5, "")
    assert "no/such/folder/file" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        [*DEMO, "--events", "no/such/folder/file"],
        ["demo", "--headless", "--output", "simpleaudio"],
        ["run", "--headless", "--output", "null", "--address", "not-an-address"],
    ],
    ids=["events", "output", "address"],
)
def test_a_run_that_never_began_is_not_in_the_history(
    coach: Coach, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """Or `coach replay last` shows it instead of the run of this morning."""
    monkeypatch.setitem(sys.modules, "simpleaudio", None)
    assert coach(*arguments).code in (2, 4, 5)
    assert runs(coach) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
def test_event_lines_that_end_on_a_full_disk_are_told_and_the_run_goes_on(coach: Coach) -> None:
    said = coach(*DEMO, "--duration", 1, "--events", "/dev/full")
    assert said.code in (0, 5)
    assert said.err.count("No space left on device") == 1
    assert said.out.startswith("No running found")
    assert statuses(coach) == ["done"]


@pytest.mark.parametrize("kind", ["text", "below a file"])
def test_a_run_goes_on_unkept_where_the_store_cannot_be_used(coach: Coach, kind: str) -> None:
    store = Path("store")
    store.write_text("milk, eggs\n" * 500)
    place = store / "runs.sqlite" if kind == "below a file" else store
    said = coach(*DEMO, "--duration", 1, "--set", f"store.path={place}")
    assert said.code == 0
    assert said.err.count("this run will not be kept") == 1
    assert said.out.startswith("No running found")
    assert store.read_text() == "milk, eggs\n" * 500


# --- the ways to be ended -----------------------------------------------------------------------------------------


@linux
@pytest.mark.parametrize("moment", ["first line", "sound", "12 events"])
def test_ctrl_c_ends_a_run_that_is_closed_and_kept(coach: Coach, moment: str) -> None:
    with Child(*DEMO, *AT_ONCE) as child:
        if moment == "first line":
            child.until_said("\n")
        elif moment == "sound":
            child.until_said("sound by")
        else:
            child.until_events(12)
        child.process.send_signal(signal.SIGINT)
        said = child.end()
    assert said.code == 130
    if moment == "first line":
        assert set(statuses(coach)) <= {"done", "interrupted"}
        return
    assert statuses(coach) == ["done"]
    assert "Kept as run 1" in said.err
    assert said.out != ""
    lines = child.lines()
    assert json.loads(lines[-1])["type"] == "summary"
    assert coach("replay", "last", "--events", "-").out.splitlines(keepends=True)[1:] == lines[1:]


@linux
def test_sigterm_ends_a_run_as_well(coach: Coach) -> None:
    with Child(*DEMO) as child:
        child.until_events(5)
        child.process.terminate()
        said = child.end()
    assert said.code in (130, 143)
    assert statuses(coach) == ["done"]
    assert json.loads(child.lines()[-1])["type"] == "summary"


@contextmanager
def stalled_reader() -> Iterator[Path]:
    """Give a pipe that is full, and that nobody reads."""
    fifo = Path("fifo")
    os.mkfifo(fifo)
    end = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        with suppress(BlockingIOError):
            while os.write(end, bytes(1024)):
                pass
        yield fifo
    finally:
        os.close(end)


@linux
def test_a_second_ctrl_c_is_immediate_even_while_the_sinks_are_closed(home: Path) -> None:
    patient = "import coach.sinks; coach.sinks.CLOSE_S = 600"
    with stalled_reader() as fifo, Child(*DEMO, "--events", fifo, first=patient) as child:
        child.until_said("finding your steps")
        child.process.send_signal(signal.SIGINT)
        child.until_said("simulated runner: ended")
        child.process.send_signal(signal.SIGINT)
        said = child.end(HUNG_S)
    assert said.code == 130
    assert "Kept as" not in said.err


@linux
@pytest.mark.parametrize("where", ["fifo", "stdout"])
def test_a_reader_of_event_lines_that_stands_still_does_not_keep_the_run_from_ending(coach: Coach, where: str) -> None:
    hasty = "import coach.sinks; coach.sinks.CLOSE_S = 0.2"
    with stalled_reader() as fifo:
        out = os.open(fifo, os.O_WRONLY)
        try:
            place: dict[str, Any] = {"out": out} if where == "stdout" else {}
            events = "-" if where == "stdout" else fifo
            with Child(*DEMO, "--duration", 1, "--events", events, first=hasty, **place) as child:
                said = child.end(HUNG_S)
        finally:
            os.close(out)
    assert said.code == 0
    assert "too slow" in said.err
    assert statuses(coach) == ["done"]


@linux
def test_a_killed_run_loses_a_second_at_most_and_the_next_start_says_so(coach: Coach, home: Path) -> None:
    with Child(*DEMO, *AT_ONCE) as child:
        child.until_events(25)
        beside = coach(*DEMO, "--duration", 1)  # a run that is going on is not taken for a dead one
        assert "cut off" not in beside.err
        assert statuses(coach) == ["done", "open"]
        child.process.kill()
        child.process.wait()
        lines = child.lines()
    after = coach(*DEMO, "--duration", 1)
    assert after.err.count("was cut off") == 1
    assert "the run 1 of" in after.err
    assert statuses(coach) == ["done", "done", "cut off"]
    assert not list(home.rglob("*.lock"))
    (path,) = home.rglob("runs.sqlite")
    with Store.open(path) as store:
        kept = [f"{text}\n" for text in store.run(1).event_lines()]
    assert kept == lines[: len(kept)]
    assert json.loads(kept[-1])["available_s"] > json.loads(lines[-1])["available_s"] - 2.0
    assert coach("replay", "1", "--events", "-").out.splitlines(keepends=True)[1 : len(kept)] == kept[1:]


@linux
def test_a_killed_run_is_not_said_to_go_on(coach: Coach) -> None:
    with Child(*DEMO) as child:
        child.until_events(5)
        child.process.kill()
        child.process.wait()
    assert "still going on" not in coach("replay", "last").err
    assert statuses(coach) == ["cut off"]


# --- readers that go away -----------------------------------------------------------------------------------------


@linux
@pytest.mark.parametrize(
    "arguments",
    [
        ["config"],
        ["demo", "--fast", "--duration", "60", "--events", "-"],
        [*DEMO, "--duration", "1", "--events", "-"],
        [*DEMO, "--duration", "1"],
    ],
    ids=" ".join,
)
def test_a_reader_that_goes_away_ends_the_writing_quietly(home: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-c", "from coach.cli import main; main()", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if "--events" in arguments:  # | head -1
            assert process.stdout.readline().startswith('{"type":"header"')
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait(LIMIT_S)
    assert "Broken" not in err
    assert Said(code, "", err).code == 0
    assert ("Kept as run 1" in err) == ("--headless" in arguments)  # stderr still has its reader


# --- in a terminal ------------------------------------------------------------------------------------------------


class Terminal:
    """A pty, with somebody who reads it."""

    def __init__(self) -> None:
        import pty

        self._master, self.slave = pty.openpty()
        self.shown = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def _read(self) -> None:
        with suppress(OSError):  # the last of those who wrote has gone
            while data := os.read(self._master, 4096):
                self.shown += data

    def close(self) -> None:
        os.close(self.slave)
        self._reader.join(LIMIT_S)
        os.close(self._master)


@contextmanager
def in_terminal(terminal: Terminal, arguments: Sequence[object]) -> Iterator[subprocess.Popen[bytes]]:
    take_it = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
    command = [sys.executable, "-c", f"{take_it}\nfrom coach.cli import main; main()", *map(str, arguments)]
    fd = terminal.slave
    process = subprocess.Popen(
        command, stdin=fd, stdout=fd, stderr=fd, start_new_session=True, env={**os.environ, "TERM": "xterm-256color"}
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@linux
@pytest.mark.parametrize(("last_key", "code"), [(b"q", 0), (b"\x03", 130)], ids=["q", "Ctrl-C"])
def test_keys_act_and_the_terminal_is_left_as_it_was(coach: Coach, last_key: bytes, code: int) -> None:
    import termios

    terminal, events = Terminal(), Path("events.jsonl")
    before = termios.tcgetattr(terminal.slave)

    def written() -> str:
        return events.read_text() if events.exists() else ""

    with in_terminal(terminal, ["demo", "--output", "null", "--events", events]) as process:
        for keys, action in ((b" ", "pause"), (b"p", "resume"), (b"m", "mute"), (b"l", "lap"), (last_key, "stop")):
            give_up_s = time.monotonic() + LIMIT_S
            while '"type":"cadence"' not in written():
                assert time.monotonic() < give_up_s
                time.sleep(POLL_S)
            terminal.type(keys)
            while f'"action":"{action}"' not in written():
                assert time.monotonic() < give_up_s, f"{action} never came: {terminal.shown!r}"
                time.sleep(POLL_S)
        ended = process.wait(LIMIT_S)
    after = termios.tcgetattr(terminal.slave)
    terminal.close()
    assert ended == code
    assert after == before
    picture, _, rest = terminal.shown.rpartition(b"\x1b[?1049l")
    assert b"\x1b[?1049h" in picture
    assert b"No running found" in rest or b"Ran 0:" in rest
    assert b"Kept as run 1" in rest
    assert b"Traceback" not in terminal.shown
    assert statuses(coach) == ["done"]


@linux
def test_a_disk_that_fills_up_under_the_store_ends_neither_the_run_nor_what_was_kept(
    early: dict[str, GoingOn], coach: Coach, living_in: LivingIn
) -> None:
    with living_in(early["full"].folder):
        said = early["full"].child.end()
        again = coach("replay", "last", "--events", "-")
    events = [json.loads(text) for text in said.out.splitlines()]
    assert said.code == 0
    assert events[-1]["type"] == "summary"
    assert events[-1]["available_s"] > 4.9
    assert said.err.count("the run is not being kept") == 1
    assert "inputs" in said.err
    assert "are lost" in said.err
    assert "the run is kept up to" in said.err
    kept = again.out.splitlines()[1:-1]
    assert again.code == 0
    assert len(kept) > 3
    assert kept == said.out.splitlines()[1 : len(kept) + 1]


# --- a run from its start to its end ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived(early: dict[str, GoingOn], living_in: LivingIn) -> Iterator[tuple[Said, list[str]]]:
    """A live demo of six seconds, kept, with its event lines; the environment is that of its folder."""
    with living_in(early["whole"].folder):
        child = early["whole"].child
        yield child.end(), child.lines()


@pytest.fixture
def there(lived: object, capsys: pytest.CaptureFixture[str]) -> Coach:
    """Run a command in this process, where the live run was."""

    def run(*arguments: object) -> Said:
        return Said(status([str(argument) for argument in arguments]), *capsys.readouterr())

    return run


def test_a_live_run_ends_well_and_says_where_it_is_kept(lived: tuple[Said, list[str]], there: Coach) -> None:
    said, _ = lived
    assert said.code == 0
    assert "Ran 0:" in said.out
    assert "Kept as run 1" in said.err
    assert "coach replay 1" in said.err
    assert "lost" not in said.err
    (run,) = runs(there)
    assert (run["id"], run["status"]) == (1, "done")
    assert run["summary"]["steps"] > 0


def test_the_lines_of_a_live_run_are_whole(lived: tuple[Said, list[str]]) -> None:
    events = [json.loads(text) for text in lived[1]]
    assert (events[0]["type"], events[-1]["type"]) == ("header", "summary")
    known = [event["available_s"] for event in events[1:]]
    assert known == sorted(known)
    counts = Counter(event["type"] for event in events)
    assert min(counts[kind] for kind in ("step", "cadence", "decision", "beat", "output", "control")) > 0


@pytest.mark.parametrize("which", ["1", "last"])
def test_a_replay_of_a_live_run_says_the_same_byte_for_byte(
    lived: tuple[Said, list[str]], there: Coach, which: str
) -> None:
    _, lines = lived
    said = there("replay", which, "--events", "-")
    assert said.code == 0
    again = said.out.splitlines(keepends=True)
    assert again[1:] == lines[1:]
    assert json.loads(again[0])["config"] == json.loads(lines[0])["config"]
    assert {json.loads(text)["type"] for text in lines} >= {"step", "cadence", "decision", "beat"}


def test_what_is_kept_are_the_lines_that_were_written(lived: tuple[Said, list[str]], there: Coach) -> None:
    data = Path(os.environ["XDG_DATA_HOME"])
    (path,) = data.rglob("runs.sqlite")
    with Store.open(path) as store:
        kept = [f"{text}\n" for text in store.run("last").event_lines()]
    assert kept == lived[1]
    assert not list(data.rglob("*.lock"))


def test_a_replay_of_a_run_asks_what_if(lived: tuple[Said, list[str]], there: Coach) -> None:
    said = there("replay", "last", "--target", "155-180", "--events", "-")
    before, after = json.loads(lived[1][0]), json.loads(said.out.splitlines()[0])
    assert after["config"]["target"].items() >= {"low_spm": 155, "high_spm": 180}.items()
    assert after["config"]["simulation"] == before["config"]["simulation"]
    assert '"type":"beat"' not in said.out
    steps = [text for text in lived[1] if '"type":"step"' in text]
    assert [text for text in said.out.splitlines(keepends=True) if '"type":"step"' in text] == steps


def test_the_wav_beside_a_live_run_plays_to_its_last_beat(lived: tuple[Said, list[str]], there: Coach) -> None:
    beats = [event["t_s"] for event in map(json.loads, lived[1]) if event["type"] == "beat"]
    with wave.open("heard.wav") as file:
        assert file.getnframes() / file.getframerate() >= max(beats)


def test_history_lists_runs_newest_first(lived: tuple[Said, list[str]], there: Coach) -> None:
    assert there(*DEMO, "--duration", 1).code == 0
    assert [run["id"] for run in runs(there)] == [2, 1]
    text = there("history", "--last", 1).out
    assert text.split()[0] == "2"
    assert "done" in text
    assert len(text.splitlines()) == 1
