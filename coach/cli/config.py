"""`coach config`: what is in force, and where each value comes from."""

from __future__ import annotations

import json
from pathlib import Path

import click

from coach.cli.options import load_settings, settings_options


@click.command()
@settings_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def config(config_file: Path | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Print the settings in force, and where each value comes from.

    \b
    Example: coach config --set target.low_spm=165
    """
    effective = load_settings(config_file, settings)
    tree = effective.config.model_dump(mode="json")
    if as_json:
        click.echo(json.dumps({"config": tree, "origins": dict(effective.origins)}, indent=2))
        return
    for section, keys in tree.items():
        click.echo(f"[{section}]")
        for key, value in keys.items():
            assignment = f"{key} = {json.dumps(value)}"
            click.echo(f"{assignment:<34}# {effective.origins[f'{section}.{key}']}")
        click.echo()
