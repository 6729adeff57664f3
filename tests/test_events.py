"""Event lines: one JSON object each, the same bytes for the same event."""

import json
import math
from typing import get_args

import pytest

from coach.formats.events import SCHEMA, line
from coach.model import (
    Beat,
    Cadence,
    ControlEvent,
    Decision,
    Event,
    Gait,
    Gap,
    Header,
    HeartRate,
    OutputEvent,
    PlanEvent,
    Prompt,
    SensorEvent,
    Speed,
    Step,
    Summary,
)

LINES: list[tuple[Event, str]] = [
    (
        Header(schema=1, version="0.1.0", config={"target": {"low_spm": 0.12345678}}, source={"kind": "recording"}),
        (
            '{"type":"header","schema":1,"version":"0.1.0","config":{"target":{"low_spm":0.12345678}},'
            '"source":{"kind":"recording"}}'
        ),
    ),
    (
        Step(t_s=12.413, available_s=12.58, foot="left", inferred=False, sensor="recording"),
        '{"type":"step","t_s":12.413,"available_s":12.58,"foot":"left","inferred":false,"sensor":"recording"}',
    ),
    (
        Cadence(t_s=0.1 + 0.2, available_s=1.0, spm=171.40000049, status="locked", source="steps", sensor="pod"),
        (
            '{"type":"cadence","t_s":0.3,"available_s":1.0,"spm":171.4,"status":"locked","source":"steps","sensor":"pod",'
            '"stale":false}'
        ),
    ),
    (
        Cadence(t_s=2.0, available_s=2.0, spm=None, status="idle", source="rsc", sensor="pod", stale=True),
        (
            '{"type":"cadence","t_s":2.0,"available_s":2.0,"spm":null,"status":"idle","source":"rsc","sensor":"pod",'
            '"stale":true}'
        ),
    ),
    (
        Gait(
            t_s=9.9,
            available_s=10.0,
            strides=20,
            stride_cv_pct=1.4,
            step_cv_pct=1.9,
            asymmetry_pct=None,
            sensor="strap",
        ),
        (
            '{"type":"gait","t_s":9.9,"available_s":10.0,"strides":20,"stride_cv_pct":1.4,"step_cv_pct":1.9,'
            '"asymmetry_pct":null,"sensor":"strap"}'
        ),
    ),
    (
        Gap(t_s=3.0, available_s=5.0, length_s=2.0, reason="silence", sensor="pod"),
        '{"type":"gap","t_s":3.0,"available_s":5.0,"length_s":2.0,"reason":"silence","sensor":"pod"}',
    ),
    (
        Decision(
            t_s=3.0,
            available_s=3.0,
            mode="silent",
            phase="free",
            tempo_spm=None,
            target_low_spm=170.0,
            target_high_spm=190.0,
            reason="läuft",
        ),
        (
            '{"type":"decision","t_s":3.0,"available_s":3.0,"mode":"silent","phase":"free","tempo_spm":null,'
            '"target_low_spm":170.0,"target_high_spm":190.0,"reason":"l\\u00e4uft"}'
        ),
    ),
    (
        Beat(t_s=4.0, available_s=3.5, index=7, foot="right", gain=-0.0),
        '{"type":"beat","t_s":4.0,"available_s":3.5,"index":7,"foot":"right","gain":0.0}',
    ),
    (
        SensorEvent(t_s=1.0, available_s=1.0, sensor="pod", state="connected", battery_pct=80),
        '{"type":"sensor","t_s":1.0,"available_s":1.0,"sensor":"pod","state":"connected","reason":"","battery_pct":80}',
    ),
    (
        HeartRate(t_s=1.0, available_s=1.0, bpm=150, sensor="strap"),
        '{"type":"heart_rate","t_s":1.0,"available_s":1.0,"bpm":150,"sensor":"strap"}',
    ),
    (
        Speed(t_s=1.0, available_s=1.0, mps=3.25, sensor="pod"),
        '{"type":"speed","t_s":1.0,"available_s":1.0,"mps":3.25,"sensor":"pod"}',
    ),
    (
        OutputEvent(t_s=0.0, available_s=0.0, output="device", state="open", latency_s=0.15),
        (
            '{"type":"output","t_s":0.0,"available_s":0.0,"output":"device","state":"open","latency_s":0.15,'
            '"spread_s":0.0,"reason":""}'
        ),
    ),
    (
        Prompt(t_s=9.5, available_s=9.2, say="below", spm=164),
        '{"type":"prompt","t_s":9.5,"available_s":9.2,"say":"below","spm":164}',
    ),
    (
        ControlEvent(t_s=9.0, available_s=9.0, action="pause"),
        '{"type":"control","t_s":9.0,"available_s":9.0,"action":"pause","low_spm":null,"high_spm":null}',
    ),
    (
        PlanEvent(
            t_s=300.0,
            available_s=300.0,
            plan="faded",
            session=3,
            state="step",
            step=2,
            of=14,
            name="quick",
            left=60.0,
            unit="s",
            until_s=360.0,
            mode="steady",
            free=False,
            target_low_spm=170.1,
            target_high_spm=178.4,
            done_pct=22.73,
        ),
        (
            '{"type":"plan","t_s":300.0,"available_s":300.0,"plan":"faded","session":3,"state":"step","step":2,"of":14,'
            '"name":"quick","left":60.0,"unit":"s","until_s":360.0,"mode":"steady","free":false,"target_low_spm":170.1,'
            '"target_high_spm":178.4,"done_pct":22.73,"reason":""}'
        ),
    ),
    (
        Summary(
            t_s=60.0,
            available_s=60.0,
            duration_s=60.0,
            steps=160,
            beats=12,
            running_s=55.5,
            in_band_s=40.0,
            sounding_s=5.0,
            mean_spm=None,
            gaps=0,
            bad_packets=0,
        ),
        (
            '{"type":"summary","t_s":60.0,"available_s":60.0,"duration_s":60.0,"steps":160,"beats":12,"running_s":55.5,'
            '"in_band_s":40.0,"sounding_s":5.0,"mean_spm":null,"gaps":0,"bad_packets":0}'
        ),
    ),
]


@pytest.mark.parametrize(("event", "expected"), LINES, ids=[event.type for event, _ in LINES])
def test_a_line_holds_the_type_and_then_every_field_in_order(event: Event, expected: str) -> None:
    assert line(event) == expected


def test_every_type_of_event_is_pinned_above() -> None:
    assert {type(event) for event, _ in LINES} == set(get_args(Event))


def test_the_schema_is_the_first_one() -> None:
    assert SCHEMA == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        line(Speed(t_s=1.0, available_s=1.0, mps=value, sensor="pod"))


def test_a_line_is_one_line_of_ascii_whatever_a_device_calls_itself() -> None:
    name = "Läufer\n\u2028\ud800 👟"
    text = line(SensorEvent(t_s=1.0, available_s=1.0, sensor=name, state="connected"))
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text)["sensor"] == name
