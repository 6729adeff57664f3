"""What the trials on synthetic records come to: one table for each question that one asks of a detector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from bench.contacts import Match
from bench.grid import COURSES, DISTURBANCES, EXERCISES, PLACEMENTS, RATES_HZ, RUNNING, SHAKING, STILL, WALKING
from bench.scoring import Score, pool
from bench.tables import ACCURACY_HEADS, Cell, accuracy, fine, middle, spread, table
from bench.trial import ORACLE, OURS, StepScore, Trial

WORST = 15
COVERED_PCT = 98.0
ORACLE_HEADS = ("oracle MAE", "ratio", "oracle ≤ 2 spm %")
TIMES_HEADS = ("first s", "release s")


def synthetic(trials: Sequence[Trial]) -> Iterator[str]:
    """Write everything; pairs are medians and 90th percentiles unless said otherwise."""
    yield from _section("Running at 100 Hz, all placements and courses", _compared(trials, RUNNING))
    yield from _section("Walking, and walking and running in turn", _compared(trials, WALKING))
    yield from _section("Not in gait: share of the time with a reading, %", _still(trials))
    yield from _section("By course, beside the oracle", _by_course(trials))
    yield from _section("By placement, running at 100 Hz", _by_placement(trials))
    yield from _section("By rate, all placements", _by_rate(trials))
    yield from _section("Mean error by placement and rate, spm", _placements_by_rates(trials))
    yield from _section("Disturbed, and other people", _disturbed(trials))
    yield from _section("Single steps, running at 100 Hz", _steps(trials))
    yield from _section(
        "The worst records, by mean error above the oracle's and by time without a reading", _worst(trials)
    )


def _section(title: str, rows: Iterator[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from rows


def _of(trials: Sequence[Trial], *kinds: str) -> list[Trial]:
    return [trial for trial in trials if trial.record.course.kind in kinds]


def _pooled(trials: Sequence[Trial], name: str = OURS) -> Score:
    return pool([trial.scores[name] for trial in trials if name in trial.scores])


# --- beside others ------------------------------------------------------------------------------------------------


def _names(trials: Sequence[Trial]) -> list[str]:
    """List the detectors that ran."""
    return list(dict.fromkeys(name for trial in trials for name in trial.scores))


def _compared(trials: Sequence[Trial], kinds: Sequence[str]) -> Iterator[str]:
    heads = ("detector", *ACCURACY_HEADS, "MAE of records", "lag ±10 s", "lag +5 % s", *TIMES_HEADS, "µs a sample")
    yield from table(heads, [_row(_of(trials, *kinds), name) for name in _names(trials)])


def _row(trials: Sequence[Trial], name: str) -> list[Cell]:
    mine = _pooled(trials, name)
    return [
        name,
        *accuracy(mine),
        fine(middle([trial.scores[name].mae_spm for trial in trials])),
        spread(_pooled(_of(trials, "steps"), name).lags_s),
        spread(_pooled(_of(trials, "ramps"), name).lags_s),
        *_times(mine),
        middle([trial.cost_us.get(name) for trial in trials]),
    ]


def _times(score: Score) -> list[Cell]:
    return [spread(score.firsts_s), spread(score.releases_s)]


def _still(trials: Sequence[Trial]) -> Iterator[str]:
    names = [name for name in _names(trials) if name != ORACLE]
    groups = [(kind, _of(trials, kind)) for kind in STILL]
    groups += [
        ("all of these", _of(trials, *STILL)),
        ("rests on the courses", _of(trials, *COURSES)),
        (SHAKING, _of(trials, SHAKING)),
        *((kind, _of(trials, kind)) for kind in EXERCISES),
        ("all exercise", _of(trials, *EXERCISES)),
    ]
    rows = [[kind, *(fine(_pooled(part, name).false_pct) for name in names)] for kind, part in groups]
    yield from table(("", *names), rows)


# --- ours ---------------------------------------------------------------------------------------------------------


def _by_course(trials: Sequence[Trial]) -> Iterator[str]:
    groups = [("all running", _of(trials, *RUNNING)), *((kind, _of(trials, kind)) for kind in COURSES)]
    yield from _grouped("course", groups)


def _beside_oracle(trials: Sequence[Trial]) -> list[Cell]:
    mine, best = _pooled(trials), _pooled(trials, ORACLE)
    ratio = mine.mae_spm / best.mae_spm if mine.mae_spm is not None and best.mae_spm else None
    return [*accuracy(mine), fine(best.mae_spm), fine(ratio), best.within_pct(2.0), *_times(mine)]


def _grouped(head: str, groups: Sequence[tuple[str, list[Trial]]]) -> Iterator[str]:
    yield from table(
        (head, *ACCURACY_HEADS, *ORACLE_HEADS, *TIMES_HEADS), [[name, *_beside_oracle(part)] for name, part in groups]
    )


def _by_placement(trials: Sequence[Trial]) -> Iterator[str]:
    running = _of(trials, *RUNNING)
    yield from _grouped("placement", [(p, [t for t in running if t.record.placement == p]) for p in PLACEMENTS])


def _by_rate(trials: Sequence[Trial]) -> Iterator[str]:
    at_rates = _of(trials, "rates")
    yield from _grouped("Hz", [(f"{r:g}", [t for t in at_rates if t.record.rate_hz == r]) for r in RATES_HZ])


def _placements_by_rates(trials: Sequence[Trial]) -> Iterator[str]:
    found = {(t.record.placement, t.record.rate_hz): fine(t.scores[OURS].mae_spm) for t in _of(trials, "rates")}
    rows = [[p, *(found.get((p, rate_hz)) for rate_hz in RATES_HZ)] for p in PLACEMENTS]
    yield from table(("placement", *(f"{rate_hz:g} Hz" for rate_hz in RATES_HZ)), rows)


def _disturbed(trials: Sequence[Trial]) -> Iterator[str]:
    groups = [(d, [t for t in trials if t.record.disturbance == d]) for d in DISTURBANCES]
    yield from _grouped("disturbance", [*groups, ("other people", _of(trials, "people"))])


# --- steps and records --------------------------------------------------------------------------------------------


def _steps(trials: Sequence[Trial]) -> Iterator[str]:
    """Judge sensed steps, without and with knowledge of the placement."""
    heads = ("placement", "F1", "F1 from 1.5 s", "jitter ms", "offset ms", "least", "most", "known after ms, 50 / 95 %")
    rows = []
    for placement in PLACEMENTS:
        mine = [trial for trial in trials if trial.record.placement == placement]
        rows.append([placement, *_matched([trial.untold for trial in mine if trial.untold])])
        rows.append([f"{placement}, told", *_matched([trial.told for trial in mine if trial.told])])
    yield from table(heads, rows)


def _matched(scores: Sequence[StepScore]) -> list[Cell]:
    """Put records together: the mean of their F1, medians of jitter and offset, and the range of the offsets."""
    offsets_ms = [1e3 * score.whole.offset_s for score in scores if score.whole.offset_s is not None]
    return [
        _f1([score.whole for score in scores]),
        _f1([score.begun for score in scores]),
        middle([1e3 * score.whole.jitter_s for score in scores if score.whole.jitter_s is not None]),
        middle(offsets_ms),
        min(offsets_ms, default=None),
        max(offsets_ms, default=None),
        spread([1e3 * wait for score in scores for wait in score.known_after_s], 0.95, digits=0),
    ]


def _f1(matches: Sequence[Match]) -> Cell:
    return f"{fmean(match.f1 for match in matches):.3f}" if matches else None


def _worst(trials: Sequence[Trial]) -> Iterator[str]:
    scored = [trial for trial in trials if len(trial.scores[OURS].ref_spm)]
    wrong = sorted(scored, key=_excess_spm, reverse=True)[:WORST]
    blind = [trial for trial in scored if (trial.scores[OURS].coverage_pct or 0.0) < COVERED_PCT]
    named = {trial.record.name: trial for trial in [*wrong, *blind]}
    yield from _grouped("record", [(name, [trial]) for name, trial in named.items()])
    false = sorted(((trial.scores[OURS].false_pct or 0.0, trial.record.name) for trial in trials), reverse=True)
    if false[0][0] > 0:
        yield ""
        yield from table(
            ("record", "not in gait, shown %"), [[name, share] for share, name in false[:WORST] if share > 0]
        )


def _excess_spm(trial: Trial) -> float:
    return (trial.scores[OURS].mae_spm or 0.0) - (trial.scores[ORACLE].mae_spm or 0.0)
