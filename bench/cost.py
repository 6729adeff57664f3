"""What the engine costs, in processor time: by batch size, over hours, for twelve sensors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from scipy.signal import butter, sosfilt

from bench.grid import USUAL_HZ, Course, Record, make
from bench.ours import batches
from bench.tables import table
from bench.timing import RUNS, best_s
from coach.config import load
from coach.dsp.cadence import CadenceEngine
from coach.dsp.timebase import Timebase
from coach.model import HostTime, Packet, Samples
from coach.pipeline import Pipeline
from sensors import rows
from sensors.codecs import decode

MINUTE_S = 60.0
HOUR_S = 3600.0
HOURS = 3
PIPELINES = 12

FRAME_ROWS = 10
"""As a sensor sends them: 6 to 36."""

BATCHES = {"frames of 10": FRAME_ROWS, "single rows": 1, "batches of 512": 512}
"""What a sensor sends comes first: it is the figure that counts."""


def cost(*, quick: bool) -> list[str]:
    """Write the tables, in a process whose memory nobody else has used; in a hurry an hour has six minutes."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_lines, quick).result()


def _lines(quick: bool) -> list[str]:
    return list(_tables(quick))


def _tables(quick: bool) -> Iterator[str]:
    samples = _minute("waist", USUAL_HZ)
    yield from ("", "## Cost at 100 Hz", "")
    yield from _by_batch(samples)
    yield ""
    yield from _by_hour(samples, HOUR_S / 10 if quick else HOUR_S)
    yield ""
    yield from _together(samples)


def _minute(placement: str, rate_hz: float, text: str = f"stand 3, run {MINUTE_S - 3:g} @ 170") -> Samples:
    course = Course(kind="cost", text=text)
    return make(Record(course=course, placement=placement, rate_hz=rate_hz)).samples


def _by_batch(samples: Samples) -> Iterator[str]:
    figures = [_beside_a_filter(name, list(batches(samples, rows))) for name, rows in BATCHES.items()]
    standing = list(batches(_minute("waist", USUAL_HZ, "stand 60"), FRAME_ROWS))
    figures.append(_beside_a_filter("frames of 10, of who stands", standing))
    yield from table(("engine fed with", "µs a sample", "one scipy sosfilt so fed", "ratio"), figures)


def _beside_a_filter(name: str, parts: list[Samples]) -> list[str]:
    """Take the best of several runs in turn, so that what slows the machine slows both."""
    n = sum(len(part.device_s) for part in parts)
    pairs = [[best_s(partial(run, parts), 1, time.process_time) for run in (_run, _filter)] for _ in range(RUNS)]
    ours_us, yardstick_us = (1e6 * min(times_s) / n for times_s in zip(*pairs, strict=True))
    return [name, f"{ours_us:.1f}", f"{yardstick_us:.2f}", f"{ours_us / yardstick_us:.1f} x"]


def _run(parts: Sequence[Samples]) -> None:
    timebase, engine = Timebase(), CadenceEngine("bench")
    for part in parts:
        for _ in engine.push(timebase.push(part)):
            pass


def _filter(parts: Sequence[Samples]) -> None:
    """Run the least that any engine does: one band-pass over three axes, its state carried from batch to batch."""
    sos = butter(2, (0.5, 10.0), "bandpass", fs=USUAL_HZ, output="sos")
    state = np.zeros((len(sos), 2, 3))
    for part in parts:
        _, state = sosfilt(sos, part.acc_g, axis=0, zi=state)


def _by_hour(samples: Samples, hour_s: float) -> Iterator[str]:
    """Feed the same minute again and again, in frames of a tenth of a second."""
    timebase, engine = Timebase(), CadenceEngine("bench")
    parts = list(batches(samples, FRAME_ROWS))
    took_s = []
    for hour in range(HOURS):
        began_s = time.process_time()
        for minute in range(round(hour_s / MINUTE_S)):
            for part in parts:
                for _ in engine.push(timebase.push(_later(part, hour * hour_s + minute * MINUTE_S))):
                    pass
        took_s.append(time.process_time() - began_s)
    n = len(samples.device_s) * hour_s / MINUTE_S
    figures = [[f"{hour + 1}", f"{1e6 * took / n:.1f}", f"{took / took_s[0]:.2f}"] for hour, took in enumerate(took_s)]
    yield from table((f"hour of {hour_s:g} s", "µs a sample", "of the first"), figures)


def _later(part: Samples, by_s: float) -> Samples:
    return Samples(at_s=part.at_s + by_s, device_s=part.device_s + by_s, acc_g=part.acc_g)


def _together(samples: Samples) -> Iterator[str]:
    """Run whole pipelines in turn, each with a sensor that sends ten frames a second."""
    config = load(environ={"XDG_CONFIG_HOME": "/nonexistent"}).config
    packets = [_packet(part) for part in batches(samples, FRAME_ROWS)]

    def run() -> None:
        pipelines = [Pipeline(config, decode) for _ in range(PIPELINES)]
        for packet in packets:
            for pipeline in pipelines:
                pipeline.push(packet)

    speed = MINUTE_S / best_s(run, 1, time.process_time)
    yield from table(("pipelines in one process", "x real time"), [[str(PIPELINES), f"{speed:.1f}"]])


def _packet(part: Samples) -> Packet:
    payload = rows.encode(np.column_stack([part.at_s, part.device_s, part.acc_g]))
    return Packet(at=HostTime(float(part.at_s[-1])), sensor="bench", codec="timed-rows", payload=payload)
