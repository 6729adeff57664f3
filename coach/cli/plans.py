"""`coach plans`: what there is to run by, and what comes next."""

from __future__ import annotations

from pathlib import Path

import click

from coach.cli.options import load_settings, settings_options
from coach.errors import ConfigError


@click.command()
@settings_options
def plans(config_file: Path | None, settings: tuple[str, ...]) -> None:
    """List the plans: the ready ones, and your own in the folder `plans` beside your config.toml.

    Of a schedule of several runs it says which comes next: the one after the last that you ran to four fifths.

    \b
    Examples: coach plans
              coach run --plan easy-start
              coach run --plan faded:3
              coach run --plan mine.toml
    """
    from coach.cli.planning import length_s
    from coach.plans import known, next_session, read_schedule
    from coach.store.book import Store, store_path
    from coach.ui.words import duration_text

    problems: list[str] = []
    with Store.open(store_path(load_settings(config_file, settings).config.store.path)) as store:
        runs = store.runs()
    for name, path in known().items():
        try:
            schedule = read_schedule(path)
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        session = next_session(schedule, runs) if schedule.is_series else None
        plan = schedule.sessions[(session or 1) - 1]
        of = len(schedule.sessions)
        follows = f"session {session} of {of} is next" if session else f"all {of} sessions are done"
        note = f"{schedule.note}; {follows}" if schedule.is_series else schedule.note
        click.echo(f"{name:<12} {duration_text(length_s(plan)):>7}  {note}")
    if problems:
        raise ConfigError(problems, hint="the others can be run")
