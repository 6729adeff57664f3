"""Rows of acceleration, from recordings and the simulated runner: read as written, refused where they make no sense."""

from __future__ import annotations

import numpy as np
import pytest

from coach.errors import PacketError
from coach.model import HostTime, Packet, Samples
from sensors import rows
from sensors.codecs import decode


def read(codec: str, table: list[list[float]]) -> Samples:
    payload = rows.encode(np.array(table, dtype=float))
    reading = decode(Packet(at=HostTime(5.0), sensor="recording", codec=codec, payload=payload))
    assert isinstance(reading, Samples)
    return reading


def test_rows_arrived_with_their_packet_and_timed_rows_at_their_own_times() -> None:
    plain = read("rows", [[1.0, 0.1, 0.2, 0.3], [1.01, 0, 0, 1]])
    timed = read("timed-rows", [[4.0, 1.0, 0.1, 0.2, 0.3], [5.0, 1.01, 0, 0, 1]])
    assert plain.at_s.tolist() == [5.0, 5.0]
    assert timed.at_s.tolist() == [4.0, 5.0]
    for samples in (plain, timed):
        assert samples.device_s.tolist() == [1.0, 1.01]
        assert samples.acc_g.tolist() == [[0.1, 0.2, 0.3], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("codec", "table", "message"),
    [
        ("rows", [], "rows of 32 bytes"),
        ("timed-rows", [[1.0, 0, 0, 1]], "rows of 40 bytes"),
        ("rows", [[float("nan"), 0, 0, 1]], "no number, or larger than 1e"),
        ("rows", [[0, 0, float("-inf"), 1]], "no number, or larger than 1e"),
        ("rows", [[9e306, 0, 0, 1]], "no number, or larger than 1e"),
        ("timed-rows", [[4.0, 0, -1e13, 0, 1]], "no number, or larger than 1e"),
        ("timed-rows", [[4.0, 0, 0, 0, 1], [3.0, 0, 0, 0, 1]], "run backwards"),
        ("timed-rows", [[5.1, 0, 0, 0, 1]], "past that of their packet"),
    ],
)
def test_rows_without_sense_are_refused(codec: str, table: list[list[float]], message: str) -> None:
    with pytest.raises(PacketError, match=message):
        read(codec, table)
