"""What a listener tells of a link: frames that were lost, a weak signal, an empty battery, too few samples."""

import numpy as np
import pytest

from coach.config import load
from coach.listening import Listener
from coach.model import BatteryReading, Cadence, Frame, Gap, Samples, SensorEvent, SensorState


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


def news(listener, items):
    return [item.event for item in items if isinstance(item.event, SensorEvent)]


def connect(listener, at=0.0, **told):
    return news(listener, listener.state(SensorState(at=at, sensor="strap", state="connected", **told)))


def listener():
    return Listener("strap", load(environ={}).config.sensor)


@pytest.mark.parametrize(("rssi_dbm", "weak"), [(-60, 0), (-88, 0), (-93, 1), (None, 0)])
def test_a_weak_signal_is_said_once(rssi_dbm, weak):
    one = listener()
    states = [event.state for at in (0.0, 60.0) for event in connect(one, at, rssi_dbm=rssi_dbm)]
    assert states.count("signal_weak") == weak


def test_a_low_battery_is_said_once_however_it_is_learnt():
    one = listener()
    said = connect(one, battery_pct=9)
    said += news(one, one.reading(BatteryReading(at=5.0, pct=8)))
    said += connect(one, 60.0, battery_pct=7)
    assert [event.reason for event in said if event.state == "battery_low"] == ["9 % left"]


def test_who_is_connected_is_said_with_its_model():
    (event,) = connect(listener(), name="Polar H10 1234", model="Polar H10, firmware 5.0")
    assert event.reason == "Polar H10 1234 (Polar H10, firmware 5.0)"


@pytest.mark.parametrize("batch", [1, 7, 1000])
@pytest.mark.parametrize(("rate_hz", "said"), [(5.0, 1), (20.0, 1), (25.0, 0), (100.0, 0)])
def test_a_rate_that_is_too_low_is_said_once_with_what_to_do(rate_hz, said, batch):
    one = listener()
    connect(one, faster="choose 'fast' in its settings")
    t_s = np.arange(0.0, 12.0, 1 / rate_hz)
    events = []
    for start in range(0, len(t_s), batch):
        part = t_s[start : start + batch]
        events += [
            item.event for item in one.reading(Samples(at_s=part, device_s=part, acc_g=np.zeros((len(part), 3))))
        ]
    low = [event for event in events if isinstance(event, SensorEvent) and event.state == "rate_low"]
    assert len(low) == said
    assert all("choose 'fast'" in event.reason and event.available_s == 5.0 for event in low)
    known_s = [event.available_s for event in events if event is not None]
    assert known_s == sorted(known_s)


def test_stamped_frames_of_an_unknown_rate_are_told_of_once():
    one = listener()
    connect(one)
    frames = [Frame(at=1 + i, last_s=float(i), acc_g=np.zeros((36, 3))) for i in range(3)]
    said = [event.state for frame in frames for event in news(one, one.reading(frame))]
    assert said == ["rate_unknown"]
