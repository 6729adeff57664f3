"""Accuracy, lag, false readings and cost of the cadence engine, beside an oracle and beside others, in one run.

`python -m bench cadence` takes some minutes on two processors; `--quick` less than one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import guard
from bench.cost import cost
from bench.grid import records
from bench.peers import PACKAGES, RECIPES
from bench.real import real
from bench.report import synthetic
from bench.trial import trials

REPORT = Path(__file__).parents[1] / "docs" / "cadence-bench.md"
COMMAND = "python -m bench cadence"
INTRODUCTION = f"""# The cadence engine, measured

Made by `{COMMAND} --write`, nothing edited by hand. The definitions are those of `bench/scoring.py`; the
records are those of `bench/grid.py`, with fixed seeds. No detector is told where the sensor is worn. The *oracle* sees
every true step at once and says the mean of the last six intervals: what it misses is the variability of human steps.
Pairs are medians and 90th percentiles unless the head says otherwise; *never* is a change that was not followed, or a
reading that did not go; – is a figure that does not exist. Costs beside others are processor time."""


def measure(arguments: Sequence[str] = ()) -> Iterator[str]:
    """Give the lines of the report; see `--help` for the arguments."""
    options = _options(arguments)
    if options.baseline:
        now = guard.cells(list(trials(records(quick=True))))
        guard.write(now)
        yield f"wrote {len(now)} cells to {guard.BASELINE.name}"
        return
    lines = []
    for line in _report(options):
        lines.append(line)
        yield line
    if options.write:
        REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="one round of each course, shorter hours, no packages")
    parser.add_argument("--ours", action="store_true", help="leave the peers and the costs out")
    parser.add_argument("--only", default="", metavar="TEXT", help="only synthetic records with this in their name")
    parser.add_argument("--write", action="store_true", help=f"write docs/{REPORT.name} too")
    parser.add_argument("--baseline", action="store_true", help=f"measure and write bench/{guard.BASELINE.name} anew")
    return parser.parse_args(arguments)


def _report(options: argparse.Namespace) -> Iterator[str]:
    yield from INTRODUCTION.splitlines()
    asked = () if options.ours else RECIPES if options.quick else (*RECIPES, *PACKAGES)
    if missing := [peer.name for peer in asked if not peer.installed]:
        yield from ("", f"Not installed, so not measured: {', '.join(missing)}; they come with the extra `bench`.")
    peers = [peer.name for peer in asked if peer.installed]
    chosen = [record for record in records(quick=options.quick) if options.only in record.name]
    if not chosen:
        sys.exit(f"bench: no synthetic record has {options.only!r} in its name; names read like 'steps, wrist, 100 Hz'")
    yield from synthetic(list(trials(chosen, peers)))
    if not options.only:
        yield from real(peers)
        yield from () if options.ours else cost(quick=options.quick)
