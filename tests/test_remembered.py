"""What `coach run` remembers of each of its sensors, and what the next run makes of it."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from coach.cli import status
from coach.cli.wearing import REMEMBERED, pod_key
from coach.config import SensorConfig
from coach.errors import SensorError, StoreError
from coach.model import Packet, SensorState
from coach.ports import Clock, Emit
from coach.store.book import Store, store_path

FIRST, SECOND = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:22"
STRIDES_85 = bytes.fromhex("04 00 03 55")  # running, 3 m/s, 85 a minute: strides
STEPS_170 = bytes.fromhex("04 00 03 aa")
HUNG_S = 30.0


class Air:
    """Stands in for the radio: what each device sends, and the settings that it was made with.

    Attributes
    ----------
    sends : what a pod sends, by its address; other devices send nothing. absent : who is never heard, and says so
        once `someone` was.
    """

    def __init__(self) -> None:
        self.sends: dict[str, bytes] = {FIRST: STRIDES_85}
        self.absent: set[str] = set()
        self.made: dict[str, SensorConfig] = {}
        self.interrupts = False
        self.someone = asyncio.Event()

    def sensor(self, address: str, *, clock: Clock, config: SensorConfig, **_: object) -> Device:
        self.made[address] = config
        return Device(self, address, clock)


class Device:
    """Four packets that decide what the pod counts, then the end or Ctrl-C."""

    def __init__(self, air: Air, address: str, clock: Clock) -> None:
        self.id = f"ble:{address}"
        self._air, self._address, self._clock = air, address, clock

    async def run(self, emit: Emit) -> None:
        if self._address in self._air.absent:
            await self._air.someone.wait()
            raise SensorError("it was not heard", fault="not_found")
        emit(SensorState(at=self._clock.now(), sensor=self.id, state="connected"))
        for _ in range(4):
            if payload := self._air.sends.get(self._address):
                emit(Packet(at=self._clock.now(), sensor=self.id, codec="rsc", payload=payload))
            await asyncio.sleep(0.01)
        self._air.someone.set()
        await asyncio.sleep(0.1)
        if self._air.interrupts:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(HUNG_S)


@pytest.fixture
def air(home: Path, monkeypatch: pytest.MonkeyPatch) -> Air:
    air = Air()
    monkeypatch.setattr("sensors.ble.BleSensor", air.sensor)
    return air


def run(*arguments: str) -> int:
    return status(["run", "--headless", "--output", "null", *arguments])


def recall(key: str) -> str | None:
    with Store.open(store_path("")) as store:
        return store.recall(key)


def remember(key: str, value: str) -> None:
    with Store.open(store_path("")) as store:
        store.remember(key, value)


# --- the sensor ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("interrupts", "code"), [(False, 0), (True, 130)], ids=["data end", "Ctrl-C"])
def test_a_run_remembers_its_sensor_and_what_its_pod_counts_however_it_ended(
    air: Air, interrupts: bool, code: int
) -> None:
    air.interrupts = interrupts
    assert run("--address", FIRST) == code
    air.made.clear()
    assert run() == code
    assert air.made[FIRST].pod_cadence == "strides"


def test_a_sensor_that_was_never_there_is_not_remembered_though_the_one_beside_it_was(air: Air) -> None:
    remember(REMEMBERED, "C0:FF:EE:00:00:77")
    air.absent = {FIRST}
    air.sends = {SECOND: STRIDES_85}
    assert run("--address", FIRST, "--also", SECOND) == 3
    assert recall(REMEMBERED) == "C0:FF:EE:00:00:77"
    assert recall(pod_key(SECOND)) == "strides"


def test_a_store_that_cannot_remember_the_sensor_does_not_spoil_the_run(
    air: Air, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(store: Store, key: str, value: str) -> None:
        raise StoreError("runs.sqlite: the disk is full")

    monkeypatch.setattr(Store, "remember", full)
    assert run("--address", FIRST) == 0
    assert "the disk is full" in capsys.readouterr().err


# --- what each pod counts -----------------------------------------------------------------------------------------


def test_what_a_pod_counts_is_remembered_of_that_pod_and_not_of_the_sensor_beside_it(air: Air) -> None:
    air.sends = {SECOND: STRIDES_85}
    both = ("--address", FIRST, "--also", SECOND)
    assert run(*both) == 0
    assert run("--address", FIRST) == 0
    assert air.made[FIRST].pod_cadence == "auto"
    assert run(*both) == 0
    assert (air.made[FIRST].pod_cadence, air.made[SECOND].pod_cadence) == ("auto", "strides")


def test_of_two_pods_each_is_remembered_by_itself_whichever_is_the_first(air: Air) -> None:
    air.sends = {FIRST: STRIDES_85, SECOND: STEPS_170}
    for first, second in ((FIRST, SECOND), (SECOND, FIRST)):
        assert run("--address", first, "--also", second) == 0
    assert (air.made[FIRST].pod_cadence, air.made[SECOND].pod_cadence) == ("strides", "steps")


def test_a_second_pod_that_is_not_known_yet_is_not_taken_for_one_like_the_first(air: Air) -> None:
    air.sends = {FIRST: STRIDES_85, SECOND: STEPS_170}
    remember(pod_key(FIRST), "strides")
    assert run("--address", FIRST, "--also", SECOND) == 0
    assert air.made[SECOND].pod_cadence == "auto"
    assert recall(pod_key(SECOND)) == "steps"


def test_what_a_strap_was_once_said_to_count_does_no_harm_to_the_pod_beside_it(air: Air) -> None:
    air.sends = {SECOND: STRIDES_85}
    remember(pod_key(FIRST), "steps")
    assert run("--address", FIRST, "--also", SECOND) == 0
    assert air.made[SECOND].pod_cadence == "auto"
    assert recall(pod_key(SECOND)) == "strides"


def test_what_the_runner_has_told_goes_before_what_is_remembered_for_both(air: Air, tmp_path: Path) -> None:
    remember(pod_key(FIRST), "strides")
    remember(pod_key(SECOND), "strides")
    both = ("--address", FIRST, "--also", SECOND)
    assert run(*both, "--set", "sensor.pod_cadence=steps") == 0
    assert (air.made[FIRST].pod_cadence, air.made[SECOND].pod_cadence) == ("steps", "steps")
    assert run(*both, "--set", "sensor.also_pod_cadence=steps") == 0
    assert (air.made[FIRST].pod_cadence, air.made[SECOND].pod_cadence) == ("strides", "steps")
    own = tmp_path / "config" / "cadence-coach" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[sensor]\npod_cadence = "steps"\n')
    assert run(*both) == 0
    assert (air.made[FIRST].pod_cadence, air.made[SECOND].pod_cadence) == ("steps", "steps")


# --- the history --------------------------------------------------------------------------------------------------


def test_the_history_names_the_sensor_that_was_beside_the_first(air: Air, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--address", FIRST) == 0
    assert run("--address", FIRST, "--also", SECOND) == 0
    capsys.readouterr()
    assert status(["history"]) == 0
    two, one = capsys.readouterr().out.splitlines()
    assert one.endswith("  ble, done")
    assert two.endswith(f"  ble with {SECOND}, done")
    assert status(["history", "--json"]) == 0
    sources = [row["source"] for row in json.loads(capsys.readouterr().out)]
    assert sources == [{"kind": "ble", "address": FIRST, "also": SECOND}, {"kind": "ble", "address": FIRST}]
