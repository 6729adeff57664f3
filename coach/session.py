"""The live run: an asyncio shell around the fold. It owns the sensors, the sound, the sinks and their end.

Everything that happens enters one inbox, stamped with host time as it enters, on the loop's thread; one pump takes it
out in that order. The pump first empties the inbox, then reads the clock, then lets time pass: an input is never
overtaken by a deadline that lies after it, so a kept run replays exactly. It works for a short turn at a time, so that
signals, keys and other sensors come in however much there is to do.

The end: the sensors are cancelled first (a Polar strap that is not stopped streams until its battery is empty), what
they still say is taken, the fold sums up, the sound fades, the sinks close. Every part of it has a time limit.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from coach.errors import AudioError, CoachError, UsageError
from coach.model import (
    Assignment,
    Beat,
    Control,
    ControlAction,
    Event,
    HostSlept,
    HostTime,
    Input,
    OutputReport,
    Packet,
    Prompt,
    SensorState,
)
from coach.pipeline import Pipeline
from coach.ports import Clock, Ear, Output, Sensor, SensorInput, Sink

INBOX_PACKETS = 1_000
"""Of a sensor for which more wait, the oldest are dropped; they are counted and told. The fastest sensors send 200 a
second, and other sensors lose nothing by a flood."""

TURN_S = 0.05
"""The pump works for so long at a stretch."""

TELL_DROPPED = 1000
"""The first packet dropped is told of, and then every thousandth."""

LOOK_S = 0.25
"""The pump looks at the clock so often even when nothing happens."""

LOOK_AT_OUTPUT_S = 0.5

SLEPT_S = 5.0
"""A hole in the clock longer than this is the machine's sleep."""

STOP_S = 3.0
"""A sensor has so long to stop its device."""


class Session:
    """One live run; to be made on the loop that it runs on.

    Parameters
    ----------
    pipeline : the fold.
    clock : host time.
    sensors, sinks : what it owns from `run` on. listeners : who hears the beats beside the output.
    companions : sensors too, but the run goes on without them.
    output : the sound, which comes back by itself when it is lost.
    assignment : the plan of the run, which is handed over when everything is ready.
    on_problem : told in one line of what went wrong while the run went on.

    Raises
    ------
    UsageError
        When two sensors have the same id: what they send could not be told apart.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        clock: Clock,
        *,
        sensors: Sequence[Sensor],
        output: Output,
        companions: Sequence[Sensor] = (),
        sinks: Sequence[Sink] = (),
        listeners: Sequence[Ear] = (),
        assignment: Assignment | None = None,
        on_problem: Callable[[str], None],
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._sensors = [*sensors, *companions]
        _require_different(sensor.id for sensor in self._sensors)
        self._companions = frozenset(sensor.id for sensor in companions)
        self._output = output
        self._listeners = listeners
        self._assignment = assignment
        self._sinks = list(sinks)
        self._broken: list[Sink] = []
        self._on_problem = on_problem
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[Input] = deque()
        self._waiting: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._stopping = False
        self._stopped = False
        self._listening: dict[str, asyncio.Task[None]] = {}
        self._failure: Exception | None = None

    async def run(self, duration_s: float | None = None) -> None:
        """Run until stopped, until the sensors' data end, or for so long.

        Raises
        ------
        AudioError
            When a named output cannot play; nothing was started then.
        SensorError
            When a sensor failed for good; everything is closed and kept by then.
        """
        try:
            await self._open()
            watching = self._loop.create_task(self._look_at_output(), name="sound")
            if duration_s is not None:
                self._loop.call_later(duration_s, self.stop)
            if self._assignment is not None:
                self._loop.call_soon(self._assign, self._assignment)  # behind the report of the sound
            try:
                for sensor in self._sensors:
                    self._start(sensor)
                await self._pump()
            finally:
                watching.cancel()
                await self._end_sensors()
            self._finish()
        finally:
            await self._close(self._output)
            for sink in (*self._sinks, *self._broken):
                await self._close(sink)
        if self._failure is not None:
            raise self._failure

    async def _open(self) -> None:
        """Open the sound. A stop meanwhile closes it: no other is tried then, and a refusal is nobody's concern."""
        opening = self._loop.create_task(asyncio.to_thread(self._output.open, self._report), name="opening")
        while not opening.done() and not self._stopping:
            await asyncio.wait([opening], timeout=LOOK_S)
        if not opening.done():
            await self._close(self._output)
        try:
            await opening
        except AudioError:
            if not self._stopping:
                raise

    async def _look_at_output(self) -> None:
        """Let the output notice that it is lost, and come back, in a thread: it may take seconds."""
        try:
            while True:
                await asyncio.sleep(LOOK_AT_OUTPUT_S)
                await asyncio.to_thread(self._output.look)
        except Exception as error:
            self._on_problem(f"the sound is no longer looked after: {error!r}")

    async def _close(self, part: Output | Sink) -> None:
        """Close a part in a thread, so that a second Ctrl-C finds the loop awake; one that fails is told of."""
        try:
            await asyncio.to_thread(part.close)
        except Exception as error:
            self._on_problem(f"{type(part).__name__} could not be closed: {error!r}")

    # --- from outside ---------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End the run. May be called again."""
        if not self._stopping:
            self._stopping = True
            self._put(Control(at=self._clock.now(), action="stop"))

    def act(self, action: ControlAction) -> None:
        """Do what the runner asked for by a key."""
        if action == "stop":
            self.stop()
        else:
            self._put(Control(at=self._clock.now(), action=action))

    # --- the inbox ------------------------------------------------------------------------------------------------

    def _put(self, item: Input) -> None:
        self._inbox.append(item)
        self._wake.set()

    def _assign(self, assignment: Assignment) -> None:
        self._put(replace(assignment, at=self._clock.now()))

    def _report(self, report: OutputReport) -> None:
        """Take news of the sound, from whatever thread."""
        self._loop.call_soon_threadsafe(self._put_report, report)

    def _put_report(self, report: OutputReport) -> None:
        self._put(replace(report, at=self._clock.now()))

    def _emit(self, item: SensorInput) -> None:
        self._put(item)
        if isinstance(item, Packet):
            self._waiting[item.sensor] += 1
            if self._waiting[item.sensor] > INBOX_PACKETS:
                self._drop_oldest(item.sensor)

    def _drop_oldest(self, sensor: str) -> None:
        """Make room; only packets go, as states and controls are few and matter."""
        del self._inbox[next(i for i, item in enumerate(self._inbox) if _is_packet_of(sensor, item))]
        self._waiting[sensor] -= 1
        self._dropped[sensor] += 1
        dropped = self._dropped[sensor]
        if dropped == 1 or dropped % TELL_DROPPED == 0:
            reason = f"{dropped} packets dropped: they come faster than they can be used"
            self._put(SensorState(at=self._clock.now(), sensor=sensor, state="overrun", reason=reason))

    # --- the pump -------------------------------------------------------------------------------------------------

    async def _pump(self) -> None:
        looked_s = self._clock.now()
        while not self._stopped:
            now = self._clock.now()
            if now - looked_s > SLEPT_S:
                await self._wake_up(looked_s, now)
                looked_s = self._clock.now()
                continue
            looked_s = now
            if self._inbox:
                self._turn()
                await asyncio.sleep(0)
                continue
            self._deliver(None, self._pipeline.advance(now))
            if all(task.done() for sensor, task in self._listening.items() if sensor not in self._companions):
                self.stop()
            await self._next_event(now)

    async def _next_event(self, now: HostTime) -> None:
        deadline = self._pipeline.deadline
        wait_s = LOOK_S if deadline is None else min(LOOK_S, max(0.0, deadline - now))
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _turn(self) -> None:
        """Take out what came in, for a short while, up to a stop."""
        end_s = self._clock.now() + TURN_S
        while self._inbox and not self._stopped and self._clock.now() < end_s:
            self._take_out()

    def _drain(self) -> None:
        while self._inbox:
            self._take_out()

    def _take_out(self) -> None:
        item = self._inbox.popleft()
        match item:
            case Packet():
                self._waiting[item.sensor] -= 1
            case Control(action="stop"):
                self._stopped = True
        self._deliver(item, self._pipeline.push(item))

    def _deliver(self, item: Input | None, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Beat | Prompt):
                for listener in (self._output, *self._listeners):
                    listener.play(event)
        if item is None and not events:
            return
        for sink in tuple(self._sinks):
            try:
                sink.take(item, events)
            except Exception as error:  # a broken view must not end the run
                self._broken.append(sink)
                self._sinks.remove(sink)
                self._on_problem(f"{type(sink).__name__} stopped: {error!r}")

    # --- the sensors ----------------------------------------------------------------------------------------------

    def _start(self, sensor: Sensor) -> None:
        # No task group: it would wait without end for a sensor that does not let itself be cancelled.
        self._listening[sensor.id] = self._loop.create_task(self._listen(sensor), name=sensor.id)

    async def _listen(self, sensor: Sensor) -> None:
        try:
            await sensor.run(self._emit)
        except Exception as error:  # whatever it is, the run is closed and kept first
            if sensor.id in self._companions:
                self._put(SensorState(at=self._clock.now(), sensor=sensor.id, state="lost", reason=_in_short(error)))
                self._on_problem(f"the run goes on without {sensor.id}: {error}")
                return
            self._failure = self._failure or error
            self.stop()

    async def _end_sensors(self) -> None:
        running = [task for task in self._listening.values() if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=STOP_S)

    def _finish(self) -> None:
        """Sum up; the end is an input like all else, or a replay would not know when it was."""
        end = self._clock.now()
        for sensor in self._sensors:
            self._put(SensorState(at=end, sensor=sensor.id, state="ended"))
        self._drain()
        self._deliver(None, self._pipeline.finish(end))

    async def _wake_up(self, looked_s: HostTime, now: HostTime) -> None:
        """After sleep links are dead, whatever they say: make them anew. The sound looks after itself."""
        slept = self._note_sleep(looked_s, now)
        self._drain()
        self._on_problem(f"this computer slept for {slept.length_s:.0f} s; sensor and sound are opened again")
        going = [sensor for sensor in self._sensors if not self._listening[sensor.id].done()]
        await self._end_sensors()
        for sensor in going:
            self._start(sensor)

    def _note_sleep(self, looked_s: HostTime, now: HostTime) -> HostSlept:
        """Put the sleep into the inbox where it belongs: what came in on waking has come after it."""
        times_s = [looked_s, *(item.at for item in self._inbox), now]
        before = max(range(len(times_s) - 1), key=lambda k: times_s[k + 1] - times_s[k])
        slept = HostSlept(at=times_s[before + 1], length_s=times_s[before + 1] - times_s[before])
        self._inbox.insert(before, slept)
        return slept


def _require_different(ids: Iterable[str]) -> None:
    twice = sorted(sensor for sensor, count in Counter(ids).items() if count > 1)
    if twice:
        raise UsageError(f"{', '.join(twice)} is named twice", hint="give each sensor of a run once")


def _in_short(error: Exception) -> str:
    """Say what went wrong, without the advice."""
    return error.message if isinstance(error, CoachError) else str(error) or type(error).__name__


def _is_packet_of(sensor: str, item: Input) -> bool:
    return isinstance(item, Packet) and item.sensor == sensor
