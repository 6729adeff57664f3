"""`coach doctor`: what works on this machine, and what to do about what does not."""

from __future__ import annotations

import json
from dataclasses import asdict

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(as_json: bool) -> None:
    """Look at Bluetooth, sound, settings and installation, and say what to do.

    Ends with 0 when everything that a run needs is there, else with 1.

    \b
    Example: coach doctor --json
    """
    from coach.doctor import as_text, run_checks

    findings = run_checks()
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        click.echo(as_text(findings))
    if any(finding.ok == "bad" for finding in findings):
        raise click.exceptions.Exit(1)
