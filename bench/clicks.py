"""What the clicks are like and what rendering them costs; `--write` draws each into docs/clicks, for eyes to check."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from scipy.signal import hilbert, spectrogram

from audio.click import Mono, Voice, click
from audio.sounds import Sounds
from audio.track import Track
from bench.loudness import a_weighted_db, loudness_db
from bench.timing import row
from coach.config import load
from coach.model import Beat, Foot, Prompt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATE_HZ = 48000
BLOCK = 960
RUNS = 3000
PHON = 60.0
FOLDER = Path(__file__).parent.parent / "docs" / "clicks"
SIDES: tuple[Foot, ...] = ("left", "right")
VOICES: tuple[Voice, ...] = get_args(Voice)

SHOWN_S = 0.032
WINDOW, HOP, SPECTRUM = 240, 12, 2048
TOP_HZ = 6000
FLOOR_DB, STEP_DB = -60, 3


def measure(arguments: Sequence[str] = ()) -> Iterator[str]:
    """Give the rows of the report."""
    parser = argparse.ArgumentParser(prog="python -m bench clicks")
    parser.add_argument("--write", action="store_true", help="draw docs/clicks/*.png (needs the extra `bench`)")
    write = parser.parse_args(arguments).write
    for voice in VOICES:
        yield _figures(voice)
        if write:
            _draw(voice, FOLDER / f"{voice}.png")
    yield from _cost()


# --- what they are like -------------------------------------------------------------------------------------------


def _figures(voice: Voice) -> str:
    left, right = (click(foot, RATE_HZ, voice) for foot in SIDES)
    peak_db = 20 * np.log10(max(np.abs(left).max(), np.abs(right).max()))
    attacks = ", ".join(f"{1000 * attack_s(sound):.1f}" for sound in (left, right))
    iso_db = loudness_db(right, RATE_HZ, PHON) - loudness_db(left, RATE_HZ, PHON)
    a_db = a_weighted_db(right, RATE_HZ) - a_weighted_db(left, RATE_HZ)
    return row(
        f"{voice}: right louder than left at {PHON:.0f} phon",
        f"{iso_db:+.2f} dB",
        "within 1 dB",
        f"A-weighted {a_db:+.2f} dB; peak {peak_db:.2f} dBFS; attack (10-90 %) of left and right {attacks} ms; "
        f"length {1000 * len(left) / RATE_HZ:.0f} ms",
    )


def attack_s(sound: Mono) -> float:
    """Give the time in which the envelope of a sound rises from a tenth to nine tenths of its height."""
    envelope = np.abs(hilbert(sound, 4 * len(sound))[: len(sound)])
    begin, end = (int(np.argmax(envelope >= part * envelope.max())) for part in (0.1, 0.9))
    return (end - begin) / RATE_HZ


# --- what they cost -----------------------------------------------------------------------------------------------


class _Tone:
    """Says every prompt as a second of a tone at full scale, which keeps the limiter busy."""

    def __init__(self) -> None:
        self._tone = np.sin(2 * np.pi * 220 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)

    def sound(self, prompt: Prompt, rate_hz: int) -> Mono:
        return self._tone


def _cost() -> Iterator[str]:
    """Render blocks of each kind in turn, so that all of them see the same machine."""
    work = {"zeros and an add": _add(), "silence": _silence(), "a click": _clicks(), "a click beneath words": _words()}
    took_us: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(RUNS):
        for name, once in work.items():
            took_us[name].append(once())
    yardstick_us = median(took_us.pop("zeros and an add"))
    for name, times_us in took_us.items():
        figure_us = median(times_us)
        yield row(
            f"rendering 20 ms of {name}",
            f"{figure_us:.1f} µs",
            "<= 40 µs",
            f"numpy zeros and an add of that size {yardstick_us:.1f} µs, so {figure_us / yardstick_us:.1f} x",
        )


def _timed_us(work: Callable[[], object]) -> float:
    began_ns = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began_ns) / 1000


def _add() -> Callable[[], float]:
    sound = np.ones((BLOCK, 2), dtype=np.float32)

    def work() -> None:
        block = np.zeros((BLOCK, 2), dtype=np.float32)
        block += sound

    return lambda: _timed_us(work)


def _silence() -> Callable[[], float]:
    track = _track()
    return lambda: _timed_us(lambda: track.render(BLOCK))


def _clicks() -> Callable[[], float]:
    track = _track()

    def once() -> float:
        track.schedule(track.position, _beat())
        took_us = _timed_us(lambda: track.render(BLOCK))
        track.render(BLOCK)  # the rest of the click
        return took_us

    return once


def _words() -> Callable[[], float]:
    track = _track()

    def once() -> float:
        if track.position >= track.ends_at - 2 * BLOCK:
            track.render(RATE_HZ)
            track.schedule(track.position, Prompt(t_s=0.0, available_s=0.0, say="below"))
        track.schedule(track.position, _beat())
        took_us = _timed_us(lambda: track.render(BLOCK))
        track.render(BLOCK)
        return took_us

    return once


def _track() -> Track:
    config = load(settings=["audio.volume=1.0"], environ={"XDG_CONFIG_HOME": "/nonexistent"}).config.audio
    return Track(RATE_HZ, Sounds(RATE_HZ, config, _Tone()))


def _beat() -> Beat:
    return Beat(t_s=0.0, available_s=0.0, index=0, foot="right")


# --- what they look like ------------------------------------------------------------------------------------------


def _draw(voice: Voice, path: Path) -> None:
    """Draw waveform and spectrogram of left and right."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        sys.exit("bench: drawing needs matplotlib: pip install 'cadence-coach[bench]'")
    figure = Figure(figsize=(8, 4.6), dpi=80, layout="constrained")
    panels: Any = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(2, 3))
    for foot, (wave, spectrum) in zip(SIDES, panels.T, strict=True):
        sound = np.zeros(round(SHOWN_S * RATE_HZ), dtype=np.float32)
        sound[: len(click(foot, RATE_HZ, voice))] = click(foot, RATE_HZ, voice)
        wave.set_title(f"{voice}, {foot}")
        _draw_wave(wave, sound)
        image = _draw_spectrum(spectrum, sound)
    panels[0, 0].set_ylabel("of full scale")
    panels[1, 0].set_ylabel("kHz")
    figure.colorbar(image, ax=panels[1, :], label="dB, the loudest is 0", ticks=range(FLOOR_DB, 1, 4 * STEP_DB))
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Software": None}, pil_kwargs={"optimize": True})


def _draw_wave(axes: Axes, sound: Mono) -> None:
    axes.plot(1000 * np.arange(len(sound)) / RATE_HZ, sound, linewidth=0.9)
    axes.set_ylim(-0.4, 0.4)
    axes.grid(alpha=0.3)


def _draw_spectrum(axes: Axes, sound: Mono) -> Any:
    """Draw the power of windows of 5 ms; the first is centred on the first sample, half of it before the click."""
    padded = np.pad(sound, WINDOW // 2)
    hz, at_s, power = spectrogram(padded, RATE_HZ, "hann", WINDOW, WINDOW - HOP, SPECTRUM, detrend=False)
    level_db = 10 * np.log10(np.maximum(power / power.max(), 10 ** (FLOOR_DB / 10)))
    shown = hz <= TOP_HZ
    at_ms = 1000 * at_s - 500 * WINDOW / RATE_HZ
    image = axes.contourf(at_ms, hz[shown] / 1000, level_db[shown], levels=np.arange(FLOOR_DB, 1, STEP_DB))
    axes.set_xlim(0, 1000 * SHOWN_S)
    axes.set_xlabel("ms after the beat")
    return image
