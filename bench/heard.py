"""Clicks that a player process plays into a sound server, found in the recording, beside where they were aimed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from audio.click import click
from audio.outputs import simpleaudio_player
from audio.outputs.simpleaudio_player import HEADER
from bench.sound_server import RATE_HZ, Server
from coach.model import FloatArray, Foot

LIKE = 0.4
"""Of a click's own height: what resembles it so much is one."""

APART_S = 0.1
SHORT_S, SHORT_EVERY_S = 0.02, 0.1
"""Of the sounds that are only counted; sooner upon each other they are more than the server's 64 clients."""

LIMIT_S = 60.0
PLAYER = [sys.executable, "-m", "bench.sound_player"]
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Run:
    """When clicks were heard, on the recording's axis, and what the player said (see `bench.sound_player`).

    Parameters
    ----------
    fast_ppm : by how much the sink's clock, which is that axis, is faster than the host's, by which clicks are aimed.
    """

    heard_s: FloatArray
    feet: list[Foot]
    said: dict[str, Any]
    fast_ppm: float

    @property
    def aimed_s(self) -> FloatArray:
        return np.asarray(self.said["aimed_s"])

    @property
    def complete(self) -> bool:
        return len(self.heard_s) == len(self.aimed_s)

    @property
    def cpu_pct(self) -> float:
        return float(100 * self.said["cpu_s"] / self.said["wall_s"])

    def uneven_ms(self, period_s: float) -> FloatArray:
        """Give how far intervals are from the nearest multiple of the period, which a missing click makes them."""
        periods = np.diff(self.heard_s) / period_s
        return np.asarray(1000 * period_s * (periods - np.round(periods)))

    @property
    def drift_ms(self) -> float:
        """By how much more time passed from the first click to the last than was aimed at, on the host's clock.

        All clicks must have been heard.
        """
        heard_s, aimed_s = (float(times_s[-1] - times_s[0]) for times_s in (self.heard_s, self.aimed_s))
        return 1000 * (heard_s / (1 + 1e-6 * self.fast_ppm) - aimed_s)

    def off_aim_ms(self) -> FloatArray:
        """Give how much later than aimed each click was heard, less the middle of all, which a recording cannot tell.

        All clicks must have been heard.
        """
        late_ms = 1000 * (self.heard_s - self.aimed_s)
        return np.asarray(late_ms - (late_ms.max() + late_ms.min()) / 2)


def hear(server: Server, sink: str, folder: Path, *arguments: str) -> Run:
    """Let a player play on a sink, and listen.

    Raises
    ------
    RuntimeError
        When the player fails; says what it said.
    """
    environ = {**server.environ(sink), "PYTHONPATH": str(ROOT)}
    limit_s = LIMIT_S + float(arguments[arguments.index("--beats") + 1])
    with server.recording(sink, folder / f"{sink}.raw") as tape:
        player = subprocess.run(
            [*PLAYER, *arguments], env=environ, capture_output=True, text=True, timeout=limit_s, check=False
        )
    if player.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {player.stderr}")
    samples = np.fromfile(tape.path, dtype="<f4")
    tape.path.unlink()
    found = sorted((at, foot) for foot in ("left", "right") for at in onsets(samples, foot))
    frames = np.array([at for at, _ in found], dtype=np.float64)
    return Run(frames / RATE_HZ, [foot for _, foot in found], json.loads(player.stdout), tape.fast_ppm)


def onsets(samples: NDArray[np.float32], foot: Foot) -> list[int]:
    """Find the frames at which the clicks of a foot begin, by matched filter."""
    template = click(foot, RATE_HZ)
    likeness = oaconvolve(samples, template[::-1], mode="valid") / np.dot(template, template)
    apart = round(APART_S * RATE_HZ)
    found = []
    for start in range(0, len(likeness), apart):
        at = start + int(np.argmax(likeness[start : start + apart]))
        if likeness[at] > LIKE and likeness[at] == likeness[max(0, at - apart) : at + apart].max():
            found.append(at)
    return found


def survived(server: Server, sink: str, sounds: int, python: str = sys.executable) -> int:
    """Let the helper of the output `simpleaudio` play many short sounds; give its exit code, negative for a crash."""
    sound, begin_s = bytes(4 * round(SHORT_S * RATE_HZ)), time.monotonic() + 1
    orders = b"".join(
        HEADER.pack(begin_s + SHORT_EVERY_S * index, RATE_HZ, len(sound)) + sound for index in range(sounds)
    )
    helper = [python, "-P", simpleaudio_player.__file__]
    played = subprocess.run(helper, input=orders, env=server.environ(sink), stdout=subprocess.DEVNULL, check=False)
    return played.returncode


@contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core busy with other programs, each in a session of its own, which Linux shares time between."""
    command = [sys.executable, "-c", "while True: sum(range(1000))"]
    busy = [subprocess.Popen(command, start_new_session=True) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
