"""Frames that were lost are told of as gaps, short ones too; the engine goes on across those."""

import numpy as np
import pytest

from coach.config import load
from coach.listening import Listener
from coach.model import Cadence, Frame, Gap, SensorState


def heard(frames, rate_hz=200.0):
    listener = Listener("strap", load(environ={}).config.sensor)
    items = [*listener.state(SensorState(at=0.0, sensor="strap", state="connected", rate_hz=rate_hz))]
    for frame in frames:
        items += listener.reading(frame)
    return [item.event for item in items if item.event is not None]


@pytest.mark.parametrize(("lost", "reason"), [(1, "frames were lost"), (2, "frames were lost"), (6, "no samples")])
def test_a_lost_frame_is_one_gap_of_its_length(lost, reason):
    frames = [Frame(at=1 + i * 0.18, last_s=i * 0.18, acc_g=np.zeros((36, 3))) for i in range(40)]
    events = heard(frames[:20] + frames[20 + lost :])
    (gap,) = [event for event in events if isinstance(event, Gap)]
    assert (gap.reason, gap.length_s) == (reason, pytest.approx(lost * 0.18 + 0.005))
    assert gap.available_s >= gap.t_s + gap.length_s - 0.18
    known_s = [event.available_s for event in events]
    assert known_s == sorted(known_s)
    assert any(isinstance(event, Cadence) and event.available_s > gap.available_s for event in events)


def test_frames_without_a_stamp_need_no_rate():
    events = heard([Frame(at=1 + i * 0.02, acc_g=np.zeros((1, 3))) for i in range(200)], rate_hz=None)
    assert {event.status for event in events if isinstance(event, Cadence)} == {"acquiring", "idle"}
