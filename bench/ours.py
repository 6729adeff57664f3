"""The coach's own engine as a detector of the bench, fed as a replay feeds it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from bench.contacts import Steps
from bench.scoring import Readings
from coach.dsp.cadence import CadenceEngine
from coach.dsp.timebase import Timebase
from coach.model import Cadence, Event, Gap, Placement, Samples, Step

BATCH_ROWS = 512


def ours(samples: Samples, placement: Placement = "unknown") -> tuple[Readings, Steps]:
    """Run the engine over a recording; told no placement, unless one is given."""
    timebase, engine = Timebase(), CadenceEngine("bench", placement)
    events: list[Event] = [
        event
        for batch in batches(samples, BATCH_ROWS)
        for hop in engine.push(timebase.push(batch))
        for event in hop.events
    ]
    return _readings(events), _steps(events)


def batches(samples: Samples, rows: int) -> Iterator[Samples]:
    """Cut samples into batches of so many rows."""
    for start in range(0, len(samples.device_s), rows):
        part = slice(start, start + rows)
        yield Samples(at_s=samples.at_s[part], device_s=samples.device_s[part], acc_g=samples.acc_g[part])


def _readings(events: Sequence[Event]) -> Readings:
    """Take what was said of cadence; a gap says that there is none."""
    said = [event for event in events if isinstance(event, Cadence | Gap)]
    spm = [event.spm if isinstance(event, Cadence) and event.spm is not None else math.nan for event in said]
    return Readings(at_s=np.array([event.available_s for event in said]), spm=np.array(spm))


def _steps(events: Sequence[Event]) -> Steps:
    found = sorted((event for event in events if isinstance(event, Step)), key=lambda step: step.t_s)
    return Steps(
        t_s=np.array([step.t_s for step in found]),
        available_s=np.array([step.available_s for step in found]),
        inferred=np.array([step.inferred for step in found], dtype=np.bool_),
    )
