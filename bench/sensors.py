"""What sensors cost: reading a frame of Polar's, and one H10 at 200 Hz from its notifications to cadence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench.timing import best_s, row
from coach.config import load
from coach.model import FloatArray, HostTime, Packet, SensorState
from coach.pipeline import Pipeline
from sensors.codecs import decode
from sensors.course import parse_course
from sensors.gatt import polar_deltas
from sensors.gatt.polar import AccFrame, FrameType
from sensors.simulated import SimulatedRunner, record

CALLS = 20
RUNS = 500
"""Short and many: on a machine that has other work, some are left alone."""

VERITY_HZ, VERITY_SAMPLES = 52, 58
H10_HZ, H10_SAMPLES = 200, 36
RUN_S = 300.0
LATE_S = 0.05


def measure() -> Iterator[str]:
    """Give the rows of the report."""
    yield from _delta_frame()
    yield from _strap()


def _delta_frame() -> Iterator[str]:
    values = _frames("upper_arm", VERITY_HZ, 10.0, VERITY_SAMPLES)[4]
    body = polar_deltas.pack(values)
    ways: dict[str, Callable[[], object]] = {
        "the codec": partial(decode, _packet(values, 0.0, FrameType.DELTA)),
        "bits x weights": partial(polar_deltas.unpack, body),
        "shifts": partial(shifted, body),
        "raw": partial(decode, _packet(values, 0.0, FrameType.RAW_16)),
    }
    us = {name: 1e6 * best_s(partial(_repeat, way), RUNS) / CALLS for name, way in ways.items()}
    yield row(
        f"reading a delta frame of {VERITY_SAMPLES} samples",
        f"{us['the codec']:.0f} µs",
        "<= 60 µs",
        f"the same samples raw {us['raw']:.0f} µs; its deltas as bits x weights {us['bits x weights']:.0f} µs, "
        f"as shifts of an integer {us['shifts']:.0f} µs",
    )


def _repeat(work: Callable[[], object]) -> None:
    for _ in range(CALLS):
        work()


def shifted(body: bytes) -> NDArray[np.int64]:
    """Unpack deltas of more than no bits the other way: block by block, shifting one long integer."""
    offset, steps = polar_deltas.REFERENCE_BYTES, np.frombuffer(body, "<i2", 3).tolist()
    while offset < len(body):
        bits, count = body[offset], body[offset + 1]
        start, offset = offset + 2, offset + 2 + (3 * bits * count + 7) // 8
        block, mask, sign = int.from_bytes(body[start:offset], "little"), (1 << bits) - 1, 1 << (bits - 1)
        steps += [((block >> at & mask) ^ sign) - sign for at in range(0, 3 * bits * count, bits)]
    return np.cumsum(np.array(steps).reshape(-1, 3), axis=0)


def _strap() -> Iterator[str]:
    frames = _frames("chest", H10_HZ, RUN_S, H10_SAMPLES)
    packets = [_packet(values, (k + 1) * H10_SAMPLES / H10_HZ, FrameType.RAW_16) for k, values in enumerate(frames)]
    whole_s, codec_s = (min(_processor_s(partial(work, packets)) for _ in range(3)) for work in (_cadence, _readings))
    seconds = len(packets) * H10_SAMPLES / H10_HZ
    yield row(
        f"an H10 at {H10_HZ} Hz, from bytes to cadence",
        f"{100 * whole_s / seconds:.2f} % of a core",
        "<= 1.5 %",
        f"the codec alone {100 * codec_s / seconds:.2f} %",
    )


def _processor_s(work: Callable[[], object]) -> float:
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


def _readings(packets: Sequence[Packet]) -> None:
    for packet in packets:
        decode(packet)


def _cadence(packets: Sequence[Packet]) -> None:
    """Fold packets in the order of time, each as if it had just come."""
    pipeline = Pipeline(load(environ={"XDG_CONFIG_HOME": "/nonexistent"}).config, decode)
    pipeline.push(SensorState(at=HostTime(0.0), sensor="bench", state="connected", rate_hz=H10_HZ, placement="chest"))
    for packet in packets:
        pipeline.advance(packet.at)
        pipeline.push(packet)


def _frames(placement: str, rate_hz: int, duration_s: float, samples: int) -> list[NDArray[np.int64]]:
    """Give a run as a sensor measures it, in mG, cut into frames."""
    settings = [f"simulation.placement={placement}", f"simulation.rate_hz={rate_hz}"]
    config = load(settings=settings, environ={"XDG_CONFIG_HOME": "/nonexistent"}).config
    runner = SimulatedRunner(config.simulation, parse_course(f"run {duration_s + 1:g} @ 170"))
    acc_g: FloatArray = np.concatenate(list(record(runner, duration_s)))[:, 2:]
    acc_mg = np.rint(1000 * acc_g).astype(np.int64)
    return [acc_mg[start : start + samples] for start in range(0, len(acc_mg) - samples + 1, samples)]


def _packet(values: NDArray[np.int64], last_s: float, type_: FrameType) -> Packet:
    payload = AccFrame(last_ns=round((6e8 + last_s) * 1e9), values=values, type=type_).to_bytes()
    return Packet(at=HostTime(last_s + LATE_S), sensor="bench", codec="pmd", payload=payload)
