"""What motion that is not gait is made of: noise in a band, knocks that ring, spells of on and off, a human rhythm.

Each is a stream: `draw(n)` gives the next n ticks of the simulated world, shape (n, axes). Their chance is drawn in
the order of the calls, so a world is the same whenever the same stretches of it are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from coach.model import FloatArray

# Ticks a second of the simulated world. A sensor samples what is left of it behind its own low-pass.
WORLD_HZ = 500.0


class Noise:
    """Gaussian noise between two frequencies.

    Parameters
    ----------
    rms : of each axis, in whatever unit.
    """

    def __init__(self, low_hz: float, high_hz: float, rms: Sequence[float], rng: np.random.Generator) -> None:
        self._sos, gain = _band(low_hz, high_hz)
        self._rms = gain * np.array(rms)
        self._state = np.zeros((len(self._sos), 2, len(rms)))
        self._rng = rng

    def draw(self, n: int) -> FloatArray:
        """Give the next `n` ticks."""
        from scipy.signal import sosfilt

        white = self._rms * self._rng.standard_normal((n, len(self._rms)))
        made: FloatArray
        made, self._state = sosfilt(self._sos, white, axis=0, zi=self._state)
        return made


class Knocks:
    """Blows at irregular times, from any direction, each ringing down within two or three periods.

    Parameters
    ----------
    every_s : mean time between two of them.
    peak_g : size on each axis; single blows are normally distributed about zero with it.
    """

    def __init__(self, every_s: float, peak_g: Sequence[float], ring_hz: float, rng: np.random.Generator) -> None:
        self._chance = 1 / (every_s * WORLD_HZ)
        self._peak_g = np.array(peak_g)
        self._a = _resonance(ring_hz)
        self._b = 1 / _tallest(ring_hz)
        self._state = np.zeros((2, len(self._peak_g)))
        self._rng = rng

    def draw(self, n: int) -> FloatArray:
        """Give the next `n` ticks."""
        from scipy.signal import lfilter

        hits = np.flatnonzero(self._rng.random(n) < self._chance)
        blows = np.zeros((n, len(self._peak_g)))
        blows[hits] = self._peak_g * self._rng.standard_normal((len(hits), len(self._peak_g)))
        made: FloatArray
        made, self._state = lfilter([self._b], self._a, blows, axis=0, zi=self._state)
        return made


class Spells:
    """An envelope that is on for a while and off for a while, each time on with another size.

    Parameters
    ----------
    on_s, off_s : shortest and longest spell.
    spread : of the logarithm of the size, which is 1 in the middle; on each axis of its own.
    ramp_s : how fast it goes on and off.
    """

    def __init__(
        self,
        on_s: tuple[float, float],
        off_s: tuple[float, float],
        rng: np.random.Generator,
        *,
        spread: float = 0.4,
        ramp_s: float = 0.08,
        axes: int = 3,
    ) -> None:
        self._lengths_s = (off_s, on_s)
        self._spread = spread
        self._axes = axes
        self._smooth = float(np.exp(-1 / (ramp_s * WORLD_HZ)))
        self._rng = rng
        self._state = np.zeros((1, axes))
        self._on = bool(rng.random() < 0.5)
        self._size = np.zeros(axes)
        self._left = 0

    def draw(self, n: int) -> FloatArray:
        """Give the next `n` ticks."""
        from scipy.signal import lfilter

        steps = np.empty((n, self._axes))
        done = 0
        while done < n:
            if not self._left:
                self._turn()
            taken = min(self._left, n - done)
            steps[done : done + taken] = self._size
            self._left -= taken
            done += taken
        made: FloatArray
        made, self._state = lfilter([1 - self._smooth], [1, -self._smooth], steps, axis=0, zi=self._state)
        return made

    def _turn(self) -> None:
        self._on = not self._on
        self._left = max(1, round(self._rng.uniform(*self._lengths_s[self._on]) * WORLD_HZ))
        self._size = self._on * np.exp(self._spread * self._rng.standard_normal(self._axes))


class Rhythm:
    """The phase of something that a human or a motor keeps turning.

    Parameters
    ----------
    rate_hz : turns a second.
    variation : about the coefficient of variation of the time that a turn takes.
    """

    def __init__(self, rate_hz: float, variation: float, rng: np.random.Generator) -> None:
        self._rate_hz = rate_hz
        self._noise = Noise(0.05, max(rate_hz / 2, 0.2), (variation,), rng)
        self._phase = float(rng.random())

    def draw(self, n: int, drive: FloatArray | float = 1.0) -> FloatArray:
        """Give the phase in radians at the next `n` ticks, shape (n,); `drive` slows it down, to 0."""
        turns = self._phase + np.cumsum(drive * (1 + self._noise.draw(n)[:, 0])) * self._rate_hz / WORLD_HZ
        self._phase = float(turns[-1] % 1)
        phase: FloatArray = 2 * np.pi * turns
        return phase


@lru_cache(maxsize=256)
def _band(low_hz: float, high_hz: float) -> tuple[FloatArray, float]:
    """Design a band-pass, and the gain at which white noise of unit variance leaves it with unit variance."""
    from scipy.signal import butter, sosfilt

    sos = butter(1, (low_hz, high_hz), btype="bandpass", fs=WORLD_HZ, output="sos")
    impulse = np.zeros(int(4 * WORLD_HZ / low_hz))
    impulse[0] = 1.0
    return sos, float(1 / np.sqrt((sosfilt(sos, impulse) ** 2).sum()))


def _resonance(ring_hz: float) -> FloatArray:
    """Give the poles of a ring that falls to a third within a period."""
    radius = np.exp(-ring_hz / WORLD_HZ)
    return np.array([1.0, -2 * radius * np.cos(2 * np.pi * ring_hz / WORLD_HZ), radius**2])


@lru_cache(maxsize=256)
def _tallest(ring_hz: float) -> float:
    """Give the peak of that ring, for a blow of size 1."""
    from scipy.signal import lfilter

    impulse = np.zeros(int(2 * WORLD_HZ / ring_hz))
    impulse[0] = 1.0
    return float(abs(lfilter([1.0], _resonance(ring_hz), impulse)).max())
