"""Virtual time: one plain loop that takes the earliest of the next input and the next deadline.

A beat is committed, and heard by whoever listens, before the source makes the samples that lie past it. So a
simulated run is a function of its seed and its settings, and half an hour of it takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coach.model import Beat, Event, HostTime, Input
from coach.pipeline import Pipeline
from coach.ports import BeatListener, Sink, Source


class Loop:
    """Drives a pipeline from a source, or from kept inputs.

    Parameters
    ----------
    pipeline : the fold.
    listeners : who hears the beats, the source among them if it listens.
    sinks : who takes inputs and events.
    """

    def __init__(
        self, pipeline: Pipeline, *, listeners: Sequence[BeatListener] = (), sinks: Sequence[Sink] = ()
    ) -> None:
        self._pipeline = pipeline
        self._listeners = listeners
        self._sinks = sinks
        self._now = HostTime(0.0)

    def follow(self, source: Source, until_s: float | None = None) -> None:
        """Take all inputs of a source, or those up to a time, and sum up."""
        listens = isinstance(source, BeatListener)
        while (at := source.next_at()) is not None and (until_s is None or at <= until_s):
            while listens and (deadline := self._pipeline.deadline) is not None and deadline <= at:
                self._deliver(None, self._pipeline.advance(deadline))
            self._push(source.take())
        self._finish(until_s)

    def repeat(self, inputs: Iterable[Input]) -> None:
        """Take kept inputs, and sum up."""
        for item in inputs:
            self._push(item)
        self._finish(None)

    def _push(self, item: Input) -> None:
        self._now = item.at
        self._deliver(item, self._pipeline.push(item))

    def _finish(self, until_s: float | None) -> None:
        end = HostTime(max(self._now, until_s)) if until_s is not None else self._now
        self._deliver(None, self._pipeline.finish(end))

    def _deliver(self, item: Input | None, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Beat):
                for listener in self._listeners:
                    listener.play(event)
        for sink in self._sinks:
            sink.take(item, events)
