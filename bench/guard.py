"""The baseline that keeps accuracy from getting worse: figures of the quick grid, cell by cell, in `accuracy.json`.

A cell is a placement on a course, a placement at a rate, a disturbance, or a kind of what is not gait. It has got
worse when one of its figures is worse by more than a tenth *and* by more than noise: 0.1 spm of mean error, or 2
points of share. Seeds are fixed, so the same code gives the same figures. The baseline moves only in a commit of its
own, made by `python -m bench cadence --baseline`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.grid import Record
from bench.scoring import pool
from bench.tables import fine, table
from bench.trial import OURS, Trial

BASELINE = Path(__file__).with_name("accuracy.json")
WORSE = 0.1
SLACK_SPM = 0.1
SLACK_POINTS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The figures of one cell, rounded to what is kept; None where a cell has no such points.

    Parameters
    ----------
    mae_spm : mean absolute error. w2_pct : share within 2 spm. false_pct : share of time without gait with a reading.
    """

    mae_spm: float | None
    w2_pct: float | None
    false_pct: float | None

    def problems(self, before: Cell) -> Iterator[str]:
        """Say in what this is worse than before."""
        if _is_worse(self.mae_spm, before.mae_spm, SLACK_SPM):
            yield f"mean error {self.mae_spm} spm, was {before.mae_spm}"
        if _is_worse(_missed(self.w2_pct), _missed(before.w2_pct), SLACK_POINTS):
            yield f"within 2 spm {self.w2_pct} %, was {before.w2_pct}"
        if _is_worse(self.false_pct, before.false_pct, SLACK_POINTS):
            yield f"readings while not in gait {self.false_pct} %, was {before.false_pct}"


def cell_name(record: Record) -> str:
    """Name the cell that a record belongs to."""
    kind = record.course.kind
    if not record.has_gait:
        return kind
    if record.disturbance:
        return record.disturbance
    if kind == "people":
        return kind
    return f"{record.placement}, {record.rate_hz:g} Hz" if kind == "rates" else f"{record.placement}, {kind}"


def cells(trials: Sequence[Trial]) -> dict[str, Cell]:
    """Put trials together, cell by cell."""
    grouped: dict[str, list[Trial]] = {}
    for trial in trials:
        grouped.setdefault(cell_name(trial.record), []).append(trial)
    return {name: _cell(part) for name, part in grouped.items()}


def read() -> dict[str, Cell]:
    """Read the baseline."""
    return {name: Cell(**figures) for name, figures in json.loads(BASELINE.read_text(encoding="utf-8")).items()}


def write(now: Mapping[str, Cell]) -> None:
    """Make what is now the baseline, one cell a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(asdict(cell))}" for name, cell in now.items()]
    BASELINE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def report(now: Mapping[str, Cell], before: Mapping[str, Cell]) -> Iterator[str]:
    """Write every cell with what it was."""
    heads = ("cell", "MAE spm", "was", "≤ 2 spm %", "was", "not in gait, shown %", "was")
    nothing = Cell(mae_spm=None, w2_pct=None, false_pct=None)
    yield from table(heads, [[name, *_figures(cell, before.get(name, nothing))] for name, cell in now.items()])


def _figures(cell: Cell, before: Cell) -> list[str | float | None]:
    pairs = [(cell.mae_spm, before.mae_spm), (cell.w2_pct, before.w2_pct), (cell.false_pct, before.false_pct)]
    return [fine(figure) for pair in pairs for figure in pair]


def _cell(trials: Sequence[Trial]) -> Cell:
    pooled = pool([trial.scores[OURS] for trial in trials])
    return Cell(
        mae_spm=_kept(pooled.mae_spm, 3), w2_pct=_kept(pooled.within_pct(2.0), 2), false_pct=_kept(pooled.false_pct, 2)
    )


def _kept(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _missed(share_pct: float | None) -> float | None:
    return None if share_pct is None else 100 - share_pct


def _is_worse(now: float | None, before: float | None, slack: float) -> bool:
    return now is not None and before is not None and now > before * (1 + WORSE) and now > before + slack
