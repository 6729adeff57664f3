"""`coach scan`: which sensors are on the air."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from coach.cli.options import Seconds


@click.command()
@click.option("--seconds", type=Seconds(1, 120), default=8.0, show_default=True, help="How long to listen.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def scan(seconds: float, as_json: bool) -> None:
    """List the Bluetooth sensors that are on the air, the strongest first.

    \b
    Example: coach scan --seconds 15
    """
    import asyncio

    from sensors.ble_scan import scan as scan_air

    click.echo(f"Listening for {seconds:g} s; shake the pod, wet the strap …", err=True)
    found = asyncio.run(scan_air(seconds))
    if as_json:
        click.echo(json.dumps([asdict(device) for device in found], indent=2))
        return
    for device in found:
        speaks = ", ".join(device.speaks) or "nothing that the coach knows"
        click.echo(f"{device.address}  {device.rssi_dbm:4d} dBm  {device.name or '(no name)'}: {speaks}")
    fitting = [device for device in found if device.fits]
    if fitting:
        click.echo(f"\nRun with:  coach run --address {fitting[0].address}", err=True)
    else:
        click.echo(
            "No foot pod or strap found. A sensor that another app or watch is connected to does not advertise.",
            err=True,
        )
