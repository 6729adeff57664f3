"""What the views show, from events alone; and the words for it."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from coach.coaching.target import Band
from coach.model import (
    Beat,
    Cadence,
    CadenceStatus,
    ControlAction,
    ControlEvent,
    Decision,
    DecisionMode,
    Event,
    Gait,
    Gap,
    Header,
    HeartRate,
    HostTime,
    OutputEvent,
    PlanEvent,
    PlanState,
    Prompt,
    SensorEvent,
    SensorState,
    Speed,
    Step,
    Summary,
)
from coach.ui.plain import PlainLog
from coach.ui.state import RunState
from coach.ui.summary import summary_lines
from coach.ui.words import (
    MODE_WORDS,
    doing_text,
    duration_text,
    pace_text,
    plan_text,
    printable,
    sensor_text,
    sound_text,
    status_text,
)


def cadence(at_s: float, spm: float | None = 166.0, status: CadenceStatus = "locked", **more: bool) -> Cadence:
    return Cadence(t_s=at_s, available_s=at_s, spm=spm, status=status, source="steps", sensor="pod", **more)


def decision(at_s: float, mode: DecisionMode, tempo_spm: float | None = None, reason: str = "why") -> Decision:
    return Decision(
        t_s=at_s,
        available_s=at_s,
        mode=mode,
        phase="locked",
        tempo_spm=tempo_spm,
        target_low_spm=170.0,
        target_high_spm=190.0,
        reason=reason,
    )


def control(at_s: float, action: ControlAction) -> ControlEvent:
    return ControlEvent(t_s=at_s, available_s=at_s, action=action)


def sensor(at_s: float, state: str, reason: str = "", battery_pct: int | None = None) -> SensorEvent:
    return SensorEvent(t_s=at_s, available_s=at_s, sensor="pod", state=state, reason=reason, battery_pct=battery_pct)


def output(at_s: float, state: str = "open", reason: str = "") -> OutputEvent:
    return OutputEvent(t_s=at_s, available_s=at_s, output="device", state=state, latency_s=0.15, reason=reason)


def planned(at_s: float, state: PlanState, **more: Any) -> PlanEvent:
    fields: dict[str, Any] = {
        "plan": "easy-start",
        "session": None,
        "step": 2,
        "of": 14,
        "name": "quick",
        "left": 60.0,
        "unit": "s",
        "until_s": at_s + 60.0,
        "mode": "steady",
        "free": False,
        "target_low_spm": 168.0,
        "target_high_spm": 176.5,
        "done_pct": 20.0,
    }
    return PlanEvent(t_s=at_s, available_s=at_s, state=state, **{**fields, **more})


def folded(*events: Event) -> RunState:
    state = RunState(band=Band(170.0, 190.0))
    for event in events:
        state.apply(event)
    return state


def news(state: RunState) -> list[str]:
    return [line.text for line in state.news]


# --- the fold -----------------------------------------------------------------------------------------------------


def test_every_kind_of_event_is_taken() -> None:
    summary = Summary(
        t_s=9.0,
        available_s=9.0,
        duration_s=9.0,
        steps=1,
        beats=1,
        running_s=1.0,
        in_band_s=0.0,
        sounding_s=0.0,
        mean_spm=166.0,
        gaps=1,
        bad_packets=0,
    )
    events: list[Event] = [
        Header(schema=1, version="0", config={}, source={}),
        Step(t_s=1.0, available_s=1.1, foot="left", inferred=False, sensor="pod"),
        cadence(1.2),
        Gap(t_s=1.2, available_s=2.0, length_s=0.8, reason="no packets", sensor="pod"),
        Gait(t_s=2.5, available_s=2.5, strides=20, stride_cv_pct=1.4, step_cv_pct=1.9, asymmetry_pct=0.8, sensor="pod"),
        decision(3.0, "lead", 170.0),
        Beat(t_s=3.6, available_s=3.1, index=0, foot="left"),
        Prompt(t_s=3.7, available_s=3.5, say="below", spm=164),
        sensor(4.0, "connected"),
        HeartRate(t_s=5.0, available_s=5.0, bpm=152, sensor="strap"),
        Speed(t_s=6.0, available_s=6.0, mps=3.1, sensor="pod"),
        output(7.0),
        control(8.0, "lap"),
        planned(8.5, "step"),
        summary,
    ]
    assert {type(event) for event in events} == set(get_args(Event))
    state = folded(*events)
    assert state.ended
    assert state.elapsed_s == 9.0
    assert (state.spm, state.mode, state.tempo_spm, state.laps) == (166.0, "lead", 170.0, 1)
    assert (state.so_far.steps, state.so_far.beats) == (1, 1)


def test_before_the_first_event_nothing_is_known() -> None:
    state = folded()
    assert (state.spm, state.status, state.mode, state.tempo_spm, state.reason) == (None, None, None, None, "")
    assert (status_text(state), doing_text(state)) == ("waiting for the sensor", "Getting ready")
    assert (sensor_text(state), sound_text(state)) == ("none yet", "none yet")


def test_time_in_band_is_that_of_the_summary() -> None:
    state = folded(*(cadence(quarter / 4, 166.0 if quarter < 8 else 175.0) for quarter in range(17)))
    assert state.so_far.running_s == 4.0
    assert state.so_far.in_band_s == 2.25


def test_history_holds_a_minute_and_no_more() -> None:
    state = folded(*(cadence(quarter / 4) for quarter in range(4 * 200)))
    assert state.history[0][0] == state.history[-1][0] - 60
    flood = folded(*(cadence(1 + event / 1000) for event in range(5000)))
    assert len(flood.history) == flood.history.maxlen


def test_news_are_bounded_and_keep_their_numbers() -> None:
    state = folded(*(control(float(second), "lap") for second in range(100)))
    assert len(state.news) == 20
    assert (state.news[-1].number, state.news[-1].text) == (100, "lap 100")


def test_pause_and_mute_last_until_they_are_taken_back() -> None:
    state = folded(control(1.0, "pause"), control(2.0, "mute"))
    assert (state.paused, state.muted) == (True, True)
    state.apply(control(3.0, "resume"))
    state.apply(control(4.0, "unmute"))
    assert (state.paused, state.muted) == (False, False)
    assert news(state) == ["paused", "sound off", "going on", "sound on"]


def test_a_decision_brings_the_band() -> None:
    moved = Decision(
        t_s=1.0,
        available_s=1.0,
        mode="silent",
        phase="free",
        tempo_spm=None,
        target_low_spm=160.0,
        target_high_spm=165.0,
        reason="new target 160-165",
    )
    assert folded(moved).band == Band(160.0, 165.0)


def test_a_sensors_name_comes_from_its_input_and_its_state_from_events() -> None:
    state = folded()
    state.note(SensorState(at=HostTime(1.0), sensor="pod", state="connected", name="Stryd"))
    state.apply(sensor(1.0, "connected", battery_pct=80))
    assert sensor_text(state) == "Stryd, connected, battery 80 %"
    state.apply(sensor(2.0, "reconnecting", "no data for 5 s"))
    assert sensor_text(state) == "Stryd, reconnecting, no data for 5 s, battery 80 %"


def test_news_of_a_sensor_other_than_its_link_leave_the_link_as_it_is() -> None:
    state = folded(sensor(1.0, "connected"), sensor(2.0, "battery_low", "18 % left", 18))
    assert sensor_text(state) == "pod, connected, battery 18 %"
    assert news(state) == ["pod: connected", "pod: battery low, 18 % left"]


def test_each_step_of_a_plan_is_news_once() -> None:
    waiting = planned(0.0, "waiting", plan="faded", session=3, until_s=None, reason="it begins with your first steps")
    state = folded(
        waiting,
        planned(1.0, "step", step=1, name="warm-up", mode="off", free=True),
        planned(30.0, "stand", step=1, name="warm-up", mode="off"),
        planned(40.0, "go", step=1, name="warm-up", mode="off"),
        planned(90.0, "step"),
        planned(99.0, "left", unit="m", left=40.0),
        planned(120.0, "step", step=3, name="own", mode="off"),
        planned(150.0, "done", mode="off"),
        planned(160.0, "stopped"),
    )
    assert news(state) == [
        "plan faded, session 3, it begins with your first steps",
        "plan: warm-up, 1 of 14: run as you like",
        "plan: quick, 2 of 14: steady 168-176.5 spm",
        "plan: own, 3 of 14: on your own 168-176.5 spm",
        "plan: done, run as you like",
    ]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (planned(30.0, "step"), "quick, 2 of 14: 0:50 left"),
        (planned(30.0, "step", until_s=39.2), "quick, 2 of 14: 0:00 left"),
        (planned(30.0, "stand", until_s=None, left=42.2), "quick, 2 of 14: 0:43 left (waits for you)"),
        (planned(30.0, "left", unit="m", left=320.0), "quick, 2 of 14: 320 m left"),
        (planned(30.0, "left", unit="steps", left=90.0), "quick, 2 of 14: 90 steps left"),
        (planned(30.0, "done"), "done"),
    ],
)
def test_what_is_left_of_a_step_of_the_plan(event: PlanEvent, text: str) -> None:
    assert plan_text(folded(event), 40.0) == text
    assert plan_text(folded(), 40.0) == ""


def test_what_is_said_again_is_no_news() -> None:
    assert news(folded(sensor(1.0, "connected"), sensor(2.0, "connected"))) == ["pod: connected"]
    assert news(folded(output(1.0), output(2.0))) == ["sound by device: open"]


@pytest.mark.parametrize("told", ["overrun", "messages_lost", "turned_away"])
def test_news_of_a_link_are_told_and_leave_its_state_as_it_is(told: str) -> None:
    state = folded(sensor(0.0, "connected", "Moofit"), sensor(2.0, told, "10 so far"))
    assert state.news[-1].text == f"pod: {told.replace('_', ' ')}, 10 so far"
    assert (state.sensors["pod"].state, state.sensors["pod"].reason) == ("connected", "Moofit")


def test_the_sensor_of_the_cadence_leads() -> None:
    other = SensorEvent(t_s=0.0, available_s=0.0, sensor="strap", state="connected")
    state = folded(other, sensor(1.0, "connected"))
    assert state.leading == "strap"
    state.apply(cadence(2.0))
    assert state.leading == "pod"


# --- the words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (12.9, "0:12"), (754, "12:34"), (3599, "59:59"), (3725, "1:02:05"), (-1, "0:00")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (cadence(1.0, None, "acquiring"), "finding your steps"),
        (cadence(1.0, None, "idle"), "no running steps"),
        (cadence(1.0, None, "lost"), "no data"),
        (cadence(1.0, 169.9), "below your band"),
        (cadence(1.0, 170.0), "in your band"),
        (cadence(1.0, 190.1), "above your band"),
        (cadence(1.0, 175.0, stale=True), "last known"),
    ],
)
def test_status_in_words(reading: Cadence, text: str) -> None:
    assert status_text(folded(reading)) == text


@pytest.mark.parametrize(
    ("mps", "text"),
    [(2.55, "below your band, fine at an easy pace"), (2.65, "below your band"), (0.0, "below your band")],
)
def test_below_the_band_is_fine_at_an_easy_pace(mps: float, text: str) -> None:
    speed = Speed(t_s=1.0, available_s=1.0, mps=mps, sensor="pod")
    assert status_text(folded(speed, cadence(1.0, 164.0))) == text
    assert status_text(folded(speed, cadence(1.0, 175.0))) == "in your band"
    assert status_text(folded(speed, cadence(12.0, 164.0))) == "below your band"  # the pod has been gone for long


def test_who_is_being_measured_is_not_judged() -> None:
    state = folded(cadence(1.0, 150.0))
    state.judged = False
    assert (status_text(state), doing_text(state)) == ("your own cadence", "Measuring, run as you like")


def test_every_mode_has_words() -> None:
    assert set(MODE_WORDS) == set(get_args(DecisionMode))


@pytest.mark.parametrize(
    ("spm", "text"),
    [
        (160.0, "Beat leads you to quicker, lighter steps"),
        (180.0, "Beat leads you into your band"),
        (200.0, "Beat leads you to calmer steps"),
    ],
)
def test_leading_says_where_to(spm: float, text: str) -> None:
    assert doing_text(folded(cadence(1.0, spm), decision(1.0, "lead", 170.0))) == text


def test_pause_is_said_before_mute_and_mute_before_the_mode() -> None:
    state = folded(decision(1.0, "off"), control(2.0, "mute"))
    assert doing_text(state) == "Sound is off"
    state.apply(control(3.0, "pause"))
    assert doing_text(state) == "Paused"


def test_no_view_ever_says_longer_or_wrong() -> None:
    words = " ".join([*MODE_WORDS.values(), doing_text(folded(cadence(1.0), decision(1.0, "lead", 170.0)))])
    assert "longer" not in words
    assert "wrong" not in words


def test_pace_and_step_length() -> None:
    assert pace_text(3.1, 171.0) == "5:22 /km, step 1.09 m"
    assert pace_text(3.1, None) == "5:22 /km"
    assert pace_text(0.0, 171.0) == ""


def test_sound_says_its_latency_or_its_trouble() -> None:
    assert sound_text(folded(output(1.0))) == "device, latency 150 ms"
    assert sound_text(folded(output(1.0, "lost", "unplugged"))) == "device, lost, unplugged"


def test_escape_sequences_are_not_printable() -> None:
    assert printable("Stryd\x1b[2J\n – 走") == "Stryd [2J  – 走"


# --- plain lines --------------------------------------------------------------------------------------------------


def test_a_line_when_something_changed_and_every_few_seconds_at_most() -> None:
    log, state, lines = PlainLog(), folded(), []
    state.apply(decision(0.0, "lead", 168.0, "from 166 towards 170"))
    for quarter in range(48):
        state.apply(cadence(12 + quarter / 4, 166.0 + quarter // 4))
        lines += log.due(state)
    assert lines == [
        "0:12  166 spm, below your band  lead 168  from 166 towards 170",
        "0:17  171 spm, in your band  lead 168",
        "0:22  176 spm, in your band  lead 168",
    ]


def test_no_line_while_nothing_changes() -> None:
    log = PlainLog()
    assert len(log.due(folded(cadence(1.0, None, "idle")))) == 1
    assert log.due(folded(cadence(100.0, None, "idle"))) == []


def test_news_come_at_once_and_once() -> None:
    log, state = PlainLog(), folded(sensor(61.0, "connected"))
    assert log.due(state) == ["1:01  pod: connected"]
    assert log.due(state) == []
    state.apply(sensor(62.0, "lost", "out of\x1b[1m range"))
    assert log.due(state) == ["1:02  pod: lost, out of [1m range"]


# --- the end ------------------------------------------------------------------------------------------------------


def summary(**figures: float | None) -> Summary:
    usual = {
        "steps": 4213,
        "beats": 1204,
        "running_s": 1471.0,
        "in_band_s": 1100.0,
        "sounding_s": 422.0,
        "mean_spm": 171.84,
        "gaps": 0,
        "bad_packets": 0,
    }
    return Summary(t_s=1502.0, available_s=1502.0, duration_s=1502.0, **{**usual, **figures})


def test_the_summary_for_people() -> None:
    assert summary_lines(summary(), band="the band of 170-190 spm") == (
        "Ran 24:31 of 25:02, 4213 steps, mean cadence 171.8 spm.\n"
        "In the band of 170-190 spm: 18:20 (75 %).\n"
        "Sound for 7:02, 1204 beats."
    )


def test_the_summary_names_troubles_only_where_there_are_any() -> None:
    text = summary_lines(summary(gaps=1, bad_packets=2, beats=0, sounding_s=0.0), band="the band of 170-190 spm")
    assert text.splitlines()[2:] == ["In the data: 1 gap, 2 unreadable packets."]


def test_the_summary_of_a_run_without_running() -> None:
    nothing = summary(running_s=0.0, in_band_s=0.0, mean_spm=None, steps=0, beats=0)
    assert summary_lines(nothing, band="the band of 170-190 spm") == "No running found in 25:02, 0 steps."
