"""`coach calibrate` at a pseudo-terminal, and what a run makes of what it remembers.

Headphones and the one who taps are simulated, and so is time: the event loop goes from one tap or click to the next
without waiting. Only the tests of how the terminal is left run a process of their own.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, TextIO

import pytest

from coach.cli import status
from coach.cli.wearing import latency_key
from coach.clock import ManualClock
from coach.config import AudioConfig
from coach.errors import AudioError
from coach.model import Beat, OutputReport
from coach.ports import Clock, Report
from coach.store import Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")

LIMIT_S = 30.0  # so that a test which waits in vain fails, and does not hang
AS_HEARD_S = 0.18 - 0.04 + 0.02  # clicks are heard 180 ms late; people are 40 ms ahead of them; a key takes 20 ms


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home / "data" / "cadence-coach" / "runs.sqlite") as store:
        yield store


# --- time, headphones and fingers ---------------------------------------------------------------------------------


class Fingers:
    """Keys that will be pressed, and the terminal on which they are."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.terminal, theirs = os.openpty()
        self.stdin: TextIO = os.fdopen(theirs, "r", encoding="utf-8")
        self._due: list[tuple[float, bytes]] = []

    def will_press(self, at_s: float, key: bytes) -> None:
        heappush(self._due, (at_s, key))

    def press_until(self, until_s: float) -> bool:
        """Go on to the next key, or to a time; tell whether a key was pressed."""
        if not self._due or self._due[0][0] > until_s:
            self.clock.set(max(until_s, self.clock.now()))
            return False
        at_s, key = heappop(self._due)
        self.clock.set(max(at_s, self.clock.now()))
        os.write(self.terminal, key)
        return True

    def close(self) -> None:
        self.stdin.close()
        os.close(self.terminal)


class VirtualSelector(selectors.DefaultSelector):
    """Waits for nothing but the keys that were pressed just now."""

    def __init__(self, fingers: Fingers) -> None:
        super().__init__()
        self._fingers = fingers

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout is None or timeout <= 0:
            return ready
        pressed = self._fingers.press_until(self._fingers.clock.now() + timeout)
        return super().select(LIMIT_S) if pressed else []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self, fingers: Fingers) -> None:
        super().__init__(VirtualSelector(fingers))
        self._clock = fingers.clock

    def time(self) -> float:
        return self._clock.now()


Tapping = Callable[[Beat], list[tuple[float, bytes]]]


class Headphones:
    """An output under which somebody taps, who types an answer once nothing sounds any more."""

    name = "device"
    streams = True

    def __init__(self, fingers: Fingers, tapping: Tapping, answer: bytes) -> None:
        self.config: AudioConfig | None = None
        self.beats: list[Beat] = []
        self.fails: str = ""
        self.lost_at: int | None = None
        self.closed = 0
        self._fingers = fingers
        self._tapping = tapping
        self._answer = answer
        self._report: Report = lambda report: None

    def open(self, report: Report) -> None:
        if self.fails:
            raise AudioError(self.fails)
        self._report = report
        report(OutputReport(at=self._fingers.clock.now(), output=self.name, state="open", latency_s=0.25))

    def play(self, cue: Beat) -> None:
        assert cue.t_s - self._fingers.clock.now() > 0.25, "too late to be heard in time"
        self.beats.append(cue)
        for late_s, key in self._tapping(cue):
            self._fingers.will_press(cue.t_s + late_s, key)
        if cue.index == self.lost_at:
            now = self._fingers.clock.now()
            self._report(OutputReport(at=now, output=self.name, state="lost", reason="the headphones are gone"))

    def close(self) -> None:
        self.closed += 1
        os.write(self._fingers.terminal, self._answer)


def steadily(beat: Beat) -> list[tuple[float, bytes]]:
    return [(AS_HEARD_S + (-0.01, 0.0, 0.01)[beat.index % 3], b" ")]


class Said:
    def __init__(self, code: int, out: str, err: str) -> None:
        assert "Traceback" not in err, err
        assert "internal error" not in err, err
        self.code = code
        self.out = out
        self.err = err

    @property
    def problems(self) -> list[str]:
        return [text for text in self.err.splitlines() if text.startswith("coach:")]


class Room:
    """A runner with headphones at a terminal."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.clock = ManualClock(100.0)
        self.fingers = Fingers(self.clock)
        self.headphones = Headphones(self.fingers, steadily, b"\n")
        self._patch = patch
        self._capsys = capsys

    def sits(self, tapping: Tapping, answer: bytes = b"\n") -> None:
        self.headphones = Headphones(self.fingers, tapping, answer)

    def calibrate(self, *arguments: str) -> Said:
        def choose(config: AudioConfig, *, clock: Clock, wav_path: Path) -> Headphones:
            self.headphones.config = config
            return self.headphones

        def run(main: Coroutine[Any, Any, None]) -> None:
            with asyncio.Runner(loop_factory=lambda: VirtualLoop(self.fingers)) as runner:
                runner.run(main)

        with self._patch.context() as patch:
            patch.setattr("audio.outputs.choose", choose)
            patch.setattr("coach.clock.HostClock", lambda: self.clock)
            patch.setattr(asyncio, "run", run)
            patch.setattr(sys, "stdin", self.fingers.stdin)
            code = status(["calibrate", *arguments])
        return Said(code, *self._capsys.readouterr())


@pytest.fixture
def room(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Room]:
    room = Room(monkeypatch, capsys)
    before = modes(room.fingers.stdin.fileno())
    yield room
    assert modes(room.fingers.stdin.fileno()) == before
    room.fingers.close()


def modes(terminal: int) -> list[Any]:
    import termios

    return termios.tcgetattr(terminal)


# --- a calibration ------------------------------------------------------------------------------------------------


def test_who_taps_as_clicks_are_heard_has_the_delay_remembered(room: Room, store: Store) -> None:
    said = room.calibrate()
    assert (said.code, said.err) == (0, "")
    assert "You hear clicks by device 180 ms late (20 taps that spread by 15 ms)" in said.out
    assert f"{'.' * 20} enough" in said.out
    assert store.recall(latency_key("device", "")) == "180"
    assert store.recall(latency_key("auto", "")) == "180"


def test_clicks_are_even_and_end_soon_after_the_last_tap(room: Room) -> None:
    room.calibrate()
    beats = room.headphones.beats
    assert [round(beat.t_s - beats[0].t_s, 6) for beat in beats] == [0.75 * index for index in range(len(beats))]
    assert 24 <= len(beats) <= 26
    assert room.headphones.closed == 1


def test_what_was_remembered_or_set_before_does_not_enter(room: Room, store: Store) -> None:
    store.remember(latency_key("auto", ""), "300")
    said = room.calibrate("--set", "audio.latency_ms=250")
    assert room.headphones.config is not None
    assert room.headphones.config.latency_ms == 0.0
    assert store.recall(latency_key("auto", "")) == "180"
    assert "But audio.latency_ms = 250 counts, from: flags" in said.out


def test_what_is_remembered_belongs_to_the_device(room: Room, store: Store) -> None:
    room.calibrate("--set", "audio.device=Buds")
    assert store.recall(latency_key("device", "Buds")) == "180"
    assert store.recall(latency_key("device", "")) is None


def test_no_keeps_nothing(room: Room, store: Store) -> None:
    room.sits(steadily, b"n\n")
    said = room.calibrate()
    assert said.code == 0
    assert "Remembered" not in said.out
    assert store.recall(latency_key("auto", "")) is None


def test_any_key_will_do_and_slips_are_left_out(room: Room) -> None:
    def tapping(beat: Beat) -> list[tuple[float, bytes]]:
        key = [b"\x1b[D", b"x", b"\r", "ä".encode(), b"\x1bOP"][beat.index % 5]
        slipped = beat.index in (9, 15)
        held = [(AS_HEARD_S + 0.05, b"x"), (AS_HEARD_S + 0.1, b"x")] if beat.index == 20 else []
        return [] if beat.index == 12 else [(AS_HEARD_S + 0.25 * slipped, key), *held]

    room.sits(tapping)
    assert "180 ms late (18 taps that spread by 0 ms, 2 more left out)" in room.calibrate().out


def test_taps_after_the_last_that_counts_do_not_answer_the_question(room: Room, store: Store) -> None:
    """The runner goes on for two clicks, on the key that means no."""
    room.sits(lambda beat: [(AS_HEARD_S, b"n"), (AS_HEARD_S + 0.75, b"n")] if beat.index > 22 else steadily(beat))
    assert room.calibrate().code == 0
    assert store.recall(latency_key("auto", "")) == "180"


# --- refusals -----------------------------------------------------------------------------------------------------


def refused(said: Said, code: int, words: str, store: Store) -> None:
    assert said.code == code
    assert len(said.problems) == 1
    assert words in said.problems[0]
    assert store.recall(latency_key("auto", "")) is None


def test_without_a_terminal_there_is_nothing_to_tap_on(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path(os.devnull).open() as empty:
        for nobody in (None, empty):
            monkeypatch.setattr(sys, "stdin", nobody)
            refused(Said(status(["calibrate"]), *capsys.readouterr()), 2, "there is no terminal", store)


@pytest.mark.parametrize("name", ["wav", "null"])
def test_without_sound_there_is_nothing_to_tap_to(room: Room, store: Store, name: str) -> None:
    room.headphones.name = name
    refused(room.calibrate(), 4, "nothing can be heard here", store)
    assert room.headphones.closed == 1


def test_a_sound_that_does_not_open_is_told(room: Room, store: Store) -> None:
    room.headphones.fails = "the headphones are in their box"
    refused(room.calibrate(), 4, "in their box", store)


def test_a_sound_that_is_lost_ends_it(room: Room, store: Store) -> None:
    room.headphones.lost_at = 11
    refused(room.calibrate(), 4, "the headphones are gone", store)
    assert len(room.headphones.beats) == 12
    assert room.headphones.closed == 1


def test_too_few_taps_are_refused_when_the_clicks_have_ended(room: Room, store: Store) -> None:
    room.sits(lambda beat: steadily(beat) if beat.index < 12 else [])
    refused(room.calibrate(), 2, "only 8 taps of 20", store)
    assert len(room.headphones.beats) == 34


def test_scattered_taps_are_refused(room: Room, store: Store) -> None:
    room.sits(lambda beat: [(AS_HEARD_S + 0.07 * (-1) ** (beat.index // 2), b" ")])
    said = room.calibrate()
    refused(said, 2, "too scattered: by 104 ms", store)
    assert "try again with the sound louder" in said.err


@pytest.mark.parametrize(
    ("late_s", "words"),
    [(-0.1, "100 ms ahead of the clicks"), (0.59, "590 ms behind the clicks; at most 600")],
    ids=["below 0", "above 600"],
)
def test_what_cannot_be_is_refused(room: Room, store: Store, late_s: float, words: str) -> None:
    room.sits(lambda beat: [(late_s, b" ")])
    refused(room.calibrate(), 2, words, store)


def test_q_leaves(room: Room, store: Store) -> None:
    room.sits(lambda beat: [(AS_HEARD_S, b"q")] if beat.index == 10 else steadily(beat))
    said = room.calibrate()
    assert (said.code, said.err) == (130, "interrupted\n")
    assert len(room.headphones.beats) <= 13
    assert room.headphones.closed == 1
    assert store.recall(latency_key("auto", "")) is None


# --- the terminal, in a process -----------------------------------------------------------------------------------

PROGRAM = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
import audio.outputs
from audio.outputs.null import NullOutput
from coach.cli import main

class Headphones(NullOutput):
    name = "device"

audio.outputs.choose = lambda config, *, clock, wav_path: Headphones(clock)
main(["calibrate"])
"""


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < give_up_s, f"{what} never came"
        time.sleep(0.01)


@pytest.mark.parametrize("way", ["Ctrl-C", "q", "SIGTERM", "Ctrl-Z"])
def test_the_terminal_is_left_as_it_was(store: Store, way: str) -> None:
    ours, theirs = os.openpty()
    before = modes(theirs)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    try:
        wait_for("cbreak mode", lambda: modes(theirs) != before)
        match way:
            case "Ctrl-C":
                os.write(ours, b"\x03")
            case "q":
                os.write(ours, b"q")
            case "SIGTERM":
                process.send_signal(signal.SIGTERM)
            case "Ctrl-Z":
                os.write(ours, b"\x1a")
        assert process.wait(LIMIT_S) == 130
        assert modes(theirs) == before
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


# --- in a run -----------------------------------------------------------------------------------------------------


@pytest.fixture
def latency_in_a_run(store: Store, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[float, str, str]]:
    """Run for a second; give `audio.latency_ms` in force, its origin, and what was said."""

    def run(*arguments: str) -> tuple[float, str, str]:
        whole = ("run", "--sensor", "simulated", "--headless", "--output", "null", "--duration", "1", *arguments)
        assert status(whole) == 0
        kept = store.run("last")
        said = capsys.readouterr().err
        return kept.config_tree["audio"]["latency_ms"], kept.origins["audio.latency_ms"], said

    return run


def test_a_run_takes_what_is_remembered_of_its_output_and_says_so(
    store: Store, latency_in_a_run: Callable[..., tuple[float, str, str]]
) -> None:
    store.remember(latency_key("null", ""), "180")
    store.remember(latency_key("device", ""), "90")
    latency_ms, origin, said = latency_in_a_run()
    assert (latency_ms, origin) == (180.0, "remembered")
    assert "Clicks go out 180 ms sooner, as `coach calibrate` found." in said


def test_of_another_device_nothing_is_taken(
    store: Store, latency_in_a_run: Callable[..., tuple[float, str, str]]
) -> None:
    store.remember(latency_key("null", ""), "180")
    latency_ms, origin, said = latency_in_a_run("--set", "audio.device=Buds")
    assert (latency_ms, origin) == (0.0, "shipped config.toml")
    assert "coach calibrate" not in said


@pytest.mark.parametrize("where", ["flag", "own file"])
def test_what_the_runner_has_set_wins(
    store: Store, latency_in_a_run: Callable[..., tuple[float, str, str]], where: str
) -> None:
    store.remember(latency_key("null", ""), "180")
    arguments = ["--set", "audio.latency_ms=50"] if where == "flag" else []
    if where == "own file":
        own = Path(os.environ["XDG_CONFIG_HOME"]) / "cadence-coach" / "config.toml"
        own.parent.mkdir(parents=True)
        own.write_text("[audio]\nlatency_ms = 50.0\n")
    latency_ms, origin, said = latency_in_a_run(*arguments)
    assert latency_ms == 50.0
    assert origin != "remembered"
    assert "coach calibrate" not in said
