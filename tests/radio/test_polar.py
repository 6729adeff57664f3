"""Polar's sensors on the emulated radio: what they are asked to send, what cadence comes of it, and how it ends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach.config import load
from coach.model import Cadence, FloatArray, Frame
from coach.pipeline import Pipeline
from sensors.ble_scan import scan
from sensors.codecs import decode
from sensors.course import parse_course
from sensors.drivers import polar
from sensors.simulated import SimulatedRunner, record

from .devices import PMD_CONTROL, PolarH10
from .devices_polar import EarlyVeritySense, PolarOH1, VeritySense
from .fixtures import Radio
from .watch import Run, emulated, failure, running, sensor

if TYPE_CHECKING:
    from .bluez import Bluez

ASK = bytes.fromhex("01 02")
START = bytes.fromhex("02 02 00 01 C8 00 01 01 10 00 02 01 08 00")
START_VERITY = bytes.fromhex("02 02 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03")
START_OH1 = bytes.fromhex("02 02 00 01 32 00 01 01 10 00 02 01 08 00")
STOP = bytes.fromhex("03 02")

NO_CONFIG = {"XDG_CONFIG_HOME": "/nonexistent"}
RUN_SPM = 168.0


def running_g(placement: str, rate_hz: int) -> FloatArray:
    """Give what a sensor feels of a runner in half a minute."""
    settings = [f"simulation.{key}" for key in (f"placement={placement}", f"rate_hz={rate_hz}", "step_cv_pct=0.5")]
    config = load(settings=settings, environ=NO_CONFIG).config
    runner = SimulatedRunner(config.simulation, parse_course(f"run 31 @ {RUN_SPM:g}"))
    return np.concatenate(list(record(runner, 30.0)))[:, 2:]


class Coached:
    """The cadence that a coach makes of what a sensor sends while it runs."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._pipeline = Pipeline(load(environ=NO_CONFIG).config, decode)
        self._taken = 0
        self.locked_spm: list[float] = []

    def listen(self) -> int:
        """Take what has come; give how often a cadence was said that is locked."""
        new = self._run.items[self._taken :]
        self._taken += len(new)
        said = [event for item in new for event in self._pipeline.push(item) if isinstance(event, Cadence)]
        self.locked_spm += [event.spm for event in said if event.status == "locked" and event.spm is not None]
        return len(self.locked_spm)


def commands(device: PolarH10) -> list[bytes]:
    return [value for _, value in device.writes]


# --- what is asked for, and what comes --------------------------------------------------------------------------------


@emulated
async def test_from_the_scan_to_live_cadence(bluez: Bluez) -> None:
    chest, arm = running_g("chest", 200), running_g("upper_arm", 52)
    bluez.add(
        PolarH10(acc_g=chest),
        VeritySense(acc_g=arm),
        EarlyVeritySense(acc_g=arm),
        PolarOH1(acc_g=running_g("upper_arm", 50)),
    )
    found = await scan(0.5)
    assert {one.speaks for one in found} == {("heart-rate", "pmd")}
    async with AsyncExitStack() as stack:
        runs = [await stack.enter_async_context(running(sensor(one.address, scan_s=30.0))) for one in found]
        coached = [Coached(run) for run in runs]
        for run, one in zip(runs, coached, strict=True):
            await run.until(lambda one=one: one.listen() >= 25)
    assert len(coached) == 4
    for one in coached:
        np.testing.assert_allclose(one.locked_spm, RUN_SPM, atol=2.0)


@emulated
async def test_a_strap_streams_acceleration_at_the_rate_that_was_asked(bluez: Bluez) -> None:
    acc_g = np.column_stack([np.arange(4096) / 1000, np.zeros(4096), -np.ones(4096)])
    strap = PolarH10(acc_g=acc_g)
    bluez.add(strap)
    async with running(sensor(strap.address)) as run:
        state = await run.connected()
        frames = [decode(packet) for packet in await run.receives("pmd", 2)]
    assert (state.name, state.placement, state.battery_pct, state.rate_hz) == ("Polar H10 12345678", "chest", 64, 200)
    assert commands(strap) == [ASK, START, STOP]
    first, second = frames[:2]
    assert isinstance(first, Frame)
    assert isinstance(second, Frame)
    np.testing.assert_allclose(second.last_s - first.last_s, 36 / 200, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([first.acc_g, second.acc_g]), acc_g[:72], atol=1e-9)


@pytest.mark.parametrize(
    ("make", "codec", "rate_hz", "start"),
    [
        (VeritySense, "pmd", 52, START_VERITY),
        (EarlyVeritySense, "pmd-scaled", 52, START_VERITY),
        (PolarOH1, "pmd", 50, START_OH1),
    ],
)
def test_an_arm_band_streams_what_it_offers(
    radio: Radio, make: type[PolarH10], codec: str, rate_hz: int, start: bytes
) -> None:
    acc_g = np.random.default_rng(7).normal(0, 1, (make.FRAME_SAMPLES, 3))

    async def test(bluez: Bluez) -> None:
        band = make(acc_g=acc_g)
        bluez.add(band)
        async with running(sensor(band.address)) as run:
            state = await run.connected()
            (packet,) = await run.receives(codec)
        assert (state.placement, state.rate_hz) == ("upper_arm", rate_hz)
        assert commands(band) == [ASK, start, STOP]
        frame = decode(packet)
        assert isinstance(frame, Frame)
        np.testing.assert_allclose(frame.acc_g, acc_g, atol=0.001)

    radio.run(test)


@emulated
async def test_a_strap_that_offers_less_is_asked_for_what_it_offers(bluez: Bluez) -> None:
    strap = PolarH10()
    strap.offers = {0: (25, 50), 1: (16,), 2: (2, 4)}
    bluez.add(strap)
    async with running(sensor(strap.address)) as run:
        state = await run.connected()
    assert state.rate_hz == 50
    assert commands(strap)[1] == bytes.fromhex("02 02 00 01 32 00 01 01 10 00 02 01 04 00")


def test_a_strap_that_does_not_say_what_it_offers_is_taken_for_an_h10(
    radio: Radio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polar, "ANSWER_S", 0.1)

    async def test(bluez: Bluez) -> None:
        strap = PolarH10()
        strap.deaf_to = {0x01}
        bluez.add(strap)
        async with running(sensor(strap.address)) as run:
            await run.receives("pmd")
        assert commands(strap) == [ASK, START, STOP]

    radio.run(test)


@emulated
async def test_a_strap_without_acceleration_is_an_error_that_says_what_has_it(bluez: Bluez) -> None:
    strap = PolarH10(name="Polar H9 12345678")
    strap.values[PMD_CONTROL] = bytes([0x0F, 0x01]) + bytes(15)
    bluez.add(strap)
    error = await failure(sensor(strap.address))
    assert (error.fault, error.message) == ("no_service", "Polar H9 12345678 sends no acceleration")
    assert "a Polar H10, Verity Sense or OH1 can" in error.hint
    assert commands(strap) == []


# --- the stream is always stopped -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [PolarH10, VeritySense])
def test_cancelling_stops_the_stream_and_the_link(radio: Radio, make: type[PolarH10]) -> None:
    async def test(bluez: Bluez) -> None:
        strap = make()
        bluez.add(strap)
        async with running(sensor(strap.address)) as run:
            await run.receives("pmd")
        assert commands(strap)[-1] == STOP
        assert not strap.streaming
        assert not bluez.is_connected(strap)

    radio.run(test)


@pytest.mark.parametrize(("deaf_to", "written"), [(0x01, [ASK]), (0x02, [ASK, START])])
def test_cancelling_while_an_answer_is_waited_for_stops_the_stream(
    radio: Radio, deaf_to: int, written: list[bytes]
) -> None:
    async def test(bluez: Bluez) -> None:
        strap = PolarH10()
        strap.deaf_to = {deaf_to}
        bluez.add(strap)
        async with running(sensor(strap.address)):
            while commands(strap) != written:
                await asyncio.sleep(0.01)
        assert commands(strap) == [*written, STOP]
        assert not strap.streaming
        assert not bluez.is_connected(strap)

    radio.run(test)


@pytest.mark.parametrize(("make", "start"), [(PolarH10, START), (VeritySense, START_VERITY)])
def test_a_stream_that_runs_already_is_stopped_and_started(radio: Radio, make: type[PolarH10], start: bytes) -> None:
    async def test(bluez: Bluez) -> None:
        strap = make()
        bluez.add(strap)
        async with running(sensor(strap.address)) as run:
            await run.receives("pmd")
            bluez.drop(strap)
            assert strap.streaming
            await run.connected(2)
            await run.receives("pmd")
        assert commands(strap) == [ASK, start, ASK, start, STOP, start, STOP]

    radio.run(test)


@emulated
async def test_a_refusal_is_an_error_with_the_straps_reason(bluez: Bluez) -> None:
    strap = PolarH10()
    strap.refuse_with = 8
    bluez.add(strap)
    error = await failure(sensor(strap.address))
    assert error.fault == "refused"
    assert error.message == "the strap refuses to send acceleration at 200 Hz: invalid rate"
    assert "sensor.rate_hz" in error.hint
    assert commands(strap) == [ASK, START, STOP]


@emulated
async def test_a_refusal_later_in_a_run_is_tried_again(bluez: Bluez) -> None:
    strap = PolarH10()
    bluez.add(strap)
    async with running(sensor(strap.address)) as run:
        await run.receives("pmd")
        strap.refuse_with = 13
        bluez.drop(strap)
        await run.until(lambda: "device in charger" in run.states[-1].reason)
        strap.refuse_with = None
        await run.connected(2)
