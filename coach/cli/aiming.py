"""What a run is led to, from the settings and from what the store knows of the runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from coach.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from coach.coaching.ladder import Climb
    from coach.config import Config, Effective, Layer, TargetConfig
    from coach.store.book import Store
    from coach.store.kept import RunInfo

Say = Callable[[str], None]

REMINDED = timedelta(days=14)

MEASURED_ORIGIN = "coach baseline"
LADDER_ORIGIN = "your ladder"

UNKNOWN = "your own cadence is not known yet"
HINT = "`coach baseline` measures it, in two steady minutes; or set target.own_spm"


def kind_key(runner: str) -> str:
    """Give the key under which the store remembers which kind of target a runner wants."""
    return f"target {runner}".strip()


def aims(effective: Effective, store: Store | None, say: Say, now: datetime) -> list[Layer]:
    """Give what is to be laid over the settings: the runner's own cadence, and the rung of a personal target.

    A simulated runner's own cadence is the one it runs at, unless the settings name one, and it climbs no ladder. A
    store that cannot be read is told of, and knows nothing.

    Raises
    ------
    ConfigError
        When a personal target is wanted and the own cadence is not known.
    """
    try:
        return _aims(effective, store, say, now)
    except StoreError as error:
        say(f"your baseline and ladder cannot be read: {error}")
        return _aims(effective, None, say, now)


def _aims(effective: Effective, store: Store | None, say: Say, now: datetime) -> list[Layer]:
    own = _own(effective, store)
    config = effective.over(own).config
    if config.coaching.plan and store is not None:
        _tell_of_pain(store, config, say, now)
    target = config.target
    if target.kind == "band":
        _tell_if_far(target, say)
        return [own]
    if not target.own_spm:
        unread = "; a run that is not kept does not look into the store" if store is None else ""
        raise ConfigError([f"target.kind: personal, but {UNKNOWN}{unread}"], hint=HINT)
    if config.sensor.kind == "simulated" or config.coaching.plan:
        return [own]
    return [own, _rung(config, store, say, now)]


def _own(effective: Effective, store: Store | None) -> Layer:
    """Give the own cadence as it was measured last; nothing that the settings say themselves."""
    from coach.coaching.own import spm_per_mps
    from coach.config import SHIPPED, Layer

    config = effective.config
    if config.target.own_spm:
        return Layer(MEASURED_ORIGIN, {})
    if config.sensor.kind == "simulated":
        return Layer("simulation.cadence_spm", {"target": {"own_spm": config.simulation.cadence_spm}})
    measured = [one.own for one in store.baselines(config.runner.name)] if store is not None else []
    if not measured:
        return Layer(MEASURED_ORIGIN, {})
    own, by_shipped = measured[0], effective.origins["target.spm_per_mps"] == SHIPPED
    slope = {"spm_per_mps": spm_per_mps(measured)} if by_shipped else {}
    return Layer(MEASURED_ORIGIN, {"target": {"own_spm": own.spm, "own_mps": own.mps or 0.0, **slope}})


def _tell_of_pain(store: Store, config: Config, say: Say, now: datetime) -> None:
    """Say that a plan does not step back by itself, within two weeks of new pain."""
    since = [at for at in _pains(store, config) if now - at < REMINDED]
    if since:
        on = f"{max(since).astimezone(now.tzinfo):%Y-%m-%d}"
        say(f"You noted new pain on {on}; a plan takes no step back by itself: choose an easier one, or rest.")


def _tell_if_far(target: TargetConfig, say: Say) -> None:
    from coach.coaching.target import MOST_PCT, is_too_far

    if target.own_spm and is_too_far(target.low_spm, target.own_spm):
        say(
            f"The band of {target.low_spm:g}-{target.high_spm:g} begins more than {MOST_PCT:g} % above your own "
            f"{target.own_spm:g}; --target personal leads there in small rungs."
        )


def _rung(config: Config, store: Store | None, say: Say, now: datetime) -> Layer:
    """Lower the rise to the rung of today, and say why."""
    from coach.coaching.ladder import rung
    from coach.coaching.target import Band
    from coach.config import Layer

    target = config.target
    climbs = list(_climbs(store.runs(), config)) if store is not None else []
    pains = list(_pains(store, config)) if store is not None else []
    today = rung(target.raise_pct, climbs, pains, now)
    band = Band.above(target.own_spm, today.pct)
    say(f"Your target is {band}, +{today.pct:g} % of your own {target.own_spm:g}: {today.reason}.")
    return Layer(LADDER_ORIGIN, {"target": {"raise_pct": today.pct}})


def _pains(store: Store, config: Config) -> Iterator[datetime]:
    """Give when the runner told of new pain."""
    return (note.at for note in store.notes(config.runner.name) if note.new_pain)


def _climbs(runs: list[RunInfo], config: Config) -> Iterator[Climb]:
    """Give the runs of the runner that were coached towards a personal target; a plan has targets of its own.

    Those above another own cadence do not count: what is measured anew begins on the first rung.
    """
    from coach.coaching.ladder import Climb, is_held

    for run in runs:
        target, coaching = run.config.get("target", {}), run.config.get("coaching", {})
        coached = coaching.get("mode") != "off" and not coaching.get("plan")
        if target.get("kind") != "personal" or not coached or run.runner != config.runner.name:
            continue
        if target.get("own_spm") != config.target.own_spm:
            continue
        if run.summary is not None and run.source.get("kind") != "simulated":
            held = is_held(run.summary["in_band_s"], run.summary["running_s"])
            yield Climb(at=run.started_at, pct=target["raise_pct"], held=held)
