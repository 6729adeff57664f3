"""The run as lines of text: news at once, and a line every few seconds while anything changes."""

from __future__ import annotations

from coach.ui.state import RunState
from coach.ui.words import duration_text, printable, status_text

EVERY_S = 5.0


class PlainLog:
    """Remembers what it has said, and says what is new: `0:12  166 spm, below your band  lead 168  <reason>`.

    Parameters
    ----------
    every_s : between two lines on the cadence, seconds of the run.
    """

    def __init__(self, *, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._news = 0
        self._next_s = 0.0
        self._said = ""
        self._reason = ""

    def due(self, state: RunState) -> list[str]:
        """Give the lines that are due."""
        lines = [f"{duration_text(news.at_s)}  {news.text}" for news in state.news if news.number > self._news]
        if lines:
            self._news = state.news[-1].number
        return [printable(line) for line in lines + self._status(state)]

    def _status(self, state: RunState) -> list[str]:
        said = _status_line(state)
        if state.status is None or said == self._said or state.elapsed_s < self._next_s:
            return []
        self._said = said
        self._next_s = state.elapsed_s + self._every_s
        reason = f"  {state.reason}" if state.reason != self._reason else ""
        self._reason = state.reason
        return [f"{duration_text(state.elapsed_s)}  {said}{reason}"]


def _status_line(state: RunState) -> str:
    number = f"{state.spm:.0f} spm, " if state.spm is not None else ""
    tempo = f" {state.tempo_spm:.0f}" if state.tempo_spm is not None else ""
    mode = f"  {state.mode}{tempo}" if state.mode is not None else ""
    return f"{number}{status_text(state)}{mode}"
