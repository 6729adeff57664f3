"""The one radio that all Bluetooth sensors of a run share.

Scanning disturbs links (bleak #1290), and a scan beside an attempt to link makes both fail (`InProgress`). So whoever
searches or links has the air alone, and while another sensor streams a search is short: a lost companion comes back a
little later, and the steps go on undisturbed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

SHORT_S = 3.0
"""Straps and pods advertise several times a second."""


class Air:
    """Who uses the radio, and for what."""

    def __init__(self) -> None:
        self._alone = asyncio.Lock()
        self._streams = 0

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until nobody else searches or links, and keep others from it meanwhile."""
        async with self._alone:
            yield

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """Let others know that data stream."""
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    def search_s(self, wanted_s: float) -> float:
        """Give how long a search may last."""
        return min(wanted_s, SHORT_S) if self._streams else wanted_s
