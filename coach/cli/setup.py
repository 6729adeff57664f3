"""`coach setup`: the first run. Find the sensor, check that its cadence is neither half nor double, try a click."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.choosing import choose, described, search
from coach.cli.hearing import heard
from coach.cli.options import Seconds, flags, load_settings, settings_options
from coach.cli.wearing import REMEMBERED, check_companion, pod_key
from coach.errors import AudioError, UsageError

if TYPE_CHECKING:
    from coach.config import Config, SensorConfig
    from coach.model import Foot
    from coach.store.book import Store

CLICKS = 8


@click.command()
@click.option("--address", metavar="ADDRESS", help="Skip the search: this is the sensor.")
@click.option("--seconds", type=Seconds(5, 300), default=20.0, show_default=True, help="How long to look at it.")
@settings_options
def setup(address: str | None, seconds: float, config_file: Path | None, settings: tuple[str, ...]) -> None:
    """Find your sensor, check its cadence, try a click. What it finds out is remembered.

    \b
    Example: coach setup
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "setup asks questions, and there is no terminal to answer them",
            hint="headless, name the sensor: coach run --address …",
        )
    from coach.store.book import Store, store_path

    config = load_settings(config_file, [*settings, *flags(sensor__kind="ble", sensor__address=address)]).config
    check_companion(config.sensor)
    with Store.open(store_path(config.store.path)) as store:
        _sound(config)
        chosen = address or _choose(config.sensor)
        _cadence(chosen, seconds, store, config_file, settings)
    click.echo("Ready. Start with: coach run; or measure your own cadence first: coach baseline")


def _sound(config: Config) -> None:
    """Play a few clicks through the output that a run would use."""
    from coach.clock import HostClock
    from coach.model import Beat

    clock = HostClock()
    try:
        with heard(config.audio, clock) as (output, reports):
            click.echo(f"Sound: {CLICKS} clicks by {output.name}.")
            first_s = clock.now() + reports[0].latency_s + 0.2
            for index in range(CLICKS):
                foot: Foot = "left" if index % 2 else "right"
                output.play(Beat(t_s=first_s + index / 3, available_s=clock.now(), index=index, foot=foot))
            time.sleep(max(0.0, first_s + CLICKS / 3 - clock.now()))
    except AudioError as error:
        click.echo(f"Sound: {error}")
        return
    if not click.confirm("Did you hear them?", default=True):
        click.echo("Turn the volume up; `coach doctor` lists the devices, and audio.device names one.")


def _choose(sensor: SensorConfig) -> str:
    """Search for the first sensor, and let the runner choose."""
    fitting = search(sensor.scan_s, click.echo, besides=sensor.also)
    if len(fitting) == 1:
        click.echo(f"  1  {described(fitting[0])}", err=True)
        if click.confirm("Is this yours?", default=True, err=True):
            return fitting[0].address
    return choose(fitting)


def _cadence(address: str, seconds: float, store: Store, config_file: Path | None, settings: tuple[str, ...]) -> None:
    """Run for a little, and ask whether the number is the runner's."""
    from coach.cli.live import LiveOptions, Notices, Outcome, go
    from coach.cli.wearing import sensor_maker

    flagged = [
        *settings,
        *flags(
            sensor__kind="ble", sensor__address=address, sensor__also="", audio__output="null", coaching__mode="off"
        ),
    ]
    effective = load_settings(config_file, flagged)
    click.echo(f"Now run, on the spot will do, for {seconds:.0f} s.")
    options = LiveOptions(
        duration_s=seconds, headless=True, wav=None, events=None, as_json=False, fallback_wav=Path("unused.wav")
    )
    source: dict[str, object] = {"kind": "setup", "address": address}
    outcome = Outcome()
    maker = sensor_maker(effective.config)
    go(effective, options, source, maker, store=None, notices=Notices(), outcome=outcome)
    if outcome.connected:
        store.remember(REMEMBERED, address)
        click.echo(f"Remembered {address}.")
    outcome.exit()
    for event in outcome.learnt:
        click.echo(event.reason)
        unit = event.state.removeprefix("counts_")
        if not click.confirm("Is that your cadence (running: about 150 to 190)?", default=True):
            unit = "steps" if unit == "strides" else "strides"
        store.remember(pod_key(address), unit)
        click.echo(f"Remembered: this pod counts {unit}.")
