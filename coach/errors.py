"""The error tree: children say whose fault it is, carry their data, and hint at what to do next.

    CoachError (exit 1)
    ├── ConfigError     (2, ValueError)     a setting that makes no sense; carries every problem at once
    ├── UsageError      (2, ValueError)     a command that makes no sense
    ├── TapsError       (2, ValueError)     taps along with clicks of which nothing can be told
    ├── SensorError     (3, OSError)        no sensor, no Bluetooth, a device that refuses
    │   └── PacketError (3, ValueError)     bytes that are not what the protocol says; carries the payload
    ├── AudioError      (4, OSError)        a named output that cannot play
    ├── RecordingError  (5, ValueError)     a recording that cannot be read; carries line and column
    └── StoreError      (5, OSError)        the run store cannot be opened, read or written

`exit_code` is the contract of the command line; `hint` is one sentence for the runner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

SensorFault = Literal["not_found", "no_adapter", "powered_off", "not_allowed", "no_service", "refused", "lost", "other"]


class CoachError(Exception):
    """Something went wrong that the runner can read about in one line."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(CoachError, ValueError):
    """Settings that make no sense: all of them, each with the file and the path of the key."""

    exit_code = 2

    def __init__(self, problems: Sequence[str], *, hint: str = "") -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = tuple(problems)


class UsageError(CoachError, ValueError):
    """A command whose parts do not fit together."""

    exit_code = 2


class TapsError(CoachError, ValueError):
    """Taps along with clicks that are too few, too scattered, or where they cannot be."""

    exit_code = 2


class SensorError(CoachError, OSError):
    """A sensor that cannot be used; `fault` says why, so that callers can tell what is worth trying again."""

    exit_code = 3

    def __init__(self, message: str, *, fault: SensorFault = "other", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.fault: SensorFault = fault


class PacketError(SensorError, ValueError):
    """Bytes that the protocol does not allow; carries the payload."""

    def __init__(self, message: str, payload: bytes) -> None:
        super().__init__(f"{message}: {payload[:32].hex(' ') or 'empty'}{' …' if len(payload) > 32 else ''}")
        self.payload = payload


class AudioError(CoachError, OSError):
    """An output that cannot play."""

    exit_code = 4


class RecordingError(CoachError, ValueError):
    """A recording that cannot be read, with the place where it went wrong (line 1 is the header)."""

    exit_code = 5

    def __init__(self, message: str, *, line: int | None = None, column: str | None = None, hint: str = "") -> None:
        where = ", ".join(w for w in (f"line {line}" if line else "", f"column {column}" if column else "") if w)
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.line = line
        self.column = column

    def in_file(self, path: object) -> RecordingError:
        """Give the same error with the name of the file in front."""
        named = RecordingError(f"{path}: {self.message}", hint=self.hint)
        named.line, named.column = self.line, self.column
        return named


class StoreError(CoachError, OSError):
    """The run store cannot be opened, read or written."""

    exit_code = 5
