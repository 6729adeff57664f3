"""What happens when a run is interrupted: by a light, a lost sensor, a walk, a sprint, headphones, a slow link.

Each scenario is run by some of the followers of the proof (`sensors.following`), from the sensor's bytes to the ears.
*Wrong cues* are counted: 32 beats that are more than 2.5 % ahead of the runner on the way to the band, in the mean
(unless the runner's pace changed by more than 5 % meanwhile: that takes time to be known); a first beat after a silence
that is further than 60 ms from the nearest footfall (of somebody who runs on, where steps are known, and shifted by the
transport of the frames, which nobody can know); a prompt "below", "above" or "on target" where the mean cadence of the
ten seconds before says otherwise by more than 1 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coach.coaching.target import Band
from coach.config import Config, load
from coach.model import Beat, Control, Decision, Event, HostTime, Input, OutputReport, Packet, Prompt, SensorState
from coach.offline import Loop
from coach.pipeline import Pipeline
from coach.ports import SensorInput
from sensors.codecs import decode
from sensors.course import parse_course
from sensors.following import Subject, subjects
from sensors.gatt.rsc import RscMeasurement
from sensors.simulated import SimulatedRunner

Floats = NDArray[np.float64]

BAND = Band(170.0, 190.0)
FAR_S = 0.06
CHANGED = 0.05
FALSE = 0.01
LEAD = 0.025
LEAD_BEATS = 32
SILENCE_S = 1.0
POD_EVERY_S = 1.0
POD_MPS = 3.0


@dataclass(slots=True)
class Heard:
    """What a run gave: all events, and where the feet truly fell."""

    events: list[Event] = field(default_factory=list)
    steps_s: Floats = field(default_factory=lambda: np.empty(0))

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        """Keep what happened."""
        self.events += events

    def close(self) -> None:
        """Nothing to let go."""

    @property
    def beats(self) -> list[Beat]:
        """The beats."""
        return [event for event in self.events if isinstance(event, Beat)]

    def known_s(self, reason: str, after_s: float = 0.0) -> float:
        """Give when something was first decided for a reason."""
        decided = (e for e in self.events if isinstance(e, Decision) and e.reason.startswith(reason))
        return next((d.available_s for d in decided if d.available_s > after_s), np.inf)

    def between(self, from_s: float, to_s: float) -> list[Beat]:
        """Give the beats heard in a time."""
        return [beat for beat in self.beats if from_s <= beat.t_s < to_s]

    @property
    def first_beats(self) -> list[Beat]:
        """The beats after a silence."""
        after = [later for before, later in pairwise(self.beats) if later.t_s - before.t_s > SILENCE_S]
        return [*self.beats[:1], *after]

    def runs_on(self, at_s: float) -> bool:
        """Tell whether there is a step in the second after a time."""
        return bool(((at_s < self.steps_s) & (self.steps_s < at_s + 1)).any())

    def off_s(self, beat: Beat, shift_s: float = 0.0) -> float:
        """Give how far a beat is from the footfall nearest to it, if those are known so much too late."""
        return float(np.abs(self.steps_s + shift_s - beat.t_s).min())

    def cadence(self, to_s: float, for_s: float) -> float:
        """Give the mean cadence of the time before, steps a minute."""
        return 60 * float(np.ptp(np.interp([to_s - for_s, to_s], self.steps_s, np.arange(len(self.steps_s))))) / for_s


class Line:
    """A simulated runner as a source: with a time in which nothing arrives, and with other inputs; or as a pod.

    Parameters
    ----------
    runner : who runs, and hears. lost_s : no packet arrives from, until. also : inputs besides.
    pod : cadence alone is sent, once a second, in steps of 2 a minute (strides in the byte).
    """

    def __init__(
        self,
        runner: SimulatedRunner,
        *,
        lost_s: tuple[float, float] = (0.0, 0.0),
        also: Sequence[OutputReport | Control] = (),
        pod: bool = False,
    ) -> None:
        self._runner = runner
        self._lost_s = lost_s
        self._also = list(also)
        self._pod = pod
        self._next_pod_s = 0.0

    def next_at(self) -> HostTime | None:
        """Give the time of the next input."""
        times = [at for at in (self._runner.next_at(), self._also[0].at if self._also else None) if at is not None]
        return min(times, default=None)

    def take(self) -> Input:
        """Hand over the next input."""
        own_at = self._runner.next_at()
        if self._also and (own_at is None or self._also[0].at <= own_at):
            return self._also.pop(0)
        item = self._runner.take()
        if isinstance(item, Packet) and self._lost_s[0] <= item.at < self._lost_s[1]:
            return _nothing(item)
        return self._as_pod(item) if self._pod else item

    def play(self, cue: Beat | Prompt) -> None:
        """Let the runner hear."""
        self._runner.play(cue)

    def _as_pod(self, item: SensorInput) -> Input:
        if isinstance(item, SensorState):
            return SensorState(at=item.at, sensor=item.sensor, state="connected", name="simulated pod")
        if item.at < self._next_pod_s:
            return _nothing(item)
        self._next_pod_s += POD_EVERY_S
        strides = round(self._spm(item.at) / 2)
        packet = RscMeasurement(speed_mps=POD_MPS if strides else 0.0, cadence_per_min=strides, running=strides > 0)
        return Packet(at=item.at, sensor=item.sensor, codec="rsc", payload=packet.to_bytes())

    def _spm(self, at_s: float) -> float:
        recent = np.array([step.t_s for step in self._runner.true_steps[-8:] if step.t_s <= at_s])
        return 60 / float(np.diff(recent).mean()) if len(recent) > 2 and at_s - recent[-1] < 1.5 else 0.0


def _nothing(item: SensorInput) -> Input:
    return Control(at=item.at, action="lap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A course, what happens to it, and how the outcome is told."""

    name: str
    asked: str
    course: str
    told: Callable[[Sequence[Heard]], str]
    settings: tuple[str, ...] = ()
    lost_s: tuple[float, float] = (0.0, 0.0)
    also: tuple[OutputReport | Control, ...] = ()
    pod: bool = False
    transport_s: float = 0.0
    heard: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One runner of one scenario, by numbers: a scenario holds functions, which do not travel between processes."""

    scenario: int
    number: int
    subject: Subject


def run(errand: Errand) -> Heard:
    """Run one scenario with one runner."""
    scenario, found = SCENARIOS[errand.scenario], Heard()
    config = _config(errand, scenario)
    course = parse_course(scenario.course)
    runner = SimulatedRunner(config.simulation, course, errand.subject.following)
    line = Line(runner, lost_s=scenario.lost_s, also=scenario.also, pod=scenario.pod)
    listeners = [runner] if scenario.heard else []
    Loop(Pipeline(config, decode), listeners=listeners, sinks=[found]).follow(line, course.end_s - 1)
    found.steps_s = np.array([step.t_s for step in runner.true_steps])
    found.events = [event for event in found.events if isinstance(event, Beat | Decision | Prompt)]
    return found


def _config(errand: Errand, scenario: Scenario) -> Config:
    fixed = ("simulation.placement=waist", "simulation.transport_s=0")
    config = load(environ={}, settings=(*fixed, *scenario.settings)).config
    subject = errand.subject
    drawn = {
        "seed": 2000 + errand.number,
        "step_cv_pct": subject.step_cv_pct,
        "asymmetry_pct": subject.asymmetry_pct,
    }
    return config.model_copy(update={"simulation": config.simulation.model_copy(update=drawn)})


def errands(count: int, seed: int) -> list[list[Errand]]:
    """Give, for each scenario, the errands of the first so many followers."""
    people = [subject for subject in subjects(10 * count, seed=seed) if subject.kind == "follower"][:count]
    return [
        [Errand(scenario=k, number=number, subject=subject) for number, subject in enumerate(people)]
        for k in range(len(SCENARIOS))
    ]


# --- what is wrong ------------------------------------------------------------------------------------------------


def wrong_cues(heard: Heard, scenario: Scenario) -> int:
    """Count the cues that are wrong, as the head of this file says."""
    off_the_feet = 0 if scenario.pod else _off_the_feet(heard, scenario.transport_s)
    return _far_ahead(heard) + off_the_feet + _untrue(heard)


def _far_ahead(heard: Heard) -> int:
    times_s, count = [beat.t_s for beat in heard.beats if beat.t_s < heard.steps_s[-1]], 0
    for first_s, last_s in zip(times_s[::LEAD_BEATS], times_s[LEAD_BEATS::LEAD_BEATS], strict=False):
        spm = heard.cadence(last_s, last_s - first_s)
        tempo_spm = 60 * LEAD_BEATS / (last_s - first_s)
        ahead = tempo_spm / spm - 1 if spm else 0.0
        towards = ahead if spm < BAND.low_spm else -ahead if spm > BAND.high_spm else 0.0
        whole = last_s - first_s < LEAD_BEATS * 60 / 100
        changed = abs(heard.cadence(first_s + 3, 3.0) / max(heard.cadence(last_s, 3.0), 1.0) - 1) > CHANGED
        count += whole and not changed and towards > LEAD
    return count


def _off_the_feet(heard: Heard, shift_s: float) -> int:
    return sum(heard.off_s(beat, shift_s) > FAR_S for beat in heard.first_beats if heard.runs_on(beat.t_s))


def _untrue(heard: Heard) -> int:
    prompts = [event for event in heard.events if isinstance(event, Prompt)]
    return sum(not _is_true(prompt, heard.cadence(prompt.available_s, 10.0)) for prompt in prompts)


def _is_true(prompt: Prompt, spm: float) -> bool:
    match prompt.say:
        case "below":
            return spm < BAND.low_spm * (1 + FALSE)
        case "above":
            return spm > BAND.high_spm * (1 - FALSE)
        case "on_target":
            return BAND.low_spm * (1 - FALSE) < spm < BAND.high_spm * (1 + FALSE)
        case _:
            return True


def row(scenario: Scenario, found: Sequence[Heard]) -> str:
    """Tell how a scenario went."""
    wrong = sum(wrong_cues(heard, scenario) for heard in found)
    return f"   {scenario.name} (asked: {scenario.asked}): {scenario.told(found)}; wrong cues {wrong}"


# --- how each is told ---------------------------------------------------------------------------------------------


def _light(found: Sequence[Heard]) -> str:
    silent, after = [], 0
    for heard in found:
        last_s = float(heard.steps_s[heard.steps_s < LIGHT_S + 1].max())
        known_s = heard.known_s("you stand still", LIGHT_S)
        silent.append(max((beat.t_s for beat in heard.between(0, LIGHT_S + 12)), default=0.0) - last_s)
        after += sum(known_s < beat.available_s < LIGHT_S + 15 for beat in heard.beats)
    return f"silent {max(silent):.1f} s after the last step at the latest; {after} beats committed once it was known"


def _held(found: Sequence[Heard]) -> str:
    gaps = [np.diff([b.t_s for b in heard.between(LOST_S[0] + 4, LOST_S[1])]) for heard in found]
    swing = max((float(np.ptp(gap) / gap.mean()) for gap in gaps if len(gap) > 1), default=0.0)
    counts = [len(heard.between(LOST_S[0] + 4, LOST_S[1])) for heard in found]
    return (
        f"{np.median(counts):.0f} beats in the last 6 s of it (median), their tempo even to {swing:.2%}; {_back(found)}"
    )


def _faded(found: Sequence[Heard]) -> str:
    heard_s = [max((b.t_s for b in h.between(LOST_S[0], LOST_S[1])), default=LOST_S[0]) - LOST_S[0] for h in found]
    return f"silent after {max(heard_s):.1f} s at the latest (3 s until it is known); {_back(found)}"


def _back(found: Sequence[Heard]) -> str:
    off_s = [np.median([h.off_s(b) for b in after[:6]]) for h in found if (after := h.between(LOST_S[1] + 5, 1e9))]
    return f"5 s after it, {1000 * np.median(off_s):.0f} ms from the feet (median), {1000 * max(off_s):.0f} ms (most)"


def _gone(found: Sequence[Heard]) -> str:
    unheard = sum(LOST_S[0] < b.available_s < LOST_S[1] for h in found for b in h.beats)
    first = [h.between(LOST_S[1], 1e9)[:1] for h in found]
    off_s = [h.off_s(b[0]) for h, b in zip(found, first, strict=True) if b]
    return f"{unheard} beats into nothing; back, the first beat is {1000 * max(off_s):.0f} ms from the feet at most"


def _pairs(heard: Heard, from_s: float, to_s: float) -> list[tuple[Beat, Beat]]:
    return [(a, b) for a, b in pairwise(heard.between(from_s, to_s)) if b.t_s - a.t_s < SILENCE_S]


def _walk(found: Sequence[Heard]) -> str:
    ahead = [60 / (b.t_s - a.t_s) / heard.cadence(a.t_s, 10.0) - 1 for heard in found for a, b in _pairs(heard, 54, 70)]
    return f"in the walk {len(ahead)} beats, {max(ahead, default=0.0):.1%} ahead of the walker at most"


def _sprint(found: Sequence[Heard]) -> str:
    wrong = sum(60 / (b.t_s - a.t_s) < BAND.high_spm for heard in found for a, b in _pairs(heard, 39, 46))
    return f"in the sprint {wrong} beats slower than the band"


def _slow(found: Sequence[Heard]) -> str:
    return f"{np.mean([h.cadence(118.0, 10.0) >= BAND.low_spm for h in found]):.0%} are in the band after 2 min"


def _predicted(found: Sequence[Heard]) -> str:
    late_s = [late_s for heard in found for late_s in _late_s(heard)]
    return (
        f"{len(late_s)} first beats within {1000 * np.std(late_s):.0f} ms RMS of the footfalls, "
        f"beside a constant of {1000 * np.mean(late_s):.0f} ms"
    )


def _late_s(heard: Heard) -> Floats:
    """Give by how much each first beat is late on the footfall nearest to it, as far as the transport can be known."""
    aimed_s = np.array([beat.t_s for beat in heard.first_beats if heard.runs_on(beat.t_s)]) - TRANSPORT_S
    late_s: Floats = aimed_s - heard.steps_s[np.abs(heard.steps_s[None, :] - aimed_s[:, None]).argmin(axis=1)]
    return late_s


def _pod(found: Sequence[Heard]) -> str:
    grid_s = np.arange(15.0, 303.0, 1.0)
    first_s = [next((t for t in grid_s if BAND.side(h.cadence(t, 10.0)) == "in"), np.inf) for h in found]
    return f"in the band within 5 min {np.mean(np.isfinite(first_s)):.0%}, median {np.median(first_s) - 3:.0f} s"


LIGHT_S = 32.0
LOST_S = (25.0, 35.0)
OPEN = OutputReport(at=HostTime(0.1), output="device", state="open", latency_s=0.2)
GONE = (
    OPEN,
    OutputReport(at=HostTime(LOST_S[0]), output="device", state="lost"),
    OutputReport(at=HostTime(LOST_S[1]), output="device", state="open", latency_s=0.4),
)
FAR = (OutputReport(at=HostTime(0.1), output="device", state="open", latency_s=0.6),)
TRANSPORT_S = 0.3
ANEW = tuple(
    control
    for at_s in range(15, 115, 6)
    for control in (
        Control(at=HostTime(at_s), action="mute"),
        Control(at=HostTime(at_s + 0.1), action="unmute"),
    )
)
LATE = (f"simulation.transport_s={TRANSPORT_S}", "simulation.bunch_s=0.9", "simulation.frame_s=0.3")
SPRINT = "stand 2, run 30 @ 162, ramp 3 -> 200, run 12 @ 200, ramp 3 -> 162, run 40 @ 162"
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="a stop at a light",
        asked="silent within 3 s, no beat once it is known",
        course="stand 2, run 30 @ 160, stand 15, run 40 @ 160",
        told=_light,
    ),
    Scenario(
        name="sensor lost for 10 s, hold",
        asked="goes on as it was, back in phase",
        course="stand 2, run 80 @ 160",
        told=_held,
        settings=("coaching.on_loss=hold",),
        lost_s=LOST_S,
    ),
    Scenario(
        name="sensor lost for 10 s, fade",
        asked="fades, back in phase",
        course="stand 2, run 80 @ 160",
        told=_faded,
        settings=("coaching.on_loss=fade",),
        lost_s=LOST_S,
    ),
    Scenario(
        name="a walk break",
        asked="nothing, or the walker's own tempo",
        course="stand 2, run 40 @ 162, walk 30 @ 112, run 50 @ 162",
        told=_walk,
    ),
    Scenario(name="a sprint", asked="none slower than the band", course=SPRINT, told=_sprint),
    Scenario(
        name="headphones gone and back",
        asked="no beat into nothing, back in phase",
        course="stand 2, run 60 @ 160",
        told=_gone,
        also=GONE,
    ),
    Scenario(
        name="frames 1.2 s late in bunches, output 0.6 s",
        asked="still leads",
        course="stand 2, run 120 @ 163",
        told=_slow,
        settings=LATE,
        also=FAR,
        transport_s=TRANSPORT_S,
    ),
    Scenario(
        name="the same, the beat unheard and set on the feet anew every 6 s",
        asked="25 ms RMS",
        course="stand 2, run 120 @ 163",
        told=_predicted,
        settings=(*LATE, "coaching.mode=match"),
        also=(*FAR, *ANEW),
        transport_s=TRANSPORT_S,
        heard=False,
    ),
    Scenario(
        name="a pod alone",
        asked="in the band within 5 min for 90 %",
        course="stand 3, run 310 @ 156.4",
        told=_pod,
        pod=True,
    ),
)
