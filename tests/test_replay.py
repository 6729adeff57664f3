"""Recordings as sources: the same rows in the same order, however they are packed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from coach.errors import RecordingError
from coach.formats.recording import Recording
from coach.model import HostTime, Packet, Samples, SensorState
from coach.ports import SensorInput
from sensors import codecs
from sensors.replay import RecordingSource

Open = Callable[..., Recording]
CSV = "t_s,ax_g,ay_g,az_g,arrival_s\n10.0,1,2,3,0.5\n10.1,4,5,6,0.5\n10.2,7,8,9,0.75\n"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def make(text: str = CSV) -> Recording:
            path = tmp_path / "run.csv"
            path.write_text(text)
            return stack.enter_context(Recording(path))

        yield make


def drain(source: RecordingSource) -> list[SensorInput]:
    items = []
    while (at := source.next_at()) is not None:
        assert source.next_at() == at  # asking again changes nothing
        items.append(source.take())
        assert items[-1].at == at
    return items


def rows(items: list[SensorInput]) -> list[tuple[float, ...]]:
    found: list[tuple[float, ...]] = []
    for item in items:
        if isinstance(item, Packet):
            samples = codecs.decode(item)
            assert isinstance(samples, Samples)
            found.extend(zip(samples.at_s, samples.device_s, *samples.acc_g.T, strict=True))
    return found


def test_a_recording_begins_with_a_connected_sensor_at_its_first_arrival(opened: Open) -> None:
    first = drain(RecordingSource(opened(), placement="shank"))[0]
    assert first == SensorState(at=HostTime(0.5), sensor="recording", state="connected", placement="shank")


def test_a_packet_is_as_late_as_its_last_row(opened: Open) -> None:
    _, packet = drain(RecordingSource(opened()))
    assert isinstance(packet, Packet)
    assert (packet.at, packet.sensor, packet.codec) == (0.75, "recording", "timed-rows")


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 512])
def test_batches_hold_the_same_rows(opened: Open, batch_rows: int) -> None:
    items = drain(RecordingSource(opened(), batch_rows=batch_rows))
    assert rows(items) == [(0.5, 10.0, 1, 2, 3), (0.5, 10.1, 4, 5, 6), (0.75, 10.2, 7, 8, 9)]
    assert len(items) == 1 + -(-3 // batch_rows)


def test_a_recording_without_rows_has_no_inputs(opened: Open) -> None:
    source = RecordingSource(opened("t_s,ax_g,ay_g,az_g\n"))
    assert source.next_at() is None
    with pytest.raises(EOFError):
        source.take()


def test_rows_before_an_error_are_handed_over(opened: Open) -> None:
    source = RecordingSource(opened(CSV + "11,x,0,0,1\n"))
    items = [source.take(), source.take()]
    assert len(rows(items)) == 3
    with pytest.raises(RecordingError, match="line 5, column ax_g"):
        source.next_at()
