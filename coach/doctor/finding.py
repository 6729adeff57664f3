"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Area = Literal["python", "packages", "config", "store", "bluetooth", "sound", "voice"]
Verdict = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report.

    Parameters
    ----------
    ok : `warn` where a run works in part or in some ways only, `bad` where something does not work.
    todo : what to do about it; empty when, and only when, all is well.
    """

    area: Area
    ok: Verdict
    text: str
    todo: str = ""

    def __post_init__(self) -> None:
        if (self.ok == "ok") == bool(self.todo):
            raise ValueError(f"what is not ok, and only that, has something to do: {self}")
