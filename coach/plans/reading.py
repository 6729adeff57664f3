"""A plan from its TOML file, or everything that is wrong with it, each with its step and why."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

from coach.coaching.plan import about_s
from coach.coaching.target import MOST_PCT
from coach.config import read_layer
from coach.errors import ConfigError
from coach.model import CoachingMode, Plan, PlanStep, PlanUnit

LONGEST_S = 6 * 3600.0
MOST_REPEATS = 100
LOWEST_SPM, HIGHEST_SPM, NARROWEST_SPM = 60.0, 260.0, 4.0

_UNITS: dict[str, PlanUnit] = {"seconds": "s", "metres": "m", "steps": "steps"}
_FILE_KEYS = ("name", "note", "step", "session")
_REPEAT_KEYS = ("repeat", "step")
_STEP_KEYS = ("name", *_UNITS, "else_seconds", "at_most_seconds", "target", "mode")
_BAND = re.compile(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)")
_PERCENTAGE = re.compile(r"([+-]\d+(?:\.\d+)?)\s*%")
_HINT = "docs/plans.md says what a plan may hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What a file holds: the plan of one run, or the sessions of several in their order."""

    name: str
    note: str
    sessions: tuple[Plan, ...]

    @property
    def is_series(self) -> bool:
        return self.sessions[0].session is not None


def read_schedule(path: Path) -> Schedule:
    """Read a file.

    Raises
    ------
    ConfigError
        When it cannot be read, or makes no sense, with all that is wrong.
    """
    reading = _Reading(str(path))
    schedule = reading.schedule(read_layer(path).tree)
    if schedule is None or reading.problems:
        raise ConfigError(reading.problems, hint=_HINT)
    return schedule


@dataclass(slots=True)
class _Reading:
    """One file in the reading; places are as they are counted in the file, `step 2.1` the first in a repeat."""

    file: str
    problems: list[str] = field(default_factory=list)

    def schedule(self, tree: dict[str, Any]) -> Schedule | None:
        self._check_keys(tree, _FILE_KEYS, "")
        name = self._text(tree, "name", "")
        note = self._text(tree, "note", "") if "note" in tree else ""
        if ("step" in tree) == ("session" in tree):
            self._wrong("", "no steps: write [[step]] for each, or [[session]] for each run of several, and not both")
            return None
        if "step" in tree:
            plans = [self._plan(tree, name, None, "")]
        else:
            sessions = self._tables(tree["session"], "", "[[session]]")
            plans = [self._plan(one, name, n, f"session {n}") for n, one in enumerate(sessions, 1)]
        sound = tuple(plan for plan in plans if plan is not None)
        return Schedule(name=name, note=note, sessions=sound) if sound else None

    def _plan(self, table: dict[str, Any], name: str, session: int | None, where: str) -> Plan | None:
        if session is not None:
            self._check_keys(table, ("step",), where)
        before = len(self.problems)
        steps = self._steps(table.get("step"), where)
        if len(self.problems) > before:
            return None
        if (whole_s := sum(map(about_s, steps))) > LONGEST_S:
            self._wrong(
                where, f"takes {whole_s / 3600:.1f} h; a run of more than {LONGEST_S / 3600:g} h is not planned"
            )
            return None
        return Plan(name=name, steps=tuple(steps), session=session)

    def _steps(self, entries: object, where: str) -> list[PlanStep]:
        steps: list[PlanStep] = []
        for number, entry in enumerate(self._tables(entries, where, "[[step]]"), 1):
            place = f"{where}, step {number}" if where else f"step {number}"
            if "repeat" in entry or "step" in entry:
                steps += self._repeated(entry, place)
            else:
                steps += self._step(entry, place)
        return steps

    def _repeated(self, entry: dict[str, Any], where: str) -> list[PlanStep]:
        self._check_keys(entry, _REPEAT_KEYS, where)
        times = entry.get("repeat")
        if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MOST_REPEATS:
            self._wrong(where, f"repeat = {times!r} is no number of times from 1 to {MOST_REPEATS}")
            times = 1
        steps: list[PlanStep] = []
        for number, one in enumerate(self._tables(entry.get("step"), where, "step = [...]"), 1):
            if "repeat" in one or "step" in one:
                self._wrong(f"{where}.{number}", "a repeat within a repeat: write its steps out")
            else:
                steps += self._step(one, f"{where}.{number}")
        return steps * times

    def _step(self, entry: dict[str, Any], where: str) -> list[PlanStep]:
        """Give the step; none where there is something wrong with it."""
        before = len(self.problems)
        if isinstance(entry.get("name"), str):
            where = f"{where} ({entry['name']})"
        self._check_keys(entry, _STEP_KEYS, where)
        name = self._text(entry, "name", where)
        length, unit = self._length(entry, where)
        else_s, most_s = self._else_s(entry, where), self._most_s(entry, where)
        aim = self._target(entry.get("target", "band"), where)
        mode = self._mode(entry.get("mode"), where)
        if len(self.problems) > before:
            return []
        return [PlanStep(name=name, length=length, unit=unit, else_s=else_s, most_s=most_s, mode=mode, **aim)]

    # --- values ---------------------------------------------------------------------------------------------------

    def _length(self, entry: dict[str, Any], where: str) -> tuple[float, PlanUnit]:
        given = [key for key in _UNITS if key in entry]
        if len(given) != 1:
            has = f"{' and '.join(given)} are given" if given else "has no length"
            self._wrong(where, f"{has}: a step has seconds, metres or steps, one of them")
            return 0.0, "s"
        return self._positive(entry, given[0], where), _UNITS[given[0]]

    def _else_s(self, entry: dict[str, Any], where: str) -> float | None:
        if "else_seconds" not in entry:
            return None
        if "metres" not in entry:
            self._wrong(where, "else_seconds is for a step by metres, where no sensor tells a speed")
        return self._positive(entry, "else_seconds", where)

    def _most_s(self, entry: dict[str, Any], where: str) -> float | None:
        if "at_most_seconds" not in entry:
            return None
        if "seconds" in entry:
            self._wrong(where, "at_most_seconds is for a step by metres or steps; one by seconds ends with them")
            return None
        return self._positive(entry, "at_most_seconds", where)

    def _positive(self, entry: dict[str, Any], key: str, where: str) -> float:
        value = entry[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            self._wrong(where, f"{key} = {value!r} is no length: it must be a number above 0")
            return 0.0
        return float(value)

    def _target(self, target: object, where: str) -> dict[str, float]:
        text = target.strip() if isinstance(target, str) else ""
        if text == "band":
            return {}
        if match := _PERCENTAGE.fullmatch(text):
            return self._percentage(float(match[1]), where)
        if match := _BAND.fullmatch(text):
            return self._band(float(match[1]), float(match[2]), where)
        self._wrong(where, f'target = {target!r} is no target: write "band", "168-178" or "+5 %"')
        return {}

    def _percentage(self, pct: float, where: str) -> dict[str, float]:
        if pct > MOST_PCT:
            self._wrong(where, f"target {pct:+g} %: never more than {MOST_PCT:g} % above your baseline")
        elif pct < -MOST_PCT:
            self._wrong(where, f"target {pct:+g} %: no more than {MOST_PCT:g} % below your baseline either")
        return {"pct": pct}

    def _band(self, low_spm: float, high_spm: float, where: str) -> dict[str, float]:
        if low_spm + NARROWEST_SPM > high_spm:
            self._wrong(where, f"target {low_spm:g}-{high_spm:g}: a band must go up by {NARROWEST_SPM:g} spm at least")
        elif low_spm < LOWEST_SPM or high_spm > HIGHEST_SPM:
            within = f"{LOWEST_SPM:g} to {HIGHEST_SPM:g}"
            self._wrong(where, f"target {low_spm:g}-{high_spm:g}: nobody runs outside {within} steps a minute")
        return {"low_spm": low_spm, "high_spm": high_spm}

    def _mode(self, mode: object, where: str) -> CoachingMode | None:
        known = get_args(CoachingMode)
        if mode is not None and mode not in known:
            self._wrong(where, f"mode = {mode!r} is none of {', '.join(known)}{_near(mode, known)}")
        return cast("CoachingMode | None", mode)

    def _text(self, table: dict[str, Any], key: str, where: str) -> str:
        text = table.get(key)
        if not isinstance(text, str) or not text.strip():
            self._wrong(where, f'has no {key}: write {key} = "..."')
            return ""
        return text.strip()

    # --- tables ---------------------------------------------------------------------------------------------------

    def _tables(self, entries: object, where: str, how: str) -> Sequence[dict[str, Any]]:
        if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
            self._wrong(where, f"has no steps: write {how}")
            return ()
        return entries

    def _check_keys(self, table: dict[str, Any], known: Collection[str], where: str) -> None:
        for key in table:
            if key not in known:
                self._wrong(where, f"{key} is not a key{_near(key, known)}")

    def _wrong(self, where: str, what: str) -> None:
        self.problems.append(": ".join(part for part in (self.file, where, what) if part))


def _near(word: object, words: Collection[str]) -> str:
    close = difflib.get_close_matches(str(word), words, n=1)
    return f"; did you mean {close[0]}?" if close else ""
