"""Pods: what the cadence byte counts is found once and never again; a value is said again, then stale, then gone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.dsp.pod import PodCadence
from coach.model import Cadence, Gap, Packet, PodReading, SensorEvent, SensorState, Speed

FLAGS, RUNNING = 0x00, 0x04


def reading(raw, speed_mps=3.0, *, running=True, at=0.0):
    return PodReading(at=at, speed_mps=speed_mps, raw_per_min=raw, running=running)


def wire(at, raw, speed_mps=3.0, *, flags=RUNNING):
    """A packet as it comes by radio: flags, speed in 1/256 m/s, cadence byte."""
    payload = bytes([flags]) + round(speed_mps * 256).to_bytes(2, "little") + bytes([raw])
    return Packet(at=at, sensor="pod", codec="rsc", payload=payload)


def cadences(events):
    return [event for event in events if isinstance(event, Cadence)]


class TestUnit:
    @pytest.mark.parametrize(("raw", "unit", "spm"), [(85, "strides", 170), (109, "strides", 218), (168, "steps", 168)])
    def test_four_running_packets_decide(self, raw, unit, spm):
        pod = PodCadence("auto")
        assert [pod.push(reading(raw)) for _ in range(4)] == [None, None, None, spm]
        assert pod.unit == unit

    @pytest.mark.parametrize(
        ("raw", "speed_mps", "unit"),
        [(110, 3.0, "steps"), (120, 4.4, "steps"), (130, 3.0, "steps"), (110, 4.5, "strides"), (130, 6.0, "strides")],
    )
    def test_between_110_and_130_only_a_sprint_counts_strides(self, raw, speed_mps, unit):
        pod = PodCadence("auto")
        for _ in range(4):
            pod.push(reading(raw, speed_mps))
        assert pod.unit == unit

    def test_the_majority_decides_not_the_first(self):
        pod = PodCadence("auto")
        for raw in (168, 85, 166, 84, 86):
            assert pod.push(reading(raw)) is None
        assert pod.push(reading(85)) == 170

    @given(st.lists(st.tuples(st.integers(0, 255), st.floats(0, 10)), max_size=30))
    def test_once_found_it_is_never_asked_again(self, later):
        pod = PodCadence("auto")
        for _ in range(4):
            pod.push(reading(85))
        assert [pod.push(reading(raw, speed_mps)) for raw, speed_mps in later] == [2 * raw for raw, _ in later]
        assert pod.unit == "strides"

    @pytest.mark.parametrize(
        "packet",
        [reading(0, 3.0), reading(60, 1.39, running=False), reading(118, 1.3), reading(90, 0.0, running=False)],
        ids=["standing", "a walk", "a walk that says it runs", "no speed, not running"],
    )
    def test_only_running_packets_vote(self, packet):
        pod = PodCadence("auto")
        for _ in range(20):
            pod.push(packet)
        assert pod.unit is None

    def test_a_pod_without_speed_votes_by_its_status_bit(self):
        pod = PodCadence("auto")
        assert [pod.push(reading(84, 0.0)) for _ in range(4)] == [None, None, None, 168]

    @pytest.mark.parametrize(("setting", "spm"), [("strides", 240), ("steps", 120)])
    def test_a_setting_is_not_voted_on(self, setting, spm):
        pod = PodCadence(setting)
        assert [pod.push(reading(120)) for _ in range(9)] == [spm] * 9
        assert pod.unit == setting

    def test_a_byte_above_127_is_not_negative(self, fold):
        events = fold([wire(k, 0xB4) for k in range(5)])
        assert cadences(events)[-1].spm == 180

    @pytest.mark.parametrize("setting", ["auto", "strides", "steps"])
    def test_standing_is_zero_in_any_unit(self, setting):
        assert PodCadence(setting).push(reading(0)) == 0


class TestReadings:
    """The way from packets to events."""

    def test_what_the_byte_counts_is_told_once_with_its_reason(self, fold):
        events = fold([wire(k, 85) for k in range(20)])
        (told,) = [event for event in events if isinstance(event, SensorEvent)]
        assert (told.available_s, told.state) == (3.0, "counts_strides")
        assert "85 a minute is 170 steps" in told.reason
        assert {reading.status for reading in cadences(events) if reading.available_s < 3} == {"acquiring"}
        assert {reading.spm for reading in cadences(events) if reading.available_s > 3} == {170.0}

    def test_the_unit_outlives_a_reconnect(self, fold):
        link = [
            SensorState(at=10.0, sensor="pod", state="reconnecting"),
            SensorState(at=15, sensor="pod", state="connected"),
        ]
        packets = [wire(k, 85) for k in range(6)] + link + [wire(16 + k, 120, 3.0) for k in range(3)]
        assert {reading.spm for reading in cadences(fold(packets)) if reading.available_s >= 16} == {240.0}

    def test_a_value_is_said_four_times_a_second_while_it_holds(self, fold, configured):
        said = cadences(fold([wire(1.1 * k, 85) for k in range(8)], configured("sensor.pod_cadence=strides")))
        expected = [(1.1 * k, 1.1 * k + repeat / 4) for k in range(7) for repeat in range(5)] + [(7.7, 7.7)]
        assert [(reading.t_s, reading.available_s) for reading in said] == [pytest.approx(pair) for pair in expected]
        assert {(reading.spm, reading.status, reading.stale) for reading in said} == {(170.0, "locked", False)}

    def test_standing_shows_no_reading(self, fold, configured):
        said = cadences(fold([wire(k, 0, 0.0) for k in range(4)], configured("sensor.pod_cadence=strides")))
        assert {(reading.spm, reading.status) for reading in said} == {(None, "idle")}

    @pytest.mark.parametrize("last_s", [0.0, 0.7, 2.1, 4.2, 7.7, 29.8, 1000.3])
    def test_it_is_stale_after_3_s_and_gone_after_5_s_whenever_the_last_packet_came(self, fold, configured, last_s):
        said = cadences(fold([wire(last_s, 85)], configured("sensor.pod_cadence=strides"), until_s=last_s + 20))
        fresh, stale, gone = ([r for r in said if state(r)] for state in (_fresh, _stale, _gone))
        assert [reading.available_s - last_s for reading in fresh] == pytest.approx([k / 4 for k in range(12)])
        assert [reading.available_s - last_s for reading in stale] == pytest.approx([k / 4 for k in range(12, 20)])
        assert [reading.available_s - last_s for reading in gone] == pytest.approx([5.0])
        assert said == fresh + stale + gone

    def test_a_packet_makes_it_fresh_again(self, fold, configured):
        events = fold([wire(0.0, 85), wire(4.0, 85)], configured("sensor.pod_cadence=strides"))
        assert not cadences(events)[-1].stale
        assert not [event for event in events if isinstance(event, Gap)]

    def test_silence_is_a_gap_from_the_last_packet_to_the_next(self, fold, configured):
        events = fold([wire(2.0, 85), wire(60.0, 85)], configured("sensor.pod_cadence=strides"))
        (gap,) = [event for event in events if isinstance(event, Gap)]
        assert (gap.t_s, gap.length_s, gap.available_s) == (2.0, 58.0, 60.0)
        assert [reading.status for reading in cadences(events)][-2:] == ["lost", "locked"]

    @pytest.mark.parametrize("state", ["reconnecting", "lost", "ended"])
    def test_a_link_that_is_known_to_be_lost_is_not_waited_for(self, fold, configured, state):
        items = [wire(1.0, 85), SensorState(at=2.1, sensor="pod", state=state)]
        said = cadences(fold(items, configured("sensor.pod_cadence=strides"), until_s=20.0))
        assert (said[-1].status, said[-1].spm, said[-1].available_s) == ("lost", None, 2.1)
        assert said[-2].available_s == 2.0

    def test_speed_is_told_once_a_packet(self, fold):
        speeds = [event for event in fold([wire(k, 85, 2.5 + k / 4) for k in range(4)]) if isinstance(event, Speed)]
        assert [(speed.t_s, speed.mps) for speed in speeds] == [(0, 2.5), (1, 2.75), (2, 3.0), (3, 3.25)]


def _fresh(reading):
    return reading.spm is not None and not reading.stale


def _stale(reading):
    return reading.spm is not None and reading.stale


def _gone(reading):
    return reading.status == "lost"
