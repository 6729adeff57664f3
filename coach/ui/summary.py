"""The end of a run in a few lines for people."""

from __future__ import annotations

from coach.model import Summary
from coach.ui.words import duration_text


def summary_lines(summary: Summary, *, band: str) -> str:
    """Write the run in plain lines, without a line break at the end.

    Parameters
    ----------
    band : what the target band of the run is called.
    """
    lines = [_ran(summary)]
    if summary.running_s > 0:
        share = f"{100 * summary.in_band_s / summary.running_s:.0f} %"
        lines.append(f"In {band}: {duration_text(summary.in_band_s)} ({share}).")
    if summary.beats:
        lines.append(f"Sound for {duration_text(summary.sounding_s)}, {_count(summary.beats, 'beat')}.")
    troubles = [
        _count(number, name)
        for number, name in ((summary.gaps, "gap"), (summary.bad_packets, "unreadable packet"))
        if number
    ]
    if troubles:
        lines.append(f"In the data: {', '.join(troubles)}.")
    return "\n".join(lines)


def _ran(summary: Summary) -> str:
    whole = duration_text(summary.duration_s)
    if summary.mean_spm is None:
        return f"No running found in {whole}, {_count(summary.steps, 'step')}."
    steps = f"{_count(summary.steps, 'step')}, " if summary.steps else ""  # a pod tells cadence, not steps
    return f"Ran {duration_text(summary.running_s)} of {whole}, {steps}mean cadence {summary.mean_spm:.1f} spm."


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
