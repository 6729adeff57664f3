"""`coach setup` at a terminal, against the emulated radio: what it asks, and what it remembers."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

from coach.store.book import Store

from .fixtures import RadioProcess
from .test_run import COACH, environment

POD, STRAP, NOBODY = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02", "C0:FF:EE:00:00:77"


def setup(radio: RadioProcess, folder: Path, answers: str, *arguments: str, code: int = 0) -> str:
    """Run `coach setup` with the answers typed ahead; give what it printed."""
    here, there = pty.openpty()
    os.write(here, answers.encode())
    command = [COACH, "setup", "--seconds", "6", "--set", "audio.output=null", *arguments]
    try:
        ended = subprocess.run(
            command,
            stdin=there,
            env=environment(radio, folder),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    finally:
        os.close(here)
        os.close(there)
    assert ended.returncode == code, ended.stderr
    return ended.stdout + ended.stderr


def test_the_chosen_sensor_and_what_its_pod_counts_are_remembered(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    radio = radio_process("--pod", "84", "--strap")
    said = setup(radio, tmp_path, "1\ny\n")
    assert "1  Foot Pod" in said
    assert "2  Polar H10" in said
    assert "84 a minute is 168 steps" in said
    with Store.open(tmp_path / "cadence-coach" / "runs.sqlite") as store:
        assert store.recall("sensor") == POD
        assert store.recall(f"pod {POD.lower()}") == "strides"
    ran = subprocess.run(
        [COACH, "run", "--headless", "--duration", "4", "--output", "null", "--events", "-"],
        env=environment(radio, tmp_path),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    first = next(line for line in ran.stdout.splitlines() if '"cadence"' in line)
    assert '"spm":168.0,"status":"locked"' in first


def test_a_wrong_guess_is_put_right_by_the_runner(radio_process: Callable[..., RadioProcess], tmp_path: Path) -> None:
    radio = radio_process("--pod", "84")
    assert "this pod counts steps" in setup(radio, tmp_path, "n\n", "--address", POD)
    with Store.open(tmp_path / "cadence-coach" / "runs.sqlite") as store:
        assert store.recall(f"pod {POD.lower()}") == "steps"


def test_a_sensor_that_was_not_connected_is_not_remembered(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    database = tmp_path / "cadence-coach" / "runs.sqlite"
    with Store.open(database) as store:
        store.remember("sensor", POD)
    said = setup(radio_process(), tmp_path, "", "--address", NOBODY, "--set", "sensor.scan_s=2", code=3)
    assert f"{NOBODY} was not heard" in said
    assert "Remembered" not in said
    with Store.open(database) as store:
        assert store.recall("sensor") == POD


def test_the_second_sensor_stays_as_it_is_set_and_is_not_offered_as_the_first(
    radio_process: Callable[..., RadioProcess], tmp_path: Path
) -> None:
    own = tmp_path / "cadence-coach" / "config.toml"
    own.parent.mkdir()
    own.write_text(f'[sensor]\nalso = "{STRAP}"\n')
    radio = radio_process("--pod", "84", "--strap")
    said = setup(radio, tmp_path, "y\ny\n")
    assert "Foot Pod" in said
    assert "Polar H10" not in said
    assert "is named twice" in setup(radio, tmp_path, "", "--address", STRAP.lower(), code=2)
    assert own.read_text() == f'[sensor]\nalso = "{STRAP}"\n'
    with Store.open(tmp_path / "cadence-coach" / "runs.sqlite") as store:
        assert store.recall("sensor") == POD
