"""`coach run`: a live run."""

from __future__ import annotations

from datetime import datetime
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
@click.option("--pain", is_flag=True, help="Ask for back pain before and after, and keep it with the run.")
@live_options
def run(live: LiveFlags, worn: list[str], pain: bool) -> None:
    """Run: find your steps, and lead you into your band by ear. q, Ctrl-C or --duration ends it.

    With --pain, no run is begun with a pain that a doctor has to see; that ends with 0, because nothing failed. Until
    `coach note --cleared`, runs are then kept, but not coached.

    \b
    Examples: coach run
              coach run --address C0:FF:EE:00:00:01 --target 168-178
              coach run --plan faded
              coach run --pain
              coach run --sensor phyphox --address 192.168.0.42
              coach run --headless --config morning.toml --events run.jsonl
    """
    from coach.cli import caring
    from coach.cli.aiming import aims
    from coach.cli.keeping import open_store
    from coach.cli.live import LiveOptions, Notices, Outcome, go
    from coach.cli.planning import assignment_for

    notices = Notices()
    effective = live.load(*worn)
    if pain:
        caring.check_can_ask(keeps=effective.config.store.keep)
    store = open_store(effective.config, notices.say)
    effective = live.load(*worn, extra=remembered(store, effective, notices.say))
    check_companion(effective.config.sensor)
    if pain and not caring.ask_before(store, notices.say, effective.config.runner.name):
        return
    over = caring.uncoached(effective.config, store, notices.say)
    if not over:
        over = aims(effective, store, notices.say, datetime.now().astimezone())
    assignment = assignment_for(effective.over(*over).config, store, notices.say)
    effective = searched(live, worn, effective, store, notices.say).over(*over)
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
            notes_since=caring.midnight(),
        )
    finally:
        if store is not None and outcome.connected:
            remember(store, effective.config.sensor, outcome, notices.say)
        if pain and outcome.kept_as is not None and not outcome.terminated:
            caring.ask_after(store, outcome.kept_as, notices.say, effective.config.runner.name)
    outcome.exit()
