"""The closed loop, proven in simulation: many runners, the real detector, virtual time.

    python -m bench coaching [RUNNERS] [--minutes M] [--interrupted N] [--vary] [--seed N] [--write]

Each runner runs for the whole time, hears what is heard, and follows it as far as he or she does (the runners are
`sensors.following`, fixed before the coach was tuned). The same runners run with the coach, with a fixed metronome at
the target, and with a beat that always stays with them; N of the followers run the scenarios of `bench.interruptions`.
`--vary` runs the coach alone instead, with the runners as they are and with each of their parameters halved and half as
large again. Another seed draws other people. `--write` keeps the report.

In the band: the mean cadence of the last ten seconds, by the true steps, lies in it. Settled: from the first "on
target" on, or a minute after the band was reached where that is never said. Lead: heard tempo over the runner's
cadence, in the mean of 32 beats. What it takes: about 4 s of one core for ten minutes of one runner.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import interruptions
from coach.coaching.target import Band
from coach.config import Config, load
from coach.model import Beat, Decision, Event, Input
from coach.offline import Loop
from coach.pipeline import Pipeline
from sensors.codecs import decode
from sensors.following import SCALED, Kind, Subject, subjects
from sensors.simulated import SimulatedRunner

Floats = NDArray[np.float64]

DOCS = Path(__file__).parents[1] / "docs"
REPORT, VARIED = DOCS / "coaching-bench.md", DOCS / "coaching-varied.md"
COMMAND = "python -m bench coaching"
SEED = 1
BELOW = 0.08
STAND_S = 3.0
WINDOW_S = 10.0
GRID_S = 0.5
SOUNDING_S = 1.0
SETTLED_S = 60.0
LEAD_BEATS = 32
SPAN_S = 20.0
ASKED = (
    "   asked: followers in the band within 4 min 95 %, median 150 s; then in it 90 % of the time, sounding 25 %;",
    "   who does not follow led at most 2.5 % ahead and given up within 180 s; a step at most 1 %, in 20 s 2.5 %;",
    "   beside its rivals: more in the band at 10 min, less sound, less asynchrony",
)
ALONE = ("coaching.mode=nudge",)
RIVALS = {"coach": ALONE, "fixed metronome": ("coaching.mode=steady",), "always-on follower": ("coaching.mode=match",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One runner, one way to coach."""

    subject: Subject
    number: int
    settings: tuple[str, ...]
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a trial. Times are seconds from the start of the run, shares parts of one."""

    kind: Kind
    first_in_s: float
    in_band: float
    in_band_at_10_min: bool | None
    sounding: float
    sounding_in_band: float
    asynchrony_s: float
    lead: float
    largest_step: float
    largest_span: float
    gave_up_after_s: float
    last_sound_s: float


@dataclass(slots=True)
class _Tape:
    beats_s: list[float] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def take(self, item: Input | None, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Beat():
                    self.beats_s.append(event.t_s)
                case Decision():
                    self.decisions.append(event)
                case _:
                    pass

    def close(self) -> None:
        pass


def measure(arguments: Sequence[str] = ()) -> Iterator[str]:
    """Run the trials and the scenarios, and yield the rows of the table."""
    lines = []
    for line in _report(asked := _asked(arguments)):
        lines.append(line)
        yield line
    if asked.write:
        command = " ".join([COMMAND, *arguments])
        head = "The coach, with other people" if asked.vary else "The coach, measured"
        text = f"# {head}\n\nMade by `{command}`, nothing edited by hand.\n\n"
        (VARIED if asked.vary else REPORT).write_text(text + "\n".join(["```", *lines, "```"]) + "\n", encoding="utf-8")


def _report(asked: argparse.Namespace) -> Iterator[str]:
    people = subjects(asked.runners, seed=asked.seed)
    yield f"{asked.runners} runners of 8 % below the band, {asked.minutes:g} min each, seed {asked.seed}"
    yield from ASKED
    with ProcessPoolExecutor(os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()) as pool:
        for name, settings in RIVALS.items() if not asked.vary else (("coach", ALONE),):
            yield from _rows(name, list(pool.map(run, _trials(people, settings, asked.minutes))))
        yield from _varied(pool, asked) if asked.vary else _interrupted(pool, asked)


def _interrupted(pool: Executor, asked: argparse.Namespace) -> Iterator[str]:
    yield f"-- interrupted: {asked.interrupted} followers each"
    for scenario, errands in zip(
        interruptions.SCENARIOS, interruptions.errands(asked.interrupted, asked.seed), strict=True
    ):
        yield interruptions.row(scenario, list(pool.map(interruptions.run, errands)))


def _varied(pool: Executor, asked: argparse.Namespace) -> Iterator[str]:
    for name in SCALED:
        for by in (0.5, 1.5):
            others = subjects(asked.runners, seed=asked.seed, scale={name: by})
            yield from _rows(f"{name} x {by:g}", list(pool.map(run, _trials(others, ALONE, asked.minutes))))


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=COMMAND)
    parser.add_argument("runners", type=int, nargs="?", default=200)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--interrupted", type=int, default=12)
    parser.add_argument("--vary", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true", help=f"write docs/{REPORT.name} too, or docs/{VARIED.name}")
    return parser.parse_args(arguments)


def _trials(people: Sequence[Subject], settings: tuple[str, ...], minutes: float) -> list[Trial]:
    return [
        Trial(subject=subject, number=number, settings=settings, minutes=minutes)
        for number, subject in enumerate(people)
    ]


def run(trial: Trial) -> Outcome:
    """Run one trial, from the sensor's packets to the runner's ears."""
    config = _config(trial)
    runner = SimulatedRunner(config.simulation, following=trial.subject.following)
    tape = _Tape()
    Loop(Pipeline(config, decode), listeners=[runner], sinks=[tape]).follow(runner, 60 * trial.minutes)
    band = Band(config.target.low_spm, config.target.high_spm)
    steps_s = np.array([step.t_s for step in runner.true_steps])
    return _outcome(trial, band, steps_s, tape)


def _config(trial: Trial) -> Config:
    config = load(environ={"XDG_CONFIG_HOME": os.devnull}, settings=trial.settings).config
    simulation = config.simulation.model_copy(
        update={
            "seed": 1000 + trial.number,
            "cadence_spm": config.target.low_spm * (1 - BELOW),
            "step_cv_pct": trial.subject.step_cv_pct,
            "asymmetry_pct": trial.subject.asymmetry_pct,
            "stand_s": STAND_S,
            "placement": "waist",
        }
    )
    return config.model_copy(update={"simulation": simulation})


def _outcome(trial: Trial, band: Band, steps_s: Floats, tape: _Tape) -> Outcome:
    beats_s = np.array(tape.beats_s)
    grid_s = np.arange(STAND_S + WINDOW_S, 60 * trial.minutes, GRID_S)
    inside = np.array([band.side(spm) == "in" for spm in _cadence(steps_s, grid_s)])
    sounding = _sounding(beats_s, grid_s)
    first_s = float(grid_s[inside.argmax()]) if inside.any() else math.inf
    told_s = _first(tape.decisions, "on target")
    settled_s = told_s if math.isfinite(told_s) else first_s + SETTLED_S
    after, settled = grid_s >= first_s, inside & (grid_s >= settled_s)
    begun_s = next((d.t_s for d in tape.decisions if d.tempo_spm is not None), math.inf)
    gave_up_s = _first(tape.decisions, "you keep your own")
    at_10_min = inside[(grid_s >= 570) & (grid_s < 630)]
    tempo = _tempo(beats_s)
    return Outcome(
        kind=trial.subject.kind,
        first_in_s=first_s - STAND_S,
        in_band=float(inside[after].mean()) if after.any() else 0.0,
        in_band_at_10_min=bool(at_10_min.mean() > 0.5) if len(at_10_min) else None,
        sounding=float(sounding.mean()),
        sounding_in_band=float(sounding[settled].mean()) if settled.any() else 0.0,
        asynchrony_s=_asynchrony(steps_s, beats_s),
        lead=_lead(steps_s, beats_s),
        largest_step=max((abs(b / a - 1) for a, b in pairwise(tempo) if a and b), default=0.0),
        largest_span=_largest_span(beats_s),
        gave_up_after_s=gave_up_s - begun_s if math.isfinite(gave_up_s) else math.inf,
        last_sound_s=float(beats_s[-1]) if len(beats_s) else 0.0,
    )


def _first(decisions: Sequence[Decision], reason: str) -> float:
    return next((d.t_s for d in decisions if d.reason.startswith(reason)), math.inf)


def _cadence(steps_s: Floats, grid_s: Floats) -> Floats:
    """Give the mean cadence of the ten seconds before each time."""
    counts = np.interp([grid_s - WINDOW_S, grid_s], steps_s, np.arange(len(steps_s)))
    spm: Floats = 60 * (counts[1] - counts[0]) / WINDOW_S
    return spm


def _sounding(beats_s: Floats, grid_s: Floats) -> NDArray[np.bool_]:
    edges = np.concatenate([[-math.inf], beats_s, [math.inf]])
    after = np.searchsorted(edges, grid_s, side="right")
    heard: NDArray[np.bool_] = edges[np.minimum(after, len(edges) - 1)] - edges[after - 1] < SOUNDING_S
    return heard


def _tempo(beats_s: Floats) -> list[float]:
    """Give the tempo of each interval, steps a minute; 0 for a silence."""
    return [60 / gap_s if gap_s < SOUNDING_S else 0.0 for gap_s in np.diff(beats_s)]


def _largest_span(beats_s: Floats) -> float:
    """Give by how much the tempo heard differs within 20 s, silences apart."""
    worst, first = 0.0, 0
    tempo = _tempo(beats_s)
    for last, spm in enumerate(tempo):
        if not spm:
            first = last + 1
            continue
        while beats_s[last + 1] - beats_s[first] > SPAN_S:
            first += 1
        if first <= last:
            worst = max(worst, max(tempo[first : last + 1]) / min(tempo[first : last + 1]) - 1)
    return worst


def _lead(steps_s: Floats, beats_s: Floats) -> float:
    """Give the most that the beat is faster than the runner, in the mean of 32 beats."""
    worst = 0.0
    beats_s = beats_s[beats_s <= steps_s[-1]]
    for first_s, last_s in zip(beats_s, beats_s[LEAD_BEATS:], strict=False):
        if last_s - first_s < LEAD_BEATS * 60 / 100:
            steps = float(np.ptp(np.interp([first_s, last_s], steps_s, np.arange(len(steps_s)))))
            worst = max(worst, LEAD_BEATS / steps - 1 if steps else 0.0)
    return worst


def _asynchrony(steps_s: Floats, beats_s: Floats) -> float:
    """Give the median distance of a beat from the step nearest to it; infinite where nothing was heard."""
    if not len(beats_s) or len(steps_s) < 2:
        return math.inf
    after = np.clip(np.searchsorted(steps_s, beats_s), 1, len(steps_s) - 1)
    return float(np.median(np.minimum(abs(steps_s[after] - beats_s), abs(beats_s - steps_s[after - 1]))))


def _rows(name: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    followers = [o for o in outcomes if o.kind == "follower"]
    yield f"-- {name}"
    yield (
        f"   followers {len(followers)}: in the band within 4 min {_share(o.first_in_s <= 240 for o in followers)}, "
        f"median {_median(o.first_in_s for o in followers):.0f} s; "
        f"then in it {_median(o.in_band for o in followers):.0%} of the time (median), "
        f"{np.mean([o.in_band for o in followers]):.0%} (mean); "
        f"sounding in it {_median(o.sounding_in_band for o in followers):.0%}"
    )
    yield (
        f"   all {len(outcomes)}: {_at_10_min(outcomes)}"
        f"sounding {np.mean([o.sounding for o in outcomes]):.0%} of the time, "
        f"asynchrony {1000 * _median(o.asynchrony_s for o in outcomes):.0f} ms (median), largest change of a step "
        f"{max(o.largest_step for o in outcomes):.2%}, in 20 s {max(o.largest_span for o in outcomes):.2%}"
    )
    for kind in ("hardly", "not"):
        if some := [o for o in outcomes if o.kind == kind]:
            gave_up = [o.gave_up_after_s for o in some]
            yield (
                f"   who {'hardly follow' if kind == 'hardly' else 'do not follow'} {len(some)}: led at most "
                f"{max(o.lead for o in some):.2%} ahead, given up after {_median(gave_up):.0f} s (median), "
                f"{max(gave_up):.0f} s (longest)"
            )


def _at_10_min(outcomes: Sequence[Outcome]) -> str:
    """Tell how many are in the band then; nothing of shorter runs."""
    there = [o.in_band_at_10_min for o in outcomes if o.in_band_at_10_min is not None]
    return f"in the band at 10 min {_share(iter(there))}, " if there else ""


def _median(values: Iterator[float] | Sequence[float]) -> float:
    return float(np.median(list(values)))


def _share(truths: Iterator[bool]) -> str:
    return f"{np.mean(list(truths)):.1%}"
