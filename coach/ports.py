"""The ports: small Protocols that the core owns and the adapters fulfil.

A **sensor** pushes what it receives through `emit`, in the order and at the host time of its arrival. It takes a
callback rather than being an async iterator because the order of *all* inputs, those of other sensors, keys and the
sound output among them, is part of what is kept: one inbox, stamped as things enter it.

A **source** is a sensor in virtual time: it says when its next input is due and hands it over. The simulated runner
and a recording are sources; `sensors.paced` makes a live sensor of any source.

An **ear** is told of every cue, a beat or a prompt, once it is committed. Sound outputs are ears, and so is the
simulated runner, who hears what everybody hears.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from coach.model import Cue, Event, HostTime, Input, OutputReport, Packet, Prompt, Reading, SensorState

SensorInput = Packet | SensorState
Emit = Callable[[SensorInput], None]
Decode = Callable[[Packet], Reading]
Report = Callable[[OutputReport], None]


class Clock(Protocol):
    """Host time: seconds since the start of the run, never backwards, going on while the machine sleeps."""

    def now(self) -> HostTime: ...


class Sensor(Protocol):
    """A live sensor. `run` goes on until cancelled, until the data end, or until a fatal `SensorError`.

    When cancelled it stops the device's stream (within two seconds) before it returns.
    """

    @property
    def id(self) -> str: ...

    async def run(self, emit: Emit) -> None: ...


class InputSource(Protocol):
    """Inputs in virtual time: those of a sensor, or all those of a kept run."""

    def next_at(self) -> HostTime | None:
        """Give the host time of the next input, or None when there is no more."""

    def take(self) -> Input:
        """Hand over the next input."""


class Source(InputSource, Protocol):
    """A sensor in virtual time."""

    @property
    def id(self) -> str: ...

    def take(self) -> SensorInput: ...


@runtime_checkable
class Ear(Protocol):
    """Whoever hears the cues; beats come in the order of their times, each once, ahead of its time."""

    def play(self, cue: Cue) -> None: ...


class Words(Protocol):
    """Whoever turns a prompt into sound: a voice, or a pattern of tones."""

    def sound(self, prompt: Prompt, rate_hz: int) -> NDArray[np.float32] | None:
        """Give the sound, mono, shape (n,), full scale 1; None where nothing is to be heard. Gives it at once."""


class Output(Ear, Protocol):
    """A way to be heard. `open` raises `AudioError` where it cannot play; `close` lets the last click sound.

    `report` may be called from any thread, with news of the output; the first report comes from within `open`. An
    output is opened once.
    """

    @property
    def name(self) -> str: ...

    @property
    def streams(self) -> bool:
        """Whether it holds a stream open, which ends with its server or while the machine sleeps."""

    def open(self, report: Report) -> None: ...

    def look(self) -> None:
        """Look whether it still plays, and report if not. Called twice a second, in a thread where it may take long."""

    def close(self) -> None: ...


class Sink(Protocol):
    """Whoever keeps or shows inputs and events. Calls never block and never raise."""

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        """Take an input and what the fold said to it; no input when a deadline made the fold speak."""

    def close(self) -> None: ...
