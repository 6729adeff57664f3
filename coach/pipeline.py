"""The fold: inputs in, events out, and nothing else.

    p = Pipeline(config, decode)
    events = p.push(item)       # every input, in the order of host time
    events = p.advance(now)     # time passes without an input
    events = p.finish(now)      # the summary

Rules. No clock, loop, chance, disk or log in here. `advance` acts only at deadlines that earlier inputs have fixed
(the next beat to commit, a sensor that fell silent, a pod's value to be said again, the end of a step of the plan) and
stamps them, not `now`: no event depends on batch sizes or on when it was called. So a kept list of inputs gives the
same events, byte for byte.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import assert_never

from coach import __version__
from coach.coaching.coach import Coach
from coach.coaching.plan import PlanProgress
from coach.coaching.target import Band, Target
from coach.config import Config, SensorConfig
from coach.errors import PacketError
from coach.listening import Heard, Listener
from coach.model import (
    Assignment,
    Cadence,
    Control,
    ControlEvent,
    Event,
    Gap,
    Header,
    HostSlept,
    HostTime,
    Input,
    OutputEvent,
    OutputReport,
    Packet,
    PlanEvent,
    Samples,
    SensorEvent,
    SensorState,
    Speed,
    Step,
)
from coach.ports import Decode
from coach.selection import Selection
from coach.tally import Tally

SCHEMA = 1


def header(config: Config, source: dict[str, object]) -> Header:
    """Say which program runs with which settings on what; `source` must not depend on the length of the data."""
    return Header(schema=SCHEMA, version=__version__, config=config.model_dump(mode="json"), source=source)


class Pipeline:
    """Folds inputs into events.

    Parameters
    ----------
    config : the settings in force.
    decode : the pure decoder of packets.
    """

    def __init__(self, config: Config, decode: Decode) -> None:
        self._config = config
        self._decode = decode
        self._now = -math.inf
        self._listeners: dict[str, Listener] = {}
        self._selection = Selection()
        self._target = Target(config.target)
        self._band = self._target.band
        self._coach = Coach(config, self._band)
        self._plan: PlanProgress | None = None
        self._tally = Tally()

    # --- the three calls ------------------------------------------------------------------------------------------

    def push(self, item: Input) -> list[Event]:
        """Take an input.

        Raises
        ------
        ValueError
            When it is earlier than what was pushed or advanced to before.
        """
        return self._counted(self._push(item))

    def advance(self, now: HostTime) -> list[Event]:
        """Let time pass up to and including `now`."""
        return self._counted(self._run_to(now))

    def finish(self, now: HostTime) -> list[Event]:
        """Let time pass up to `now` and sum up."""
        events = self.advance(now)
        if self._plan is not None:
            events += self._counted(self._plan.stop(now))
        return [*events, self._tally.summary(now)]

    @property
    def deadline(self) -> HostTime | None:
        """When something falls due without any further input; None while nothing will."""
        soonest = self._soonest()[0]
        return HostTime(max(soonest, self._now)) if math.isfinite(soonest) else None

    def _counted(self, events: Iterator[Event]) -> list[Event]:
        counted = []
        for event in events:
            self._tally.add(event, self._band)
            counted.append(event)
        return counted

    # --- inputs ---------------------------------------------------------------------------------------------------

    def _push(self, item: Input) -> Iterator[Event]:
        match item:
            case Packet():
                yield from self._packet(item)
            case SensorState():
                yield from self._run_to(item.at)
                yield from self._tell(self._listener(item.sensor).state(item))
            case Control():
                yield from self._run_to(item.at)
                yield from self._control(item)
            case OutputReport():
                yield from self._run_to(item.at)
                yield from self._output(item)
            case HostSlept():
                yield from self._slept(item)
            case Assignment():
                yield from self._run_to(item.at)
                if item.baseline_spm is not None:
                    self._target.learn(item.baseline_spm)
                self._plan = PlanProgress(item, self._target, self._config.coaching.mode)
                yield from self._planned(self._plan.begin(item.at))
            case _:
                assert_never(item)

    def _packet(self, packet: Packet) -> Iterator[Event]:
        listener = self._listener(packet.sensor)
        try:
            reading = self._decode(packet)
        except PacketError as error:
            yield from self._run_to(packet.at)
            yield from self._bad_packet(packet, error)
            return
        # Rows have times of their own, before that of their packet.
        self._check_order(float(reading.at_s[0]) if isinstance(reading, Samples) else packet.at)
        if not isinstance(reading, Samples):
            yield from self._run_to(packet.at)
        yield from self._tell(listener.reading(reading))
        yield from self._run_to(packet.at)

    def _bad_packet(self, packet: Packet, error: PacketError) -> Iterator[Event]:
        self._tally.bad_packets[packet.sensor] += 1
        count = self._tally.bad_packets[packet.sensor]
        if math.log10(count).is_integer():  # the first, the tenth, the hundredth ...
            yield SensorEvent(
                t_s=packet.at,
                available_s=packet.at,
                sensor=packet.sensor,
                state="bad_packet",
                reason=f"{count} so far, the last: {error}",
            )

    def _control(self, control: Control) -> Iterator[Event]:
        yield ControlEvent(
            t_s=control.at,
            available_s=control.at,
            action=control.action,
            low_spm=control.low_spm,
            high_spm=control.high_spm,
        )
        match control.action:
            case "pause" | "resume":
                if self._plan is not None:
                    yield from self._planned(self._plan.pause(control.action == "pause", control.at))
                yield from self._coach.pause(control.action == "pause", control.at)
            case "mute" | "unmute":
                yield from self._coach.mute(control.action == "mute", control.at)
            case "target":
                assert control.low_spm is not None
                assert control.high_spm is not None
                self._band = Band(control.low_spm, control.high_spm)
                self._target.ask(self._band)
                yield from self._coach.set_band(self._band, control.at)
            case "stop":
                yield from self._coach.stop(control.at)
            case "lap":
                pass
            case _:
                assert_never(control.action)

    def _output(self, report: OutputReport) -> Iterator[Event]:
        yield OutputEvent(
            t_s=report.at,
            available_s=report.at,
            output=report.output,
            state=report.state,
            latency_s=report.latency_s,
            spread_s=report.spread_s,
            reason=report.reason,
        )
        yield from self._coach.output(report.latency_s, report.spread_s, audible=report.state != "lost", at_s=report.at)

    def _slept(self, slept: HostSlept) -> Iterator[Event]:
        yield from self._run_to(max(self._now, slept.at - slept.length_s))
        self._coach.sleep()
        yield from self._run_to(slept.at)
        yield from self._coach.wake(slept.at)
        for sensor in self._listeners:
            yield Gap(
                t_s=slept.at - slept.length_s,
                available_s=slept.at,
                length_s=slept.length_s,
                reason="the computer slept",
                sensor=sensor,
            )

    def _planned(self, said: Iterator[PlanEvent]) -> Iterator[Event]:
        """Pass on what the plan says, and let the coach do what it asks for."""
        for event in said:
            yield event
            at_s, mode = event.available_s, event.mode
            if event.state in ("waiting", "step", "done"):
                self._band = Band(event.target_low_spm, event.target_high_spm)
                what = "the plan is done" if event.state == "done" else event.name
                how = "run as you like" if event.free else f"target {self._band}"
                yield from self._coach.aim(self._band, mode, at_s, f"{what}: {how}")
            if event.state in ("step", "done") and (event.free or mode != "off"):
                self._coach.announce(None if event.free else self._band, at_s)

    @property
    def _aim(self) -> Band:
        """The band that the plan, or else the settings, ask for now."""
        return self._target.band if self._plan is None else self._plan.band

    def _speed(self, mps: float, at_s: float) -> Iterator[Event]:
        """Let the band follow the speed, unless the runner has asked for another one."""
        as_aimed = self._band == self._aim
        self._target.speed(mps, at_s)
        if as_aimed and self._band != self._aim:
            self._band = self._aim
            reason = f"target {self._band} at {self._target.mps:.1f} m/s"
            yield from self._coach.move_band(self._band, at_s, reason)

    # --- what is heard goes to the coach ------------------------------------------------------------------------

    def _listener(self, sensor: str) -> Listener:
        if sensor not in self._listeners:
            self._listeners[sensor] = Listener(sensor, self._settings_of(sensor))
        return self._listeners[sensor]

    def _settings_of(self, sensor: str) -> SensorConfig:
        settings = self._config.sensor
        also = settings.also.strip().upper()
        return settings.beside if also and sensor.upper().endswith(also) else settings

    def _tell(self, heard: Iterator[Heard]) -> Iterator[Event]:
        """Pass on what a listener heard, and what the coach makes of it, in the order of becoming known."""
        for item in heard:
            yield from self._run_to(item.at_s)
            match item.event:
                case None:
                    pass
                case Step() as step:
                    yield step
                    if self._selection.leads(step.sensor):
                        self._coach.contact(step.t_s + item.host_delay_s, step.foot, item.at_s)
                        if self._plan is not None:
                            self._plan.step(item.at_s)
                case Speed() as speed:
                    self._selection.hear(speed)
                    yield speed
                    if self._plan is not None:
                        self._plan.speed(speed.mps, item.at_s)
                    yield from self._speed(speed.mps, item.at_s)
                case Cadence() as cadence:
                    counts = self._selection.counts(cadence)
                    yield from self._selection.take_news()
                    if counts:
                        yield cadence
                        self._coach.set_phase_known(self._listeners[cadence.sensor].phase_known)
                        if self._plan is not None:
                            yield from self._planned(self._plan.cadence(cadence))
                        yield from self._coach.cadence(cadence)
                case event:
                    yield event

    # --- deadlines ------------------------------------------------------------------------------------------------

    def _soonest(self) -> tuple[float, Listener | PlanProgress | None]:
        """Find the next deadline, and whose it is: the coach's is None. Listeners go first, then the plan."""
        due_s = self._coach.deadline_s
        soonest: tuple[float, Listener | PlanProgress | None] = (math.inf if due_s is None else due_s, None)
        if self._plan is not None and self._plan.deadline_s <= soonest[0]:
            soonest = (self._plan.deadline_s, self._plan)
        for listener in self._listeners.values():
            if listener.deadline_s <= soonest[0]:
                soonest = (listener.deadline_s, listener)
        return soonest

    def _run_to(self, now: float) -> Iterator[Event]:
        self._check_order(now)
        while True:
            due_s, whose = self._soonest()
            if due_s > now or math.isinf(due_s):
                break
            due_s = self._now = max(due_s, self._now)
            match whose:
                case None:
                    yield from self._coach.due(due_s)
                case PlanProgress():
                    yield from self._planned(whose.due(due_s))
                case Listener():
                    yield from self._tell(whose.due())
        self._now = now

    def _check_order(self, at_s: float) -> None:
        if at_s < self._now:
            raise ValueError(f"inputs come in the order of host time: {at_s} s after {self._now} s")
