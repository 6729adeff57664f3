"""The command line as people and programs meet it: what it says, where it says it, and its exit codes.

Everything here is in-process and in virtual time; `test_cli_live` has what needs a process or a second. Every test has
a home, a config folder, a data folder and a working folder of its own.
"""

from __future__ import annotations

import io
import json
import os
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from coach.cli import cli, status
from coach.doctor.finding import Finding
from sensors.ble_scan import Found

COMMANDS = sorted(cli.commands)
NO_BUS = "unix:path=/no/such/bus"
COURSE = "stand 3, run 47 @ 166"
BAD_TOML = """
[target]
low_spm = 190
high_spm = 170

[sensor]
adress = "C0:FF:EE:00:00:01"

[audio]
volume = "loud"

[coching]
mode = "off"
"""
BAD_WORDS = (
    "target: the band 190-170",
    "sensor.adress is not a key; did you mean address?",
    "audio.volume",
    "[coching] is not a section; did you mean coaching?",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.out.splitlines()]

    @property
    def problems(self) -> list[str]:
        return [text for text in self.err.splitlines() if text.startswith("coach:")]


Coach = Callable[..., Said]
LivingIn = Callable[[Path], AbstractContextManager[Path]]


@pytest.fixture
def coach(home: Path, capsys: pytest.CaptureFixture[str]) -> Coach:
    def run(*arguments: object) -> Said:
        code = status([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory, living_in: LivingIn) -> Iterator[Path]:
    with living_in(tmp_path_factory.mktemp("shared")) as folder:
        yield folder


@pytest.fixture(scope="module")
def recording(somewhere: Path) -> Path:
    path = somewhere / "run.csv"
    assert status(["simulate", str(path), "--course", COURSE, "--seed", "7"]) == 0
    return path


@pytest.fixture(scope="module")
def five_minutes(somewhere: Path) -> list[dict[str, Any]]:
    path = somewhere / "demo.jsonl"
    assert status(["demo", "--fast", "--events", str(path)]) == 0
    return [json.loads(text) for text in path.read_text().splitlines()]


def header_of(said: Said) -> dict[str, Any]:
    return said.events[0]


def assert_explained(said: Said, code: int) -> None:
    """The error is a line or two for people on stderr; stdout, which is data, has none of it."""
    assert (said.code, said.out) == (code, ""), said.err
    assert "Traceback" not in said.err
    assert "internal error" not in said.err
    assert said.problems or "Error:" in said.err


# --- help and usage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(coach: Coach, command: str) -> None:
    said = coach(command, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"Usage: coach {command}" in said.out
    assert "Example" in said.out
    assert f"coach {command}" in said.out.split("Example", 1)[1]


def test_help_names_every_command(coach: Coach) -> None:
    said = coach("--help")
    assert said.code == 0
    assert all(f"\n  {command} " in said.out for command in COMMANDS)


def test_without_a_command_help_is_shown(coach: Coach) -> None:
    said = coach()
    assert said.code in (0, 2)
    assert "Usage: coach" in said.out + said.err


def test_version(coach: Coach) -> None:
    said = coach("--version")
    assert said.code == 0
    assert said.out.startswith("coach, version 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["demo", "--nonsense"],
        ["demo", "--fast", "--duration", "soon"],
        ["demo", "--fast", "--duration", "0"],
        ["demo", "--fast", "--seed", "-1"],
        ["demo", "--fast", "--target", "170"],
        ["demo", "--fast", "--target", "190-170"],
        ["demo", "--fast", "--target", "low-high"],
        ["demo", "--fast", "--target", "170-"],
        ["demo", "--fast", "--output", "nonsense"],
        ["demo", "--fast", "--set", "target.low_spm"],
        ["demo", "--fast", "--set", "target.low_spm=nan"],
        ["demo", "--fast", "--cadence", "500"],
        ["demo", "--fast", "--config", "nowhere.toml"],
        ["replay"],
        ["replay", "one.csv", "two.csv"],
        ["scan", "--seconds", "0"],
        ["history", "--last", "0"],
        ["run", "--address", "not-an-address", "--headless", "--output", "null"],
        ["simulate", "run.csv", "--course", "fly 20"],
        ["simulate", "run.csv", "--placement", "nose"],
        ["setup"],
    ],
    ids=" ".join,
)
def test_a_command_that_makes_no_sense_is_2(
    coach: Coach, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert_explained(coach(*arguments), 2)


@pytest.mark.parametrize("length", ["nan", "inf"])
@pytest.mark.parametrize(
    ("command", "arguments"),
    [("demo", ["--fast"]), ("demo", ["--headless"]), ("run", ["--headless"]), ("simulate", ["run.csv"])],
)
def test_a_duration_that_never_comes_is_refused(command: str, arguments: list[str], length: str) -> None:
    """Only parsed here: a simulation until nan or inf does not end."""
    with pytest.raises(click.BadParameter):
        cli.commands[command].make_context(command, [*arguments, "--duration", length])


def test_a_cadence_of_zero_is_not_taken_for_none_given(coach: Coach) -> None:
    assert_explained(coach("demo", "--fast", "--duration", 5, "--cadence", 0), 2)


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [["config"], ["demo", "--fast"], ["run"], ["replay", "run.csv"], ["simulate", "run.csv"], ["history"]],
    ids=lambda arguments: arguments[0],
)
def test_all_problems_of_a_config_come_at_once_each_with_its_place(
    coach: Coach, home: Path, arguments: list[str]
) -> None:
    bad = home / "bad.toml"
    bad.write_text(BAD_TOML)
    said = coach(*arguments, "--config", bad)
    assert_explained(said, 2)
    for words in BAD_WORDS:
        (problem,) = [problem for problem in said.problems if words in problem]
        assert str(bad) in problem
    assert len(said.problems) == len(BAD_WORDS)


def own_file(home: Path, text: str) -> None:
    path = home / "config" / "cadence-coach" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_each_layer_of_settings_lies_over_the_one_before_it(
    coach: Coach, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def low(*arguments: object) -> tuple[float, str]:
        shown = json.loads(coach("config", "--json", *arguments).out)
        return shown["config"]["target"]["low_spm"], shown["origins"]["target.low_spm"]

    file = home / "other.toml"
    file.write_text("[target]\nlow_spm = 162")
    assert low() == (170, "shipped config.toml")
    own_file(home, "[target]\nlow_spm = 161")
    assert low()[0] == 161
    assert low()[1].endswith("cadence-coach/config.toml")
    assert low("--config", file) == (162, str(file))
    monkeypatch.setenv("COACH_TARGET_LOW_SPM", "163")
    assert low("--config", file) == (163, "environment")
    assert low("--config", file, "--set", "target.low_spm=164") == (164, "flags")


def test_the_working_folders_config_is_never_read_silently(coach: Coach) -> None:
    Path("config.toml").write_text("[target]\nlow_spm = 100\nnonsense = 1")
    said = coach("config", "--json")
    assert said.code == 0
    assert json.loads(said.out)["config"]["target"]["low_spm"] == 170


def test_config_shows_every_key_with_its_value_and_where_it_comes_from(coach: Coach) -> None:
    shown = json.loads(coach("config", "--json").out)
    said = coach("config", "--set", "view.refresh_hz=4")
    assert (said.code, said.err) == (0, "")
    for section, keys in shown["config"].items():
        assert f"[{section}]" in said.out
        for key in keys:
            assert f"\n{key} = " in said.out
    assert next(text for text in said.out.splitlines() if "# flags" in text).startswith("refresh_hz = 4.0")


@pytest.mark.parametrize("layer", ["flag", "file", "own", "environment"])
def test_demo_keeps_to_the_settings(coach: Coach, home: Path, monkeypatch: pytest.MonkeyPatch, layer: str) -> None:
    """Its own cadence is what is taken where nobody said anything."""
    extra: list[object] = []
    if layer == "flag":
        extra = ["--set", "simulation.cadence_spm=181"]
    elif layer == "file":
        (home / "x.toml").write_text("[simulation]\ncadence_spm = 181.0")
        extra = ["--config", home / "x.toml"]
    elif layer == "own":
        own_file(home, "[simulation]\ncadence_spm = 181.0")
    else:
        monkeypatch.setenv("COACH_SIMULATION_CADENCE_SPM", "181")
    said = coach("demo", "--fast", "--duration", 2, "--events", "-", *extra)
    assert header_of(said)["config"]["simulation"]["cadence_spm"] == 181
    assert "181" in said.err


def test_a_flag_of_demo_lies_over_the_settings(coach: Coach) -> None:
    said = coach(
        "demo", "--fast", "--duration", 2, "--cadence", 150, "--target", "160-168", "--seed", 3, "--events", "-"
    )
    config = header_of(said)["config"]
    assert (config["simulation"]["cadence_spm"], config["simulation"]["seed"]) == (150, 3)
    assert (config["target"]["low_spm"], config["target"]["high_spm"]) == (160, 168)


# --- demo in virtual time -----------------------------------------------------------------------------------------


def test_five_minutes_of_demo_coach_the_runner_into_the_band(five_minutes: list[dict[str, Any]]) -> None:
    modes = [event["mode"] for event in five_minutes if event["type"] == "decision"]
    assert modes.index("match") < modes.index("lead") < modes.index("fade")
    late = [e["spm"] for e in five_minutes if e["type"] == "cadence" and e["t_s"] > 200 and e["spm"] is not None]
    assert sum(170 <= spm <= 190 for spm in late) > 0.5 * len(late)
    assert five_minutes[-1]["in_band_s"] > 120


def test_lines_begin_with_a_header_end_with_a_summary_and_never_go_back(five_minutes: list[dict[str, Any]]) -> None:
    types = [event["type"] for event in five_minutes]
    assert (types[0], types[-1]) == ("header", "summary")
    assert set(types[1:-1]).isdisjoint({"header", "summary"})
    assert {"step", "cadence", "decision", "beat", "sensor", "control"} <= set(types)
    known = [event["available_s"] for event in five_minutes[1:]]
    assert all(before <= after for before, after in pairwise(known))
    summary = five_minutes[-1]
    assert (summary["steps"], summary["beats"]) == (types.count("step"), types.count("beat"))


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(coach: Coach) -> None:
    def demo(seed: int, wav: str) -> tuple[str, bytes]:
        said = coach("demo", "--fast", "--duration", 40, "--seed", seed, "--events", "-", "--wav", wav)
        assert said.code == 0
        assert '"type":"beat"' in said.out
        return said.out, Path(wav).read_bytes()

    first = demo(11, "a.wav")
    assert demo(11, "b.wav") == first
    other = demo(12, "c.wav")
    assert other[0] != first[0]
    assert other[1] != first[1]


def test_the_wav_of_a_demo_has_a_click_for_every_beat(coach: Coach) -> None:
    silent = ("--set", "voice.mode=off")
    said = coach("demo", "--fast", "--duration", 30, "--events", "-", "--wav", "heard.wav", *silent)
    beats = [event["t_s"] for event in said.events if event["type"] == "beat"]
    with wave.open("heard.wav") as file:
        rate_hz = file.getframerate()
        samples = file.readframes(file.getnframes())
        frame_bytes = file.getnchannels() * file.getsampwidth()
    assert beats
    for at_s in beats:
        start = round(at_s * rate_hz) * frame_bytes
        assert any(samples[start : start + frame_bytes * rate_hz // 50])
        assert not any(samples[start - frame_bytes * rate_hz // 50 : start])


@pytest.mark.parametrize("mode", ["tones", "speech"])
def test_the_wav_of_a_demo_has_its_prompts(coach: Coach, mode: str) -> None:
    said = coach(
        "demo", "--fast", "--duration", 30, "--events", "-", "--wav", "heard.wav", "--set", f"voice.mode={mode}"
    )
    first_prompt_s = next(event["t_s"] for event in said.events if event["type"] == "prompt")
    first_beat_s = next(event["t_s"] for event in said.events if event["type"] == "beat")
    with wave.open("heard.wav") as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    spoken = samples[round(first_prompt_s * rate_hz) : round(first_beat_s * rate_hz)]
    assert first_prompt_s < first_beat_s
    assert spoken.any()
    assert not samples[: round(first_prompt_s * rate_hz)].any()


def test_people_get_readings_and_a_summary_on_stdout(coach: Coach) -> None:
    said = coach("demo", "--fast", "--duration", 20)
    assert said.code == 0
    assert " spm\n" in said.out
    assert "Ran 0:" in said.out
    assert said.err.startswith("A simulated runner at 162 spm")


def test_json_is_the_summary_alone(coach: Coach) -> None:
    said = coach("demo", "--fast", "--duration", 20, "--json")
    (summary,) = said.events
    assert summary["type"] == "summary"


def test_with_event_lines_on_stdout_there_is_nothing_else_on_it(coach: Coach) -> None:
    plain = coach("demo", "--fast", "--duration", 20, "--events", "-")
    both = coach("demo", "--fast", "--duration", 20, "--events", "-", "--json")
    assert both.out == plain.out
    assert "Ran 0:" in plain.err
    assert json.loads(both.err.splitlines()[-1])["type"] == "summary"


def test_fast_keeps_no_run(coach: Coach) -> None:
    assert coach("demo", "--fast", "--duration", 5).code == 0
    assert json.loads(coach("history", "--json").out) == []


# --- replay -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [[], ["--placement", "foot"], ["--placement", "unknown"]])
def test_a_replay_of_a_simulated_recording_is_within_5_spm_of_its_truth(
    coach: Coach, recording: Path, extra: list[str]
) -> None:
    truth = json.loads(recording.with_suffix(".json").read_text())["truth"]
    said = coach("replay", recording, "--events", "-", *extra)
    assert said.code == 0
    locked = [(e["t_s"], e["spm"]) for e in said.events if e["type"] == "cadence" and e["spm"] is not None]
    judged = 0
    for window in truth["windows"]:
        spms = [spm for t_s, spm in locked if window["t0"] + 4 <= t_s < window["t1"]]
        if window["ok"] and not window.get("still"):
            judged += 1
            assert spms
            assert all(abs(spm - window["cadence_spm"]) <= 5 for spm in spms)
    assert judged >= 3


def test_a_replay_says_the_same_each_time_and_to_a_file(coach: Coach, recording: Path) -> None:
    first = coach("replay", recording, "--events", "-")
    assert coach("replay", recording, "--events", "lines.jsonl").code == 0
    assert Path("lines.jsonl").read_text() == first.out


def test_a_replay_asks_what_if(coach: Coach, recording: Path) -> None:
    said = coach("replay", recording, "--target", "158-174", "--events", "-")
    assert header_of(said)["config"]["target"].items() >= {"kind": "band", "low_spm": 158, "high_spm": 174}.items()
    assert not [event for event in said.events if event["type"] == "beat"]


def broken_copy(recording: Path, line: int, column: int, cell: str) -> Path:
    rows = recording.read_text().splitlines()
    cells = rows[line - 1].split(",")
    cells[column] = cell
    rows[line - 1] = ",".join(cells)
    path = Path("broken.csv")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("t_s,ax_g,ay_g,az_g\n0.0,0,0,1\n0.1,0,tired,1\n", ("line 3", "column ay_g", "tired")),
        ("t_s,ax_g,ay_g,az_g\n0.0,0,0,1\n0.2,0,0,1\n0.1,0,0,1\n", ("line 4", "column t_s", "0.2", "0.1")),
        ("0.0,0,0,1\n0.1,0,0,1\n", ("line 1", "no header", "t_s")),
        ("time,x,y,z\n0.0,0,0,1\n", ("line 1", "t_s")),
        ("t_s,ax_g,ay_g,az_g\n0.0,0,0\n", ("line 2", "3 cells")),
        ("t_s,ax_g,ay_g,az_g\n0.0,0,0,inf\n", ("line 2", "column az_g")),
        ("", ("empty",)),
    ],
    ids=["text", "time backwards", "no header", "other header", "short row", "inf", "empty"],
)
def test_a_recording_that_cannot_be_read_is_5_with_its_place(coach: Coach, text: str, words: tuple[str, ...]) -> None:
    Path("bad.csv").write_text(text)
    said = coach("replay", "bad.csv")
    assert_explained(said, 5)
    assert all(word in said.err for word in words), said.err


@pytest.mark.parametrize("path", ["nowhere.csv", ".", "no\nwhere.csv"])
def test_a_recording_that_is_not_there_is_5(coach: Coach, path: str) -> None:
    assert_explained(coach("replay", path), 5)


def test_all_that_was_known_before_a_bad_row_is_said(coach: Coach, recording: Path) -> None:
    good = coach("replay", recording, "--events", "-").out.splitlines()
    bad_line = 3002
    last_good_s = float(recording.read_text().splitlines()[bad_line - 2].split(",")[0])
    said = coach("replay", broken_copy(recording, bad_line, 2, "?"), "--events", "-")
    assert said.code == 5
    assert f"line {bad_line}, column ay_g" in said.err
    until = [text for text in good[1:] if json.loads(text)["available_s"] <= last_good_s]
    assert said.out.splitlines()[1:] == until


def test_lenient_leaves_bad_rows_out_and_says_which(coach: Coach, recording: Path) -> None:
    said = coach("replay", broken_copy(recording, 3002, 2, "?"), "--lenient")
    assert said.code == 0
    assert "Ran 0:" in said.out
    assert "1 bad rows left out: line 3002, column ay_g" in said.err


@pytest.mark.parametrize("which", ["999", "last"])
def test_a_run_that_is_not_there_is_5(coach: Coach, which: str) -> None:
    said = coach("replay", which)
    assert_explained(said, 5)
    assert "none has been kept yet" in said.err


# --- what cannot be written ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--events", "--wav"])
@pytest.mark.parametrize("command", ["demo", "replay"])
def test_an_outlet_that_cannot_be_written_is_5_before_anything_runs(
    coach: Coach, recording: Path, command: str, flag: str
) -> None:
    what = ["demo", "--fast"] if command == "demo" else ["replay", recording]
    said = coach(*what, flag, "no/such/folder/file")
    assert_explained(said, 5)
    assert "no/such/folder/file" in said.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
def test_event_lines_that_end_on_a_full_disk_are_told_and_the_summary_comes(coach: Coach) -> None:
    said = coach("demo", "--fast", "--duration", 20, "--events", "/dev/full")
    assert said.code in (0, 5)
    assert said.err.count("No space left on device") == 1
    assert "internal error" not in said.err
    assert "Ran 0:" in said.out


def test_a_wav_that_cannot_be_written_to_its_end_is_told(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio.outputs.wav.MAX_BYTES", 1_000_000)
    said = coach("demo", "--fast", "--duration", 60, "--wav", "short.wav")
    assert said.code in (0, 5)
    assert "cannot write short.wav" in said.err


@pytest.mark.parametrize("file", ["no/such/folder/run.csv", "folder.csv"])
def test_a_simulation_that_cannot_be_written_is_told(coach: Coach, file: str) -> None:
    Path("folder.csv").mkdir()
    said = coach("simulate", file, "--duration", 1)
    assert said.code in (2, 5)
    assert "Traceback" not in said.err


def test_the_truth_of_a_simulation_does_not_overwrite_its_recording(coach: Coach) -> None:
    said = coach("simulate", "run.json", "--duration", 2)
    if said.code == 0:
        assert Path("run.json").read_text().startswith("t_s,")
    else:
        assert_explained(said, 2)


def test_simulate_writes_when_each_row_arrived(coach: Coach) -> None:
    assert coach("simulate", "run.csv", "--duration", 3, "--arrival", "--placement", "wrist", "--rate", 50).code == 0
    rows = [text.split(",") for text in Path("run.csv").read_text().splitlines()]
    assert rows[0] == ["t_s", "ax_g", "ay_g", "az_g", "arrival_s"]
    assert len(rows) == 1 + 3 * 50
    arrivals = [float(row[4]) for row in rows[1:]]
    assert arrivals == sorted(arrivals)
    assert all(float(row[4]) >= float(row[0]) for row in rows[1:])
    assert json.loads(Path("run.json").read_text())["placement"] == "wrist"


# --- the sensor ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="only BlueZ is reached through a bus")
def test_run_without_a_sensor_is_3_and_says_how_to_come_to_one(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", NO_BUS)
    said = coach("run")
    assert_explained(said, 3)
    for way in ("coach setup", "coach run --address", "coach demo"):
        assert way in said.err
    assert json.loads(coach("history", "--json").out) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only BlueZ is reached through a bus")
@pytest.mark.parametrize("command", ["run", "scan"])
def test_no_bluetooth_is_3_in_one_line_with_a_hint(coach: Coach, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", NO_BUS)
    run = ["run", "--sensor", "ble", "--address", "C0:FF:EE:00:00:01", "--headless", "--output", "null"]
    said = coach(*(run if command == "run" else ["scan", "--seconds", 1]))
    assert said.code == 3
    assert said.problems == ["coach: there is no Bluetooth on this machine"]
    assert "bluez" in said.err.splitlines()[-1]
    assert "Traceback" not in said.err


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_scan_lists_devices_of_any_name_on_any_terminal(
    home: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    async def scan(seconds: float, *, heard: object) -> list[Found]:
        return [Found(address="C0:FF:EE:00:00:01", name="Läufer 👟", rssi_dbm=-50, speaks=("rsc",), fits=True)]

    monkeypatch.setattr("sensors.ble_scan.scan", scan)
    shown = io.BytesIO()
    with io.TextIOWrapper(shown, encoding=encoding) as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert status(["scan", "--seconds", "1"]) == 0
        out.flush()
        assert shown.getvalue().startswith(b"  C0:FF:EE:00:00:01   -50 dBm  L")


def test_setup_without_anybody_to_answer_is_2(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # what a service without input is given
    assert_explained(coach("setup"), 2)


# --- what goes wrong inside ---------------------------------------------------------------------------------------


def test_an_internal_error_is_1_in_one_line(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("coach.cli.offline.play", broken)
    said = coach("demo", "--fast")
    assert said.code == 1
    (line,) = said.problems
    assert "oops" in line
    assert "COACH_DEBUG" in line
    monkeypatch.setenv("COACH_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        coach("demo", "--fast")


def test_an_interrupted_command_is_130(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coach.cli.offline.play", interrupted)
    said = coach("demo", "--fast")
    assert said.code == 130
    assert "Traceback" not in said.err


def test_an_error_of_several_lines_has_the_name_of_the_program_before_each(coach: Coach) -> None:
    said = coach("config", "--set", "target.low_spm=x", "--set", "audio.volume=9")
    assert len(said.problems) == 2


# --- doctor and history -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ok", "code"), [("ok", 0), ("warn", 0), ("bad", 1)])
@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_doctor_ends_with_0_when_a_run_is_possible_and_1_when_not(
    coach: Coach, monkeypatch: pytest.MonkeyPatch, ok: Any, code: int, flag: list[str]
) -> None:
    found = [Finding(area="sound", ok=ok, text="what was found", todo="" if ok == "ok" else "do this")]
    monkeypatch.setattr("coach.doctor.run_checks", lambda: found)
    said = coach("doctor", *flag)
    assert said.code == code
    assert "what was found" in said.out
    if flag:
        assert json.loads(said.out)[0]["ok"] == ok


def test_what_doctor_finds_here_is_json(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", NO_BUS)
    said = coach("doctor", "--json")
    findings = json.loads(said.out)
    assert {"python", "config", "store", "bluetooth", "sound"} <= {finding["area"] for finding in findings}
    assert said.code == int(any(finding["ok"] == "bad" for finding in findings))


def test_an_empty_history_says_how_to_fill_it(coach: Coach) -> None:
    said = coach("history")
    assert (said.code, said.out) == (0, "")
    assert "coach demo" in said.err


def test_a_store_that_is_none_is_5_for_those_who_read_it(coach: Coach) -> None:
    Path("notes.txt").write_text("milk, eggs\n" * 500)
    for command in (["history"], ["replay", "last"]):
        said = coach(*command, "--set", "store.path=notes.txt")
        assert_explained(said, 5)
        assert "notes.txt" in said.err
    assert Path("notes.txt").read_text() == "milk, eggs\n" * 500


def test_a_recording_whose_stamps_begin_anywhere_lasts_as_long_as_it_does(coach: Coach) -> None:
    assert coach("simulate", "run.csv", "--duration", 20).code == 0
    header, *rows = Path("run.csv").read_text().splitlines()
    stamps = (row.split(",", 1) for row in rows)
    moved = [f"{float(t_s) + 1.7e9:.2f},{rest}" for t_s, rest in stamps]
    Path("epoch.csv").write_text("\n".join([header, *moved]) + "\n")
    said = coach("replay", "epoch.csv")
    assert said.code == 0
    assert "of 0:19" in said.out or "of 0:20" in said.out


def test_a_bad_row_is_told_with_its_file(coach: Coach) -> None:
    Path("text.csv").write_text("t,ax,ay,az\n0,0,0,1\n0.01,0,x,1\n")
    said = coach("replay", "text.csv")
    assert said.code == 5
    assert "text.csv: line 3, column ay: 'x' is not a number" in said.err
