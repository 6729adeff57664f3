"""`coach run`: a live run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from coach.cli.options import LiveFlags, live_options
from coach.cli.wearing import (
    REMEMBERED_ORIGIN,
    check_companion,
    remember,
    remembered,
    searched,
    sensor_maker,
    sensor_options,
    source_of,
)


@click.command()
@sensor_options
@live_options
def run(live: LiveFlags, worn: list[str]) -> None:
    """Run: find your steps, and lead you into your band by ear. q, Ctrl-C or --duration ends it.

    \b
    Examples: coach run
              coach run --address C0:FF:EE:00:00:01 --target 168-178
              coach run --plan faded
              coach run --sensor phyphox --address 192.168.0.42
              coach run --headless --config morning.toml --events run.jsonl
    """
    from coach.cli.aiming import aims
    from coach.cli.keeping import open_store
    from coach.cli.live import LiveOptions, Notices, Outcome, go
    from coach.cli.planning import assignment_for

    notices = Notices()
    effective = live.load(*worn)
    store = open_store(effective.config, notices.say)
    effective = live.load(*worn, extra=remembered(store, effective, notices.say))
    check_companion(effective.config.sensor)
    aim = aims(effective, store, notices.say, datetime.now(UTC))
    assignment = assignment_for(effective.over(*aim).config, store, notices.say)
    effective = searched(live, worn, effective, store, notices.say).over(*aim)
    latency_ms = effective.config.audio.latency_ms
    if latency_ms and effective.origins["audio.latency_ms"] == REMEMBERED_ORIGIN:
        notices.say(f"Clicks go out {latency_ms:g} ms sooner, as `coach calibrate` found.")
    options = LiveOptions.of(live, duration_s=live.duration, fallback_wav=Path("coach-run.wav"))
    outcome = Outcome()
    maker = sensor_maker(effective.config)
    try:
        go(
            effective,
            options,
            source_of(effective.config),
            maker,
            store=store,
            notices=notices,
            outcome=outcome,
            assignment=assignment,
        )
    finally:
        if store is not None and outcome.connected:
            remember(store, effective.config.sensor, outcome, notices.say)
    outcome.exit()
