"""How a run is kept, as the command line tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from coach.errors import StoreError

if TYPE_CHECKING:
    from coach.config import Config, Effective
    from coach.store.book import Store
    from coach.store.writer import RunWriter

Say = Callable[[str], None]


def open_store(config: Config, say: Say) -> Store | None:
    """Open the run store; a store that cannot be opened does not stop a run."""
    from coach.store.book import Store, store_path

    if not config.store.keep:
        return None
    try:
        store = Store.open(store_path(config.store.path))
        tell_cut_off(store, say)
    except StoreError as error:
        say(f"this run will not be kept: {error}")
        return None
    return store


def tell_cut_off(store: Store, say: Say) -> None:
    """Tell of each run that a kill or a power cut ended, once."""
    for run in store.cut_off():
        began, until = (time.astimezone().strftime("%H:%M:%S") for time in (run.started_at, run.kept_until))
        say(f"the run {run.id} of {began} was cut off; it is kept up to {until}")


class Keeping:
    """The keeping of one run: `writer` takes it, or is None where it cannot be kept.

    Parameters
    ----------
    notes_since : the run is given the notes that were made before it since then; None: it has none.
    """

    def __init__(
        self,
        store: Store | None,
        effective: Effective,
        source: Mapping[str, object],
        say: Say,
        notes_since: datetime | None = None,
    ) -> None:
        self._store = store
        self.writer: RunWriter | None = None
        if store is None:
            return
        config = effective.config.model_dump(mode="json")
        try:
            self.writer = store.begin(config=config, origins=effective.origins, source=source, on_problem=say)
        except StoreError as error:
            say(f"this run will not be kept: {error}")
            return
        if notes_since is not None:
            _give_notes(store, self.writer, notes_since, effective.config.runner.name, say)

    def end(self, say: Say, *, began: bool) -> int | None:
        """Close, say where the run is, and give its number; one that never began is not kept."""
        if self._store is None or self.writer is None:
            return None
        self.writer.close()
        try:
            if began:
                return self._say_where(self._store, self.writer, say)
            self._store.discard(self.writer)
        except StoreError as error:
            say(str(error))
        return None

    def _say_where(self, store: Store, writer: RunWriter, say: Say) -> int | None:
        run = store.id_of(writer)
        if run is None:
            say(f"The run could not be kept in {store.path}.")
            return None
        say(f"Kept as run {run} in {store.path}; look at it with: coach replay {run}")
        if writer.lost:
            lost = writer.lost
            say(f"{writer.lost_s:.0f} s of it ({lost.inputs} inputs, {lost.events} events) are lost.")
        return run


def _give_notes(store: Store, writer: RunWriter, since: datetime, runner: str, say: Say) -> None:
    try:
        run = store.id_of(writer)
        if run is not None:
            store.give_notes(run, since, runner)
    except StoreError as error:
        say(f"the notes from before this run are not kept with it: {error}")
