"""The end of a run, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from coach.config import Config
    from coach.model import Summary


def print_summary(summary: Summary, config: Config, *, as_json: bool, stream: TextIO) -> None:
    """Print the summary for people, or as JSON."""
    if as_json:
        from coach.formats.events import line

        click.echo(line(summary), file=stream)
        return
    from coach.ui.summary import summary_lines

    click.echo(summary_lines(summary, band=_band_text(config)), file=stream)


def _band_text(config: Config) -> str:
    target = config.target
    if config.coaching.plan:
        return "the bands of the plan"
    if target.kind == "personal" and target.own_spm:
        return f"your own band, {target.raise_pct:g} % above {target.own_spm:g} spm"
    return f"the band of {target.low_spm:g}-{target.high_spm:g} spm"
