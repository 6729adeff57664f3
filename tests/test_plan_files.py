"""Plans as files: what makes no sense is said with its step and why, and the store says which session comes next."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coach.cli import status
from coach.cli.planning import assignment_for
from coach.coaching.plan import about_s
from coach.errors import ConfigError, UsageError
from coach.formats.events import line
from coach.model import Assignment, Control, PlanEvent, PlanStep
from coach.offline import Loop
from coach.pipeline import Pipeline
from coach.plans import DONE_PCT, choose, find, known, next_session, read_schedule
from coach.store import Store
from coach.store.kept import RunInfo
from sensors.codecs import decode
from sensors.replay import KeptSource
from sensors.simulated import SimulatedRunner

GOOD = '[[step]]\nname = "run"\nseconds = 60\n'


@pytest.fixture
def plan_file(tmp_path: Path):
    """Write a plan named "mine"; give its path."""

    def write(text: str, *, head: str = 'name = "mine"\n') -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(head + text, encoding="utf-8")
        return path

    return write


def minutes(plan) -> float:
    return sum(map(about_s, plan.steps)) / 60


def kept(number: int, plan: dict | None) -> RunInfo:
    started = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number)
    return RunInfo(
        id=number,
        started_at=started,
        status="done",
        duration_s=1.0,
        source={"kind": "ble"},
        config={},
        summary=None,
        plan=plan,
    )


def ran(*sessions: tuple[int, float], plan: str = "faded") -> list[RunInfo]:
    """Runs of (session, done_pct) in the order in which they were run; the newest comes first."""
    runs = [kept(i, {"plan": plan, "session": n, "done_pct": pct}) for i, (n, pct) in enumerate(sessions)]
    return runs[::-1]


class TestReading:
    def test_a_plan_says_what_it_says(self, plan_file):
        schedule = read_schedule(
            plan_file(
                'note = "about"\n'
                '[[step]]\nname = "warm-up"\nseconds = 300\nmode = "off"\n'
                "[[step]]\nrepeat = 2\nstep = [\n"
                '  { name = "far", metres = 400, else_seconds = 150, target = "168-178" },\n'
                '  { name = "rest", steps = 150.5, target = "-2.5%", mode = "alert" },\n]\n'
                '[[step]]\nname = "end"\nseconds = 1\ntarget = "band"\n'
            )
        )
        far = PlanStep(name="far", length=400.0, unit="m", else_s=150.0, low_spm=168.0, high_spm=178.0)
        rest = PlanStep(name="rest", length=150.5, unit="steps", pct=-2.5, mode="alert")
        [plan] = schedule.sessions
        assert plan.steps == (
            PlanStep(name="warm-up", length=300.0, unit="s", mode="off"),
            *(far, rest, far, rest),
            PlanStep(name="end", length=1.0, unit="s"),
        )
        assert (schedule.name, schedule.note, schedule.is_series, plan.session) == ("mine", "about", False, None)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ('[[step]]\nname = "on"\n', "step 1 (on): has no length: a step has seconds, metres or steps, one of them"),
            (
                GOOD + '[[step]]\nname = "on"\nseconds = 9\nmetres = 9\n',
                "step 2 (on): seconds and metres are given: a step has seconds, metres or steps, one of them",
            ),
            ("[[step]]\nseconds = 9\n", 'step 1: has no name: write name = "..."'),
            (
                '[[step]]\nname = "on"\nsecond = 9\nsteps = 9\n',
                "step 1 (on): second is not a key; did you mean seconds?",
            ),
            (GOOD + "seconds_of = 9\n", "step 1 (run): seconds_of is not a key; did you mean seconds?"),
            (
                '[[step]]\nname = "on"\nseconds = 0\n',
                "step 1 (on): seconds = 0 is no length: it must be a number above 0",
            ),
            (
                '[[step]]\nname = "on"\nmetres = -5.5\n',
                "step 1 (on): metres = -5.5 is no length: it must be a number above 0",
            ),
            (
                '[[step]]\nname = "on"\nsteps = "9"\n',
                "step 1 (on): steps = '9' is no length: it must be a number above 0",
            ),
            (
                '[[step]]\nname = "on"\nsteps = nan\n',
                "step 1 (on): steps = nan is no length: it must be a number above 0",
            ),
            (
                '[[step]]\nname = "on"\nsteps = true\n',
                "step 1 (on): steps = True is no length: it must be a number above 0",
            ),
            (GOOD + "else_seconds = 9\n", "step 1 (run): else_seconds is for a step by metres"),
            (GOOD + "at_most_seconds = 9\n", "step 1 (run): at_most_seconds is for a step by metres or steps"),
            (GOOD + 'target = "190-170"\n', "step 1 (run): target 190-170: a band must go up by 4 spm at least"),
            (GOOD + 'target = "170-173"\n', "step 1 (run): target 170-173: a band must go up by 4 spm at least"),
            (GOOD + 'target = "50-170"\n', "step 1 (run): target 50-170: nobody runs outside 60 to 260 steps a minute"),
            (GOOD + 'target = "170-261"\n', "step 1 (run): target 170-261: nobody runs outside 60 to 260"),
            (GOOD + 'target = "+12 %"\n', "step 1 (run): target +12 %: never more than 10 % above your baseline"),
            (GOOD + 'target = "-11 %"\n', "step 1 (run): target -11 %: no more than 10 % below your baseline either"),
            (GOOD + 'target = "5 %"\n', 'step 1 (run): target = \'5 %\' is no target: write "band", "168-178" or'),
            (GOOD + "target = 170\n", "step 1 (run): target = 170 is no target"),
            (
                GOOD + 'mode = "nugde"\n',
                "step 1 (run): mode = 'nugde' is none of nudge, match, steady, alert, off; did",
            ),
            ("step = []\n", "has no steps: write [[step]]"),
            ("session = []\n", "has no steps: write [[session]]"),
            ("", "no steps: write [[step]] for each, or [[session]] for each run of several"),
            (GOOD + "[[session]]\n[[session.step]]\nname = 'a'\nseconds = 9\n", "no steps: write [[step]] for each"),
            ("[[session]]\n", "session 1: has no steps: write [[step]]"),
            (
                "session = [{ step = [{ name = 'a', seconds = 9 }] }, { step = [{ name = 'b', seconds = -1 }] }]\n",
                "session 2, step 1 (b): seconds = -1 is no length",
            ),
            ("[[session]]\nrest = 1\nstep = [{ name = 'a', seconds = 9 }]\n", "session 1: rest is not a key"),
            (
                "[[step]]\nrepeat = 0\nstep = [{ name = 'a', seconds = 9 }]\n",
                "step 1: repeat = 0 is no number of times from 1 to 100",
            ),
            (
                "[[step]]\nrepeat = 101\nstep = [{ name = 'a', seconds = 9 }]\n",
                "step 1: repeat = 101 is no number of times from 1 to 100",
            ),
            (GOOD + "[[step]]\nrepeat = 2\n", "step 2: has no steps: write step = [...]"),
            ("[[step]]\nstep = [{ name = 'a', seconds = 9 }]\n", "step 1: repeat = None is no number of times"),
            (
                "[[step]]\nrepeat = 2\nstep = [{ name = 'a', seconds = 9 }, { name = 'b' }]\n",
                "step 1.2 (b): has no length",
            ),
            (
                "[[step]]\nrepeat = 2\nstep = [{ repeat = 2, step = [{ name = 'a', seconds = 9 }] }]\n",
                "step 1.1: a repeat within a repeat: write its steps out",
            ),
            ('[[step]]\nname = "far"\nseconds = 21601\n', "takes 6.0 h; a run of more than 6 h is not planned"),
            (
                "[[session]]\nstep = [{ repeat = 100, step = [{ name = 'a', metres = 2000 }] }]\n",
                "session 1: takes 19.8 h; a run of more than 6 h is not planned",
            ),
        ],
    )
    def test_what_makes_no_sense_is_said_with_its_step_and_why(self, plan_file, text, problem):
        path = plan_file(text)
        with pytest.raises(ConfigError) as caught:
            read_schedule(path)
        [said] = caught.value.problems
        assert said.startswith(f"{path}: {problem}")
        assert "docs/plans.md" in caught.value.hint

    def test_all_that_is_wrong_comes_at_once(self, plan_file):
        text = '[[step]]\nname = "on"\nminutes = 5\nmode = "loud"\n[[step]]\nseconds = -1\ntarget = "+20 %"\n'
        with pytest.raises(ConfigError) as caught:
            read_schedule(plan_file(text, head="nam = 1\n"))
        said = [problem.split(": ", 1)[1] for problem in caught.value.problems]
        assert [re.split(r"[:;,]| =| \+", problem, maxsplit=1)[0] for problem in said[:2]] == [
            "nam is not a key",
            "has no name",
        ]
        assert sum(problem.startswith("step 1 (on): ") for problem in said) == 3
        assert sum(problem.startswith("step 2: ") for problem in said) == 3

    def test_a_file_that_is_no_toml_is_said(self, plan_file):
        with pytest.raises(ConfigError, match="not TOML"):
            read_schedule(plan_file("[[step]\n"))


class TestReadyPlans:
    @pytest.mark.parametrize("name", sorted(known({"XDG_CONFIG_HOME": "/no/such/folder"})))
    def test_it_bears_the_name_of_its_file_and_a_note(self, name):
        schedule = find(name)
        assert schedule.name == name
        assert 20 < len(schedule.note) < 100
        assert "longer" not in schedule.note

    def test_easy_start_is_six_quick_minutes_between_warm_up_and_cool_down(self):
        [plan] = find("easy-start").sessions
        assert [step.name for step in plan.steps] == ["warm-up", *["quick", "easy"] * 6, "cool-down"]
        assert {(step.pct, step.length) for step in plan.steps if step.name == "quick"} == {(5.0, 60.0)}
        assert {step.mode for step in plan.steps if step.name != "quick"} == {"off"}

    def test_faded_is_eight_runs_of_15_to_30_minutes_with_less_and_less_feedback(self):
        sessions = find("faded").sessions
        assert [plan.session for plan in sessions] == list(range(1, 9))
        lengths = [minutes(plan) for plan in sessions]
        assert (lengths[0], lengths[-1]) == (15.0, 30.0)
        assert lengths == sorted(lengths)
        assert {step.pct for plan in sessions for step in plan.steps} == {7.5}
        on = [
            sum(step.length for step in plan.steps[1:] if step.mode == "steady")
            / max(sum(step.length for step in plan.steps[1:]), 1.0)
            for plan in sessions
        ]
        assert on == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.0]
        assert [step.mode for step in sessions[-1].steps] == ["nudge"]


class TestNextSession:
    @pytest.mark.parametrize(
        ("runs", "following"),
        [
            ([], 1),
            (ran((1, 100.0)), 2),
            (ran((1, DONE_PCT)), 2),
            (ran((1, DONE_PCT - 0.01)), 1),
            (ran((1, 100.0), (2, 99.0), (3, 20.0)), 3),
            (ran((1, 100.0), (2, 90.0), (1, 95.0)), 2),
            (ran((7, 100.0), (8, 100.0)), None),
            (ran((3, 100.0), plan="other"), 1),
            ([kept(3, None), *ran((1, 100.0), (2, 100.0))], 3),
            ([kept(3, {"plan": "faded", "session": None, "done_pct": 100.0})], 1),
        ],
    )
    def test_it_follows_the_last_one_that_was_run_to_four_fifths(self, runs, following):
        assert next_session(find("faded"), runs) == following

    def test_one_may_be_asked_for(self):
        assert choose("faded", ran((1, 100.0)))[1].session == 2
        assert choose("faded:7", ran((1, 100.0)))[1].session == 7
        assert choose("easy-start", [])[1].session is None

    @pytest.mark.parametrize(
        ("wanted", "words"),
        [("faded", "all 8 sessions"), ("faded:9", "no session 9"), ("faded:0", "no session 0"), ("steady-30:1", "no")],
    )
    def test_one_that_there_is_not_is_refused(self, wanted, words):
        with pytest.raises(UsageError, match=words) as caught:
            choose(wanted, ran((8, 100.0)))
        assert caught.value.hint

    def test_a_plan_that_there_is_not_is_refused_with_those_that_there_are(self):
        with pytest.raises(ConfigError, match="no plan easy") as caught:
            find("easy", {"XDG_CONFIG_HOME": "/no/such/folder"})
        assert "easy-start, faded, steady-30" in caught.value.hint


class TestRuns:
    def test_a_finished_run_is_kept_with_its_session_and_replays_to_the_same_lines(self, tmp_path, configured):
        """Though the plan's file is another one by then."""
        config = configured("coaching.plan=mine", "simulation.stand_s=1", "coaching.mode=steady")
        path = tmp_path / "mine.toml"
        session = "[[session]]\nstep = [{ name = 'on', seconds = 12, target = '+5 %' }]\n"
        path.write_text('name = "mine"\n' + session * 2, encoding="utf-8")
        with Store.open(tmp_path / "runs.sqlite") as store:
            for expected in (1, 2):
                _, plan = choose(str(path), store.runs())
                assert plan.session == expected
                events = self.ran(store, config, plan)
                assert PlanEvent in {type(event) for event in events}
                path.write_text(path.read_text().replace("12", "15"), encoding="utf-8")
                again = Again()
                Loop(Pipeline(config, decode), sinks=[again]).follow(KeptSource(store.run("last")))
                assert [line(event) for event in again.events] == [line(event) for event in events]
            assert [info.plan["session"] for info in store.runs()] == [2, 1]
            with pytest.raises(UsageError, match="all 2 sessions"):
                choose(str(path), store.runs())

    def ran(self, store, config, plan):
        writer = store.begin(config=config.model_dump(), origins={}, source={"kind": "simulated"}, on_problem=print)
        runner, again = SimulatedRunner(config.simulation), Again()
        loop = Loop(Pipeline(config, decode), listeners=[runner], sinks=[writer, again])
        loop.push(Assignment(at=0.0, plan=plan, baseline_spm=166.0))
        loop.follow(runner, 25.0)
        writer.close()
        assert isinstance(again.items[-1], Control)
        return again.events

    def test_plans_are_listed_with_what_comes_next(self, home, capsys):
        assert status(["plans"]) == 0
        out = capsys.readouterr().out.splitlines()
        assert [text.split()[0] for text in out] == ["easy-start", "faded", "steady-30"]
        assert out[1].split()[1] == "15:00"
        assert out[1].endswith("session 1 of 8 is next")

    def test_ones_own_plans_are_listed_and_broken_ones_named(self, home, capsys):
        folder = home / "config" / "cadence-coach" / "plans"
        folder.mkdir(parents=True)
        (folder / "mine.toml").write_text('name = "mine"\nnote = "my own"\n' + GOOD, encoding="utf-8")
        (folder / "bad.toml").write_text('name = "bad"\n', encoding="utf-8")
        assert status(["plans"]) == 2
        said = capsys.readouterr()
        assert any(text.startswith("mine") and text.endswith("1:00  my own") for text in said.out.splitlines())
        assert "bad.toml: no steps" in said.err

    @pytest.mark.parametrize("by", ["flag", "settings"])
    def test_a_demo_by_a_plan_lasts_as_long_as_the_plan(self, home, capsys, plan_file, by):
        path = plan_file('[[step]]\nname = "on"\nseconds = 10\ntarget = "+5 %"\nmode = "steady"\n')
        chosen = ["--plan", path] if by == "flag" else ["--set", f"coaching.plan={path}"]
        assert status(["demo", "--fast", "--events", "-", *map(str, chosen)]) == 0
        said = capsys.readouterr()
        events = [json.loads(text) for text in said.out.splitlines()]
        assert [event["state"] for event in events if event["type"] == "plan"] == ["waiting", "step", "done"]
        assert events[-1]["duration_s"] == 40.0
        assert "The plan is mine, 0:10" in said.err

    def test_percentages_of_a_cadence_that_is_not_known_are_refused_before_anything_runs(self, home, capsys):
        assert status(["run", "--plan", "easy-start", "--address", "C0:FF:EE:00:00:01"]) == 2
        said = capsys.readouterr().err.splitlines()
        assert [text for text in said if "step" in text] == [
            "coach: easy-start: step 2 of 14 (quick): +5 %, but your own cadence is not known yet"
        ]
        assert any("`coach baseline` measures it" in text for text in said)

    def test_metres_without_a_sensor_that_tells_a_speed_are_refused(self, home, capsys, plan_file):
        path = plan_file('[[step]]\nname = "far"\nmetres = 400\n')
        assert status(["run", "--sensor", "phyphox", "--address", "127.0.0.1:1", "--plan", str(path)]) == 2
        assert "step 1 of 1 (far): phyphox tells no speed to count 400 m by" in capsys.readouterr().err

    def test_the_baseline_of_a_run_is_the_one_that_the_settings_tell(self, home, configured):
        with Store.open(home / "runs.sqlite") as store:
            said: list[str] = []
            assignment = assignment_for(configured("coaching.plan=faded", "target.own_spm=163.5"), store, said.append)
        assert assignment is not None
        assert (assignment.baseline_spm, assignment.plan.session) == (163.5, 1)
        assert said[0].startswith("The plan is faded, session 1 of 8, 15:00: eight runs")


class Again:
    """A sink that keeps what it takes."""

    def __init__(self) -> None:
        self.items, self.events = [], []

    def take(self, item, events) -> None:
        self.items += [] if item is None else [item]
        self.events += events

    def close(self) -> None:
        """Nothing to let go."""
