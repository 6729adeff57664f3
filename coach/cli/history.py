"""`coach history`: the runs that were kept."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from coach.cli.options import load_settings, settings_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coach.care import Note
    from coach.store.kept import RunInfo

WIDTH = 80
BELOW = " " * 7
"""What is told besides lies below the date."""


@click.command()
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="So many runs.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@settings_options
def history(last: int, as_json: bool, config_file: Path | None, settings: tuple[str, ...]) -> None:
    """List the runs that were kept, with their plans and notes, the newest first.

    \b
    Example: coach history --last 5
    """
    from coach.cli.keeping import tell_cut_off
    from coach.store.book import Store, store_path

    with Store.open(store_path(load_settings(config_file, settings).config.store.path)) as store:
        tell_cut_off(store, lambda text: click.echo(text, err=True))
        runs, notes = store.runs()[:last], store.notes()
    told = [(run, [note for note in notes if note.run == run.id]) for run in runs]
    if as_json:
        click.echo(json.dumps([_as_tree(*one) for one in told], indent=2))
        return
    for one in told:
        click.echo("\n".join(_lines(*one)))
    if not runs:
        click.echo("No run has been kept yet; `coach demo` makes the first.", err=True)


def _as_tree(run: RunInfo, notes: Sequence[Note]) -> dict[str, Any]:
    """Write a run for programs; its notes are the newest last."""
    return {
        "id": run.id,
        "started_at": run.started_at.isoformat(),
        "status": run.status,
        "source": run.source,
        "summary": run.summary,
        "plan": run.plan,
        "notes": [_note_tree(note) for note in reversed(notes)],
    }


def _note_tree(note: Note) -> dict[str, Any]:
    return {
        "at": note.at.isoformat(),
        "when": note.when,
        "back_pain": note.back_pain,
        "new_pain": list(note.new_pain),
        "red_flag": note.red_flag,
        "cleared": note.cleared,
        "text": note.text,
    }


def _lines(run: RunInfo, notes: Sequence[Note]) -> list[str]:
    """Write a run for people: a line, and below it the plan and the notes, if there are any."""
    from coach.care import said_of_run
    from coach.ui.words import duration_text

    mean = (run.summary or {}).get("mean_spm")
    pace = f"{mean:5.1f} spm" if mean is not None else "    - spm"
    when = run.started_at.astimezone().strftime("%Y-%m-%d %H:%M")
    sensors = " with ".join(str(run.source[key]) for key in ("kind", "also") if key in run.source)
    first = f"{run.id:>5}  {when}  {duration_text(run.duration_s):>8}  {pace}  {sensors}, {run.status}"
    besides = [_plan_text(run.plan)] if run.plan else []
    besides += [said_of_run(notes)] if notes else []
    return [first, *(fill(text, WIDTH, initial_indent=BELOW, subsequent_indent=BELOW) for text in besides)]


def _plan_text(plan: dict[str, Any]) -> str:
    """Say which plan it was, and how much of it was run."""
    session = "" if plan["session"] is None else f", session {plan['session']}"
    return f"plan {plan['plan']}{session}, {plan['done_pct']:.0f} % done"
