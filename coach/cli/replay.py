"""`coach replay`: a recording or a kept run through the coach, as fast as it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.options import FILE, flags, load_settings, settings_options, target_flags
from coach.errors import ConfigError

if TYPE_CHECKING:
    from coach.config import Config
    from coach.ports import InputSource


@click.command()
@click.argument("what", metavar="REC|RUN")
@click.option("--events", metavar="FILE|-", help="Write every event as a line of JSON; - is stdout.")
@click.option("--wav", type=FILE, metavar="FILE", help="Write what the runner would have heard.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--lenient", is_flag=True, help="Leave bad rows of a recording out, and count them.")
@click.option("--placement", metavar="WHERE", help="Where the sensor was worn: foot, waist, chest, wrist ...")
@click.option("--target", metavar="LOW-HIGH|+PCT%|personal", help="The band, steps a minute.")
@settings_options
def replay(
    what: str,
    events: str | None,
    wav: Path | None,
    as_json: bool,
    lenient: bool,
    placement: str | None,
    target: str | None,
    config_file: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Run a recording (CSV) or a kept run (its number, or "last") through the coach.

    A kept run is replayed with the settings that it ran with, and says the same, byte for byte; --config, --set and
    the flags ask what would have been.

    \b
    Examples: coach replay morning.csv
              coach replay last --events - | grep decision
    """
    flagged = [*settings, *flags(sensor__placement=placement), *target_flags(target)]
    from coach.cli.offline import Outlets, play

    outlets = Outlets(events=events, wav=wav, as_json=as_json)
    with opened(what, config_file, flagged, lenient=lenient) as source:
        _check_target(source.config)
        play(source.inputs, source.config, source.described, outlets)


def _check_target(config: Config) -> None:
    """Refuse a personal target of nobody's cadence; a run that is not coached has none.

    Raises
    ------
    ConfigError
        Then.
    """
    from coach.cli.aiming import UNKNOWN

    if config.target.kind == "personal" and not config.target.own_spm and config.coaching.mode != "off":
        hint = "a replay asks no store: --set target.own_spm=160, or --target LOW-HIGH"
        raise ConfigError([f"target.kind: personal, but {UNKNOWN}"], hint=hint)


def is_recording(what: str) -> bool:
    """Tell a file from the number of a run."""
    return what != "last" and not what.isdecimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording or a kept run: its inputs, the settings that it is to run with, and what its header says of it."""

    inputs: InputSource
    config: Config
    described: dict[str, object]


@contextmanager
def opened(what: str, config_file: Path | None, flagged: Sequence[str], *, lenient: bool) -> Iterator[Recorded]:
    """Open a recording or a kept run; at the end, say how many bad rows were left out."""
    if is_recording(what):
        opening = _recording(Path(what), config_file, flagged, lenient=lenient)
    else:
        opening = _kept(what, config_file, flagged)
    with opening as recorded:
        yield recorded


@contextmanager
def _recording(path: Path, config_file: Path | None, flagged: Sequence[str], *, lenient: bool) -> Iterator[Recorded]:
    from coach.formats.recording import Recording
    from sensors.replay import RecordingSource

    config = load_settings(config_file, flagged).config
    with Recording(path, lenient=lenient) as recording:
        described: dict[str, object] = {"kind": "recording", "unit": recording.unit, "arrival": recording.has_arrival}
        yield Recorded(inputs=RecordingSource(recording), config=config, described=described)
        if recording.skipped:
            places = "; ".join(recording.skipped_places)
            click.echo(f"{recording.skipped} bad rows left out: {places}", err=True)


@contextmanager
def _kept(which: str, config_file: Path | None, flagged: Sequence[str]) -> Iterator[Recorded]:
    from coach.cli.keeping import tell_cut_off
    from coach.cli.offline import say
    from coach.config import SHIPPED, Layer, flag_layer, merge, read_layer, shipped_path
    from coach.store.book import Store, store_path
    from sensors.replay import KeptSource

    with Store.open(store_path(load_settings(config_file, flagged).config.store.path)) as store:
        tell_cut_off(store, say)
        run = store.run(which)
        if run.info.status == "open":
            click.echo(f"run {run.info.id} is still going on: this is what it has kept so far", err=True)
        if run.holes():
            click.echo(f"run {run.info.id} has holes where it could not be kept: this is not all of it", err=True)
        shipped = read_layer(shipped_path(), SHIPPED)
        layers = [shipped, Layer(f"run {run.info.id}", run.config_tree)]
        if config_file is not None:
            layers.append(read_layer(config_file))
        layers.append(flag_layer(flagged, shipped.tree))
        yield Recorded(inputs=KeptSource(run), config=merge(layers).config, described=run.source)
