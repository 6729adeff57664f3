"""The messages that flow through the program: two closed unions, `Input` and `Event`.

An *input* is anything that can change what the coach says: bytes from a sensor, the state of a link, a key that
the runner pressed, the latency of the sound. Every input carries `at`, the host time at which it entered; the fold
(`coach.pipeline`) takes inputs in that order and nothing else, which is why a kept run replays byte for byte.

An *event* is anything that the fold says. `t_s` is the time that it is about, `available_s` the time at which it was
known; events leave in non-decreasing `available_s`.

Three clocks exist and never mix. `DeviceTime` is the sensor's own clock: it orders samples and gives intervals.
`HostTime` is seconds since the start of the run on this machine's monotonic clock (for a recording: its arrival
axis): it joins everything. The sound
device's clock, which decides when a click sounds, stays inside `audio`.

A new message is added to its union, and every `match` that ends in `assert_never` then says where it is missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NewType

import numpy as np
from numpy.typing import NDArray

HostTime = NewType("HostTime", float)
DeviceTime = NewType("DeviceTime", float)

FloatArray = NDArray[np.float64]

Foot = Literal["left", "right", "sensor", "other", "unknown"]
Placement = Literal[
    "unknown", "foot", "ankle", "shank", "thigh", "waist", "sacrum", "chest", "upper_arm", "wrist", "hand"
]
Side = Literal["unknown", "left", "right"]
CadenceStatus = Literal["acquiring", "locked", "idle", "lost"]
CadenceSource = Literal["steps", "rsc"]
LinkState = Literal["searching", "connected", "reconnecting", "lost", "ended"]
LinkNews = Literal["overrun", "messages_lost", "turned_away", "faulty"]
"""What is told of a link without its state being another."""

OutputState = Literal["open", "lost", "closed"]
ControlAction = Literal["pause", "resume", "mute", "unmute", "lap", "target", "stop"]
DecisionMode = Literal["silent", "match", "lead", "hold", "steady", "cue", "fade", "paused", "off"]
DecisionPhase = Literal["locked", "free"]
CoachingMode = Literal["nudge", "match", "steady", "alert", "off"]
PlanUnit = Literal["s", "m", "steps"]
PlanState = Literal["waiting", "step", "left", "stand", "go", "done", "stopped"]
PromptName = Literal["below", "above", "on_target", "fine", "sensor_lost", "sensor_back", "target", "easy", "let_go"]


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


# --- inputs -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """Bytes as a sensor sent them; `codec` names the pure decoder that understands `payload`."""

    at: HostTime
    sensor: str
    codec: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorState:
    """The state of the link to a sensor, or news of it, and what is known of the device once it is connected.

    Parameters
    ----------
    rate_hz : samples a second that the stream was started with; None where the device does not say.
    placement : where on the body the device is worn, if its kind or the runner tells.
    name : what the device calls itself, stripped of control characters. model : maker, model and firmware, likewise.
    rssi_dbm : strength of its signal when it was found. faster : what to do where it sends too few samples a second.
    """

    at: HostTime
    sensor: str
    state: LinkState | LinkNews
    reason: str = ""
    battery_pct: int | None = None
    rate_hz: float | None = None
    placement: Placement | None = None
    name: str = ""
    model: str = ""
    rssi_dbm: int | None = None
    faster: str = ""

    def __post_init__(self) -> None:
        _require(self.battery_pct is None or 0 <= self.battery_pct <= 100, f"battery {self.battery_pct} % is not 0-100")
        _require(self.rate_hz is None or self.rate_hz > 0, f"a rate of {self.rate_hz} Hz is impossible")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something the runner asked for: a key, a click on the page, the end of the planned time."""

    at: HostTime
    action: ControlAction
    low_spm: float | None = None
    high_spm: float | None = None

    def __post_init__(self) -> None:
        if self.action == "target":
            low, high = self.low_spm, self.high_spm
            _require(low is not None and high is not None and 0 < low < high, f"target {low}-{high} spm is not a band")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputReport:
    """What the sound output says of itself: which one plays, and how long a click takes to the ear.

    Parameters
    ----------
    latency_s : from handing a cue over to hearing it, headphones included; a change is heard no sooner.
    spread_s : how far a click may be from its time; 0 where the output counts samples.
    rate_hz, start_s : its clock: frame n is heard at `start_s` + n / `rate_hz` of host time. None without one.
    """

    at: HostTime
    output: str
    state: OutputState
    latency_s: float = 0.0
    spread_s: float = 0.0
    rate_hz: int | None = None
    start_s: float | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        _require(0 <= self.latency_s < 5, f"an output latency of {self.latency_s} s is impossible")
        _require(0 <= self.spread_s < 1, f"an output spread of {self.spread_s} s is impossible")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSlept:
    """The machine slept (lid closed) for `length_s`, up to `at`."""

    at: HostTime
    length_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """A step of a plan: how long, towards which cadence, and how.

    Parameters
    ----------
    length, unit : seconds of running, metres, or steps of both feet.
    mode : how to coach; None as the settings say.
    low_spm, high_spm : the band. pct : instead of it, by how much above the runner's baseline. Without either, the band
        of the settings.
    else_s : seconds instead of metres, where no sensor tells a speed.
    most_s : the limit of a step by metres or steps: it takes no longer.
    """

    name: str
    length: float
    unit: PlanUnit
    mode: CoachingMode | None = None
    low_spm: float | None = None
    high_spm: float | None = None
    pct: float | None = None
    else_s: float | None = None
    most_s: float | None = None

    def __post_init__(self) -> None:
        _require(0 < self.length < math.inf, f"a step of {self.length} {self.unit} is impossible")
        _require((self.low_spm is None) == (self.high_spm is None), "a band has two edges")
        _require(self.low_spm is None or self.pct is None, "a step has a band or a percentage, not both")
        _require(self.else_s is None or self.unit == "m", "only metres can be something else")
        _require(self.most_s is None or (self.unit != "s" and self.most_s > 0), "only metres and steps have a limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to be; `session` says which one, where the plan is a schedule of several runs."""

    name: str
    steps: tuple[PlanStep, ...]
    session: int | None = None

    def __post_init__(self) -> None:
        _require(len(self.steps) > 0, "a plan has steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The plan of this run, and the runner's own cadence, which percentages are of."""

    at: HostTime
    plan: Plan
    baseline_spm: float | None = None

    def __post_init__(self) -> None:
        known = self.baseline_spm is not None or all(step.pct is None for step in self.plan.steps)
        _require(known, "a plan with percentages needs a baseline")
        _require(self.baseline_spm is None or self.baseline_spm > 0, f"a baseline of {self.baseline_spm} is impossible")


Input = Packet | SensorState | Control | OutputReport | HostSlept | Assignment


# --- readings: what a decoder makes of a packet -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Acceleration with a device stamp for every sample.

    Parameters
    ----------
    at_s : shape (n,), host time at which each sample arrived, non-decreasing.
    device_s : shape (n,), the sensor's stamp of each sample, seconds.
    acc_g : shape (n, 3), g, gravity in or out.
    """

    at_s: FloatArray
    device_s: FloatArray
    acc_g: FloatArray

    def __post_init__(self) -> None:
        n = len(self.device_s)
        _require(self.at_s.shape == (n,) and self.acc_g.shape == (n, 3), "stamps and samples differ in number")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Acceleration with a stamp of the sensor's own clock, which starts anywhere, for every sample.

    Parameters
    ----------
    device_s : shape (n,), n > 0, seconds. acc_g : shape (n, 3), g.
    """

    at: HostTime
    device_s: FloatArray
    acc_g: FloatArray

    def __post_init__(self) -> None:
        n = len(self.device_s)
        _require(n > 0 and self.acc_g.shape == (n, 3), "stamps and samples differ in number, or there are none")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Acceleration in a frame with one stamp of the sensor's own clock, or with none.

    Parameters
    ----------
    acc_g : shape (n, 3), n > 0, g.
    last_s : the stamp of the last sample (Polar's rule), seconds. first_s : that of the first one (Movesense).
    """

    at: HostTime
    acc_g: FloatArray
    last_s: DeviceTime | None = None
    first_s: DeviceTime | None = None

    def __post_init__(self) -> None:
        _require(len(self.acc_g) > 0 and self.acc_g.shape[1:] == (3,), "a frame without samples of three axes")
        _require(self.last_s is None or self.first_s is None, "a frame stamps its first sample, or its last")

    @property
    def stamped(self) -> bool:
        """Whether the sensor stamped it; if not, its samples can only be counted."""
        return self.last_s is not None or self.first_s is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodReading:
    """One packet of a Running Speed and Cadence pod.

    Parameters
    ----------
    raw_per_min : the cadence byte as sent; strides or steps a minute, which only the device's history tells.
    running : the walk/run status bit.
    """

    at: HostTime
    speed_mps: float
    raw_per_min: int
    stride_length_m: float | None = None
    distance_m: float | None = None
    running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartRateReading:
    """One heart-rate packet; `rr_s` are the intervals between beats of the heart."""

    at: HostTime
    bpm: int
    rr_s: tuple[float, ...] = ()
    contact: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReading:
    """Charge of the sensor's battery."""

    at: HostTime
    pct: int


Reading = Samples | Series | Frame | PodReading | HeartRateReading | BatteryReading


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line: which program, with which config, on what source. Holds no length, hash or duration."""

    type: ClassVar[str] = "header"
    schema: int
    version: str
    config: dict[str, object]
    source: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One foot contact, committed once and never revised."""

    type: ClassVar[str] = "step"
    t_s: float
    available_s: float
    foot: Foot
    inferred: bool
    sensor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """Steps a minute of both feet; a number only when locked."""

    type: ClassVar[str] = "cadence"
    t_s: float
    available_s: float
    spm: float | None
    status: CadenceStatus
    source: CadenceSource
    sensor: str
    stale: bool = False

    def __post_init__(self) -> None:
        _require((self.spm is not None) == (self.status == "locked"), "cadence is a number when locked, and only then")
        if self.spm is not None and not 0 < self.spm < math.inf:
            raise ValueError(f"cadence {self.spm} is impossible")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gait:
    """How regular the last strides were, and how alike the two feet.

    Parameters
    ----------
    strides : how many. stride_cv_pct : coefficient of variation of the times from a contact to the same foot's next.
    step_cv_pct : of the times from a contact to the other foot's, each about the mean of its own foot.
    asymmetry_pct : by how much of the mean the slower step outlasts the quicker one. Both None where the sensor feels
        one foot only. Which foot is which no placement tells: a foot's own sensor does not feel the other.
    """

    type: ClassVar[str] = "gait"
    t_s: float
    available_s: float
    strides: int
    stride_cv_pct: float
    step_cv_pct: float | None
    asymmetry_pct: float | None
    sensor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A hole in the data that nothing may be inferred across."""

    type: ClassVar[str] = "gap"
    t_s: float
    available_s: float
    length_s: float
    reason: str
    sensor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the coach does from now on, and why, in words for the runner."""

    type: ClassVar[str] = "decision"
    t_s: float
    available_s: float
    mode: DecisionMode
    phase: DecisionPhase
    tempo_spm: float | None
    target_low_spm: float
    target_high_spm: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A click to be heard at `t_s` (host time), committed ahead of it and never revised.

    `gain` is 0 to 1: coaching fades in and out instead of starting and stopping.
    """

    type: ClassVar[str] = "beat"
    t_s: float
    available_s: float
    index: int
    foot: Foot
    gain: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Something to be said to the runner at `t_s` (host time), committed ahead of it and never revised.

    `say` is what is meant; which words that becomes, and in which language, is for whoever speaks it. `spm` is the
    number in it, if there is one.
    """

    type: ClassVar[str] = "prompt"
    t_s: float
    available_s: float
    say: PromptName
    spm: int | None = None


Cue = Beat | Prompt
"""What a runner hears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorEvent:
    """News of a sensor's link, battery, data quality or unit of cadence."""

    type: ClassVar[str] = "sensor"
    t_s: float
    available_s: float
    sensor: str
    state: str
    reason: str = ""
    battery_pct: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartRate:
    """Heart beats a minute, as the sensor says."""

    type: ClassVar[str] = "heart_rate"
    t_s: float
    available_s: float
    bpm: int
    sensor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Running speed, as the pod says."""

    type: ClassVar[str] = "speed"
    t_s: float
    available_s: float
    mps: float
    sensor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputEvent:
    """News of the sound output."""

    type: ClassVar[str] = "output"
    t_s: float
    available_s: float
    output: str
    state: OutputState
    latency_s: float
    spread_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlEvent:
    """A control that took effect."""

    type: ClassVar[str] = "control"
    t_s: float
    available_s: float
    action: ControlAction
    low_spm: float | None = None
    high_spm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent:
    """Where the run stands in its plan.

    Parameters
    ----------
    state : `waiting` for the first steps; a `step` began; of a step so much is `left`; the plan stands still (`stand`)
        and goes on (`go`); it is `done`; or the run `stopped` before that.
    step, of : the number of the step, from 1, and how many there are; `name` is the step's.
    left, unit : what is left of the step. until_s : host time at which it ends if the runner goes on; None where that
        is not known.
    mode : how the coach coaches in it. free : whether the runner is to run at any cadence; in a step that is not free,
        `mode` off means that he or she keeps the target without help.
    done_pct : what is done of the whole plan.
    """

    type: ClassVar[str] = "plan"
    t_s: float
    available_s: float
    plan: str
    session: int | None
    state: PlanState
    step: int
    of: int
    name: str
    left: float
    unit: PlanUnit
    until_s: float | None
    mode: CoachingMode
    free: bool
    target_low_spm: float
    target_high_spm: float
    done_pct: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The last line: the run in figures. Times are in seconds, cadence in steps a minute of both feet."""

    type: ClassVar[str] = "summary"
    t_s: float
    available_s: float
    duration_s: float
    steps: int
    beats: int
    running_s: float
    in_band_s: float
    sounding_s: float
    mean_spm: float | None
    gaps: int
    bad_packets: int


Event = (
    Header
    | Step
    | Cadence
    | Gait
    | Gap
    | Decision
    | Beat
    | Prompt
    | SensorEvent
    | HeartRate
    | Speed
    | OutputEvent
    | ControlEvent
    | PlanEvent
    | Summary
)
