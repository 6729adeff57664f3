"""Which sensor a run takes, as a program against the emulated radio: the only one, the one asked for, or none."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from coach.store.book import Store

from .fixtures import RadioProcess
from .test_run import COACH, environment

POD, STRAP = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"
SHORT = ("--duration", "3", "--output", "null", "--events", "-", "--set", "sensor.scan_s=2")


def run(
    radio: RadioProcess, folder: Path, *arguments: str, stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COACH, "run", *SHORT, *arguments],
        stdin=stdin,
        env=environment(radio, folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def sensors(ended: subprocess.CompletedProcess[str], kind: str) -> set[str]:
    return {event["sensor"] for event in map(json.loads, ended.stdout.splitlines()) if event["type"] == kind}


def remembered(folder: Path) -> str | None:
    with Store.open(folder / "cadence-coach" / "runs.sqlite") as store:
        return store.recall("sensor")


def test_the_only_sensor_on_the_air_is_taken_and_remembered(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    ended = run(radio_process("--pod"), tmp_path, "--headless")
    assert ended.returncode == 0, ended.stderr
    assert "Using Foot Pod" in ended.stderr
    assert sensors(ended, "cadence") == {f"ble:{POD}"}
    assert remembered(tmp_path) == POD


def test_of_several_a_headless_run_takes_none_and_lists_them(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    ended = run(radio_process("--pod", "--strap"), tmp_path, "--headless")
    assert ended.returncode == 3
    for part in ("2 sensors", "Foot Pod", POD, "Polar H10", STRAP, "`--address` names one"):
        assert part in ended.stderr


def test_nobody_on_the_air_is_an_error_that_says_what_to_do(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    ended = run(radio_process(), tmp_path, "--headless")
    assert ended.returncode == 3
    assert "no foot pod, strap or other motion sensor was found" in ended.stderr
    assert "wake it" in ended.stderr


def test_of_several_the_runner_at_a_terminal_is_asked(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    here, there = pty.openpty()
    os.write(here, b"1\n")
    try:
        ended = run(radio_process("--pod", "--strap"), tmp_path, stdin=there)
    finally:
        os.close(here)
        os.close(there)
    assert ended.returncode == 0, ended.stderr
    assert sensors(ended, "cadence") == {f"ble:{POD}"}
    assert remembered(tmp_path) == POD


@pytest.mark.parametrize("address", [POD, "C0:FF:EE:00:00:77"])
def test_a_name_is_searched_for_only_where_asked(
    radio_process: Callable[..., RadioProcess], tmp_path: Path, address: str
) -> None:
    radio = radio_process("--pod", "--pod-address", address)
    ended = run(radio, tmp_path, "--headless", "--match-name", "foot pod")
    assert ended.returncode == 0, ended.stderr
    assert sensors(ended, "cadence") == {"ble:foot pod"}
    assert remembered(tmp_path) is None


def test_a_pod_for_cadence_and_a_strap_for_heart_rate(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    radio = radio_process("--pod", "--strap")
    ended = run(radio, tmp_path, "--headless", "--address", POD, "--also", STRAP, "--duration", "5")
    assert ended.returncode == 0, ended.stderr
    assert sensors(ended, "heart_rate") == {f"ble:{STRAP}"}
    assert {f"ble:{POD}"} == sensors(ended, "speed")
    assert sensors(ended, "sensor") == {f"ble:{POD}", f"ble:{STRAP}"}
    replayed = subprocess.run(
        [COACH, "replay", "last", "--events", "-"],
        env=environment(radio, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert replayed.stdout == ended.stdout


def test_the_run_goes_on_while_a_second_sensor_is_not_there(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    ended = run(radio_process("--pod"), tmp_path, "--headless", "--address", POD, "--also", STRAP, "--duration", "5")
    assert ended.returncode == 0, ended.stderr
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    of_strap = [event["state"] for event in events if event["type"] == "sensor" and event["sensor"].endswith(STRAP)]
    assert set(of_strap) == {"searching", "reconnecting", "ended"}
    assert sensors(ended, "cadence") >= {f"ble:{POD}"}


@pytest.mark.parametrize(("also", "said"), [(POD.lower(), "is named twice"), ("hello", "is not the address")])
def test_a_second_sensor_that_cannot_be_is_refused_before_the_search(
    radio_process: Callable[..., RadioProcess], tmp_path: Path, also: str, said: str
) -> None:
    ended = run(radio_process("--pod"), tmp_path, "--headless", "--address", POD, "--also", also)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "searching" not in ended.stderr.lower()


def test_the_second_sensor_is_not_taken_for_the_first(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    ended = run(radio_process("--pod", "--strap"), tmp_path, "--headless", "--also", STRAP)
    assert ended.returncode == 0, ended.stderr
    assert remembered(tmp_path) == POD


def test_a_name_on_the_command_line_goes_before_an_address_in_the_file(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text('[sensor]\naddress = "C0:FF:EE:00:00:77"\n')
    ended = run(
        radio_process("--pod"),
        tmp_path,
        "--headless",
        "--match-name",
        "Foot Pod",
        "--config",
        str(tmp_path / "mine.toml"),
    )
    assert ended.returncode == 0, ended.stderr
    assert sensors(ended, "cadence") == {"ble:Foot Pod"}


def test_scan_lists_sensors_first_with_a_star_for_ours(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    radio = radio_process("--pod", "--strap")
    run(radio, tmp_path, "--headless", "--address", POD)
    scan = [COACH, "scan", "--seconds", "2"]
    plain = subprocess.run(scan, env=environment(radio, tmp_path), capture_output=True, text=True, check=True)
    assert plain.stdout.splitlines()[0].startswith(f"* {POD}")
    assert plain.stdout.splitlines()[1].startswith(f"  {STRAP}")
    told = subprocess.run(
        [*scan, "--json"], env=environment(radio, tmp_path), capture_output=True, text=True, check=True
    )
    assert {one["address"]: (one["ours"], one["fits"]) for one in json.loads(told.stdout)} == {
        POD: (True, True),
        STRAP: (False, True),
    }
