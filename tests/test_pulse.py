"""The live outputs through a real sound server: a private PulseAudio with a sink that nobody hears, and its recording.

Here is the short form of what `python -m bench sound` measures, with more sound in hand than by default: how a busy
test machine does with little is not what is tested.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from audio.timeline import AGREE_S
from bench.heard import Run, busy_cores, hear, onsets, survived
from bench.sound_server import PACKAGES, RATE_HZ, Server, missing

BEATS = 18
BEATS_BESIDE = 24
BUFFER_S = 0.3
BEATS_RAMP = 28
SOUNDS = 60
EXTRAS = ("miniaudio", "simpleaudio")
EXACT = ["pipe", "device", "miniaudio"]
EVENLY = ["idle", "gil", "thread", "cores"]
RAMP = ["--spm", "160", "--to-spm", "180"]

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no {', '.join(missing())}: {PACKAGES}")

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


def sink(output: str, condition: str) -> str:
    return f"{output}-{condition}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    sinks = [sink(output, condition) for output in (*EXACT, "simpleaudio") for condition in (*EVENLY, "ramp")]
    server = Server(tmp_path_factory.mktemp("pulse"), [*sinks, "life"])
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def runs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Let outputs play, each in a process of its own: all at once, but each busy thread by itself."""
    folder = tmp_path_factory.mktemp("tapes")
    extras = [extra for extra in EXTRAS if find_spec(extra)]
    beside = ["--beats", str(BEATS_BESIDE)]
    together = {sink(output, "idle"): ["--beats", str(BEATS)] for output in ("pipe", "device", *extras)}
    for output in ("pipe", "device"):
        together[sink(output, "gil")] = [*beside, "--beside", "gil"]
        together[sink(output, "ramp")] = ["--beats", str(BEATS_RAMP), *RAMP]
    threads = [{sink(output, "thread"): [*beside, "--beside", "thread"]} for output in ("pipe", "device")]
    cores = {sink(output, "cores"): beside for output in ("pipe", "device")}
    turns = [(nullcontext, together), *((nullcontext, thread) for thread in threads), (busy_cores, cores)]
    found: dict[str, Run] = {}
    for around, plans in turns:
        with around(), ThreadPoolExecutor(len(plans)) as pool:
            jobs = {
                name: pool.submit(hear, server, name, folder, f"{name.partition('-')[0]}:{BUFFER_S}", *arguments)
                for name, arguments in plans.items()
            }
            found |= {name: job.result() for name, job in jobs.items()}
    return found


def run_of(runs: dict[str, Run], output: str, condition: str = "idle") -> Run:
    if sink(output, condition) not in runs:
        pytest.skip(f"no {output}: pip install 'cadence-coach[{output}]'")
    return runs[sink(output, condition)]


def assert_exact(run: Run) -> None:
    """No click is missing, left and right take turns, and nothing went wrong on the way."""
    assert run.said["reports"] == [[["open", ""], ["closed", ""]]]
    n = len(run.aimed_s)
    assert run.feet == ["left", "right"] * (n // 2)


@pytest.mark.parametrize(
    ("output", "condition"),
    [("miniaudio", "idle"), *((output, condition) for output in ("pipe", "device") for condition in EVENLY)],
)
def test_no_click_is_missing_and_all_are_even(runs: dict[str, Run], output: str, condition: str) -> None:
    run = run_of(runs, output, condition)
    assert_exact(run)
    assert np.abs(np.diff(run.heard_s) - 1 / 3).max() * 1000 < 0.05


@pytest.mark.parametrize("output", ["pipe", "device"])
def test_a_ramp_is_heard_where_the_log_says(runs: dict[str, Run], output: str) -> None:
    run = run_of(runs, output, "ramp")
    assert_exact(run)
    assert np.diff(run.aimed_s)[[0, -1]] == pytest.approx([60 / 160, 60 / 180])
    assert np.abs(run.off_aim_ms()).max() < 1


@pytest.mark.parametrize("output", ["pipe", "device"])
def test_the_interpreter_was_really_held(runs: dict[str, Run], output: str) -> None:
    assert run_of(runs, output, "gil").said["waited_s"] > 0.035


def test_simpleaudio_plays_every_click_in_turn(runs: dict[str, Run]) -> None:
    """How far pieces are off cannot be told here: this sink renders ahead, and does so anew for every piece."""
    run = run_of(runs, "simpleaudio")
    assert run.feet == ["left", "right"] * (BEATS // 2)
    assert np.count_nonzero(np.abs(np.diff(run.heard_s) - 1 / 3) < 0.0005) >= BEATS / 2
    [reports] = run.said["reports"]
    assert [state for state, _ in reports] == ["open", "closed"]
    assert reports[-1][1] == ""


def test_simpleaudio_survives_many_sounds(server: Server) -> None:
    """The version that crashes does so when its first or second sound has ended."""
    pytest.importorskip("simpleaudio", reason="no simpleaudio: pip install 'cadence-coach[simpleaudio]'")
    assert survived(server, "life", SOUNDS) == 0


def play_through_a_restart(
    outputs: tuple[str, str], folder: Path
) -> tuple[list[np.ndarray], dict[str, list[list[str]]]]:
    """Kill the server in mid-run and start it again; give what was played before and after, and the reports."""
    server = Server(folder, ["all"])
    server.start()
    with (folder / "errors").open("wb") as errors:
        player = subprocess.Popen(
            [sys.executable, "-c", THROUGH_A_RESTART, *outputs],
            env=server.environ("all"),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        with server.recording("all", folder / "before"):
            assert player.stdout is not None
            assert player.stdout.readline() == b"playing\n", (folder / "errors").read_text()
            time.sleep(3)
        server.stop()
        time.sleep(1)
        server.start()
        with server.recording("all", folder / "after"):
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
