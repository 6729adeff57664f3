"""Where plans lie, and which session of a schedule is the next one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coach.config import user_path
from coach.errors import ConfigError, UsageError
from coach.model import Plan
from coach.plans.reading import Schedule, read_schedule

if TYPE_CHECKING:
    from coach.store.kept import RunInfo

DONE_PCT = 80.0
"""A session of which less was run is to be run again."""

_SHIPPED = Path(__file__).parent
_WANTED = re.compile(r"(?P<name>.+?)(?::(?P<session>\d+))?")


def known(environ: Mapping[str, str] = os.environ) -> dict[str, Path]:
    """Give the files of all plans by name; the runner's own lie over the ready ones."""
    own = user_path(environ).parent / "plans"
    return {file.stem: file for folder in (_SHIPPED, own) for file in sorted(folder.glob("*.toml"))}


def find(name: str, environ: Mapping[str, str] = os.environ) -> Schedule:
    """Read the plan of a name, or of a path that ends in .toml.

    Raises
    ------
    ConfigError
        When there is none, or it makes no sense.
    """
    files = known(environ)
    path = Path(name).expanduser() if name.endswith(".toml") else files.get(name)
    if path is None or not path.exists():
        raise ConfigError([f"there is no plan {name}"], hint=f"there are {', '.join(files)}, or give a FILE.toml")
    return read_schedule(path)


def next_session(schedule: Schedule, runs: Sequence[RunInfo]) -> int | None:
    """Give the session after the last one that was run to `DONE_PCT`; None after the last of all.

    Parameters
    ----------
    runs : the newest first. Going back to session 1 begins the schedule anew.
    """
    for run in runs:
        plan = run.plan or {}
        if plan.get("plan") == schedule.name and plan["session"] is not None and plan["done_pct"] >= DONE_PCT:
            following = int(plan["session"]) + 1
            return following if following <= len(schedule.sessions) else None
    return 1


def choose(wanted: str, runs: Sequence[RunInfo], environ: Mapping[str, str] = os.environ) -> tuple[Schedule, Plan]:
    """Give the plan for a run: the one that is named, its next session, or with `name:3` its third.

    Raises
    ------
    ConfigError
        When there is no such plan, or it makes no sense.
    UsageError
        When it has no such session, or all of them are done.
    """
    match = _WANTED.fullmatch(wanted)
    assert match is not None
    schedule, given = find(match["name"], environ), match["session"]
    of = len(schedule.sessions)
    if not schedule.is_series:
        if given is not None:
            raise UsageError(f"the plan {schedule.name} has no sessions", hint=f"--plan {match['name']}")
        return schedule, schedule.sessions[0]
    session = next_session(schedule, runs) if given is None else int(given)
    if session is None:
        again = f"--plan {match['name']}:1 begins anew, :{of} repeats the last one"
        raise UsageError(f"all {of} sessions of {schedule.name} are done", hint=again)
    if not 1 <= session <= of:
        raise UsageError(f"the plan {schedule.name} has no session {session}", hint=f"there are 1 to {of}")
    return schedule, schedule.sessions[session - 1]
