"""How long a runner waits: for the help, and for the first line of the demo."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.timing import best_s, row

COACH = str(Path(sys.executable).with_name("coach"))


def measure() -> Iterator[str]:
    """Give the rows of the report."""
    bare_s = best_s(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    yardstick = f"a bare python takes {bare_s:.3f} s"
    help_s = best_s(lambda: subprocess.run([COACH, "--help"], check=True, stdout=subprocess.DEVNULL))
    yield row("coach --help", f"{help_s:.3f} s", "<= 0.3 s", yardstick)
    yield row("first line of coach demo", f"{best_s(_first_line):.3f} s", "<= 1.5 s", yardstick)
    yield row("first cadence line of coach demo", f"{best_s(_first_event, 3):.3f} s", "", "its runner stands for 3 s")


def _first_line() -> None:
    _until_line(["demo", "--headless", "--no-keep", "--output", "null"], "stderr")


def _first_event() -> None:
    _until_line(["demo", "--headless", "--no-keep", "--output", "null", "--events", "-"], "stdout", '"cadence"')


def _until_line(arguments: list[str], stream: str, containing: str = "") -> None:
    with subprocess.Popen([COACH, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        pipe = process.stdout if stream == "stdout" else process.stderr
        assert pipe is not None
        while containing not in pipe.readline():
            pass
        process.kill()
