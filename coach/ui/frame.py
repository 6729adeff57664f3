"""One picture of a run as lines of text: a pure function of the state, the time and the size of the terminal.

Built from blocks, top to bottom, each with a rank. Where the terminal is too small the blocks of the highest rank go
first, so that the number and the reason stay to the end; where there is room, blank lines come between the blocks,
the most important first.
No line is wider than the terminal, whatever a sensor calls itself.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from coach.model import Summary
from coach.ui.glyphs import ASCII, UNICODE, Glyphs, figures
from coach.ui.state import HISTORY_S, RunState
from coach.ui.words import (
    FRESH_S,
    doing_text,
    duration_text,
    is_stale,
    pace_text,
    plan_text,
    printable,
    sensor_text,
    sound_text,
    status_text,
)

WIDEST = 100
AROUND_BAND_SPM = 20.0  # what the scale shows on either side of the band
LEAST_SPREAD_SPM = 10.0  # the curve of the last minute fills its height, but does not blow up the ripple of an even run


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    rank: int
    lines: Sequence[Text]
    spaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    state: RunState
    elapsed_s: float
    width: int
    height: int
    glyphs: Glyphs
    keys: bool


def frame(
    state: RunState, *, elapsed_s: float, width: int, height: int, glyphs: Glyphs = UNICODE, keys: bool = True
) -> list[Text]:
    """Draw the run.

    Parameters
    ----------
    elapsed_s : seconds since the start of the run, to show and to end the last minute at.
    width, height : of the terminal, in cells, 1 or more.
    keys : whether to say which keys do what.

    Returns
    -------
    At most `height` lines, none wider than `width` cells.
    """
    inner = min(width - 4 if width >= 60 else width, WIDEST)
    page = _Page(state=state, elapsed_s=elapsed_s, width=inner, height=height, glyphs=glyphs, keys=keys)
    margin = (width - inner) // 2
    return [_place(line, inner, margin, glyphs) for line in _spread(_keep(list(_blocks(page)), height), height)]


def _place(line: Text, width: int, margin: int, glyphs: Glyphs) -> Text:
    plain = printable(line.plain)
    line.plain = plain.encode("ascii", "replace").decode() if glyphs is ASCII else plain
    if line.cell_len > width:
        line.truncate(width - 1)
        line.append(glyphs.ellipsis)
    line.pad_left(margin)
    return line


def _keep(blocks: Sequence[_Block], height: int) -> list[_Block]:
    kept: set[_Block] = set()
    for block in sorted(blocks, key=lambda block: block.rank):
        if len(block.lines) <= height:
            kept.add(block)
            height -= len(block.lines)
    return [block for block in blocks if block in kept and block.lines]


def _spread(blocks: Sequence[_Block], height: int) -> list[Text]:
    blank = height - sum(len(block.lines) for block in blocks)
    spaced = sorted((block for block in blocks[1:] if block.spaced), key=lambda block: block.rank)[:blank]
    lines: list[Text] = []
    for block in blocks:
        lines.extend([Text(), *block.lines] if block in spaced else block.lines)
    return lines


def _blocks(page: _Page) -> Iterator[_Block]:
    state = page.state
    yield _Block(9, [_title(page)])
    yield _Block(0, _number(page), spaced=True)
    if state.judged:
        yield _Block(3, _scale(page), spaced=True)
    yield _Block(6, _spark(page), spaced=True)
    yield _Block(2, _wrapped(doing_text(state), page, "bold"), spaced=True)
    yield _Block(1, _wrapped(state.reason, page, ""))
    yield from _facts(page)
    yield _Block(10, _news(page), spaced=True)
    yield _Block(5, _key_help(page), spaced=True)


def _title(page: _Page) -> Text:
    time = duration_text(page.elapsed_s)
    return Text.assemble(("cadence coach".ljust(page.width - len(time))[: page.width - len(time)], "dim"), time)


def _wrapped(text: str, page: _Page, style: str) -> list[Text]:
    lines = textwrap.wrap(text, page.width, max_lines=3, placeholder=page.glyphs.ellipsis)
    return [Text(line, style=style) for line in lines]


# --- the number ---------------------------------------------------------------------------------------------------


def _number(page: _Page) -> list[Text]:
    size = _size(page)
    text = f"{page.state.spm:.0f}" if page.state.spm else "-"
    status, style = status_text(page.state), _style(page.state)
    if not size:
        text = f"{text} spm" if page.state.spm else page.glyphs.dash
        room = page.width - len(text) - 2
        status = status if len(status) <= room else status.replace("your ", "").replace("the ", "")
        return [Text.assemble((text, f"bold {style}"), "  ", (status, style))]
    beside = {size * 2 - 1: Text("steps a minute", style="dim"), size * 3 - 1: Text(status, style=f"bold {style}")}
    rows = figures(text.center(3), size, page.glyphs.full)
    return [Text.assemble((row, style), "   ", beside.get(index, "")) for index, row in enumerate(rows)]


def _size(page: _Page) -> int:
    if page.height >= 40 and page.width >= 90:
        return 2
    return 1 if page.height >= 16 and page.width >= 52 else 0


def _style(state: RunState) -> str:
    if state.spm is None or is_stale(state):
        return "dim"
    return "green" if not state.judged or state.band.side(state.spm) == "in" else "cyan"


def _in_band_text(so_far: Summary) -> str:
    return f"{duration_text(so_far.in_band_s)} of {duration_text(so_far.running_s)} running"


# --- the band -----------------------------------------------------------------------------------------------------


def _scale(page: _Page) -> list[Text]:
    state, glyphs, last = page.state, page.glyphs, page.width - 1
    start, end = state.band.low_spm - AROUND_BAND_SPM, state.band.high_spm + AROUND_BAND_SPM

    def cell(spm: float) -> int:
        return round((min(max(spm, start), end) - start) * last / (end - start))

    low, high = cell(state.band.low_spm), cell(state.band.high_spm)
    cells = [glyphs.thick if low <= index <= high else glyphs.thin for index in range(page.width)]
    cells[low] = cells[high] = glyphs.edge
    if state.tempo_spm is not None:
        cells[cell(state.tempo_spm)] = glyphs.beat
    marks = Text("".join(cells))
    marks.stylize("green", low, high + 1)
    if state.spm is not None:
        here = cell(state.spm)
        you = glyphs.left if state.spm < start else glyphs.right if state.spm > end else glyphs.you
        marks = Text.assemble(marks[:here], (you, f"bold {_style(state)}"), marks[here + 1 :])
    return [marks, _scale_labels(page, low, high)] if page.height >= 8 else [marks]


def _scale_labels(page: _Page, low: int, high: int) -> Text:
    band = page.state.band
    labels = f"{band.low_spm:.0f}".rjust(low + 1).ljust(high) + f"{band.high_spm:.0f}"
    beat = f"  {page.glyphs.beat} beat" if page.state.tempo_spm is not None else ""
    legend = f"{page.glyphs.you} you{beat}"
    room = page.width - len(labels) - 2
    return Text(f"{labels}  {legend.rjust(room)}" if room >= len(legend) else labels, style="dim")


# --- the last minute ----------------------------------------------------------------------------------------------


def _spark(page: _Page) -> list[Text]:
    label = "  last minute" if page.width >= 52 else ""
    means = _minute(page, page.width - len(label))
    known = [mean for mean in means if mean is not None]
    if not known:
        return []
    rows = 1 if page.height < 22 else 2 if page.height < 40 else 6
    steps = len(page.glyphs.ramp) - 1
    spread_spm = max(max(known) - min(known), LEAST_SPREAD_SPM)
    bottom_spm = (max(known) + min(known) - spread_spm) / 2
    steps_per_spm = (rows * steps - 1) / spread_spm
    heights = [0 if mean is None else 1 + round((mean - bottom_spm) * steps_per_spm) for mean in means]
    lines = [Text(_spark_row(heights, row * steps, page.glyphs.ramp), style="cyan") for row in reversed(range(rows))]
    lines[-1].append(label, style="dim")
    return lines


def _minute(page: _Page, columns: int) -> list[float | None]:
    """Mean cadence in each column of the last minute; columns lie on a fixed grid in time, so the curve only slides."""
    column_s = HISTORY_S / columns
    first = int(page.elapsed_s / column_s) - columns + 1
    columns_spm: list[list[float]] = [[] for _ in range(columns)]
    for at_s, spm in page.state.history:
        column = int(at_s / column_s) - first
        if spm is not None and 0 <= column < columns:
            columns_spm[column].append(spm)
    return [sum(values) / len(values) if values else None for values in columns_spm]


def _spark_row(heights: Sequence[int], below: int, ramp: str) -> str:
    return "".join(ramp[min(max(height - below, 0), len(ramp) - 1)] for height in heights)


# --- figures, news, keys ------------------------------------------------------------------------------------------


def _facts(page: _Page) -> Iterator[_Block]:
    state, so_far = page.state, page.state.so_far
    heart, speed = state.heart_rate, state.speed
    fresh_from_s = page.elapsed_s - FRESH_S
    facts = (
        (4, "Plan", plan_text(state, page.elapsed_s)),
        (4, "Beat", f"{state.tempo_spm:.0f} spm" if state.tempo_spm is not None else ""),
        (7, "In band", _in_band_text(so_far) if state.judged else ""),
        (8, "Pace", pace_text(speed.mps, state.spm) if speed and speed.available_s >= fresh_from_s else ""),
        (8, "Heart", f"{heart.bpm} bpm" if heart and heart.available_s >= fresh_from_s else ""),
        (8, "Steps", f"{so_far.steps}"),
        (7, "Sensor", sensor_text(state)),
        (8, "Sound", sound_text(state)),
    )
    spaced = True
    for rank, name, text in facts:
        if text:
            yield _Block(rank, [Text.assemble((f"{name:<9}", "dim"), text)], spaced=spaced)
            spaced = False


def _news(page: _Page) -> list[Text]:
    count = 1 if page.height < 28 else 2 if page.height < 40 else 8
    latest = list(page.state.news)[-count:]
    return [Text(f"{duration_text(news.at_s)}  {news.text}", style="dim") for news in latest]


def _key_help(page: _Page) -> list[Text]:
    if not page.keys:
        return []
    pause = "go on" if page.state.paused else "pause"
    mute = "sound" if page.state.muted else "mute"
    between = f" {page.glyphs.dot} "
    full = between.join((f"space {pause}", f"m {mute}", "l lap", "q quit"))
    short = f"p {pause} m {mute} q quit"
    return [Text(text, style="dim") for text in (full, short) if len(text) <= page.width][:1]
