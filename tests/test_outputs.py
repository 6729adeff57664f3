"""The outputs: one contract for all of them, and what each does when something is missing or breaks.

Sound cards and players are faked at the lowest boundary: a `sounddevice` module whose device is a loop, a `simpleaudio`
module that keeps what it is given, and players that are scripts on a PATH of their own. `test_pulse` plays for real.
"""

from __future__ import annotations

import ctypes.util
import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audio.click import click
from audio.outputs import choose, device, live, pipe, simpleaudio_player
from audio.outputs.device import DeviceOutput
from audio.outputs.lasting import LastingOutput
from audio.outputs.miniaudio import MiniaudioOutput
from audio.outputs.pipe import PipeOutput, aplay, pacat, pw_cat
from audio.outputs.simpleaudio import SimpleAudioOutput, cut
from audio.outputs.simpleaudio_player import HEADER
from audio.outputs.wav import WavOutput
from coach.clock import HostClock, ManualClock
from coach.config import AudioConfig, load
from coach.errors import AudioError
from coach.model import Beat, Foot, HostTime, OutputReport, Prompt
from coach.ports import Clock, Output

RATE_HZ = 48000
BLOCK = 960


def config(**changes: object) -> AudioConfig:
    return load(environ={"XDG_CONFIG_HOME": "nowhere"}).config.audio.model_copy(update=changes)


def beat(
    t_s: float, index: int = 0, foot: Foot = "left", gain: float = 1.0, *, available_s: float | None = None
) -> Beat:
    known_s = t_s - 0.5 if available_s is None else available_s
    return Beat(t_s=t_s, available_s=known_s, index=index, foot=foot, gain=gain)


def prompt(t_s: float, available_s: float) -> Prompt:
    return Prompt(t_s=t_s, available_s=available_s, say="below", spm=164)


class Words:
    """Says of every prompt 20 ms, with one loud sample in the middle."""

    def sound(self, prompt: Prompt, rate_hz: int) -> np.ndarray:
        spoken = np.zeros(rate_hz // 50, dtype=np.float32)
        spoken[rate_hz // 100] = 0.7
        return spoken


def onsets(mono: np.ndarray, foot: Foot = "left") -> list[int]:
    """Find where clicks begin, by matched filter."""
    template = click(foot, RATE_HZ)
    likeness = np.correlate(mono, template, mode="valid") / np.dot(template, template)
    found = []
    while len(likeness) and likeness[at := int(np.argmax(likeness))] > 0.4:
        found.append(at)
        likeness[max(0, at - 2400) : at + 2400] = 0
    return sorted(found)


def samples_of(path: Path) -> np.ndarray:
    """Read a WAV file; shape (n, 2), full scale 1."""
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, dtype="<i2").reshape(-1, 2) / 32767


class FakeDevice(ModuleType):
    """A `sounddevice` whose device fills its buffer at once, starts a second later, then takes a block every 20 ms."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__("sounddevice")
        self.clock = clock
        self.blocks: list[np.ndarray] = []
        self.first_heard_s = 0.0
        self.refusal: Exception | None = None
        self.refusal_to_start: Exception | None = None
        self.tells_time = True
        self.devices = [
            {"name": "ears", "max_output_channels": 2, "hostapi": 0, "default_samplerate": 44100.0},
            {"name": "mic", "max_output_channels": 0, "hostapi": 0, "default_samplerate": 44100.0},
        ]
        self.apis = [{"name": "ALSA", "devices": [0, 1]}]
        self.default = SimpleNamespace(device=(1, 0))
        self.rates = {48000}
        self.begun, self.times_begun = 1, 0
        self.asked: dict[str, object] = {}
        self.active = True
        self.closed = False

    class PortAudioError(Exception):
        pass

    def _terminate(self) -> None:
        self.begun -= 1

    def _initialize(self) -> None:
        self.begun += 1
        self.times_begun += 1

    def RawOutputStream(self, **asked: object) -> FakeDevice:  # noqa: N802 - the library's name
        self.asked = asked
        if self.refusal:
            raise self.refusal
        if asked["samplerate"] not in self.rates:
            raise self.PortAudioError("Invalid sample rate", -9997)
        self.active, self.closed = True, False
        return self

    def query_hostapis(self) -> list[dict[str, object]]:
        return self.apis

    def query_devices(self, device: int | None = None, kind: str | None = None) -> Any:
        if kind is None:
            return self.devices
        if not self.devices:
            raise self.PortAudioError("Error querying device -1")
        return self.devices[device or 0]

    def start(self) -> None:
        if self.refusal_to_start:
            raise self.refusal_to_start
        for k in range(12):
            self.take(ahead_s=0.02 * k)
        self.clock.set(self.clock.now() + 1.0)
        self.first_heard_s = self.clock.now() + 0.2 - 0.02 * 12
        self.run(0.4 + 0.8 + 0.1)

    def run(self, length_s: float) -> None:
        """Let so much time pass, and take the blocks for it unless the device is gone."""
        for _ in range(round(length_s / 0.02)):
            if self.active:
                self.take(ahead_s=0.2)
            self.clock.set(self.clock.now() + 0.02)

    def take(self, ahead_s: float) -> None:
        buffer = bytearray(b"\x3f" * BLOCK * 8)  # what lay there before is noise
        when = SimpleNamespace(currentTime=1e9, outputBufferDacTime=1e9 + ahead_s if self.tells_time else 0.0)
        self.asked["callback"](buffer, BLOCK, when, None)  # type: ignore[operator]
        self.blocks.append(np.frombuffer(buffer, dtype=np.float32).reshape(-1, 2))

    def close(self) -> None:
        self.closed, self.active = True, False
        self.asked["finished_callback"]()  # type: ignore[operator]

    def vanish(self) -> None:
        """Be pulled out: PortAudio's thread ends."""
        self.active = False
        self.asked["finished_callback"]()  # type: ignore[operator]

    def heard(self) -> np.ndarray:
        return np.concatenate(self.blocks)[:, 0]


@pytest.fixture
def fake_device(monkeypatch: pytest.MonkeyPatch) -> FakeDevice:
    fake = FakeDevice(ManualClock())
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr("audio.outputs.device.open_streams", [])
    return fake


@pytest.fixture
def no_portaudio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install a `sounddevice` that says what the real one says where PortAudio is missing."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path / "modules")


Install = Callable[[str, str], Path]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Install:
    """Install programs, which write to `heard`, on a PATH where there is nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(name: str, body: str) -> Path:
        heard = tmp_path / "heard"
        script = f"#!{sys.executable} -ISB\nimport sys, time\nheard = open({str(heard)!r}, 'wb')\n{body}"
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
        return heard

    return write


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Install a `simpleaudio` that does as it is told with its `n`th sound, and then writes it to the file given."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def write(body: str) -> Path:
        heard = tmp_path / "sounds"
        (folder / "simpleaudio.py").write_text(
            "import os, signal, struct, time\n"
            "n = 0\n"
            "class Sound:\n"
            "    def wait_done(self): pass\n"
            "def play_buffer(samples, *form):\n"
            "    global n\n"
            "    n += 1\n"
            f"    {body or 'pass'}\n"
            "    header = struct.pack('<dI3H', time.monotonic(), len(samples), form[0], form[1], form[2] // 100)\n"
            f"    with open({str(heard)!r}, 'ab') as file:\n"
            "        file.write(header + samples)\n"
            "    return Sound()\n"
        )
        return heard

    return write


@pytest.fixture
def no_player(install: Install) -> None:
    """Leave PATH without any player."""


PACE = 4
PLAYS = f"""
start = time.monotonic()
taken = 0
while block := sys.stdin.buffer.read(3840):
    heard.write(block)
    taken += len(block)
    time.sleep(max(0, (taken / 8 / 48000 - 0.2) / {PACE} - (time.monotonic() - start)))
"""
DIES = PLAYS + "    if taken > 8 * 72000: sys.exit('pacat: Connection terminated')\n"
REFUSES = "sys.exit('Connection refused')\n"
SWALLOWS = "while sys.stdin.buffer.read(3840): pass\n"


class FastClock(HostClock):
    """Host time at the pace of the players above, which play four times as fast as real ones."""

    def now(self) -> HostTime:
        return HostTime(PACE * super().now())


class LeapingClock(HostClock):
    """Host time that is suddenly later, as when the machine was too busy to let anybody look."""

    leapt_s = 0.0

    def now(self) -> HostTime:
        return HostTime(super().now() + self.leapt_s)


class Kit:
    """An output that works here, and what is around it.

    Parameters
    ----------
    clock : that it goes by.
    let_pass : lets that clock run on.
    heard : gives what was played, shape (n, 2), once it is closed.
    """

    def __init__(
        self,
        output: Output,
        clock: Clock,
        let_pass: Callable[[float], None] = lambda length_s: None,
        heard: Callable[[], np.ndarray] = lambda: np.zeros((0, 2)),
    ) -> None:
        self.output = output
        self.clock = clock
        self.let_pass = let_pass
        self.heard = heard
        self.reports: list[OutputReport] = []

    def open(self) -> Kit:
        self.output.open(self.reports.append)
        return self


def chosen(name: str, clock: Clock, wav_path: Path = Path("unused.wav")) -> Output:
    """Choose an output, and have it play words too, softly and half way to the left."""
    return choose(config(output=name, volume=0.5, pan=-0.5), clock=clock, wav_path=wav_path, words=Words())


def _null(request: pytest.FixtureRequest) -> Kit:
    clock = ManualClock()
    return Kit(chosen("null", clock), clock)


def _wav(request: pytest.FixtureRequest) -> Kit:
    clock, path = ManualClock(), request.getfixturevalue("tmp_path") / "run.wav"
    return Kit(chosen("wav", clock, path), clock, heard=lambda: samples_of(path))


def _device(request: pytest.FixtureRequest) -> Kit:
    fake = request.getfixturevalue("fake_device")
    return Kit(chosen("device", fake.clock), fake.clock, fake.run, lambda: np.concatenate(fake.blocks))


def _pipe(request: pytest.FixtureRequest) -> Kit:
    heard = request.getfixturevalue("install")("pacat", PLAYS)
    clock = FastClock()
    return Kit(
        chosen("pipe", clock), clock, heard=lambda: np.frombuffer(heard.read_bytes(), dtype="<f4").reshape(-1, 2)
    )


def _miniaudio(request: pytest.FixtureRequest) -> Kit:
    fake = FakeMiniaudio(ManualClock())
    request.getfixturevalue("monkeypatch").setitem(sys.modules, "miniaudio", fake)
    return Kit(chosen("miniaudio", fake.clock), fake.clock, fake.run, lambda: np.concatenate(fake.periods))


def _simpleaudio(request: pytest.FixtureRequest) -> Kit:
    heard = request.getfixturevalue("package")("")
    request.getfixturevalue("monkeypatch").setattr("audio.outputs.simpleaudio.TOO_LATE_S", 10.0)  # on a busy machine
    clock = HostClock()
    return Kit(
        chosen("simpleaudio", clock), clock, heard=lambda: np.concatenate([sound for _, sound in sounds_in(heard)])
    )


def _auto(request: pytest.FixtureRequest) -> Kit:
    request.getfixturevalue("no_portaudio")
    request.getfixturevalue("no_player")
    clock = HostClock()
    return Kit(chosen("auto", clock, request.getfixturevalue("tmp_path") / "run.wav"), clock)


KITS = {
    "null": _null,
    "wav": _wav,
    "device": _device,
    "pipe": _pipe,
    "miniaudio": _miniaudio,
    "simpleaudio": _simpleaudio,
    "auto": _auto,
}
HEARD = [name for name in KITS if name not in ("null", "auto")]


@pytest.fixture(params=list(KITS))
def kit(request: pytest.FixtureRequest) -> Iterator[Kit]:
    kit = KITS[request.param](request)
    yield kit
    kit.let_pass(1.0)
    kit.output.close()


class TestContract:
    """What the core may rely on, whichever output plays."""

    def test_says_from_within_open_that_it_is_open(self, kit: Kit) -> None:
        kit.open()
        assert [report.state for report in kit.reports] == ["open"]

    def test_reports_carry_its_name_and_the_time(self, kit: Kit) -> None:
        before = kit.clock.now()
        (report,) = kit.open().reports
        assert report.output == kit.output.name
        assert before <= report.at <= kit.clock.now()

    def test_its_latency_is_one_that_beats_can_be_committed_ahead_of(self, kit: Kit) -> None:
        (report,) = kit.open().reports
        assert 0 <= report.latency_s < (2 if report.spread_s else 1)

    def test_takes_beats_of_every_foot_without_a_word(self, kit: Kit) -> None:
        kit.open()
        start_s = kit.clock.now() + kit.reports[0].latency_s + 0.1
        feet: list[Foot] = ["left", "right", "sensor", "other", "unknown"]
        for index, foot in enumerate(feet):
            kit.output.play(beat(start_s + 0.03 * index, index, foot, gain=0.5))
        assert len(kit.reports) == 1

    def test_says_once_that_it_is_closed(self, kit: Kit) -> None:
        kit.open()
        kit.output.close()
        kit.output.close()
        assert [report.state for report in kit.reports] == ["open", "closed"]

    @pytest.mark.parametrize("kit", HEARD, indirect=True)
    def test_beats_and_words_are_heard_and_lie_to_the_side_where_they_are_wanted(self, kit: Kit) -> None:
        kit.open()
        start_s = kit.clock.now() + kit.reports[0].latency_s + 0.1
        kit.output.play(beat(start_s))
        kit.output.play(prompt(start_s + 0.2, start_s - 0.4))
        kit.let_pass(1.0)
        kit.output.close()
        left, right = kit.heard().T
        (click_at,) = onsets(left)
        (word_at,) = np.flatnonzero(left > 0.4)
        assert word_at - click_at == pytest.approx(0.21 * RATE_HZ, abs=1)
        assert 20 * np.log10(left.max() / right.max()) == pytest.approx(7.66, abs=0.01)


class TestThoseThatKnowNoDevices:
    @pytest.fixture(params=["pipe", "simpleaudio"])
    def opened(self, request: pytest.FixtureRequest) -> Iterator[Callable[[str], OutputReport]]:
        """Open an output that is asked for a device, and give what it says."""
        KITS[request.param](request)  # a player, or a package
        outputs: list[Output] = []

        def open_it(device: str) -> OutputReport:
            reports: list[OutputReport] = []
            settings = config(output=request.param, device=device)
            outputs.append(choose(settings, clock=FastClock(), wav_path=Path("unused.wav")))
            outputs[-1].open(reports.append)
            return reports[0]

        yield open_it
        for output in outputs:
            output.close()

    @pytest.mark.parametrize(("device", "says_so"), [("", False), ("headset", True)])
    def test_say_that_they_play_elsewhere(
        self, opened: Callable[[str], OutputReport], device: str, says_so: bool
    ) -> None:
        told = "on the system's default device: it cannot choose 'headset'"
        assert (told in opened(device).reason) == says_so


class TestLiveTrack:
    @staticmethod
    def played(blocks: int, n_frames: int = BLOCK) -> tuple[live.LiveTrack, ManualClock]:
        """Give a track of which so many blocks were taken in time, each heard 0.2 s later."""
        clock = ManualClock(10.0)
        track = live.LiveTrack("pipe", config(), clock)
        for _ in range(blocks):
            track.block(n_frames, 0.2)
            clock.set(clock.now() + n_frames / RATE_HZ)
        return track, clock

    @pytest.mark.parametrize("n_frames", [BLOCK, 4 * BLOCK, 10 * BLOCK])
    def test_a_long_block_tells_as_much_of_time_as_the_blocks_in_it(self, n_frames: int) -> None:
        reports: list[OutputReport] = []
        track, _ = self.played(70 * BLOCK // n_frames, n_frames)
        track.opened(reports.append)
        assert reports[0].start_s == pytest.approx(10.2)
        assert reports[0].latency_s == pytest.approx(0.2 + 0.02)

    def test_its_latency_is_the_longest_that_was_seen(self) -> None:
        reports: list[OutputReport] = []
        track, _ = self.played(70)
        track.block(BLOCK, 0.3)
        track.block(BLOCK, 0.2)
        track.opened(reports.append)
        assert reports[0].latency_s == pytest.approx(0.3 + 0.02)


class TestDevice:
    def test_a_beat_is_heard_at_its_time_to_the_sample(self, fake_device: FakeDevice) -> None:
        output = DeviceOutput(config(), fake_device.clock)
        output.open(lambda report: None)
        due_s = fake_device.clock.now() + 0.5
        output.play(beat(due_s))
        fake_device.run(1.0)
        (at,) = onsets(fake_device.heard())
        assert fake_device.first_heard_s + at / RATE_HZ == pytest.approx(due_s, abs=1.01 / RATE_HZ)

    def test_headphones_that_add_latency_are_played_to_early(self, fake_device: FakeDevice) -> None:
        reports: list[OutputReport] = []
        output = DeviceOutput(config(latency_ms=200.0), fake_device.clock)
        output.open(reports.append)
        due_s = fake_device.clock.now() + 0.7
        output.play(beat(due_s))
        fake_device.run(1.0)
        (at,) = onsets(fake_device.heard())
        assert fake_device.first_heard_s + at / RATE_HZ == pytest.approx(due_s - 0.2, abs=1.01 / RATE_HZ)
        assert reports[0].latency_s == pytest.approx(0.2 + 0.02 + 0.2)

    def test_the_device_is_asked_for_long_blocks(self, fake_device: FakeDevice) -> None:
        DeviceOutput(config(device="ears"), fake_device.clock).open(lambda report: None)
        asked = {key: fake_device.asked[key] for key in ("samplerate", "blocksize", "device", "latency", "dtype")}
        assert asked == {"samplerate": 48000, "blocksize": 960, "device": 0, "latency": 0.15, "dtype": "float32"}

    def test_a_beat_that_comes_too_late_is_told_at_the_end(self, fake_device: FakeDevice) -> None:
        reports: list[OutputReport] = []
        output = DeviceOutput(config(), fake_device.clock)
        output.open(reports.append)
        output.play(beat(fake_device.clock.now()))
        fake_device.run(0.1)
        output.close()
        assert reports[-1].reason == "beats too late to be heard: 1"

    def test_it_is_closed_when_the_last_click_has_been_heard(
        self, fake_device: FakeDevice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live.time, "sleep", lambda length_s: fake_device.run(max(0.02, length_s)))
        output = DeviceOutput(config(), fake_device.clock)
        output.open(lambda report: None)
        due_s = fake_device.clock.now() + 1.0
        output.play(beat(due_s))
        output.close()
        assert fake_device.closed
        assert due_s + 0.025 < fake_device.clock.now() < due_s + 0.1

    def test_a_fault_in_the_callback_fills_the_buffer_and_is_reported(
        self, fake_device: FakeDevice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reports: list[OutputReport] = []
        output = DeviceOutput(config(), fake_device.clock)
        output.open(reports.append)
        monkeypatch.setattr(live.LiveTrack, "block", lambda *_: 1 / 0)
        fake_device.run(0.02)
        output.play(beat(fake_device.clock.now() + 0.5))
        assert not fake_device.blocks[-1].any()
        assert reports[-1].state == "lost"
        assert reports[-1].reason == "the click track failed: ZeroDivisionError('division by zero')"

    def test_a_device_that_stops_is_lost_for_good(self, fake_device: FakeDevice) -> None:
        reports: list[OutputReport] = []
        output = DeviceOutput(config(), fake_device.clock)
        output.open(reports.append)
        fake_device.clock.set(fake_device.clock.now() + 5)
        output.look()
        fake_device.run(2.0)
        output.look()
        assert [(report.state, report.reason) for report in reports[1:]] == [("lost", "the sound has stopped")]

    def test_sound_that_was_interrupted_goes_on_at_the_right_time(self, fake_device: FakeDevice) -> None:
        reports: list[OutputReport] = []
        output = DeviceOutput(config(), fake_device.clock)
        output.open(reports.append)
        fake_device.clock.set(fake_device.clock.now() + 0.5)
        fake_device.run(1.0)
        due_s = fake_device.clock.now() + 0.5
        output.play(beat(due_s))
        fake_device.run(1.0)
        assert [(report.state, report.reason) for report in reports[1:]] == [
            ("open", "the sound was interrupted, and plays again")
        ]
        (at,) = onsets(fake_device.heard())
        assert reports[1].start_s == pytest.approx(fake_device.first_heard_s + 0.5)
        assert fake_device.first_heard_s + 0.5 + at / RATE_HZ == pytest.approx(due_s, abs=1.01 / RATE_HZ)

    def test_a_device_that_is_pulled_is_lost(self, fake_device: FakeDevice) -> None:
        reports: list[OutputReport] = []
        DeviceOutput(config(), fake_device.clock).open(reports.append)
        fake_device.vanish()
        assert (reports[-1].state, reports[-1].reason) == ("lost", "the sound device is gone")

    def test_tells_its_clock(self, fake_device: FakeDevice) -> None:
        reports: list[OutputReport] = []
        DeviceOutput(config(latency_ms=200.0), fake_device.clock).open(reports.append)
        assert (reports[0].rate_hz, reports[0].spread_s) == (RATE_HZ, 0.0)
        assert reports[0].start_s == pytest.approx(fake_device.first_heard_s + 0.2)

    def test_devices_are_looked_for_anew_unless_a_stream_is_open(self, fake_device: FakeDevice) -> None:
        """A device list is as old as PortAudio; beginning that anew would end every stream."""
        first, second = (DeviceOutput(config(), fake_device.clock) for _ in range(2))
        first.open(lambda report: None)
        second.open(lambda report: None)
        assert (fake_device.times_begun, fake_device.begun) == (1, 1)
        first.close()
        second.close()
        DeviceOutput(config(), fake_device.clock).open(lambda report: None)
        assert (fake_device.times_begun, fake_device.begun) == (2, 1)

    def test_a_rate_that_is_refused_gives_way_to_the_devices_own(self, fake_device: FakeDevice) -> None:
        reports: list[OutputReport] = []
        fake_device.rates = {44100}
        DeviceOutput(config(), fake_device.clock).open(reports.append)
        assert (fake_device.asked["samplerate"], fake_device.asked["blocksize"]) == (44100, 882)
        assert (reports[0].rate_hz, reports[0].reason) == (44100, "it refuses 48000 Hz and plays at 44100")

    def test_what_is_not_about_the_rate_is_not_tried_again_at_another(self, fake_device: FakeDevice) -> None:
        fake_device.refusal = fake_device.PortAudioError("Device unavailable", -9985)
        with pytest.raises(AudioError, match="Device unavailable"):
            DeviceOutput(config(), fake_device.clock).open(lambda report: None)
        assert fake_device.asked["samplerate"] == 48000

    def test_a_stream_that_does_not_start_is_closed(self, fake_device: FakeDevice) -> None:
        fake_device.refusal_to_start = fake_device.PortAudioError("Device unavailable", -9985)
        with pytest.raises(AudioError, match="Device unavailable"):
            DeviceOutput(config(), fake_device.clock).open(lambda report: None)
        assert fake_device.closed
        assert device.open_streams == []

    def test_a_driver_that_does_not_say_when_a_block_is_heard_is_taken_to_keep_what_it_was_asked_for(
        self, fake_device: FakeDevice
    ) -> None:
        reports: list[OutputReport] = []
        fake_device.tells_time = False
        DeviceOutput(config(), fake_device.clock).open(reports.append)
        assert reports[0].latency_s == pytest.approx(0.15 + 0.02)

    def test_a_device_that_refuses_every_rate_is_refused(self, fake_device: FakeDevice) -> None:
        fake_device.rates = set()
        with pytest.raises(AudioError, match=r"does not open: .*Invalid sample rate"):
            DeviceOutput(config(), fake_device.clock).open(lambda report: None)

    @pytest.mark.usefixtures("no_portaudio")
    def test_without_portaudio_says_what_to_install(self) -> None:
        with pytest.raises(AudioError, match=r"PortAudio is missing \(apt-get install libportaudio2\)") as caught:
            DeviceOutput(config(), ManualClock()).open(lambda report: None)
        assert caught.value.exit_code == 4

    def test_an_unknown_device_names_those_that_exist(self, fake_device: FakeDevice) -> None:
        with pytest.raises(AudioError, match=r"no sound device 'nose' \(there are: ears\)"):
            DeviceOutput(config(device="nose"), fake_device.clock).open(lambda report: None)

    def test_a_device_is_found_by_a_part_of_its_name(self, fake_device: FakeDevice) -> None:
        fake_device.devices.append(fake_device.devices[0] | {"name": "Headphones"})
        DeviceOutput(config(device="phones"), fake_device.clock).open(lambda report: None)
        assert fake_device.asked["device"] == 2

    def test_a_machine_without_a_device_says_so(self, fake_device: FakeDevice) -> None:
        fake_device.devices = []
        with pytest.raises(AudioError, match="there is no sound device"):
            DeviceOutput(config(), fake_device.clock).open(lambda report: None)

    def test_a_device_that_never_plays_is_refused_and_closed(
        self, fake_device: FakeDevice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fake_device, "run", lambda length_s: setattr(fake_device, "active", False))
        with pytest.raises(AudioError, match="opens and does not play"):
            DeviceOutput(config(), fake_device.clock).open(lambda report: None)
        assert fake_device.closed


class HalfAtOnce:
    """A player, and the pipe to it, in time of its own: it takes half its buffer whenever it has played that much."""

    PIPE = 4096
    ENOUGH_S = 20.0

    def __init__(self, rate_hz: int, buffer_s: float) -> None:
        self.clock = ManualClock(100.0)
        self.began_s = 101.0
        self.command: list[str] = []
        self.stdin = self
        self._rate_hz = rate_hz
        self._half = round(buffer_s / 2 * rate_hz)
        self._taken = 2 * self._half
        self._written = 0
        self._killed = threading.Event()

    @property
    def unread(self) -> int:
        return max(0, self._written - self._taken)

    def started(self, command: list[str], **_: object) -> HalfAtOnce:
        self.command = command
        return self

    def write(self, sound: memoryview) -> int:
        frames = min(len(sound) // 8, 500)  # a signal ends the write
        self._written += frames
        while self.unread > self.PIPE:
            self.clock.set(self.began_s + (self._taken - self._half) / self._rate_hz)
            self._taken += self._half
        if self.clock.now() > self.began_s + self.ENOUGH_S:
            self._killed.wait()
        return frames * 8

    def poll(self) -> None: ...

    def kill(self) -> None:
        self._killed.set()

    def wait(self, timeout_s: float = 0.0) -> int:
        return 0

    def close(self) -> None: ...


class TestPipe:
    def test_the_player_gets_every_click_evenly(self, install: Install) -> None:
        heard = install("pacat", PLAYS)
        clock = FastClock()
        reports: list[OutputReport] = []
        output = PipeOutput(config(), clock)
        output.open(reports.append)
        first_s = clock.now() + reports[0].latency_s + 0.1
        for index in range(9):
            output.play(beat(first_s + index / 3, index))
        output.close()
        samples = np.frombuffer(heard.read_bytes(), dtype="<f4").reshape(-1, 2)[:, 0]
        intervals = np.diff(onsets(samples))
        assert len(intervals) == 8
        np.testing.assert_allclose(intervals, 16000, atol=3)
        assert reports[-1].reason == ""

    def test_of_the_blocks_that_a_player_takes_at_once_the_last_is_believed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Clicks would be up to 40 ms early if the third best of 20 were."""
        player = HalfAtOnce(rate_hz=44100, buffer_s=0.625)
        monkeypatch.setattr(pipe, "_shrink", lambda _: player.PIPE * 8)
        monkeypatch.setattr(pipe, "_unread", lambda _: player.unread * 8)
        monkeypatch.setattr(pipe.subprocess, "Popen", player.started)
        monkeypatch.setattr(pipe.shutil, "which", lambda tool: tool == "pacat")
        reports: list[OutputReport] = []
        output = PipeOutput(config(sample_rate_hz=44100, buffer_s=0.6), player.clock)
        output.open(reports.append)
        output.close()
        assert player.command == ["pacat", *pacat(44100, 625)]
        assert reports[0].start_s == pytest.approx(player.began_s, abs=0.012)

    def test_all_that_the_pipe_has_room_for_is_written_at_once(
        self, install: Install, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An empty pipe takes four blocks; a full one is given one, which waits."""
        given: list[int] = []
        render = pipe._Player._missing

        def missing(player: pipe._Player) -> bytes:
            sound = render(player)
            given.append(len(sound))
            return sound

        monkeypatch.setattr(pipe._Player, "_missing", missing)
        install("pacat", PLAYS)
        output = PipeOutput(config(), FastClock())
        output.open(lambda report: None)
        output.close()
        assert given[0] == 4 * BLOCK * 8
        assert set(given) <= {k * BLOCK * 8 for k in range(1, 5)}

    def test_ctrl_c_does_not_reach_the_player_but_it_is_scheduled_with_the_coach(self, install: Install) -> None:
        """Ctrl-C goes to a group of programs; Linux shares the processors between sessions, and starves small ones."""
        apart = "import os\nif os.getpgid(0) == os.getpgid(os.getppid()): sys.exit('in the group of the coach')\n"
        beside = "if os.getsid(0) != os.getsid(os.getppid()): sys.exit('in another session than the coach')\n"
        install("pacat", apart + beside + PLAYS)
        output = PipeOutput(config(), FastClock())
        output.open(lambda report: None)
        output.close()

    def test_pulseaudio_is_asked_for_the_buffer_in_halves(self) -> None:
        assert {"--latency-msec=175", "--process-time-msec=87"} < set(pacat(48000, 175))

    @pytest.mark.parametrize(
        ("player", "told"),
        [
            (pw_cat, "--format f32 --rate 44100 --channels 2 --latency 175ms -"),
            (pacat, "--raw --format=float32le --rate=44100 --channels=2 --latency-msec=175"),
            (aplay, "-t raw -f FLOAT_LE -r 44100 -c 2 --buffer-time=175000"),
        ],
    )
    def test_every_player_is_told_what_it_gets(
        self, install: Install, player: Callable[[int, int], list[str]], told: str
    ) -> None:
        install("pw-cat", "")
        assert told in " ".join(player(44100, 175))

    @pytest.mark.parametrize("until", ["", f"    if taken > 8 * {2 * RATE_HZ}: break\n"], ids=["to the end", "midway"])
    def test_a_player_that_does_not_end_is_ended(
        self, install: Install, monkeypatch: pytest.MonkeyPatch, until: str
    ) -> None:
        monkeypatch.setattr(pipe, "STOP_S", 0.2)
        started = []
        popen = subprocess.Popen
        monkeypatch.setattr(pipe.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
        install("pacat", f"{PLAYS}{until}time.sleep(60)\n")
        output = PipeOutput(config(), FastClock())
        output.open(lambda report: None)
        output.close()
        assert [player.returncode for player in started] == [-signal.SIGKILL]
        assert "pacat" not in [thread.name for thread in threading.enumerate()]

    def test_a_player_that_dies_is_lost_and_the_run_goes_on(self, install: Install) -> None:
        install("pacat", DIES)
        reports: list[OutputReport] = []
        lost = threading.Event()

        def take(report: OutputReport) -> None:
            reports.append(report)
            if report.state == "lost":
                lost.set()

        output = PipeOutput(config(), clock := FastClock())
        output.open(take)
        assert lost.wait(10)
        output.play(beat(clock.now() + 1))
        output.close()
        assert [report.state for report in reports] == ["open", "lost", "closed"]
        assert reports[1].reason == "pacat: Connection terminated"

    def test_the_next_player_is_tried(self, install: Install) -> None:
        install("pacat", REFUSES)
        install("aplay", PLAYS)
        reports: list[OutputReport] = []
        output = PipeOutput(config(), FastClock())
        output.open(reports.append)
        output.close()
        assert reports[0].state == "open"

    def test_refusals_say_what_each_player_said(self, install: Install) -> None:
        install("pacat", REFUSES)
        install("aplay", "sys.exit('aplay: main:831: audio open error: No such file or directory')\n")
        with pytest.raises(AudioError) as caught:
            PipeOutput(config(), HostClock()).open(lambda report: None)
        assert str(caught.value) == (
            "pacat: Connection refused; aplay: main:831: audio open error: No such file or directory"
        )

    def test_a_player_that_swallows_sound_is_refused(self, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "START_S", 0.5)
        install("aplay", SWALLOWS)
        with pytest.raises(AudioError, match="aplay does not play"):
            PipeOutput(config(), HostClock()).open(lambda report: None)

    def test_a_program_that_does_not_start_is_refused(self, install: Install, tmp_path: Path) -> None:
        install("aplay", "")
        (tmp_path / "bin" / "aplay").write_bytes(b"\x7fELF")
        with pytest.raises(AudioError, match="aplay does not start: "):
            PipeOutput(config(), HostClock()).open(lambda report: None)

    @pytest.mark.usefixtures("no_player")
    def test_without_a_player_says_what_to_install(self) -> None:
        with pytest.raises(AudioError, match=r"no pw-cat, pacat or aplay \(apt-get install alsa-utils\)"):
            PipeOutput(config(), HostClock()).open(lambda report: None)

    @pytest.mark.parametrize(("help_text", "raw"), [("-a, --raw   RAW mode", True), ("-p, --playback", False)])
    def test_a_new_pw_cat_is_told_that_samples_are_raw(self, install: Install, help_text: str, raw: bool) -> None:
        install("pw-cat", f"print({help_text!r})\n")
        assert ("--raw" in pw_cat(48000, 250)) == raw


class TestWav:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "run.wav"

    @staticmethod
    def samples(path: Path) -> np.ndarray:
        """Give the left channel."""
        return samples_of(path)[:, 0]

    def test_clicks_lie_where_they_are_to_be_heard(self, path: Path) -> None:
        output = WavOutput(path, config())
        output.open(lambda report: None)
        for index, t_s in enumerate([0.25, 0.75, 3.99999]):
            output.play(beat(t_s, index))
        output.close()
        np.testing.assert_allclose(onsets(self.samples(path)), [12000, 36000, 192000], atol=0)
        assert len(self.samples(path)) == 193200

    def test_words_lie_where_they_are_to_be_heard_before_the_beats_around_them_or_after(self, path: Path) -> None:
        output = WavOutput(path, config(volume=1.0), words=Words())
        output.open(lambda report: None)
        output.play(beat(1.0, available_s=0.5))
        output.play(prompt(0.75, available_s=0.6))
        output.play(prompt(1.5, available_s=0.9))
        output.play(beat(1.4, 1, available_s=1.0))
        output.close()
        samples = self.samples(path)
        assert onsets(samples) == [48000, 67200]
        assert [int(at) for at in np.flatnonzero(np.abs(samples) > 0.69)] == [36480, 72480]
        assert len(samples) == 72960

    def test_its_header_is_that_of_16_bit_stereo(self, path: Path) -> None:
        output = WavOutput(path, config())
        output.open(lambda report: None)
        output.play(beat(0.5))
        output.close()
        header = path.read_bytes()[:44]
        size = 4 * 25200
        assert header == (
            b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt \x10\0\0\0\x01\0\x02\0"
            b"\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data" + struct.pack("<I", size)
        )
        assert path.stat().st_size == 44 + size

    def test_a_killed_run_leaves_a_file_that_plays(self, path: Path) -> None:
        output = WavOutput(path, config())
        output.open(lambda report: None)
        assert len(self.samples(path)) == 0
        for index in range(5):
            output.play(beat(1.5 + index, index))
            assert len(self.samples(path)) == (1 + index) * RATE_HZ
            assert path.stat().st_size == 44 + 4 * (1 + index) * RATE_HZ
        output.close()

    def test_a_live_file_is_filled_up_to_the_end_of_the_run(self, path: Path) -> None:
        clock = ManualClock()
        output = WavOutput(path, config(), clock)
        output.open(lambda report: None)
        output.play(beat(1.0))
        clock.set(10.0)
        output.close()
        assert len(self.samples(path)) == 10 * RATE_HZ

    def test_a_full_disk_is_reported_once_and_the_run_goes_on(self, path: Path) -> None:
        resource = pytest.importorskip("resource", reason="limits on the size of a file are a thing of POSIX")
        reports: list[OutputReport] = []
        output = WavOutput(path, config())
        output.open(reports.append)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        try:
            for index in range(5):
                output.play(beat(1.5 + index, index))
            output.close()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert [report.state for report in reports] == ["open", "lost", "closed"]
        assert reports[1].reason == "cannot write run.wav: File too large"
        assert len(self.samples(path)) == RATE_HZ

    def test_at_4_gib_it_ends_and_the_run_goes_on(self, path: Path) -> None:
        """What lies in between is silence, which takes no room on a disk that knows holes."""
        reports: list[OutputReport] = []
        output = WavOutput(path, config())
        output.open(reports.append)
        output.play(beat(1.0))
        output.play(beat(2**30 / RATE_HZ, 1, available_s=(2**30 - 2) / RATE_HZ))  # a frame takes 4 bytes
        output.close()
        size, on_disk = path.stat().st_size, 512 * getattr(path.stat(), "st_blocks", 0)
        with path.open("rb") as file:
            header = file.read(44)
        path.unlink()
        assert [(report.state, report.reason) for report in reports[1:]] == [
            ("lost", "cannot write run.wav: a WAV file ends at 4 GiB"),
            ("closed", ""),
        ]
        assert struct.unpack("<I", header[40:]) == (size - 44,)
        assert 2**32 - 2 * 4 * RATE_HZ < size < 2**32
        assert on_disk < 2**24, "silence is not a hole"

    def test_a_folder_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(AudioError, match=r"cannot write .*run\.wav: No such file or directory"):
            WavOutput(tmp_path / "missing" / "run.wav", config()).open(lambda report: None)


def sounds_in(file: Path) -> list[tuple[float, np.ndarray]]:
    """Give when the package was given each sound, by the system's monotonic clock, and the sound; full scale 1."""
    data, sounds = file.read_bytes(), []
    while data:
        at_s, size, *form = struct.unpack_from("<dI3H", data)
        assert form == [2, 2, 480]
        sounds.append((at_s, np.frombuffer(data[18 : 18 + size], dtype="<i2").reshape(-1, 2) / 32767))
        data = data[18 + size :]
    return sounds


class TestSimpleAudio:
    SELF_TEST = 2

    @staticmethod
    def opened(reports: list[OutputReport]) -> tuple[SimpleAudioOutput, Clock]:
        clock = HostClock()
        output = SimpleAudioOutput(config(), clock)
        output.open(reports.append)
        return output, clock

    def test_plays_pieces_of_several_beats_and_none_is_cut(self, package: Callable[[str], Path]) -> None:
        heard = package("")
        reports: list[OutputReport] = []
        output, clock = self.opened(reports)
        first_s = clock.now() + reports[0].latency_s + 0.1
        monotonic_s = time.monotonic() - clock.now()
        for index in range(8):
            output.play(beat(first_s + index / 3, index))
        output.close()
        begun_s, sounds = zip(*sounds_in(heard)[self.SELF_TEST :], strict=True)
        pieces = [sound[:, 0] for sound in sounds]
        found = [onsets(piece) for piece in pieces]
        assert sum(map(len, found)) == 8
        assert max(map(len, found)) >= 2
        assert all(np.abs(np.diff(clicks) - RATE_HZ / 3).max(initial=0) <= 1 for clicks in found)
        silence = round(0.1 * RATE_HZ)
        assert not any(piece[:silence].any() or piece[-silence:].any() for piece in pieces)
        assert begun_s[0] + found[0][0] / RATE_HZ > first_s + monotonic_s - 0.1, (
            "no helper was ever too busy to be early"
        )
        assert reports[-1].reason == ""

    @pytest.fixture
    def helper(self, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
        """Take the helper's place: keep the pieces that it would be given, and the time at which each is to begin."""
        clock, begun = LeapingClock(), []

        class Helper:
            alive = True

            def play(self, piece: np.ndarray, in_s: float, rate_hz: int) -> bool:
                begun.append((clock.now() + in_s, piece[:, 0]))
                return True

            def stop(self) -> None: ...

        monkeypatch.setattr("audio.outputs.simpleaudio.Player", Helper)
        monkeypatch.setattr("audio.outputs.simpleaudio.find_spec", lambda name: name)
        return SimpleNamespace(clock=clock, begun=begun)

    @pytest.mark.parametrize("latency_ms", [0.0, 300.0])
    def test_headphones_that_add_latency_are_played_to_early(self, helper: SimpleNamespace, latency_ms: float) -> None:
        reports: list[OutputReport] = []
        output = SimpleAudioOutput(config(latency_ms=latency_ms), helper.clock)
        output.open(reports.append)
        assert reports[0].latency_s == pytest.approx(1.4 + latency_ms / 1000)
        due_s = helper.clock.now() + reports[0].latency_s + 0.1
        output.play(beat(due_s))
        output.close()
        ((begin_s, piece),) = helper.begun
        (at,) = onsets(piece)
        assert begin_s + at / RATE_HZ == pytest.approx(due_s - latency_ms / 1000, abs=0.1)

    def test_a_piece_that_is_late_is_not_played_and_told_at_the_end(self, helper: SimpleNamespace) -> None:
        reports: list[OutputReport] = []
        output = SimpleAudioOutput(config(), helper.clock)
        output.open(reports.append)
        output.play(beat(helper.clock.now() + reports[0].latency_s + 0.1))
        helper.clock.leapt_s = 5.0
        output.close()
        assert helper.begun == []
        assert reports[-1].reason == "pieces too late to be played: 1"

    def test_says_what_it_cannot_do(self, package: Callable[[str], Path]) -> None:
        package("")
        reports: list[OutputReport] = []
        self.opened(reports)[0].close()
        assert reports[0].reason == "not exact: clicks may be 60 ms off, and a change is heard after 1.4 s"
        assert (reports[0].spread_s, reports[0].rate_hz) == (0.06, None)
        assert reports[0].latency_s == pytest.approx(1.4)

    @pytest.mark.parametrize(
        ("fate", "said"),
        [
            ("os.kill(os.getpid(), signal.SIGSEGV)", "simpleaudio crashed (SIGSEGV)"),
            ("signal.pause()", "simpleaudio takes no more sound"),
        ],
        ids=["crashes", "hangs"],
    )
    def test_a_helper_in_trouble_is_noticed_by_a_look_and_does_no_harm(
        self, package: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, fate: str, said: str
    ) -> None:
        for limit in ("STALL_S", "STOP_S"):
            monkeypatch.setattr(f"audio.outputs.simpleaudio.{limit}", 0.2)
        package(f"if n > {self.SELF_TEST}: {fate}")
        reports: list[OutputReport] = []
        output, clock = self.opened(reports)
        while len(reports) == 1:
            output.play(beat(clock.now() + reports[0].latency_s + 0.1))
            time.sleep(0.05)
            output.look()
        output.look()
        output.play(beat(clock.now() + reports[0].latency_s + 0.1))
        output.close()
        assert [report.state for report in reports] == ["open", "lost", "closed"]
        assert reports[1].reason == said

    def test_a_helper_that_hangs_when_nobody_looks_does_not_hold_up_the_end(
        self, package: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for limit in ("STALL_S", "STOP_S"):
            monkeypatch.setattr(f"audio.outputs.simpleaudio.{limit}", 0.2)
        package(f"if n > {self.SELF_TEST}: signal.pause()")
        reports: list[OutputReport] = []
        output, clock = self.opened(reports)
        for index in range(12):
            output.play(beat(clock.now() + reports[0].latency_s + index / 3, index))
        output.close()
        assert reports[-1].state == "closed"

    def test_a_fault_in_its_thread_is_reported(self, helper: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("audio.outputs.simpleaudio.cut", lambda *_: 1 / 0)
        reports: list[OutputReport] = []
        output = SimpleAudioOutput(config(), helper.clock)
        output.open(reports.append)
        output._thread.join()
        output.look()
        output.close()
        assert [report.state for report in reports] == ["open", "lost", "closed"]
        assert reports[1].reason == "the click track failed: ZeroDivisionError('division by zero')"

    def test_a_package_that_crashes_when_a_sound_has_ended_fails_its_test(self, package: Callable[[str], Path]) -> None:
        package("if n == 2: os.kill(os.getpid(), signal.SIGSEGV)")
        with pytest.raises(AudioError, match=r"simpleaudio crashed \(SIGSEGV\)"):
            self.opened([])

    def test_a_package_that_refuses_says_why(self, package: Callable[[str], Path]) -> None:
        package("raise OSError('Error opening PCM device')")
        with pytest.raises(AudioError, match="simpleaudio: OSError: Error opening PCM device"):
            self.opened([])

    def test_a_package_that_hangs_is_ended(
        self, package: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("audio.outputs.simpleaudio.TEST_S", 0.5)
        package("signal.pause()")
        with pytest.raises(AudioError, match="simpleaudio"):
            self.opened([])

    def test_without_the_package_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("audio.outputs.simpleaudio.find_spec", lambda name: None)
        with pytest.raises(AudioError, match=r"\(pip install 'cadence-coach\[simpleaudio\]'\)"):
            self.opened([])

    @pytest.mark.parametrize(
        ("beats", "where"),
        [
            ([], 1200),
            ([500], 1200),
            ([1190], 800),
            ([1000], 800),
            ([0, 340, 680, 1020, 1360], 862),
            ([0, 370, 740, 1110, 1480], 937),
        ],
    )
    def test_a_piece_ends_as_far_from_every_click_as_it_can(self, beats: list[int], where: int) -> None:
        assert cut(beats, 25, 800, 1200) == where


class TestSimpleAudioPlayer:
    """The helper, run in this process, on a clock that stands still but for what takes time."""

    OPENING_S = 0.03

    def test_a_sound_begins_at_its_time_whatever_opening_takes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock, heard, ended = ManualClock(100.0), [], []

        def play_buffer(samples: bytes, *form: int) -> SimpleNamespace:
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN, "Ctrl-C would cut the last click"
            clock.set(clock.now() + self.OPENING_S)
            heard.append((clock.now(), samples))
            return SimpleNamespace(wait_done=lambda: ended.append(samples))

        orders = b"".join(HEADER.pack(at_s, RATE_HZ, 4) + bytes([n] * 4) for n, at_s in enumerate([101.0, 102.0]))
        ready = io.BytesIO()
        monkeypatch.setitem(sys.modules, "simpleaudio", SimpleNamespace(play_buffer=play_buffer))
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(orders)))
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=ready, flush=lambda: None))
        monkeypatch.setattr(simpleaudio_player.time, "monotonic", clock.now)
        monkeypatch.setattr(simpleaudio_player.time, "sleep", lambda length_s: clock.set(clock.now() + length_s))
        before = signal.getsignal(signal.SIGINT)
        try:
            simpleaudio_player.main()
        finally:
            signal.signal(signal.SIGINT, before)
        assert ready.getvalue() == b"ready\n"
        assert [at_s for at_s, _ in heard[2:]] == pytest.approx([101.0, 102.0])
        assert [samples for _, samples in heard[2:]] == [bytes([n] * 4) for n in range(2)]
        assert ended[-1] == heard[-1][1], "the last sound would be cut"

    def test_it_ends_without_taking_the_interpreter_down(self, package: Callable[[str], Path], tmp_path: Path) -> None:
        """Threads of the package outlive the sound that began last."""
        package("import atexit; atexit.register(os.abort)")
        command = [sys.executable, "-P", simpleaudio_player.__file__]
        environ = {**os.environ, "PYTHONPATH": str(tmp_path / "packages")}
        done = subprocess.run(command, input=b"", env=environ, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, b"ready\n")


class FakeMiniaudio(ModuleType):
    """A `miniaudio` whose device takes its first period at once, starts a second later, then one every 75 ms."""

    PERIOD = 3600
    SampleFormat = SimpleNamespace(FLOAT32=5)

    class MiniaudioError(Exception):
        pass

    def __init__(self, clock: ManualClock) -> None:
        super().__init__("miniaudio")
        self.clock = clock
        self.backend = "PulseAudio"
        self.asked: dict[str, Any] = {}
        self.refuses = self.refuses_to_start = self.never_plays = False
        self.running = self.closed = False
        self.stop_callback: Callable[[], None] = lambda: None
        self.source: Any = None
        self.periods: list[np.ndarray] = []
        self.first_heard_s = 0.0

    def Devices(self) -> SimpleNamespace:  # noqa: N802 - the library's name
        return SimpleNamespace(get_playbacks=lambda: [{"name": "ears", "id": "e"}, {"name": "Headphones", "id": "h"}])

    def PlaybackDevice(self, **asked: Any) -> FakeMiniaudio:  # noqa: N802 - the library's name
        self.asked = asked
        if self.refuses:
            raise self.MiniaudioError("failed to init device", -401)
        return self

    def start(self, source: Any) -> None:
        if self.refuses_to_start:
            raise self.MiniaudioError("failed to start device", -7)
        self.source, self.running = source, not self.never_plays
        self.take()
        self.clock.set(self.clock.now() + 1.0)
        self.first_heard_s = self.clock.now()
        if self.running:
            self.run(2.1)

    def take(self) -> None:
        self.periods.append(self.source.send(self.PERIOD))

    def run(self, length_s: float) -> None:
        for _ in range(round(length_s / 0.075)):
            self.take()
            self.clock.set(self.clock.now() + 0.075)

    def close(self) -> None:
        self.running, self.closed = False, True
        self.stop_callback()


class TestMiniaudio:
    @pytest.fixture
    def fake(self, monkeypatch: pytest.MonkeyPatch) -> FakeMiniaudio:
        fake = FakeMiniaudio(ManualClock())
        monkeypatch.setitem(sys.modules, "miniaudio", fake)
        return fake

    @staticmethod
    def opened(fake: FakeMiniaudio, **changes: object) -> tuple[MiniaudioOutput, list[OutputReport]]:
        reports: list[OutputReport] = []
        output = MiniaudioOutput(config(**changes), fake.clock)
        output.open(reports.append)
        return output, reports

    def test_a_beat_is_heard_at_its_time_to_the_sample(self, fake: FakeMiniaudio) -> None:
        output, _ = self.opened(fake)
        due_s = fake.clock.now() + 0.5
        output.play(beat(due_s))
        fake.run(1.0)
        (at,) = onsets(np.concatenate(fake.periods)[:, 0])
        assert fake.first_heard_s + at / RATE_HZ == pytest.approx(due_s, abs=1.01 / RATE_HZ)

    def test_asks_for_half_the_buffer_at_once(self, fake: FakeMiniaudio) -> None:
        self.opened(fake, device="phones")
        asked = {key: fake.asked[key] for key in ("sample_rate", "buffersize_msec", "device_id", "nchannels")}
        assert asked == {"sample_rate": 48000, "buffersize_msec": 75, "device_id": "h", "nchannels": 2}

    def test_tells_its_clock_and_latency(self, fake: FakeMiniaudio) -> None:
        _, reports = self.opened(fake)
        assert (reports[0].rate_hz, reports[0].spread_s) == (RATE_HZ, 0.0)
        assert reports[0].start_s == pytest.approx(fake.first_heard_s)
        assert reports[0].latency_s == pytest.approx(0.075 + 0.075)

    def test_a_device_that_is_pulled_is_lost_and_one_that_is_closed_is_not(self, fake: FakeMiniaudio) -> None:
        output, reports = self.opened(fake)
        fake.stop_callback()
        assert (reports[-1].state, reports[-1].reason) == ("lost", "the sound device is gone")
        output.close()
        assert [report.state for report in reports] == ["open", "lost", "closed"]

    def test_a_stall_is_noticed_by_a_look(self, fake: FakeMiniaudio) -> None:
        output, reports = self.opened(fake)
        fake.clock.set(fake.clock.now() + 2)
        output.look()
        assert (reports[-1].state, reports[-1].reason) == ("lost", "the sound has stopped")

    def test_a_fault_in_the_callback_gives_silence_and_is_reported(
        self, fake: FakeMiniaudio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        output, reports = self.opened(fake)
        monkeypatch.setattr(live.LiveTrack, "block", lambda *_: 1 / 0)
        fake.run(0.075)
        output.look()
        assert fake.periods[-1].shape == (3600, 2)
        assert not fake.periods[-1].any()
        assert reports[-1].reason == "the click track failed: ZeroDivisionError('division by zero')"

    def test_a_device_that_does_not_open_is_refused(self, fake: FakeMiniaudio) -> None:
        fake.refuses = True
        with pytest.raises(AudioError, match="miniaudio does not play: failed to init device: -401"):
            self.opened(fake)

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ("refuses_to_start", "miniaudio does not play: failed to start device: -7"),
            ("never_plays", "does not play$"),
        ],
    )
    def test_a_device_that_opens_and_does_not_play_is_refused_and_closed(
        self, fake: FakeMiniaudio, fault: str, said: str
    ) -> None:
        setattr(fake, fault, True)
        with pytest.raises(AudioError, match=said):
            self.opened(fake)
        assert fake.closed

    def test_silence_is_no_device(self, fake: FakeMiniaudio) -> None:
        fake.backend = "Null"
        with pytest.raises(AudioError, match="miniaudio finds no sound device"):
            self.opened(fake)

    def test_an_unknown_device_names_those_that_exist(self, fake: FakeMiniaudio) -> None:
        with pytest.raises(AudioError, match=r"no sound device 'nose' \(there are: ears; Headphones\)"):
            self.opened(fake, device="nose")

    def test_without_the_package_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "miniaudio", None)
        with pytest.raises(AudioError, match=r"\(pip install 'cadence-coach\[miniaudio\]'\)"):
            MiniaudioOutput(config(), ManualClock()).open(lambda report: None)


class TestAuto:
    @pytest.fixture(autouse=True)
    def _bare(self, monkeypatch: pytest.MonkeyPatch, no_portaudio: None, no_player: None) -> None:
        monkeypatch.setattr("audio.outputs.find_spec", lambda name: None)

    @staticmethod
    def opened(wav_path: Path) -> tuple[Output, list[OutputReport]]:
        reports: list[OutputReport] = []
        output = choose(config(output="auto"), clock=FastClock(), wav_path=wav_path)
        output.open(reports.append)
        return output, reports

    def test_with_nothing_at_all_writes_a_file_and_says_why(self, tmp_path: Path) -> None:
        output, reports = self.opened(tmp_path / "run.wav")
        output.close()
        assert reports[0].output == "wav"
        assert reports[0].reason == (
            "no sound: PortAudio is missing (apt-get install libportaudio2); "
            "no pw-cat, pacat or aplay (apt-get install alsa-utils); writing run.wav"
        )
        assert (tmp_path / "run.wav").exists()

    def test_where_not_even_a_file_can_be_written_stays_silent(self, tmp_path: Path) -> None:
        output, reports = self.opened(tmp_path / "missing" / "run.wav")
        output.play(beat(1.0))
        output.close()
        assert reports[0].output == "null"
        assert reports[0].reason.startswith("no sound: PortAudio is missing")
        assert reports[0].reason.endswith("run.wav: No such file or directory")

    def test_what_is_exact_goes_before_what_is_not(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("audio.outputs.find_spec", lambda name: True)
        monkeypatch.setattr("audio.outputs.simpleaudio.find_spec", lambda name: None)
        monkeypatch.setitem(sys.modules, "miniaudio", None)
        output, reports = self.opened(tmp_path / "run.wav")
        output.close()
        tried = ("PortAudio", "pacat", "miniaudio", "simpleaudio", "run.wav")
        places = [reports[0].reason.index(name) for name in tried]
        assert places == sorted(places)

    def test_plays_through_a_player_where_there_is_no_portaudio(self, tmp_path: Path, install: Install) -> None:
        install("pacat", PLAYS)
        output, reports = self.opened(tmp_path / "run.wav")
        output.close()
        assert reports[0].output == output.name == "pipe"
        assert reports[0].reason == "PortAudio is missing (apt-get install libportaudio2)"
        assert reports[1].reason == ""

    def test_plays_on_the_device_where_there_is_one(self, tmp_path: Path, fake_device: FakeDevice) -> None:
        reports: list[OutputReport] = []
        output = choose(config(output="auto"), clock=fake_device.clock, wav_path=tmp_path / "run.wav")
        output.open(reports.append)
        assert (output.name, reports[0].reason) == ("device", "")
        assert not (tmp_path / "run.wav").exists()

    def test_lost_in_mid_run_is_waited_for_in_silence_not_replaced_by_a_file(
        self, tmp_path: Path, fake_device: FakeDevice
    ) -> None:
        reports: list[OutputReport] = []
        output = choose(config(output="auto"), clock=fake_device.clock, wav_path=tmp_path / "run.wav")
        output.open(reports.append)
        fake_device.active, fake_device.refusal = False, fake_device.PortAudioError("it is gone")
        for _ in range(60):
            fake_device.clock.set(fake_device.clock.now() + 1.0)
            output.look()
        assert {report.output for report in reports} == {"device"}
        assert reports[-1].state == "lost"
        assert not (tmp_path / "run.wav").exists()
        fake_device.refusal = None
        fake_device.clock.set(fake_device.clock.now() + 10.0)
        output.look()
        assert (reports[-1].state, reports[-1].output) == ("open", "device")

    def test_when_every_candidate_refuses_says_all_of_it(self, tmp_path: Path) -> None:
        makers = {
            "pipe": lambda: PipeOutput(config(), HostClock()),
            "wav": lambda: WavOutput(tmp_path / "missing" / "run.wav", config()),
        }
        with pytest.raises(AudioError, match=r"no pw-cat, pacat or aplay .*; cannot write"):
            LastingOutput("auto", makers, first=["pipe", "wav"], again=[], clock=HostClock()).open(lambda report: None)


def test_a_named_output_gives_way_to_none(tmp_path: Path, no_player: None, fake_device: FakeDevice) -> None:
    output = choose(config(output="pipe"), clock=fake_device.clock, wav_path=tmp_path / "run.wav")
    with pytest.raises(AudioError, match="no pw-cat, pacat or aplay") as caught:
        output.open(lambda report: None)
    assert caught.value.exit_code == 4
    assert not (tmp_path / "run.wav").exists()
    assert fake_device.asked == {}


@pytest.mark.parametrize("name", ["device", "pipe", "miniaudio", "simpleaudio", "wav", "null"])
def test_choosing_touches_nothing(name: str, no_portaudio: None, no_player: None, tmp_path: Path) -> None:
    output = choose(config(output=name), clock=ManualClock(), wav_path=tmp_path / "run.wav")
    assert output.name == name
    assert not (tmp_path / "run.wav").exists()


@pytest.mark.skipif(ctypes.util.find_library("asound") is None, reason="no ALSA: apt-get install libasound2")
def test_alsa_does_not_write_over_the_screen() -> None:
    program = (
        "import ctypes; from audio.outputs.quiet import silence_alsa\n{}\nhandle = ctypes.c_void_p()\n"
        "code = ctypes.CDLL('libasound.so.2').snd_pcm_open(ctypes.byref(handle), b'no such device', 0, 0)\n"
        "assert code < 0, code"
    )
    said = [
        subprocess.run([sys.executable, "-c", program.format(first)], capture_output=True, text=True, check=True).stderr
        for first in ("", "silence_alsa()")
    ]
    assert "ALSA lib" in said[0]
    assert said[1] == ""
