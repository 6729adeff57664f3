"""What a simulated runner sets out to do: stand, run at a cadence, change it.

A course is a row of segments. In text, as `coach simulate --course` takes it, with seconds and steps a minute:

    stand 5, run 60 @ 166, ramp 10 -> 176, run 30 @ 176, stand 5
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from coach.errors import UsageError

SLOWEST_SPM = 120.0
FASTEST_SPM = 240.0
_PART = re.compile(r"(stand)\s+(\S+)|(run)\s+(\S+)\s*@\s*(\S+)|(ramp)\s+(\S+)\s*->\s*(\S+)")
_HINT = 'a course reads like "stand 5, run 60 @ 166, ramp 10 -> 176, run 30 @ 176, stand 5": seconds, steps a minute'


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One part of a course.

    Parameters
    ----------
    duration_s : how long it lasts; infinite in the last segment of an endless course.
    first_spm, last_spm : cadence at its start and at its end, straight in between; 0 and 0 for standing.
    """

    duration_s: float
    first_spm: float = 0.0
    last_spm: float = 0.0

    def __post_init__(self) -> None:
        if not self.duration_s >= 0:
            raise ValueError(f"{self.duration_s:g} s is no duration")
        standing = self.first_spm == self.last_spm == 0
        for spm in () if standing else (self.first_spm, self.last_spm):
            if not SLOWEST_SPM <= spm <= FASTEST_SPM:
                raise ValueError(f"{spm:g} steps a minute is outside {SLOWEST_SPM:g}-{FASTEST_SPM:g}")


class Course:
    """Segments one after the other, from time 0."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        # An empty segment would hide behind its successor, which starts at the same time.
        self._segments = tuple(segment for segment in segments if segment.duration_s)
        self._starts_s = list(accumulate((s.duration_s for s in self._segments), initial=0.0))

    @property
    def end_s(self) -> float:
        return self._starts_s[-1]

    def cadence_at(self, t_s: float) -> float:
        """Give the cadence at a time, steps a minute; 0 while standing and after the end."""
        i = bisect_right(self._starts_s, t_s) - 1
        if i >= len(self._segments):
            return 0.0
        segment = self._segments[i]
        done = (t_s - self._starts_s[i]) / segment.duration_s
        return segment.first_spm + done * (segment.last_spm - segment.first_spm)

    def running_from(self, t_s: float) -> float:
        """Give the first time, not before `t_s`, at which the runner runs; infinite where there is none."""
        for segment, start_s in zip(self._segments, self._starts_s, strict=False):
            if segment.first_spm and t_s < start_s + segment.duration_s:
                return max(t_s, start_s)
        return math.inf


def endless(stand_s: float, cadence_spm: float) -> Course:
    """Make the course of a runner who stands for a while and then never stops."""
    run = Segment(duration_s=math.inf, first_spm=cadence_spm, last_spm=cadence_spm)
    return Course([Segment(duration_s=stand_s), run])


def parse_course(text: str) -> Course:
    """Read a course from text.

    Raises
    ------
    UsageError
        Naming the part that cannot be read, is impossible, or ramps from a stand.
    """
    segments: list[Segment] = []
    for number, part in enumerate(text.split(","), start=1):
        try:
            segments.append(_segment(part.strip(), segments[-1].last_spm if segments else 0.0))
        except ValueError as error:
            raise UsageError(f"course, part {number} ({part.strip()!r}): {error}", hint=_HINT) from None
    return Course(segments)


def _segment(part: str, before_spm: float) -> Segment:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError("this is neither stand S, nor run S @ CADENCE, nor ramp S -> CADENCE")
    verb, *numbers = (group for group in match.groups() if group is not None)
    duration_s, *cadence = map(_number, numbers)
    if not 0 < duration_s < math.inf:
        raise ValueError(f"{duration_s:g} s is no duration")
    if verb == "stand":
        return Segment(duration_s=duration_s)
    if verb == "ramp" and not before_spm:
        raise ValueError("a ramp starts from the cadence of the part before it, and that one does not run")
    return Segment(duration_s=duration_s, first_spm=before_spm if verb == "ramp" else cadence[0], last_spm=cadence[0])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
