"""`coach baseline`: the runner's own cadence over two steady minutes, and the target that follows from it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from coach.cli.aiming import kind_key
from coach.cli.options import LiveFlags, Seconds, settings_options
from coach.cli.wearing import check_companion, remember, remembered, searched, sensor_maker, sensor_options, source_of
from coach.errors import RecordingError, SensorError

if TYPE_CHECKING:
    from coach.coaching.own import OwnCadence, SteadyMinutes
    from coach.model import Event, Input
    from coach.store.book import Store

Say = Callable[[str], None]

RUNGS_PCT = (2.5, 5.0, 7.5)
"""The ladder; its middle is proposed. A runner may ask for up to 10 %."""

WIDTH = 80

UNCOACHED = ("coaching.mode=off", "coaching.plan=", "audio.output=null", "target.kind=band")
WHY = (
    "At the same speed, quicker steps are shorter and lighter ones, and those are associated with less load on knees, "
    "hips and back. A rise of 5 % is about what runners keep after a few weeks of practice; more than 10 % costs more "
    "than it gives."
)


class Measuring:
    """A sink that measures, tells how far it is, and ends the run once the own cadence is known.

    Attributes
    ----------
    end : ends the run.
    """

    def __init__(self, say: Say) -> None:
        from coach.coaching.own import SteadyMinutes

        self.steady: SteadyMinutes = SteadyMinutes()
        self.end: Callable[[], None] | None = None
        self._say = say
        self._told_s = 0.0

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        """Take what happened."""
        for event in events:
            self.steady.take(event)
        so_far_s = self.steady.so_far_s
        if so_far_s == 60.0 and self._told_s != so_far_s:
            self._say("one minute so far; go on as you run")
        self._told_s = so_far_s
        if self.steady.found is not None and self.end is not None:
            self.end()

    def close(self) -> None:
        """Nothing to let go."""


@click.command()
@click.argument("what", metavar="[REC|RUN]", required=False)
@sensor_options
@click.option("--duration", type=Seconds(min=1), metavar="SECONDS", help="Give up after so long.")
@click.option("--headless", is_flag=True, help="No live view and no keys: plain lines on stderr.")
@settings_options
def baseline(
    what: str | None,
    worn: list[str],
    duration: float | None,
    headless: bool,
    config_file: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Measure your own cadence over two steady minutes of running, and propose a target.

    Run as you like, evenly, without music; it takes half a minute to settle and two minutes more, and ends by itself.
    With a recording (CSV) or a kept run that was not coached, it is measured in that. Where a sensor tells your speed,
    measure at an easy and at a brisk pace: percentages then follow your speed as your own cadence does.

    \b
    Examples: coach baseline
              coach baseline last
              coach baseline easy.csv
    """
    if what is not None:
        _offline(what, config_file, [*settings, *worn])
        return
    live = LiveFlags(
        target=None,
        plan=None,
        duration=duration,
        headless=headless,
        output=None,
        wav=None,
        events=None,
        seed=None,
        as_json=False,
        no_keep=False,
        config_file=config_file,
        settings=settings,
    )
    _live(live, [*worn, *UNCOACHED])


def _live(live: LiveFlags, worn: list[str]) -> None:
    from coach.cli.keeping import open_store
    from coach.cli.live import LiveOptions, Notices, Outcome, go

    notices, outcome = Notices(), Outcome()
    effective = live.load(*worn)
    store = open_store(effective.config, notices.say)
    effective = live.load(*worn, extra=remembered(store, effective, notices.say))
    check_companion(effective.config.sensor)
    effective = searched(live, worn, effective, store, notices.say)
    measuring = Measuring(notices.say)
    notices.say("Run as you like, evenly and without music, for two and a half minutes.")
    options = LiveOptions.of(live, duration_s=live.duration, fallback_wav=Path("unused.wav"))
    source, maker = source_of(effective.config), sensor_maker(effective.config)
    try:
        go(effective, options, source, maker, store=store, notices=notices, outcome=outcome, measuring=measuring)
    finally:
        if store is not None and outcome.connected:
            remember(store, effective.config.sensor, outcome, notices.say)
    if measuring.steady.found is not None:
        kept_in = store if source["kind"] != "simulated" else None
        _keep(measuring.steady.found, effective.config.runner.name, kept_in, asks=not live.headless)
        return
    outcome.exit()
    raise SensorError(f"your own cadence is not known yet: {_missing(measuring.steady)}", hint="run it once more")


def _offline(what: str, config_file: Path | None, settings: list[str]) -> None:
    """Measure in what was recorded."""
    from coach.cli.keeping import open_store
    from coach.cli.options import load_settings
    from coach.cli.replay import is_recording, opened
    from coach.offline import Loop
    from coach.pipeline import Pipeline
    from sensors.codecs import decode

    config = load_settings(config_file, settings).config
    measuring = Measuring(lambda _: None)
    flagged = [*settings, *UNCOACHED] if is_recording(what) else settings  # what a runner heard counts
    with opened(what, config_file, flagged, lenient=False) as recorded:
        Loop(Pipeline(recorded.config, decode), sinks=[measuring]).follow(recorded.inputs)
        runner = recorded.config.runner.name or config.runner.name  # a run that names its runner is his or hers
        keeps = recorded.described.get("kind") != "simulated"
    if measuring.steady.found is None:
        raise RecordingError(f"{what}: no own cadence in it: {_missing(measuring.steady)}")
    store = open_store(config, lambda text: click.echo(text, err=True)) if keeps else None
    _keep(measuring.steady.found, runner, store, asks=True)


def _missing(steady: SteadyMinutes) -> str:
    """Say why nothing was found."""
    if steady.coached:
        return "a beat or a cue was heard, and what comes after one is not yours alone"
    if steady.sway is None:
        return "there were no two minutes of running without a stop"
    return f"the steadiest two minutes swayed by {100 * steady.sway:.0f} %, or were a walk"


def _keep(own: OwnCadence, runner: str, store: Store | None, *, asks: bool) -> None:
    """Keep what was measured, and propose."""
    from coach.coaching.own import Measured
    from coach.coaching.target import Band

    at = f" at {own.mps:g} m/s" if own.mps is not None else ""
    first, proposed, later = (Band.above(own.spm, pct) for pct in RUNGS_PCT)
    for text in (
        f"Your own cadence is {own.spm:g} steps a minute{at}, over two steady minutes.",
        f"Proposed: {proposed}, 5 % above it, by way of {first} (+2.5 %); for later {later} (+7.5 %).",
        WHY,
    ):
        click.echo(click.wrap_text(text, width=min(get_terminal_size().columns, WIDTH)))
    if store is None:
        click.echo(f"It is not kept; put it in your config.toml: target.own_spm = {own.spm:g}", err=True)
        return
    store.keep_baseline(Measured(at=datetime.now(UTC), runner=runner, own=own))
    if asks and sys.stdin is not None and sys.stdin.isatty():
        wanted = click.confirm("Run towards it from now on?", default=True)
        store.remember(kind_key(runner), "personal" if wanted else "band")
        if wanted:
            click.echo("It begins on the first rung, 2.5 % above your own, and rises with what you hold.")
        return
    click.echo("Run towards it with: coach run --target personal")
