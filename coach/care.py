"""What a runner notes of pain, and what follows from it.

No word here treats or explains pain: studies find cadence and back pain associated, and none shows that the one cures
the other. What a doctor has to see is told, and nothing is coached over it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

When = Literal["before", "after"]
NewPain = Literal["calf", "achilles", "hip"]
RedFlag = Literal["leg", "numbness", "standing"]
"""Pain shooting down a leg, numbness, pain that stops the runner standing straight."""

WORST_PAIN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the runner noted at one moment; whatever was not said is None or empty.

    Parameters
    ----------
    at : when it was noted, with its time zone.
    run : the run that it belongs to; None for a note of its own.
    when : whether it tells of before or after the run.
    back_pain : 0 none, to 10 the worst.
    new_pain : where there is pain that was not there before.
    red_flag : what a doctor has to see before the coach goes on.
    cleared : the runner says that a doctor has looked at it.
    text : in the runner's own words.
    """

    at: datetime
    run: int | None = None
    when: When | None = None
    back_pain: int | None = None
    new_pain: tuple[NewPain, ...] = ()
    red_flag: RedFlag | None = None
    cleared: bool = False
    text: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the time of a note has a time zone")
        if self.back_pain is not None and not 0 <= self.back_pain <= WORST_PAIN:
            raise ValueError(f"back pain is 0 to {WORST_PAIN}, not {self.back_pain}")
        if self.cleared and self.red_flag is not None:
            raise ValueError("a note that a doctor has looked at it raises no red flag")
