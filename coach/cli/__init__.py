"""The command line: `coach run | demo | plans | replay | simulate | setup | calibrate | scan | doctor | …`.

Exit codes: 0 done, 1 internal error, 2 usage or config, 3 sensor, 4 audio (a named output that fails), 5 recording or
file, 130 interrupted. stdout is data, stderr is for people. Every command's module is light to import and brings in
what it needs when it runs, so that `coach --help` is quick.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence

import click

from coach import __version__
from coach.cli.baseline import baseline
from coach.cli.calibrate import calibrate
from coach.cli.config import config
from coach.cli.demo import demo
from coach.cli.doctor import doctor
from coach.cli.history import history
from coach.cli.note import note
from coach.cli.plans import plans
from coach.cli.replay import replay
from coach.cli.run import run
from coach.cli.scan import scan
from coach.cli.setup import setup
from coach.cli.simulate import simulate
from coach.errors import CoachError

INTERRUPTED = 130


class InOrder(click.Group):
    """Lists its commands in the order in which a runner meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="coach")
def cli() -> None:
    """Find your running cadence as you run, and be led, by ear, into your target band.

    \b
    coach demo         hear it with a simulated runner; needs no hardware
    coach setup        find your sensor, try a click
    coach run          run
    """


for command in (demo, setup, calibrate, baseline, run, note, plans, history, replay, scan, doctor, config, simulate):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the code of the contract."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until a live run handles both itself
    sys.exit(status(arguments))


def status(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a device may be called anything
    try:
        # Not `cli.main`, which ends the process itself when a reader of stdout has gone away.
        with cli.make_context("coach", list(sys.argv[1:] if arguments is None else arguments)) as context:
            cli.invoke(context)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except CoachError as error:
        click.echo(explained(error), err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again at its end
        return 0
    except Exception as error:
        if os.environ.get("COACH_DEBUG"):
            raise
        click.echo(f"coach: internal error: {error!r}; COACH_DEBUG=1 shows where, and we would like to know", err=True)
        return 1
    return 0


def explained(error: CoachError) -> str:
    """Write an error for people: a line for each problem, then what to do."""
    lines = [f"coach: {line}" for line in error.message.splitlines()]
    return "\n".join([*lines, f"       {error.hint}"] if error.hint else lines)
