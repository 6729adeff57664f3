"""Which sound device a runner means by its name or a part of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from coach.errors import AudioError

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundDevice(Generic[Key]):
    """A device that plays.

    Parameters
    ----------
    key : what the library takes for it.
    api : by which way the library reaches it; systems list a device once for each.
    usual : whether that is the way taken where nothing is asked for.
    """

    key: Key
    name: str
    api: str = ""
    usual: bool = True

    @property
    def full_name(self) -> str:
        return f"{self.name}, {self.api}" if self.api else self.name


def pick(wanted: str, devices: Sequence[SoundDevice[Key]]) -> SoundDevice[Key]:
    """Find the one device of that name, or else the one with `wanted` in its name; large and small letters are alike.

    Of several that fit, the one that is reached in the usual way is meant. Those of the very same name cannot be told
    apart by it: the first is taken.

    Raises
    ------
    AudioError
        When none fits, or several do; names them.
    """
    part = wanted.casefold()
    by_name = {device.full_name.casefold(): device for device in reversed(devices)}
    exact = [device for name, device in by_name.items() if part in (name, device.name.casefold())]
    fitting = exact or [device for name, device in by_name.items() if part in name]
    usual = [device for device in fitting if device.usual]
    for few in (fitting, usual):
        if len(few) == 1:
            return few[0]
    if not fitting:
        raise AudioError(f"there is no sound device {wanted!r}", hint=_there_are(devices))
    raise AudioError(f"several sound devices are called {wanted!r}", hint=_there_are(fitting[::-1]))


def not_chosen(wanted: str) -> str:
    """Say that an output which knows no devices plays where the system says; empty where no device is asked for."""
    return f"on the system's default device: it cannot choose {wanted!r}" if wanted else ""


def labels(devices: Sequence[SoundDevice[Key]]) -> list[str]:
    """Name each device as briefly as `pick` finds it by: with the way it is reached only where that matters."""
    times = Counter(device.name for device in devices)
    return [device.name if times[device.name] == 1 else device.full_name for device in devices]


def _there_are(devices: Sequence[SoundDevice[Key]]) -> str:
    return f"there are: {'; '.join(dict.fromkeys(labels(devices)))}" if devices else "there is none at all"
