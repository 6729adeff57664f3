"""The simulated runner: steps, hearing, waveforms, frames, courses, truth."""

from __future__ import annotations

import csv
import math
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import pytest

from coach.config import SimulationConfig, read_layer, shipped_path
from coach.model import Beat, Packet, SensorState
from coach.ports import Ear
from sensors import rows
from sensors.course import endless, parse_course
from sensors.runner import FOLLOWING, Runner
from sensors.simulated import SimulatedRunner, record, truth

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SHIPPED = read_layer(shipped_path()).tree["simulation"]
OWN_SPM = 166.0
# Everything that a sensor, its wearing and its radio do to the samples.
WORN = {"jitter_pct": 20.0, "sample_loss_pct": 8.0, "bunch_s": 0.7, "turn_every_s": 3.0, "range_g": 4.0, "scale": 0.9}


def settings(**changes):
    return SimulationConfig.model_validate(SHIPPED | changes)


def beats(spm, *, start_s, stop_s, gain=1.0):
    """Beats at a steady tempo, or at one that is a function of time."""
    t_s = start_s
    for index in count():
        if t_s >= stop_s:
            return
        yield Beat(t_s=t_s, available_s=t_s - 0.3, index=index, foot="unknown", gain=gain)
        t_s += 60 / (spm(t_s) if callable(spm) else spm)


def step_times(until_s, heard=(), *, seed=1, cv_pct=0.0, asymmetry_pct=0.0, follows="well", course=None):
    runner = Runner(
        course or endless(0.0, OWN_SPM),
        step_cv_pct=cv_pct,
        asymmetry_pct=asymmetry_pct,
        following=FOLLOWING[follows],
        rng=np.random.default_rng(seed),
    )
    for beat in heard:
        runner.hear(beat)
    times = []
    while runner.last.t_s < until_s:
        if runner.move().is_contact:
            times.append(runner.last.t_s)
    return np.array(times)


def cadence(times, start_s, stop_s):
    inside = times[(times >= start_s) & (times < stop_s)]
    return 60 * (len(inside) - 1) / (inside[-1] - inside[0])


def inputs_until(source, until_s):
    taken = []
    while (due := source.next_at()) is not None and due < until_s:
        taken.append(source.take())
    return taken


def samples_until(source, until_s):
    packets = [item for item in inputs_until(source, until_s) if isinstance(item, Packet)]
    return np.concatenate([np.column_stack([s.device_s, s.acc_g]) for s in map(rows.decode, packets)])


class TestSteps:
    def test_mean_cadence_and_variation_are_those_of_the_settings(self):
        times = step_times(2400, cv_pct=2.0, asymmetry_pct=4.0)
        assert cadence(times, 0, 2400) == pytest.approx(OWN_SPM, rel=0.005)
        intervals = np.diff(times)
        for foot in (intervals[::2], intervals[1::2]):
            assert foot.std() / foot.mean() == pytest.approx(0.02, rel=0.1)

    def test_left_step_outlasts_the_right_by_the_asymmetry(self):
        source = SimulatedRunner(settings(step_cv_pct=1.0, asymmetry_pct=5.0))
        inputs_until(source, 600)
        ends = list(pairwise(source.true_steps))
        left = np.mean([b.t_s - a.t_s for a, b in ends if b.foot == "left"])
        right = np.mean([b.t_s - a.t_s for a, b in ends if b.foot == "right"])
        assert 2 * (left - right) / (left + right) == pytest.approx(0.05, abs=0.003)
        assert all(a.foot != b.foot for a, b in ends)

    def test_intervals_of_an_asymmetric_runner_alternate(self):
        intervals = np.diff(step_times(600, cv_pct=1.0, asymmetry_pct=5.0))
        assert np.corrcoef(intervals[:-1], intervals[1:])[0, 1] < -0.5

    def test_half_of_the_variance_wanders(self):
        intervals = np.diff(step_times(2400, cv_pct=2.0))
        assert 0.3 < np.corrcoef(intervals[:-1], intervals[1:])[0, 1] < 0.5

    def test_other_seed_is_another_runner(self):
        assert step_times(60, seed=1, cv_pct=1.5)[-1] != step_times(60, seed=2, cv_pct=1.5)[-1]


class TestHearing:
    @pytest.mark.parametrize("start_s", [30.0, 30.09, 30.18, 30.27])
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_a_willing_runner_locks_to_a_slightly_faster_beat_within_20_s(self, start_s, seed):
        faster = 1.025 * cadence(step_times(start_s, seed=seed, cv_pct=1.0), start_s - 8, start_s)
        heard = list(beats(faster, start_s=start_s, stop_s=120))
        times = step_times(120, heard, seed=seed, cv_pct=1.0)
        assert cadence(times, start_s + 20, 120) == pytest.approx(faster, rel=0.002)
        clicks = np.array([beat.t_s for beat in heard])
        late = [t - clicks[np.argmin(abs(clicks - t))] for t in times if start_s + 20 <= t < 119]
        assert np.percentile(np.abs(late), 95) < 0.06

    def test_a_willing_runner_is_led_step_by_step_but_never_past_the_ceiling(self):
        def rising(t_s):
            return OWN_SPM * (1 + 0.01 * ((t_s - 30) // 15))

        times = step_times(360, beats(rising, start_s=30.0, stop_s=360))
        assert cadence(times, 190, 195) == pytest.approx(OWN_SPM * 1.10, rel=0.005)
        assert np.diff(times).min() >= 60 / OWN_SPM / 1.12 - 1e-9
        assert np.diff(times).min() < 60 / OWN_SPM / 1.11

    def test_a_hesitant_runner_goes_no_further_than_3_percent(self):
        def rising(t_s):
            return OWN_SPM * (1 + 0.01 * ((t_s - 30) // 15))

        times = step_times(200, beats(rising, start_s=30.0, stop_s=200), follows="hardly")
        assert cadence(times, 65, 75) == pytest.approx(OWN_SPM * 1.02, rel=0.003)
        assert np.diff(times).min() == pytest.approx(60 / OWN_SPM / 1.03, rel=1e-6)

    def test_a_beat_out_of_reach_draws_nobody(self):
        alone = step_times(120)
        assert np.array_equal(step_times(120, beats(OWN_SPM * 1.05, start_s=10.0, stop_s=120)), alone)

    def test_a_runner_who_does_not_follow_steps_as_in_silence(self):
        alone = step_times(120, cv_pct=1.5, follows="not")
        heard = beats(OWN_SPM * 1.02, start_s=10.0, stop_s=120)
        assert np.array_equal(step_times(120, heard, cv_pct=1.5, follows="not"), alone)

    def test_silence_lets_the_runner_drift_back_over_a_quarter_of_an_hour(self):
        times = step_times(1100, beats(OWN_SPM * 1.025, start_s=0.0, stop_s=100))
        led = [cadence(times, t, t + 10) / OWN_SPM - 1 for t in (105, 1005)]
        assert led[0] == pytest.approx(0.025, abs=0.001)
        assert led[1] / led[0] == pytest.approx(math.exp(-1), abs=0.05)

    def test_beats_after_a_pause_are_followed_again(self):
        first = beats(OWN_SPM * 1.02, start_s=10.0, stop_s=30)
        second = beats(OWN_SPM * 1.04, start_s=90.0, stop_s=140)
        times = step_times(140, [*first, *second])
        assert cadence(times, 110, 140) == pytest.approx(OWN_SPM * 1.04, rel=0.002)

    def test_an_inaudible_beat_draws_nobody(self):
        times = step_times(120, beats(OWN_SPM * 1.02, start_s=10.0, stop_s=120, gain=0.0))
        assert cadence(times, 60, 120) == pytest.approx(OWN_SPM, rel=1e-6)


class TestSource:
    def test_listens(self):
        assert isinstance(SimulatedRunner(settings()), Ear)

    def test_first_comes_the_news_of_the_link(self):
        source = SimulatedRunner(settings(placement="wrist", rate_hz=50.0))
        assert source.next_at() == 0.0
        assert source.take() == SensorState(
            at=0.0, sensor="simulated", state="connected", rate_hz=50.0, placement="wrist", name="simulated runner"
        )

    def test_frames_arrive_a_transport_time_after_their_last_sample(self):
        source = SimulatedRunner(settings(rate_hz=100.0, frame_s=0.1, transport_s=0.04))
        source.take()
        for first in (0.0, 0.1, 0.2):
            due = source.next_at()
            packet = source.take()
            assert (packet.at, packet.codec) == (due, "rows")
            assert rows.decode(packet).device_s == pytest.approx(first + np.arange(10) / 100)
            assert packet.at == pytest.approx(first + 0.09 + 0.04)

    @pytest.mark.parametrize("changes", [{}, WORN])
    def test_same_seed_and_beats_give_the_same_bytes_however_far_ahead_the_beats_are_told(self, changes):
        told_at_once, told_late = (SimulatedRunner(settings(**changes)) for _ in range(2))
        for beat in beats(OWN_SPM * 1.02, start_s=5.0, stop_s=30):
            told_at_once.play(beat)
        late = []
        for beat in beats(OWN_SPM * 1.02, start_s=5.0, stop_s=30):
            late += inputs_until(told_late, beat.t_s)
            told_late.play(beat)
        assert late + inputs_until(told_late, 30) == inputs_until(told_at_once, 30)
        assert told_at_once.true_steps == told_late.true_steps

    @pytest.mark.parametrize("changes", [{}, {"jitter_pct": 30.0, "bunch_s": 0.5}])
    def test_a_beat_changes_no_sample_before_it(self, changes):
        alone, hearing = SimulatedRunner(settings(**changes)), SimulatedRunner(settings(**changes))
        for beat in beats(OWN_SPM * 1.02, start_s=10.0, stop_s=30):
            hearing.play(beat)
        a, b = samples_until(alone, 20), samples_until(hearing, 20)
        before = a[:, 0] < 10
        assert np.array_equal(a[before], b[before])
        assert not np.array_equal(a, b)

    @pytest.mark.parametrize("changes", [{}, WORN])
    @pytest.mark.parametrize("frame_s", [0.01, 0.037, 1.0])
    def test_size_of_the_frames_changes_no_sample(self, frame_s, changes):
        a, b = (SimulatedRunner(settings(**changes, frame_s=seconds)) for seconds in (0.1, frame_s))
        made_a, made_b = samples_until(a, 12), samples_until(b, 12)
        n = min(len(made_a), len(made_b))
        assert n > 900
        assert np.array_equal(made_a[:n], made_b[:n])
        common = min(len(a.true_steps), len(b.true_steps))
        assert a.true_steps[:common] == b.true_steps[:common]

    def test_lost_frames_are_missing_and_the_others_unchanged(self):
        whole = samples_until(SimulatedRunner(settings()), 120)
        holed = samples_until(SimulatedRunner(settings(loss_pct=20.0)), 120)
        assert len(holed) / len(whole) == pytest.approx(0.8, abs=0.04)
        assert np.array_equal(whole[np.isin(whole[:, 0], holed[:, 0])], holed)

    def test_where_every_frame_is_lost_only_the_link_is_there(self):
        source = SimulatedRunner(settings(loss_pct=100.0))
        source.take()
        assert source.next_at() is None

    def test_ends_with_its_course(self):
        source = SimulatedRunner(settings(), parse_course("stand 1, run 3.25 @ 170, stand 1"))
        made = samples_until(source, math.inf)
        assert made[-1, 0] == pytest.approx(5.24)
        assert source.next_at() is None
        with pytest.raises(EOFError, match="course is over"):
            source.take()

    def test_true_steps_are_those_of_the_samples_handed_over(self):
        source = SimulatedRunner(settings())
        made = samples_until(source, 20)
        assert made[-1, 0] - 0.5 < source.true_steps[-1].t_s <= made[-1, 0]


def energies(t_s, acc_g, spm):
    """Energy at the stride frequency and at the step frequency, of three axes, within half the one to the other."""
    grid = np.arange(t_s[0], t_s[-1], np.median(np.diff(t_s)))
    even = np.stack([np.interp(grid, t_s, axis) for axis in acc_g.T], axis=1)
    power = (abs(np.fft.rfft((even - even.mean(0)) * np.hanning(len(grid))[:, None], axis=0)) ** 2).sum(1)
    harmonic = np.round(np.fft.rfftfreq(len(grid), grid[1] - grid[0]) / (spm / 120))
    return power[harmonic == 1].sum(), power[harmonic == 2].sum()


def recorded(name):
    path = DATA / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"the real recordings are missing: no {path.name} in ../shared/data")
    with path.open(newline="") as file:
        table = np.array([[float(x) for x in row] for row in list(csv.reader(file))[1:]])
    return table[:, 0], table[:, 1:4]


def walked(spm, **changes):
    """Acceleration of steady walking."""
    return samples_until(SimulatedRunner(settings(**changes), parse_course(f"walk 21 @ {spm}")), math.inf)[100:, 1:]


def ran(spm, **changes):
    """Acceleration of steady running."""
    return samples_until(SimulatedRunner(settings(**changes), parse_course(f"run 21 @ {spm}")), math.inf)[100:, 1:]


def rms_g(acc_g):
    return np.sqrt(((acc_g - acc_g.mean(0)) ** 2).sum(1).mean())


class TestBody:
    @pytest.mark.parametrize("rate_hz", [26.0, 100.0, 500.0])
    @pytest.mark.parametrize("placement", ["foot", "ankle", "shank", "thigh", "wrist"])
    def test_on_a_limb_most_of_it_comes_once_a_stride(self, placement, rate_hz):
        made = samples_until(SimulatedRunner(settings(placement=placement, rate_hz=rate_hz, stand_s=0.0)), 20)
        stride, step = energies(made[:, 0], made[:, 1:], OWN_SPM)
        assert 0.4 < step / stride < 1

    @pytest.mark.parametrize("placement", ["waist", "sacrum", "chest", "upper_arm", "hand"])
    def test_on_the_trunk_most_of_it_comes_once_a_step(self, placement):
        made = samples_until(SimulatedRunner(settings(placement=placement, stand_s=0.0)), 20)
        stride, step = energies(made[:, 0], made[:, 1:], OWN_SPM)
        assert 0.002 < stride / step < 0.15

    @pytest.mark.parametrize(
        ("placement", "recording", "spm"),
        [("foot", "fuzzy_run_shoe/matt", 163.0), ("sacrum", "sacral_grf/trial10_3p33ms_m5deg", 167.2)],
    )
    def test_is_as_large_as_in_a_real_recording(self, placement, recording, spm):
        t_s, real_g = recorded(recording)
        middle = slice(len(t_s) // 4, -len(t_s) // 4)
        rate_hz = 1 / float(np.median(np.diff(t_s)))
        source = SimulatedRunner(settings(placement=placement, cadence_spm=spm, rate_hz=rate_hz, stand_s=0.0))
        made_g = samples_until(source, 30)[:, 1:]
        for measure in (np.mean, np.std, lambda norm: np.percentile(norm, 98)):
            real, made = (measure(np.linalg.norm(acc_g, axis=1)) for acc_g in (real_g[middle], made_g))
            assert 0.7 < made / real < 1.4

    def test_foot_strikes_hard_and_at_once(self):
        source = SimulatedRunner(settings(placement="foot", noise_g=0.0))
        made = samples_until(source, 60)
        norm = np.linalg.norm(made[:, 1:], axis=1)
        for step in source.true_steps[4:-2]:
            after = norm[(made[:, 0] >= step.t_s) & (made[:, 0] < step.t_s + 0.03)]
            assert after.max() > 2 if step.foot == "right" else after.max() < 4.5
        assert 8 < norm.max() <= 16 * math.sqrt(3)
        assert abs(made[:, 1:]).max() <= 16

    def test_sacrum_peaks_30_to_110_ms_after_contact(self):
        source = SimulatedRunner(settings(placement="sacrum", rate_hz=500.0))
        made = samples_until(source, 60)
        norm = np.linalg.norm(made[:, 1:], axis=1)
        delays = []
        for step in source.true_steps[4:-2]:
            i = np.searchsorted(made[:, 0], step.t_s)
            delays.append(np.argmax(norm[i : i + 100]) / 500)
        assert min(delays) > 0.02
        assert np.percentile(delays, 98) < 0.11  # in a rare step the push is higher than the impact

    @pytest.mark.parametrize(
        ("placement", "least_g", "most_g"),
        [
            ("foot", 0.5, 1.0),
            ("ankle", 0.5, 1.0),
            ("shank", 0.4, 1.0),
            ("thigh", 0.4, 0.9),
            ("waist", 0.25, 0.45),
            ("chest", 0.25, 0.45),
            ("upper_arm", 0.25, 0.45),
            ("wrist", 0.2, 0.45),
            ("hand", 0.2, 0.4),
        ],
    )
    def test_walking_is_gentle(self, placement, least_g, most_g):
        assert least_g < rms_g(walked(105, placement=placement)) < most_g

    @pytest.mark.parametrize(
        ("placement", "recording"),
        [
            ("upper_arm", "oxford_steps/user1_armband"),
            ("hand", "oxford_steps/user1_hand"),
            ("chest", "oxford_steps/user1_neckpouch"),
        ],
    )
    def test_walking_is_as_large_as_in_a_real_recording(self, placement, recording):
        t_s, real_g = recorded(recording)
        middle = real_g[(t_s > 30) & (t_s < 100)]
        assert 0.7 < rms_g(walked(103, placement=placement)) / rms_g(middle) < 1.4

    @pytest.mark.parametrize("placement", ["foot", "thigh", "chest", "wrist"])
    def test_both_gaits_grow_with_the_cadence(self, placement):
        strolls, marches = (rms_g(walked(spm, placement=placement)) for spm in (75, 150))
        jogs, sprints = (rms_g(ran(spm, placement=placement)) for spm in (135, 235))
        assert 1.5 < marches / strolls < 4
        assert 1.2 < sprints / jogs < 3

    @pytest.mark.parametrize("placement", ["foot", "thigh", "sacrum", "wrist"])
    def test_another_person_moves_otherwise_but_still_runs(self, placement):
        shipped, again, other = (
            ran(OWN_SPM, placement=placement, person=person, noise_g=0.0, step_cv_pct=0.0) for person in (0, 0, 5)
        )
        assert np.array_equal(shipped, again)
        assert abs(shipped - other).max() > 0.3
        assert 0.5 < rms_g(other) / rms_g(shipped) < 2

    def test_a_person_is_the_same_in_every_run(self):
        runs = (ran(OWN_SPM, placement="chest", person=5, seed=seed) for seed in (1, 2))
        shipped, *sizes = (rms_g(run) for run in (ran(OWN_SPM, placement="chest"), *runs))
        assert sizes[0] == pytest.approx(sizes[1], rel=0.03)
        assert sizes[0] != pytest.approx(shipped, rel=0.03)

    def test_seed_turns_the_sensor(self):
        first, second = (samples_until(SimulatedRunner(settings(seed=seed)), 2)[:, 1:].mean(0) for seed in (1, 2))
        assert np.linalg.norm(first - second) > 0.1


class TestWear:
    def standing(self, **changes):
        return samples_until(SimulatedRunner(settings(stand_s=20.0, **changes)), 19)

    def test_noise_is_that_of_the_settings_at_any_rate(self):
        for rate_hz in (12.5, 100.0, 500.0):
            noisy, calm = (self.standing(rate_hz=rate_hz, noise_g=noise_g) for noise_g in (0.05, 0.0))
            assert (noisy - calm)[:, 1:].std(0) == pytest.approx([0.05] * 3, rel=0.15)

    def test_scale_is_what_it_reads_for_1_g(self):
        assert np.linalg.norm(self.standing(scale=0.75)[:, 1:], axis=1).mean() == pytest.approx(0.75, abs=0.01)

    def test_without_gravity_rest_reads_nothing_and_a_run_the_same_motion(self):
        assert np.linalg.norm(self.standing(gravity=False)[:, 1:].mean(0)) < 0.01
        with_it, without = (ran(OWN_SPM, placement="chest", noise_g=0.0, gravity=gravity) for gravity in (True, False))
        assert np.linalg.norm(with_it - without, axis=1) == pytest.approx(1.0, abs=1e-6)

    def test_range_clips(self):
        free, clipped = (ran(OWN_SPM, placement="foot", range_g=range_g) for range_g in (16.0, 2.0))
        assert abs(clipped).max() == 2.0
        assert np.array_equal(clipped, np.clip(free, -2, 2))

    def test_slips_to_another_orientation_and_stays_there(self):
        made = self.standing(turn_every_s=5.0, noise_g=0.0, seed=3)
        turned = np.linalg.norm(np.diff(made[:, 1:], axis=0), axis=1) > 0.01
        assert 0.01 < turned.mean() < 0.25
        assert np.linalg.norm(made[:, 1:], axis=1) == pytest.approx(1.0, abs=0.15)
        assert np.linalg.norm(made[0, 1:] - made[-1, 1:]) > 0.2

    @pytest.mark.parametrize("rate_hz", [12.5, 26.0, 500.0])
    def test_the_same_seed_at_another_rate_is_the_same_run(self, rate_hz):
        usual, other = SimulatedRunner(settings()), SimulatedRunner(settings(rate_hz=rate_hz))
        made = samples_until(usual, 20), samples_until(other, 20)
        n = min(len(usual.true_steps), len(other.true_steps))
        assert n > 45
        assert usual.true_steps[:n] == other.true_steps[:n]
        assert made[1][:, 1:].mean(0) == pytest.approx(made[0][:, 1:].mean(0), abs=0.15)

    def test_a_slow_sensor_lets_through_little_of_an_impact(self):
        slow, fast = (abs(ran(OWN_SPM, placement="shank", rate_hz=rate_hz)).max() for rate_hz in (12.5, 200.0))
        assert slow < fast / 2


class TestRadio:
    def test_stamps_of_an_irregular_sensor_are_true_and_in_order(self):
        steady, irregular = (
            samples_until(SimulatedRunner(settings(placement="chest", noise_g=0.0, jitter_pct=pct)), 30)
            for pct in (0.0, 20.0)
        )
        intervals = np.diff(irregular[:, 0])
        assert intervals.min() > 0
        assert intervals.std() == pytest.approx(0.01 * 0.2 * math.sqrt(2), rel=0.1)
        for axis in (1, 2, 3):
            expected = np.interp(irregular[:, 0], steady[:, 0], steady[:, axis])
            assert np.abs(expected - irregular[:, axis]).mean() < 0.01

    def test_single_samples_are_lost_and_the_others_unchanged(self):
        whole, holed = (samples_until(SimulatedRunner(settings(sample_loss_pct=pct)), 60) for pct in (0.0, 10.0))
        assert len(holed) / len(whole) == pytest.approx(0.9, abs=0.02)
        assert np.array_equal(whole[np.isin(whole[:, 0], holed[:, 0])], holed)

    def test_where_every_sample_is_lost_only_the_link_is_there(self):
        source = SimulatedRunner(settings(sample_loss_pct=100.0))
        source.take()
        assert source.next_at() is None

    def test_bunches_come_late_in_order_and_unchanged(self):
        prompt, bunched = (SimulatedRunner(settings(bunch_s=bunch_s)) for bunch_s in (0.0, 1.4))
        due, came = (
            [packet for packet in inputs_until(source, 60) if isinstance(packet, Packet)]
            for source in (prompt, bunched)
        )
        assert [packet.payload for packet in came] == [packet.payload for packet in due[: len(came)]]
        late = np.array([b.at - a.at for a, b in zip(due, came, strict=False)])
        assert late.min() >= 0
        assert 1.0 < late.max() <= 1.4
        times = [packet.at for packet in came]
        assert times == sorted(times)
        assert len(set(times)) < len(times) / 3


class TestRecord:
    def test_rows_are_arrival_stamp_and_acceleration(self):
        source = SimulatedRunner(settings(rate_hz=100.0, frame_s=0.1, transport_s=0.04))
        table = np.concatenate(list(record(source, 20.05)))
        assert table.shape == (2005, 5)
        assert table[:, 1] == pytest.approx(np.arange(2005) / 100)
        assert table[12] == pytest.approx([0.23, 0.12, *table[12, 2:]])
        assert (np.diff(table[:, 0]) >= 0).all()

    def test_truth_tells_steps_and_windows(self):
        source = SimulatedRunner(
            settings(step_cv_pct=0.0, asymmetry_pct=0.0), parse_course("stand 10.5, run 29.5 @ 180, stand 20")
        )
        for _ in record(source, 60.0):
            pass
        told = truth(source, 60.0)
        assert told["placement"] == "foot"
        assert told["sensor_foot"] == "right"
        assert told["step_times_s"][:2] == pytest.approx([10.5 + 1 / 3, 10.5 + 2 / 3])
        assert told["feet"][:2] == ["right", "left"]
        assert [(w["t0"], w["t1"]) for w in told["windows"]] == [
            (t, t + 10.0) for t in (0.0, 10.0, 20.0, 30.0, 40.0, 50.0)
        ]
        assert [w["ok"] for w in told["windows"]] == [False, False, True, False, False, True]
        assert told["windows"][2]["cadence_spm"] == pytest.approx(180)
        assert told["windows"][2]["gait"] == "run"
        assert told["windows"][5] == {"t0": 50.0, "t1": 60.0, "cadence_spm": 0.0, "ok": True, "still": True}

    def test_a_window_at_the_very_end_of_a_recording_counts(self):
        source = SimulatedRunner(settings(stand_s=0.0))
        for _ in record(source, 20.0):
            pass
        told = truth(source, 20.0)
        assert told["windows"][1]["ok"]
        assert told["step_times_s"][-1] < 20
