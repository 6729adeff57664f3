"""pytest's way to the emulated radio.

`radio` runs a test's coroutine beside a fake bluetoothd, in one process and one event loop. `radio_process` starts
the same as a program of its own, for tests of the command line: give the child DBUS_SYSTEM_BUS_ADDRESS and nothing
else. A test module elsewhere takes them over with `from radio.fixtures import radio, radio_process`.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from . import bus

if TYPE_CHECKING:
    from .bluez import Bluez

ROOT = Path(__file__).parents[2]
LIMIT_S = 20.0  # so that a test which waits in vain fails, and does not hang

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Radio:
    """An emulated radio on a bus of its own."""

    address: str

    def run(self, test: Callable[[Bluez], Awaitable[Result]]) -> Result:
        """Run a coroutine with a fresh bluetoothd, in a fresh event loop."""
        return asyncio.run(self._run(test))

    async def _run(self, test: Callable[[Bluez], Awaitable[Result]]) -> Result:
        from .bluez import on_air

        async with asyncio.timeout(LIMIT_S), on_air(self.address) as bluez:
            try:
                return await test(bluez)
            finally:
                await close_bleak()


@dataclass(frozen=True, slots=True)
class RadioProcess:
    """An emulated radio in a process of its own.

    Parameters
    ----------
    bus : for DBUS_SYSTEM_BUS_ADDRESS.
    devices : addresses of the devices, by "pod" and "strap".
    """

    bus: str
    devices: dict[str, str]


@pytest.fixture
def radio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Radio]:
    """Give an emulated radio that bleak takes for the machine's own."""
    _require_dbus()
    with bus.private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield Radio(address)


@pytest.fixture
def radio_process() -> Iterator[Callable[..., RadioProcess]]:
    """Give a function that starts `python -m tests.radio` with its arguments; it ends with the test."""
    _require_dbus()
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(_serving(*options))


async def close_bleak() -> None:
    """Close the bus that bleak keeps open as long as its event loop lives; the daemon is about to end."""
    from bleak.backends.bluezdbus import manager

    instance = manager._global_instances.pop(asyncio.get_running_loop(), None)
    if instance is not None and instance._bus is not None and instance._bus_watcher_task is not None:
        instance._bus_watcher_task.cancel()
        instance._bus.disconnect()
        await asyncio.wait([instance._bus_watcher_task])


def _require_dbus() -> None:
    pytest.importorskip("dbus_fast", reason="BlueZ and its D-Bus are of Linux only")
    if not bus.is_available():
        pytest.skip(bus.MISSING)


@contextmanager
def _serving(*options: str) -> Iterator[RadioProcess]:
    command = [sys.executable, "-m", "tests.radio", *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield RadioProcess(**json.loads(process.stdout.readline()))
        finally:
            process.communicate(timeout=LIMIT_S)  # closes its stdin, which ends it
