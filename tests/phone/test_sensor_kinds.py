"""Kinds of sensors by name, ours and those of plug-ins, and that none is loaded before it is wanted."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from coach import plugins
from coach.clock import ManualClock
from coach.config import Config
from coach.errors import SensorError, UsageError
from coach.ports import Clock, Emit, Sensor
from sensors import kinds


class Mine:
    """A sensor of somebody else's."""

    id = "mine"

    def __init__(self, address: str, *, clock: Clock, config: object) -> None:
        self.address = address

    async def run(self, emit: Emit) -> None:
        """Send nothing."""


NO_SENSOR = 7


def make(kind: str, address: str, config: Config) -> Sensor:
    return kinds.make_sensor(kind, address, clock=ManualClock(), config=config.sensor)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """Give a list of entry points that are installed."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(plugins, "entry_points", lambda *, group: [entry for entry in found if entry.group == group])
    return found


@pytest.mark.parametrize(
    ("kind", "address", "sensor"),
    [
        ("ble", "C0:FF:EE:00:00:01", "ble:C0:FF:EE:00:00:01"),
        ("sensor-logger", "", "sensor-logger"),
        ("phyphox", "192.168.0.42:8080", "phyphox:192.168.0.42"),
        ("sensor-server", "pixel.local", "sensor-server:pixel.local"),
    ],
)
def test_our_kinds_are_made_by_name(kind: str, address: str, sensor: str, config: Config) -> None:
    assert make(kind, address, config).id == sensor


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_an_address_that_is_none_is_refused_by_every_kind(kind: str, config: Config) -> None:
    with pytest.raises(UsageError):
        make(kind, "no address", config)


def test_a_kind_plugs_in_by_its_entry_point(installed: list[EntryPoint], config: Config) -> None:
    installed.append(EntryPoint("mine", f"{__name__}:Mine", kinds.GROUP))
    sensor = make("mine", "here", config)
    assert isinstance(sensor, Mine)
    assert sensor.address == "here"


def test_a_kind_that_nobody_knows_is_refused_with_those_that_there_are(
    installed: list[EntryPoint], config: Config
) -> None:
    installed.append(EntryPoint("mine", f"{__name__}:Mine", kinds.GROUP))
    with pytest.raises(UsageError, match="ble, sensor-logger, phyphox, sensor-server, mine"):
        make("telepathy", "", config)


def test_a_plug_in_that_makes_nothing_is_named(installed: list[EntryPoint], config: Config) -> None:
    installed.append(EntryPoint("mine", f"{__name__}:NO_SENSOR", kinds.GROUP))
    with pytest.raises(SensorError, match="the plug-in 'mine'"):
        make("mine", "", config)


def test_no_kind_is_loaded_before_it_is_wanted() -> None:
    wire = ", ".join(f"sensors.phone.wire.{name}" for name in ("phyphox", "sensor_logger", "sensor_server"))
    loaded = f"import sys, coach.cli, sensors.codecs, sensors.kinds, {wire}"
    code = f"{loaded}; print({{'aiohttp', 'bleak'}} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "set()"
