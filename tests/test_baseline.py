"""`coach baseline` and what comes of it: measured live or in a recording, kept for each runner, climbed by rungs."""

from __future__ import annotations

import asyncio
import json
import os
import pty
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coach.care import Note
from coach.cli import status
from coach.cli.aiming import LADDER_ORIGIN, MEASURED_ORIGIN, aims, kind_key
from coach.clock import ManualClock
from coach.coaching.own import Measured, OwnCadence
from coach.config import SHIPPED, Effective, flag_layer, merge, read_layer, shipped_path, user_path
from coach.errors import ConfigError
from coach.model import Packet, SensorState, Summary
from coach.ports import Emit
from coach.store.book import Store, store_path

POD = "C0:FF:EE:00:00:01"
NOW = datetime(2026, 3, 20, 6, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(store_path("")) as opened:
        yield opened


def coach(*arguments: object) -> int:
    return status([str(argument) for argument in arguments])


def settings(*changes: str) -> Effective:
    shipped = read_layer(shipped_path(), SHIPPED)
    return merge([shipped, flag_layer(changes, shipped.tree)])


def measured(spm: float, mps: float | None = None, runner: str = "") -> Measured:
    return Measured(at=NOW, runner=runner, own=OwnCadence(spm=spm, mps=mps))


class Pod:
    """A pod of somebody who runs on and on; it sends two packets a second, and the clock goes with them."""

    stride_rate = 81
    packets = 100_000

    def __init__(self, address: str, *, clock: ManualClock, **_: object) -> None:
        self.id = f"ble:{address}"
        self._clock = clock

    async def run(self, emit: Emit) -> None:
        emit(SensorState(at=self._clock.now(), sensor=self.id, state="connected"))
        payload = b"\x05\x00\x03" + bytes([self.stride_rate, 0, 0])
        for _ in range(self.packets):
            self._clock.set(self._clock.now() + 0.5)
            emit(Packet(at=self._clock.now(), sensor=self.id, codec="rsc", payload=payload))
            await asyncio.sleep(0.001)


@pytest.fixture
def pod(monkeypatch: pytest.MonkeyPatch) -> type[Pod]:
    monkeypatch.setattr("coach.clock.HostClock", ManualClock)
    monkeypatch.setattr("sensors.ble.BleSensor", Pod)
    return Pod


@pytest.fixture
def recording(home: Path) -> Path:
    path = home / "easy.csv"
    course = "stand 3, run 170 @ 162"
    assert coach("simulate", path, "--course", course, "--duration", 172, "--placement", "waist", "--rate", 50) == 0
    return path


class TestLive:
    def test_it_ends_by_itself_and_the_next_run_is_led_above_what_was_measured(
        self, pod: type[Pod], store: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert coach("baseline", "--address", POD, "--headless") == 0
        said = capsys.readouterr()
        assert "Your own cadence is 162 steps a minute at 3 m/s, over two steady minutes." in said.out
        assert (
            "Proposed: 166-174.1, 5 % above it, by way of 162-170.1 (+2.5 %); for later 170.1-178.2 (+7.5 %)"
            in " ".join(said.out.split())
        )
        assert "your band" not in said.err
        assert [one.own for one in store.baselines("")] == [OwnCadence(spm=162.0, mps=3.0)]
        assert store.runs()[0].duration_s > 150

        assert (
            coach("run", "--target", "personal", "--headless", "--output", "null", "--duration", 2, "--events", "-")
            == 0
        )
        said = capsys.readouterr()
        assert "Your target is 162-170.1, +2.5 % of your own 162: 0 of 3 runs held, then +5 %." in said.err
        events = [json.loads(text) for text in said.out.splitlines()]
        target = events[0]["config"]["target"]
        assert (target["own_spm"], target["own_mps"], target["raise_pct"]) == (162.0, 3.0, 2.5)
        assert {event["target_high_spm"] for event in events if event["type"] == "decision"} == {170.1}

    def test_a_runner_who_walks_is_told_what_is_missing(
        self, pod: type[Pod], store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(pod, "stride_rate", 55)
        monkeypatch.setattr(pod, "packets", 340)
        assert (
            coach("baseline", "--address", POD, "--headless", "--set", "sensor.pod_cadence=strides", "--duration", 170)
            == 3
        )
        assert "swayed by 0 %, or were a walk" in capsys.readouterr().err
        assert store.baselines("") == []

    def test_nothing_is_heard_whatever_the_settings_say(
        self, pod: type[Pod], capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked = ("--set", "coaching.mode=steady", "--set", "audio.output=device", "--set", "coaching.plan=faded")
        assert coach("baseline", "--address", POD, "--headless", *asked) == 0
        assert coach("replay", "last", "--events", "-") == 0
        types = [json.loads(text)["type"] for text in capsys.readouterr().out.splitlines() if text.startswith("{")]
        assert not {"beat", "plan", "prompt"} & set(types)


class TestRecorded:
    def test_it_is_measured_in_a_recording(
        self, recording: Path, store: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert coach("baseline", recording) == 0
        own = store.baselines("")[0].own
        assert own.spm == pytest.approx(162, abs=1.5)
        assert own.mps is None
        assert "coach run --target personal" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("course", "why"),
        [
            ("run 80 @ 162, stand 90", "there were no two minutes of running without a stop"),
            ("run 80 @ 162, stand 10, run 80 @ 162", "there were no two minutes of running without a stop"),
            ("walk 170 @ 110", "or were a walk"),
        ],
    )
    def test_what_has_none_says_why(
        self, home: Path, store: Store, capsys: pytest.CaptureFixture[str], course: str, why: str
    ) -> None:
        path = home / "short.csv"
        assert coach("simulate", path, "--course", course, "--duration", 170, "--rate", 25) == 0
        assert coach("baseline", path) == 5
        assert why in capsys.readouterr().err
        assert store.baselines("") == []

    def test_a_run_that_was_coached_has_none(
        self, home: Path, store: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keep(store, duration_s=175.0, mode="nudge")
        assert coach("baseline", "last") == 5
        assert "a beat or a cue was heard, and what comes after one is not yours alone" in capsys.readouterr().err
        keep(store, duration_s=175.0, mode="off")
        assert coach("baseline", "last") == 0

    def test_what_is_measured_in_a_kept_run_is_of_who_ran_it(self, store: Store) -> None:
        keep(store, duration_s=175.0, mode="off", runner="ben")
        assert coach("baseline", "last") == 0
        assert [len(store.baselines(runner)) for runner in ("ben", "")] == [1, 0]
        keep(store, duration_s=175.0, mode="off")
        assert coach("baseline", "last", "--set", "runner.name=anna") == 0
        assert [len(store.baselines(runner)) for runner in ("ben", "", "anna")] == [1, 0, 1]

    def test_a_simulated_runners_is_nobodys(self, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
        keep(store, duration_s=175.0, mode="off", kind="simulated")
        assert coach("baseline", "last") == 0
        assert "It is not kept" in capsys.readouterr().err
        assert store.baselines("") == []

    @pytest.mark.parametrize("what", ["nowhere.csv", "7"])
    def test_what_is_not_there_is_said(self, what: str) -> None:
        assert coach("baseline", what) == 5

    @pytest.mark.parametrize(("answer", "kind"), [("y", "personal"), ("n", "band")])
    def test_at_a_terminal_it_asks_and_remembers(
        self, recording: Path, store: Store, monkeypatch: pytest.MonkeyPatch, answer: str, kind: str
    ) -> None:
        store.remember(kind_key("anna"), "personal")
        leader, follower = pty.openpty()
        with os.fdopen(follower) as terminal:
            monkeypatch.setattr("sys.stdin", terminal)
            os.write(leader, f"{answer}\n".encode())
            assert coach("baseline", recording, "--set", "runner.name=anna") == 0
        os.close(leader)
        assert store.recall(kind_key("anna")) == kind
        assert store.recall(kind_key("")) is None
        assert [one.runner for one in store.baselines("anna")] == ["anna"]


def keep(store: Store, *, duration_s: float, mode: str, runner: str = "", kind: str = "ble") -> None:
    """Keep a run of a simulated runner, made in virtual time."""
    from coach.offline import Loop
    from coach.pipeline import Pipeline
    from sensors.codecs import decode
    from sensors.simulated import SimulatedRunner

    effective = settings(
        f"coaching.mode={mode}", "simulation.cadence_spm=162", "simulation.rate_hz=50", f"runner.name={runner}"
    )
    config = effective.config
    writer = store.begin(config=config.model_dump(), origins={}, source={"kind": kind}, on_problem=print)
    source = SimulatedRunner(config.simulation)
    Loop(Pipeline(config, decode), listeners=[source], sinks=[writer]).follow(source, duration_s)
    writer.close()


def ran(
    store: Store,
    at: datetime,
    *changes: str,
    share: float = 0.9,
    running_s: float = 1200.0,
    kind: str = "ble",
    raise_pct: float,
) -> None:
    """Keep a run that was led to a personal target."""
    effective = settings("target.kind=personal", "target.own_spm=160", f"target.raise_pct={raise_pct}", *changes)
    writer = store.begin(
        config=effective.config.model_dump(), origins={}, source={"kind": kind}, on_problem=print, started_at=at
    )
    summary = Summary(
        t_s=running_s, available_s=running_s, duration_s=running_s, steps=0, beats=0, running_s=running_s,
        in_band_s=share * running_s, sounding_s=0.0, mean_spm=165.0, gaps=0, bad_packets=0,
    )  # fmt: skip
    writer.take(None, [summary])
    writer.close()


class TestAims:
    def aimed(self, store: Store | None, *changes: str) -> tuple[Effective, list[str]]:
        said: list[str] = []
        effective = settings(*changes)
        return effective.over(*aims(effective, store, said.append, NOW)), said

    def test_a_personal_target_without_a_baseline_says_how_to_get_one(self, store: Store) -> None:
        with pytest.raises(ConfigError, match="your own cadence is not known yet") as caught:
            self.aimed(store, "target.kind=personal")
        assert "`coach baseline` measures it" in caught.value.hint
        assert coach("run", "--target", "personal", "--address", POD) == 2

    def test_the_newest_baseline_of_the_runner_counts(self, store: Store) -> None:
        for one in (measured(155), measured(150, runner="ben"), measured(158.5)):
            store.keep_baseline(one)
        effective, _ = self.aimed(store)
        assert (effective.config.target.own_spm, effective.origins["target.own_spm"]) == (158.5, MEASURED_ORIGIN)
        assert self.aimed(store, "runner.name=ben")[0].config.target.own_spm == 150
        assert self.aimed(store, "runner.name=eve")[0].config.target.own_spm == 0

    def test_what_the_settings_say_goes_before_what_was_measured(self, store: Store) -> None:
        store.keep_baseline(measured(155, 2.8))
        target = self.aimed(store, "target.own_spm=161")[0].config.target
        assert (target.own_spm, target.own_mps, target.spm_per_mps) == (161, 0, 5.6)

    def test_baselines_at_two_speeds_make_the_target_follow_as_the_runner_does(self, store: Store) -> None:
        store.keep_baseline(measured(160, 2.5))
        store.keep_baseline(measured(167, 3.5))
        target = self.aimed(store)[0].config.target
        assert (target.own_spm, target.own_mps, target.spm_per_mps) == (167, 3.5, 7.0)
        assert self.aimed(store, "target.spm_per_mps=4")[0].config.target.spm_per_mps == 4.0

    def test_a_simulated_runner_is_known_and_climbs_no_ladder(self, store: Store) -> None:
        target = self.aimed(store, "sensor.kind=simulated", "target.kind=personal")[0].config.target
        assert (target.own_spm, target.raise_pct) == (166, 5)

    def test_a_band_far_above_the_own_cadence_is_told_of(self, store: Store) -> None:
        store.keep_baseline(measured(150))
        assert "begins more than 10 % above your own 150" in self.aimed(store)[1][0]
        assert self.aimed(store, "target.low_spm=164")[1] == []

    def test_three_runs_held_and_a_week_are_a_rung(self, store: Store) -> None:
        for days in (10, 8, 6):
            ran(store, NOW - timedelta(days=days), raise_pct=2.5)
        effective, said = self.aimed(store, "target.kind=personal", "target.own_spm=160", "target.raise_pct=7.5")
        assert (effective.config.target.raise_pct, effective.origins["target.raise_pct"]) == (5.0, LADDER_ORIGIN)
        assert said == ["Your target is 164-172, +5 % of your own 160: a rung higher: 3 runs held at +2.5 %."]

    def test_runs_that_were_short_off_the_band_simulated_planned_or_not_coached_do_not_count(
        self, store: Store
    ) -> None:
        start = NOW - timedelta(days=20)
        ran(store, start, raise_pct=2.5)
        ran(store, start + timedelta(days=5), "coaching.mode=off", raise_pct=7.5)
        ran(store, start + timedelta(days=6), "coaching.plan=steady-30", raise_pct=7.5)
        ran(store, start + timedelta(days=1), raise_pct=2.5, running_s=300.0)
        ran(store, start + timedelta(days=2), raise_pct=2.5, share=0.5)
        ran(store, start + timedelta(days=3), raise_pct=2.5, kind="simulated")
        assert "1 of 3 runs held" in self.aimed(store, "target.kind=personal", "target.own_spm=160")[1][0]

    def test_new_pain_is_a_rung_down(self, store: Store) -> None:
        ran(store, NOW - timedelta(days=3), raise_pct=5.0)
        store.note(Note(at=NOW - timedelta(days=2), new_pain=("calf",)))
        said = self.aimed(store, "target.kind=personal", "target.own_spm=160")[1][0]
        assert said.startswith("Your target is 160-168, +2.5 % of your own 160: a rung down after new pain")

    def test_the_pain_of_another_runner_is_no_step_back(self, store: Store) -> None:
        ran(store, NOW - timedelta(days=3), raise_pct=5.0)
        store.note(Note(at=NOW - timedelta(days=2), runner="ben", new_pain=("calf",)))
        assert self.aimed(store, "target.kind=personal", "target.own_spm=160")[0].config.target.raise_pct == 5.0

    def test_what_is_measured_anew_begins_on_the_first_rung(self, store: Store) -> None:
        ran(store, NOW - timedelta(days=3), raise_pct=5.0)
        assert self.aimed(store, "target.kind=personal", "target.own_spm=164")[0].config.target.raise_pct == 2.5

    def test_a_plan_after_new_pain_is_warned_of(self, store: Store) -> None:
        store.note(Note(at=NOW - timedelta(days=20), new_pain=("hip",)))
        assert self.aimed(store, "target.own_spm=160", "coaching.plan=faded")[1] == []
        store.note(Note(at=NOW - timedelta(days=2), new_pain=("calf",)))
        said = self.aimed(store, "target.own_spm=160", "coaching.plan=faded")[1]
        assert said == [
            "You noted new pain on 2026-03-18; a plan takes no step back by itself: choose an easier one, or rest."
        ]

    def test_a_plan_has_targets_of_its_own(self, store: Store) -> None:
        changes = ("target.kind=personal", "target.own_spm=160", "coaching.plan=faded")
        assert self.aimed(store, *changes)[0].config.target.raise_pct == 5.0


class TestPlanBands:
    def test_a_step_that_begins_too_far_above_the_own_cadence_is_refused(
        self, home: Path, store: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plan = home / "mine.toml"
        plan.write_text('name = "mine"\n[[step]]\nname = "on"\nseconds = 60\ntarget = "180-190"\n', encoding="utf-8")
        store.keep_baseline(measured(160))
        assert coach("run", "--address", POD, "--plan", plan) == 2
        assert "mine: step 1 of 1 (on): 180-190 begins more than 10 % above your own 160" in capsys.readouterr().err


class TestFlag:
    def test_a_percentage_is_of_the_simulated_runner(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert coach("demo", "--fast", "--target", "+5%", "--duration", 5, "--cadence", 160) == 0
        assert "In your own band, 5 % above 160 spm" in capsys.readouterr().out

    @pytest.mark.parametrize("target", ["personal", "+5%"])
    def test_a_replay_asks_for_the_own_cadence_too(
        self, store: Store, target: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keep(store, duration_s=20.0, mode="nudge")
        assert coach("replay", "last", "--target", target) == 2
        assert "your own cadence is not known yet" in capsys.readouterr().err
        assert coach("replay", "last", "--target", target, "--set", "target.own_spm=160") == 0

    def test_a_run_that_is_not_kept_says_that_it_does_not_look(
        self, store: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store.keep_baseline(measured(160))
        assert coach("run", "--address", POD, "--target", "personal", "--no-keep") == 2
        assert "a run that is not kept does not look into the store" in capsys.readouterr().err

    def test_more_than_ten_per_cent_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert coach("demo", "--fast", "--target", "+12%") == 2
        assert "raise_pct is 10 at most: nobody is led further above the own cadence" in capsys.readouterr().err

    def test_a_band_goes_before_a_personal_target_that_is_remembered(
        self, pod: type[Pod], store: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store.keep_baseline(measured(160))
        store.remember(kind_key(""), "personal")
        brief = ("run", "--address", POD, "--headless", "--output", "null", "--duration", 1)
        assert coach(*brief) == 0
        assert "Your target is 160-168" in capsys.readouterr().err
        assert coach(*brief, "--target", "160-170") == 0
        assert "Your target" not in capsys.readouterr().err
        own_file = user_path()
        own_file.parent.mkdir(parents=True)
        own_file.write_text('target.kind = "band"\n', encoding="utf-8")
        assert coach(*brief) == 0
        assert "Your target" not in capsys.readouterr().err
