"""Which sensors the runner wears: the only one on the air that fits, or the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from coach.errors import SensorError

if TYPE_CHECKING:
    from coach.config import SensorConfig
    from coach.ports import Sensor
    from sensors.ble_scan import Found

NAMING = "`--address` names one for this run, `coach setup` for all"


@dataclass(frozen=True, slots=True)
class Sensors:
    """What the runner wears: the run ends with the main one, and goes on without the others."""

    main: Sensor
    companions: Sequence[Sensor] = ()


def the_only(sensor: SensorConfig, *, ask: bool, say: Callable[[str], None]) -> str:
    """Search; give the address of the only sensor that fits, or of the one that the runner chooses.

    Parameters
    ----------
    sensor : the settings; the second sensor that they name is not the first.
    ask : whether there is a runner at a terminal.

    Raises
    ------
    SensorError
        When none is on the air, or several are and nobody can be asked; the message lists them.
    """
    try:
        fitting = search(sensor.scan_s, say, besides=sensor.also)
    except SensorError as error:
        others = "`coach setup` finds a sensor, `coach run --address …` names one, `coach demo` needs none"
        hint = f"{error.hint}; {others}" if error.hint else others
        raise SensorError(f"no sensor is known yet, and {error.message}", fault=error.fault, hint=hint) from error
    if len(fitting) == 1:
        say(f"Using {described(fitting[0])}.")
        return fitting[0].address
    if ask:
        return choose(fitting)
    listed = "; ".join(described(found) for found in fitting)
    raise SensorError(f"{len(fitting)} sensors are on the air: {listed}", fault="not_found", hint=NAMING)


def search(seconds: float, say: Callable[[str], None], *, besides: str = "") -> list[Found]:
    """Search; give the sensors that tell cadence, but the one of the address `besides`, the strongest first.

    Raises
    ------
    SensorError
        When there is none.
    """
    import asyncio

    from sensors.ble_scan import scan

    say(f"Searching for sensors for {seconds:g} s; shake the pod, wet the strap …")
    near = asyncio.run(scan(seconds))
    fitting = [found for found in near if found.fits and found.address.upper() != besides.strip().upper()]
    if not fitting:
        raise SensorError(
            "no foot pod, strap or other motion sensor was found",
            fault="not_found",
            hint="wake it, bring it near, and close apps and watches that are connected to it",
        )
    return fitting


def choose(fitting: Sequence[Found]) -> str:
    """Let the runner choose; give the address."""
    for number, found in enumerate(fitting, start=1):
        click.echo(f"  {number}  {described(found)}", err=True)
    number = click.prompt("Which one is yours?", type=click.IntRange(1, len(fitting)), default=1, err=True)
    return fitting[number - 1].address


def described(found: Found) -> str:
    """Say which sensor it is, in half a line."""
    return f"{found.name or '(no name)'}  {found.address}  {found.rssi_dbm} dBm"
