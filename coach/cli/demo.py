"""`coach demo`: the coach with a simulated runner, no hardware needed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.options import LiveFlags, flags, live_options

if TYPE_CHECKING:
    from coach.ports import Clock

FAST_START_SPM = 162
LIVE_S = 90.0
FAST_S = 300.0


@click.command()
@click.option("--fast", is_flag=True, help="Virtual time: five minutes in a few seconds.")
@click.option("--cadence", type=float, metavar="SPM", help="The runner's own cadence [166; with --fast 162].")
@live_options
def demo(live: LiveFlags, fast: bool, cadence: float | None) -> None:
    """Coach a simulated runner for a minute and a half: engage, lead, in the band, silence.

    The runner hears the beats and follows them as people do. --fast runs in virtual time, gives the same bytes for
    the same seed, and is not kept.

    \b
    Examples: coach demo
              coach demo --fast --events - | grep decision
              coach demo --cadence 198 --target 170-190
              coach demo --fast --plan easy-start
    """
    from coach.config import SHIPPED

    own = flags(simulation__cadence_spm=cadence, sensor__kind="simulated")
    effective = live.load(*own)
    if fast and effective.origins["simulation.cadence_spm"] == SHIPPED:
        effective = live.load(*own, *flags(simulation__cadence_spm=FAST_START_SPM))
    from coach.cli.aiming import aims
    from coach.cli.keeping import open_store
    from coach.cli.live import Notices
    from coach.cli.planning import LIVE_MARGIN_S, assignment_for, length_s

    notices = Notices()
    store = None if fast else open_store(effective.config, notices.say)
    effective = effective.over(*aims(effective, store, notices.say, datetime.now(UTC)))
    assignment = assignment_for(effective.config, store, notices.say)
    usual_s = FAST_S if fast else LIVE_S
    if assignment is not None:
        usual_s = length_s(assignment.plan) + LIVE_MARGIN_S
    duration_s = live.duration if live.duration is not None else usual_s
    pace = f"{effective.config.simulation.cadence_spm:g} spm, for {duration_s:g} s"
    click.echo(f"A simulated runner at {pace}{', in virtual time' if fast else ''}.", err=True)

    from sensors.simulated import SimulatedRunner

    runner = SimulatedRunner(effective.config.simulation)
    source: dict[str, object] = {"kind": "simulated"}
    if fast:
        from coach.cli.offline import Outlets, play

        outlets = Outlets(events=live.events, wav=live.wav, as_json=live.as_json)
        play(runner, effective.config, source, outlets, until_s=duration_s, assignment=assignment)
        return

    from coach.cli.choosing import Sensors
    from coach.cli.live import LiveOptions, Outcome, go
    from sensors.paced import Paced

    options = LiveOptions.of(live, duration_s=duration_s, fallback_wav=Path("coach-demo.wav"))
    outcome = Outcome()

    def worn(clock: Clock) -> Sensors:
        return Sensors(Paced(runner, clock))

    go(effective, options, source, worn, store=store, notices=notices, outcome=outcome, assignment=assignment)
    outcome.exit()
