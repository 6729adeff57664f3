"""Options that several commands share, and the settings that come of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from coach.errors import UsageError

if TYPE_CHECKING:
    from coach.config import Effective, Layer


class Seconds(click.FloatRange):
    """A finite number of seconds."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value} is not a number of seconds", param, ctx)
        return seconds


F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(path_type=Path, dir_okay=False)


def settings_options(command: F) -> F:
    """Add --config and --set."""
    command = click.option(
        "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; may be given again."
    )(command)
    return click.option("--config", "config_file", type=FILE, metavar="FILE", help="Settings, over your own file.")(
        command
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFlags:
    """What `run` and `demo` have in common, as it was given."""

    target: str | None
    plan: str | None
    duration: float | None
    headless: bool
    output: str | None
    wav: Path | None
    events: str | None
    seed: int | None
    as_json: bool
    no_keep: bool
    config_file: Path | None
    settings: tuple[str, ...]

    def load(self, *more: str, extra: Sequence[Layer] = ()) -> Effective:
        """Load the settings in force; `more` are those of the command's own flags."""
        shared = flags(
            coaching__plan=self.plan,
            audio__output=self.output,
            simulation__seed=self.seed,
            store__keep="false" if self.no_keep else None,
        )
        return load_settings(self.config_file, [*self.settings, *target_flags(self.target), *shared, *more], extra)


def live_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what `run` and `demo` have in common; the command takes it as `live`."""

    @wraps(command)
    def with_live(**given: Any) -> None:
        shared = {field.name: given.pop(field.name) for field in fields(LiveFlags)}
        command(live=LiveFlags(**shared), **given)

    options = (
        click.option(
            "--target", metavar="LOW-HIGH|+PCT%|personal", help="The band: 168-178, or above your own cadence."
        ),
        click.option("--plan", metavar="NAME|FILE.toml", help="Run by a plan; `coach plans` lists them."),
        click.option("--duration", type=Seconds(min=1), metavar="SECONDS", help="Stop after so long."),
        click.option("--headless", is_flag=True, help="No live view and no keys: plain lines on stderr."),
        click.option("--output", metavar="NAME", help="Sound: auto, device, pipe, miniaudio, simpleaudio, wav, null."),
        click.option("--wav", type=FILE, metavar="FILE", help="Also write what is heard to a WAV file."),
        click.option("--events", metavar="FILE|-", help="Write every event as a line of JSON; - is stdout."),
        click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of the simulated runner."),
        click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON."),
        click.option("--no-keep", is_flag=True, help="Do not keep this run."),
    )
    wrapped: Callable[..., None] = with_live
    for option in reversed(options):
        wrapped = option(wrapped)
    return settings_options(wrapped)


def flags(**given: object) -> list[str]:
    """Turn flags into settings: `flags(sensor__address="x")` is ["sensor.address=x"]; None was not given."""
    return [f"{path.replace('__', '.')}={value}" for path, value in given.items() if value is not None]


def target_flags(target: str | None) -> list[str]:
    """Read LOW-HIGH, `personal`, or a percentage above the own cadence as +5%.

    Raises
    ------
    UsageError
        For anything else.
    """
    if target is None:
        return []
    asked = target.strip().replace(" ", "").lower()
    if asked == "personal":
        return ["target.kind=personal"]
    if asked.startswith("+") and asked.endswith("%"):
        return ["target.kind=personal", f"target.raise_pct={asked[1:-1]}"]
    low, dash, high = asked.partition("-")
    if not dash:
        hint = "e.g. --target 168-178, --target +5%, or --target personal"
        raise UsageError(
            f"--target {target}: write the band as LOW-HIGH, or what it is above your own cadence", hint=hint
        )
    return ["target.kind=band", f"target.low_spm={low}", f"target.high_spm={high}"]


def load_settings(config_file: Path | None, settings: Sequence[str], extra: Sequence[Layer] = ()) -> Effective:
    """Load the settings in force; `settings` are those of flags, the later over the earlier."""
    from coach.config import load

    return load(file=config_file, settings=settings, extra=extra)
