"""One link to a Bluetooth LE device: made and ended, seen as drivers see it, and watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice

from coach.errors import SensorError
from coach.model import HostTime, Packet, SensorState
from coach.ports import Clock, Emit
from coach.text import printable
from sensors.backoff import GOOD_S
from sensors.ble_faults import stopped


@asynccontextmanager
async def connected(device: BLEDevice, gone: Callable[[], None], timeout_s: float) -> AsyncIterator[BleakClient]:
    """Link a device, and unlink it in the end; `gone` is told when the link breaks."""
    client = BleakClient(device, lambda _: gone(), timeout=timeout_s)
    await client.connect()
    try:
        yield client
    finally:
        await stopped(client.disconnect())


class BleakPeer:
    """A linked device, as drivers see it. Disconnecting ends every subscription, in all of bleak's backends."""

    def __init__(
        self, client: BleakClient, receive: Callable[[str, bytes], None], stumble: Callable[[str, Exception], None]
    ) -> None:
        self._client = client
        self._stumble = stumble
        self.address = client.address
        self.name = printable(client.name)
        self.send = receive

    def offers(self, characteristic: str) -> bool:
        return self._client.services.get_characteristic(characteristic) is not None

    async def read(self, characteristic: str) -> bytes:
        return bytes(await self._client.read_gatt_char(characteristic))

    async def write(self, characteristic: str, value: bytes) -> None:
        await self._client.write_gatt_char(characteristic, value, response=True)

    async def subscribe(self, characteristic: str, take: Callable[[bytes], None]) -> None:
        def notified(_: BleakGATTCharacteristic, value: bytearray) -> None:
            try:
                take(bytes(value))
            except Exception as error:  # a plug-in is somebody else's code, and bleak would print a traceback
                self._stumble(characteristic, error)

        await self._client.start_notify(characteristic, notified)


class Link:
    """One attempt to link, what came of it, and the watch over it."""

    def __init__(self, sensor: str, clock: Clock, emit: Emit) -> None:
        self._sensor = sensor
        self._clock = clock
        self._emit = emit
        self._broken = ""
        self._vital: frozenset[str] = frozenset()
        self._news = asyncio.Event()
        self._since: HostTime | None = None
        self._last: HostTime | None = None
        self._stumbled: set[str] = set()

    def announce(self, state: SensorState, vital: frozenset[str]) -> None:
        """Say that the link stands, and let packets through; those of the codecs in `vital` show that it lives."""
        self._since, self._vital = state.at, vital
        self._emit(state)

    def receive(self, codec: str, payload: bytes) -> None:
        """Stamp a packet and hand it on."""
        if self._since is None:
            return
        at = self._clock.now()
        self._emit(Packet(at=at, sensor=self._sensor, codec=codec, payload=payload))
        if codec in self._vital:
            self._last = at
            self._news.set()

    def stumble(self, characteristic: str, error: Exception) -> None:
        """Say, once for each characteristic, that what it sends is lost by a mistake in a driver."""
        if characteristic not in self._stumbled:
            self._stumbled.add(characteristic)
            reason = f"its driver fails on {characteristic}: {error!r}; update the plug-in, or pip uninstall it"
            self._emit(SensorState(at=self._clock.now(), sensor=self._sensor, state="faulty", reason=reason))

    def break_off(self, why: str = "the link broke") -> None:
        """Take note that the device is gone."""
        self._broken = why
        self._news.set()

    def give_way(self) -> None:
        """End the link, so that another sensor can be searched for."""
        self.break_off("unlinked to search for the first sensor")

    async def watch(self, silence_s: float) -> SensorError:
        """Wait until the link breaks or bears nothing vital for `silence_s`; give which of the two."""
        while not self._broken:
            self._news.clear()
            try:
                async with asyncio.timeout(silence_s):
                    await self._news.wait()
            except TimeoutError:
                return SensorError(f"no data for {silence_s:g} s", fault="lost")
        return SensorError(self._broken, fault="lost")

    @property
    def good(self) -> bool:
        """Data flowed for a while: trouble from here on is new trouble."""
        return self._since is not None and self._last is not None and self._last - self._since >= GOOD_S
