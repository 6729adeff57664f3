"""`coach history`: the runs that were kept."""

from __future__ import annotations

import json
from pathlib import Path

import click

from coach.cli.options import load_settings, settings_options


@click.command()
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="So many runs.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@settings_options
def history(last: int, as_json: bool, config_file: Path | None, settings: tuple[str, ...]) -> None:
    """List the runs that were kept, the newest first.

    \b
    Example: coach history --last 5
    """
    from coach.cli.keeping import tell_cut_off
    from coach.store.book import Store, store_path
    from coach.ui.words import duration_text

    with Store.open(store_path(load_settings(config_file, settings).config.store.path)) as store:
        tell_cut_off(store, lambda text: click.echo(text, err=True))
        runs = store.runs()[:last]
    if as_json:
        rows = [
            {
                "id": run.id,
                "started_at": run.started_at.isoformat(),
                "status": run.status,
                "source": run.source,
                "summary": run.summary,
            }
            for run in runs
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for run in runs:
        mean = (run.summary or {}).get("mean_spm")
        pace = f"{mean:5.1f} spm" if mean is not None else "    - spm"
        when = run.started_at.astimezone().strftime("%Y-%m-%d %H:%M")
        sensors = " with ".join(str(run.source[key]) for key in ("kind", "also") if key in run.source)
        click.echo(f"{run.id:>5}  {when}  {duration_text(run.duration_s):>8}  {pace}  {sensors}, {run.status}")
    if not runs:
        click.echo("No run has been kept yet; `coach demo` makes the first.", err=True)
