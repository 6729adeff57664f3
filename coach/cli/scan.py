"""`coach scan`: which sensors are on the air."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from coach.cli.options import Seconds, load_settings

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    from sensors.ble_scan import Found

NOTHING_KNOWN = "nothing that the coach knows"
NO_NAME = "(no name)"
ANY_WIDTH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """Which sensors a run would use.

    Parameters
    ----------
    address, name : of the first one; the name counts where there is no address. also : address of the second one.
        All of them are empty where they are not known.
    """

    address: str = ""
    name: str = ""
    also: str = ""

    def is_first(self, one: Found) -> bool:
        """Tell whether it is the one that a run is made with."""
        if self.address:
            return one.address.upper() == self.address
        return bool(self.name) and one.name.casefold() == self.name.casefold()

    def is_second(self, one: Found) -> bool:
        """Tell whether it is the one beside it."""
        return one.address.upper() == self.also

    def mark(self, one: Found) -> str:
        """Give the star of ours, or a blank."""
        return "*" if self.is_first(one) or self.is_second(one) else " "


@click.command()
@click.option("--seconds", type=Seconds(1, 120), default=8.0, show_default=True, help="How long to listen.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def scan(seconds: float, as_json: bool) -> None:
    """List the Bluetooth devices that are on the air, sensors first, the strongest first; yours have a star.

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
        click.echo(json.dumps([{**asdict(one), "ours": ours.mark(one) == "*"} for one in found], indent=2))
        return
    if not is_live:
        for one in found:
            click.echo(_line(one, ours))
    click.echo(_what_next([one for one in found if one.fits], ours), err=True)


def _ours() -> Ours:
    """Give the sensors that a run would use, as far as the settings and the store tell."""
    from coach.text import printable

    config = load_settings(None, ()).config
    sensor = config.sensor
    named = _address(sensor.address) or ("" if sensor.match_name else _remembered(config.store.path))
    return Ours(address=named, name=printable(sensor.match_name), also=_address(sensor.also))


def _address(text: str) -> str:
    """Read the address of a Bluetooth device; empty for any other, as that of a phone in the network."""
    from coach.errors import UsageError
    from sensors.ble import address_of

    with suppress(UsageError):
        return address_of(text)
    return ""


def _remembered(configured: str) -> str:
    """Give the address of the last sensor; empty where none is known, or the store cannot tell."""
    from coach.cli.wearing import REMEMBERED
    from coach.errors import StoreError
    from coach.store.book import Store, store_path

    path = store_path(configured)
    if not path.exists():
        return ""
    try:
        with Store.open(path) as store:
            return (store.recall(REMEMBERED) or "").upper()
    except StoreError:
        return ""


def _sorted(found: Sequence[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (not one.fits, -one.rssi_dbm, one.address))


def _line(one: Found, ours: Ours) -> str:
    speaks = ", ".join(one.speaks) or NOTHING_KNOWN
    return f"{ours.mark(one)} {one.address}  {one.rssi_dbm:4d} dBm  {one.name or NO_NAME}: {speaks}"


def listing(found: Sequence[Found], ours: Ours, console: Console) -> Table:
    """Lay out who is near: a line for each, or, where that would break an address, a few lines for each."""
    from rich.measure import Measurement

    wide = _wide(_sorted(found), ours)
    room = Measurement.get(console, console.options.update(width=ANY_WIDTH), wide)
    return wide if room.maximum <= console.width else _narrow(_sorted(found), ours)


def _wide(found: Sequence[Found], ours: Ours) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for head in ("", "name", "speaks", "dBm", "address"):
        table.add_column(head, justify="right" if head == "dBm" else "left", no_wrap=True)
    for one in found:
        cells = (ours.mark(one), one.name or NO_NAME, ", ".join(one.speaks) or "–", str(one.rssi_dbm), one.address)
        table.add_row(*(Text(cell) for cell in cells), style=_style(one))
    return table


def _narrow(found: Sequence[Found], ours: Ours) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in found:
        lines = (one.name or NO_NAME, f"{one.rssi_dbm} dBm, {', '.join(one.speaks) or '–'}", one.address)
        table.add_row(Text(ours.mark(one)), Text("\n".join(lines)), style=_style(one))
    return table


def _style(one: Found) -> str:
    return "bold" if one.fits else "dim"


def _live(near: Mapping[str, Found], ours: Ours) -> Live:
    """Give a list on the screen that is drawn anew four times a second, however many advertise."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    return Live(
        get_renderable=lambda: listing(list(near.values()), ours, console), console=console, refresh_per_second=4
    )


def _what_next(fitting: Sequence[Found], ours: Ours) -> str:
    """Say how to run with one of those that give cadence; the second sensor is not one to run with."""
    firsts = [one for one in fitting if not ours.is_second(one)]
    if any(ours.is_first(one) for one in firsts):
        return "\nRun with:  coach run"
    if firsts:
        return f"\nRun with:  coach run --address {firsts[0].address}"
    if fitting:
        return "Only your second sensor is here; wake the first."
    return "No sensor found. One that another app or watch is connected to does not advertise."
