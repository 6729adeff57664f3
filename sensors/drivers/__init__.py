"""Drivers of Bluetooth devices, by name, and what becomes of a device that several of them know.

A driver of somebody else's plugs in by an entry point of the group `cadence_coach.drivers` that names a `Driver`; see
`docs/new-device.md`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from importlib import import_module

from coach.errors import SensorError
from coach.plugins import plugins
from sensors.ble_faults import BLUETOOTH_ERRORS
from sensors.drivers.peer import About, Driver, Peer

GROUP = "cadence_coach.drivers"

DRIVERS = {
    "battery": "sensors.drivers.battery:DRIVER",
    "device-information": "sensors.drivers.information:DRIVER",
    "heart-rate": "sensors.drivers.heart_rate:DRIVER",
    "rsc": "sensors.drivers.rsc:DRIVER",
    "pmd": "sensors.drivers.polar:DRIVER",
    "movesense": "sensors.drivers.movesense:DRIVER",
    "microbit": "sensors.drivers.microbit:DRIVER",
    "thingy": "sensors.drivers.thingy:DRIVER",
    "witmotion": "sensors.drivers.witmotion:DRIVER",
    "uart": "sensors.drivers.uart:DRIVER",
}
"""In the order in which they are asked: news first, so that they are there when the stream starts."""


@cache
def known() -> tuple[Driver, ...]:
    """Load all drivers, those of plug-ins last.

    Raises
    ------
    SensorError
        For a plug-in that cannot be loaded.
    """
    own = [getattr(import_module(module), name) for module, name in (path.split(":") for path in DRIVERS.values())]
    return (*own, *plugins(GROUP, Driver).values())


def kinds(services: list[str], name: str) -> tuple[str, ...]:
    """Tell what a device speaks, of what the coach understands, from its advertisement."""
    return tuple(
        driver.kind
        for driver in known()
        if driver.carries != "news" and (driver.service in services or (driver.names and name.startswith(driver.names)))
    )


def bears_cadence(speaks: tuple[str, ...]) -> bool:
    """Tell whether something of what a device speaks gives cadence."""
    return any(driver.kind in speaks for driver in known() if driver.carries in ("cadence", "acceleration"))


@asynccontextmanager
async def streaming(
    peer: Peer, services: set[str], rate_hz: int, *, companion: bool = False
) -> AsyncIterator[tuple[About, frozenset[str]]]:
    """Make a linked device send all that the coach understands, and stop it in the end.

    Gives what the device tells of itself, and the codecs that show that it is alive.

    Parameters
    ----------
    services : UUIDs of the services that it offers, lower case. rate_hz : acceleration rate that is wanted.
    companion : heart rate will do.

    Raises
    ------
    SensorError
        With fault "no_service" when the device is good for nothing, "refused" when it will not.
    """
    about, alive = About(), frozenset[str]()
    useless: SensorError | None = None
    async with AsyncExitStack() as streams:
        for driver in _fitting(services):
            is_vital = _is_vital(driver, companion=companion)
            try:
                about |= await streams.enter_async_context(driver.stream(peer, rate_hz))
                alive |= driver.codecs if is_vital else frozenset()
            except SensorError as error:  # a service may be offered without what we want of it
                if is_vital and error.fault != "no_service":
                    raise
                useless = error if is_vital else useless
            except BLUETOOTH_ERRORS:
                if is_vital:
                    raise
            except Exception as error:  # a plug-in is somebody else's code
                raise SensorError(
                    f"the driver {driver.kind!r} failed: {error!r}",
                    fault="no_service",
                    hint="update its package, or pip uninstall it",
                ) from error
        if not alive:
            raise useless or _no_service(peer, companion=companion)
        yield about, alive


def _fitting(services: set[str]) -> list[Driver]:
    """Choose among the drivers of what a device offers; one acceleration is enough."""
    drivers = [driver for driver in known() if driver.service in services]
    accelerations = [driver for driver in drivers if driver.carries == "acceleration"]
    return [driver for driver in drivers if driver not in accelerations[1:]]


def _is_vital(driver: Driver, *, companion: bool) -> bool:
    return driver.carries in ("cadence", "acceleration") or (companion and driver.carries == "heart-rate")


def _no_service(peer: Peer, *, companion: bool) -> SensorError:
    old_polar = peer.name.startswith(("Polar H10", "Polar Sense", "Polar OH1"))
    wanted = "cadence, acceleration or heart rate" if companion else "cadence or acceleration"
    return SensorError(
        f"{peer.address} sends no {wanted} that the coach understands",
        fault="no_service",
        hint="update the strap's firmware in the Polar app"
        if old_polar
        else "`coach scan` says what each device speaks",
    )
