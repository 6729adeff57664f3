"""The live outputs through a real sound server: a private PulseAudio with a sink that nobody hears, and its recording.

What is recorded is what the server would have sent to a sound card. It tells how even the clicks are and whether one
is missing; when they leave a loudspeaker it cannot tell, because this sink renders ahead of its time.
"""

from __future__ import annotations

import ctypes.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from audio.click import click
from audio.timeline import AGREE_S
from coach.model import Foot

RATE_HZ = 48000
BEATS = 18
EXTRAS = ("miniaudio", "simpleaudio")
SINKS = ["pipe", "device", *EXTRAS, "all"]
EXACT = ["pipe", "device", "miniaudio"]
PACKAGES = "apt-get install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"
PULSE_PLUGIN = "libasound_module_pcm_pulse.so"

PLAYER = """
import json, sys, time
from pathlib import Path
from audio.outputs import choose
from coach.clock import HostClock
from coach.config import load
from coach.model import Beat

name, beats = sys.argv[1], int(sys.argv[2])
config = load(environ={"XDG_CONFIG_HOME": "nowhere"}).config.audio
clock = HostClock()
# More in hand than by default, so that a busy test machine is not what is measured.
output = choose(config.model_copy(update={"output": name, "buffer_s": 0.3}), clock=clock, wav_path=Path("unused.wav"))
reports = []
output.open(reports.append)
ahead_s = reports[0].latency_s + 0.1
first_s = clock.now() + ahead_s + 0.1
for index in range(beats):
    t_s = first_s + index / 3
    while clock.now() < t_s - ahead_s:
        time.sleep(0.005)
    output.play(Beat(t_s=t_s, available_s=clock.now(), index=index, foot="right" if index % 2 else "left"))
output.close()
print(json.dumps([[report.state, report.reason] for report in reports]))
"""

THROUGH_A_RESTART = """
import json, sys, threading, time
from pathlib import Path
from audio.outputs import choose
from coach.clock import HostClock
from coach.config import load
from coach.model import Beat

config = load(environ={"XDG_CONFIG_HOME": "nowhere"}).config.audio.model_copy(update={"buffer_s": 0.3})
clock = HostClock()
parts = {}
for foot, name in zip(("left", "right"), sys.argv[1:]):
    output = choose(config.model_copy(update={"output": name}), clock=clock, wav_path=Path("unused.wav"))
    parts[foot] = (output, [])
    output.open(parts[foot][1].append)

def look(output):
    while True:
        time.sleep(0.5)
        output.look()

for output, _ in parts.values():
    threading.Thread(target=look, args=[output], daemon=True).start()
print("playing", flush=True)
ahead_s = 0.7
next_s, index, back_s = clock.now() + ahead_s, 0, None
while back_s is None or clock.now() < back_s + 4:
    time.sleep(max(0.0, next_s - ahead_s - clock.now()))
    for foot, later_s in (("left", 0.0), ("right", 1 / 6)):
        parts[foot][0].play(Beat(t_s=next_s + later_s, available_s=clock.now(), index=index, foot=foot))
    next_s, index = next_s + 1 / 3, index + 1
    if back_s is None and all([r.state for r in reports].count("open") == 2 for _, reports in parts.values()):
        back_s = clock.now()
for output, _ in parts.values():
    output.close()
print(json.dumps({foot: [[r.state, r.reason] for r in reports] for foot, (_, reports) in parts.items()}))
"""


def missing() -> list[str]:
    tools = [tool for tool in ("pulseaudio", "pacat", "parec", "pactl") if shutil.which(tool) is None]
    plugin = any(Path("/usr/lib").glob(f"**/alsa-lib/{PULSE_PLUGIN}"))
    portaudio = ctypes.util.find_library("portaudio")
    return tools + ([] if plugin else [PULSE_PLUGIN]) + ([] if portaudio else ["libportaudio2"])


pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no {', '.join(missing())}: {PACKAGES}")


class Server:
    """A PulseAudio of our own, a sink for each output, and the environment in which it is found."""

    def __init__(self, folder: Path) -> None:
        alsa, socket = folder / "asound.conf", folder / "native"
        alsa.write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        places = {
            "HOME": folder,
            "XDG_RUNTIME_DIR": folder,
            "PULSE_COOKIE": folder / "cookie",
            "ALSA_CONFIG_PATH": alsa,
        }
        self.environ = {**os.environ, **{name: str(path) for name, path in places.items()}}
        self.environ["PULSE_SERVER"] = f"unix:{socket}"
        modules = [
            f"module-native-protocol-unix socket={socket} auth-anonymous=1",
            *(f"module-null-sink sink_name={sink} format=float32le rate={RATE_HZ} channels=2" for sink in SINKS),
        ]
        options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        self._command = ["pulseaudio", *options, *(part for module in modules for part in ("-L", module))]

    def start(self) -> None:
        own = {name: value for name, value in self.environ.items() if name != "PULSE_SERVER"}
        self._process = subprocess.Popen(self._command, env=own, stderr=subprocess.DEVNULL)
        wait_for(self.environ)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("pulse"))
    server.start()
    yield server
    server.stop()


def wait_for(environ: Mapping[str, str]) -> None:
    for _ in range(100):
        if subprocess.run(["pactl", "info"], env=environ, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.05)
    pytest.fail("the private PulseAudio does not answer")


@dataclass(frozen=True, slots=True)
class Run:
    """What the server played of an output, and what the output reported."""

    samples: np.ndarray
    reports: list[list[str]]


@pytest.fixture(scope="module")
def runs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Let all outputs play at the same time, each in a process of its own."""
    folder = tmp_path_factory.mktemp("tapes")
    outputs = ["pipe", "device", *(extra for extra in EXTRAS if find_spec(extra))]
    with ThreadPoolExecutor() as pool:
        jobs = {output: pool.submit(play_and_record, output, server, folder / output) for output in outputs}
    return {output: job.result() for output, job in jobs.items()}


@contextmanager
def recording(sink: str, server: Server, tape: Path) -> Iterator[None]:
    """Record what the server plays on a sink."""
    record = ["parec", "-d", f"{sink}.monitor", "--raw", "--format=float32le", f"--rate={RATE_HZ}", "--channels=1"]
    with tape.open("wb") as file:
        recorder = subprocess.Popen([*record, "--latency-msec=100"], env=server.environ, stdout=file)
    try:
        yield
        time.sleep(0.5)
    finally:
        recorder.terminate()
        recorder.wait(5)


def play_and_record(output: str, server: Server, tape: Path) -> Run:
    with recording(output, server, tape):
        player = [sys.executable, "-c", PLAYER, output, str(BEATS)]
        sink = {**server.environ, "PULSE_SINK": output}
        played = subprocess.run(player, env=sink, capture_output=True, text=True, timeout=25, check=False)
    assert played.returncode == 0, played.stderr
    return Run(np.fromfile(tape, dtype="<f4"), json.loads(played.stdout))


def onsets(samples: np.ndarray, foot: Foot) -> list[int]:
    """Find where the clicks of a foot begin, by matched filter."""
    template = click(foot, RATE_HZ)
    likeness = np.convolve(samples, template[::-1], mode="valid") / np.dot(template, template)
    found = []
    while likeness[at := int(np.argmax(likeness))] > 0.4:
        found.append(at)
        likeness[max(0, at - 4800) : at + 4800] = 0
    return sorted(found)


def run_of(runs: dict[str, Run], output: str) -> Run:
    if output not in runs:
        pytest.skip(f"no {output}: pip install 'cadence-coach[{output}]'")
    return runs[output]


@pytest.mark.parametrize("output", EXACT)
def test_no_click_is_missing_and_all_are_even(runs: dict[str, Run], output: str) -> None:
    run = run_of(runs, output)
    left, right = (onsets(run.samples, foot) for foot in ("left", "right"))
    assert len(left) == len(right) == BEATS / 2
    frames = np.ravel(np.column_stack([left, right]))
    assert np.abs(np.diff(frames) / RATE_HZ - 1 / 3).max() * 1000 < 0.5


@pytest.mark.parametrize("output", EXACT)
def test_nothing_went_wrong_on_the_way(runs: dict[str, Run], output: str) -> None:
    assert run_of(runs, output).reports == [["open", ""], ["closed", ""]]


def test_simpleaudio_plays_every_click_in_turn(runs: dict[str, Run]) -> None:
    """How far pieces are off cannot be told here: this sink renders ahead, and does so anew for every piece."""
    run = run_of(runs, "simpleaudio")
    feet = sorted((at, foot) for foot in ("left", "right") for at in onsets(run.samples, foot))
    assert [foot for _, foot in feet] == ["left", "right"] * (BEATS // 2)
    intervals_s = np.diff([at for at, _ in feet]) / RATE_HZ
    assert np.count_nonzero(np.abs(intervals_s - 1 / 3) < 0.0005) >= BEATS / 2
    assert [state for state, _ in run.reports] == ["open", "closed"]
    assert run.reports[-1][1] == ""


def play_through_a_restart(
    outputs: tuple[str, str], folder: Path
) -> tuple[list[np.ndarray], dict[str, list[list[str]]]]:
    """Kill the server in mid-run and start it again; give what was played before and after, and the reports."""
    server = Server(folder)
    server.start()
    sink = {**server.environ, "PULSE_SINK": "all"}
    with (folder / "errors").open("wb") as errors:
        player = subprocess.Popen(
            [sys.executable, "-c", THROUGH_A_RESTART, *outputs], env=sink, stdout=subprocess.PIPE, stderr=errors
        )
    try:
        with recording("all", server, folder / "before"):
            assert player.stdout is not None
            assert player.stdout.readline() == b"playing\n", (folder / "errors").read_text()
            time.sleep(3)
        server.stop()
        time.sleep(1)
        server.start()
        with recording("all", server, folder / "after"):
            said, _ = player.communicate(timeout=40)
        assert player.returncode == 0, (folder / "errors").read_text()
    finally:
        player.kill()
        player.wait()
        server.stop()
    return [np.fromfile(folder / tape, dtype="<f4") for tape in ("before", "after")], json.loads(said)


@pytest.mark.parametrize("outputs", [("pipe", "device"), ("device", "miniaudio")])
def test_beats_are_back_in_phase_after_the_server_restarted(outputs: tuple[str, str], tmp_path: Path) -> None:
    """Two outputs that find host time each in its own way play in turn: what they agree on is host time."""
    if find_spec(outputs[1]) is None and outputs[1] in EXTRAS:
        pytest.skip(f"no {outputs[1]}: pip install 'cadence-coach[{outputs[1]}]'")
    tapes, reports = play_through_a_restart(outputs, tmp_path)
    apart_s = []
    for tape in tapes:
        left, right = (np.array(onsets(tape, foot)) / RATE_HZ for foot in ("left", "right"))
        assert min(len(left), len(right)) >= 6
        for clicks in (left, right):
            assert np.abs((np.diff(clicks) * 3 + 0.5) % 1 - 0.5).max() / 3 * 1000 < 0.5
        apart_s.append((right[0] - left[0]) % (1 / 3) - 1 / 6)
    assert np.abs(apart_s).max() < AGREE_S
    for said in reports.values():
        states = [state for state, _ in said]
        assert (states[0], states[1], states[-2:]) == ("open", "lost", ["open", "closed"])
        assert said[-2][1].startswith("plays again; beats while there was no sound: ")
