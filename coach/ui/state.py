"""What the views show, folded from the events of a run.

A view is a window on the fold, not a second opinion: it holds the last event of each kind, and its figures come from
the tally that writes the summary. The device's name is the one thing that only an input says (`SensorState.name`);
`note` takes it from there.

Bounded in memory whatever the length of the run: a minute of cadence, the last lines of news, a line per sensor. Texts
are kept as they came, from devices and systems; who shows them passes them through `words.printable`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import assert_never, get_args

from coach.coaching.target import Band
from coach.model import (
    Beat,
    Cadence,
    CadenceStatus,
    ControlEvent,
    Decision,
    DecisionMode,
    Event,
    Gait,
    Gap,
    Header,
    HeartRate,
    Input,
    LinkState,
    OutputEvent,
    PlanEvent,
    Prompt,
    SensorEvent,
    SensorState,
    Speed,
    Step,
    Summary,
)
from coach.tally import Tally

HISTORY_S = 60.0
HISTORY_LENGTH = 1200  # a minute of 20 readings a second, more than any pipeline says
NEWS_LENGTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A line for the runner; `number` counts the news of the run from 1, so that a view knows what it has shown."""

    number: int
    at_s: float
    text: str


@dataclass(slots=True, kw_only=True)
class SensorLine:
    """What is known of one sensor; `state` is that of its link, "" before any is known."""

    name: str = ""
    state: str = ""
    reason: str = ""
    battery_pct: int | None = None


@dataclass(slots=True, kw_only=True)
class RunState:
    """The run as it stands.

    Parameters
    ----------
    band : the target, until a decision brings another. judged : whether to say where the cadence lies to it; who is
        being measured runs as he or she likes.
    elapsed_s : when the last event was known, seconds since the start.
    cadence, decision, heart_rate, speed, output, plan : the last event of each kind.
    sensors : by id, in the order in which they were first heard of.
    history : (available_s, spm or None) of the cadence of the last minute, oldest first.
    ended : whether the summary has come.
    """

    band: Band
    judged: bool = True
    elapsed_s: float = 0.0
    cadence: Cadence | None = None
    decision: Decision | None = None
    heart_rate: HeartRate | None = None
    speed: Speed | None = None
    output: OutputEvent | None = None
    plan: PlanEvent | None = None
    sensors: dict[str, SensorLine] = field(default_factory=dict)
    paused: bool = False
    muted: bool = False
    laps: int = 0
    history: deque[tuple[float, float | None]] = field(default_factory=lambda: deque(maxlen=HISTORY_LENGTH))
    news: deque[News] = field(default_factory=lambda: deque(maxlen=NEWS_LENGTH))
    ended: bool = False
    _tally: Tally = field(default_factory=Tally)

    @property
    def spm(self) -> float | None:
        """Cadence now, steps a minute of both feet; None while there is no reading."""
        return self.cadence.spm if self.cadence is not None else None

    @property
    def status(self) -> CadenceStatus | None:
        """Status of the cadence; None before the first word of it."""
        return self.cadence.status if self.cadence is not None else None

    @property
    def mode(self) -> DecisionMode | None:
        """What the coach does; None before its first decision."""
        return self.decision.mode if self.decision is not None else None

    @property
    def tempo_spm(self) -> float | None:
        """Tempo of the beat; None while there is none."""
        return self.decision.tempo_spm if self.decision is not None else None

    @property
    def reason(self) -> str:
        """Why the coach does what it does."""
        return self.decision.reason if self.decision is not None else ""

    @property
    def so_far(self) -> Summary:
        """The figures of the run up to the last event, reckoned as in its summary."""
        return self._tally.summary(self.elapsed_s)

    @property
    def leading(self) -> str | None:
        """Id of the sensor that the cadence comes from; before the first cadence, of the first sensor heard of."""
        if self.cadence is not None:
            return self.cadence.sensor
        return next(iter(self.sensors), None)

    def note(self, item: Input) -> None:
        """Take the device's name from an input; all the rest comes in events."""
        if isinstance(item, SensorState) and item.name:
            self._line(item.sensor).name = item.name

    def apply(self, event: Event) -> None:
        """Fold one event in."""
        match event:
            case Header():
                return
            case Step() | Beat() | Prompt() | Gait():
                pass  # the tally counts the first two; the third is for the report
            case Cadence():
                self._apply_cadence(event)
            case Decision():
                self.decision = event
                self.band = Band(event.target_low_spm, event.target_high_spm)
            case SensorEvent():
                self._apply_sensor(event)
            case OutputEvent():
                self._apply_output(event)
            case ControlEvent():
                self._apply_control(event)
            case PlanEvent():
                self._apply_plan(event)
            case HeartRate() | Speed():
                self._apply_figure(event)
            case Gap():
                self._tell(event.available_s, f"no data for {event.length_s:.1f} s", event.reason)
            case Summary():
                self.ended = True
            case _:
                assert_never(event)
        self._tally.add(event, self.band)
        self.elapsed_s = max(self.elapsed_s, event.available_s)

    def tell(self, text: str) -> None:
        """Add news that no event brings: trouble with the store, say."""
        self._tell(self.elapsed_s, text)

    def _apply_cadence(self, event: Cadence) -> None:
        self.cadence = event
        self.history.append((event.available_s, event.spm))
        while self.history[0][0] < event.available_s - HISTORY_S:
            self.history.popleft()

    def _apply_sensor(self, event: SensorEvent) -> None:
        line = self._line(event.sensor)
        if event.battery_pct is not None:
            line.battery_pct = event.battery_pct
        if (event.state, event.reason) == (line.state, line.reason):
            return
        if event.state in get_args(LinkState):
            line.state, line.reason = event.state, event.reason
        name = line.name or event.sensor
        self._tell(event.available_s, f"{name}: {event.state.replace('_', ' ')}", event.reason)

    def _apply_figure(self, event: HeartRate | Speed) -> None:
        if isinstance(event, HeartRate):
            self.heart_rate = event
        else:
            self.speed = event

    def _apply_output(self, event: OutputEvent) -> None:
        before, self.output = self.output, event
        if before is None or (before.output, before.state) != (event.output, event.state):
            self._tell(event.available_s, f"sound by {event.output}: {event.state}", event.reason)

    def _apply_control(self, event: ControlEvent) -> None:
        match event.action:
            case "pause" | "resume":
                self.paused = event.action == "pause"
                text = "paused" if self.paused else "going on"
            case "mute" | "unmute":
                self.muted = event.action == "mute"
                text = "sound off" if self.muted else "sound on"
            case "lap":
                self.laps += 1
                text = f"lap {self.laps}"
            case "target":
                text = f"new band: {event.low_spm:g}-{event.high_spm:g} spm"
            case "stop":
                text = "stopping"
            case _:
                assert_never(event.action)
        self._tell(event.available_s, text)

    def _apply_plan(self, event: PlanEvent) -> None:
        self.plan = event
        match event.state:
            case "waiting":
                session = "" if event.session is None else f", session {event.session}"
                self._tell(event.available_s, f"plan {event.plan}{session}", event.reason)
            case "step":
                band = f"{event.target_low_spm:g}-{event.target_high_spm:g} spm"
                how = (
                    "run as you like"
                    if event.free
                    else f"{'on your own' if event.mode == 'off' else event.mode} {band}"
                )
                text = f"plan: {event.name}, {event.step} of {event.of}: {how}"
                self._tell(event.available_s, text, event.reason)
            case "done":
                self._tell(event.available_s, "plan: done, run as you like", event.reason)
            case _:
                pass

    def _line(self, sensor: str) -> SensorLine:
        return self.sensors.setdefault(sensor, SensorLine())

    def _tell(self, at_s: float, text: str, reason: str = "") -> None:
        number = self.news[-1].number + 1 if self.news else 1
        self.news.append(News(number=number, at_s=at_s, text=f"{text}, {reason}" if reason else text))
