"""Tables of the report, in Markdown that reads well in a terminal too."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from bench.scoring import Score, quantile

Cell = str | float | None


def table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """Write a table: the first column is text, the others are figures, right-aligned."""
    texts = [list(heads), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in texts) for i in range(len(heads))]
    rule = [f":{'-' * (width - 1)}" if i == 0 else f"{'-' * (width - 1)}:" for i, width in enumerate(widths)]
    for row in (texts[0], rule, *texts[1:]):
        cells = [
            f"{text:<{width}}" if i == 0 else f"{text:>{width}}"
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"| {' | '.join(cells)} |"


def middle(values: Sequence[float | None]) -> float | None:
    """Give the median of those that are there; they may be infinite."""
    there = [value for value in values if value is not None]
    return median(there) if there else None


def spread(values: Sequence[float], most: float = 0.9, digits: int = 2) -> Cell:
    """Write the median and a high quantile."""
    if not values:
        return None
    return f"{_text(_rounded(middle(values), digits))} / {_text(_rounded(quantile(values, most), digits))}"


ACCURACY_HEADS = ("MAE spm", "p95", "≤ 2 spm %", "shown %", "half %", "double %", "2/3, 3/2 %")


def accuracy(score: Score) -> list[Cell]:
    """Give the figures under `ACCURACY_HEADS`."""
    return [
        fine(score.mae_spm),
        score.p95_spm,
        score.within_pct(2.0),
        score.coverage_pct,
        score.near_pct(0.5),
        score.near_pct(2.0),
        score.near_pct(2 / 3, 3 / 2),
    ]


def fine(value: float | None) -> Cell:
    """Write two decimals."""
    return _rounded(value, 2)


def _rounded(value: float | None, digits: int) -> Cell:
    return f"{value:.{digits}f}" if value is not None and math.isfinite(value) else value


def _text(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    return "never" if math.isinf(cell) else f"{cell:.1f}"
