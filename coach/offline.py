"""Virtual time: one plain loop that takes the earliest of the next input and the next deadline.

A beat is committed, and heard by whoever listens, before the source makes the samples that lie past it. So a
simulated run is a function of its seed and its settings, and half an hour of it takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from coach.model import Beat, Control, Event, HostTime, Input, Prompt
from coach.pipeline import Pipeline
from coach.ports import Ear, InputSource, Sink


class Loop:
    """Drives a pipeline from a source.

    Parameters
    ----------
    pipeline : the fold.
    listeners : who hears the beats, the source among them if it listens.
    sinks : who takes inputs and events.
    """

    def __init__(self, pipeline: Pipeline, *, listeners: Sequence[Ear] = (), sinks: Sequence[Sink] = ()) -> None:
        self._pipeline = pipeline
        self._listeners = listeners
        self._sinks = sinks
        self._now = HostTime(0.0)

    def push(self, item: Input) -> None:
        """Take one input that is of no source; before `follow` only."""
        self._now = item.at
        self._deliver(item, self._pipeline.push(item))

    def follow(self, source: InputSource, until_s: float | None = None) -> None:
        """Take all inputs of a source, or those up to a time, at which the run is stopped; and sum up."""
        listens = isinstance(source, Ear)
        while (at := source.next_at()) is not None and (until_s is None or at <= until_s):
            while listens and (deadline := self._pipeline.deadline) is not None and deadline <= at:
                self._deliver(None, self._pipeline.advance(deadline))
            self.push(source.take())
        if until_s is not None:
            self.push(Control(at=HostTime(until_s), action="stop"))
        self._deliver(None, self._pipeline.finish(self._now))

    def _deliver(self, item: Input | None, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Beat | Prompt):
                for listener in self._listeners:
                    listener.play(event)
        for sink in self._sinks:
            sink.take(item, events)
