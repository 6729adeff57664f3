"""`coach note`: what the runner notes of pain, with a run or alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from coach.care import NAMED_FLAGS, WORST_PAIN, NewPain, Note, RedFlag, When
from coach.cli.options import load_settings, settings_options
from coach.errors import UsageError

if TYPE_CHECKING:
    from coach.store.book import Store
    from coach.store.kept import RunInfo

SHOWN = 10


@click.command()
@click.argument("words", metavar="[RUN|last] [TEXT]", nargs=-1)
@click.option("--pain", type=click.IntRange(0, WORST_PAIN), metavar="0-10", help="Back pain: 0 none, 10 the worst.")
@click.option("--before", is_flag=True, help="As it was before the run: the next one today, unless you name another.")
@click.option("--after", is_flag=True, help="As it was after the run; so is pain, unless you say --before.")
@click.option(
    "--new",
    "new_pain",
    multiple=True,
    type=click.Choice(get_args(NewPain), case_sensitive=False),
    help="Pain that was not there before; may be given again.",
)
@click.option(
    "--red-flag",
    type=click.Choice(NAMED_FLAGS, case_sensitive=False),
    help="Pain shooting down a leg, numbness, or pain that stops you standing straight.",
)
@click.option("--cleared", is_flag=True, help="A doctor has looked at the red flag: the coach goes on.")
@settings_options
def note(
    words: tuple[str, ...],
    pain: int | None,
    before: bool,
    after: bool,
    new_pain: tuple[NewPain, ...],
    red_flag: RedFlag | None,
    cleared: bool,
    config_file: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Note pain, with today's last run or with another.

    Without anything to note, it shows the last notes, or those of the run that you name.

    \b
    Examples: coach note --pain 2
              coach note --before --pain 3
              coach note --new calf "sore since the hills"
              coach note 12 --pain 4
              coach note --cleared
    """
    from coach.store.book import Store, store_path
    from coach.ui.words import printable

    if before and after:
        raise UsageError("--before and --after are two notes", hint="give the command twice")
    if cleared and red_flag is not None:
        raise UsageError("--cleared and --red-flag exclude each other", hint="give the one that holds now")
    which, text = _parted(words)
    when: When | None = "before" if before else "after" if after else None
    config = load_settings(config_file, settings).config
    made = Note(
        at=datetime.now(UTC),
        runner=config.runner.name,
        when=when,
        back_pain=pain,
        new_pain=tuple(dict.fromkeys(new_pain)),
        red_flag=red_flag,
        cleared=cleared,
        text=" ".join(printable(text).split()),
    )
    with Store.open(store_path(config.store.path)) as store:
        if not made.is_empty:
            _keep(made, which, store)
        elif when is None:
            _show(which, config.runner.name, store)
        else:
            raise UsageError(f"--{when} says nothing by itself", hint=f"e.g. coach note --pain 2 --{when}")


def _parted(words: Sequence[str]) -> tuple[str | None, str]:
    """Part the run that is named, if any, from the text.

    Raises
    ------
    UsageError
        Where the first of several words might be either.
    """
    if not words or not (words[0] == "last" or words[0].isdecimal()):
        return None, " ".join(words)
    if len(words) > 2:
        raise UsageError(
            f"is {words[0]} the run, or does the text begin with it?",
            hint=f'put the text in quotes: coach note "{" ".join(words)}"',
        )
    return words[0], " ".join(words[1:])


def _keep(made: Note, which: str | None, store: Store) -> None:
    """Keep a note, and say where, and what follows from it."""
    from coach.care import advice, said, standing_red_flag

    run = _run_for(made, which, store)
    made = made if run is None else _with(made, run)
    was_held = standing_red_flag(store.notes(made.runner)) is not None
    store.note(made)
    click.echo(f"Kept {_where(made, run)}: {said(made)}.", err=True)
    for line in advice(made):
        click.echo(line, err=True)
    if made.cleared:
        click.echo("The coach coaches again." if was_held else "No red flag was up: the coach coaches.", err=True)


def _run_for(made: Note, which: str | None, store: Store) -> RunInfo | None:
    """Find the run of a note: the named, or the runner's last one, if it began today; a note from before waits."""
    if which is not None:
        return store.run(which).info
    today = made.at.astimezone().date()
    own = [run for run in store.runs() if run.runner == made.runner]
    last = own[:1] if made.when != "before" else []
    return last[0] if last and last[0].started_at.astimezone().date() == today else None


def _with(made: Note, run: RunInfo) -> Note:
    """Give a note to a run, and so to its runner; pain of which nothing else is said is that of after it."""
    when = "after" if made.when is None and made.back_pain is not None else made.when
    return replace(made, runner=run.runner, run=run.id, when=when)


def _where(made: Note, run: RunInfo | None) -> str:
    if run is not None:
        when = f", {made.when} it" if made.when else ""
        return f"with run {run.id} of {run.started_at.astimezone():%Y-%m-%d %H:%M}{when}"
    if made.waits_for_run:
        return "for the next run that you begin today"
    return "as a note of its own"


def _show(which: str | None, runner: str, store: Store) -> None:
    """Print the notes of a run, or a runner's last ones, the newest first."""
    from coach.care import said

    notes, what = store.notes(runner)[:SHOWN], "yet"
    if which is not None:
        run = store.run(which).info.id
        notes, what = [one for one in store.notes() if one.run == run], f"of run {run}"
    for one in notes:
        run_text = "" if one.run is None else f"run {one.run}"
        click.echo(f"{one.at.astimezone():%Y-%m-%d %H:%M}  {run_text:<8}  {one.when or '':<6}  {said(one)}")
    if not notes:
        click.echo(f"There is no note {what}; for one: coach note --pain 2", err=True)
