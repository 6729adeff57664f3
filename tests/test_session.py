"""The live shell, with time in our hands: what enters is what is kept, and every end is a good one.

A run is given a loop whose time goes on only while there is nothing to do, and a clock that hangs on it: minutes take
a moment and go the same way each time. Work for threads is done on the spot. The fakes are a sensor and a sound
output, the lowest boundary that the session knows.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import random
import selectors
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, TypeVar

import pytest

from coach.clock import HostClock
from coach.config import Config, flag_layer, merge, read_layer, shipped_path
from coach.errors import AudioError, SensorError, UsageError
from coach.formats.events import line
from coach.model import (
    Assignment,
    Beat,
    Cadence,
    Control,
    ControlAction,
    ControlEvent,
    Cue,
    Event,
    Gap,
    HostSlept,
    HostTime,
    Input,
    OutputReport,
    Packet,
    Plan,
    PlanEvent,
    PlanStep,
    SensorEvent,
    SensorState,
    Summary,
)
from coach.offline import Loop
from coach.pipeline import Pipeline
from coach.ports import Emit, Report
from coach.session import INBOX_PACKETS, LOOK_S, STOP_S, TURN_S, Session
from coach.store import framing
from sensors.codecs import decode
from sensors.paced import Paced
from sensors.simulated import SimulatedRunner

T = TypeVar("T")
TICK_S = 1e-6
ENDLESS_S = 300.0
POD_PAYLOAD = bytes.fromhex("00 00 03 55")  # 3 m/s, 85 strides a minute


# --- time ---------------------------------------------------------------------------------------------------------


class _Leaps(selectors.DefaultSelector):
    """Where a real selector waits, this one lets the loop's time go on."""

    def __init__(self, leap: Callable[[float], None]) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing will ever happen any more: the run hangs"
            self._leap(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_Leaps(self.leap))

    def time(self) -> float:
        return self.now_s

    def leap(self, by_s: float) -> None:
        self.now_s += by_s + TICK_S
        assert self.now_s < ENDLESS_S, "the run does not end"

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class LoopClock:
    """Host time that hangs on the loop's; no two readings are alike, as on a real machine."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self._loop = loop
        self._slept_s = 0.0

    def now(self) -> HostTime:
        self._loop.now_s += TICK_S
        return HostTime(self._loop.now_s + self._slept_s)

    def stall(self, for_s: float) -> None:
        """The process is held up: nothing runs meanwhile, and all clocks go on."""
        self._loop.now_s += for_s

    def sleep(self, for_s: float) -> None:
        """The lid is closed: the loop's clock stands still, as `time.monotonic` does."""
        self._slept_s += for_s


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


# --- the fakes ----------------------------------------------------------------------------------------------------


class FakeSensor:
    """Does what its script says, each time it is run."""

    def __init__(self, script: Callable[[Emit], Awaitable[None]], sensor: str = "pod") -> None:
        self.id = sensor
        self.runs = 0
        self.stopped = 0
        self._script = script

    async def run(self, emit: Emit) -> None:
        self.runs += 1
        try:
            await self._script(emit)
        except asyncio.CancelledError:
            self.stopped += 1
            raise


class SoundCard:
    """What the output of a run plays on."""

    def __init__(self, clock: LoopClock) -> None:
        self.clock = clock
        self.calls: list[str] = []
        self.beats: list[Beat] = []
        self.report: Report = lambda report: None
        self.looked_at_s: list[float] = []
        self.refuses = False
        self.on_open: Callable[[], None] = lambda: None
        self.breaks_on_look = False
        self.breaks_on_close = False


class FakeOutput:
    """An output, opened once, as the real ones."""

    name, streams = "fake", True

    def __init__(self, card: SoundCard) -> None:
        self._card = card
        self._is_open = False

    def open(self, report: Report) -> None:
        self._card.calls.append("open")
        self._card.on_open()
        if self._card.refuses:
            raise AudioError("there is no sound device")
        self._card.report = report
        self._is_open = True
        report(OutputReport(at=self._card.clock.now(), output=self.name, state="open", latency_s=0.1))

    def play(self, beat: Beat) -> None:
        if self._is_open:
            self._card.beats.append(beat)

    def look(self) -> None:
        self._card.looked_at_s.append(self._card.clock.now())
        if self._card.breaks_on_look:
            raise RuntimeError("the sound card is on fire")

    def close(self) -> None:
        self._card.calls.append("close")
        self._is_open = False
        if self._card.breaks_on_close:
            raise RuntimeError("the sound server is gone")


class Recorder:
    """A sink that remembers everything."""

    def __init__(self) -> None:
        self.taken: list[tuple[Input | None, tuple[Event, ...]]] = []
        self.closed = 0

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        self.taken.append((item, tuple(events)))

    def close(self) -> None:
        self.closed += 1

    @property
    def inputs(self) -> list[Input]:
        return [item for item, _ in self.taken if item is not None]

    @property
    def events(self) -> list[Event]:
        return [event for _, events in self.taken for event in events]

    @property
    def lines(self) -> list[str]:
        return [line(event) for event in self.events]

    def inputs_of(self, kind: type[T]) -> list[T]:
        return [item for item in self.inputs if isinstance(item, kind)]

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]


class Breaking(Recorder):
    """A sink that fails from the `after`th take on, and when it is closed if it is told to."""

    def __init__(self, after: int = 10**9, *, on_close: bool = False) -> None:
        super().__init__()
        self._after = after
        self._on_close = on_close

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        super().take(item, events)
        if len(self.taken) > self._after:
            raise RuntimeError("the view is broken")

    def close(self) -> None:
        super().close()
        if self._on_close:
            raise RuntimeError("the view does not close")


def settings(*flags: str) -> Config:
    shipped = read_layer(shipped_path())
    return merge([shipped, flag_layer(flags, shipped.tree)]).config


class Stage:
    """Everything around a session."""

    def __init__(self, *flags: str) -> None:
        self.config = settings(*flags)
        self.clock = LoopClock()
        self.sound = SoundCard(self.clock)
        self.recorder = Recorder()
        self.problems: list[str] = []
        self.loop = asyncio.get_running_loop()

    def session(
        self,
        *sensors: Any,
        companions: Sequence[Any] = (),
        sinks: Sequence[Any] = (),
        listeners: Sequence[Any] = (),
        assignment: Assignment | None = None,
    ) -> Session:
        return Session(
            Pipeline(self.config, decode),
            self.clock,
            sensors=sensors,
            companions=companions,
            output=FakeOutput(self.sound),
            sinks=[*sinks, self.recorder],
            listeners=listeners,
            assignment=assignment,
            on_problem=self.problems.append,
        )

    def packet(self, sensor: str = "pod", payload: bytes = POD_PAYLOAD) -> Packet:
        return Packet(at=self.clock.now(), sensor=sensor, codec="rsc", payload=payload)

    def connected(self, sensor: str = "pod") -> SensorState:
        return SensorState(at=self.clock.now(), sensor=sensor, state="connected")

    def pod(self, every_s: float = 0.5, packets: int | None = None, sensor: str = "pod") -> FakeSensor:
        """A pod that sends so many packets, or goes on for ever."""

        async def send(emit: Emit) -> None:
            emit(self.connected(sensor))
            sent = 0
            while packets is None or sent < packets:
                emit(self.packet(sensor))
                sent += 1
                await asyncio.sleep(every_s)

        return FakeSensor(send, sensor)

    def runner(self) -> Paced:
        return Paced(SimulatedRunner(self.config.simulation), self.clock)


class Kept:
    """A list of inputs as a source, as a kept run is."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self._inputs = list(inputs)

    def next_at(self) -> HostTime | None:
        return self._inputs[0].at if self._inputs else None

    def take(self) -> Input:
        return self._inputs.pop(0)


def replayed(config: Config, inputs: Sequence[Input]) -> list[str]:
    """Give the lines of a replay, of what the bytes of the store make of the inputs."""
    kept = framing.unpack_inputs(framing.pack_records(map(framing.frame, inputs)))
    recorder = Recorder()
    Loop(Pipeline(config, decode), sinks=[recorder]).follow(Kept(list(kept)))
    return recorder.lines


def label(item: Input) -> str:
    match item:
        case Packet():
            return "packet"
        case Control():
            return item.action
        case SensorState() | OutputReport():
            return item.state
        case HostSlept():
            return "slept"
        case Assignment():
            return "plan"


# --- order --------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_inputs_of_all_kinds_are_taken_in_the_order_in_which_they_entered() -> None:
    stage = Stage()
    session = stage.session(stage.pod(every_s=0.5, packets=4))
    lost = OutputReport(at=HostTime(0.0), output="fake", state="lost", latency_s=0.1)
    stage.loop.call_later(0.7, session.act, "pause")
    stage.loop.call_later(0.701, session.act, "lap")  # timers of one time fire in any order
    stage.loop.call_later(1.2, session.act, "resume")
    stage.loop.call_later(1.4, lambda: stage.sound.report(lost))
    await session.run()
    entered = "open connected packet packet pause lap packet resume lost packet stop ended"
    assert [label(item) for item in stage.recorder.inputs] == entered.split()
    ats = [item.at for item in stage.recorder.inputs]
    assert ats == sorted(ats)


@in_virtual_time
async def test_a_report_of_the_sound_counts_from_when_it_enters_whatever_its_thread_stamped() -> None:
    stage = Stage()

    async def send(emit: Emit) -> None:
        emit(stage.packet())
        await asyncio.sleep(1)
        stale = OutputReport(at=HostTime(0.0), output="fake", state="lost", latency_s=0.1)
        thread = threading.Thread(target=stage.sound.report, args=(stale,))
        thread.start()
        thread.join()
        await asyncio.sleep(1)

    await stage.session(FakeSensor(send)).run()
    lost = next(report for report in stage.recorder.inputs_of(OutputReport) if report.state == "lost")
    assert lost.at == pytest.approx(1.0, abs=0.01)


@in_virtual_time
async def test_no_deadline_overtakes_an_input_that_came_before_it() -> None:
    """The loop is held up while two packets come in: the pod's repeats in between are said before the second."""
    stage = Stage()

    async def send(emit: Emit) -> None:
        emit(stage.packet())
        stage.clock.stall(0.9)
        emit(stage.packet())
        stage.clock.stall(0.9)
        await asyncio.sleep(0.1)

    await stage.session(FakeSensor(send)).run()
    first, second = stage.recorder.inputs_of(Packet)
    said = [event.available_s for event in stage.recorder.of(Cadence)]
    before = [first.at + wait for wait in (0, 0.25, 0.5, 0.75)]
    after = [second.at + wait for wait in (0, 0.25, 0.5, 0.75)]
    assert said[:8] == pytest.approx([*before, *after])


@in_virtual_time
async def test_events_leave_in_non_decreasing_available_s() -> None:
    stage = Stage()
    session = stage.session(stage.runner(), stage.pod(every_s=0.37))
    stage.loop.call_later(10.05, stage.clock.stall, 1.9)
    await session.run(30)
    known = [event.available_s for event in stage.recorder.events]  # type: ignore[union-attr]
    assert known == sorted(known)


# --- the same again -----------------------------------------------------------------------------------------------


def press_keys(stage: Stage, session: Session) -> None:
    keys: list[tuple[float, ControlAction]] = [
        (20.03, "pause"),
        (24.7, "resume"),
        (36.111, "mute"),
        (36.112, "lap"),
        (40.5, "unmute"),
        (57.77, "pause"),
    ]
    for at_s, action in keys:
        stage.loop.call_later(at_s, session.act, action)


def changes_target(stage: Stage, at_s: float) -> FakeSensor:
    """The target, set from the page: an input like all others."""

    async def change(emit: Any) -> None:
        await asyncio.sleep(at_s)
        emit(Control(at=stage.clock.now(), action="target", low_spm=172.5, high_spm=181.25))

    return FakeSensor(change, "page")


@pytest.mark.parametrize("seed", [1, 2, 3])
@in_virtual_time
async def test_a_replay_of_what_was_taken_says_the_same_byte_for_byte(seed: int) -> None:
    stage = Stage(f"simulation.seed={seed}", "simulation.loss_pct=3")
    runner = stage.runner()
    session = stage.session(runner, changes_target(stage, 30.3), listeners=[runner])
    press_keys(stage, session)
    chance = random.Random(seed)
    for _ in range(30):  # whatever else this machine does
        stage.loop.call_later(chance.uniform(0, 60), stage.clock.stall, chance.expovariate(5))
    slow = OutputReport(at=HostTime(0.0), output="fake", state="open", latency_s=0.31)
    stage.loop.call_later(28.4, lambda: stage.sound.report(slow))
    await session.run(60 + seed / 7)
    assert stage.recorder.of(Beat)
    assert [event.action for event in stage.recorder.of(ControlEvent)].count("target") == 1
    assert isinstance(stage.recorder.events[-1], Summary)
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


@in_virtual_time
async def test_a_plan_enters_once_all_is_ready_and_replays_with_the_run() -> None:
    stage = Stage("simulation.stand_s=1")
    off = PlanStep(name="warm-up", length=7.3, unit="s", mode="off")
    on = PlanStep(name="quick", length=40.0, unit="steps", mode="steady", pct=2.0)
    plan = Assignment(at=HostTime(0.0), plan=Plan(name="mine", steps=(off, on)), baseline_spm=166.0)
    runner = stage.runner()
    session = stage.session(runner, listeners=[runner], assignment=plan)
    stage.loop.call_later(8.0, session.act, "pause")
    stage.loop.call_later(11.0, session.act, "resume")
    await session.run(45)
    assert [label(item) for item in stage.recorder.inputs[:3]] == ["open", "plan", "connected"]
    states = [event.state for event in stage.recorder.of(PlanEvent) if event.state != "left"]
    assert states == ["waiting", "step", "stand", "go", "step", "done"]
    assert stage.recorder.of(Beat)
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


@in_virtual_time
async def test_every_listener_hears_every_beat_once_in_order_and_ahead_of_its_time() -> None:
    stage = Stage()
    runner = stage.runner()
    heard: list[tuple[Beat, float]] = []

    class Ear:
        def play(self, cue: Cue) -> None:
            if isinstance(cue, Beat):
                heard.append((cue, stage.clock.now()))

    await stage.session(runner, listeners=[runner, Ear()]).run(40)
    beats = stage.recorder.of(Beat)
    assert beats
    assert [cue for cue in stage.sound.beats if isinstance(cue, Beat)] == [beat for beat, _ in heard] == beats
    assert [beat.index for beat in beats] == list(range(len(beats)))
    assert all(at_s < beat.t_s for beat, at_s in heard)


# --- sinks --------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_failing_sink_is_left_out_told_once_and_closed_and_the_run_goes_on() -> None:
    stage = Stage()
    broken = Breaking(after=3)
    await stage.session(stage.pod(packets=10), sinks=[broken]).run()
    assert len(broken.taken) == 4
    assert len(stage.problems) == 1
    assert "Breaking" in stage.problems[0]
    assert len(stage.recorder.inputs_of(Packet)) == 10
    assert isinstance(stage.recorder.events[-1], Summary)
    assert broken.closed == 1, "its file or its terminal would stay as it is"


@in_virtual_time
async def test_a_sink_that_cannot_be_closed_does_not_keep_the_others_open() -> None:
    stage = Stage()
    await stage.session(stage.pod(packets=2), sinks=[Breaking(on_close=True)]).run()
    assert stage.recorder.closed == 1
    assert any("does not close" in problem for problem in stage.problems)


@in_virtual_time
async def test_an_output_that_cannot_be_closed_does_not_keep_the_sinks_open() -> None:
    stage = Stage()
    stage.sound.breaks_on_close = True
    with suppress(RuntimeError):
        await stage.session(stage.pod(packets=2)).run()
    assert isinstance(stage.recorder.events[-1], Summary)
    assert stage.recorder.closed == 1


# --- more than can be used ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [150, 1150, 2345])
@in_virtual_time
async def test_a_flood_drops_the_oldest_packets_says_how_many_and_keeps_all_else(sent: int) -> None:
    stage = Stage()
    room = 100

    async def flood(emit: Emit) -> None:
        emit(stage.connected())
        session.act("lap")
        for number in range(sent):
            emit(stage.packet(payload=b"\x00" + number.to_bytes(2, "little") + b"\x55"))
        session.act("pause")
        await asyncio.sleep(1)

    session = stage.session(FakeSensor(flood))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coach.session.INBOX_PACKETS", room)
        await session.run()
    kept = [int.from_bytes(packet.payload[1:3], "little") for packet in stage.recorder.inputs_of(Packet)]
    assert 0 < len(kept) <= room
    assert kept == list(range(sent - len(kept), sent))
    labels = [label(item) for item in stage.recorder.inputs]
    assert [labels.count(kind) for kind in ("connected", "lap", "pause", "stop", "ended")] == [1, 1, 1, 1, 1]
    told = [event.reason for event in stage.recorder.of(SensorEvent) if event.state == "overrun"]
    assert told[0].startswith("1 packets dropped")
    assert 0 <= sent - len(kept) - int(told[-1].split()[0]) < 1000
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


class SlowSink(Recorder):
    """A sink that takes its time."""

    def __init__(self, clock: LoopClock, each_s: float) -> None:
        super().__init__()
        self._clock = clock
        self._each_s = each_s

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        super().take(item, events)
        if isinstance(item, Packet):
            self._clock.stall(self._each_s)


@in_virtual_time
async def test_others_have_their_turn_while_the_pump_is_behind_and_that_is_no_sleep() -> None:
    stage = Stage()
    slow = SlowSink(stage.clock, 0.01)
    others: list[int] = []

    async def burst(emit: Emit) -> None:
        emit(stage.connected())
        for _ in range(INBOX_PACKETS):  # ten seconds of work
            emit(stage.packet())
        for _ in range(100):
            await asyncio.sleep(0)
            others.append(len(slow.inputs_of(Packet)))

    await stage.session(FakeSensor(burst), sinks=[slow]).run()
    assert max(after - before for before, after in itertools.pairwise([0, *others])) <= 1 + TURN_S / 0.01
    assert len(slow.inputs_of(Packet)) == INBOX_PACKETS
    assert slow.inputs_of(HostSlept) == []


@in_virtual_time
async def test_a_flood_costs_no_other_sensor_a_packet() -> None:
    stage = Stage()

    async def flood(emit: Emit) -> None:
        for _ in range(3 * INBOX_PACKETS):
            emit(stage.packet("strap"))

    async def calm(emit: Emit) -> None:
        for _ in range(20):
            emit(stage.packet("pod"))

    await stage.session(FakeSensor(calm, "pod"), FakeSensor(flood, "strap")).run()
    senders = [packet.sensor for packet in stage.recorder.inputs_of(Packet)]
    assert (senders.count("pod"), senders.count("strap")) == (20, INBOX_PACKETS)


# --- how a run ends -----------------------------------------------------------------------------------------------


def assert_closed(stage: Stage) -> None:
    assert stage.sound.calls[-1] == "close"
    assert stage.recorder.closed == 1


@in_virtual_time
async def test_the_run_ends_when_the_data_of_all_sensors_end() -> None:
    stage = Stage()
    await stage.session(stage.pod(packets=2, sensor="left"), stage.pod(packets=20, sensor="right")).run()
    assert sum(packet.sensor == "right" for packet in stage.recorder.inputs_of(Packet)) == 20
    assert [label(item) for item in stage.recorder.inputs[-3:]] == ["stop", "ended", "ended"]
    assert isinstance(stage.recorder.events[-1], Summary)
    assert_closed(stage)


@in_virtual_time
async def test_the_run_ends_after_its_duration() -> None:
    stage = Stage()
    sensor = stage.pod()
    await stage.session(sensor).run(12.5)
    (stop,) = stage.recorder.inputs_of(Control)
    assert stop.at == pytest.approx(12.5, abs=0.01)
    assert sensor.stopped == 1
    assert_closed(stage)


@pytest.mark.parametrize("every_s", [1.0, 0.2, 0.1, 0.02])
@in_virtual_time
async def test_the_run_ends_soon_after_stop_however_fast_the_sensor_sends(every_s: float) -> None:
    stage = Stage()
    session = stage.session(stage.pod(every_s=every_s))
    stage.loop.call_later(3.01, session.stop)
    await session.run()
    assert stage.recorder.of(Summary)[0].available_s < 3.01 + 1.0
    assert_closed(stage)


@in_virtual_time
async def test_stop_may_be_called_again_and_at_any_time() -> None:
    stage = Stage()
    session = stage.session(stage.pod())
    for at_s in (2.0, 2.0, 2.1):
        stage.loop.call_later(at_s, session.stop)
    await session.run()
    session.stop()
    session.act("stop")
    assert [control.action for control in stage.recorder.inputs_of(Control)] == ["stop"]
    assert len(stage.recorder.of(Summary)) == 1


@in_virtual_time
async def test_a_stop_before_the_sound_is_open_ends_the_run_as_soon_as_it_is() -> None:
    stage = Stage()
    session = stage.session(stage.pod())
    session.stop()
    await session.run(60)
    assert stage.recorder.of(Summary)[0].available_s < 1
    assert_closed(stage)


@in_virtual_time
async def test_keys_that_come_with_the_stop_or_after_it_do_no_harm() -> None:
    stage = Stage()
    session = stage.session(stage.pod())
    stage.loop.call_later(1.0, session.stop)
    stage.loop.call_later(1.0, session.act, "pause")
    stage.loop.call_later(1.05, session.act, "mute")
    await session.run()
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


@in_virtual_time
async def test_a_sensor_that_fails_for_good_ends_the_run_which_is_summed_up_before_the_error_is_raised() -> None:
    stage = Stage()

    async def fail(emit: Emit) -> None:
        emit(stage.connected())
        emit(stage.packet())
        await asyncio.sleep(2)
        raise SensorError("the device wants to be paired first", fault="refused")

    other = stage.pod(sensor="other")
    with pytest.raises(SensorError, match="paired"):
        await stage.session(FakeSensor(fail), other).run()
    assert other.stopped == 1
    assert isinstance(stage.recorder.events[-1], Summary)
    assert_closed(stage)
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


@in_virtual_time
async def test_a_run_goes_on_without_a_companion_that_fails_and_ends_with_its_own_sensor() -> None:
    stage = Stage()

    async def fail(emit: Emit) -> None:
        emit(stage.connected("strap"))
        await asyncio.sleep(2)
        raise SensorError("strap was not heard", fault="not_found", hint="wet it")

    async def stay(emit: Emit) -> None:
        await asyncio.sleep(ENDLESS_S)

    companions = [FakeSensor(fail, "strap"), FakeSensor(stay, "watch")]
    await stage.session(stage.pod(packets=20), companions=companions).run()
    assert stage.problems == ["the run goes on without strap: strap was not heard (wet it)"]
    lost = next(state for state in stage.recorder.inputs_of(SensorState) if state.state == "lost")
    assert (lost.sensor, lost.reason) == ("strap", "strap was not heard")
    assert [packet.at for packet in stage.recorder.inputs_of(Packet)][-1] > lost.at + 5
    assert companions[1].stopped == 1
    assert_closed(stage)
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


@in_virtual_time
async def test_two_sensors_of_one_name_are_refused() -> None:
    stage = Stage()
    with pytest.raises(UsageError, match="pod is named twice"):
        stage.session(stage.pod(), companions=[stage.pod()])


@in_virtual_time
async def test_of_two_sensors_that_fail_the_first_one_is_named() -> None:
    stage = Stage()

    def failing(sensor: str, at_s: float) -> FakeSensor:
        async def fail(emit: Emit) -> None:
            try:
                await asyncio.sleep(at_s)
            finally:
                raise SensorError(f"{sensor} failed")

        return FakeSensor(fail, sensor)

    with pytest.raises(SensorError, match="first failed"):
        await stage.session(failing("second", 9), failing("first", 3)).run()


@in_virtual_time
async def test_a_named_output_that_fails_starts_nothing_and_closes_what_there_is() -> None:
    stage = Stage()
    stage.sound.refuses = True
    sensor = stage.pod()
    with pytest.raises(AudioError, match="no sound device"):
        await stage.session(sensor).run()
    assert sensor.runs == 0
    assert stage.recorder.closed == 1


@pytest.mark.parametrize("refuses", [False, True])
@in_virtual_time
async def test_a_stop_while_the_sound_opens_ends_the_run_whatever_becomes_of_the_sound(refuses: bool) -> None:
    stage = Stage()
    session = stage.session(stage.pod())
    stage.sound.refuses, stage.sound.on_open = refuses, session.stop
    await session.run()
    assert stage.loop.time() < 1
    assert isinstance(stage.recorder.events[-1], Summary)
    assert_closed(stage)


class UntilClosed:
    """An output of which one part after another may be tried, until it is closed."""

    name, streams = "slow", True

    def __init__(self) -> None:
        self.opening, self.closed = threading.Event(), threading.Event()

    def open(self, report: Report) -> None:
        self.opening.set()
        assert self.closed.wait(10)
        raise AudioError("none of them plays")

    def play(self, cue: Cue) -> None: ...

    def look(self) -> None: ...

    def close(self) -> None:
        self.closed.set()


def test_a_stop_does_not_wait_for_outputs_that_are_still_to_be_tried() -> None:
    output = UntilClosed()

    async def run() -> None:
        pipeline = Pipeline(settings(), decode)
        session = Session(pipeline, HostClock(), sensors=[], output=output, sinks=[], on_problem=print)
        running = asyncio.create_task(session.run())
        await asyncio.to_thread(output.opening.wait)
        session.stop()
        await running

    asyncio.run(run())
    assert output.closed.is_set()


@in_virtual_time
async def test_a_sensor_that_does_not_let_itself_be_stopped_is_given_its_time_and_no_more() -> None:
    stage = Stage()

    async def stubborn(emit: Emit) -> None:
        while stage.loop.time() < 60:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    await stage.session(FakeSensor(stubborn)).run(2)
    assert stage.loop.time() < 2 + STOP_S + 1
    assert isinstance(stage.recorder.events[-1], Summary)
    assert_closed(stage)


@in_virtual_time
async def test_what_a_sensor_says_while_it_is_stopped_is_taken_and_replays() -> None:
    stage = Stage()

    async def send(emit: Emit) -> None:
        try:
            while True:
                emit(stage.packet())
                await asyncio.sleep(1)
        finally:
            await asyncio.sleep(0.4)  # the strap sends on until it has confirmed the stop
            emit(stage.packet())

    await stage.session(FakeSensor(send)).run(2.5)
    assert [label(item) for item in stage.recorder.inputs[-3:]] == ["stop", "packet", "ended"]
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


@in_virtual_time
async def test_a_run_that_is_cancelled_from_outside_leaves_nothing_open() -> None:
    stage = Stage()
    sensor = stage.pod()
    run = asyncio.create_task(stage.session(sensor).run())
    await asyncio.sleep(2)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert sensor.stopped == 1
    assert_closed(stage)


@in_virtual_time
async def test_a_fault_of_our_own_in_a_sensor_comes_out_after_all_is_closed() -> None:
    stage = Stage()

    async def broken(emit: Emit) -> None:
        await asyncio.sleep(1)
        raise ZeroDivisionError("oops")

    other = stage.pod(sensor="other")
    with pytest.raises((ExceptionGroup, ZeroDivisionError)):
        await stage.session(FakeSensor(broken), other).run()
    assert other.stopped == 1
    assert_closed(stage)


# --- the lid ------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_after_sleep_the_hole_is_a_gap_and_the_sensor_is_opened_again() -> None:
    stage = Stage()
    sensor = stage.pod()
    session = stage.session(sensor)
    stage.loop.call_later(5, stage.clock.sleep, 600)
    await session.run(20)
    (slept,) = stage.recorder.inputs_of(HostSlept)
    assert slept.length_s == pytest.approx(600, abs=1)
    (gap,) = [gap for gap in stage.recorder.of(Gap) if "slept" in gap.reason]
    assert (gap.t_s, gap.length_s) == pytest.approx((5, 600), abs=1)
    assert (sensor.runs, sensor.stopped) == (2, 2)
    assert stage.sound.calls == ["open", "close"], "it comes back by itself"
    assert any("slept for 600 s" in problem for problem in stage.problems)
    assert len([packet for packet in stage.recorder.inputs_of(Packet) if packet.at > slept.at]) > 20
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


@in_virtual_time
async def test_no_beat_is_made_for_the_time_of_a_sleep() -> None:
    """Not even when something comes in before the sleep is noticed; those of just before it were committed already."""
    stage = Stage()
    runner = stage.runner()
    session = stage.session(runner, listeners=[runner])
    stage.loop.call_later(20, stage.clock.sleep, 60)  # in the middle of leading
    await session.run(30)
    (slept,) = stage.recorder.inputs_of(HostSlept)
    first, *_ = [packet for packet in stage.recorder.inputs_of(Packet) if packet.at > 21]
    assert slept.at <= first.at < 80.1
    assert slept.at - slept.length_s == pytest.approx(20, abs=LOOK_S)
    beats = [beat for beat in stage.recorder.of(Beat) if beat.available_s < slept.at]
    assert beats
    assert max(beat.available_s for beat in beats) < 20
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


@in_virtual_time
async def test_a_sensor_that_had_ended_before_the_sleep_does_not_begin_again() -> None:
    stage = Stage()
    ended, going = stage.pod(packets=2, sensor="ended"), stage.pod(sensor="going")
    session = stage.session(ended, going)
    stage.loop.call_later(5, stage.clock.sleep, 600)
    await session.run(10)
    assert (ended.runs, going.runs) == (1, 2)


@in_virtual_time
async def test_stop_during_the_reopening_after_sleep_ends_the_run() -> None:
    stage = Stage()

    async def slow_to_stop(emit: Emit) -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(1)

    session = stage.session(FakeSensor(slow_to_stop))
    stage.loop.call_later(5, stage.clock.sleep, 600)
    stage.loop.call_later(5.6, session.stop)
    await session.run()
    assert stage.loop.time() < 10
    assert replayed(stage.config, stage.recorder.inputs) == stage.recorder.lines


# --- the sound looks after itself ---------------------------------------------------------------------------------


@in_virtual_time
async def test_the_output_is_looked_at_twice_a_second_until_the_run_ends() -> None:
    stage = Stage()
    await stage.session(stage.pod(every_s=2.0)).run(10)
    await asyncio.sleep(10)
    gaps_s = [after - before for before, after in pairwise(stage.sound.looked_at_s)]
    assert gaps_s == pytest.approx([0.5] * 18, abs=0.05)


@in_virtual_time
async def test_a_look_that_fails_is_told_once_and_the_run_goes_on() -> None:
    stage = Stage()
    stage.sound.breaks_on_look = True
    await stage.session(stage.pod(packets=20)).run()
    assert [problem for problem in stage.problems if "looked after" in problem] == [
        "the sound is no longer looked after: RuntimeError('the sound card is on fire')"
    ]
    assert len(stage.recorder.inputs_of(Packet)) == 20


@in_virtual_time
async def test_a_short_stall_is_no_sleep() -> None:
    stage = Stage()
    session = stage.session(stage.pod())
    stage.loop.call_later(5, stage.clock.stall, 3)
    await session.run(20)
    assert stage.recorder.inputs_of(HostSlept) == []
    assert stage.sound.calls == ["open", "close"]
