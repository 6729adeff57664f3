"""The run store: what is kept comes back to the last bit, and no disk or kill takes more than it must."""

import json
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coach
from coach.config import load
from coach.errors import StoreError
from coach.formats.events import line
from coach.model import (
    Assignment,
    Beat,
    Control,
    Event,
    Header,
    HostSlept,
    HostTime,
    Input,
    OutputReport,
    Packet,
    Plan,
    PlanEvent,
    PlanStep,
    SensorState,
    Speed,
    Summary,
)
from coach.store import Hole, KeptRun, Limits, RunWriter, Store, framing, schema, store_path
from coach.store.blocks import BLOCK_TAKES, NOTHING, Block, Count, Taken, blocks
from coach.store.ledger import Ledger, RunRow
from sensors.replay import KeptSource

STARTED = datetime(2026, 3, 29, 10, 3, tzinfo=UTC)
QUICK = Limits(commit_s=0.01)
NEVER = Limits(commit_s=3600.0)  # writes when it is closed, or has very much to write
HEADER = Header(schema=1, version="0.1.0", config={"target": {"low_spm": 170.0}}, source={"kind": "test"})
SUMMARY = Summary(
    t_s=9.0,
    available_s=9.0,
    duration_s=9.0,
    steps=20,
    beats=3,
    running_s=8.0,
    in_band_s=1.0,
    sounding_s=2.0,
    mean_spm=171.25,
    gaps=0,
    bad_packets=0,
)
INPUTS: list[Input] = [
    SensorState(at=HostTime(0.1), sensor="pod", state="connected", battery_pct=80, rate_hz=52.0, name="Läufer 👟"),
    Packet(at=HostTime(0.1 + 0.2), sensor="pod", codec="rsc", payload=b"\x00\xff\n"),
    OutputReport(at=HostTime(0.4), output="device", state="open", latency_s=1 / 3),
    Control(at=HostTime(0.5), action="target", low_spm=170.1, high_spm=190.0),
    Packet(at=HostTime(0.5), sensor="strap", codec="pmd", payload=b""),
    HostSlept(at=HostTime(3600.0), length_s=3599.000000001),
    Assignment(
        at=HostTime(3600.5),
        plan=Plan(
            name="über",
            session=3,
            steps=(
                PlanStep(name="on", length=1 / 3, unit="m", else_s=9.0, mode="steady", pct=7.5),
                PlanStep(name="off", length=60.0, unit="s", mode="off", low_spm=160.0, high_spm=170.1),
            ),
        ),
        baseline_spm=163.7,
    ),
]


def stands(at: float, done_pct: float) -> PlanEvent:
    """Where a run stands in its plan."""
    return PlanEvent(
        t_s=at,
        available_s=at,
        plan="faded",
        session=3,
        state="step",
        step=1,
        of=2,
        name="on",
        left=9.0,
        unit="s",
        until_s=None,
        mode="steady",
        free=False,
        target_low_spm=170.0,
        target_high_spm=178.0,
        done_pct=done_pct,
    )


def packet(at: float) -> Packet:
    return Packet(at=HostTime(at), sensor="pod", codec="rsc", payload=b"payload")


def beat(at: float) -> Beat:
    return Beat(t_s=at + 0.1, available_s=at, index=0, foot="left")


def block(at: float) -> Block:
    (made,) = blocks([Taken(packet(at), (beat(at),), at, NOTHING)], raise_)
    return made


def raise_(error: Exception) -> None:
    raise error


def times(kept: KeptRun) -> list[float]:
    return [item.at for item in kept.inputs()]


def locked(path: Path) -> sqlite3.Connection:
    """Hold the lock of the store until the connection is closed."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "runs.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


class Problems:
    """Collects what the writer says, and waits for it."""

    def __init__(self) -> None:
        self._queue: queue.Queue[str] = queue.Queue()

    def __call__(self, text: str) -> None:
        self._queue.put(text)

    def next(self) -> str:
        return self._queue.get(timeout=10)

    def rest(self) -> list[str]:
        return [self._queue.get() for _ in range(self._queue.qsize())]


@pytest.fixture
def problems() -> Problems:
    return Problems()


def begin(store: Store, problems: Problems, limits: Limits = NEVER, **more: Any) -> RunWriter:
    details: dict[str, Any] = {"config": {}, "origins": {}, "source": {"kind": "test"}, "started_at": STARTED} | more
    return store.begin(**details, on_problem=problems, limits=limits)


# --- what is kept -----------------------------------------------------------------------------------------------


def test_inputs_and_events_come_back_exactly_and_in_order(store: Store, problems: Problems) -> None:
    events: list[Event] = [HEADER, beat(0.3), SUMMARY]
    run = begin(store, problems)
    run.take(None, [HEADER])
    for item in INPUTS:
        run.take(item, [])
    run.take(None, [beat(0.3), SUMMARY])
    run.close()
    kept = store.run("last")
    assert list(kept.inputs()) == INPUTS
    assert list(kept.event_lines()) == [line(event) for event in events]
    assert kept.holes() == []
    assert problems.rest() == []


def test_a_list_of_events_may_be_used_again_by_whoever_gave_it(store: Store, problems: Problems) -> None:
    run = begin(store, problems)
    events: list[Event] = [beat(1.0)]
    run.take(None, events)
    events.clear()
    run.close()
    assert list(store.run("last").event_lines()) == [line(beat(1.0))]


def test_where_a_run_stands_in_its_plan_is_known_even_of_one_that_was_killed(store: Store, problems: Problems) -> None:
    run = begin(store, problems)
    run.take(None, [HEADER])
    run.close("interrupted")
    assert store.run("last").info.plan is None
    run = begin(store, problems)
    for number in range(BLOCK_TAKES + 10):
        run.take(packet(number), [stands(number, number), beat(number)])
    run.close("interrupted")
    info = store.run("last").info
    assert info.plan == json.loads(line(stands(BLOCK_TAKES + 9, BLOCK_TAKES + 9)))
    assert (info.summary, info.status) == (None, "interrupted")


def test_a_store_from_before_there_were_plans_keeps_its_runs(path: Path, problems: Problems) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path, isolation_level=None)
    for statement in schema.MIGRATIONS[0].split(";"):
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    old.execute("PRAGMA user_version = 1")
    row = ("a", "2026-03-29T10:03:00+00:00", "done", "{}", "{}", "{}", "{}")
    old.execute(f"INSERT INTO runs (uid, started_at, status, source, config, origins, versions) VALUES {row}")
    old.close()
    with Store.open(path) as store:
        assert [(info.started_at, info.plan) for info in store.runs()] == [(STARTED, None)]
        begin(store, problems).close()
        assert len(store.runs()) == 2


def test_many_blocks_are_one_run(store: Store, problems: Problems) -> None:
    run = begin(store, problems)
    for number in range(2 * BLOCK_TAKES + 1):
        run.take(packet(number / 100), [beat(number / 100)])
    run.close()
    kept = store.run("last")
    assert times(kept) == [number / 100 for number in range(2 * BLOCK_TAKES + 1)]
    assert len(list(kept.event_lines())) == 2 * BLOCK_TAKES + 1


TIMES = st.floats(allow_nan=False, allow_infinity=False).map(HostTime)
ANY_INPUT: st.SearchStrategy[Input] = st.one_of(
    st.builds(Packet, at=TIMES, sensor=st.text(max_size=9), codec=st.text(max_size=9), payload=st.binary(max_size=99)),
    st.builds(
        SensorState,
        at=TIMES,
        sensor=st.text(max_size=9),
        state=st.just("lost"),
        reason=st.text(),
        rate_hz=st.none() | st.floats(min_value=1e-9, allow_infinity=False),
    ),
    st.builds(
        OutputReport,
        at=TIMES,
        output=st.text(),
        state=st.just("open"),
        latency_s=st.floats(min_value=0, max_value=5, exclude_max=True),
    ),
    st.builds(HostSlept, at=TIMES, length_s=st.floats(allow_nan=False)),
)


@given(items=st.lists(ANY_INPUT))
def test_framing_is_exact(items: list[Input]) -> None:
    assert list(framing.unpack_inputs(framing.pack_records(map(framing.frame, items)))) == items


def test_the_bytes_of_a_record_are_pinned() -> None:
    assert framing.frame(packet(1.5)) == b"P\0\0\0\0\0\0\xf8\x3f\x03\0\x03\0\x07\0\0\0podrscpayload"
    assert framing.frame(HostSlept(at=HostTime(1.5), length_s=2.0)) == (
        b'J\x2d\0\0\0{"input":"HostSlept","at":1.5,"length_s":2.0}'
    )


@pytest.mark.parametrize(
    "data", [b"X", b"P\0", framing.frame(packet(1.0))[:-1], b"J\x02\0\0\0{}", b'J\x13\0\0\0{"input":"Unknown"}']
)
def test_a_damaged_block_is_an_error_of_the_store(data: bytes) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        list(framing.unpack_inputs(zlib.compress(data)))
    with pytest.raises(StoreError, match="cannot be read"):
        list(framing.unpack_inputs(data))
    with pytest.raises(StoreError, match="cannot be read"):
        framing.unpack_lines(data)


def test_settings_source_and_versions_are_kept(store: Store, problems: Problems) -> None:
    effective = load(environ={"XDG_CONFIG_HOME": "/nowhere"}, settings=["target.low_spm=165.5"])
    config = effective.config.model_dump()
    run = begin(store, problems, config=config, origins=effective.origins, source={"kind": "simulated", "seed": 3})
    run.close()
    assert store.id_of(run) == 1
    kept = store.run("last")
    assert kept.config_tree == config
    assert kept.origins["target.low_spm"] == "flags"
    assert kept.source == {"kind": "simulated", "seed": 3}
    assert kept.versions["coach"] == coach.__version__
    assert set(kept.versions) == {"coach", "python", "numpy", "scipy", "bleak"}


def test_a_run_in_one_line(store: Store, problems: Problems) -> None:
    run = begin(store, problems)
    run.take(packet(8.5), [])
    run.take(None, [SUMMARY])
    run.close()
    info = store.run(1).info
    assert (info.id, info.status, info.started_at, info.duration_s) == (1, "done", STARTED, 9.0)
    assert info.kept_until == STARTED + timedelta(seconds=9)
    assert info.source == {"kind": "test"}
    assert info.summary == json.loads(line(SUMMARY))


@pytest.mark.parametrize(
    ("events", "given_status", "status"),
    [([SUMMARY], None, "done"), ([], None, "interrupted"), ([SUMMARY], "interrupted", "interrupted")],
)
def test_a_run_without_a_summary_was_interrupted(
    store: Store, problems: Problems, events: list[Event], given_status: Any, status: str
) -> None:
    run = begin(store, problems)
    run.take(packet(1.0), events)
    run.close(given_status)
    assert store.run("last").info.status == status


def test_runs_are_listed_newest_first_and_found_by_id(store: Store, problems: Problems) -> None:
    for _ in range(3):
        begin(store, problems).close()
    assert [info.id for info in store.runs()] == [3, 2, 1]
    assert (store.run("last").info.id, store.run("2").info.id, store.run(1).info.id) == (3, 2, 1)


def test_an_unknown_run_is_an_error_that_names_those_there_are(store: Store, problems: Problems) -> None:
    with pytest.raises(StoreError, match=r"there is no run last .*none has been kept yet"):
        store.run("last")
    for _ in range(12):
        begin(store, problems).close()
    with pytest.raises(StoreError, match=r"there is no run 99 .*there are 12, 11, .* 3 and 2 older ones"):
        store.run(99)


def test_a_kept_run_is_a_source_of_its_inputs(store: Store, problems: Problems) -> None:
    run = begin(store, problems)
    for item in INPUTS:
        run.take(item, [])
    run.close()
    source = KeptSource(store.run("last"))
    assert source.id == "run 1"
    found = []
    while (at := source.next_at()) is not None:
        found.append(source.take())
        assert found[-1].at == at
    assert found == INPUTS


def test_what_is_remembered_outlives_the_store(path: Path) -> None:
    with Store.open(path) as store:
        assert store.recall("sensor.address") is None
        store.remember("sensor.address", "A0:9E:1A:00:00:01")
        store.remember("sensor.address", "A0:9E:1A:00:00:02")
    with Store.open(path) as store:
        assert store.recall("sensor.address") == "A0:9E:1A:00:00:02"


def test_the_store_lies_where_the_config_says() -> None:
    assert store_path("some/where.sqlite") == Path("some/where.sqlite")
    assert store_path("~/runs.sqlite") == Path.home() / "runs.sqlite"
    assert store_path("").parts[-2:] == ("cadence-coach", "runs.sqlite")


# --- what the writer bears --------------------------------------------------------------------------------------


def test_what_comes_too_fast_is_dropped_counted_and_told(store: Store, problems: Problems) -> None:
    run = begin(store, problems, Limits(commit_s=3600.0, inbox_takes=3))
    for number in range(5):
        run.take(packet(number), [beat(number)])
    assert "is not being kept" in problems.next()
    run.close()
    kept = store.run("last")
    assert times(kept) == [0, 1, 2]
    assert kept.holes() == [Hole(after_s=2.0, before_s=4.0, inputs=2, events=2)]
    assert run.lost == Count(inputs=2, events=2)
    assert run.lost_s == 2.0
    assert problems.rest() == ["the run is kept again; 2.0 s are missing (2 inputs, 2 events)"]


def test_a_loss_in_the_middle_begins_a_new_block() -> None:
    taken = [Taken(packet(at), (), at, NOTHING) for at in (1.0, 2.0)]
    taken += [Taken(packet(5.0), (beat(5.0),), 5.0, Count(2, 1)), Taken(packet(6.0), (), 6.0, NOTHING)]
    first, second = blocks(taken, raise_)
    assert (first.first_s, first.last_s, first.holds, first.lost) == (1.0, 2.0, Count(2, 0), NOTHING)
    assert (second.first_s, second.last_s, second.holds, second.lost) == (5.0, 6.0, Count(2, 1), Count(2, 1))


def test_what_cannot_be_written_at_all_is_counted_and_told_once(store: Store, problems: Problems) -> None:
    run = begin(store, problems)
    run.take(packet(1.0), [])
    for at in (2.0, 3.0):
        run.take(packet(at), [Speed(t_s=at, available_s=at, mps=float("nan"), sensor="pod")])
    run.take(packet(4.0), [])
    run.close()
    kept = store.run("last")
    assert times(kept) == [1.0, 4.0]
    assert sum(hole.inputs for hole in kept.holes()) == sum(hole.events for hole in kept.holes()) == 2
    told = problems.rest()
    assert "cannot be kept: ValueError" in told[0]
    assert "(2 inputs, 2 events)" in told[1]
    assert len(told) == 2


def test_a_closed_run_takes_nothing(store: Store, problems: Problems) -> None:
    run = begin(store, problems)
    run.close()
    run.take(packet(1.0), [])
    run.close()
    assert list(store.run("last").inputs()) == []


def test_a_locked_store_is_waited_for(
    store: Store, problems: Problems, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.01)
    run = begin(store, problems, QUICK)
    other = locked(path)
    run.take(packet(1.0), [])
    assert "another program holds the run store locked" in problems.next()
    other.close()
    assert problems.next() == "the run is kept again; nothing is missing"
    run.close()
    assert list(store.run("last").inputs()) == [packet(1.0)]
    assert run.lost == NOTHING


def test_a_full_backlog_drops_the_newest_and_leaves_a_hole(
    store: Store, problems: Problems, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.0)
    row = RunRow(uid="1", started_at=STARTED.isoformat(), source="{}", config="{}", origins="{}", versions="{}")
    ledger = Ledger(path, row, say=problems, backlog_blocks=2)
    ledger.put(block(1.0))
    ledger.commit()
    other = locked(path)
    for at in (2.0, 3.0, 4.0, 5.0):
        ledger.put(block(at))
        ledger.commit()
    other.close()
    ledger.commit()
    ledger.put(block(6.0))
    ledger.finish(None)
    kept = store.run("last")
    assert times(kept) == [1.0, 2.0, 3.0, 6.0]
    assert kept.holes() == [Hole(after_s=3.0, before_s=6.0, inputs=2, events=2)]
    assert (ledger.lost, ledger.lost_s) == (Count(inputs=2, events=2), 3.0)
    begun, over = problems.rest()
    assert "is not being kept" in begun
    assert over == "the run is kept again; 3.0 s are missing (2 inputs, 2 events)"


def test_a_burst_larger_than_the_backlog_is_written_as_it_comes(store: Store, problems: Problems, path: Path) -> None:
    row = RunRow(uid="1", started_at=STARTED.isoformat(), source="{}", config="{}", origins="{}", versions="{}")
    ledger = Ledger(path, row, say=problems, backlog_blocks=2)
    for at in range(10):
        ledger.put(block(at))
    ledger.finish(None)
    assert times(store.run("last")) == list(range(10))
    assert problems.rest() == []


def test_the_end_is_in_time_though_the_store_is_locked(
    store: Store, problems: Problems, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.01)
    run = begin(store, problems)
    other = locked(path)
    run.take(packet(1.0), [beat(1.0)])
    run.close()
    assert "is kept up to 0.0 s only" in problems.next()
    assert run.lost == Count(inputs=1, events=1)
    assert run.lost_s == 1.0
    other.close()
    assert [info.status for info in store.cut_off()] == ["cut off"]


def test_a_disk_that_does_not_answer_does_not_hold_up_the_end(
    store: Store, problems: Problems, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.5)
    run = begin(store, problems, Limits(commit_s=3600.0, close_s=0.01))
    other = locked(path)
    run.take(packet(1.0), [])
    run.close()
    assert "did not answer in time" in problems.next()
    other.close()


def test_a_store_deleted_in_a_run_is_made_again(path: Path, problems: Problems) -> None:
    with Store.open(path) as store:
        run = begin(store, problems, Limits(commit_s=3600.0))
        for number in range(BLOCK_TAKES):
            run.take(packet(number), [])
        wait_for_rows(path, 1)
    if not deleted(path):
        run.close()
        pytest.skip("this system does not delete files that are open")
    for number in range(BLOCK_TAKES):
        run.take(packet(BLOCK_TAKES + number), [])
    assert "was deleted or moved" in problems.next()
    run.close()
    assert problems.next() == f"the run is kept again; 1000.0 s are missing ({BLOCK_TAKES} inputs, 0 events)"
    with Store.open(path) as store:
        kept = store.run("last")
        assert times(kept) == [BLOCK_TAKES + number for number in range(BLOCK_TAKES)]
        assert kept.holes() == [Hole(after_s=0.0, before_s=BLOCK_TAKES, inputs=BLOCK_TAKES, events=0)]
        assert kept.info.status == "interrupted"


def wait_for_rows(path: Path, count: int) -> None:
    connection = sqlite3.connect(path)
    while connection.execute("SELECT count(*) FROM blocks").fetchone()[0] < count:
        pass
    connection.close()


def deleted(path: Path) -> bool:
    try:
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
    except PermissionError:
        return False
    return True


# --- other processes --------------------------------------------------------------------------------------------

CHILD = """
import sys, time
from pathlib import Path
from coach.model import HostTime, Packet
from coach.store import Limits, Store

def packet(at, size=7):
    return Packet(at=HostTime(at), sensor="pod", codec="rsc", payload=bytes(size))

def begin(store, **limits):
    return store.begin(config={}, origins={}, source={}, limits=Limits(**limits),
                       on_problem=lambda text: print("problem:", text, flush=True))

store = Store.open(Path(sys.argv[1]))
"""


@contextmanager
def child(path: Path, code: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", CHILD + textwrap.dedent(code), str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def say(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str]) -> list[str]:
    """Let a child go on to its end; its output, with a failure of it being ours."""
    out, err = process.communicate("\n", timeout=30)
    assert process.returncode == 0, err
    return out.splitlines()


def test_a_killed_process_loses_a_second_at_most_and_the_next_start_says_so(path: Path) -> None:
    with child(
        path,
        """
        run = begin(store, commit_s=0.1)
        for number in range(100_000):
            run.take(packet(number / 100), [])
            print(number, flush=True)
            time.sleep(0.01)
        """,
    ) as process:
        while say(process) != "40":
            pass
        with Store.open(path) as store:
            assert store.cut_off() == []  # alive
            assert store.run("last").info.status == "open"
        while say(process) != "80":
            pass
        process.kill()
        said, _ = process.communicate(timeout=30)
    taken = int(said.split()[-1]) if said.split() else 80
    with Store.open(path) as store:
        kept = times(store.run("last"))
        assert kept == [number / 100 for number in range(len(kept))]
        assert len(kept) > taken - 100
        (info,) = store.cut_off()
        assert (info.status, info.duration_s) == ("cut off", kept[-1])
        assert store.cut_off() == []
    assert [file.name for file in path.parent.iterdir()] == ["runs.sqlite"]


def test_a_run_in_the_writing_of_this_process_is_not_cut_off(store: Store, problems: Problems, path: Path) -> None:
    run = begin(store, problems)
    assert store.cut_off() == []
    run.close()
    assert store.cut_off() == []
    assert not list(path.parent.glob("*.lock"))


def test_two_processes_keep_runs_at_the_same_time(path: Path) -> None:
    code = """
        run = begin(store, commit_s=0.001)
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(300):
            run.take(packet(number), [])
            time.sleep(0.0005)
        run.close()
    """
    with child(path, code) as first, child(path, code) as second:
        assert say(first) == say(second) == "ready"
        assert first.stdin is not None
        first.stdin.write("\n")
        first.stdin.flush()
        assert ended(second) == []
        assert ended(first) == []
    with Store.open(path) as store:
        for info in store.runs():
            assert times(store.run(info.id)) == list(range(300))


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="this system has no limit of file size (RLIMIT_FSIZE)")
def test_a_full_disk_costs_what_came_meanwhile_and_no_more(path: Path) -> None:
    with child(
        path,
        """
        import os, resource, threading
        told = threading.Semaphore(0)
        run = store.begin(config={}, origins={}, source={}, limits=Limits(commit_s=0.01, backlog_blocks=1),
                          on_problem=lambda text: (print(text, flush=True), told.release()))

        def keep(first, count):
            for at in range(first, first + count):
                run.take(Packet(at=HostTime(at), sensor="pod", codec="rows", payload=os.urandom(320)), [])

        def committed():
            return sum(info.duration_s for info in store.runs())

        keep(0, 100)
        while committed() < 99:
            pass
        # No file may grow from here on: a write fails as it does on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
        keep(100, 1)
        told.acquire()
        keep(101, 5000)  # one block waits, the others find no room
        sys.stdin.readline()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        while committed() < 100:
            pass
        keep(9000, 100)
        told.acquire()
        run.close()
        print(run.lost.inputs)
        """,
    ) as process:
        assert "is not being kept" in say(process)
        *told, lost = ended(process)
    with Store.open(path) as store:
        kept = store.run("last")
        kept_times = times(kept)
        assert kept_times == sorted(set(kept_times))
        assert kept_times[:100] == list(range(100))
        assert kept_times[-100:] == list(range(9000, 9100))
        assert sum(hole.inputs for hole in kept.holes()) == int(lost) == 5201 - len(kept_times)
        assert kept.info.status == "interrupted"
    assert "the run is kept again" in told[-1]


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="this system has no limit of file size (RLIMIT_FSIZE)")
def test_a_run_ends_on_a_full_disk(path: Path) -> None:
    with child(
        path,
        """
        import resource
        run = begin(store, commit_s=3600.0)
        run.take(packet(1.0), [])
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
        run.close()
        print(run.lost.inputs)
        """,
    ) as process:
        told, lost = ended(process)
    assert "the run is kept up to 0.0 s only" in told
    assert lost == "1"
    with Store.open(path) as store:
        assert [info.status for info in store.cut_off()] == ["cut off"]


# --- stores that cannot be opened -------------------------------------------------------------------------------


def refused(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    path.write_text("t_s,ax_g,ay_g,az_g\n" * 100)
    assert "no run store" in refused(path).message
    assert path.read_text().startswith("t_s")


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE moz_places (id)")
    connection.close()
    before = path.read_bytes()
    assert "another program" in refused(path).message
    assert path.read_bytes() == before


def test_a_newer_store_is_refused(path: Path) -> None:
    Store.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    error = refused(path)
    assert f"newer coach (schema 99, this one knows {len(schema.MIGRATIONS)})" in error.message
    assert "upgrade" in error.hint


def test_a_folder_and_a_place_that_cannot_be_are_refused(tmp_path: Path) -> None:
    refused(tmp_path)
    (tmp_path / "file").touch()
    refused(tmp_path / "file" / "runs.sqlite")


def test_a_store_in_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    assert "cannot be opened" in refused(tmp_path / "runs.sqlite").message
    tmp_path.chmod(0o700)


def test_a_damaged_store_is_an_error_after_what_is_whole(path: Path, problems: Problems) -> None:
    with Store.open(path) as store:
        run = begin(store, problems)
        for number in range(BLOCK_TAKES + 1):
            run.take(packet(number), [])
        run.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE blocks SET inputs = x'00' WHERE seq = (SELECT max(seq) FROM blocks)")
    connection.commit()
    connection.close()
    with Store.open(path) as store:
        inputs = store.run("last").inputs()
        found: list[Input] = []
        with pytest.raises(StoreError, match="cannot be read"):
            found.extend(inputs)
        assert len(found) == BLOCK_TAKES


def test_a_store_overwritten_in_its_middle_is_an_error(path: Path, problems: Problems) -> None:
    with Store.open(path) as store:
        begin(store, problems).close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (size - 100))
    with pytest.raises(StoreError, match="is damaged"), Store.open(path) as store:
        store.runs()


def test_a_run_that_cannot_begin_says_so_and_leaves_nothing(
    path: Path, problems: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.01)
    with Store.open(path) as store:
        other = locked(path)
        with pytest.raises(StoreError, match="locked"):
            begin(store, problems)
        other.close()
        assert store.runs() == []
    assert not list(path.parent.glob("*.lock"))


def test_a_kept_run_can_be_read_while_it_is_written(store: Store, problems: Problems, path: Path) -> None:
    run = begin(store, problems)
    for number in range(BLOCK_TAKES):
        run.take(packet(number), [])
    wait_for_rows(path, 1)
    kept: KeptRun = store.run("last")
    assert kept.info.status == "open"
    assert len(list(kept.inputs())) == BLOCK_TAKES
    run.close()
