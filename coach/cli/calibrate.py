"""`coach calibrate`: how late the runner hears the clicks, told by tapping along with them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.hearing import heard
from coach.cli.options import load_settings, settings_options
from coach.cli.wearing import latency_key
from coach.errors import AudioError, UsageError

if TYPE_CHECKING:
    from coach.config import AudioConfig, Effective
    from coach.model import OutputReport
    from coach.ports import Clock, Output
    from coach.store.book import Store

SPARE_BEATS = 10
"""Clicks beyond those that have to be tapped with: so many may be missed."""
READY_S = 1.0
AHEAD_S = 0.2
STILL_TAPPING_S = 2.0
"""Keys are swallowed for so long after the last tap that counts, or they would answer the question that follows."""


@click.command()
@settings_options
def calibrate(config_file: Path | None, settings: tuple[str, ...]) -> None:
    """Tap along with clicks, to find how late your headphones are. What it finds out is remembered.

    \b
    Example: coach calibrate
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "calibrate listens to your taps on a key, and there is no terminal to tap on",
            hint="headless, set audio.latency_ms to what your headphones add (Bluetooth: 150-250)",
        )
    from audio.calibration import calibration
    from coach.store.book import Store, store_path

    effective = load_settings(config_file, settings)
    with Store.open(store_path(effective.config.store.path)) as store:
        output, taps_s, first_s = _tapped(effective.config.audio)
        found = calibration(taps_s, first_s)
        left_out = f", {found.dropped} more left out" if found.dropped else ""
        click.echo(
            f"You hear clicks by {output} {found.latency_ms:.0f} ms late "
            f"({found.kept} taps that spread by {found.spread_ms:.0f} ms{left_out}). "
            "Bluetooth headphones add 150 to 250, a cable nothing."
        )
        if click.confirm("Keep it?", default=True):
            _keep(round(found.latency_ms), output, effective, store)


def _tapped(config: AudioConfig) -> tuple[str, list[float], float]:
    """Play clicks and take taps; give the output's name, the taps, and when the first click was aimed."""
    from coach.clock import HostClock

    clock = HostClock()
    with heard(config.model_copy(update={"latency_ms": 0.0}), clock) as (output, reports):
        click.echo(
            "With the headphones on that you run with, tap any key along with the clicks, exactly when you hear "
            "them. The first four are for finding the pace. q or Ctrl-C leaves."
        )
        along = _TapAlong(output, reports, clock)
        asyncio.run(along.run())
    click.echo()
    if along.left:
        raise click.Abort
    return output.name, along.taps_s, along.first_s


class _TapAlong:
    """Clicks that go out and taps that come in, until enough of them count, or the clicks or the patience end.

    Parameters
    ----------
    output, reports : the open output and its news. clock : host time.
    """

    def __init__(self, output: Output, reports: Sequence[OutputReport], clock: Clock) -> None:
        self.taps_s: list[float] = []
        self.left = False
        self._output = output
        self._reports = reports
        self._clock = clock
        self._ahead_s = reports[0].latency_s + AHEAD_S
        self.first_s = clock.now() + self._ahead_s + READY_S
        self._count = 0
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Play and listen.

        Raises
        ------
        AudioError
            When the sound is lost.
        """
        from audio.calibration import COUNT_IN, PERIOD_S, TAPS
        from coach.model import Beat
        from coach.ui.keys import Keys

        with Keys(self._typed, self):
            for index in range(COUNT_IN + TAPS + SPARE_BEATS):
                beat_s = self.first_s + index * PERIOD_S
                await self._until(beat_s - self._ahead_s)
                if self._over.is_set():
                    break
                self._output.play(Beat(t_s=beat_s, available_s=self._clock.now(), index=index, foot="right"))
                self._check()
            else:
                await self._until(beat_s + PERIOD_S)
            if not self.left:
                await asyncio.sleep(STILL_TAPPING_S)

    def suspend(self) -> None:
        """Leave: the process is stopped or in the background, where nobody can tap."""
        self.left = True
        self._over.set()

    def resume(self) -> None:
        """Go on."""

    def _typed(self, text: str) -> None:
        """Take a tap, be it on an arrow key, which types three characters."""
        tap_s = self._clock.now()
        if text.lower() == "q":
            self.left = True
            self._over.set()
        elif not self._over.is_set():
            self._take(tap_s)

    def _take(self, tap_s: float) -> None:
        """Keep a tap, show whether it counts, and end with the last one that is needed."""
        from audio.calibration import TAPS, counted

        self.taps_s.append(tap_s)
        count = len(counted(self.taps_s, self.first_s))
        click.echo("." * (count - self._count), nl=False)
        self._count = count
        if count == TAPS:
            click.echo(" enough, thank you", nl=False)
            self._over.set()

    async def _until(self, host_s: float) -> None:
        """Wait until a time, or until it is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(host_s - self._clock.now()):
                await self._over.wait()

    def _check(self) -> None:
        if self._reports[-1].state == "lost":
            raise AudioError(self._reports[-1].reason or "the sound was lost", hint="try again")


def _keep(latency_ms: int, output: str, effective: Effective, store: Store) -> None:
    """Remember a latency for the output, and for the setting by which it was chosen."""
    from coach.config import SHIPPED

    audio = effective.config.audio
    for name in {audio.output, output}:
        store.remember(latency_key(name, audio.device), str(latency_ms))
    click.echo(f"Remembered: clicks go out {latency_ms} ms sooner by {output}. Other headphones? Calibrate again.")
    origin = effective.origins["audio.latency_ms"]
    if origin != SHIPPED:
        click.echo(f"But audio.latency_ms = {audio.latency_ms:g} counts, from: {origin}; take it out there.")
