"""Which sensors a run has: what the settings and the store say of them, and how they are made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from coach.cli.aiming import kind_key
from coach.cli.choosing import Sensors, the_only
from coach.cli.options import LiveFlags, flags
from coach.errors import StoreError, UsageError

if TYPE_CHECKING:
    from coach.cli.live import Outcome
    from coach.config import Config, Effective, Layer, SensorConfig
    from coach.ports import Clock, Sensor
    from coach.store.book import Store
    from sensors.air import Air

F = TypeVar("F", bound=Callable[..., Any])

REMEMBERED = "sensor"
"""Under this key the store remembers the address of the last sensor."""
REMEMBERED_ORIGIN = "remembered"
"""What settings from there are said to come from."""


def pod_key(address: str) -> str:
    """Give the key under which the store remembers what a pod counts."""
    return f"pod {address.lower()}"


def latency_key(output: str, device: str) -> str:
    """Give the key under which the store remembers how much later than an output says its clicks are heard."""
    return f"latency {output} {device}".strip()


def sensor_options(command: F) -> F:
    """Add the flags that say which sensor is worn, and where; the command takes them, as settings, as `worn`."""

    @wraps(command)
    def with_sensor(**given: Any) -> None:
        asked = {key: given.pop(key) for key in ("sensor", "address", "match_name", "also", "placement")}
        by_name = asked["match_name"] is not None and asked["address"] is None
        worn = flags(
            sensor__kind=asked["sensor"],
            sensor__address="" if by_name else asked["address"],
            sensor__match_name=asked["match_name"],
            sensor__also=asked["also"],
            sensor__placement=asked["placement"],
        )
        command(worn=worn, **given)

    wrapped: Callable[..., None] = with_sensor
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return cast("F", wrapped)


_OPTIONS = (
    click.option("--sensor", metavar="KIND", help="auto, ble, sensor-logger, phyphox, sensor-server, simulated."),
    click.option("--address", metavar="ADDRESS", help="Of the sensor, as `coach scan` prints it; of a phone, its own."),
    click.option("--match-name", metavar="NAME", help="Search by name: some phones and watches change their address."),
    click.option("--also", metavar="ADDRESS", help="A second sensor: a strap for heart rate, or a pod beside a strap."),
    click.option("--placement", metavar="WHERE", help="Where the sensor is worn: foot, waist, chest, wrist ..."),
)


def searched(
    live: LiveFlags, worn: Sequence[str], effective: Effective, store: Store | None, say: Callable[[str], None]
) -> Effective:
    """Give settings that name the sensor: where they do not yet, the only one on the air, or the one that is chosen."""
    if not _must_search(effective.config.sensor):
        return effective
    asks = not live.headless and sys.stdin is not None and sys.stdin.isatty()
    address = the_only(effective.config.sensor, ask=asks, say=say)
    named = [*worn, *flags(sensor__address=address)]
    return live.load(*named, extra=remembered(store, live.load(*named), say))


def remember(store: Store, worn: SensorConfig, outcome: Outcome, say: Callable[[str], None]) -> None:
    """Keep, for the next run, the first sensor if it was there, and what each pod counts.

    A store that cannot is told of. A sensor that is known by its name alone is not remembered: it changes its address.
    """
    first, second = _ids(worn)
    try:
        if first in outcome.connected:
            store.remember(REMEMBERED, worn.address)
        for event in outcome.learnt:
            if event.sensor in (first, second):
                store.remember(pod_key(event.sensor.removeprefix("ble:")), event.state.removeprefix("counts_"))
    except StoreError as error:
        say(f"the sensor is not remembered: {error}")


def remembered(store: Store | None, effective: Effective, say: Callable[[str], None]) -> list[Layer]:
    """Settings that `coach setup`, `coach calibrate` and earlier runs found out: of the sensors, and of the sound."""
    from coach.config import Layer

    if store is None:
        return []
    try:
        tree = {
            "sensor": _of_sensors(store, effective.config.sensor),
            "audio": _of_sound(store, effective),
            "target": _of_target(store, effective),
        }
    except StoreError as error:
        say(f"nothing is remembered: {error}")
        return []
    return [Layer(REMEMBERED_ORIGIN, tree)]


def _of_sensors(store: Store, sensor: SensorConfig) -> dict[str, object]:
    """Recall the last sensor, and what each pod counts."""
    address = _last_sensor(store, sensor)
    known = {"address": address, **_counts(store, sensor, address)}
    return {key: value for key, value in known.items() if value}


def _of_target(store: Store, effective: Effective) -> dict[str, object]:
    """Recall which kind of target the runner wants, unless the settings say it."""
    from coach.config import SHIPPED

    if effective.origins["target.kind"] != SHIPPED:
        return {}
    kind = store.recall(kind_key(effective.config.runner.name))
    return {} if kind is None else {"kind": kind}


def _of_sound(store: Store, effective: Effective) -> dict[str, object]:
    """Recall how late clicks are heard by the output in force, unless the settings say it."""
    from coach.config import SHIPPED, from_text

    audio = effective.config.audio
    if effective.origins["audio.latency_ms"] != SHIPPED:
        return {}
    latency_ms = store.recall(latency_key(audio.output, audio.device))
    return {} if latency_ms is None else {"latency_ms": from_text(latency_ms, audio.latency_ms)}


def _last_sensor(store: Store, sensor: SensorConfig) -> str:
    if sensor.address or sensor.match_name or not _is_bluetooth(sensor):
        return sensor.address
    return store.recall(REMEMBERED) or ""


def _counts(store: Store, sensor: SensorConfig, address: str) -> dict[str, str | None]:
    """Give what each of the two pods counts; nothing where the runner has told it."""
    if sensor.pod_cadence != "auto":
        return {}
    second = (store.recall(pod_key(sensor.also)) or "auto") if sensor.also else None
    return {"pod_cadence": store.recall(pod_key(address)), "also_pod_cadence": second}


def source_of(config: Config) -> dict[str, object]:
    if config.sensor.kind == "simulated":
        return {"kind": "simulated"}
    kind = "ble" if _is_bluetooth(config.sensor) else config.sensor.kind
    also = {"also": config.sensor.also} if config.sensor.also else {}
    return {"kind": kind, "address": config.sensor.address, **also}


def _is_bluetooth(sensor: SensorConfig) -> bool:
    return sensor.kind in ("auto", "ble")


def _ids(sensor: SensorConfig) -> tuple[str, str]:
    """Give the ids of the first and the second Bluetooth sensor, as far as they are known by an address."""
    from sensors.ble import address_of

    first = sensor.address if _is_bluetooth(sensor) else ""
    return f"ble:{address_of(first)}" if first else "", f"ble:{address_of(sensor.also)}" if sensor.also else ""


def check_companion(sensor: SensorConfig) -> None:
    """Refuse a second sensor that has no address, or is the first one, before anything is searched for.

    Raises
    ------
    UsageError
        Then.
    """
    if sensor.also:
        from sensors.ble import address_of

        if _is_bluetooth(sensor) and address_of(sensor.also) == sensor.address.strip().upper():
            raise UsageError(
                f"{sensor.also} is named twice, as the first sensor and as the second (sensor.also)",
                hint="`coach scan` lists the others",
            )


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
            beside, also = config.sensor.beside, config.sensor.also
            companions.append(BleSensor(also, clock=clock, config=beside, companion=True, air=air))
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
