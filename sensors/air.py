"""The one radio that all Bluetooth sensors of a run share, and what they tell each other about it.

Scanning disturbs links (bleak #1290), and a scan beside an attempt to link makes both fail (`InProgress`). So whoever
searches or links has the air alone, one scan looks for every sensor that is missing, and nothing scans while a sensor
is linked. How a lost one comes back all the same: `docs/decisions/0011-linking-beside-a-stream.md`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coach.errors import UsageError

if TYPE_CHECKING:
    from sensors.ble_scan import Heard

HUSH_S = 3.0
"""Those who are asked to end their links have so long: a stop of the stream and one of the link, a second each."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sensor that is worn in this run.

    Parameters
    ----------
    name : its address in any case, or the whole name that it advertises where `by_name`.
    companion : the run goes on without it.
    """

    name: str
    by_name: bool = False
    companion: bool = False


@dataclass(frozen=True, slots=True)
class _Linked:
    address: str
    give_way: Callable[[], None]


class Air:
    """Who is worn, who is linked, and who was heard by a scan of another.

    `scanned` tells whether a search went through; before the first, links may stand that a program left behind.
    """

    def __init__(self) -> None:
        self.scanned = False
        self._alone = asyncio.Lock()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._wanted: list[Wanted] = []
        self._linked: dict[Wanted, _Linked] = {}
        self._heard: dict[Wanted, Heard] = {}

    def join(self, wanted: Wanted) -> None:
        """Have a sensor looked for in every scan while it is not linked."""
        self._wanted.append(wanted)

    @property
    def missing(self) -> Sequence[Wanted]:
        """Who is worn and not linked."""
        return [wanted for wanted in self._wanted if wanted not in self._linked]

    @property
    def busy(self) -> bool:
        """Whether a sensor is linked, so that nothing may scan."""
        return bool(self._linked)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until nobody else searches or links, and keep others from it meanwhile."""
        async with self._alone:
            yield

    @contextmanager
    def linked(self, wanted: Wanted, address: str, give_way: Callable[[], None]) -> Iterator[None]:
        """Let others know of a link from before it is made until after its end; `give_way` asks for that end.

        Raises
        ------
        UsageError
            When the device is linked already, as another sensor.
        """
        for other, link in self._linked.items():
            if link.address.casefold() == address.casefold():
                raise UsageError(
                    f"{wanted.name} and {other.name} are one device, {address}",
                    hint="`--also` names a second sensor; `coach scan` lists them",
                )
        self._linked[wanted] = _Linked(address, give_way)
        self._quiet.clear()
        try:
            yield
        finally:
            del self._linked[wanted]
            if not self._linked:
                self._quiet.set()

    async def quiet(self) -> None:
        """Wait until no sensor is linked."""
        await self._quiet.wait()

    async def hush(self) -> None:
        """Have all sensors end their links.

        Raises
        ------
        TimeoutError
            When one has not within `HUSH_S`.
        """
        for link in self._linked.values():
            link.give_way()
        async with asyncio.timeout(HUSH_S):
            await self.quiet()

    def hear(self, heard: Mapping[Wanted, Heard]) -> None:
        """Keep what a scan found, for those to whom it belongs."""
        self.scanned = True
        self._heard.update(heard)

    def take(self, wanted: Wanted) -> Heard | None:
        """Give a device that was heard since the sensor last asked, if it was."""
        return self._heard.pop(wanted, None)
