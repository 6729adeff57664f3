"""Trials: each record is made once, in a process of its own, and every detector that is asked for is run on it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import cast

import numpy as np

from bench.contacts import Match, Steps, match, settled
from bench.grid import COURSES, EXERCISES, ONE_FOOTED, SHAKING, STILL, Record, Recording, make
from bench.oracle import oracle
from bench.ours import ours
from bench.peers import PEERS
from bench.scoring import Score, bouts, score
from coach.model import Placement, Samples

OURS, ORACLE = "cadence coach", "oracle"
PROCESSES = 2
STEPS_ON = ("steady", "steps")
"""The courses on which single steps are judged."""

BEGUN_S = 1.5
"""Steps so soon after a bout's start can only be known afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepScore:
    """Steps of one record beside the contacts.

    Parameters
    ----------
    whole, begun : matched over all contacts, and without those in the first moments of a bout.
    known_after_s : for each step, how long after it it became known.
    """

    whole: Match
    begun: Match
    known_after_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of one record.

    Parameters
    ----------
    scores : by the name of the detector. cost_us : likewise, processor time per sample.
    untold, told : our steps, without and with knowledge of the placement, on the courses where they are judged.
    """

    record: Record
    scores: dict[str, Score]
    cost_us: dict[str, float]
    untold: StepScore | None = None
    told: StepScore | None = None


def trials(records: Sequence[Record], peers: Sequence[str] = ()) -> Iterator[Trial]:
    """Run the trials on two processors, with the peers of these names; give them in the order of the records."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(trial, peers), records)


def trial(peers: Sequence[str], record: Record) -> Trial:
    """Run one; the peers only on what the tables compare: the courses and what is no gait."""
    recording = make(record)
    samples, truth = recording.samples, recording.truth
    began_s = time.process_time()
    readings, steps = ours(samples)
    cost_us = {OURS: _since_us(began_s, samples)}
    scores = {OURS: score(readings, truth), ORACLE: score(oracle(truth.steps_s), truth)}
    for name in peers if record.course.kind in (*COURSES, *STILL, SHAKING, *EXERCISES) else ():
        began_s = time.process_time()
        said = PEERS[name].detect(samples)
        cost_us[name] = _since_us(began_s, samples)
        scores[name] = score(said, truth)
    if record.course.kind not in STEPS_ON:
        return Trial(record=record, scores=scores, cost_us=cost_us)
    _, told = ours(samples, cast(Placement, record.placement))
    return Trial(
        record=record,
        scores=scores,
        cost_us=cost_us,
        untold=_judged(record, recording, steps),
        told=_judged(record, recording, told),
    )


def _since_us(began_s: float, samples: Samples) -> float:
    return 1e6 * (time.process_time() - began_s) / len(samples.device_s)


def _judged(record: Record, recording: Recording, steps: Steps) -> StepScore:
    """Judge steps; a sensor on one foot by the contacts of that foot."""
    contacts_s = recording.own_s if record.placement in ONE_FOOTED else recording.truth.steps_s
    starts_s = np.array([bout_s[0] for bout_s in bouts(recording.truth.steps_s)])
    begun_s, found_s = (settled(times_s, starts_s, BEGUN_S) for times_s in (contacts_s, steps.sensed_s))
    return StepScore(
        whole=match(contacts_s, steps.sensed_s),
        begun=match(begun_s, found_s),
        known_after_s=tuple(steps.available_s - steps.t_s),
    )
