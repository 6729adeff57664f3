"""phyphox as a sensor, against a server that answers as the app does."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from coach.clock import ManualClock
from coach.config import Config
from coach.errors import UsageError
from coach.model import Event
from sensors.codecs import decode
from sensors.phone import phyphox
from sensors.phone.phyphox import PhyphoxSensor

from .apps import STILL, Page, Phyphox
from .looking import STOP_S, Run, assert_cadence, failure, live, made, running, states, stopped


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phyphox, "POLL_S", 0.002)


@live
async def test_a_measurement_is_started_and_followed() -> None:
    async with Phyphox() as phone, running(made(PhyphoxSensor, phone.address, placement="waist")) as run:
        await run.receives("phyphox", 3)
        state = await run.connected()
    assert phone.measuring
    assert states(run) == ["searching", "connected"]
    assert (state.sensor, state.name, state.placement) == ("phyphox:127.0.0.1", "phyphox", "waist")
    assert "Acceleration with g" in state.faster
    times_s = np.concatenate([decode(packet).device_s for packet in run.packets("phyphox")])
    assert np.diff(times_s) == pytest.approx(np.full(len(times_s) - 1, 0.01), abs=1e-6)
    assert phone.queries[1] == "/get?acc_time=0.0&accX=0.0|acc_time&accY=0.0|acc_time&accZ=0.0|acc_time"


@live
async def test_what_was_measured_before_is_left_there() -> None:
    phone = Phyphox(step_s=0.05)
    phone.now_s, phone.measuring = 3.0, True
    async with phone, running(made(PhyphoxSensor, phone.address)) as run:
        first, *_ = await run.receives("phyphox")
    assert decode(first).device_s == pytest.approx([3.01, 3.02, 3.03, 3.04, 3.05])


@live
async def test_a_phone_that_goes_away_comes_back() -> None:
    async with Phyphox() as phone, running(made(PhyphoxSensor, phone.address)) as run:
        await run.receives("phyphox")
        await phone.close()
        await run.reconnecting()
        await run.until(lambda: "does not answer" in run.states[-1].reason)
        await phone.open()
        await run.connected(2)
        await run.receives("phyphox")


@live
async def test_buffers_that_were_cleared_are_followed_from_their_beginning() -> None:
    async with Phyphox(step_s=0.1) as phone, running(made(PhyphoxSensor, phone.address)) as run:
        await run.receives("phyphox", 10)
        phone.clear()
        (*_, before, last) = await run.receives("phyphox", 2)
    assert states(run) == ["searching", "connected"]
    assert decode(before).device_s[0] < 0.3
    assert decode(last).device_s[0] == pytest.approx(decode(before).device_s[-1] + 0.01)


@live
async def test_all_that_was_measured_before_is_not_taken_for_new() -> None:
    phone = Phyphox(step_s=0.05)
    phone.now_s, phone.measuring, phone.whole = 3.0, True, True
    async with phone, running(made(PhyphoxSensor, phone.address)) as run:
        first, *_ = await run.receives("phyphox")
    assert decode(first).device_s[0] > 3.0


@live
async def test_an_experiment_that_was_opened_again_is_linked_again() -> None:
    async with Phyphox() as phone, running(made(PhyphoxSensor, phone.address)) as run:
        await run.receives("phyphox", 3)
        phone.open_again()
        assert (await run.reconnecting()).reason == "another experiment was opened"
        await run.connected(2)
        (*_, last) = await run.receives("phyphox")
    assert phone.measuring
    assert decode(last).device_s[0] < 1.0


@live
async def test_silence_makes_the_link_anew() -> None:
    phone = Phyphox(STILL[:50])
    async with phone, running(made(PhyphoxSensor, phone.address, silence_s=0.2)) as run:
        assert (await run.reconnecting()).reason == "no data for 0.2 s"


@live
async def test_garbage_in_a_run_is_handed_on_to_be_counted() -> None:
    async with Phyphox() as phone, running(made(PhyphoxSensor, phone.address)) as run:
        await run.receives("phyphox")
        phone.garbage += ["<html>", "[" * 1000, '{"buffer":{},"status":{"session":"a1b2c3"}}']
        await run.receives("phyphox", 6)
    assert states(run) == ["searching", "connected"]
    assert [packet.payload for packet in run.packets("phyphox")].count(b"<html>") == 1


@live
async def test_an_answer_without_end_breaks_the_link() -> None:
    async with Phyphox() as phone, running(made(PhyphoxSensor, phone.address)) as run:
        await run.receives("phyphox")
        phone.garbage.append(" " * (1 << 21))
        assert (await run.reconnecting()).reason == "the link broke"
        await run.connected(2)


@pytest.mark.parametrize("status", [403, 404, 500])
@live
async def test_another_server_is_said_to_be_one(status: int) -> None:
    async with Page(status) as page:
        trouble = await failure(made(PhyphoxSensor, page.address))
    assert trouble.fault == "no_service"
    assert trouble.message == f"what answers at {page.address} is not phyphox, or not ready"
    assert "allow remote access" in trouble.hint


@live
async def test_another_page_is_said_to_be_one() -> None:
    async with Page() as page:
        trouble = await failure(made(PhyphoxSensor, page.address))
    assert trouble.fault == "no_service"
    assert trouble.message == f"phyphox at {page.address}: {phyphox.NOT_OPEN}"
    assert "allow remote access" in trouble.hint


@live
async def test_a_redirection_is_not_followed() -> None:
    async with Page() as elsewhere, Page(302, headers={"Location": f"http://{elsewhere.address}/config"}) as page:
        assert (await failure(made(PhyphoxSensor, page.address))).fault == "no_service"
    assert (page.requests, elsewhere.requests) == (1, 0)


@live
async def test_a_phone_that_does_not_answer_is_one_clear_error() -> None:
    async with Page() as page:
        pass
    trouble = await failure(made(PhyphoxSensor, page.address))
    assert trouble.fault == "not_found"
    assert trouble.message == f"phyphox does not answer at {page.address}"


@live
async def test_without_a_port_both_of_the_apps_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Page() as page:
        pass
    async with Phyphox() as phone:
        monkeypatch.setattr(phyphox, "PORTS", (page.port, phone.port))
        async with running(made(PhyphoxSensor, "127.0.0.1")) as run:
            await run.receives("phyphox")
        monkeypatch.setattr(phyphox, "PORTS", (phone.port, page.port))
        async with running(made(PhyphoxSensor, "127.0.0.1")) as run:
            await run.receives("phyphox")


@live
async def test_an_experiment_without_acceleration_is_refused() -> None:
    async with Phyphox() as phone:
        phone.config = {"inputs": [{"source": "audio", "outputs": [{"out": "rec"}]}]}
        assert (await failure(made(PhyphoxSensor, phone.address))).fault == "no_service"


@live
async def test_a_known_phone_that_is_run_again_is_waited_for() -> None:
    async with Phyphox() as phone:
        sensor = made(PhyphoxSensor, phone.address)
        async with running(sensor) as run:
            await run.receives("phyphox")
    async with running(sensor) as run:
        await run.reconnecting()
        async with phone:
            await run.receives("phyphox")


@live
async def test_a_cancelled_sensor_is_down_in_time() -> None:
    async with Phyphox() as phone:
        assert (await stopped(made(PhyphoxSensor, phone.address), Run())).cancelled()


@live
async def test_a_phone_that_hangs_is_let_go_in_time() -> None:
    called, let_go = asyncio.Event(), asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await reader.read()
        writer.close()
        let_go.set()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        task = asyncio.create_task(made(PhyphoxSensor, address).run(lambda _: None))
        await called.wait()
        task.cancel()
        async with asyncio.timeout(STOP_S):
            await let_go.wait()
            await asyncio.wait([task])


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError):
        made(PhyphoxSensor, "no address")


@live
async def test_the_waits_begin_anew_after_a_link_that_was_good() -> None:
    begun = []

    def backoff() -> Iterator[float]:
        begun.append(True)
        return itertools.repeat(0.01)

    clock = ManualClock()
    phone = Phyphox(STILL, clock, step_s=0.5)
    async with phone, running(made(PhyphoxSensor, phone.address, clock=clock, backoff=backoff)) as run:
        await run.until(lambda: clock.now() >= 1)
        phone.open_again()
        await run.connected(2)
        assert len(begun) == 1
        clock.set(clock.now() + 10)
        await run.receives("phyphox")
        phone.open_again()
        await run.connected(3)
        assert len(begun) == 2


@live
async def test_live_cadence(recorded: Callable, fold: Callable[..., list[Event]], config: Config) -> None:
    table, _ = recorded("stand 3, run 25 @ 172", 28.0, "placement=thigh", "step_cv_pct=0.3")
    clock = ManualClock()
    async with Phyphox(table[:, 1:], clock) as phone, running(made(PhyphoxSensor, phone.address, clock=clock)) as run:
        await run.until(lambda: clock.now() > 27.9)
        await run.receives("phyphox", 0)
    assert_cadence(fold(run.items, config), 172)
