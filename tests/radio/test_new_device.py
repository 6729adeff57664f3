"""The page for those who add a device: what it shows is built, found by its entry points, and run to live cadence."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.config import Config
from coach.errors import PacketError
from coach.model import Frame, HostTime, Packet
from sensors import codecs, drivers

from .coached import PACE, at_device_rate, coached
from .devices_lines import FloatSensor
from .fixtures import ROOT, Radio

if TYPE_CHECKING:
    from .bluez import Bluez

PAGE = (ROOT / "docs" / "new-device.md").read_text()
SPM = 168.0


def shown(language: str) -> str:
    """Give the one block of the page in a language."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return block


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package that the page shows."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "arduino_imu.py").write_text(shown("python"))
    (folder / "pyproject.toml").write_text(shown("toml"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert built.returncode == 0, built.stderr
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture
def installed(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the package on the path; a wheel can be imported, and its entry points are found, as it is."""
    monkeypatch.syspath_prepend(str(wheel))
    _forget()
    yield
    _forget()
    sys.modules.pop("arduino_imu", None)


def _forget() -> None:
    drivers.known.cache_clear()
    codecs._decoder.cache_clear()


def test_the_example_is_short() -> None:
    assert len(shown("python").splitlines()) < 60


def test_the_page_names_the_groups_that_are_looked_up() -> None:
    groups = re.findall(r'entry-points\."(.+?)"', shown("toml"))
    assert groups == [drivers.GROUP, codecs.GROUP]


@pytest.mark.usefixtures("installed")
def test_the_example_is_found_by_its_entry_points_and_runs_to_live_cadence(
    radio: Radio, config: Config, recorded: Callable
) -> None:
    table, _ = recorded(f"run 30 @ {SPM}", 30.0, "placement=waist")

    async def test(bluez: Bluez) -> None:
        bluez.add(FloatSensor(at_device_rate(table), pace=PACE))
        result = await coached(bluez, config)
        assert result.found.speaks == ("arduino-imu",)
        assert result.found.fits
        assert result.connected.model == "Arduino"
        assert "bad_packet" not in result.sensor_news()
        assert result.spm
        assert result.spm[-1] == pytest.approx(SPM, abs=8.0)  # its rate is measured from arrivals

    radio.run(test)


@pytest.mark.usefixtures("installed")
def test_the_decoder_of_the_example_is_total() -> None:
    decode = importlib.import_module("arduino_imu").decode

    @given(st.binary(max_size=40) | st.binary(min_size=12, max_size=12))
    def any_bytes(payload: bytes) -> None:
        try:
            reading = decode(Packet(at=HostTime(0.0), sensor="x", codec="arduino-imu", payload=payload))
        except PacketError:
            return
        assert isinstance(reading, Frame)
        assert np.isfinite(reading.acc_g).all()

    any_bytes()
