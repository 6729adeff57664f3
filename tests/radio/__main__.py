"""The emulated radio as a program: `python -m tests.radio --pod 85 --strap recording.csv --away 15:10`.

The first line of output is JSON: `bus`, the address for DBUS_SYSTEM_BUS_ADDRESS, and `devices`, their addresses by
"pod" and "strap". It ends when its standard input does. Trouble is scheduled in seconds after the first link.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bluez import Bluez, on_air
from .bus import private_bus
from .devices import Device, FootPod, PolarH10

Span = tuple[float, float]
STANDARD_GRAVITY_MS2 = 9.80665


def span(text: str) -> Span:
    """Read AFTER:FOR, both in seconds."""
    after, _, length = text.partition(":")
    return float(after), float(length)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    summary, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(prog="python -m tests.radio", description=summary, epilog=more)
    parser.add_argument("--pod", nargs="?", type=int, const=85, metavar="STRIDES_PER_MIN", help="a foot pod is near")
    parser.add_argument("--pod-address", default="C0:FF:EE:00:00:01", metavar="ADDRESS", help="of the foot pod")
    parser.add_argument("--strap", nargs="?", const="", metavar="CSV", help="a Polar H10 is near, worn or (CSV) run in")
    parser.add_argument("--away", type=span, action="append", default=[], metavar="AFTER:FOR", help="out of range")
    parser.add_argument("--mute", type=span, action="append", default=[], metavar="AFTER:FOR", help="linked, no data")
    parser.add_argument("--power-off", type=span, action="append", default=[], metavar="AFTER:FOR", help="no adapter")
    return parser.parse_args()


def acceleration(path: Path) -> NDArray[np.float64]:
    """Read a recording (`t_s,ax_g,ay_g,az_g`, `t_s,ax_ms2,…` or `t,ax,ay,az`) and resample it to the strap's 200 Hz."""
    table = np.genfromtxt(path, delimiter=",", names=True)
    columns = {name.partition("_")[0]: name for name in table.dtype.names or ()}
    scale = 1 / STANDARD_GRAVITY_MS2 if columns["ax"].endswith("_ms2") else 1.0
    t_s = table[columns["t"]]
    at_s = np.arange(t_s[0], t_s[-1], 1 / PolarH10.RATE_HZ)
    return np.column_stack([np.interp(at_s, t_s, table[columns[axis]]) * scale for axis in ("ax", "ay", "az")])


def devices(options: argparse.Namespace) -> dict[str, Device]:
    """Make the devices that were asked for."""
    near: dict[str, Device] = {}
    if options.pod is not None:
        near["pod"] = FootPod(options.pod_address, strides_per_min=options.pod)
    if options.strap is not None:
        near["strap"] = PolarH10(acc_g=acceleration(Path(options.strap)) if options.strap else None)
    return near


async def away(bluez: Bluez, device: Device, when: Span) -> None:
    """Carry a device out of range."""
    await after_link(bluez, when)
    device.in_range = False
    bluez.drop(device)
    await asyncio.sleep(when[1])
    device.in_range = True


async def mute(bluez: Bluez, device: Device, when: Span) -> None:
    """Keep the link and send nothing on it."""
    await after_link(bluez, when)
    device.mute = True
    await asyncio.sleep(when[1])
    device.mute = False


async def power_off(bluez: Bluez, when: Span) -> None:
    """Switch the adapter off."""
    await after_link(bluez, when)
    bluez.power(False)
    await asyncio.sleep(when[1])
    bluez.power(True)


async def after_link(bluez: Bluez, when: Span) -> None:
    """Wait until trouble is due."""
    await bluez.linked.wait()
    await asyncio.sleep(when[0])


def troubles(bluez: Bluez, options: argparse.Namespace, near: Iterable[Device]) -> Iterator[Coroutine[Any, Any, None]]:
    """Give all the trouble that was asked for."""
    for device in near:
        yield from (away(bluez, device, when) for when in options.away)
        yield from (mute(bluez, device, when) for when in options.mute)
    yield from (power_off(bluez, when) for when in options.power_off)


async def input_ends() -> None:
    """Wait for the end of standard input, which may be anything: a pipe, a terminal, /dev/null."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    Thread(target=read, daemon=True).start()
    await ended.wait()


async def serve(bus_address: str, options: argparse.Namespace) -> None:
    """Be on air until standard input ends."""
    near = devices(options)
    async with on_air(bus_address) as bluez, asyncio.TaskGroup() as group:
        bluez.add(*near.values())
        tasks = [group.create_task(trouble) for trouble in troubles(bluez, options, near.values())]
        addresses = {kind: device.address for kind, device in near.items()}
        print(json.dumps({"bus": bus_address, "devices": addresses}), flush=True)  # noqa: T201
        await input_ends()
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asked = arguments()
    with private_bus() as bus_address, suppress(KeyboardInterrupt):
        asyncio.run(serve(bus_address, asked))
