"""Parts that other packages bring along, found by their entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TypeVar

from coach.errors import SensorError

T = TypeVar("T")


def plugins(group: str, kind: type[T]) -> dict[str, T]:
    """Load what installed packages offer under a group of entry points, by name.

    Raises
    ------
    SensorError
        For one that cannot be loaded, or is not a `kind`; it names the package.
    """
    loaded: dict[str, T] = {}
    for entry in entry_points(group=group):
        try:
            part = entry.load()
        except Exception as error:  # it is somebody else's code
            raise _broken(entry.name, entry.dist.name if entry.dist else "?", repr(error)) from error
        if not isinstance(part, kind):
            raise _broken(entry.name, entry.dist.name if entry.dist else "?", f"{entry.value} is no {kind.__name__}")
        loaded[entry.name] = part
    return loaded


def _broken(name: str, package: str, why: str) -> SensorError:
    return SensorError(
        f"the plug-in {name!r} of the package {package!r} does not work: {why}",
        hint=f"update it, or pip uninstall {package}",
    )
