"""`coach run` as a program against the emulated radio: live cadence through a loss of the link, without a restart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .fixtures import ROOT, RadioProcess

COACH = Path(sys.executable).with_name("coach")
RECORDING = ROOT.parent / "shared" / "data" / "sacral_grf" / "trial03_3p33ms_p0deg.csv"
AWAY = ("--away", "7:10")
RUN_S = "24"


def environment(radio: RadioProcess, folder: Path) -> dict[str, str]:
    """Give an environment in which the radio is the machine's own and everything is kept in a folder."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("COACH_")},
        "DBUS_SYSTEM_BUS_ADDRESS": radio.bus,
        "XDG_CONFIG_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
    }


def run_with(radio: RadioProcess, address: str, folder: Path) -> tuple[subprocess.CompletedProcess[str], list[dict]]:
    """Run the coach; give how it ended and its events."""
    command = [COACH, "run", "--sensor", "ble", "--address", address, "--headless", "--duration", RUN_S]
    ended = subprocess.run(
        [*command, "--output", "null", "--events", "-"],
        env=environment(radio, folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    replayed = subprocess.run(
        [COACH, "replay", "last", "--events", "-"],
        env=environment(radio, folder),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert replayed.stdout == ended.stdout
    return ended, [json.loads(line) for line in ended.stdout.splitlines()]


def connections(events: list[dict]) -> list[str]:
    return [event["state"] for event in events if event["type"] == "sensor" and event["state"] != "searching"]


def locked_between(events: list[dict], low_spm: float, high_spm: float) -> list[float]:
    """Give when the cadence was locked; every reading lies between the two."""
    locked = [event for event in events if event["type"] == "cadence" and event["status"] == "locked"]
    assert all(low_spm <= event["spm"] <= high_spm for event in locked)
    return [event["available_s"] for event in locked]


def times_of(events: list[dict], state: str) -> list[float]:
    return [event["t_s"] for event in events if event["type"] == "sensor" and event["state"] == state]


def test_a_pod_that_is_lost_for_ten_seconds_comes_back(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    radio = radio_process("--pod", "84", *AWAY)
    ended, events = run_with(radio, radio.devices["pod"], tmp_path)
    assert connections(events) == ["connected", "counts_strides", "reconnecting", "connected", "ended"]
    times = locked_between(events, 168.0, 168.0)
    lost, back = times_of(events, "reconnecting")[0], times_of(events, "connected")[1]
    assert any(t < lost for t in times)
    assert not any(lost < t < back for t in times)
    assert any(t > back for t in times)
    assert [event["reason"] for event in events if event["type"] == "gap"] == ["no packets"]
    assert "mean cadence 168.0 spm" in ended.stderr


@pytest.mark.skipif(not RECORDING.exists(), reason=f"no recordings of people running in {RECORDING.parents[1].name}")
def test_a_strap_that_is_lost_for_ten_seconds_comes_back(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    radio = radio_process("--strap", str(RECORDING), *AWAY)
    _, events = run_with(radio, radio.devices["strap"], tmp_path)
    assert connections(events) == ["connected", "reconnecting", "connected", "ended"]
    times = locked_between(events, 185.0, 200.0)  # the force plate says 192.9
    lost, back = times_of(events, "reconnecting")[0], times_of(events, "connected")[1]
    assert any(t < lost for t in times)
    assert not any(lost + 3 < t < back for t in times)
    assert any(t > back for t in times)
    assert any(event["type"] == "step" for event in events)
    gap = next(event for event in events if event["type"] == "gap")
    assert 8 <= gap["length_s"] <= 14
