"""What lost data cost: how much of a run has a reading and how right it is, and whether silence stays silent.

`python -m bench lost` takes some minutes on two processors; `--quick`, with one person a placement, one. A link loses
samples one at a time, or whole frames; which ones is chance with a fixed seed.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from multiprocessing import get_context

import numpy as np

from bench.grid import PLACEMENTS, RATES_HZ, Course, Record, make, records
from bench.ours import ours
from bench.scoring import FIRST_SPM, Score, pool, score
from bench.tables import Cell, fine, spread, table
from bench.trial import PROCESSES
from coach.model import Samples

COMMAND = "python -m bench lost"
RUN = Course(kind="run", text="stand 3, run 57 @ 168, stand 4")
PEOPLE = 5
SETTLING_S = 3.0
STILL_RATES_HZ = (26.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A share of the frames that is lost; frames of 0 s are single samples."""

    share_pct: int
    frame_s: float

    @property
    def name(self) -> str:
        """Say what is lost."""
        what = f"frames of {self.frame_s:g} s" if self.frame_s else "samples"
        return f"{self.share_pct} % of {what}" if self.share_pct else "nothing"


LOSSES = (
    Loss(share_pct=0, frame_s=0.0),
    Loss(share_pct=10, frame_s=0.0),
    Loss(share_pct=10, frame_s=0.1),
    Loss(share_pct=20, frame_s=0.1),
    Loss(share_pct=10, frame_s=0.3),
)

Scored = tuple[Record, list[Score]]
"""A record and what became of it under each loss."""


def measure(arguments: Sequence[str] = ()) -> Iterator[str]:
    """Give the lines of both tables."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="one person a placement")
    options = parser.parse_args(arguments)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as workers:
        runs = list(workers.map(_scored, _runs(1 if options.quick else PEOPLE)))
        yield from ("## Running while data are lost, from three seconds after the start", "")
        yield from _coverage(runs)
        still = list(workers.map(_scored, _still()))
        yield from ("", "## Not in gait while data are lost: share of the time with a reading, %", "")
        yield from _silence(still)


def _runs(people: int) -> list[Record]:
    return [
        Record(course=RUN, placement=placement, rate_hz=rate_hz, person=person)
        for rate_hz, placement, person in product(RATES_HZ, PLACEMENTS, range(people))
    ]


def _still() -> list[Record]:
    quiet = [record for record in records(quick=True) if not record.has_gait]
    return [replace(record, rate_hz=rate_hz) for rate_hz, record in product(STILL_RATES_HZ, quiet)]


def _scored(record: Record) -> Scored:
    recording = make(record)
    said = [ours(_without(recording.samples, loss, record))[0] for loss in LOSSES]
    return record, [score(readings, recording.truth, settling_s=SETTLING_S) for readings in said]


def _without(samples: Samples, loss: Loss, record: Record) -> Samples:
    """Leave out what is lost."""
    taken_s = samples.device_s
    frames = np.floor(taken_s / loss.frame_s + 1e-6).astype(np.intp) if loss.frame_s else np.arange(len(taken_s))
    chance = np.random.default_rng(zlib.crc32(f"{record.name}: {loss.name}".encode()))
    kept = (100 * chance.random(frames[-1] + 1) >= loss.share_pct)[frames]
    return Samples(at_s=samples.at_s[kept], device_s=taken_s[kept], acc_g=samples.acc_g[kept])


def _coverage(runs: Sequence[Scored]) -> Iterator[str]:
    heads = ("Hz", "lost", "no reading %", "of the worst run", f"off by > {FIRST_SPM:g} spm %", "MAE spm", "first s")
    rows = []
    for rate_hz, (i, loss) in product(RATES_HZ, enumerate(LOSSES)):
        scores = [scores[i] for record, scores in runs if record.rate_hz == rate_hz]
        rows.append([f"{rate_hz:g}", loss.name, *_figures(scores)])
    yield from table(heads, rows)


def _figures(scores: Sequence[Score]) -> list[Cell]:
    whole = pool(scores)
    read = ~np.isnan(whole.est_spm)
    wrong = np.abs(whole.est_spm - whole.ref_spm)[read] > FIRST_SPM
    return [
        fine(100 - (whole.coverage_pct or 0.0)),
        max(100 - (each.coverage_pct or 0.0) for each in scores),
        fine(100 * float(wrong.mean())),
        fine(whole.mae_spm),
        spread(whole.firsts_s),
    ]


def _silence(still: Sequence[Scored]) -> Iterator[str]:
    heads = ("", *(f"{rate_hz:g} Hz, {loss.name}" for rate_hz, loss in product(STILL_RATES_HZ, LOSSES)))
    kinds = dict.fromkeys(record.course.kind for record, _ in still)
    yield from table(heads, [[kind, *_shown(still, kind)] for kind in kinds])


def _shown(still: Sequence[Scored], kind: str) -> Iterator[Cell]:
    for rate_hz, i in product(STILL_RATES_HZ, range(len(LOSSES))):
        part = [scores[i] for record, scores in still if (record.course.kind, record.rate_hz) == (kind, rate_hz)]
        yield fine(pool(part).false_pct)
