"""Run the measurements that are named, or all of them."""

from __future__ import annotations

import sys

from bench import memory, recordings, replay, start

ALL = {"replay": replay.measure, "start": start.measure, "memory": memory.measure, "recordings": recordings.measure}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in ALL]
    if unknown:
        sys.exit(f"bench: no measurement is called {', '.join(unknown)}; there are {', '.join(ALL)}")
    for name in names or ALL:
        for row in ALL[name]():
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()


main(sys.argv[1:])
