"""The synthetic records: every placement on every course, at every rate, disturbed in every way, and without gait.

The list is fixed, and each record's seed comes from its placement, person and course: adding a record changes no
other, and at every rate and under every disturbance the same person takes the same steps. A record of the quick grid
is one round of its course, one of the full grid is several.

What is not said otherwise: 100 Hz, every sample known at once, steps that vary by 2 %, and another person for each
course.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from bench.scoring import Truth
from coach.config import load
from coach.model import FloatArray, Samples
from sensors.body import SENSOR_SIDE
from sensors.course import parse_course
from sensors.simulated import SimulatedRunner, record

PLACEMENTS = ("foot", "ankle", "shank", "thigh", "waist", "sacrum", "chest", "upper_arm", "wrist", "hand")
RATES_HZ = (12.5, 25.0, 26.0, 50.0, 100.0, 200.0, 500.0)
USUAL_HZ = 100.0
ONE_FOOTED = frozenset({"foot", "ankle", "shank"})

RUNNING = ("steady", "steps", "ramps", "stops", "wide")
JUMPS = "jumps"
"""Of pace, by 40 spm: apart from the rest, since the lag's error would drown it."""

WALKING = ("walk", "walk-run")
RESTS = ("stand", "sit", "type", "fidget", "drive")
BUSY = ("rough-drive", "gesture", "brush", "wash")
STILL = (*RESTS, "cycle", "rattle", "short shakes", *BUSY, "rough-cycle")
SHAKING = "long shakes"
EXERCISES = {
    "curl": (30, 45, 60),
    "squat": (25, 40, 55),
    "push-up": (25, 40, 55),
    "row": (22, 28, 36),
    "jack": (100, 120, 140),
}
"""How often a minute. Like long shaking they are apart: rhythms of a body at the rate of gait, some with both feet."""

COURSES = (*RUNNING, JUMPS, *WALKING)

STILL_PLACEMENTS = ("foot", "thigh", "waist", "wrist", "hand")
BUSY_PLACEMENTS = ("foot", "ankle", "thigh", "waist", "chest", "wrist")
DISTURBED_PLACEMENTS = ("foot", "thigh", "waist", "wrist")
DISTURBANCES = {
    "samples lost": ("sample_loss_pct=10",),
    "frames lost": ("frame_s=0.3", "loss_pct=5"),
    "bunches": ("transport_s=0.04", "bunch_s=1.4"),
    "clipped": ("range_g=2",),
    "no gravity": ("gravity=false",),
    "scale 0.75": ("scale=0.75",),
    "turning": ("turn_every_s=8",),
    "jitter": ("jitter_pct=25",),
    "asymmetry": ("asymmetry_pct=4",),
    "noise": ("noise_g=0.08",),
    "uneven": ("step_cv_pct=4",),
}
LATE = frozenset({"frames lost", "bunches"})
"""Under these disturbances samples are known when their frame arrives, elsewhere at once."""

OTHER_PEOPLE = range(20, 24)

FRAME_S = 0.1
STEP_CV_PCT = 2.0
STAND_S = 4.0
"""After the last step; long enough to see a reading go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the runner sets out to do.

    Parameters
    ----------
    kind : by what its results are put together. text : as `sensors.course` reads it.
    changes_s : when the cadence begins to change, where the lag is to be measured.
    """

    kind: str
    text: str
    changes_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One synthetic recording; `disturbance` is a key of `DISTURBANCES` or empty."""

    course: Course
    placement: str
    rate_hz: float = USUAL_HZ
    disturbance: str = ""
    person: int = 0

    @property
    def has_gait(self) -> bool:
        """Whether anybody walks or runs."""
        return self.course.kind not in (*STILL, SHAKING, *EXERCISES)

    @property
    def name(self) -> str:
        """A name of its own."""
        disturbed = f", {self.disturbance}" if self.disturbance else ""
        person = f", person {self.person}" if self.person else ""
        return f"{self.course.kind}, {self.placement}, {self.rate_hz:g} Hz{disturbed}{person}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """What the sensor sent in a record, and what was true.

    Parameters
    ----------
    own_s : shape (k,), the contacts of the foot on the sensor's side.
    """

    samples: Samples
    truth: Truth
    own_s: FloatArray


def records(*, quick: bool) -> list[Record]:
    """List the grid."""
    return [
        *_on_courses(quick),
        *_at_rates(quick),
        *_disturbed(quick),
        *_without_gait(quick),
        *_busy(quick),
    ]


def make(record_: Record) -> Recording:
    """Simulate a record."""
    course = parse_course(record_.course.text)
    runner = SimulatedRunner(
        load(settings=_settings(record_), environ={"XDG_CONFIG_HOME": "/nonexistent"}).config.simulation, course
    )
    rows = np.concatenate(list(record(runner, course.end_s)))
    rows.flags.writeable = False  # what one detector did to them, the next would be judged by
    steps_s = np.array([step.t_s for step in runner.true_steps if step.t_s < course.end_s])
    own_s = np.array([s.t_s for s in runner.true_steps if s.t_s < course.end_s and s.foot == SENSOR_SIDE])
    at_s = rows[:, 0] if record_.disturbance in LATE else rows[:, 1]
    return Recording(
        samples=Samples(at_s=at_s, device_s=rows[:, 1], acc_g=rows[:, 2:]),
        truth=Truth(steps_s=steps_s, end_s=course.end_s, changes_s=record_.course.changes_s),
        own_s=own_s,
    )


def _settings(record_: Record) -> list[str]:
    simulation = {
        "seed": zlib.crc32(f"{record_.placement}, {record_.person}: {record_.course.text}".encode()),
        "placement": record_.placement,
        "rate_hz": record_.rate_hz,
        "frame_s": max(FRAME_S, 1 / record_.rate_hz),
        "step_cv_pct": STEP_CV_PCT,
        "person": record_.person,
    }
    settings = [f"simulation.{key}={value}" for key, value in simulation.items()]
    return settings + [f"simulation.{change}" for change in DISTURBANCES.get(record_.disturbance, ())]


# --- what is crossed with what ------------------------------------------------------------------------------------


def _on_courses(quick: bool) -> Iterator[Record]:
    changes = [_steps(quick), _ramps(quick)] * (1 if quick else 5)
    courses = [*_steady(quick), *changes, _stops(quick), _wide(quick), _jumps(quick), _walk(quick), _mixed(quick)]
    for placement, (person, course) in product(PLACEMENTS, enumerate(courses)):
        yield Record(course=course, placement=placement, person=person)


def _at_rates(quick: bool) -> Iterator[Record]:
    """List the other rates; the usual one is on every course."""
    course = _varied("rates", quick)
    for placement, rate_hz in product(PLACEMENTS, RATES_HZ):
        yield Record(course=course, placement=placement, rate_hz=rate_hz)


def _disturbed(quick: bool) -> Iterator[Record]:
    course = _varied("disturbed", quick)
    for placement, disturbance in product(DISTURBED_PLACEMENTS, DISTURBANCES):
        yield Record(course=course, placement=placement, disturbance=disturbance)
    for placement, person in product(DISTURBED_PLACEMENTS, OTHER_PEOPLE):
        yield Record(course=_varied("people", quick), placement=placement, person=person)


def _without_gait(quick: bool) -> Iterator[Record]:
    length_s = 15 if quick else 45
    single = [Course(kind=verb, text=f"{verb} {length_s}") for verb in RESTS]
    cycle = Course(kind="cycle", text=", ".join(f"cycle {length_s / 3:g} @ {rpm}" for rpm in (65, 85, 100)))
    rattle = Course(kind="rattle", text=f"stand 2, rattle {length_s}")
    short = ", ".join(f"stand 3, shake {shake_s} @ {spm}" for shake_s, spm in ((1, 120), (2, 160), (2.5, 200)))
    shakes = Course(kind="short shakes", text=f"{short}, stand 4")
    long = Course(kind=SHAKING, text=", ".join(f"stand 3, shake {length_s / 3:g} @ {spm}" for spm in (110, 160, 190)))
    for placement, course in product(STILL_PLACEMENTS, [*single, cycle, rattle, shakes, long]):
        for person in (0,) if quick else (0, 1):
            yield Record(course=course, placement=placement, person=person)


def _busy(quick: bool) -> Iterator[Record]:
    each_s = 10 if quick else 20
    paced = {"rough-cycle": (65, 80, 95), **EXERCISES}
    courses = [
        *(Course(kind=verb, text=f"{verb} {3 * each_s}") for verb in BUSY),
        *(Course(kind=verb, text=", ".join(f"{verb} {each_s} @ {rate}" for rate in paced[verb])) for verb in paced),
    ]
    for placement, course in product(BUSY_PLACEMENTS, courses):
        for person in (0,) if quick else (0, 1):
            yield Record(course=course, placement=placement, person=person)


# --- courses ------------------------------------------------------------------------------------------------------


def _steady(quick: bool) -> list[Course]:
    cadences = (168,) if quick else (150, 160, 170, 180, 190, 200)
    pairs = zip(cadences[::2], cadences[1::2] or cadences, strict=False)
    return [
        Course(kind="steady", text=", ".join(f"stand 3, run 20 @ {spm}" for spm in dict.fromkeys(pair)) + ", stand 4")
        for pair in pairs
    ]


def _steps(quick: bool) -> Course:
    return (
        _changing("steps", 14, [165, 175, 165])
        if quick
        else _changing("steps", 18, [165, 175, 165, 155, 165, 175, 185])
    )


def _wide(quick: bool) -> Course:
    cadences = (140, 230) if quick else (140, 150, 195, 210, 225, 235)
    return Course(kind="wide", text=", ".join(f"stand 3, run 14 @ {spm}" for spm in cadences) + f", stand {STAND_S:g}")


def _jumps(quick: bool) -> Course:
    cadences = [150, 190, 230] if quick else [150, 190, 230, 190, 150, 170, 210]
    return Course(kind=JUMPS, text=_changing("", 10, cadences).text)


def _varied(kind: str, quick: bool) -> Course:
    """Make a course with a little of everything: a start, changes up and down, an end."""
    return _changing(kind, 10, [168, 178] if quick else [168, 178, 168, 158])


def _changing(kind: str, each_s: float, cadences: list[int]) -> Course:
    text = ", ".join(f"run {each_s:g} @ {spm}" for spm in cadences)
    changes_s = tuple(3 + each_s * i for i in range(1, len(cadences)))
    return Course(kind=kind, text=f"stand 3, {text}, stand {STAND_S:g}", changes_s=changes_s)


def _ramps(quick: bool) -> Course:
    """Go 5 % up in 3 s, again and again."""
    cadences = [160.0 * 1.05**i for i in range(1, 2 if quick else 4)]
    text = ", ".join(f"ramp 3 -> {spm:.1f}, run 15 @ {spm:.1f}" for spm in cadences)
    changes_s = tuple(15.0 + 18.0 * i for i in range(len(cadences)))
    return Course(kind="ramps", text=f"stand 3, run 12 @ 160, {text}, stand {STAND_S:g}", changes_s=changes_s)


def _stops(quick: bool) -> Course:
    lights = [(12, 164)] if quick else [(12, 164), (8, 172), (15, 158), (10, 178)]
    text = ", ".join(f"run {run_s} @ {spm}, stand 6" for run_s, spm in lights)
    return Course(kind="stops", text=f"stand 3, {text}, run 9 @ 170, stand {STAND_S:g}")


def _walk(quick: bool) -> Course:
    cadences = (90, 115) if quick else (80, 92, 104, 116, 128, 140)
    return Course(kind="walk", text=", ".join(f"stand 4, walk 14 @ {spm}" for spm in cadences) + ", stand 5")


def _mixed(quick: bool) -> Course:
    rounds = [(110, 165)] if quick else [(110, 165), (122, 175)]
    text = ", ".join(f"walk 12 @ {walk}, run 12 @ {run}" for walk, run in rounds)
    return Course(kind="walk-run", text=f"stand 3, {text}, stand {STAND_S:g}")
