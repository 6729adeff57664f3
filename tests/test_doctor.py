"""The doctor in environments with something missing, and on the emulated radio."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from radio.bus import MISSING, is_available, private_bus
from radio.fixtures import Radio, radio  # noqa: F401 - the fixture

from coach import doctor
from coach.config import StoreConfig, VoiceConfig
from coach.doctor import Finding, as_text, run_checks
from coach.doctor import bluetooth as bluetooth_checks
from coach.doctor import sound as sound_checks
from coach.doctor.bluetooth import check_bluetooth
from coach.doctor.child import in_child
from coach.doctor.packages import Place, check_packages, judge
from coach.doctor.settings import check_config, check_store
from coach.doctor.sound import (
    ask_miniaudio,
    ask_portaudio,
    check_players,
    check_simpleaudio,
    check_sound,
    sound_server,
)
from coach.doctor.voice import check_voice
from coach.store import Store

if TYPE_CHECKING:
    from radio.bluez import Bluez

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="BlueZ and its D-Bus are of Linux only")


@pytest.fixture(autouse=True)
def bare_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user who has nothing: no settings, no runs, no sound server, no bus."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'no-bus'}")
    for name in ("PULSE_SERVER", "PIPEWIRE_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


# --- the report ---------------------------------------------------------------------------------------------------


def test_a_finding_says_what_to_do_when_and_only_when_all_is_not_well() -> None:
    with pytest.raises(ValueError, match="something to do"):
        Finding(area="sound", ok="bad", text="no sound")
    with pytest.raises(ValueError, match="something to do"):
        Finding(area="sound", ok="ok", text="sound", todo="nothing")


def test_all_checks_in_a_bare_environment() -> None:
    findings = run_checks()
    areas = {"python", "packages", "config", "store", "bluetooth", "sound", "voice"}
    assert {finding.area for finding in findings} == areas
    assert all(bool(finding.todo) == (finding.ok != "ok") for finding in findings)
    by_area = {finding.area: finding.ok for finding in findings}
    assert (by_area["python"], by_area["packages"], by_area["config"], by_area["store"]) == ("ok", "ok", "ok", "ok")
    json.dumps([dataclasses.asdict(finding) for finding in findings])


def test_the_report_as_text() -> None:
    findings = [
        Finding(area="python", ok="ok", text="Python 3.11.7"),
        Finding(area="bluetooth", ok="bad", text="Bluetooth is switched off", todo="bluetoothctl power on"),
    ]
    assert as_text(findings) == (
        "ok    python     Python 3.11.7\n"
        "bad   bluetooth  Bluetooth is switched off\n"
        "                 to do: bluetoothctl power on"
    )


# --- packages -----------------------------------------------------------------------------------------------------

HOME = Path("/opt/coach")


def places(**changed: Place) -> list[Place]:
    ours = {name: Place(name=name, found=HOME / name, others={}) for name in ("coach", "sensors", "audio")}
    return list({**ours, **changed}.values())


def the_only_one(place: Place, working: Path = Path("/home/runner")) -> Finding:
    (finding,) = judge(places(sensors=place), home=HOME, working=working)
    return finding


def test_packages_of_our_own_are_fine() -> None:
    (finding,) = judge(places(), home=HOME, working=HOME)
    assert finding.ok == "ok"


def test_a_missing_package() -> None:
    finding = the_only_one(Place(name="sensors", found=None, others={}))
    assert finding.ok == "bad"
    assert finding.todo == "pip install --force-reinstall cadence-coach"


def test_a_package_of_another_distribution_that_is_found_first() -> None:
    folder = Path("/usr/lib/python3/dist-packages/sensors")
    finding = the_only_one(Place(name="sensors", found=folder, others={"PySensors": folder}))
    assert finding.ok == "bad"
    assert str(folder) in finding.text
    assert finding.todo.startswith("pip uninstall PySensors")


def test_a_package_in_the_working_folder_that_is_found_first() -> None:
    finding = the_only_one(Place(name="sensors", found=Path("/home/runner/sensors"), others={}))
    assert finding.ok == "bad"
    assert finding.todo.startswith("start the coach in another folder")


def test_a_package_on_the_python_path_that_is_found_first() -> None:
    finding = the_only_one(Place(name="sensors", found=Path("/srv/lib/sensors"), others={}))
    assert finding.ok == "bad"
    assert "take /srv/lib out of PYTHONPATH" in finding.todo


def test_another_distribution_that_was_installed_over_ours() -> None:
    finding = the_only_one(Place(name="sensors", found=HOME / "sensors", others={"PySensors": HOME / "sensors"}))
    assert finding.ok == "bad"
    assert "pip uninstall PySensors && pip install --force-reinstall cadence-coach" in finding.todo


def test_another_distribution_behind_ours() -> None:
    finding = the_only_one(
        Place(name="sensors", found=HOME / "sensors", others={"PySensors": Path("/usr/lib/sensors")})
    )
    assert finding.ok == "warn"
    assert "PySensors" in finding.text


def test_packages_as_they_are_here() -> None:
    assert [finding.ok for finding in check_packages()] == ["ok"]


def test_a_distribution_that_really_hides_sensors(tmp_path: Path) -> None:
    """Installed the way pip does it: a folder, and a RECORD that owns it."""
    (tmp_path / "sensors").mkdir()
    (tmp_path / "sensors" / "__init__.py").touch()
    info = tmp_path / "pysensors-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: PySensors\nVersion: 1.0\n")
    (info / "RECORD").write_text("sensors/__init__.py,,\n")
    code = "from coach.doctor import as_text; from coach.doctor.packages import *; print(as_text(check_packages()))"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(doctor.__file__).parents[2])])}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, env=environ, cwd=tmp_path
    )
    first, todo = done.stdout.splitlines()
    assert first.startswith(f"bad   packages   `import sensors` finds {tmp_path.resolve() / 'sensors'}")
    assert "pip uninstall PySensors" in todo


# --- settings and store -------------------------------------------------------------------------------------------


def test_every_problem_of_the_config_is_a_finding(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "cadence-coach"
    folder.mkdir(parents=True)
    own = folder / "config.toml"
    own.write_text("[target]\nlow = 165.0\n[audio]\nvolume = 7.0\n")
    effective, findings = check_config(None, ())
    assert effective is None
    assert [finding.ok for finding in findings] == ["bad", "bad"]
    assert all(str(own) in finding.text and finding.todo for finding in findings)
    assert "target.low is not a key" in findings[0].text
    assert "audio.volume" in findings[1].text


def test_a_bad_config_does_not_keep_the_other_checks_from_being_made(tmp_path: Path) -> None:
    findings = run_checks(file=tmp_path / "nowhere.toml")
    assert "bad" in [finding.ok for finding in findings if finding.area == "config"]
    assert {"bluetooth", "sound"} <= {finding.area for finding in findings}


def test_a_good_config_says_where_it_lies(tmp_path: Path) -> None:
    _, (finding,) = check_config(None, ["target.low_spm=165"])
    assert finding.ok == "ok"
    assert str(tmp_path / "config" / "cadence-coach" / "config.toml") in finding.text


def test_a_store_that_is_not_there_yet_is_fine_and_is_not_made(tmp_path: Path) -> None:
    finding = check_store(StoreConfig(keep=True, path=str(tmp_path / "deep" / "runs.sqlite")))
    assert finding.ok == "ok"
    assert "runs kept 0" in finding.text
    assert not (tmp_path / "deep").exists()


def test_a_store_says_how_many_runs_it_keeps(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with Store.open(path) as store:
        store.begin(config={}, origins={}, source={}, on_problem=print).close()
    finding = check_store(StoreConfig(keep=True, path=str(path)))
    assert finding.ok == "ok"
    assert "runs kept 1" in finding.text


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    path.write_bytes(b"SQLite is something else\n" * 100)
    finding = check_store(StoreConfig(keep=True, path=str(path)))
    assert finding.ok == "bad"
    assert finding.todo


def test_runs_that_are_not_kept_need_no_store() -> None:
    assert check_store(StoreConfig(keep=False, path="/nowhere/runs.sqlite")).ok == "ok"


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.doctor.settings.LEAST_FREE_MB", 10**9)
    finding = check_store(StoreConfig(keep=True, path=str(tmp_path / "runs.sqlite")))
    assert finding.ok == "warn"
    assert "make room" in finding.todo


# --- bluetooth ----------------------------------------------------------------------------------------------------


@linux_only
def test_without_a_system_bus_there_is_no_bluetooth(tmp_path: Path) -> None:
    finding = check_bluetooth()
    assert finding.ok == "bad"
    assert f"no system bus at {tmp_path / 'no-bus'}" in finding.text


@linux_only
@pytest.mark.skipif(not is_available(), reason=MISSING)
def test_a_bus_without_a_bluetooth_service(monkeypatch: pytest.MonkeyPatch) -> None:
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        finding = check_bluetooth()
    assert (finding.ok, finding.text) == ("bad", "there is no Bluetooth on this machine")
    assert "apt install bluez" in finding.todo


@linux_only
def test_an_adapter_that_is_on_and_then_off(radio: Radio) -> None:  # noqa: F811
    async def ask(bluez: Bluez) -> tuple[Finding, Finding]:
        on = await asyncio.to_thread(check_bluetooth)
        bluez.power(False)
        return on, await asyncio.to_thread(check_bluetooth)

    on, off = radio.run(ask)
    assert on.ok == "ok"
    assert (off.ok, off.text) == ("bad", "Bluetooth is switched off")
    assert off.todo == "bluetoothctl power on; if that fails: rfkill unblock bluetooth"


@linux_only
def test_a_bluetooth_service_that_does_not_answer(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(bluetooth_checks, "ANSWER_S", 0.05)

    async def ask(bluez: Bluez) -> list[Finding]:
        bluez.hang("GetManagedObjects")
        return await asyncio.to_thread(bluetooth_checks.ask_adapter)

    (finding,) = radio.run(ask)
    assert finding.ok == "bad"
    assert "no answer" in finding.text


# --- sound --------------------------------------------------------------------------------------------------------


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """A folder with a name short enough for a socket; pytest's own are too deep."""
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        yield Path(folder)


def no_players(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    monkeypatch.setattr(sound_checks.shutil, "which", lambda name: f"/usr/bin/{name}" if name in there else None)


@linux_only
def test_no_player(monkeypatch: pytest.MonkeyPatch) -> None:
    no_players(monkeypatch)
    finding = check_players()
    assert (finding.ok, finding.text) == ("warn", "players: none; sound server: none")


@linux_only
def test_a_player_and_nothing_to_play_on(monkeypatch: pytest.MonkeyPatch) -> None:
    no_players(monkeypatch, "pacat")
    finding = check_players()
    assert (finding.ok, finding.text) == ("warn", "players: pacat; sound server: none")
    assert "PipeWire" in finding.todo


@linux_only
def test_a_player_and_a_server(monkeypatch: pytest.MonkeyPatch, socket_folder: Path) -> None:
    no_players(monkeypatch, "pw-cat", "pacat")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(socket_folder))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(socket_folder / "pipewire-0"))
        server.listen()
        finding = check_players()
    assert (finding.ok, finding.text) == ("ok", "players: pw-cat, pacat; sound server: PipeWire")


@linux_only
def test_the_place_of_a_pulse_server(monkeypatch: pytest.MonkeyPatch, socket_folder: Path) -> None:
    (socket_folder / "pulse").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(socket_folder))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(socket_folder / "pulse" / "native"))
        assert sound_server() is None  # a socket that nobody listens on
        server.listen()
        assert sound_server() == "PulseAudio"
    monkeypatch.setenv("PULSE_SERVER", "tcp:192.168.1.7")
    assert sound_server() == "PulseAudio at tcp:192.168.1.7"


def test_where_nothing_can_be_heard_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    no_players(monkeypatch)
    silent = Finding(area="sound", ok="warn", text="the library PortAudio is missing", todo="sudo apt install …")
    monkeypatch.setattr(sound_checks, "in_child", lambda area, check: [silent])
    assert any(finding.text.startswith("no way to be heard") and finding.ok == "bad" for finding in check_sound())


def test_devices_are_listed_by_the_names_that_the_settings_take(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        {"name": "Speakers", "max_output_channels": 2, "hostapi": 0},
        {"name": "Microphone", "max_output_channels": 0, "hostapi": 0},
        {"name": "Jabra Elite", "max_output_channels": 2, "hostapi": 0},
        {"name": "Speakers", "max_output_channels": 2, "hostapi": 1},
    ]
    portaudio = ModuleType("sounddevice")
    portaudio.query_devices = lambda: found  # type: ignore[attr-defined]
    portaudio.query_hostapis = lambda: [  # type: ignore[attr-defined]
        {"name": "MME", "devices": [0, 1, 2]},
        {"name": "WASAPI", "devices": [3]},
    ]
    portaudio.default = SimpleNamespace(device=(1, 0))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", portaudio)
    (finding,) = ask_portaudio()
    assert finding.text == "PortAudio plays on: Speakers, MME (default); Jabra Elite; Speakers, WASAPI"


def test_miniaudio_lists_its_devices_or_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("miniaudio")
    package.Devices = lambda: SimpleNamespace(  # type: ignore[attr-defined]
        get_playbacks=lambda: [{"name": "Headphones", "id": 1}, {"name": "Headphones", "id": 2}]
    )
    monkeypatch.setitem(sys.modules, "miniaudio", package)
    assert [finding.text for finding in ask_miniaudio()] == ["miniaudio plays on: Headphones"]
    del package.Devices
    assert [finding.ok for finding in ask_miniaudio()] == ["warn"]


def test_the_simpleaudio_that_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_checks, "find_spec", lambda name: object())
    monkeypatch.setattr(sound_checks, "packages_distributions", lambda: {"simpleaudio": ["simpleaudio"]})
    monkeypatch.setattr(sound_checks.sys, "version_info", (3, 12, 1))
    finding = check_simpleaudio()
    assert finding.ok == "bad"
    assert finding.todo == "pip uninstall simpleaudio && pip install simpleaudio-patched"


# --- voice --------------------------------------------------------------------------------------------------------


def voice(**changes: str) -> VoiceConfig:
    return VoiceConfig(**{"mode": "speech", "language": "de", "volume": 1.0, "fine": "off", "again_s": 60.0, **changes})


def words_of_my_own(text: str) -> VoiceConfig:
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "cadence-coach" / "voice" / "xx.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return voice(language="xx")


def test_a_voice_that_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    speaks = SimpleNamespace(identity="espeak-ng 1.51, voice de")
    monkeypatch.setattr("audio.speech.engines.find_engine", lambda language: speaks)
    (finding,) = check_voice(voice())
    assert (finding.ok, finding.text) == ("ok", "de is spoken by espeak-ng 1.51, voice de")


@linux_only
def test_without_an_engine_there_are_tones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (finding,) = check_voice(voice())
    assert (finding.ok, finding.text) == ("warn", "tones instead of words: there is no espeak-ng on this system")
    assert finding.todo == "sudo apt install espeak-ng"


def test_every_problem_of_the_words_is_a_finding() -> None:
    findings = check_voice(words_of_my_own('language = "fi"\nbelow = ""\n'))
    assert {finding.ok for finding in findings} == {"bad"}
    assert "xx.toml: above is missing" in findings[0].text
    assert "xx.toml: below: some words in quotes" in findings[-1].text
    assert all("en.toml" in finding.todo for finding in findings)


def test_words_that_are_no_toml() -> None:
    (finding,) = check_voice(words_of_my_own("below = quicker"))
    assert finding.ok == "bad"
    assert "xx.toml: not TOML" in finding.text


def test_tones_need_no_voice() -> None:
    (finding,) = check_voice(voice(mode="tones", language="nowhere"))
    assert finding.ok == "ok"


# --- a process of its own -----------------------------------------------------------------------------------------


@pytest.fixture
def odd_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of checks that misbehave."""
    (tmp_path / "odd.py").write_text(
        "import os, signal, sys, time\n"
        "from coach.doctor.finding import Finding\n"
        "def loud():\n"
        "    print('ALSA lib confmisc.c: cannot find card', file=sys.stderr)\n"
        "    print('noise', end='')\n"
        "    return [Finding(area='sound', ok='ok', text='fine')]\n"
        "def hangs(): time.sleep(60)\n"
        "def aborts(): os.kill(os.getpid(), signal.SIGABRT)\n"
        "def fails(): raise LookupError('no such thing')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("odd_checks")
def test_what_a_library_prints_does_not_disturb_the_findings() -> None:
    assert in_child("sound", "odd:loud") == [Finding(area="sound", ok="ok", text="fine")]


@pytest.mark.usefixtures("odd_checks")
def test_a_check_that_hangs_dies_or_fails_is_a_finding() -> None:
    (hangs,) = in_child("sound", "odd:hangs", limit_s=0.5)
    (aborts,) = in_child("sound", "odd:aborts")
    (fails,) = in_child("sound", "odd:fails")
    assert "no answer within 0.5 s" in hangs.text
    assert "the check died" in aborts.text
    assert "LookupError: no such thing" in fails.text
    assert {finding.ok for finding in (hangs, aborts, fails)} == {"bad"}
