"""Home-made sensors on the emulated radio: from scan to live cadence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from coach.config import Config
from coach.model import Frame, Series
from sensors.codecs import decode

from .coached import PACE, at_device_rate, coached
from .devices_lines import UART_TX, LineSensor
from .fixtures import Radio
from .watch import running, sensor

if TYPE_CHECKING:
    from .bluez import Bluez

SPM = 172.0


@pytest.fixture(scope="module")
def acc_g(recorded: Callable) -> np.ndarray:
    """Give what a sensor at the waist of a runner feels."""
    table, _ = recorded(f"run 30 @ {SPM}", 30.0, "placement=waist")
    return at_device_rate(table)


@pytest.mark.parametrize(
    ("sends", "off_spm"),
    [
        ({"stamps": "ms"}, 2.0),
        ({"stamps": "s", "ms2": True}, 2.0),
        ({"stamps": "ms", "notification_bytes": 244}, 2.0),
        ({"stamps": "none"}, 8.0),  # its rate is measured from arrivals, which a busy machine scatters
    ],
)
def test_from_scan_to_live_cadence(
    radio: Radio, config: Config, acc_g: np.ndarray, sends: dict[str, Any], off_spm: float
) -> None:
    device = LineSensor(acc_g, pace=PACE, **sends)

    async def test(bluez: Bluez) -> None:
        bluez.add(device)
        result = await coached(bluez, config)
        assert result.found.speaks == ("uart",)
        assert result.found.fits
        assert result.connected.rate_hz is None
        assert "bad_packet" not in result.sensor_news()
        assert result.spm
        assert result.spm[-1] == pytest.approx(SPM, abs=off_spm)

    radio.run(test)
    assert device.writes == []


def test_what_it_sends_is_kept_as_it_was_sent(radio: Radio, acc_g: np.ndarray) -> None:
    async def test(bluez: Bluez) -> None:
        device = LineSensor(acc_g, first_s=1.0)
        bluez.add(device)
        async with running(sensor(device.address)) as run:
            packets = await run.receives("lines", 3)
            assert device.subscribed == {UART_TX}
        x, y, z = acc_g[1]  # the first one stands behind the prompt
        assert packets[0].payload == f"1020,{x:.3f},{y:.3f},{z:.3f}\n".encode()
        readings = [decode(packet) for packet in packets]
        assert all(isinstance(reading, Series) for reading in readings)

    radio.run(test)


def test_a_link_that_breaks_within_a_line_costs_that_line_only(radio: Radio, acc_g: np.ndarray) -> None:
    async def test(bluez: Bluez) -> None:
        device = LineSensor(acc_g)
        bluez.add(device)
        async with running(sensor(device.address)) as run:
            await run.receives("lines", 2)
            bluez.drop(device)
            await run.connected(2)
            packets = await run.receives("lines", 4)
        readings = [decode(packet) for packet in packets]
        t_s = np.concatenate([reading.device_s for reading in readings if isinstance(reading, Series)])
        assert len(t_s) >= 6
        assert (t_s >= device.first_s).all()
        assert (np.diff(t_s) > 0).all()

    radio.run(test)


def test_a_line_that_is_no_sample_is_told(radio: Radio, config: Config, acc_g: np.ndarray) -> None:
    class Chatty(LineSensor):
        def sample(self, number: int) -> None:
            super().sample(number)
            if number == 10:
                self._print("Uncaught ReferenceError: acc\r\n")

    async def test(bluez: Bluez) -> None:
        bluez.add(Chatty(acc_g, pace=PACE))
        result = await coached(bluez, config, for_s=2.0)
        (told,) = [event.reason for event in result.events if event.type == "sensor" and event.state == "bad_packet"]
        assert told.startswith("1 so far, the last: 'Uncaught ReferenceError: acc' is no sample")

    radio.run(test)


def test_a_sensor_that_sends_too_seldom_is_told_what_to_do(radio: Radio, config: Config, acc_g: np.ndarray) -> None:
    async def test(bluez: Bluez) -> None:
        device = LineSensor(acc_g, pace=PACE)
        device.rate_hz = 20.0
        bluez.add(device)
        result = await coached(bluez, config, for_s=8.0)
        (told,) = [event.reason for event in result.events if event.type == "sensor" and event.state == "rate_low"]
        assert told.startswith("20 samples a second")
        assert "send 25 lines a second or more" in told

    radio.run(test)


def test_lines_in_which_nothing_says_the_time_are_counted(radio: Radio, acc_g: np.ndarray) -> None:
    async def test(bluez: Bluez) -> None:
        device = LineSensor(acc_g, stamps="none")
        bluez.add(device)
        async with running(sensor(device.address)) as run:
            reading = decode((await run.receives("lines"))[0])
        assert isinstance(reading, Frame)
        assert not reading.stamped

    radio.run(test)
