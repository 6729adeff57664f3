"""Plans as TOML files: the ready ones beside this file, the runner's own in the config folder, or any by its path.

`reading` makes a `Schedule` of a file, or says everything that is wrong with it; `shelf` finds files by name, and knows
from the runs that were kept which session of a schedule comes next. What a file may hold is in docs/plans.md.
"""

from __future__ import annotations

from coach.plans.reading import Schedule, read_schedule
from coach.plans.shelf import DONE_PCT, choose, find, known, next_session

__all__ = ["DONE_PCT", "Schedule", "choose", "find", "known", "next_session", "read_schedule"]
