"""Notes of pain from the command line: `coach note`, what `coach run --pain` asks, and what a run makes of them.

Some of these tests run a process at a pseudo-terminal in real time: they type when they see the question.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from coach.care import SEE_A_DOCTOR, STEP_BACK, Note
from coach.cli import caring, status
from coach.errors import StoreError
from coach.formats.events import line
from coach.model import PlanEvent
from coach.store import Store

LIMIT_S = 60.0
RUN = ("run", "--sensor", "simulated", "--output", "null")
LONG_AGO = datetime(2026, 3, 29, 5, 40, tzinfo=UTC)

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
linux = pytest.mark.skipif(sys.platform != "linux", reason="signals and terminals are those of Linux")


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home / "data" / "cadence-coach" / "runs.sqlite") as store:
        yield store


class Said:
    def __init__(self, code: int, out: str, err: str) -> None:
        assert "Traceback" not in err, err
        assert "internal error" not in err, err
        self.code = code
        self.out = out
        self.err = err


Coach = Callable[..., Said]


@pytest.fixture
def coach(store: Store, capsys: pytest.CaptureFixture[str]) -> Coach:
    """Run a command in this process."""

    def run(*arguments: object) -> Said:
        return Said(status([str(argument) for argument in arguments]), *capsys.readouterr())

    return run


def local(at: datetime, days: int = 0) -> str:
    return f"{(at + timedelta(days=days)).astimezone():%Y-%m-%d %H:%M}"


def kept_run(store: Store, started_at: datetime | None = None, plan: PlanEvent | None = None) -> int:
    """Keep a run in which nothing was received."""
    writer = store.begin(
        config={}, origins={}, source={"kind": "ble"}, on_problem=lambda text: None, started_at=started_at
    )
    if plan is not None:
        writer.take(None, [plan])
    writer.close("done")
    run = store.id_of(writer)
    assert run is not None
    return run


def what(note: Note) -> dict[str, Any]:
    """Give what was said in a note, without its time."""
    fields = ("run", "when", "back_pain", "new_pain", "red_flag", "cleared", "text")
    return {name: value for name in fields if (value := getattr(note, name)) or (name == "back_pain" and value == 0)}


def noted(store: Store) -> list[dict[str, Any]]:
    """Give what was said in each note, the newest last."""
    return [what(note) for note in reversed(store.notes())]


# --- coach note ---------------------------------------------------------------------------------------------------


def test_a_note_goes_with_the_last_run_if_it_began_today(coach: Coach, store: Store) -> None:
    kept_run(store)
    said = coach("note", "--pain", 2, "--new", "calf", "--new", "HIP", "--new", "calf", "legs", "  heavy\x1b[2J")
    assert (said.code, said.out) == (0, "")
    assert noted(store) == [
        {"run": 1, "when": "after", "back_pain": 2, "new_pain": ("calf", "hip"), "text": "legs heavy [2J"}
    ]
    first, second = said.err.splitlines()
    assert first.startswith("Kept with run 1 of ")
    assert first.endswith('after it: back pain 2; new pain: calf, hip; "legs heavy [2J".')
    assert second == STEP_BACK


def test_a_note_is_of_its_own_when_no_run_began_today(coach: Coach, store: Store) -> None:
    kept_run(store, datetime.now(UTC) - timedelta(days=1))
    assert "as a note of its own: back pain 2." in coach("note", "--pain", 2).err
    assert noted(store) == [{"back_pain": 2}]


@pytest.mark.parametrize("which", ["1", "last"])
def test_a_note_goes_with_the_run_that_is_named(coach: Coach, store: Store, which: str) -> None:
    kept_run(store, LONG_AGO)
    said = coach("note", which, "--before", "--pain", 0, "slept badly")
    assert said.err == f'Kept with run 1 of {local(LONG_AGO)}, before it: back pain 0; "slept badly".\n'
    assert noted(store) == [{"run": 1, "when": "before", "back_pain": 0, "text": "slept badly"}]


def test_a_note_from_before_waits_for_the_next_run_of_the_day(coach: Coach, store: Store) -> None:
    kept_run(store)
    assert coach("note", "--before", "--pain", 3).err == "Kept for the next run that you begin today: back pain 3.\n"
    assert noted(store) == [{"when": "before", "back_pain": 3}]
    assert coach(*RUN, "--headless", "--duration", 1).code == 0
    assert noted(store) == [{"run": 2, "when": "before", "back_pain": 3}]


def test_a_demo_takes_no_note(coach: Coach, store: Store) -> None:
    assert coach("note", "--before", "--pain", 3).code == 0
    assert coach("demo", "--headless", "--output", "null", "--duration", 1).code == 0
    assert noted(store) == [{"when": "before", "back_pain": 3}]


def test_a_run_that_never_began_leaves_its_note_to_the_next_one(coach: Coach, store: Store) -> None:
    assert coach("note", "--before", "--pain", 3).code == 0
    assert coach(*RUN, "--headless", "--events", "no/such/folder/file").code == 5
    assert noted(store) == [{"when": "before", "back_pain": 3}]


def test_a_store_that_cannot_give_a_run_its_notes_does_not_spoil_it(
    coach: Coach, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(store: Store, run: int, since: datetime, runner: str) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Store, "give_notes", full)
    said = coach(*RUN, "--headless", "--duration", 1)
    assert said.code == 0
    assert said.err.count("the notes from before this run are not kept with it: the disk is full") == 1
    assert [run.status for run in store.runs()] == ["done"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pain", "11"], "11 is not in the range"),
        (["--pain", "much"], "'much' is not a valid integer"),
        (["--new", "knee"], "'knee' is not one of 'calf', 'achilles', 'hip'"),
        (["--red-flag", "back"], "'back' is not one of 'leg', 'numbness', 'standing'"),
        (["--before", "--after", "--pain", "1"], "--before and --after are two notes"),
        (["--red-flag", "leg", "--cleared"], "--cleared and --red-flag exclude each other"),
        (["--before"], "--before says nothing by itself"),
        (["last", "--after"], "--after says nothing by itself"),
        (["5", "km", "easy"], 'put the text in quotes: coach note "5 km easy"'),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else None,
)
def test_a_note_that_makes_no_sense_is_2_and_is_not_kept(
    coach: Coach, store: Store, arguments: list[str], words: str
) -> None:
    said = coach("note", *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.count(words) == 1
    assert store.notes() == []


def test_a_note_for_a_run_that_is_not_there_is_5(coach: Coach, store: Store) -> None:
    kept_run(store)
    for arguments in (["9", "--pain", "1"], ["9"]):
        said = coach("note", *arguments)
        assert (said.code, said.out) == (5, "")
        assert "there is no run 9" in said.err
    assert store.notes() == []


def test_without_anything_to_note_the_last_ten_are_shown(coach: Coach, store: Store) -> None:
    run = kept_run(store)
    for number in range(11):
        store.note(Note(at=LONG_AGO + timedelta(days=number), back_pain=number % 10))
    store.note(Note(at=LONG_AGO + timedelta(days=11), run=run, when="after", new_pain=("achilles",), text="hm"))
    lines = coach("note").out.splitlines()
    assert len(lines) == 10
    assert lines[0] == f'{local(LONG_AGO, 11)}  run 1     after   new pain: Achilles; "hm"'
    assert lines[1] == f"{local(LONG_AGO, 10)}                    back pain 0"
    assert lines[9] == f"{local(LONG_AGO, 2)}                    back pain 2"
    assert coach("note", run).out.splitlines() == lines[:1]


def test_where_there_is_no_note_it_says_how_to_make_one(coach: Coach, store: Store) -> None:
    run = kept_run(store)
    for arguments in ([], [run]):
        said = coach("note", *arguments)
        assert (said.code, said.out) == (0, "")
        assert "coach note --pain" in said.err


# --- a red flag ---------------------------------------------------------------------------------------------------


def test_a_red_flag_is_told_once_and_a_doctor_clears_it(coach: Coach, store: Store) -> None:
    said = coach("note", "--red-flag", "numbness")
    assert said.err.splitlines() == ["Kept as a note of its own: red flag: numbness.", SEE_A_DOCTOR]
    assert "The coach coaches again." in coach("note", "--cleared").err
    assert "No red flag was up" in coach("note", "--cleared").err
    assert noted(store) == [{"red_flag": "numbness"}, {"cleared": True}, {"cleared": True}]


LINES = ("--headless", "--duration", "3", "--set", "simulation.stand_s=0", "--events", "-")
COACHED = ("--plan", "easy-start", "--set", "target.own_spm=160", "--set", "coaching.mode=steady")


def test_a_run_is_kept_and_not_coached_while_a_red_flag_stands(
    coach: Coach, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COACH_COACHING_MODE", "match")
    store.note(Note(at=LONG_AGO, red_flag="standing"))
    said = coach(*RUN, *LINES, *COACHED)
    assert said.code == 0
    (told,) = [text for text in said.err.splitlines() if text.startswith("Coaching is off")]
    assert f"on {local(LONG_AGO)[:10]} you noted pain that stops you standing straight" in told
    assert "See a doctor" in told
    assert "coach note --cleared" in told
    events = [json.loads(text) for text in said.out.splitlines()]
    assert {"step", "cadence"} <= {event["type"] for event in events}
    assert not {"decision", "beat", "prompt", "plan"} & {event["type"] for event in events}
    kept = store.run("last")
    assert kept.config_tree["coaching"]["mode"] == "off"
    assert {key for key, origin in kept.origins.items() if origin == "red flag"} == {"coaching.mode", "coaching.plan"}
    assert coach("replay", "last", "--events", "-").out.splitlines()[1:] == said.out.splitlines()[1:]


def test_a_run_that_is_not_kept_is_not_coached_either(coach: Coach, store: Store) -> None:
    store.note(Note(at=LONG_AGO, red_flag="leg"))
    assert "Coaching is off" in coach(*RUN, "--headless", "--duration", 1, "--no-keep").err
    assert store.runs() == []


def test_the_notes_of_one_runner_are_not_those_of_another(coach: Coach, store: Store) -> None:
    ben = ("--set", "runner.name=ben")
    assert coach("note", "--red-flag", "leg", *ben).code == 0
    assert "Coaching is off" in coach(*RUN, "--headless", "--duration", 1, *ben).err
    assert "Coaching is off" not in coach(*RUN, "--headless", "--duration", 1).err
    assert "pain shooting" in coach("note", *ben).out
    assert "pain shooting" not in coach("note").out
    assert coach("note", "--pain", 2, *ben).err.startswith("Kept with run 1 ")
    assert [note.runner for note in store.notes()] == ["ben", "ben"]


def test_notes_that_cannot_be_read_are_told_of_and_stop_no_run(
    coach: Coach, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(store: Store, runner: str) -> list[Note]:
        raise StoreError("is damaged")

    monkeypatch.setattr(Store, "notes", damaged)
    said = coach(*RUN, "--headless", "--duration", 1)
    assert said.code == 0
    assert said.err.count("your notes cannot be read: is damaged") == 1


def test_a_run_is_coached_again_once_it_is_cleared(coach: Coach, store: Store) -> None:
    store.note(Note(at=LONG_AGO, red_flag="leg"))
    assert coach("note", "--cleared").code == 0
    said = coach(*RUN, *LINES, *COACHED)
    assert "Coaching is off" not in said.err
    assert json.loads(said.out.splitlines()[0])["config"]["coaching"]["mode"] == "steady"
    assert '"type":"plan"' in said.out


def test_a_demo_is_coached_whatever_stands(coach: Coach, store: Store) -> None:
    store.note(Note(at=LONG_AGO, red_flag="leg"))
    said = coach("demo", "--output", "null", *LINES)
    assert json.loads(said.out.splitlines()[0])["config"]["coaching"]["mode"] == "nudge"
    assert "Coaching is off" not in said.err


# --- history ------------------------------------------------------------------------------------------------------


def ran(session: int | None, done_pct: float) -> PlanEvent:
    return PlanEvent(
        t_s=600.0,
        available_s=600.0,
        plan="faded",
        session=session,
        state="done",
        step=2,
        of=2,
        name="on",
        left=0.0,
        unit="s",
        until_s=None,
        mode="steady",
        free=False,
        target_low_spm=170.0,
        target_high_spm=178.0,
        done_pct=done_pct,
    )


def test_history_shows_the_plan_and_the_notes_of_a_run_at_80_columns(coach: Coach, store: Store) -> None:
    kept_run(store, LONG_AGO)
    run = kept_run(store, LONG_AGO, ran(3, 99.6))
    store.note(Note(at=LONG_AGO, run=run, when="before", back_pain=3))
    store.note(Note(at=LONG_AGO, run=run, when="after", back_pain=1, new_pain=("hip",), text="word " * 20))
    store.note(Note(at=LONG_AGO, back_pain=9))
    first, plan, notes, *more, last = coach("history").out.splitlines()
    assert first == f"    2  {local(LONG_AGO)}     10:00      - spm  ble, done"
    assert plan == "       plan faded, session 3, 100 % done"
    assert notes.startswith('       back pain 3 -> 1; new pain: hip; "word word')
    assert all(text.startswith("       word") and len(text) <= 80 for text in more)
    assert len(notes) <= 80
    assert last == f"    1  {local(LONG_AGO)}      0:00      - spm  ble, done"


def test_history_gives_plan_and_notes_to_programs(coach: Coach, store: Store) -> None:
    run = kept_run(store, LONG_AGO, ran(None, 40.0))
    store.note(Note(at=LONG_AGO, run=run, when="before", back_pain=3))
    store.note(Note(at=LONG_AGO, run=run, when="after", red_flag="leg", text="ü"))
    (row,) = json.loads(coach("history", "--json").out)
    assert row["plan"] == json.loads(line(ran(None, 40.0)))
    nothing = {"back_pain": None, "new_pain": [], "red_flag": None, "cleared": False, "text": ""}
    at = {"at": "2026-03-29T05:40:00+00:00"}
    assert row["notes"] == [
        {**nothing, **at, "when": "before", "back_pain": 3},
        {**nothing, **at, "when": "after", "red_flag": "leg", "text": "ü"},
    ]


# --- coach run --pain, with somebody who answers ------------------------------------------------------------------


class Typist:
    """Answers the questions of this process, at a pseudo-terminal, in the order in which they come."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self._terminal, theirs = os.openpty()
        self._stdin = os.fdopen(theirs, "r", encoding="utf-8")
        self._answers: list[bytes] = []
        echo = click.echo

        def see(text: str = "", **more: Any) -> None:
            echo(text, **more)
            if more.get("nl") is False:
                self.asked.append(text)
                os.write(self._terminal, self._answers.pop(0) + b"\n")

        patch.setattr(click, "echo", see)
        patch.setattr(sys, "stdin", self._stdin)

    def will_type(self, *answers: bytes) -> None:
        self._answers += answers

    def types_too_early(self, keys: bytes) -> None:
        os.write(self._terminal, keys)
        select.select([self._stdin], [], [], LIMIT_S)

    def close(self) -> None:
        assert self._answers == []
        self._stdin.close()
        os.close(self._terminal)


@pytest.fixture
def typist(monkeypatch: pytest.MonkeyPatch) -> Iterator[Typist]:
    made = Typist(monkeypatch)
    yield made
    made.close()


@posix
def test_enter_skips_every_question_and_nothing_is_kept(typist: Typist, store: Store) -> None:
    told: list[str] = []
    typist.will_type(b"", b"", b"", b"")
    assert caring.ask_before(store, told.append)
    caring.ask_after(store, kept_run(store), told.append)
    assert (told, store.notes()) == ([], [])


@posix
def test_an_answer_that_cannot_be_read_is_asked_for_again(
    typist: Typist, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    run = kept_run(store)
    typist.will_type(b"11", b"-1", b"a lot", b"\xff", "²".encode(), b" 10 ", b"perhaps", b"N")
    assert caring.ask_before(store, print)
    typist.will_type(b"0", b"knee", b"calf knee", b"ac,H  achilles")
    caring.ask_after(store, run, print)
    assert noted(store) == [
        {"when": "before", "back_pain": 10},
        {"run": run, "when": "after", "back_pain": 0, "new_pain": ("achilles", "hip")},
    ]
    err = capsys.readouterr().err
    assert err.count("from 0 (none) to 10") == 4
    assert err.count("could not be read") == 1
    assert err.count("y or n, please") == 1
    assert err.count("calf, achilles, hip, or how they begin") == 2


@posix
def test_a_red_flag_before_a_run_is_told_at_once_and_stops_it(typist: Typist, store: Store) -> None:
    told: list[str] = []
    typist.will_type(b"7", b"Y", b"x", b"leg standing", b"numb")
    assert not caring.ask_before(store, told.append)
    assert told == [SEE_A_DOCTOR]
    assert noted(store) == [{"when": "before", "back_pain": 7, "red_flag": "numbness"}]


@posix
@pytest.mark.parametrize("answer", [b"", b"\x04"], ids=["Enter", "Ctrl-D"])
def test_a_red_flag_stands_though_nobody_says_which_it_is(typist: Typist, store: Store, answer: bytes) -> None:
    typist.will_type(b"", b"y", answer)
    with suppress(click.Abort):
        assert not caring.ask_before(store, print)
    assert noted(store) == [{"when": "before", "red_flag": "unsaid"}]


@posix
def test_keys_that_were_pressed_before_the_question_are_no_answer(typist: Typist, store: Store) -> None:
    run = kept_run(store)
    typist.types_too_early(b"qqq\n9\n")
    typist.will_type(b"1", b"")
    caring.ask_after(store, run, print)
    assert noted(store) == [{"run": run, "when": "after", "back_pain": 1}]


@posix
def test_a_terminal_that_is_closed_loses_no_answer(typist: Typist, store: Store) -> None:
    run = kept_run(store)
    typist.will_type(b"2", b"\x04")
    with pytest.raises(click.Abort):
        caring.ask_after(store, run, print)
    assert noted(store) == [{"run": run, "when": "after", "back_pain": 2}]


@posix
def test_a_note_that_cannot_be_kept_stops_no_run_and_no_advice(
    typist: Typist, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(note: Note) -> None:
        raise StoreError("the disk is full")

    told: list[str] = []
    monkeypatch.setattr(store, "note", full)
    typist.will_type(b"1", b"n")
    assert caring.ask_before(store, told.append)
    typist.will_type(b"", b"hip")
    caring.ask_after(store, 1, told.append)
    assert told == [*["the note is not kept: the disk is full"] * 2, STEP_BACK]


@posix
def test_pain_is_not_asked_for_a_run_that_is_not_kept(typist: Typist, coach: Coach) -> None:
    said = coach(*RUN, "--pain", "--no-keep")
    assert said.code == 2
    assert "this run is not kept" in said.err
    assert typist.asked == []


def test_pain_is_not_asked_without_a_terminal(coach: Coach, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        said = coach(*RUN, "--pain")
    assert (said.code, said.out) == (2, "")
    assert "coach note --before --pain" in said.err
    assert store.runs() == []


# --- coach run --pain, a process at a terminal --------------------------------------------------------------------


class Terminal:
    """A pty with a process on it, and somebody who reads and types."""

    def __init__(self, arguments: Sequence[object]) -> None:
        self.shown = ""
        self._master, theirs = os.openpty()
        take_it = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
        command = [sys.executable, "-c", f"{take_it}\nfrom coach.cli import main; main()", *map(str, arguments)]
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # the process has gone
            while data := os.read(self._master, 4096):
                self.shown += data.decode(errors="replace")

    def answer(self, question: str, keys: bytes) -> None:
        """Type, once the question is there that was not answered yet."""
        give_up_s = time.monotonic() + LIMIT_S
        while question not in self.shown:
            assert time.monotonic() < give_up_s, f"{question} never came: {self.shown}"
            time.sleep(0.02)
        self.shown = self.shown.partition(question)[2]
        os.write(self._master, keys)

    def end(self) -> int:
        code = self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        assert "Traceback" not in self.shown
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)


@contextmanager
def at_terminal(*arguments: object) -> Iterator[Terminal]:
    terminal = Terminal(arguments)
    try:
        yield terminal
    finally:
        terminal.close()


@linux
def test_a_run_asks_before_and_after_and_keeps_the_answers_with_it(store: Store) -> None:
    with at_terminal(*RUN, "--pain", "--duration", 1) as terminal:
        terminal.answer("Back pain now", b"4\n")
        terminal.answer("Pain shooting down a leg, numbness, or pain that stops you standing straight?", b"n\n")
        terminal.answer("Kept as run 1", b"")
        terminal.answer("Back pain now", b"1\n")
        terminal.answer("New pain? calf, Achilles, hip", b"achilles\n")
        assert terminal.end() == 0
        assert "Kept with run 1: back pain 1; new pain: Achilles." in terminal.shown
        assert STEP_BACK in terminal.shown
    assert [run.status for run in store.runs()] == ["done"]
    assert noted(store) == [
        {"run": 1, "when": "before", "back_pain": 4},
        {"run": 1, "when": "after", "back_pain": 1, "new_pain": ("achilles",)},
    ]


@linux
def test_no_run_is_begun_with_a_red_flag(store: Store) -> None:
    with at_terminal(*RUN, "--pain", "--duration", 1) as terminal:
        terminal.answer("Back pain now", b"\n")
        terminal.answer("standing straight?", b"y\n")
        terminal.answer(SEE_A_DOCTOR, b"")
        terminal.answer("Which one", b"leg\n")
        assert terminal.end() == 0
    assert store.runs() == []
    assert noted(store) == [{"when": "before", "red_flag": "leg"}]


@linux
def test_ctrl_c_at_a_question_before_is_130_and_keeps_what_was_answered(store: Store) -> None:
    with at_terminal(*RUN, "--pain", "--duration", 1) as terminal:
        terminal.answer("Back pain now", b"6\n")
        terminal.answer("standing straight?", b"\x03")
        assert terminal.end() == 130
    assert store.runs() == []
    assert noted(store) == [{"when": "before", "back_pain": 6}]


@linux
def test_ctrl_c_at_a_question_after_the_run_is_130_and_loses_nothing(store: Store) -> None:
    with at_terminal(*RUN, "--pain", "--duration", 1) as terminal:
        terminal.answer("Back pain now", b"\n")
        terminal.answer("standing straight?", b"\n")
        terminal.answer("Kept as run 1", b"")
        terminal.answer("Back pain now", b"2\n")
        terminal.answer("New pain?", b"\x03")
        assert terminal.end() == 130
    assert [run.status for run in store.runs()] == ["done"]
    assert noted(store) == [{"run": 1, "when": "after", "back_pain": 2}]


@linux
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=lambda ending: ending.name)
def test_a_run_that_ctrl_c_ends_asks_and_one_that_is_terminated_does_not(store: Store, ending: signal.Signals) -> None:
    with at_terminal(*RUN, "--pain", "--headless") as terminal:
        terminal.answer("Back pain now", b"\n")
        terminal.answer("standing straight?", b"\n")
        terminal.answer("connected", b"")
        terminal.process.send_signal(ending)
        if ending == signal.SIGINT:
            terminal.answer("Back pain now", b"2\n")
            terminal.answer("New pain?", b"\n")
        assert terminal.end() == 130
    assert [run.status for run in store.runs()] == ["done"]
    assert noted(store) == ([{"run": 1, "when": "after", "back_pain": 2}] if ending == signal.SIGINT else [])
