"""`coach demo`: the coach with a simulated runner, no hardware needed."""

from __future__ import annotations

from pathlib import Path

import click

from coach.cli.options import flags, live_options, load_settings, target_flags

FAST_START_SPM = 162
LIVE_S = 60.0
FAST_S = 300.0


@click.command()
@click.option("--fast", is_flag=True, help="Virtual time: five minutes in a few seconds.")
@click.option("--cadence", type=float, metavar="SPM", help="The runner's own cadence [166; with --fast 162].")
@live_options
def demo(
    fast: bool,
    cadence: float | None,
    target: str | None,
    duration: float | None,
    headless: bool,
    output: str | None,
    wav: Path | None,
    events: str | None,
    seed: int | None,
    as_json: bool,
    no_keep: bool,
    config_file: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Coach a simulated runner for a minute: engage, lead, in the band, silence.

    The runner hears the beats and follows them as people do. --fast runs in virtual time, gives the same bytes for
    the same seed, and is not kept.

    \b
    Examples: coach demo
              coach demo --fast --events - | grep decision
              coach demo --cadence 198 --target 170-190
    """
    from coach.config import SHIPPED

    flagged = [
        *settings,
        *target_flags(target),
        *flags(simulation__cadence_spm=cadence, simulation__seed=seed, audio__output=output, sensor__kind="simulated"),
        *flags(store__keep="false" if no_keep else None),
    ]
    effective = load_settings(config_file, flagged)
    if fast and effective.origins["simulation.cadence_spm"] == SHIPPED:
        effective = load_settings(config_file, [*flagged, *flags(simulation__cadence_spm=FAST_START_SPM)])
    cadence = effective.config.simulation.cadence_spm
    duration_s = duration if duration is not None else FAST_S if fast else LIVE_S
    click.echo(
        f"A simulated runner at {cadence:g} spm, for {duration_s:g} s{', in virtual time' if fast else ''}.", err=True
    )
    source: dict[str, object] = {"kind": "simulated"}
    from sensors.simulated import SimulatedRunner

    runner = SimulatedRunner(effective.config.simulation)
    if fast:
        from coach.cli.offline import Outlets, play

        outlets = Outlets(events=events, wav=wav, as_json=as_json)
        play(runner, effective.config, source, outlets, until_s=duration_s)
        return

    from coach.cli.keeping import open_store
    from coach.cli.live import LiveOptions, Notices, Outcome, go
    from sensors.paced import Paced

    options = LiveOptions(
        duration_s=duration_s,
        headless=headless,
        wav=wav,
        events=events,
        as_json=as_json,
        fallback_wav=Path("coach-demo.wav"),
    )
    notices = Notices()
    store = open_store(effective.config, notices.say)
    outcome = Outcome()
    go(effective, options, source, lambda clock: Paced(runner, clock), store=store, notices=notices, outcome=outcome)
    outcome.exit()
