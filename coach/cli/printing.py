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

    click.echo(summary_lines(summary, low_spm=config.target.low_spm, high_spm=config.target.high_spm), file=stream)
