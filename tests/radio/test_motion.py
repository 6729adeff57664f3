"""Motion sensors: found, linked and told to stream on the emulated radio; and live cadence out of what they send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach.clock import ManualClock
from coach.model import Cadence, Event, Frame, Packet, SensorState
from coach.ports import SensorInput
from sensors import drivers
from sensors.ble_scan import scan
from sensors.codecs import decode

from .devices_motion import (
    ACC_PERIOD,
    FloatArray,
    Microbit,
    Motion,
    MotionSensor,
    Movesense,
    Thingy,
    WitMotion,
)
from .fixtures import Radio
from .watch import emulated, failure, running, sensor

if TYPE_CHECKING:
    from .bluez import Bluez

SPM = 168
RUN_S = 16.0
SETTLED_S = 6.0
"""A rate that is 5 % off what was claimed, or unknown, is known by then."""

MAKERS: dict[str, Callable[..., MotionSensor]] = {
    "movesense": Movesense,
    "movesense in two parts": lambda *args, **more: Movesense(*args, most_bytes=61, **more),
    "microbit": Microbit,
    "thingy": Thingy,
    "witmotion": WitMotion,
    "witmotion in pieces": lambda *args, **more: WitMotion(*args, piece_bytes=33, **more),
    "witmotion, classic": lambda *args, **more: WitMotion(*args, piece_bytes=17, classic=True, **more),
}
RATES_HZ = {"movesense": 208, "microbit": 50, "thingy": 100, "witmotion": 50}
STEPS_G = {"movesense": 1e-5, "microbit": 1e-3, "thingy": 1 / 1024, "witmotion": 1 / 2048}


def wave(t_s: FloatArray) -> FloatArray:
    """Shake in a way that tells every sample from every other."""
    return np.column_stack([np.sin(t_s), np.cos(3 * t_s), 1 + 0.1 * t_s])


def codec_of(name: str) -> str:
    return name.partition(" ")[0].rstrip(",")


def arrivals(seed: int, connection_s: float = 0.045) -> Callable[[float], float]:
    """Make the function from when a frame was taken to when it arrives: at the next event of the link, or the one
    after."""
    chance = np.random.default_rng(seed)
    return lambda taken_s: (np.ceil(taken_s / connection_s) + chance.integers(2)) * connection_s


@pytest.fixture(scope="module")
def runner(recorded: Callable[..., tuple[FloatArray, tuple]]) -> Motion:
    """A runner with the sensor on the chest, whose steps are even, so that the truth is one number at any moment."""
    changes = ("placement=chest", "rate_hz=200", "step_cv_pct=0")
    table, _ = recorded(f"run {RUN_S + 2:g} @ {SPM}", RUN_S + 1, *changes)
    return lambda t_s: np.column_stack([np.interp(t_s, table[:, 1], axis) for axis in table[:, 2:].T])


def assert_settles(events: list[Event]) -> None:
    """Cadence is there soon, and right before long."""
    cadence = [event for event in events if isinstance(event, Cadence)]
    assert next(event.available_s for event in cadence if event.status == "locked") < 3.0
    settled = [event.spm for event in cadence if event.available_s > SETTLED_S]
    assert len(settled) > 15
    np.testing.assert_allclose(settled, SPM, atol=2.0)


# --- over the radio ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
def test_a_sensor_is_found_linked_and_heard(radio: Radio, name: str) -> None:
    codec = codec_of(name)

    async def test(bluez: Bluez) -> None:
        device = MAKERS[name](wave)
        bluez.add(device)
        (found,) = await scan(0.3)
        assert (found.speaks, found.fits) == ((codec,), True)
        async with running(sensor(found.address)) as run:
            state = await run.connected()
            packets = await run.receives(codec, 6)
        assert state.placement is None
        assert state.rate_hz == (None if codec == "witmotion" else RATES_HZ[codec])
        frames = [decode(packet) for packet in packets]
        assert all(isinstance(frame, Frame) for frame in frames)
        heard_g = np.concatenate([frame.acc_g for frame in frames if isinstance(frame, Frame)])
        sent_g = wave(np.arange(20 * RATES_HZ[codec]) / RATES_HZ[codec])
        first = int(np.argmin(np.abs(sent_g - heard_g[0]).sum(axis=1)))
        np.testing.assert_allclose(heard_g, sent_g[first : first + len(heard_g)], atol=STEPS_G[codec])

    radio.run(test)


@emulated
async def test_a_movesense_stops_when_it_is_left(bluez: Bluez) -> None:
    device = Movesense()
    bluez.add(device)
    async with running(sensor(device.address)) as run:
        await run.connected()
        assert device.rate_hz == 208
    assert [value for _, value in device.writes] == [b"\x01\x63/Meas/Acc/208", b"\x02\x63"]
    assert device.rate_hz == 0


@emulated
async def test_a_movesense_that_refuses_says_why_and_is_left_alone(bluez: Bluez) -> None:
    device = Movesense(status=403)
    bluez.add(device)
    problem = await failure(sensor(device.address))
    assert (problem.fault, problem.message) == (
        "refused",
        "the Movesense refuses to send acceleration at 208 Hz: status 403",
    )
    assert device.writes[-1][1] == b"\x02\x63"


@emulated
async def test_a_movesense_that_answers_by_its_data_only_will_do(bluez: Bluez) -> None:
    device = Movesense(answers=False)
    bluez.add(device)
    async with running(sensor(device.address)) as run:
        await run.connected()
        await run.receives("movesense", 2)


@pytest.mark.parametrize("name", ["microbit", "thingy"])
def test_a_rate_that_cannot_be_set_stays_what_it_is(radio: Radio, name: str) -> None:
    async def test(bluez: Bluez) -> None:
        device = MAKERS[name]()
        before_hz = device.rate_hz
        bluez.add(device)
        bluez.refuse_once("WriteValue", "org.bluez.Error.Failed")
        async with running(sensor(device.address)) as run:
            assert (await run.connected()).rate_hz == before_hz
            await run.receives(name)

    radio.run(test)


@pytest.mark.parametrize("name", ["microbit", "thingy"])
def test_a_rate_that_cannot_be_read_is_measured(radio: Radio, name: str) -> None:
    async def test(bluez: Bluez) -> None:
        device = MAKERS[name]()
        bluez.add(device)
        bluez.refuse_once("ReadValue", "org.bluez.Error.Failed")
        async with running(sensor(device.address)) as run:
            assert (await run.connected()).rate_hz is None
            await run.receives(name)

    radio.run(test)


@pytest.mark.parametrize("name", ["movesense", "microbit", "thingy", "witmotion"])
def test_from_the_scan_to_live_cadence(radio: Radio, fold: Callable, runner: Motion, name: str) -> None:
    """In virtual time: the next frame is sent when the one before has arrived."""

    async def test(bluez: Bluez) -> list[SensorInput]:
        device = MAKERS[name](runner, pace=1.05)
        device.by_hand = True
        bluez.add(device)
        (found,) = await scan(0.3)
        clock, arrival_s = ManualClock(), arrivals(3)
        async with running(sensor(found.address, clock=clock)) as run:
            await run.connected()
            for number in range(int(10.0 / device.frame_s)):
                clock.set(max(clock.now(), arrival_s((number + 1) * device.frame_s)))
                await run.receives(name, device.send(number))
        return run.items

    assert_settles(fold(radio.run(test)))


# --- by wire, faster than time ----------------------------------------------------------------------------------------


class Wire:
    """A device at hand, as drivers see it; `sent` holds what the driver hands on."""

    def __init__(self, device: MotionSensor) -> None:
        self.address, self.name = device.address, device.name
        self.sent: list[tuple[str, bytes]] = []
        self._device = device
        self._takes: dict[str, Callable[[bytes], None]] = {}
        device.transmit = lambda characteristic, value: self._takes[characteristic](value)

    def offers(self, characteristic: str) -> bool:
        return any(characteristic in service for service in self._device.services.values())

    async def read(self, characteristic: str) -> bytes:
        return self._device.values[characteristic]

    async def write(self, characteristic: str, value: bytes) -> None:
        self._device.write(characteristic, value)

    async def subscribe(self, characteristic: str, take: Callable[[bytes], None]) -> None:
        self._takes[characteristic] = take
        self._device.subscribed.add(characteristic)

    def send(self, codec: str, payload: bytes) -> None:
        self.sent.append((codec, payload))


async def streamed(device: MotionSensor, wanted_hz: int = 200, run_s: float = 1.0) -> tuple[SensorState, list[Packet]]:
    """Let a driver start a device; give what it tells of it, and what comes in `run_s`."""
    wire, packets = Wire(device), []
    arrival_s, latest_s = arrivals(7), 0.0
    services = set(device.services)
    async with drivers.streaming(wire, services, wanted_hz) as (about, vital):
        state = SensorState(at=0.0, sensor="x", state="connected", rate_hz=about.rate_hz, placement=about.placement)
        for number in range(int(run_s / device.frame_s)):
            wire.sent.clear()
            device.send(number)
            latest_s = max(latest_s, arrival_s((number + 1) * device.frame_s))
            packets += [Packet(at=latest_s, sensor="x", codec=codec, payload=value) for codec, value in wire.sent]
    assert {packet.codec for packet in packets} == vital
    return state, packets


@pytest.mark.parametrize("pace", [0.95, 1.0, 1.05])
@pytest.mark.parametrize("name", MAKERS)
def test_live_cadence(fold: Callable, runner: Motion, name: str, pace: float) -> None:
    state, packets = asyncio.run(streamed(MAKERS[name](runner, pace=pace), run_s=RUN_S))
    assert_settles(fold([state, *packets]))


@pytest.mark.parametrize(
    ("wanted_hz", "rate_hz"),
    [(1, 13), (25, 26), (50, 52), (100, 104), (199, 104), (200, 208), (1000, 208)],
)
def test_a_movesense_gets_the_nearest_rate(wanted_hz: int, rate_hz: int) -> None:
    state, _ = asyncio.run(streamed(Movesense(), wanted_hz))
    assert state.rate_hz == rate_hz


@pytest.mark.parametrize(("wanted_hz", "rate_hz"), [(1, 50), (60, 50), (100, 100), (200, 100)])
def test_a_thingy_gets_one_field_changed(wanted_hz: int, rate_hz: int) -> None:
    device = Thingy()
    state, _ = asyncio.run(streamed(device, wanted_hz))
    assert state.rate_hz == rate_hz
    assert [value for _, value in device.writes] == [bytes.fromhex(f"e803 d007 f401 {rate_hz:02x}00 01")]


def test_a_thingy_at_the_right_rate_is_not_written_to() -> None:
    device = Thingy(motion_hz=100)
    state, _ = asyncio.run(streamed(device))
    assert (state.rate_hz, device.writes) == (100, [])


def test_a_microbit_is_asked_for_20_ms_and_survives() -> None:
    device = Microbit()
    state, _ = asyncio.run(streamed(device))
    assert (state.rate_hz, device.writes, device.crashed) == (50, [(ACC_PERIOD, b"\x14\x00")], False)


def test_a_witmotion_is_unlocked_then_set_to_50_hz_and_nothing_is_saved() -> None:
    device = WitMotion()
    asyncio.run(streamed(device))
    assert [value for _, value in device.writes] == [bytes.fromhex("ffaa6988b5"), bytes.fromhex("ffaa030800")]
    assert device.rate_hz == 50


def test_a_movesense_is_told_to_stop_when_the_body_fails() -> None:
    device = Movesense()

    async def broken() -> None:
        async with drivers.streaming(Wire(device), set(device.services), 200):
            raise ValueError("in the body")

    with pytest.raises(ValueError, match="in the body"):
        asyncio.run(broken())
    assert device.rate_hz == 0


def test_a_movesense_is_told_to_stop_when_cancelled() -> None:
    device = Movesense()

    async def cancelled() -> None:
        async with drivers.streaming(Wire(device), set(device.services), 200):
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert device.rate_hz == 0


def test_a_movesense_that_never_answers_is_told_to_stop_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensors.drivers.movesense.ANSWER_S", 0.0)
    device = Movesense(answers=False)
    with pytest.raises(TimeoutError):
        asyncio.run(streamed(device))
    assert device.rate_hz == 0


def test_what_is_not_of_the_stream_is_not_handed_on() -> None:
    device = Movesense()

    async def test() -> list[tuple[str, bytes]]:
        wire = Wire(device)
        async with drivers.streaming(wire, set(device.services), 200):
            for value in (
                b"",
                b"\x02",
                b"\x02\x64" + bytes(16),
                b"\x01\x63",
                b"\x01\x63\x94\x01",
                b"\x03\x63" + bytes(12),
            ):
                device.notify(device.data, value)
        return wire.sent

    assert asyncio.run(test()) == []
