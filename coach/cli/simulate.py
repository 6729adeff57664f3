"""`coach simulate`: a simulated recording with its truth."""

from __future__ import annotations

import json
from pathlib import Path

import click

from coach.cli.options import FILE, Seconds, flags, load_settings, settings_options
from coach.errors import RecordingError, UsageError


@click.command()
@click.argument("file", type=FILE)
@click.option("--course", metavar="TEXT", help='E.g. "stand 5, run 60 @ 166, ramp 10 -> 176, run 30 @ 176, stand 5".')
@click.option("--duration", type=Seconds(min=1), default=60.0, show_default=True, metavar="SECONDS")
@click.option(
    "--placement", metavar="WHERE", help="foot, ankle, shank, thigh, waist, sacrum, chest, upper_arm, wrist or hand."
)
@click.option("--rate", type=float, metavar="HZ", help="Samples a second.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N")
@click.option("--arrival", is_flag=True, help="Also write when each row arrived (a radio brings them in bunches).")
@settings_options
def simulate(
    file: Path,
    course: str | None,
    duration: float,
    placement: str | None,
    rate: float | None,
    seed: int | None,
    arrival: bool,
    config_file: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Write the recording of a simulated runner to FILE (CSV), and the true steps beside it (JSON).

    \b
    A course is a row of parts, durations in seconds:
      walk 30 @ 110, run 60 @ 166    steps a minute: 70-160, 120-240
      ramp 10 -> 176                 from the cadence of the part before it
      stand 5, sit 5, type 5, fidget 5, gesture 5, drive 5, rough-drive 5
      brush 20, wash 20              teeth, and dishes
      cycle 20 @ 85, rough-cycle 20 @ 85    turns of the crank a minute
      curl 20 @ 40, squat 20 @ 30, push-up 20 @ 30, row 20 @ 25    so often a minute
      jack 20 @ 120                  jumps a minute, feet apart and together
      shake 2 @ 160, rattle 5        the sensor, to and fro so often a minute or at random

    \b
    Examples: coach simulate run.csv --course "stand 3, run 60 @ 166" --placement wrist --rate 50 --seed 7
              coach simulate phone.csv --set simulation.person=4 --set simulation.turn_every_s=20
    """
    beside = file.with_suffix(".json")
    if beside == file:
        raise UsageError(f"{file}: the truth is written there", hint="name the recording something.csv")
    flagged = [
        *settings,
        *flags(simulation__placement=placement, simulation__rate_hz=rate, simulation__seed=seed),
    ]
    config = load_settings(config_file, flagged).config
    from coach.formats.recording import RecordingWriter
    from sensors.course import parse_course
    from sensors.simulated import SimulatedRunner, record, truth

    planned = parse_course(course) if course is not None else None
    duration_s = planned.end_s if planned is not None else duration
    runner = SimulatedRunner(config.simulation, planned)
    with RecordingWriter(file, arrival=arrival) as writer:
        for rows in record(runner, duration_s):
            writer.write(rows)
    known = truth(runner, duration_s)
    try:
        beside.write_text(json.dumps({"placement": known["placement"], "truth": known}, indent=1) + "\n")
    except OSError as error:
        raise RecordingError(f"{beside}: cannot be written: {error.strerror}") from error
    click.echo(f"{duration_s:g} s in {file}, {len(runner.true_steps)} true steps in {beside}", err=True)
