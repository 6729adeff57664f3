"""`coach run`: a live run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.choosing import Sensors, the_only
from coach.cli.options import LiveFlags, flags, live_options
from coach.errors import StoreError, UsageError

if TYPE_CHECKING:
    from coach.config import Config, Layer, SensorConfig
    from coach.model import SensorEvent
    from coach.ports import Clock, Sensor
    from coach.store.book import Store
    from sensors.air import Air

REMEMBERED = "sensor"
"""Under this key the store remembers the address of the last sensor."""


def pod_key(address: str) -> str:
    """Give the key under which the store remembers what a pod counts."""
    return f"pod {address.lower()}"


@click.command()
@click.option("--sensor", metavar="KIND", help="auto, ble, sensor-logger, phyphox, sensor-server, simulated.")
@click.option(
    "--address", metavar="ADDRESS", help="Of the sensor, as `coach scan` prints it; of a phone, as its app shows it."
)
@click.option("--match-name", metavar="NAME", help="Search by name: for phones and watches that change their address.")
@click.option("--also", metavar="ADDRESS", help="A second sensor: a strap for heart rate, or a pod beside a strap.")
@click.option("--placement", metavar="WHERE", help="Where the sensor is worn: foot, waist, chest, wrist ...")
@live_options
def run(
    live: LiveFlags,
    sensor: str | None,
    address: str | None,
    match_name: str | None,
    also: str | None,
    placement: str | None,
) -> None:
    """Run: find your steps, and lead you into your band by ear. q, Ctrl-C or --duration ends it.

    \b
    Examples: coach run
              coach run --address C0:FF:EE:00:00:01 --target 168-178
              coach run --sensor phyphox --address 192.168.0.42
              coach run --headless --config morning.toml --events run.jsonl
    """
    from coach.cli.keeping import open_store
    from coach.cli.live import LiveOptions, Notices, Outcome, go

    own = flags(
        sensor__kind=sensor,
        sensor__address="" if match_name is not None and address is None else address,
        sensor__match_name=match_name,
        sensor__also=also,
        sensor__placement=placement,
    )
    notices = Notices()
    effective = live.load(*own)
    store = open_store(effective.config, notices.say)
    effective = live.load(*own, extra=_remembered(store, effective.config, notices.say))
    _check_companion(effective.config.sensor)
    if _must_search(effective.config.sensor):
        asks = not live.headless and sys.stdin is not None and sys.stdin.isatty()
        own += flags(sensor__address=the_only(effective.config.sensor, ask=asks, say=notices.say))
        effective = live.load(*own, extra=_remembered(store, live.load(*own).config, notices.say))
    options = LiveOptions.of(live, duration_s=live.duration, fallback_wav=Path("coach-run.wav"))
    outcome = Outcome()
    maker = sensor_maker(effective.config)
    try:
        go(effective, options, _source(effective.config), maker, store=store, notices=notices, outcome=outcome)
    finally:
        worn = effective.config.sensor
        if store is not None and outcome.connected and worn.address and _is_bluetooth(worn):
            remember(store, worn.address, outcome.learnt, notices.say)
    outcome.exit()


def remember(store: Store, address: str, learnt: Sequence[SensorEvent], say: Callable[[str], None]) -> None:
    """Keep, for the next run, which sensor this was and what its pod counts; a store that cannot is told of."""
    try:
        store.remember(REMEMBERED, address)
        for event in learnt:
            store.remember(pod_key(event.sensor.removeprefix("ble:")), event.state.removeprefix("counts_"))
    except StoreError as error:
        say(f"the sensor is not remembered: {error}")


def _remembered(store: Store | None, config: Config, say: Callable[[str], None]) -> list[Layer]:
    """Settings that `coach setup` and earlier runs found out: the sensor, and what its pod counts."""
    from coach.config import Layer

    if store is None or not _is_bluetooth(config.sensor):
        return []
    try:
        address = config.sensor.address or ("" if config.sensor.match_name else store.recall(REMEMBERED)) or ""
        unit = store.recall(pod_key(address)) or store.recall(pod_key(config.sensor.also))
    except StoreError as error:
        say(f"nothing is remembered: {error}")
        return []
    known = {"address": address, "pod_cadence": unit}
    return [Layer("remembered", {"sensor": {key: value for key, value in known.items() if value}})]


def _source(config: Config) -> dict[str, object]:
    if config.sensor.kind == "simulated":
        return {"kind": "simulated"}
    kind = "ble" if _is_bluetooth(config.sensor) else config.sensor.kind
    return {"kind": kind, "address": config.sensor.address}


def _is_bluetooth(sensor: SensorConfig) -> bool:
    return sensor.kind in ("auto", "ble")


def _check_companion(sensor: SensorConfig) -> None:
    """Refuse a second sensor that has no address, or is the first one, before anything is searched for.

    Raises
    ------
    UsageError
        Then.
    """
    if sensor.also:
        from sensors.ble import address_of

        if _is_bluetooth(sensor) and address_of(sensor.also) == sensor.address.strip().upper():
            raise UsageError(f"{sensor.also} is the first sensor already", hint="`coach scan` lists the others")


def _must_search(sensor: SensorConfig) -> bool:
    return _is_bluetooth(sensor) and not sensor.address and not sensor.match_name


def sensor_maker(config: Config) -> Callable[[Clock], Sensors]:
    """Give what makes the sensors that the settings name, once there is a clock."""

    def make(clock: Clock) -> Sensors:
        from sensors.air import Air
        from sensors.ble import BleSensor

        air = Air()
        companions: list[Sensor] = []
        if config.sensor.also:
            beside = config.sensor.model_copy(update={"placement": "unknown"})
            companions.append(BleSensor(config.sensor.also, clock=clock, config=beside, companion=True, air=air))
        return Sensors(_main(config, clock, air), companions)

    return make


def _main(config: Config, clock: Clock, air: Air) -> Sensor:
    if config.sensor.kind == "simulated":
        from sensors.paced import Paced
        from sensors.simulated import SimulatedRunner

        return Paced(SimulatedRunner(config.simulation), clock)
    if _is_bluetooth(config.sensor):
        from sensors.ble import BleSensor

        return BleSensor(config.sensor.address, clock=clock, config=config.sensor, air=air)
    from sensors.kinds import make_sensor

    return make_sensor(config.sensor.kind, config.sensor.address, clock=clock, config=config.sensor)
