"""Sensor Logger as a sensor: the coach listens, and clients push as the app does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from coach.clock import ManualClock
from coach.config import Config
from coach.errors import PacketError, UsageError
from coach.model import Event
from coach.ports import Clock
from sensors.codecs import decode
from sensors.phone import sensor_logger
from sensors.phone.sensor_logger import SensorLoggerSensor

from .apps import STILL, Page, SensorLogger, batches, browser
from .looking import STOP_S, Run, assert_cadence, failure, live, made, running, states

PARTS = np.split(STILL, 20)  # of 0.2 s each


@dataclass(frozen=True, slots=True)
class Scene:
    """A sensor that runs, and a phone that may push to it; `another` is a second one."""

    run: Run
    phone: SensorLogger
    another: SensorLogger

    def firsts(self) -> list[float]:
        """Give when the packets began, in the order in which they were handed on: by the phone's clock."""
        start_s = 1_698_501_144.401773
        return [round(decode(packet).device_s[0] - start_s, 3) for packet in self.run.packets("sensor-logger")]


async def url(run: Run) -> str:
    await run.until(lambda: bool(run.states))
    return run.states[0].reason.split()[-1]


@asynccontextmanager
async def scene(*, clock: Clock | None = None, silence_s: float = 5.0) -> AsyncIterator[Scene]:
    sensor = made(SensorLoggerSensor, "127.0.0.1:0", clock=clock, silence_s=silence_s, placement="thigh")
    async with running(sensor) as run, browser() as http:
        where = await url(run)
        yield Scene(run, SensorLogger(where, http), SensorLogger(where, http, "another"))


@live
async def test_it_says_where_to_push_and_takes_what_is_pushed() -> None:
    async with scene() as on:
        assert await on.phone.push(0, PARTS[0]) == 200
        state = await on.run.connected()
        (packet,) = on.run.packets("sensor-logger")
    first, second = on.run.states
    assert first.state == "searching"
    assert first.reason == f"in Sensor Logger: Settings > Data Streaming > Push URL {on.phone.url}"
    assert second is state
    assert (state.sensor, state.name, state.placement) == ("sensor-logger", "Sensor Logger", "thigh")
    assert decode(packet).acc_g == pytest.approx(PARTS[0][:, 1:])


@live
async def test_messages_are_put_right_by_their_numbers() -> None:
    async with scene() as on:
        for number in (0, 2, 1, 3, 6, 5, 4):
            assert await on.phone.push(number, PARTS[number]) == 200
    assert on.firsts() == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2])
    assert states(on.run) == ["searching", "connected"]


@live
async def test_messages_without_acceleration_count_in_the_order_but_are_not_handed_on() -> None:
    async with scene() as on:
        await on.phone.push(0, PARTS[0])
        assert await on.phone.push_other(1) == 200
        await on.phone.push(2, PARTS[1])
    assert on.firsts() == pytest.approx([0.0, 0.2])


@live
async def test_a_message_that_is_lost_is_waited_for_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensor_logger, "WAIT_S", 0.05)
    async with scene() as on:
        await on.phone.push(0, PARTS[0])
        await on.phone.push(2, PARTS[2])
        await on.phone.push(3, PARTS[3])
        await on.run.receives("sensor-logger", 2)
        assert await on.phone.push(1, PARTS[1]) == 200
        assert await on.phone.push(4, PARTS[4]) == 200
    assert on.firsts() == pytest.approx([0.0, 0.4, 0.6, 0.8])
    assert (on.run.states[-1].state, on.run.states[-1].reason) == ("messages_lost", "1 so far did not come in time")


@live
async def test_a_number_out_of_all_order_is_told_and_does_not_deafen_the_coach() -> None:
    async with scene() as on:
        for number, part in zip((0, 2**53, 1, 2), PARTS, strict=False):
            assert await on.phone.push(number, part) == 200
    assert on.firsts() == pytest.approx([0.0, 0.2, 0.4, 0.6])
    told = [(one.state, one.reason) for one in on.run.states[2:]]
    assert told == [("messages_lost", "the numbers of the phone's messages jumped: some may be missing")]


@live
async def test_a_new_recording_begins_the_numbers_anew() -> None:
    async with scene() as on:
        await on.phone.push(17, PARTS[0])
        await on.phone.push(0, PARTS[1], session="second")
        await on.phone.push(18, PARTS[2])
        await on.phone.push(1, PARTS[3], session="second")
    assert on.firsts() == pytest.approx([0.0, 0.2, 0.6])
    assert states(on.run) == ["searching", "connected"]


@live
async def test_a_second_phone_is_turned_away_and_told_of_once() -> None:
    async with scene() as on:
        await on.phone.push(0, PARTS[0])
        assert [await on.another.push(i, PARTS[i]) for i in range(3)] == [409, 409, 409]
        assert await on.phone.push(1, PARTS[1]) == 200
    assert on.firsts() == pytest.approx([0.0, 0.2])
    assert [(one.state, one.reason) for one in on.run.states[2:]] == [("turned_away", "another phone pushes here too")]


@live
async def test_a_phone_without_acceleration_does_not_take_the_place_of_one_with() -> None:
    async with scene() as on:
        assert await on.another.push_other(0) == 200
        assert await on.another.push_other(1) == 200
        assert await on.phone.push(0, PARTS[0]) == 200
    assert [state.reason for state in on.run.states[1:2]] == [sensor_logger.NO_ACCELERATION]
    assert states(on.run) == ["searching", "searching", "connected"]


@live
async def test_what_is_no_message_is_answered_and_left() -> None:
    async with scene() as on:
        assert await on.phone.post(b"nonsense") == 400
        assert await on.phone.post(b"[" * 10_000) == 400
        assert await on.phone.post(b'{"test": true}') == 200
        assert await on.phone.post(b" " * ((1 << 20) + 1)) == 413
        await on.phone.push(0, PARTS[0])
        assert await on.phone.post(b"\xff") == 400
    assert len(on.run.packets("sensor-logger")) == 1


@live
async def test_a_message_of_the_phone_that_cannot_be_read_is_handed_on_to_be_counted() -> None:
    bad = b'{"messageId":1,"sessionId":"run","deviceId":"phone","payload":[{"name":"accelerometer","time":"five"}]}'
    async with scene() as on:
        await on.phone.push(0, PARTS[0])
        assert await on.phone.post(bad) == 200
        packet = (await on.run.receives("sensor-logger", 0))[-1]
    assert packet.payload == b'{"payload":[{"name":"accelerometer","values":{}}]}'
    with pytest.raises(PacketError):
        decode(packet)


@live
async def test_any_path_will_do_and_a_browser_is_greeted() -> None:
    async with scene() as on, browser() as http:
        for path in ("", "data", "a/b?c=d"):
            assert await on.phone.post(b"{}", path) == 200
        async with http.get(on.phone.url) as response:
            assert "The coach listens" in await response.text()


@live
async def test_silence_is_told_and_a_phone_that_comes_back_is_connected_again() -> None:
    async with scene(silence_s=0.1) as on:
        await on.phone.push(0, PARTS[0])
        assert (await on.run.reconnecting()).reason == "no data for 0.1 s"
        await on.phone.push(1, PARTS[1])
        await on.run.connected(2)
    assert on.firsts() == pytest.approx([0.0, 0.2])


@live
async def test_a_port_that_is_taken_is_one_clear_error() -> None:
    async with Page() as page:
        trouble = await failure(made(SensorLoggerSensor, page.address))
    assert trouble.message == f"port {page.port} is taken by another program"
    assert "another port" in trouble.hint


@live
async def test_an_address_of_another_machine_is_one_clear_error() -> None:
    trouble = await failure(made(SensorLoggerSensor, "192.0.2.77:8000"))
    assert trouble.message.startswith("cannot listen at port 8000")


@live
async def test_a_known_phone_is_waited_for_when_the_sensor_is_run_again() -> None:
    other = Page()
    await other.open()
    await other.close()
    sensor = made(SensorLoggerSensor, other.address)
    async with browser() as http:
        where = f"http://{other.address}/"
        phone, another = SensorLogger(where, http), SensorLogger(where, http, "another")
        async with running(sensor) as run:
            await url(run)
            assert await phone.push(0, PARTS[0]) == 200
        await other.open()  # the port is free again, and taken
        async with running(sensor) as run:
            assert (await run.reconnecting()).reason == f"port {other.port} is taken by another program"
            await other.close()
            await run.until(lambda: run.states[-1].state == "searching")
            assert await another.push(0, PARTS[0]) == 409
            assert await phone.push(1, PARTS[1]) == 200


@live
async def test_a_push_that_does_not_end_does_not_hold_up_the_end() -> None:
    run = Run()
    task = asyncio.create_task(made(SensorLoggerSensor, "127.0.0.1:0").run(run.take))
    port = int((await url(run)).split(":")[-1].rstrip("/"))
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf of it")
    await writer.drain()
    await asyncio.sleep(0.05)
    task.cancel()
    async with asyncio.timeout(STOP_S):
        await asyncio.wait([task])
    assert task.cancelled()
    writer.close()


@live
async def test_a_push_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensor_logger, "BODY_S", 0.05)
    async with scene() as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(on.phone.url.split(":")[-1].rstrip("/")))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf of it")
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("address", ["no address", "host:99999", "host:x"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        made(SensorLoggerSensor, address)


@live
async def test_live_cadence_of_messages_out_of_order(
    recorded: Callable, fold: Callable[..., list[Event]], config: Config
) -> None:
    table, _ = recorded(
        "stand 3, run 25 @ 180", 28.0, "placement=upper_arm", "gravity=false", "step_cv_pct=0.3", "jitter_pct=10"
    )
    clock = ManualClock()
    parts = batches(table[:, 1:], 0.5)
    async with scene(clock=clock) as on:
        for number in sorted(range(len(parts)), key=lambda i: i + 2.5 * (i % 2)):  # 0, 2, 1, 4, 3, …
            clock.set(max(clock.now(), parts[number][-1, 0]))
            assert await on.phone.push(number, parts[number]) == 200
    assert_cadence(fold(on.run.items, config), 180)
