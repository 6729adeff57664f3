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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from audio.click import click
from coach.model import Foot

RATE_HZ = 48000
BEATS = 18
OUTPUTS = ["pipe", "device"]
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


def missing() -> list[str]:
    tools = [tool for tool in ("pulseaudio", "pacat", "parec", "pactl") if shutil.which(tool) is None]
    plugin = any(Path("/usr/lib").glob(f"**/alsa-lib/{PULSE_PLUGIN}"))
    portaudio = ctypes.util.find_library("portaudio")
    return tools + ([] if plugin else [PULSE_PLUGIN]) + ([] if portaudio else ["libportaudio2"])


pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no {', '.join(missing())}: {PACKAGES}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start a PulseAudio of our own, a sink for each output; give the environment in which it is found."""
    folder = tmp_path_factory.mktemp("pulse")
    socket, alsa = folder / "native", folder / "asound.conf"
    alsa.write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    private = {"HOME": folder, "XDG_RUNTIME_DIR": folder, "PULSE_COOKIE": folder / "cookie", "ALSA_CONFIG_PATH": alsa}
    environ = {**os.environ, **{name: str(path) for name, path in private.items()}}
    modules = [
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
        *(f"module-null-sink sink_name={output} format=float32le rate={RATE_HZ} channels=2" for output in OUTPUTS),
    ]
    options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    loads = [part for module in modules for part in ("-L", module)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["pulseaudio", *options, *loads], env=environ, stderr=log)
    try:
        environ["PULSE_SERVER"] = f"unix:{socket}"
        wait_for(environ)
        yield environ
    finally:
        process.terminate()
        process.wait(10)


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
def runs(server: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Let all outputs play at the same time, each in a process of its own."""
    folder = tmp_path_factory.mktemp("tapes")
    with ThreadPoolExecutor() as pool:
        jobs = {output: pool.submit(play_and_record, output, server, folder / output) for output in OUTPUTS}
    return {output: job.result() for output, job in jobs.items()}


def play_and_record(output: str, environ: Mapping[str, str], tape: Path) -> Run:
    record = ["parec", "-d", f"{output}.monitor", "--raw", "--format=float32le", f"--rate={RATE_HZ}", "--channels=1"]
    with tape.open("wb") as file:
        recorder = subprocess.Popen([*record, "--latency-msec=100"], env=environ, stdout=file)
    try:
        player = [sys.executable, "-c", PLAYER, output, str(BEATS)]
        sink = {**environ, "PULSE_SINK": output}
        played = subprocess.run(player, env=sink, capture_output=True, text=True, timeout=25, check=False)
        time.sleep(0.5)
    finally:
        recorder.terminate()
        recorder.wait(5)
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


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_click_is_missing_and_all_are_even(runs: dict[str, Run], output: str) -> None:
    left, right = (onsets(runs[output].samples, foot) for foot in ("left", "right"))
    assert len(left) == len(right) == BEATS / 2
    frames = np.ravel(np.column_stack([left, right]))
    assert np.abs(np.diff(frames) / RATE_HZ - 1 / 3).max() * 1000 < 0.5


@pytest.mark.parametrize("output", OUTPUTS)
def test_nothing_went_wrong_on_the_way(runs: dict[str, Run], output: str) -> None:
    assert runs[output].reports == [["open", ""], ["closed", ""]]
