"""What a sensor makes of the motion it is worn on: how it is mounted, what it leaves out, what it adds.

In the order of a real one: the sensor sits turned at random, and may slip; it reads gravity, unless its maker took it
out; its scale may be off; it has noise and a low-pass at 0.4 of its rate, second order and causal, as small
accelerometers do (so a little above half the rate folds back, and a slow sensor is late: 45 ms at 12.5 Hz, 6 ms at
100 Hz); and it clips.
"""

from __future__ import annotations

import numpy as np

from coach.model import FloatArray
from sensors.processes import WORLD_HZ

LOW_PASS_PER_RATE = 0.4
SLIP_S = (0.3, 0.7)


class Wear:
    """The signal inside the sensor, at the ticks of the world.

    Parameters
    ----------
    rate_hz : samples a second, which sets the low-pass.
    noise_g : standard deviation of the noise of the samples.
    range_g : what no axis reads beyond.
    scale : what the sensor reads for 1 g.
    gravity : whether it reads gravity.
    turn_every_s : mean time after which it slips to another orientation; 0 for never.
    """

    def __init__(
        self,
        *,
        rate_hz: float,
        noise_g: float,
        range_g: float,
        scale: float,
        gravity: bool,
        turn_every_s: float,
        rng: np.random.Generator,
    ) -> None:
        from scipy.signal import butter

        mounting_rng, self._noise_rng = rng.spawn(2)
        self._mounting = _Mounting(turn_every_s, mounting_rng)
        self._low_pass: FloatArray = butter(2, LOW_PASS_PER_RATE * rate_hz, fs=WORLD_HZ, output="sos")
        self._state: FloatArray | None = None
        self._noise_g = noise_g * _noise_gain(self._low_pass)
        self._range_g = range_g
        self._scale = scale
        self._gravity = gravity

    def sense(self, t_s: FloatArray, moved_g: FloatArray, up_g: FloatArray) -> FloatArray:
        """Give the signal, shape (n, 3), g, at the next ticks of the world."""
        from scipy.signal import sosfilt

        acc_g = self._scale * (moved_g + up_g if self._gravity else moved_g)
        acc_g = self._mounting.turned(t_s, acc_g)
        if self._state is None:
            self._state = _settled(self._low_pass, acc_g[0])
        acc_g += self._noise_g * self._noise_rng.standard_normal(acc_g.shape)
        passed: FloatArray
        passed, self._state = sosfilt(self._low_pass, acc_g, axis=0, zi=self._state)
        return np.clip(passed, -self._range_g, self._range_g, out=passed)


class _Mounting:
    """The orientation of the sensor: one at random, or one after the other."""

    def __init__(self, turn_every_s: float, rng: np.random.Generator) -> None:
        self._every_s = turn_every_s
        self._rng = rng
        # Quaternions at times, in between straight from one to the next.
        self._times_s = [0.0]
        self._poses = [rng.standard_normal(4)]

    def turned(self, t_s: FloatArray, acc_g: FloatArray) -> FloatArray:
        from scipy.spatial.transform import Rotation, Slerp

        if not self._every_s:
            return acc_g @ Rotation.from_quat(self._poses[0]).as_matrix()
        while self._times_s[-1] <= t_s[-1]:
            self._slip()
        turned: FloatArray = Slerp(self._times_s, Rotation.from_quat(self._poses))(t_s).apply(acc_g)
        while len(self._times_s) > 1 and self._times_s[1] < t_s[-1]:
            del self._times_s[0], self._poses[0]
        return turned

    def _slip(self) -> None:
        start_s = self._times_s[-1] + self._rng.exponential(self._every_s)
        self._times_s += [start_s, start_s + self._rng.uniform(*SLIP_S)]
        self._poses += [self._poses[-1], self._rng.standard_normal(4)]


def _settled(sos: FloatArray, first_g: FloatArray) -> FloatArray:
    """Give the state of a low-pass that has seen nothing but this value: gravity is no step."""
    from scipy.signal import sosfilt_zi

    settled: FloatArray = sosfilt_zi(sos)[:, :, None] * first_g
    return settled


def _noise_gain(sos: FloatArray) -> float:
    """Give the factor on white noise that leaves the low-pass with unit variance."""
    from scipy.signal import sosfilt

    impulse = np.zeros(int(WORLD_HZ))
    impulse[0] = 1.0
    return float(1 / np.sqrt((sosfilt(sos, impulse) ** 2).sum()))
