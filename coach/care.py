"""What a runner notes of pain, what follows from it, and how it is said.

No word here treats or explains pain: studies find cadence and back pain associated, and none shows that the one cures
the other. What a doctor has to see is told, and nothing is coached over it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

When = Literal["before", "after"]
NewPain = Literal["calf", "achilles", "hip"]
RedFlag = Literal["leg", "numbness", "standing", "unsaid"]
"""Pain shooting down a leg, numbness, pain that stops the runner standing straight; one of them, and not said which."""

WORST_PAIN = 10

RED_FLAGS: Mapping[RedFlag, str] = {
    "leg": "pain shooting down a leg",
    "numbness": "numbness",
    "standing": "pain that stops you standing straight",
    "unsaid": "a pain that a doctor has to see",
}
NAMED_FLAGS: Sequence[RedFlag] = ("leg", "numbness", "standing")
NEW_PAINS: Mapping[NewPain, str] = {"calf": "calf", "achilles": "Achilles", "hip": "hip"}

SEE_A_DOCTOR = "Stop and see a doctor. The coach does not coach until one has looked at it; then: coach note --cleared"
STEP_BACK = "Step back: leave the beat off for some days; your target, if it has risen, goes one rung down."


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the runner noted at one moment; whatever was not said is None or empty.

    Parameters
    ----------
    at : when it was noted, with its time zone.
    runner : who noted it; "" where nobody is named. run : the run that it belongs to; None for a note of its own.
    when : whether it tells of before or after the run.
    back_pain : 0 none, to 10 the worst.
    new_pain : where there is pain that was not there before.
    red_flag : what a doctor has to see before the coach goes on.
    cleared : the runner says that a doctor has looked at it.
    text : in the runner's own words.
    """

    at: datetime
    runner: str = ""
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

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return self.back_pain is None and not (self.new_pain or self.red_flag or self.cleared or self.text)

    @property
    def waits_for_run(self) -> bool:
        """Whether the next run of the same day is given it; a red flag stops a run, and goes with none."""
        return self.run is None and self.when == "before" and self.red_flag is None


def standing_red_flag(notes: Sequence[Note]) -> Note | None:
    """Give the newest note that raised a red flag, unless a later one says that a doctor has looked at it.

    Parameters
    ----------
    notes : the newest first.
    """
    for note in notes:
        if note.cleared:
            return None
        if note.red_flag is not None:
            return note
    return None


def advice(note: Note) -> list[str]:
    """Say what follows from a note, a line for each thing; nothing follows from how strong a pain is."""
    lines = [SEE_A_DOCTOR] if note.red_flag is not None else []
    return [*lines, STEP_BACK] if note.new_pain else lines


def said(note: Note) -> str:
    """Write what was noted, in one line, without when."""
    pain = [] if note.back_pain is None else [f"back pain {note.back_pain}"]
    return "; ".join([*pain, *_said_besides(note)])


def said_of_run(notes: Sequence[Note]) -> str:
    """Write what was noted of one run, in one line, back pain as "3 -> 1": before and after it.

    Parameters
    ----------
    notes : the newest first; of back pain that was noted more than once the last counts.
    """
    pain = {note.when: note.back_pain for note in reversed(notes) if note.back_pain is not None}
    if "before" in pain and "after" in pain:
        parts = [f"back pain {pain['before']} -> {pain['after']}"]
    else:
        parts = [f"back pain {number} {when or ''}".rstrip() for when, number in pain.items()]
    return "; ".join([*parts, *(part for note in reversed(notes) for part in _said_besides(note))])


def _said_besides(note: Note) -> Iterator[str]:
    """Write what was noted besides back pain."""
    if note.new_pain:
        yield f"new pain: {', '.join(NEW_PAINS[place] for place in note.new_pain)}"
    if note.red_flag is not None:
        yield f"red flag: {RED_FLAGS[note.red_flag]}"
    if note.cleared:
        yield "a doctor has looked at it"
    if note.text:
        yield f'"{note.text}"'
