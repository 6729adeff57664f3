"""`auto`: the first output that opens. It is the opening that decides, not what seems to be installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coach.errors import AudioError
from coach.model import Cue, OutputReport
from coach.ports import Output, Report

SILENT = ("wav", "null")


class AutoOutput:
    """Tries outputs in turn, plays through the first that opens, and says why the others did not.

    Parameters
    ----------
    candidates : in order of preference; the last one always opens.
    """

    def __init__(self, candidates: Sequence[Output]) -> None:
        self._candidates = candidates
        self._chosen: Output | None = None
        self._report: Report = lambda report: None
        self._refusals: list[str] = []

    @property
    def name(self) -> str:
        return "auto" if self._chosen is None else self._chosen.name

    @property
    def streams(self) -> bool:
        return self._chosen is not None and self._chosen.streams

    def open(self, report: Report) -> None:
        """Open the first candidate that opens.

        Raises
        ------
        AudioError
            When none does.
        """
        self._report = report
        for candidate in self._candidates:
            try:
                candidate.open(self._explain)
            except AudioError as error:
                self._refusals.append(str(error))
            else:
                self._chosen = candidate
                return
        raise AudioError("; ".join(self._refusals))

    def play(self, cue: Cue) -> None:
        if self._chosen is not None:
            self._chosen.play(cue)

    def close(self) -> None:
        if self._chosen is not None:
            self._chosen.close()

    def _explain(self, report: OutputReport) -> None:
        """Pass a report on; the first one also says why it is not the sound of a better output."""
        reason = "; ".join(part for part in (*self._refusals, report.reason) if part)
        if self._refusals and report.output in SILENT:
            reason = f"no sound: {reason}"
        self._refusals = []
        self._report(replace(report, reason=reason))
