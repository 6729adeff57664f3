"""A process that plays beats for the measurements of sound, and says when it aimed each of them and what it used.

    python -m bench.sound_player device pipe:0.6 --beats 24 --beside gil

Beats go to the outputs in turn, each committed as the coach does it, its output's latency and a margin ahead; `naive`
is what everybody writes first, a sound and a sleep. What it has to say is one JSON object on stdout.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.click import click
from audio.metronome import Metronome
from audio.outputs import choose
from coach.clock import HostClock
from coach.coaching.nudge import MARGIN_S
from coach.config import load
from coach.model import Beat, Foot, OutputReport

HOLD_S, REST_S = 0.04, 0.04
RAMP_AFTER, RAMP_BEATS = 8, 16
SOON_S = 0.2
RATE_HZ = 48000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sound_player", description=__doc__)
    parser.add_argument("outputs", nargs="+", metavar="OUTPUT[:BUFFER_S]")
    parser.add_argument("--beats", type=int, required=True)
    parser.add_argument("--spm", type=float, default=180.0)
    parser.add_argument("--to-spm", type=float, help=f"ramp there over {RAMP_BEATS} beats")
    parser.add_argument("--beside", choices=BESIDE, default="nothing", help="what another thread does meanwhile")
    options = parser.parse_args()
    waited_s = _beside(options.beside)
    if options.outputs == ["naive"]:
        said = naive(options.beats, options.spm)
    else:
        said = played(options.outputs, options.beats, options.spm, options.to_spm)
    json.dump({**said, "waited_s": waited_s}, sys.stdout)


# --- the coach's way ----------------------------------------------------------------------------------------------


def played(names: list[str], beats: int, spm: float, to_spm: float | None) -> dict[str, object]:
    """Open the outputs, play, and close them."""
    clock = HostClock()
    config = load(environ={"XDG_CONFIG_HOME": "nowhere"}).config.audio
    reports: list[list[OutputReport]] = []
    outputs = []
    for name, _, buffer_s in (text.partition(":") for text in names):
        changes: dict[str, Any] = {"output": name, "buffer_s": float(buffer_s or config.buffer_s)}
        output = choose(config.model_copy(update=changes), clock=clock, wav_path=Path("unused.wav"))
        reports.append([])
        output.open(reports[-1].append)
        outputs.append(output)
    ahead_s = max(said[0].latency_s for said in reports) + MARGIN_S
    began_s, began_cpu_s, began_kb = clock.now(), _cpu_s(resource.RUSAGE_SELF), _most_kb()
    aimed_s, committed_s = [], []
    for index, t_s in enumerate(_times(clock.now() + ahead_s + SOON_S, beats, spm, to_spm)):
        time.sleep(max(0.0, t_s - ahead_s - clock.now()))
        beat = Beat(t_s=t_s, available_s=clock.now(), index=index, foot=_foot(index))
        outputs[index % len(outputs)].play(beat)
        aimed_s.append(t_s)
        committed_s.append(beat.available_s)
    for output in outputs:
        output.close()
    return {
        "aimed_s": aimed_s,
        "committed_s": committed_s,
        "latency_s": ahead_s - MARGIN_S,
        "reports": [[[report.state, report.reason] for report in said] for said in reports],
        "wall_s": clock.now() - began_s,
        "cpu_s": _cpu_s(resource.RUSAGE_SELF) - began_cpu_s + _cpu_s(resource.RUSAGE_CHILDREN),
        "grown_kb": _most_kb() - began_kb,
    }


def _times(first_s: float, beats: int, spm: float, to_spm: float | None) -> Iterator[float]:
    metronome = Metronome(first_s, spm, span=math.inf)  # a ramp that nobody has to run to
    for index in range(beats):
        yield metronome.take()
        if index == RAMP_AFTER and to_spm is not None:
            metronome.steer(to_spm, RAMP_BEATS)


def _foot(index: int) -> Foot:
    return "right" if index % 2 else "left"


def _cpu_s(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _most_kb() -> int:
    """Give the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# --- what everybody writes first ----------------------------------------------------------------------------------


def naive(beats: int, spm: float) -> dict[str, object]:
    """Play a sound and sleep, again and again."""
    import simpleaudio

    sounds = [_padded(_foot(index)) for index in range(2)]
    began_s, began_cpu_s, began_kb = time.monotonic(), _cpu_s(resource.RUSAGE_SELF), _most_kb()
    for index in range(beats):
        playing = simpleaudio.play_buffer(sounds[index % 2], 2, 2, RATE_HZ)
        time.sleep(60 / spm)
    playing.wait_done()
    return {
        "aimed_s": [60 / spm * index for index in range(beats)],
        "reports": [],
        "wall_s": time.monotonic() - began_s,
        "cpu_s": _cpu_s(resource.RUSAGE_SELF) - began_cpu_s,
        "grown_kb": _most_kb() - began_kb,
    }


def _padded(foot: Foot) -> NDArray[np.int16]:
    """Give a click between silences: at the very start of a sound PulseAudio swallowed it."""
    sound = np.pad(click(foot, RATE_HZ), [round(silence_s * RATE_HZ) for silence_s in (0.1, 0.05)])
    return np.repeat(np.round(32767 * sound).astype("<i2"), 2)


# --- what goes on beside it ---------------------------------------------------------------------------------------


def _computes() -> None:
    while True:
        sum(k * k for k in range(1000))


def _holds() -> None:
    """Hold the interpreter as a long call of a library in C does: other threads wait until it returns."""
    c = ctypes.PyDLL(None)
    while True:
        c.usleep(round(HOLD_S * 1e6))
        time.sleep(REST_S)


BESIDE: dict[str, Callable[[], None] | None] = {"nothing": None, "thread": _computes, "gil": _holds}


def _beside(what: str) -> float:
    """Begin it; give how long another thread then waits at most for the interpreter."""
    work = BESIDE[what]
    if work is not None:
        threading.Thread(target=work, daemon=True).start()
    longest_s, until_s = 0.0, time.perf_counter() + 0.5
    while (began_s := time.perf_counter()) < until_s:
        time.sleep(0.001)
        longest_s = max(longest_s, time.perf_counter() - began_s - 0.001)
    return longest_s


if __name__ == "__main__":
    main()
