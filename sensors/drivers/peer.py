"""What a driver is, and the linked device that it talks to.

A driver says to a device, once it is linked, what makes it send; it decodes nothing. What comes is handed on with the
name of the codec that understands it (`sensors.codecs`), so that what is kept is what was sent. Drivers know nothing of
bleak: they see a `Peer`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from coach.model import Placement

Carries = Literal["cadence", "acceleration", "heart-rate", "news"]
"""What a driver gets out of a device. One sensor has one acceleration, and is good for something only with one of the
first two; news (battery, model) are taken along."""


class Peer(Protocol):
    """A linked device. Calls raise what Bluetooth raises; a driver lets that pass."""

    @property
    def address(self) -> str: ...

    @property
    def name(self) -> str:
        """As the device calls itself, fit to be printed."""

    def offers(self, characteristic: str) -> bool:
        """Tell whether the device has a characteristic."""

    async def read(self, characteristic: str) -> bytes: ...

    async def write(self, characteristic: str, value: bytes) -> None:
        """Write, and wait until the device has acknowledged it."""

    async def subscribe(self, characteristic: str, take: Callable[[bytes], None]) -> None:
        """Have `take` called with every value that the device notifies or indicates; it must not raise or block."""

    def send(self, codec: str, payload: bytes) -> None:
        """Hand on what came from the device, to be stamped and decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a device tells of itself when its stream starts; None and empty where it does not.

    Parameters
    ----------
    rate_hz : samples a second of its acceleration, nominally; needed where frames carry one stamp.
    model : maker, model and firmware, fit to be printed. faster : what to do where it sends too seldom.
    """

    rate_hz: float | None = None
    placement: Placement | None = None
    battery_pct: int | None = None
    model: str = ""
    faster: str = ""

    def __or__(self, other: About) -> About:
        """Add what another driver found out; the first to say a thing is believed."""
        return About(
            rate_hz=self.rate_hz if self.rate_hz is not None else other.rate_hz,
            placement=self.placement or other.placement,
            battery_pct=self.battery_pct if self.battery_pct is not None else other.battery_pct,
            model=self.model or other.model,
            faster=self.faster or other.faster,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How to get something out of the devices that offer a service.

    Parameters
    ----------
    kind : what `coach scan` says of such a device.
    service : UUID of the GATT service, lower case, in full.
    carries : what it gets out of them.
    codecs : the codecs of what it sends; a link on which none of them comes is dead.
    stream : starts the device's stream, and stops it when left, however that comes about. It is given the rate that
        the runner wants, in Hz, and may raise `SensorError`.
    names : how the names of devices begin that do not advertise the service.
    """

    kind: str
    service: str
    carries: Carries
    codecs: frozenset[str]
    stream: Callable[[Peer, int], AbstractAsyncContextManager[About]]
    names: tuple[str, ...] = ()
