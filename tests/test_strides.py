"""The stride that just ended, from signals whose stride is known to a fraction of a sample."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from coach.dsp.strides import likeness, parabolic_peak

STRIDE = 71.4


def strides(n=300, stride=STRIDE):
    """Three axes, three harmonics each, repeated exactly every stride; left steps are not like right ones."""
    sizes = np.array([[1.0, 0.5, 0.3], [0.7, 0.2, 0.4], [0.4, 0.6, 0.1]])
    turns = np.arange(n)[:, None] / stride
    phases = np.array([[0.0, 3.0, 6.0], [1.0, 4.0, 7.0], [2.0, 5.0, 8.0]])
    waves = [sizes[:, i] * np.sin(2 * np.pi * (i + 1) * turns + phases[i]) for i in range(3)]
    return np.ascontiguousarray(sum(waves))


def compared(motion, lag=70.0, end=None, width=36):
    return likeness(motion, len(motion) if end is None else end, width, lag)


class TestParabolicPeak:
    def test_the_vertex_of_a_parabola_is_exact(self):
        assert parabolic_peak(5 - (np.arange(8) - 3.3) ** 2, 3) == pytest.approx(3.3)

    def test_three_equal_values_have_none_between_them(self):
        assert parabolic_peak(np.ones(5), 2) == 2.0

    @pytest.mark.parametrize("edge", [0, 4])
    def test_at_the_edge_there_is_nothing_to_lay_it_through(self, edge):
        assert parabolic_peak(np.array([9.0, 3.0, 1.0, 3.0, 9.0]), edge) == edge


class TestLag:
    @pytest.mark.parametrize("stride", [50.0, 63.25, 71.4, 99.75, 155.5])
    def test_it_is_found_between_the_samples(self, stride):
        found = likeness(strides(400, stride), 400, round(stride / 2), stride * 1.03)
        assert found.lag == pytest.approx(stride, abs=0.05)

    def test_a_stride_that_repeats_itself_matches_and_does_not_grow(self):
        found = compared(strides())
        assert found.match == pytest.approx(1.0, abs=0.005)
        assert found.growth == pytest.approx(1.0, abs=0.01)

    def test_it_is_that_of_the_stride_that_just_ended(self):
        """From sample 190 on strides last 66 samples; those compared end at 229 and 295."""
        before, after = strides(190), strides(110 + 38, 66.0)[38:]  # 190 and 38 samples are about as far in a stride
        motion = np.concatenate((before, after))
        assert compared(motion, end=295).lag == pytest.approx(66.0, abs=0.05)
        assert compared(motion, end=190).lag == pytest.approx(71.4, abs=0.05)

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_it_does_not_matter_how_the_sensor_is_turned(self, seed):
        turned = np.ascontiguousarray(strides() @ Rotation.random(rng=seed).as_matrix())
        assert compared(turned).lag == pytest.approx(compared(strides()).lag, abs=1e-9)

    def test_noise_of_a_tenth_moves_it_by_less_than_a_sample(self):
        noise = 0.1 * np.random.default_rng(1).standard_normal((300, 3))
        found = compared(strides() + noise)
        assert found.lag == pytest.approx(STRIDE, abs=0.7)
        assert 0.9 < found.match < 0.995

    def test_twice_the_vigour_is_four_times_the_energy(self):
        motion = strides()
        motion[240:] *= 2
        found = compared(motion)
        assert found.growth == pytest.approx(4.0, abs=0.05)
        assert found.lag == pytest.approx(STRIDE, abs=0.05)


class TestReach:
    """A runner's stride changes by 10 % from one to the next at most, and is measured a little wrong besides."""

    @pytest.mark.parametrize("ratio", [0.88, 1.12])
    def test_a_stride_an_eighth_off_is_found(self, ratio):
        assert compared(strides(), STRIDE / ratio).lag == pytest.approx(STRIDE, abs=0.05)

    @pytest.mark.parametrize("ratio", [0.8, 1.2])
    def test_one_a_fifth_off_is_not(self, ratio):
        assert compared(strides(), STRIDE / ratio) is None

    def test_left_is_not_taken_for_right(self):
        assert compared(strides(), STRIDE / 2) is None


class TestNothingToCompare:
    def test_the_signal_must_reach_back_a_stride_and_its_reach(self):
        """Width 36 and a lag up to 70 x 1.14, rounded up: 116 samples."""
        assert compared(strides(116)) is not None
        assert compared(strides(115)) is None

    def test_it_must_have_come(self):
        assert compared(strides(), end=301) is None

    def test_one_sample_is_no_stretch(self):
        assert compared(strides(), width=1) is None

    def test_stillness_is_like_anything(self):
        assert compared(np.zeros((300, 3))) is None
