"""SensorServer as a sensor, against a WebSocket server that sends as the app does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from coach.clock import ManualClock
from coach.config import Config
from coach.model import Event, SensorEvent
from sensors.codecs import decode
from sensors.phone import sensor_server
from sensors.phone.sensor_server import SensorServerSensor

from .apps import STILL, Page, SensorServer, sample
from .looking import Run, assert_cadence, failure, live, made, running, states, stopped


@live
async def test_samples_come_one_by_one() -> None:
    async with SensorServer() as phone, running(made(SensorServerSensor, phone.address, placement="chest")) as run:
        link = await phone.linked()
        assert states(run) == ["searching"]
        for row in STILL[:5]:
            await link.send_str(sample(row))
        packets = await run.receives("sensor-server", 5)
        state = await run.connected()
    assert phone.types == ["android.sensor.accelerometer"]
    assert (state.sensor, state.name, state.placement) == ("sensor-server:127.0.0.1", "SensorServer", "chest")
    assert packets[0].payload.decode() == sample(STILL[0])
    assert np.diff([decode(packet).device_s[0] for packet in packets]) == pytest.approx(np.full(4, 0.01), abs=1e-8)


@live
async def test_a_link_outlasts_the_time_that_an_answer_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensors.phone.called.ANSWER_S", 0.1)
    monkeypatch.setattr(sensor_server, "ANSWER_S", 0.1)
    async with SensorServer() as phone, running(made(SensorServerSensor, phone.address)) as run:
        link = await phone.linked()
        for row in STILL[:5]:
            await asyncio.sleep(0.05)
            await link.send_str(sample(row))
        await run.until(lambda: len(run.packets("sensor-server")) == 5)
    assert states(run) == ["searching", "connected"]


@live
async def test_a_server_that_was_stopped_comes_back() -> None:
    async with SensorServer() as phone, running(made(SensorServerSensor, phone.address)) as run:
        await (await phone.linked()).send_str(sample(STILL[0]))
        await run.connected()
        await phone.close()
        assert (await run.reconnecting()).reason == "the server was stopped"
        await run.until(lambda: "does not answer" in run.states[-1].reason)
        await phone.open()
        await (await phone.linked()).send_str(sample(STILL[1]))
        await run.connected(2)


@live
async def test_a_phone_without_an_accelerometer_is_one_clear_error() -> None:
    async with SensorServer() as phone:
        phone.refusal = (4001, b"Sensor of type x not found\x1b[2J")
        trouble = await failure(made(SensorServerSensor, phone.address))
    assert (trouble.fault, trouble.message) == (
        "no_service",
        f"SensorServer at {phone.address}: it refuses, Sensor of type x not found[2J",
    )


@live
async def test_garbage_is_handed_on_to_be_counted_once_the_link_stands() -> None:
    async with SensorServer() as phone, running(made(SensorServerSensor, phone.address)) as run:
        link = await phone.linked()
        for text in ("nonsense", sample(STILL[0]), "more nonsense", sample(STILL[1])):
            await link.send_str(text)
        await link.send_bytes(b"\xff")
        await run.receives("sensor-server", 4)
    assert [packet.payload[:4] for packet in run.packets("sensor-server")] == [b'{"ac', b"more", b'{"ac', b"\xff"]


@live
async def test_a_message_that_is_too_long_breaks_the_link() -> None:
    async with SensorServer() as phone, running(made(SensorServerSensor, phone.address)) as run:
        link = await phone.linked()
        await link.send_str(sample(STILL[0]))
        await link.send_str("9" * (1 << 17))
        assert (await run.reconnecting()).reason == "the link broke"


@live
async def test_silence_makes_the_link_anew() -> None:
    async with SensorServer() as phone, running(made(SensorServerSensor, phone.address, silence_s=0.2)) as run:
        await (await phone.linked()).send_str(sample(STILL[0]))
        assert (await run.reconnecting()).reason == "no data for 0.2 s"
        await (await phone.linked()).send_str(sample(STILL[1]))
        await run.connected(2)


@live
async def test_a_server_that_sends_nothing_is_one_clear_error() -> None:
    async with SensorServer() as phone:
        trouble = await failure(made(SensorServerSensor, phone.address, silence_s=0.1))
    assert trouble.message == f"SensorServer at {phone.address}: no data for 0.1 s"


@pytest.mark.parametrize("status", [200, 404])
@live
async def test_another_page_is_said_to_be_one(status: int) -> None:
    async with Page(status) as page:
        trouble = await failure(made(SensorServerSensor, page.address))
    assert trouble.fault == "no_service"
    assert "start the server in SensorServer" in trouble.hint


@live
async def test_a_redirection_is_not_followed() -> None:
    async with Page() as elsewhere, Page(302, headers={"Location": f"http://{elsewhere.address}/"}) as page:
        assert (await failure(made(SensorServerSensor, page.address))).fault == "no_service"
    assert (page.requests, elsewhere.requests) == (1, 0)


@live
async def test_a_phone_that_does_not_answer_is_one_clear_error() -> None:
    async with Page() as page:
        pass
    trouble = await failure(made(SensorServerSensor, page.address))
    assert (trouble.fault, trouble.message) == ("not_found", f"SensorServer does not answer at {page.address}")


@live
async def test_a_cancelled_sensor_is_down_in_time() -> None:
    async with SensorServer() as phone:
        run = Run()
        task = asyncio.create_task(stopped(made(SensorServerSensor, phone.address), run))
        await (await phone.linked()).send_str(sample(STILL[0]))
        assert (await task).cancelled()


async def followed(rows: np.ndarray) -> Run:
    """Let a phone send rows, each at its time; give what the sensor made of them."""
    clock = ManualClock()
    async with SensorServer() as phone, running(made(SensorServerSensor, phone.address, clock=clock)) as run:
        link = await phone.linked()
        for row in rows:
            clock.set(row[0])
            await link.send_str(sample(row))
            await asyncio.sleep(0)
        await run.until(lambda: len(run.packets("sensor-server")) == len(rows))
    return run


@live
async def test_live_cadence(recorded: Callable, fold: Callable[..., list[Event]], config: Config) -> None:
    table, _ = recorded("stand 3, run 25 @ 165", 28.0, "placement=waist", "rate_hz=50", "step_cv_pct=0.3")
    run = await followed(table[:, 1:])
    assert_cadence(fold(run.items, config), 165)


@live
async def test_the_rate_as_it_comes_is_told_to_be_too_low(fold: Callable[..., list[Event]], config: Config) -> None:
    run = await followed(np.column_stack([np.arange(50) / 5, np.zeros((50, 2)), np.ones(50)]))
    (news,) = [
        event for event in fold(run.items, config) if isinstance(event, SensorEvent) and event.state == "rate_low"
    ]
    assert news.reason.startswith("5 samples a second")
    assert "Settings > Sampling Rate to 10000" in news.reason
