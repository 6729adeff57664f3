"""Whether the settings make sense, and whether runs can be kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from coach.config import Effective, StoreConfig, load, user_path
from coach.doctor.finding import Finding
from coach.errors import ConfigError, StoreError

LEAST_FREE_MB = 200  # an hour of a 200 Hz strap takes a few MB; a full disk harms more than us


def check_config(file: Path | None, settings: Sequence[str]) -> tuple[Effective | None, list[Finding]]:
    """Load the settings as a run would; gives them, or a finding for every problem."""
    own = user_path()
    try:
        effective = load(file=file, settings=settings)
    except ConfigError as error:
        todo = f"correct it ({error.hint})" if error.hint else "correct it, or take the file away"
        return None, [Finding(area="config", ok="bad", text=problem, todo=todo) for problem in error.problems]
    text = f"{own} makes sense" if own.exists() else f"the shipped settings; yours would be in {own}"
    return effective, [Finding(area="config", ok="ok", text=f"{text}; {file} makes sense" if file else text)]


def check_store(config: StoreConfig) -> Finding:
    """Look at the run store and the disk below it, without making either."""
    from coach.store import Store, store_path

    if not config.keep:
        return Finding(area="store", ok="ok", text="runs are not kept: store.keep is false")
    path = store_path(config.path)
    try:
        runs = 0
        if path.exists():
            with Store.open(path) as store:
                runs = len(store.runs())
        return _space(path, runs)
    except StoreError as error:
        return Finding(area="store", ok="bad", text=error.message, todo=error.hint or "set store.path to another file")
    except OSError as error:
        return Finding(area="store", ok="bad", text=f"{path}: {error}", todo="set store.path to another file")


def _space(path: Path, runs: int) -> Finding:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        todo = "make it yours (chown), or set store.path to a file elsewhere"
        return Finding(area="store", ok="bad", text=f"{folder} cannot be written", todo=todo)
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    size_mb = path.stat().st_size / 1e6 if path.exists() else 0.0
    text = f"{path}: runs kept {runs}, {size_mb:.1f} MB; free on the disk {free_mb} MB"
    if free_mb < LEAST_FREE_MB:
        return Finding(area="store", ok="warn", text=text, todo="make room on this disk, or set store.path elsewhere")
    return Finding(area="store", ok="ok", text=text)
