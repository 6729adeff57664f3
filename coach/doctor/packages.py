"""Whether the code that runs is ours: Python itself, and the three top-level names.

`sensors` and `audio` are names that others use too. Another package of that name in the same environment overwrites
our files, and one found earlier on the import path hides them.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

import coach
from coach.doctor.finding import Finding, Verdict

DISTRIBUTION = "cadence-coach"
NAMES = ("coach", "sensors", "audio")
_OWN_ENVIRONMENT = f"install the coach in an environment of its own: pipx install {DISTRIBUTION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a top-level name leads.

    Parameters
    ----------
    found : the package that `import` finds (a single module without its suffix); None when there is none.
    others : where other distributions have installed the same name, by distribution.
    """

    name: str
    found: Path | None
    others: Mapping[str, Path]


def check_python() -> Finding:
    """Say which Python runs, and which coach."""
    text = f"Python {platform.python_version()} ({sys.executable}), {DISTRIBUTION} {coach.__version__}"
    return Finding(area="python", ok="ok", text=text)


def check_packages() -> list[Finding]:
    """Look where each of the three names leads."""
    home = Path(coach.__file__).resolve().parents[1]
    return judge([_place(name) for name in NAMES], home=home, working=Path.cwd())


def judge(places: Sequence[Place], *, home: Path, working: Path) -> list[Finding]:
    """Say what is wrong with the places, or that they are all ours.

    Parameters
    ----------
    home : the folder that holds our packages.
    working : the folder that the program was started in.
    """
    findings = [finding for place in places if (finding := _judge(place, home, working)) is not None]
    ours = Finding(area="packages", ok="ok", text=f"{', '.join(NAMES)} are ours, from {home}")
    return findings or [ours]


def _judge(place: Place, home: Path, working: Path) -> Finding | None:
    ours = home / place.name
    if place.found is None:
        return _finding("bad", f"{place.name} is not there", f"pip install --force-reinstall {DISTRIBUTION}")
    if place.found != ours:
        return _finding("bad", f"`import {place.name}` finds {place.found}, not {ours}", _unhide(place, working))
    clashing = [name for name, folder in place.others.items() if folder == ours]
    if clashing:
        text = f"{', '.join(clashing)} is installed into the same folder: {ours}"
        mend = f"pip uninstall {' '.join(clashing)} && pip install --force-reinstall {DISTRIBUTION}"
        return _finding("bad", text, f"{mend}; or {_OWN_ENVIRONMENT}")
    if place.others:
        text = f"{', '.join(place.others)} brings a package {place.name} too; ours is found first"
        return _finding("warn", text, _OWN_ENVIRONMENT)
    return None


def _unhide(place: Place, working: Path) -> str:
    assert place.found is not None
    owner = next((name for name, folder in place.others.items() if folder == place.found), None)
    if owner:
        return f"pip uninstall {owner}, or {_OWN_ENVIRONMENT}"
    if place.found.parent == working:
        return f"start the coach in another folder: this one has a {place.name} of its own"
    return f"take {place.found.parent} out of PYTHONPATH, or {_OWN_ENVIRONMENT}"


def _finding(ok: Verdict, text: str, todo: str) -> Finding:
    return Finding(area="packages", ok=ok, text=text, todo=todo)


def _place(name: str) -> Place:
    spec = find_spec(name)
    origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
    owners = set(packages_distributions().get(name, [])) - {DISTRIBUTION}
    others = {owner: Path(str(distribution(owner).locate_file(name))).resolve() for owner in sorted(owners)}
    return Place(name=name, found=_package(origin) if origin is not None else None, others=others)


def _package(origin: Path) -> Path:
    return origin.parent if origin.stem == "__init__" else origin.with_suffix("")
