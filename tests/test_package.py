"""The wheel, as pip would install it: three packages, typed, with the shipped settings inside."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from coach.config import shipped_path

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(folder), str(ROOT)], check=True, timeout=300)
    return zipfile.ZipFile(next(folder.glob("cadence_coach-*.whl")))


def test_the_wheel_holds_our_three_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"coach", "sensors", "audio"}


def test_each_package_says_that_it_is_typed(wheel: zipfile.ZipFile) -> None:
    assert {"coach/py.typed", "sensors/py.typed", "audio/py.typed"} <= set(wheel.namelist())


def test_the_settings_in_the_wheel_are_those_at_the_root(wheel: zipfile.ZipFile) -> None:
    assert wheel.read("coach/config.toml") == (ROOT / "config.toml").read_bytes()
    assert shipped_path().read_bytes() == (ROOT / "config.toml").read_bytes()


def test_the_words_of_every_language_are_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "audio" / "speech" / "wording").glob("*.toml")}
    assert {"audio/speech/wording/en.toml", "audio/speech/wording/de.toml"} <= files <= set(wheel.namelist())


def test_the_ready_plans_are_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "coach" / "plans").glob("*.toml")}
    assert {"coach/plans/easy-start.toml", "coach/plans/faded.toml"} <= files <= set(wheel.namelist())


def test_every_module_of_the_tree_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    modules = {
        str(path.relative_to(ROOT))
        for package in ("coach", "sensors", "audio")
        for path in (ROOT / package).rglob("*.py")
    }
    assert modules <= set(wheel.namelist())
