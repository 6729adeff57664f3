"""A live sensor on Bluetooth LE.

The life of a sensor is a loop: search, stop the search, link, subscribe, take what comes; and when the link breaks or
falls silent, wait a little and begin again with a new search, a new device and a new client (an old client does not
work any more once BlueZ has forgotten the device: bleak #676, #713). While another sensor is linked nothing may
scan: then a new client is given the device that the last search has found.

Rules. Notifications are stamped and handed on; nothing is decoded here, so that what is kept is what was sent. A link
without data that matter is dead, whatever the system says (bleak-retry-connector #228): a watchdog ends it.
What arrives before the link has been announced is dropped: it is little, and readers may rely on the order.
Every stop has a time limit; a cancelled sensor is down within two seconds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from bleak import BleakClient

from coach.config import SensorConfig
from coach.errors import SensorError, UsageError
from coach.model import SensorState
from coach.ports import Clock, Emit
from coach.text import printable
from sensors.air import Air, Wanted
from sensors.backoff import backoff_s
from sensors.ble_faults import BLUETOOTH_ERRORS, Stage, explain, is_final, is_forgotten
from sensors.ble_link import BleakPeer, Link, connected
from sensors.ble_scan import Heard, find, find_held, not_heard
from sensors.drivers import streaming
from sensors.drivers.peer import About

CONNECT_S = 20.0

CONNECT_BESIDE_S = 10.0
"""While another sensor is linked: the controller listens for the device all the time, and the air is taken."""

LINGER_S = 3.0
"""At the start a companion is listened for so much longer; straps and pods advertise several times a second."""

LINGER_AGAIN_S = 1.0
"""In a run the first sensor's return counts more."""

LATER = "it is looked for again when no other sensor is linked, or in a new run"

_ADDRESS = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}|[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


def address_of(text: str) -> str:
    """Read the address of a device, a MAC address or, on macOS, a UUID, in any case.

    Raises
    ------
    UsageError
        For what is of neither form.
    """
    address = text.strip().upper()
    if len(address) == 17:
        address = address.replace("-", ":")  # as Windows writes it
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"{text!r} is not the address of a Bluetooth device", hint="`coach scan` lists them")
    return address


class BleSensor:
    """One Bluetooth LE device, kept linked until cancelled.

    Parameters
    ----------
    address : a MAC address or, on macOS, a UUID, in any case. Empty where `config.match_name` is to be searched for:
        phones and watches change their addresses every quarter of an hour.
    clock : stamps what arrives.
    config : rate_hz, scan_s, silence_s and match_name are used, and placement where the runner has told it.
    companion : this is a second sensor; heart rate is all that it needs to send. air : shared with the first.
    backoff : makes the waits between attempts to link.

    Raises
    ------
    UsageError
        For an address that is of neither form.
    """

    def __init__(
        self,
        address: str,
        *,
        clock: Clock,
        config: SensorConfig,
        companion: bool = False,
        air: Air | None = None,
        backoff: Callable[[], Iterator[float]] = backoff_s,
    ) -> None:
        name = "" if address else printable(config.match_name)
        self._wanted = Wanted(name or address_of(address), by_name=bool(name), companion=companion)
        self._air = air or Air()
        self._air.join(self._wanted)
        self._clock = clock
        self._config = config
        self._backoff = backoff
        self._stage = Stage.SEARCHING  # outlives a run: after a sleep of the machine a known sensor is run again
        self._known: Heard | None = None

    @property
    def id(self) -> str:
        """The name of this sensor in inputs and events."""
        return f"ble:{self._wanted.name}"

    async def run(self, emit: Emit) -> None:
        """Stream until cancelled.

        Raises
        ------
        SensorError
            When trying again would not help: see `sensors.ble_faults`.
        UsageError
            When the device is linked already, as another sensor of the run.
        """
        emit(SensorState(at=self._clock.now(), sensor=self.id, state="searching"))
        delays = self._backoff()
        while True:
            link = Link(self.id, self._clock, emit)
            trouble = await self._attempt(link)
            if is_final(trouble.fault, self._stage) and not self._may_come_later(trouble):
                raise trouble
            if link.good:
                delays = self._backoff()
            emit(SensorState(at=self._clock.now(), sensor=self.id, state="reconnecting", reason=trouble.message))
            await self._pause(next(delays))

    def _may_come_later(self, trouble: SensorError) -> bool:
        """Tell whether a companion was not heard yet: it is taken once it may be searched for."""
        return self._wanted.companion and trouble.fault == "not_found"

    async def _pause(self, delay_s: float) -> None:
        """Wait before the next attempt: a companion that only a scan can find, until nothing is linked."""
        if self._must_wait:
            await self._air.quiet()
        else:
            await asyncio.sleep(delay_s)

    @property
    def _must_wait(self) -> bool:
        return self._wanted.companion and self._known is None and self._air.busy

    async def _attempt(self, link: Link) -> SensorError:
        """Search, link and stream; give what put an end to it."""
        try:
            async with AsyncExitStack() as ends:
                async with self._air.alone():
                    heard = await self._device()
                    connect_s = CONNECT_BESIDE_S if self._air.busy else CONNECT_S
                    self._reached(Stage.FOUND)
                    self._known = Heard(heard.device)
                    ends.enter_context(self._air.linked(self._wanted, heard.device.address, link.give_way))
                    client = await ends.enter_async_context(connected(heard.device, link.break_off, connect_s))
                    about, vital = await ends.enter_async_context(self._streaming(client, link))
                self._reached(Stage.LINKED)
                link.announce(self._connected_state(heard, about), vital)
                return await link.watch(self._config.silence_s)
        except BLUETOOTH_ERRORS as error:
            return self._failed(error)

    async def _device(self) -> Heard:
        """Give the device from a scan, or beside a link as it is known; the first sensor may ask others to go."""
        heard = self._air.take(self._wanted)
        if heard is not None:
            return heard
        if self._air.busy:
            if self._known is not None:
                return self._known
            if self._wanted.companion:
                raise self._not_heard_yet()
            await self._air.hush()
        return await self._search()

    async def _search(self) -> Heard:
        missing, first = self._air.missing, not self._air.scanned
        held = await find_held(missing) if first else {}
        linger_s = LINGER_S if first else LINGER_AGAIN_S
        found = await find(missing, self._config.scan_s, held=held, linger_s=linger_s)
        self._air.hear(found)
        heard = self._air.take(self._wanted)
        if heard is not None:
            return heard
        if found and self._wanted.companion:
            raise self._not_heard_yet()
        raise not_heard(self._wanted, self._config.scan_s)

    def _not_heard_yet(self) -> SensorError:
        """Say that a companion is not there, and that the first sensor goes before it."""
        return SensorError(f"{self._wanted.name} was not heard: {LATER}", fault="not_found")

    def _failed(self, error: Exception) -> SensorError:
        """Explain an attempt that came to nothing, and settle what is known of the device after it."""
        forgotten = is_forgotten(error)
        if forgotten or not self._wanted.companion:
            self._known = None
        if forgotten and self._must_wait:
            return SensorError(f"the system has forgotten {self._wanted.name}: {LATER}", fault="lost")
        return explain(error)

    def _streaming(self, client: BleakClient, link: Link) -> AbstractAsyncContextManager[tuple[About, frozenset[str]]]:
        services = {service.uuid for service in client.services}
        peer = BleakPeer(client, link.receive, link.stumble)
        return streaming(peer, services, self._config.rate_hz, companion=self._wanted.companion)

    def _reached(self, stage: Stage) -> None:
        self._stage = max(self._stage, stage)

    def _connected_state(self, heard: Heard, about: About) -> SensorState:
        told = self._config.placement
        return SensorState(
            at=self._clock.now(),
            sensor=self.id,
            state="connected",
            battery_pct=about.battery_pct,
            rate_hz=about.rate_hz,
            placement=about.placement if told == "unknown" else told,
            name=printable(heard.device.name),
            model=about.model,
            rssi_dbm=heard.rssi_dbm,
            faster=about.faster,
        )
