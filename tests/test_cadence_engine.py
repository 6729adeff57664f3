"""Cadence and steps from acceleration: right wherever the sensor is worn, silent where nobody runs, the same however
the samples were batched."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from coach.dsp.cadence import CadenceEngine
from coach.dsp.timebase import Stamped
from coach.model import Cadence, Gap, Step

COURSE = "stand 3, run 17 @ 166, stand 4"
DURATION_S = 24.0
PLACEMENTS = ["foot", "shank", "thigh", "waist", "sacrum", "chest", "upper_arm", "wrist"]
FEET_AND_TRUNK = ["foot", "shank", "waist", "sacrum", "chest"]


def stamped(table):
    at_s, t_s = table[:, 0].copy(), table[:, 1].copy()
    return Stamped(t_s, at_s, table[:, 2:].copy(), np.zeros(len(table)))


def hops(table, placement="unknown"):
    return list(CadenceEngine("sensor", placement).push(stamped(table)))


def events(kind, table, placement="unknown"):
    return [event for hop in hops(table, placement) for event in hop.events if isinstance(event, kind)]


def bout(steps):
    return steps[0].t_s, steps[-1].t_s


def share_matched(found_s, true_s, offset_s=0.0):
    """Share of true times with one found within 50 ms of it."""
    return np.mean([np.abs(found_s - offset_s - t).min() < 0.05 for t in true_s])


@pytest.fixture(params=PLACEMENTS)
def worn(request, recorded):
    """Give a placement, and what a sensor there feels of a runner at 166 spm."""
    return request.param, *recorded(COURSE, DURATION_S, f"placement={request.param}")


class TestCadence:
    @pytest.mark.parametrize("told", [True, False])
    def test_it_is_right_and_there_from_the_fourth_second_on(self, worn, told):
        placement, table, steps = worn
        start_s, end_s = bout(steps)
        readings = events(Cadence, table, placement if told else "unknown")
        running = [reading for reading in readings if start_s + 4 <= reading.available_s <= end_s]
        spm = np.array([reading.spm for reading in running if reading.spm is not None])
        assert len(spm) >= 0.9 * len(running)
        assert np.abs(spm - 166).max() < 5

    def test_nobody_stands_at_a_cadence(self, worn):
        readings = [reading for reading in events(Cadence, worn[1]) if reading.available_s < 3.0]
        assert {reading.status for reading in readings if reading.available_s < 2.0} == {"acquiring"}
        assert {reading.status for reading in readings if reading.available_s > 2.3} == {"idle"}

    def test_the_reading_ends_after_the_last_step_and_stays_away(self, worn):
        _, table, steps = worn
        after = [reading for reading in events(Cadence, table) if reading.available_s > bout(steps)[1] + 2.0]
        assert len(after) > 5
        assert {reading.status for reading in after} <= {"acquiring", "idle"}
        assert after[-1].status == "idle"

    @pytest.mark.parametrize("spm", [135, 150, 185, 205, 225])
    @pytest.mark.parametrize("placement", ["foot", "waist", "wrist"])
    def test_no_octave_is_mistaken(self, recorded, placement, spm):
        table, steps = recorded(f"stand 1, run 11 @ {spm}", 12.0, f"placement={placement}")
        readings = [reading for reading in events(Cadence, table) if reading.available_s >= bout(steps)[0] + 4]
        assert sum(reading.spm is not None for reading in readings) >= 0.9 * len(readings)
        assert all(reading.spm == pytest.approx(spm, rel=0.05) for reading in readings if reading.spm is not None)

    def test_a_change_of_pace_shows_within_a_few_strides(self, recorded):
        table, _ = recorded("run 12 @ 160, run 8 @ 176", 20.0, "placement=foot")
        readings = events(Cadence, table)
        assert all(reading.spm == pytest.approx(160, abs=6) for reading in readings if 6 < reading.available_s < 12)
        assert all(reading.spm == pytest.approx(176, abs=6) for reading in readings if reading.available_s > 15.5)

    @pytest.mark.parametrize("rate_hz", [25, 52, 200, 400])
    def test_the_rate_of_the_sensor_does_not_matter(self, recorded, rate_hz):
        table, _ = recorded("run 12 @ 166", 12.0, "placement=waist", f"rate_hz={rate_hz}")
        spm = [reading.spm for reading in events(Cadence, table) if reading.available_s >= 4]
        assert None not in spm
        assert spm == pytest.approx([166] * len(spm), abs=5)

    def test_it_is_said_four_times_a_second_at_least(self, worn):
        said_s = [reading.t_s for reading in events(Cadence, worn[1])]
        assert said_s[0] <= 0.25
        assert np.diff(said_s).max() <= 0.25
        assert said_s[-1] >= DURATION_S - 0.25

    def test_shaking_without_rhythm_is_no_gait(self):
        t_s = np.arange(0, 20, 0.01)
        shaking_g = 0.6 * np.random.default_rng(4).standard_normal((len(t_s), 3)) + [0, 0, 1]
        assert {reading.spm for reading in events(Cadence, np.column_stack([t_s, t_s, shaking_g]))} == {None}

    def test_shaking_after_a_run_ends_the_reading(self, recorded):
        """Bumps of a car, say: as strong as running, without its rhythm."""
        table, _ = recorded("run 20 @ 166", 20.0, "placement=waist")
        table = table.copy()
        bumps = table[:, 1] > 10
        table[bumps, 2:] = 0.6 * np.random.default_rng(4).standard_normal((bumps.sum(), 3)) + [0, 0, 1]
        assert {reading.spm for reading in events(Cadence, table) if reading.available_s > 14} == {None}

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_it_does_not_matter_how_the_sensor_is_turned(self, recorded, seed):
        table, _ = recorded("run 10 @ 166", 10.0, "placement=foot")
        turned = table.copy()
        turned[:, 2:] = table[:, 2:] @ Rotation.random(rng=seed).as_matrix()
        upright, rotated = events(Cadence, table), events(Cadence, turned)
        assert [reading.status for reading in rotated] == [reading.status for reading in upright]
        for one, other in zip(upright, rotated, strict=True):
            assert other.spm == pytest.approx(one.spm, abs=0.02)
        steps_s = [[step.t_s for step in events(Step, rows, "foot")] for rows in (table, turned)]
        assert steps_s[1] == pytest.approx(steps_s[0], abs=1e-6)


class TestSteps:
    @pytest.mark.parametrize("placement", FEET_AND_TRUNK)
    def test_contacts_are_found_where_the_phase_is_known(self, recorded, placement):
        table, steps = recorded(COURSE, DURATION_S, f"placement={placement}")
        start_s, end_s = bout(steps)
        found_s = np.array([step.t_s for step in events(Step, table, placement)])
        true_s = np.array([step.t_s for step in steps if start_s + 3 < step.t_s < end_s - 0.5])
        assert share_matched(found_s, true_s, offset_s=0.02) >= 0.9
        steady_s = found_s[(found_s > true_s[0] - 0.1) & (found_s < true_s[-1] + 0.1)]
        assert share_matched(true_s, steady_s, offset_s=-0.02) >= 0.95

    @pytest.mark.parametrize("placement", PLACEMENTS)
    def test_there_are_as_many_steps_as_the_cadence_says(self, recorded, placement):
        table, steps = recorded(COURSE, DURATION_S, f"placement={placement}")
        found = [step for step in events(Step, table, placement) if 8 < step.t_s < 18]
        true = [step for step in steps if 8 < step.t_s < 18]
        assert len(found) == pytest.approx(len(true), abs=2)

    @pytest.mark.parametrize("placement", ["foot", "shank"])
    def test_a_foot_senses_its_own_contacts_and_infers_the_others(self, recorded, placement):
        table, steps = recorded(COURSE, DURATION_S, f"placement={placement}")
        found = events(Step, table, placement)
        assert {(step.foot, step.inferred) for step in found} == {("sensor", False), ("other", True)}
        own_s = np.array([step.t_s for step in found if not step.inferred])
        true_s = [step.t_s for step in steps if step.foot == "right" and 7 < step.t_s < 19]
        assert share_matched(own_s, true_s, offset_s=0.02) >= 0.9
        feet = [step.foot for step in found if 7 < step.t_s < 19]
        assert all(one != other for one, other in pairwise(feet))

    def test_the_trunk_senses_both_feet_and_knows_neither(self, recorded):
        table, _ = recorded(COURSE, DURATION_S, "placement=sacrum")
        assert {(step.foot, step.inferred) for step in events(Step, table, "sacrum")} == {("unknown", False)}

    @pytest.mark.parametrize(("placement", "known"), [(p, p in FEET_AND_TRUNK) for p in PLACEMENTS] + [("hand", False)])
    def test_the_phase_is_declared(self, placement, known):
        assert CadenceEngine("sensor", placement).phase_known is known

    def test_each_is_committed_once_in_order_and_soon(self, worn):
        placement, table, _ = worn
        found = events(Step, table, placement)
        assert all(later.t_s - step.t_s > 0.15 for step, later in pairwise(found))
        waits_s = [step.available_s - step.t_s for step in found if step.t_s > 8]
        assert min(waits_s) >= 0
        assert max(waits_s) < 0.45  # 0.14 of it is the frame and its transport

    @pytest.mark.parametrize("placement", ["foot", "waist"])
    def test_a_sensed_contact_is_known_within_a_quarter_of_a_second(self, recorded, placement):
        table, _ = recorded("run 12 @ 166", 12.0, f"placement={placement}", "frame_s=0.01", "transport_s=0")
        found = [step for step in events(Step, table, placement) if step.t_s > 5 and not step.inferred]
        waits_s = [step.available_s - step.t_s for step in found]
        assert 0.05 < np.median(waits_s) < 0.2
        assert max(waits_s) < 0.25

    def test_nobody_steps_while_standing(self, worn):
        placement, table, steps = worn
        start_s, end_s = bout(steps)
        assert all(start_s - 0.1 < step.t_s < end_s + 0.5 for step in events(Step, table, placement))


class TestHoles:
    def test_a_hole_of_a_second_is_a_gap_that_nothing_is_inferred_across(self, recorded):
        table, _ = recorded("run 20 @ 166", 20.0, "placement=foot", "frame_s=0.01", "transport_s=0")
        table = table[(table[:, 1] <= 10.0) | (table[:, 1] >= 11.0)]
        (gap,) = events(Gap, table)
        assert (gap.t_s, gap.length_s, gap.available_s) == pytest.approx((10.0, 1.0, 11.0))
        readings = events(Cadence, table)
        assert not [reading for reading in readings if 10.02 < reading.t_s < 11.0]
        assert {reading.status for reading in readings if 11.0 < reading.t_s < 12.9} == {"acquiring"}
        assert all(reading.spm == pytest.approx(166, abs=5) for reading in readings if reading.t_s > 15)
        assert not [step for step in events(Step, table, "foot") if 10.1 < step.t_s < 11.0]

    def test_a_lost_frame_is_bridged(self, recorded):
        table, _ = recorded("run 15 @ 166", 15.0, "placement=foot")
        table = table[(table[:, 1] <= 10.0) | (table[:, 1] >= 10.3)]
        assert events(Gap, table) == []
        assert all(reading.spm is not None for reading in events(Cadence, table) if reading.available_s > 4)

    @pytest.mark.parametrize("placement", ["foot", "shank", "waist", "chest", "wrist"])
    def test_frames_that_are_lost_here_and_there_never_halve_the_reading(self, recorded, placement):
        """Three in a hundred frames of 0.2 s: the stride before a bridge does not look like the one after it."""
        for seed in (1, 2, 3):
            lossy = ("loss_pct=3", "frame_s=0.2", f"seed={seed}", f"placement={placement}")
            table, _ = recorded("run 60 @ 165", 60.0, *lossy)
            readings = [reading for reading in events(Cadence, table) if reading.available_s > 4]
            wrong = [(r.available_s, r.spm) for r in readings if r.spm is not None and abs(r.spm - 165) > 12]
            assert wrong == []
            assert sum(reading.spm is not None for reading in readings) >= 0.95 * len(readings)


class TestBatches:
    @staticmethod
    @cache
    def whole(recorded, placement):
        table, _ = recorded("stand 1, run 6 @ 166", 9.0, f"placement={placement}", "frame_s=0.01")
        table = table[(table[:, 1] <= 4.5) | (table[:, 1] >= 5.3)]
        return table, hops(table, placement)

    @given(placement=st.sampled_from(["foot", "waist"]), data=st.data())
    @settings(max_examples=15)
    def test_streaming_equals_batch_on_every_prefix(self, recorded, placement, data):
        table, expected = self.whole(recorded, placement)
        engine = CadenceEngine("sensor", placement)
        done = 0
        got = []
        while done < len(table):
            size = data.draw(st.one_of(st.integers(1, 12), st.integers(1, 400)))
            got += engine.push(stamped(table[done : done + size]))
            done = min(done + size, len(table))
            assert got == [hop for hop in expected if hop.at_s <= table[done - 1, 0]]

    def test_row_by_row_equals_batch(self, recorded):
        table, expected = self.whole(recorded, "foot")
        engine = CadenceEngine("sensor", "foot")
        assert [hop for row in table for hop in engine.push(stamped(row[None]))] == expected
        assert sum(isinstance(event, Gap) for hop in expected for event in hop.events) == 1
