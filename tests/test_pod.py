"""Pods: what the cadence byte counts is found once and never again; a value is said again, then stale, then gone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.dsp.pod import PodCadence, fits, usual_spm
from coach.model import Cadence, Gap, Packet, PodReading, SensorEvent, SensorState, Speed
from coach.selection import Selection

RUNNING = 0x04


def reading(raw, speed_mps=3.0, *, at=0.0, running=True, length_m=None, distance_m=None):
    return PodReading(
        at=at,
        speed_mps=speed_mps,
        raw_per_min=raw,
        running=running,
        stride_length_m=length_m,
        distance_m=distance_m,
    )


def wire(at, raw, speed_mps=3.0, *, flags=RUNNING):
    """A packet as it comes by radio: flags, speed in 1/256 m/s, cadence byte."""
    payload = bytes([flags]) + round(speed_mps * 256).to_bytes(2, "little") + bytes([raw])
    return Packet(at=at, sensor="pod", codec="rsc", payload=payload)


def cadences(events):
    return [event for event in events if isinstance(event, Cadence)]


def told(events):
    return [event for event in events if isinstance(event, SensorEvent)]


def values(pod, packets):
    """Give what the pod reads after each packet."""
    got = []
    for packet in packets:
        pod.push(packet)
        got.append(pod.spm)
    return got


def pushed(packets, setting="auto"):
    """Give a pod that took packets a second apart, and the states that it told, with their times."""
    pod, states = PodCadence(setting), []
    for packet in packets:
        states += [(packet.at, news.state) for news in pod.push(packet)]
    return pod, states


class TestUsualRates:
    @pytest.mark.parametrize(
        ("speed_mps", "running", "expected"),
        [
            (0.0, False, ()),
            (0.99, True, ()),
            (1.0, False, (98.0, 158.6)),
            (1.39, True, (115.5, 160.8)),
            (1.4, True, (160.8,)),
            (1.99, False, (138.2, 164.1)),
            (2.0, False, (164.2,)),
            (0.0, True, (153.0,)),
            (3.0, True, (169.8,)),
            (255.0, True, (190.0,)),
        ],
    )
    def test_they_are_a_walkers_a_runners_or_either_one_s(self, speed_mps, running, expected):
        assert usual_spm(speed_mps, running=running) == pytest.approx(expected, abs=0.1)

    def test_a_rate_fits_within_a_factor_of_1_55(self):
        assert [fits(spm, (170.0,)) for spm in (109, 110, 170, 260, 261)] == [False, True, True, True, False]

    def test_where_nothing_is_usual_only_the_impossible_does_not_fit(self):
        assert (fits(1, ()), fits(260, ()), fits(261, ())) == (True, True, False)

    @given(st.floats(2.0, 12.0))
    def test_whoever_runs_at_140_to_234_spm_fits_or_has_the_other_unit_undecided(self, speed_mps):
        """The range of real runners (their speeds do not all go with all rates): half of it never fits instead."""
        usual = usual_spm(speed_mps, running=True)
        assert all(fits(spm, usual) for spm in range(140, 235))
        assert not any(fits(spm / 2, usual) for spm in range(140, 205))


class TestUnit:
    @pytest.mark.parametrize(("raw", "unit", "spm"), [(85, "strides", 170), (109, "strides", 218), (168, "steps", 168)])
    def test_four_running_packets_decide(self, raw, unit, spm):
        pod = PodCadence("auto")
        assert values(pod, [reading(raw)] * 4) == [None, None, None, spm]
        assert pod.unit == unit

    @pytest.mark.parametrize(
        ("raw", "speed_mps", "unit"),
        [
            (109, 3.0, "strides"),
            (110, 3.0, None),
            (130, 3.0, None),
            (131, 3.0, "steps"),
            (126, 2.0, None),
            (128, 2.0, "steps"),
            (110, 4.5, "strides"),
            (120, 6.0, "strides"),
            (125, 6.0, None),
            (150, 9.9, "steps"),
        ],
    )
    def test_between_the_units_only_speed_can_tell(self, raw, speed_mps, unit):
        assert pushed([reading(raw, speed_mps)] * 12)[0].unit == unit

    @pytest.mark.parametrize("raw", [15, 25, 35, 50])
    def test_power_in_the_cadence_byte_counts_nothing(self, raw):
        """A Stryd can be set to send watts / 10 there."""
        assert pushed([reading(raw)] * 12)[0].unit is None

    def test_an_odd_packet_costs_two_and_decides_nothing(self):
        assert values(PodCadence("auto"), map(reading, (85, 168, 85, 84, 85, 86))) == [None] * 5 + [172]

    def test_as_many_for_either_unit_decide_nothing(self):
        assert pushed([reading(168), reading(85)] * 30)[0].unit is None

    @given(st.lists(st.tuples(st.integers(0, 255), st.floats(0, 10)), max_size=30))
    def test_once_found_it_is_never_asked_again(self, later):
        pod, _ = pushed([reading(85)] * 4)
        values(pod, [reading(raw, speed_mps) for raw, speed_mps in later])
        assert pod.unit == "strides"

    @pytest.mark.parametrize(
        "packet",
        [
            reading(0, 3.0),
            reading(55, 0.9, running=False),
            reading(118, 1.3),
            reading(85, 1.2, running=False),
            reading(110, 1.5, running=False),
            reading(90, 0.0, running=False),
            reading(80, 0.9),
        ],
        ids=[
            "standing",
            "a stroll",
            "a walk that says it runs",
            "a walk or a shuffling run",
            "a walk or a sprint",
            "no speed, not running",
            "on the spot, or a stroll",
        ],
    )
    def test_packets_that_may_be_either_do_not_vote(self, packet):
        assert pushed([packet] * 20)[0].unit is None

    @pytest.mark.parametrize(("raw", "speed_mps"), [(50, 1.0), (57, 1.39), (60, 1.5)])
    def test_a_walk_is_enough_where_no_step_is_so_long(self, raw, speed_mps):
        """57 steps a minute at 1.39 m/s would be of 1.46 m each."""
        assert pushed([reading(raw, speed_mps, running=False)] * 4)[0].unit == "strides"

    @pytest.mark.parametrize(("running", "unit"), [(True, "strides"), (False, None)])
    def test_a_slow_jog_is_told_from_a_walk_by_its_status_bit(self, running, unit):
        assert pushed([reading(90, 1.5, running=running)] * 9)[0].unit == unit

    def test_a_pod_without_speed_votes_by_its_status_bit(self):
        assert values(PodCadence("auto"), [reading(84, 0.0)] * 4) == [None, None, None, 168]

    def test_no_pod_at_all_counts_more_than_130_strides(self):
        assert pushed([reading(168, 0.0, running=False)] * 4)[0].unit == "steps"

    @pytest.mark.parametrize(("setting", "spm"), [("strides", 240), ("steps", 120)])
    def test_a_setting_is_not_voted_on(self, setting, spm):
        pod = PodCadence(setting)
        assert values(pod, [reading(120)] * 9) == [spm] * 9
        assert pod.unit == setting

    @pytest.mark.parametrize("setting", ["auto", "strides", "steps"])
    def test_standing_is_zero_in_any_unit(self, setting):
        assert values(PodCadence(setting), [reading(0, 0.0)]) == [0]

    def test_a_walker_is_read_once_the_unit_is_known(self):
        pod, _ = pushed([reading(85)] * 4)
        assert values(pod, [reading(55, 1.2, running=False)]) == [110]


class TestStrideLength:
    """Speed = rate x length tells the unit where byte and length do not mean the same."""

    @pytest.mark.parametrize(
        ("raw", "speed_mps", "length_m", "unit"),
        [
            (55, 1.2, 0.65, "strides"),  # one foot's hits, and one step: Polar
            (110, 1.2, 1.31, "steps"),  # both feet's, and a stride
            (40, 0.6, 0.45, "strides"),
            (110, 1.2, 0.65, None),  # both feet's, and one step: or one foot's, in a shuffling run
            (85, 1.2, 0.85, None),
            (80, 0.4, 0.15, None),  # too slow to be measured
            (85, 3.0, 0.0, "strides"),  # a length of 0 is none
            (85, 3.0, 1.5, "strides"),  # one that fits nothing, too: set by hand, say
        ],
    )
    def test_what_speed_leaves_open_it_settles(self, raw, speed_mps, length_m, unit):
        assert pushed([reading(raw, speed_mps, running=False, length_m=length_m)] * 9)[0].unit == unit

    def test_one_that_contradicts_the_rate_decides_nothing(self):
        assert pushed([reading(85, 3.0, length_m=4.2)] * 9)[0].unit is None

    @pytest.mark.parametrize("length_m", [2.12, 1.06])
    def test_neither_meaning_of_it_disturbs(self, length_m):
        assert pushed([reading(85, 3.0, length_m=length_m)] * 4)[0].unit == "strides"


class TestUndecided:
    def test_after_20_s_the_runner_is_told_what_to_do(self, fold):
        (news,) = told(fold([wire(5 + k, 88, 1.2, flags=0) for k in range(60)]))
        assert (news.available_s, news.state) == (25, "unit_unknown")
        assert news.reason == (
            "88 a minute at 1.2 m/s may be 88 or 176 steps: run for some seconds, or set sensor.pod_cadence"
        )

    def test_a_byte_that_is_no_cadence_is_told_as_such(self, fold):
        (news,) = told(fold([wire(k, 25) for k in range(60)]))
        assert (news.available_s, news.state) == (20, "unit_unknown")
        assert news.reason.startswith("25 a minute at 3.0 m/s are neither strides nor steps")

    def test_standing_is_no_reason_to(self):
        assert pushed([reading(0, 0.0, at=k) for k in range(60)])[1] == []

    def test_it_is_decided_all_the_same_once_the_runner_runs(self):
        walk = [reading(88, 1.2, at=k, running=False) for k in range(30)]
        _, states = pushed(walk + [reading(85, at=30 + k) for k in range(4)])
        assert states == [(20, "unit_unknown"), (33, "counts_strides")]


class TestSticking:
    def decided(self):
        return [reading(85, 3.0 + k / 64, at=k) for k in range(5)]

    def test_the_same_byte_at_speed_0_is_stale_after_3_s_and_no_reading_after_5(self):
        pod, _ = pushed(self.decided())
        got = []
        for k in range(5, 12):
            news = pod.push(reading(85, 0.0, at=k))
            got.append((pod.spm, pod.stale, [(one.state, one.reason) for one in news]))
        why = [("cadence_sticks", "still 85 a minute at 0.0 m/s")]
        assert got == [(170, False, []), (170, False, []), (170, True, why), (170, True, [])] + [(0, False, [])] * 3

    def test_it_is_believed_again_as_soon_as_it_changes_or_moves(self):
        for later in (reading(84, 0.0, at=40), reading(85, 2.9, at=40)):
            pod, _ = pushed(self.decided() + [reading(85, 0.0, at=k) for k in range(5, 40)])
            assert pod.spm == 0
            pod.push(later)
            assert (pod.spm, pod.stale) == (2 * later.raw_per_min, False)

    def test_a_pod_that_never_gave_a_speed_is_believed_at_0(self):
        pod, states = pushed([reading(85, 0.0, at=k) for k in range(200)])
        assert (pod.spm, pod.stale, states) == (170, False, [(3, "counts_strides")])

    def test_the_very_same_packet_is_stale_after_60_s_until_another_comes(self):
        packets = [reading(85, at=k, distance_m=70.0) for k in range(63)]
        _, states = pushed(packets[:60])
        assert states == [(3, "counts_strides")]
        pod, states = pushed(packets)
        assert (pod.spm, pod.stale, states[1:]) == (170, True, [(60, "cadence_sticks")])
        pod.push(reading(85, 3.01, at=63))
        assert (pod.spm, pod.stale) == (170, False)

    def test_a_distance_that_grows_is_life_enough(self):
        pod, states = pushed([reading(85, at=k, distance_m=3.0 * k) for k in range(200)])
        assert (pod.stale, len(states)) == (False, 1)

    def test_the_same_byte_for_20_s_is_stale_if_speed_changed_by_1_5_mps(self):
        packets = [reading(85, 3.2 - 0.1 * min(k, 15), at=k) for k in range(21)]
        pod, _ = pushed(packets[:20])
        assert not pod.stale
        news = pod.push(packets[20])
        assert (pod.spm, pod.stale, news[0].state) == (170, True, "cadence_sticks")
        assert news[0].reason == "85 a minute for 20 s, while speed went between 1.7 and 3.2 m/s"
        pod.push(reading(84, 1.7, at=21))
        assert not pod.stale

    def test_a_runner_who_keeps_the_beat_while_speed_wanders_does_not_stick(self):
        pod, states = pushed([reading(85, 3.0 + (k % 15) / 10, at=k) for k in range(300)])
        assert (pod.stale, len(states)) == (False, 1)

    def test_time_without_packets_does_not_count(self):
        pod, states = pushed([reading(85, at=k) for k in (*range(40), *range(100, 140))])
        assert (pod.stale, len(states)) == (False, 1)


class TestDoubt:
    """A value that nobody has at the pod's speed is not shown for long, whoever set the unit."""

    def test_a_value_that_is_impossible_is_never_shown(self):
        pod, states = pushed([reading(168, at=k) for k in range(9)], "strides")
        assert (pod.spm, states) == (None, [(3, "cadence_doubtful")])

    def test_the_last_that_made_sense_is_held_for_3_s_then_stale_then_gone(self):
        pod = PodCadence("strides")
        pod.push(reading(85, at=0))
        got = []
        for k in range(1, 7):
            pod.push(reading(25, at=k))
            got.append((pod.spm, pod.stale))
        assert got == [(170, False)] * 2 + [(170, True)] * 2 + [(None, False)] * 2

    def test_the_reason_says_what_to_look_at(self):
        pod = PodCadence("steps")
        (news,) = [one for k in range(9) for one in pod.push(reading(85, at=k))]
        assert news.reason == (
            "85 a minute at 3.0 m/s cannot be 85 steps: "
            "check sensor.pod_cadence, and that the pod is not set to send power"
        )

    def test_one_odd_packet_changes_nothing(self):
        pod, states = pushed([reading(20 if k == 6 else 85, at=k) for k in range(7)])
        assert (pod.spm, pod.stale, len(states)) == (170, False, 1)

    def test_a_pod_that_exaggerates_its_speed_keeps_its_reading(self):
        pod, states = pushed([reading(85, 10.8, at=k) for k in range(30)])  # km/h for m/s
        assert (pod.spm, states) == (170, [(3, "counts_strides")])


class TestReadings:
    """The way from packets to events."""

    def test_what_the_byte_counts_is_told_once_with_its_reason(self, fold):
        events = fold([wire(k, 85) for k in range(20)])
        (news,) = told(events)
        assert (news.available_s, news.state) == (3.0, "counts_strides")
        assert news.reason == "the pod counts strides: 85 a minute is 170 steps"
        assert {reading.status for reading in cadences(events) if reading.available_s < 3} == {"acquiring"}
        assert {reading.spm for reading in cadences(events) if reading.available_s > 3} == {170.0}

    def test_a_byte_above_127_is_not_negative(self, fold):
        assert cadences(fold([wire(k, 0xB4) for k in range(5)]))[-1].spm == 180

    @pytest.mark.parametrize("away_s", [5.0, 600.0])
    def test_the_unit_outlives_a_reconnect(self, fold, away_s):
        back_s = 10 + away_s
        link = [
            SensorState(at=10.0, sensor="pod", state="reconnecting"),
            SensorState(at=back_s, sensor="pod", state="connected"),
        ]
        events = fold([wire(k, 85) for k in range(6)] + link + [wire(back_s + k, 120, 3.0) for k in range(9)])
        assert {reading.spm for reading in cadences(events) if reading.available_s >= back_s} == {240.0}
        assert [news.state for news in told(events)] == ["counts_strides", "reconnecting", "connected"]

    def test_votes_outlive_a_reconnect_too(self, fold):
        link = [SensorState(at=2.0, sensor="pod", state=state) for state in ("reconnecting", "connected")]
        events = fold([wire(0, 85), wire(1, 85), *link, wire(3, 85), wire(4, 85)])
        assert cadences(events)[-1].spm == 170

    def test_each_pod_has_a_unit_of_its_own(self, fold):
        packets = [
            (wire(k, 85), Packet(at=k, sensor="watch", codec="rsc", payload=b"\x04\x00\x03\xa9")) for k in range(6)
        ]
        events = fold([packet for pair in packets for packet in pair])
        last = {reading.sensor: reading.spm for reading in cadences(events)}
        assert last == {"pod": 170, "watch": 169}

    def test_a_value_is_said_four_times_a_second_while_it_holds(self, fold, configured):
        said = cadences(fold([wire(1.1 * k, 85) for k in range(8)], configured("sensor.pod_cadence=strides")))
        expected = [(1.1 * k, 1.1 * k + repeat / 4) for k in range(7) for repeat in range(5)] + [(7.7, 7.7)]
        assert [(reading.t_s, reading.available_s) for reading in said] == [pytest.approx(pair) for pair in expected]
        assert {(reading.spm, reading.status, reading.stale) for reading in said} == {(170.0, "locked", False)}

    @pytest.mark.parametrize("every_s", [0.1, 0.25, 1.0, 2.0, 2.9])
    def test_however_seldom_a_pod_sends_four_a_second_are_said_and_none_is_stale(self, fold, configured, every_s):
        packets = [wire(k * every_s, 85, 3 + k / 256) for k in range(round(30 / every_s))]
        said = cadences(fold(packets, configured("sensor.pod_cadence=strides")))
        assert max(later.available_s - one.available_s for one, later in pairwise(said)) <= 0.25 + 1e-9
        assert {(reading.spm, reading.stale) for reading in said} == {(170.0, False)}

    def test_packets_that_come_in_bursts_count_like_others(self, fold):
        burst = [wire(10.0, raw) for raw in (84, 85, 86, 87)]
        said = cadences(fold([*burst, *burst], until_s=30.0))
        assert [reading.spm for reading in said if reading.available_s == 10.0][3:] == [174, 168, 170, 172, 174]
        assert [reading.available_s for reading in said][-20:] == [10.25 + k / 4 for k in range(20)]

    def test_standing_shows_no_reading(self, fold, configured):
        said = cadences(fold([wire(k, 0, 0.0) for k in range(4)], configured("sensor.pod_cadence=strides")))
        assert {(reading.spm, reading.status) for reading in said} == {(None, "idle")}

    def test_a_value_that_sticks_is_stale_then_idle_while_packets_go_on(self, fold, configured):
        packets = [wire(k, 85, 3.0) for k in range(3)] + [wire(k, 85, 0.0) for k in range(3, 10)]
        events = fold(packets, configured("sensor.pod_cadence=strides"))
        of = {now: [r for r in cadences(events) if now < r.available_s < now + 1] for now in range(10)}
        assert {(r.spm, r.status, r.stale) for now in (2, 3, 4) for r in of[now]} == {(170, "locked", False)}
        assert {(r.spm, r.status, r.stale) for now in (5, 6) for r in of[now]} == {(170, "locked", True)}
        assert {(r.spm, r.status, r.stale) for now in (7, 8, 9) for r in of[now]} == {(None, "idle", False)}
        assert [(news.available_s, news.state) for news in told(events)] == [(5.0, "cadence_sticks")]

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


PACKETS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 0.25, 1.0, 1.0, 1.0, 2.0, 3.0, 5.0, 70.0]),  # since the packet before
        st.sampled_from([0, 25, 84, 85, 168]) | st.integers(0, 255),
        st.sampled_from([0.0, 1.2, 3.0]) | st.floats(0, 255),
        st.none() | st.floats(0, 5),
        st.booleans(),
    ),
    max_size=40,
)
SETTINGS = st.sampled_from(["auto", "strides", "steps"])


class TestWhateverAPodSends:
    @given(PACKETS, SETTINGS)
    def test_the_unit_is_one_and_every_value_is_a_packet_s_in_it(self, packets, setting):
        pod, at, possible = PodCadence(setting), 0.0, {None, 0.0}
        unit, states = pod.unit, []
        for wait_s, raw, speed_mps, length_m, running in packets:
            at += wait_s
            states += [n.state for n in pod.push(reading(raw, speed_mps, at=at, length_m=length_m, running=running))]
            assert unit in (None, pod.unit)
            unit = pod.unit
            possible |= {raw * 2.0 if unit == "strides" else raw * 1.0} if unit else set()
            assert pod.spm in possible
            assert pod.spm is None or 0 <= pod.spm <= 260
            assert not pod.stale or pod.spm is not None
        assert len(states) == len(set(states))
        assert (f"counts_{unit}" in states) == (setting == "auto" and unit is not None)

    @given(PACKETS, SETTINGS, st.sets(st.integers(0, 40), max_size=3))
    def test_events_come_in_order_with_numbers_that_people_have(self, fold, configured, packets, setting, lost):
        items, at = [], 0.0
        for k, (wait_s, raw, speed_mps, _, running) in enumerate(packets):
            at += wait_s
            if k in lost:
                items.append(SensorState(at=at, sensor="pod", state="reconnecting"))
            items.append(wire(at, raw, speed_mps, flags=RUNNING if running else 0))
        events = fold(items, configured(f"sensor.pod_cadence={setting}"), until_s=at + 9)
        assert all(event.available_s <= later.available_s for event, later in pairwise(events))
        said = cadences(events)
        assert all(reading.spm is None or 0 < reading.spm <= 260 for reading in said)
        assert not items or (said[-1].status, said[-1].spm) == ("lost", None)


class TestSelection:
    """Steps lead; a pod stands in for them, and checks their octave by its speed."""

    def follow(self, steps, pod, speed_mps=3.0, *, until_s=40.0, stale=lambda t_s: False):
        """Give, by source, the times at which it was believed, and what was told; `steps` and `pod` give a value."""
        selection, believed, news = Selection(), {"steps": [], "rsc": []}, []
        for k in range(int(until_s * 4)):
            now = k / 4
            if k % 4 == 0:
                selection.hear(Speed(t_s=now, available_s=now, mps=speed_mps, sensor="pod"))
            for source, value in (("steps", steps(now)), ("rsc", pod(now))):
                said = self.said(now, source, value, is_stale=source == "rsc" and stale(now))
                if said is not None and selection.counts(said):
                    believed[source].append(now)
                news += selection.take_news()
        return believed, news

    def said(self, now, source, value, *, is_stale):
        if value is None:
            return None
        status, spm = (value, None) if isinstance(value, str) else ("locked", value)
        sensor = "pod" if source == "rsc" else "strap"
        return Cadence(t_s=now, available_s=now, spm=spm, status=status, source=source, sensor=sensor, stale=is_stale)

    def test_steps_that_were_locked_and_find_no_tempo_are_lost_after_1_5_s_and_back_after_3(self):
        believed, news = self.follow(lambda t: "acquiring" if 10 <= t < 20 else 170.0, lambda t: 168.0)
        assert believed["rsc"] == [11.25 + k / 4 for k in range(47)]  # the last lock was told at 9.75
        assert [now for now in believed["steps"] if 9 < now < 24] == [
            *(9.25 + k / 4 for k in range(8)),
            *(23 + k / 4 for k in range(4)),
        ]
        assert news == []

    @pytest.mark.parametrize("pod", ["idle", "acquiring", None])
    def test_a_pod_that_knows_no_better_does_not_stand_in(self, pod):
        believed, _ = self.follow(lambda t: "acquiring" if 10 <= t < 20 else 170.0, lambda t: pod)
        assert len(believed["steps"]) == 160

    def test_nor_does_one_whose_value_is_stale(self):
        believed, _ = self.follow(
            lambda t: "acquiring" if 10 <= t < 20 else 170.0,
            lambda t: 168.0,
            stale=lambda t: True,
        )
        assert not believed["rsc"]

    def test_steps_without_samples_are_lost_at_once_and_it_is_told(self):
        believed, _ = self.follow(lambda t: 170.0 if t < 10 else "lost" if t == 10 else None, lambda t: 168.0)
        assert believed["steps"][-1] == believed["rsc"][0] == 10.0

    def test_steps_that_say_nobody_runs_are_believed(self):
        """The pod notices a stop some seconds later."""
        believed, _ = self.follow(lambda t: 170.0 if t < 10 else "idle", lambda t: 168.0 if t < 16 else "idle")
        assert all(now in believed["steps"] for now in (10.0, 12.0, 15.0, 30.0))
        assert believed["rsc"] == []

    @pytest.mark.parametrize(("half", "whole", "speed_mps"), [(85.0, 170.0, 3.0), (60.0, 120.0, 1.5)])
    def test_half_the_steps_give_way_to_the_pod_after_10_s_if_its_speed_tells(self, half, whole, speed_mps):
        believed, news = self.follow(lambda t: whole if t < 10 or t >= 25 else half, lambda t: whole - 1, speed_mps)
        assert believed["rsc"] == [20 + k / 4 for k in range(32)]
        assert believed["steps"][80:] == [28 + k / 4 for k in range(48)]
        (told_once,) = news
        assert (told_once.available_s, told_once.sensor, told_once.state) == (20.0, "strap", "steps_doubtful")
        assert told_once.reason == (
            f"the steps read {half:.0f}, the pod {whole - 1:.0f} at {speed_mps:.1f} m/s: the pod counts"
        )

    @pytest.mark.parametrize(
        ("steps", "pod", "speed_mps"),
        [(110.0, 220.0, 1.2), (85.0, 170.0, 0.0), (85.0, 170.0, 1.2), (170.0, 85.0, 3.0)],
        ids=["a walk doubled", "no speed", "a slow walk, or not", "a pod at half"],
    )
    def test_where_speed_does_not_refute_them_steps_lead_and_it_is_told_once(self, steps, pod, speed_mps):
        believed, news = self.follow(lambda t: steps, lambda t: pod, speed_mps)
        assert believed["rsc"] == []
        (told_once,) = news
        assert (told_once.available_s, told_once.sensor, told_once.state) == (10.25, "pod", "octave_differs")
        assert "check where the other sensor is worn" in told_once.reason

    @pytest.mark.parametrize(("steps", "pod"), [(170.0, 160.0), (170.0, 113.0), (170.0, "idle"), (85.0, None)])
    def test_what_is_not_an_octave_is_not_told(self, steps, pod):
        assert self.follow(lambda t: steps, lambda t: pod)[1] == []

    def test_nor_is_a_slip_of_less_than_10_s(self):
        assert self.follow(lambda t: 85.0 if 10 <= t < 19 else 170.0, lambda t: 170.0)[1] == []


class TestTwoThatFeelSteps:
    """One of them leads, for whole bouts."""

    def leaders(self, strap, shoe, until_s=20.0):
        """Give who leads at each quarter of a second; both say their reading then, the strap first."""
        selection, leading = Selection(), []
        for k in range(int(until_s * 4)):
            now = k / 4
            believed = []
            for sensor, value in (("strap", strap(now)), ("shoe", shoe(now))):
                status, spm = (value, None) if isinstance(value, str) else ("locked", value)
                if value is not None and selection.counts(
                    Cadence(t_s=now, available_s=now, spm=spm, status=status, source="steps", sensor=sensor)
                ):
                    believed += [sensor] if status == "locked" else []
            assert len(believed) <= 1
            leading.append("strap" if selection.leads("strap") else "shoe" if selection.leads("shoe") else None)
        return leading

    def test_the_first_leads_while_it_is_locked(self):
        assert set(self.leaders(lambda t: 170.0, lambda t: 171.0)) == {"strap"}

    def test_the_other_takes_over_after_1_5_s_and_keeps_the_lead(self):
        leading = self.leaders(lambda t: "idle" if 5 <= t < 10 else 170.0, lambda t: 171.0)
        assert leading.index("shoe") == 5 * 4 + 5  # the last lock was told at 4.75
        assert set(leading[leading.index("shoe") :]) == {"shoe"}

    def test_the_other_takes_over_at_once_where_the_link_is_lost(self):
        leading = self.leaders(lambda t: 170.0 if t < 5 else "lost" if t == 5 else None, lambda t: 171.0)
        assert leading[20] == "shoe"

    def test_one_that_is_not_locked_takes_nothing_over(self):
        assert set(self.leaders(lambda t: "idle" if t > 5 else 170.0, lambda t: "acquiring")) == {"strap"}


def _fresh(reading):
    return reading.spm is not None and not reading.stale


def _stale(reading):
    return reading.spm is not None and reading.stale


def _gone(reading):
    return reading.status == "lost"
