"""`coach scan`: which sensors are on the air."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from coach.cli.options import Seconds, load_settings

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from sensors.ble_scan import Found

NOTHING_KNOWN = "nothing that the coach knows"


@click.command()
@click.option("--seconds", type=Seconds(1, 120), default=8.0, show_default=True, help="How long to listen.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def scan(seconds: float, as_json: bool) -> None:
    """List the Bluetooth devices that are on the air, sensors first, the strongest first; yours has a star.

    \b
    Example: coach scan --seconds 15
    """
    import asyncio

    from sensors.ble_scan import scan as scan_air

    ours = _ours()
    click.echo(f"Listening for {seconds:g} s; shake the pod, wet the strap …", err=True)
    near: dict[str, Found] = {}
    is_live = sys.stdout.isatty() and not as_json
    with _live(near, ours) if is_live else nullcontext():
        found = _sorted(asyncio.run(scan_air(seconds, heard=lambda one: near.update({one.address: one}))))
    if as_json:
        click.echo(json.dumps([{**asdict(one), "ours": one.address.upper() == ours} for one in found], indent=2))
        return
    if not is_live:
        for one in found:
            click.echo(_line(one, ours))
    _what_next([one for one in found if one.fits], ours)


def _ours() -> str:
    """Give the address of the sensor that a run would use; empty where none is known, or the store cannot tell."""
    from coach.cli.run import REMEMBERED
    from coach.errors import StoreError
    from coach.store.book import Store, store_path

    config = load_settings(None, ()).config
    if config.sensor.address:
        return config.sensor.address.upper()
    path = store_path(config.store.path)
    if not path.exists():
        return ""
    try:
        with Store.open(path) as store:
            return (store.recall(REMEMBERED) or "").upper()
    except StoreError:
        return ""


def _sorted(found: Sequence[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (not one.fits, -one.rssi_dbm, one.address))


def _line(one: Found, ours: str) -> str:
    mark = "*" if one.address.upper() == ours else " "
    speaks = ", ".join(one.speaks) or NOTHING_KNOWN
    return f"{mark} {one.address}  {one.rssi_dbm:4d} dBm  {one.name or '(no name)'}: {speaks}"


def _table(found: Sequence[Found], ours: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for head in ("", "name", "speaks", "dBm", "address"):
        table.add_column(head, justify="right" if head == "dBm" else "left", no_wrap=head == "dBm", overflow="fold")
    for one in _sorted(found):
        mark = "*" if one.address.upper() == ours else ""
        cells = (mark, one.name or "(no name)", ", ".join(one.speaks) or "–", str(one.rssi_dbm), one.address)
        table.add_row(*(Text(cell) for cell in cells), style="bold" if one.fits else "dim")
    return table


def _live(near: Mapping[str, Found], ours: str) -> Live:
    """Give a list on the screen that is drawn anew four times a second, however many advertise."""
    from rich.live import Live

    return Live(get_renderable=lambda: _table(list(near.values()), ours), refresh_per_second=4)


def _what_next(fitting: Sequence[Found], ours: str) -> None:
    if any(one.address.upper() == ours for one in fitting):
        click.echo("\nRun with:  coach run", err=True)
    elif fitting:
        click.echo(f"\nRun with:  coach run --address {fitting[0].address}", err=True)
    else:
        click.echo("No sensor found. One that another app or watch is connected to does not advertise.", err=True)
