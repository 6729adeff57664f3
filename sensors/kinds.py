"""Kinds of live sensors, by name; a kind is loaded when one of it is made.

A kind of somebody else's plugs in by an entry point of the group `cadence_coach.sensors` that names a `MakesSensor`:
a class like those below, or a function.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, runtime_checkable

from coach.config import SensorConfig
from coach.errors import UsageError
from coach.plugins import plugins
from coach.ports import Clock, Sensor

GROUP = "cadence_coach.sensors"

KINDS = {
    "ble": "sensors.ble:BleSensor",
    "sensor-logger": "sensors.phone.sensor_logger:SensorLoggerSensor",
    "phyphox": "sensors.phone.phyphox:PhyphoxSensor",
    "sensor-server": "sensors.phone.sensor_server:SensorServerSensor",
}


@runtime_checkable
class MakesSensor(Protocol):
    """What makes a sensor of an address; it raises `UsageError` for one that makes no sense."""

    def __call__(self, address: str, *, clock: Clock, config: SensorConfig) -> Sensor: ...


def make_sensor(kind: str, address: str, *, clock: Clock, config: SensorConfig) -> Sensor:
    """Make a live sensor; ours go before those of plug-ins.

    Raises
    ------
    UsageError
        For a kind that nobody knows, or an address that is not of the kind's form.
    SensorError
        For a plug-in that cannot be loaded.
    """
    return _maker(kind)(address, clock=clock, config=config)


def _maker(kind: str) -> MakesSensor:
    if kind in KINDS:
        module, _, name = KINDS[kind].partition(":")
        maker: MakesSensor = getattr(import_module(module), name)
        return maker
    others = plugins(GROUP, MakesSensor)  # type: ignore[type-abstract]
    if kind not in others:
        raise UsageError(
            f"{kind!r} is not a kind of sensor", hint=f"there are auto, simulated, {', '.join([*KINDS, *others])}"
        )
    return others[kind]
