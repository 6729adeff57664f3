"""What a simulated runner sets out to do: walk, run, stand about, sit in a car.

A course is a row of parts. In text, as `coach simulate --course` takes it, durations are in seconds, gaits in steps
a minute of both feet:

    stand 5, walk 20 @ 110, run 60 @ 166, ramp 10 -> 176, run 30 @ 176, sit 10, type 10, fidget 10, drive 30,
    cycle 20 @ 85 (turns of the crank a minute), rattle 5 (a device thrown about), shake 2 @ 160 (to and fro a minute),
    rough-drive 30, rough-cycle 20 @ 75 (over stones and holes), gesture 10, brush 30 (teeth), wash 30 (dishes),
    curl 20 @ 40, squat 20 @ 30, push-up 20 @ 35, row 20 @ 28 (so many a minute), jack 20 @ 120 (jumps, open or closed)

A ramp keeps the gait of the part before it.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, cast, get_args

from coach.errors import UsageError
from sensors.forms import Gait

Rest = Literal["stand", "sit", "type", "fidget", "drive", "rough-drive", "rattle", "gesture", "brush", "wash"]
Activity = Literal[Gait, Rest, "cycle", "rough-cycle", "shake", "curl", "squat", "push-up", "row", "jack"]

# What a rate counts a minute, and the lowest and highest there is.
RATES: dict[str, tuple[str, float, float]] = {
    "walk": ("steps", 70.0, 160.0),
    "run": ("steps", 120.0, 240.0),
    "cycle": ("turns of the crank", 30.0, 130.0),
    "rough-cycle": ("turns of the crank", 30.0, 130.0),
    "shake": ("shakes", 30.0, 400.0),
    "curl": ("curls", 10.0, 120.0),
    "squat": ("squats", 10.0, 90.0),
    "push-up": ("push-ups", 10.0, 90.0),
    "row": ("strokes", 10.0, 90.0),
    "jack": ("jumps", 60.0, 180.0),
}
_GAITS: dict[str, Gait] = {"walk": "walk", "run": "run"}
_PART = re.compile(
    rf"({'|'.join(get_args(Rest))})\s+(\S+)|({'|'.join(RATES)})\s+(\S+)\s*@\s*(\S+)|(ramp)\s+(\S+)\s*->\s*(\S+)"
)
_HINT = (
    'a course reads like "stand 5, walk 20 @ 110, run 60 @ 166, ramp 10 -> 176, sit 5": seconds, steps a minute; '
    "`coach simulate --help` names every part"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One part of a course.

    Parameters
    ----------
    activity : what the runner does.
    duration_s : how long it lasts; infinite in the last segment of an endless course.
    first_per_min, last_per_min : rate at its start and at its end, straight in between: steps of a gait, turns of a
        crank, shakes; 0 and 0 for what has no rate.
    """

    activity: Activity
    duration_s: float
    first_per_min: float = 0.0
    last_per_min: float = 0.0

    def __post_init__(self) -> None:
        if not self.duration_s >= 0:
            raise ValueError(f"{self.duration_s:g} s is no duration")
        if self.activity not in RATES:
            return
        unit, lowest, highest = RATES[self.activity]
        for rate in (self.first_per_min, self.last_per_min):
            if not lowest <= rate <= highest:
                raise ValueError(f"{rate:g} {unit} a minute is outside {lowest:g}-{highest:g}")

    @property
    def gait(self) -> Gait | None:
        return _GAITS.get(self.activity)


# Before and after a course there is nothing to do.
STANDING = Segment(activity="stand", duration_s=math.inf)


class Course:
    """Segments one after the other, from time 0."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        # An empty segment would hide behind its successor, which starts at the same time.
        self._segments = tuple(segment for segment in segments if segment.duration_s)
        self._starts_s = list(accumulate((s.duration_s for s in self._segments), initial=0.0))

    @property
    def end_s(self) -> float:
        return self._starts_s[-1]

    def segment_at(self, t_s: float) -> Segment:
        """Give the segment at a time; standing after the end."""
        i = self._index(t_s)
        return self._segments[i] if i < len(self._segments) else STANDING

    def next_change(self, t_s: float) -> float:
        """Give the time at which the segment that is on at a time ends; infinite after the end."""
        i = self._index(t_s) + 1
        return self._starts_s[i] if i < len(self._starts_s) else math.inf

    def cadence_at(self, t_s: float) -> float:
        """Give the cadence at a time, steps a minute; 0 where there is no gait."""
        segment = self.segment_at(t_s)
        if segment.gait is None:
            return 0.0
        done = (t_s - self._starts_s[self._index(t_s)]) / segment.duration_s
        return segment.first_per_min + done * (segment.last_per_min - segment.first_per_min)

    def _index(self, t_s: float) -> int:
        return bisect_right(self._starts_s, t_s) - 1


def endless(stand_s: float, cadence_spm: float) -> Course:
    """Make the course of a runner who stands for a while and then never stops."""
    run = Segment(activity="run", duration_s=math.inf, first_per_min=cadence_spm, last_per_min=cadence_spm)
    return Course([Segment(activity="stand", duration_s=stand_s), run])


def parse_course(text: str) -> Course:
    """Read a course from text.

    Raises
    ------
    UsageError
        Naming the part that cannot be read, is impossible, or ramps from what is no gait.
    """
    segments: list[Segment] = []
    for number, part in enumerate(text.split(","), start=1):
        try:
            segments.append(_segment(part.strip(), segments[-1] if segments else STANDING))
        except ValueError as error:
            raise UsageError(f"course, part {number} ({part.strip()!r}): {error}", hint=_HINT) from None
    return Course(segments)


def _segment(part: str, before: Segment) -> Segment:
    match = _PART.fullmatch(part)
    if match is None:
        rests = ", ".join(get_args(Rest))
        raise ValueError(f"this is neither {rests} S, nor {', '.join(RATES)} S @ RATE, nor ramp S -> CADENCE")
    verb, *numbers = (group for group in match.groups() if group is not None)
    duration_s, *rate = map(_number, numbers)
    if not 0 < duration_s < math.inf:
        raise ValueError(f"{duration_s:g} s is no duration")
    if verb == "ramp":
        if before.gait is None:
            raise ValueError("a ramp starts from the cadence of the part before it, and that one has no steps")
        return Segment(
            activity=before.gait, duration_s=duration_s, first_per_min=before.last_per_min, last_per_min=rate[0]
        )
    [per_min] = rate or [0.0]
    return Segment(activity=cast(Activity, verb), duration_s=duration_s, first_per_min=per_min, last_per_min=per_min)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
