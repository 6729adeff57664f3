"""Links that fail for long: lost every 20 s (two minutes here, an hour by `make soak`), and a battery that dies."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from coach.config import load
from coach.model import Cadence, HostTime, SensorEvent
from coach.pipeline import Pipeline
from sensors.codecs import decode

from . import bus
from .devices import BATTERY_LEVEL, FootPod
from .fixtures import ROOT, _require_dbus
from .watch import emulated, running, sensor

if TYPE_CHECKING:
    from .bluez import Bluez


def test_cadence_is_back_within_5_s_of_each_return_of_a_link_that_is_lost_every_20_s() -> None:
    _require_dbus()
    assert bus.is_available()
    command = [sys.executable, "-m", "tests.radio.soak", "--minutes", "2"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "6 losses, 6 returns" in ended.stdout
    assert "0 wrong readings" in ended.stdout


@emulated
async def test_a_battery_that_dies_is_said_once_and_the_run_goes_on_without_a_reading(bluez: Bluez) -> None:
    pod = FootPod(period_s=0.05, battery_pct=12)
    bluez.add(pod)
    async with running(sensor(pod.address, scan_s=1.0)) as run:
        await run.receives("rsc", 10)
        pod.change(BATTERY_LEVEL, bytes([4]))
        await run.receives("battery")
        pod.in_range = False
        bluez.drop(pod)
        await run.until(lambda: [state.state for state in run.states].count("reconnecting") >= 3)
    pipeline = Pipeline(load(environ={}, settings=["sensor.pod_cadence=strides"]).config, decode)
    events = [event for item in run.items for event in pipeline.push(item)]
    events += pipeline.advance(HostTime(run.items[-1].at + 10))
    low = [event for event in events if isinstance(event, SensorEvent) and event.state == "battery_low"]
    assert [event.reason for event in low] == ["12 % left"]
    readings = [event for event in events if isinstance(event, Cadence)]
    assert readings[-1].status == "lost"
    assert any(reading.spm == 170.0 for reading in readings)
    assert "was not heard" in run.states[-1].reason
