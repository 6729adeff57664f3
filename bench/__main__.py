"""Run the measurements that are named, or all of them; some take options when named first."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from bench import cadence, clicks, coaching, lost, memory, replay, sensors, sound, start

WITH_OPTIONS = {
    "cadence": cadence.measure,
    "clicks": clicks.measure,
    "coaching": coaching.measure,
    "lost": lost.measure,
    "sound": sound.measure,
}
ALL = {
    "replay": replay.measure,
    "start": start.measure,
    "memory": memory.measure,
    "sensors": sensors.measure,
    "clicks": clicks.measure,
    "sound": sound.measure,
    "cadence": cadence.measure,
    "coaching": coaching.measure,
    "lost": lost.measure,
}


def main(arguments: list[str]) -> None:
    if arguments and arguments[0] in WITH_OPTIONS:
        _write(WITH_OPTIONS[arguments[0]](arguments[1:]))
        return
    unknown = [name for name in arguments if name not in ALL]
    if unknown:
        sys.exit(f"bench: no measurement is called {', '.join(unknown)}; there are {', '.join(ALL)}")
    for name in arguments or ALL:
        _write(ALL[name]())


def _write(rows: Iterable[str]) -> None:
    for row in rows:
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()


main(sys.argv[1:])
