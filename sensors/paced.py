"""A source played at the pace of the clock: what makes a live sensor of a simulated runner or a recording."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from coach.model import Cue
from coach.ports import Clock, Ear, Emit, Source


class Paced:
    """A `Sensor` and an `Ear` around a source.

    Each input is emitted when it is due, stamped with the time at which that really happens. Late, after a sleep of
    the machine say, it catches up without waiting, but lets other tasks run in between. Cues go on to a source that
    listens.
    """

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    @property
    def id(self) -> str:
        return self._source.id

    async def run(self, emit: Emit) -> None:
        """Emit the inputs as they fall due, until the source has no more."""
        while (due := self._source.next_at()) is not None:
            await asyncio.sleep(0)
            while (early_s := due - self._clock.now()) > 0:
                await asyncio.sleep(early_s)
            emit(replace(self._source.take(), at=self._clock.now()))

    def play(self, cue: Cue) -> None:
        """Pass a cue on to a source that listens."""
        if isinstance(self._source, Ear):
            self._source.play(cue)
