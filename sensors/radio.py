"""When a simulated sensor takes its samples, which of them are lost, and when the others arrive.

Pure bookkeeping: no sample's value depends on it. Chance of each kind comes from a generator of its own, so that lost
frames leave all others as they were.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coach.config import SimulationConfig
from coach.model import FloatArray, HostTime

# No sample is further from its place than this part of an interval: stamps stay in order.
_LARGEST_JITTER = 0.45


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """The times of the samples of a frame that is not lost, shape (n,), and the time of its arrival."""

    at: HostTime
    t_s: FloatArray


class Radio:
    """The frames of a sensor, in order.

    Parameters
    ----------
    config : the settings `[simulation]`.
    end_s : when the last sample has been taken; infinite for never.
    """

    def __init__(self, config: SimulationConfig, end_s: float, rng: np.random.Generator) -> None:
        self._config = config
        # Where everything is lost there is no next frame to wait for.
        everything_lost = 100 in (config.loss_pct, config.sample_loss_pct)
        self._end = 0.0 if everything_lost else end_s * config.rate_hz
        self._size = max(1, round(config.frame_s * config.rate_hz))
        self._next = 0
        self._delivery_s = 0.0
        self._frame_rng, self._sample_rng, self._jitter_rng, self._delivery_rng = rng.spawn(4)

    def next_frame(self) -> Frame | None:
        """Give the next frame that arrives; None when there is no more."""
        while self._next < self._end:
            start, self._next = self._next, self._next + self._size
            stop = self._next if self._next <= self._end else math.ceil(self._end)
            t_s, kept = self._taken(start, stop), self._kept(stop - start)
            arrived_s = float(t_s[-1]) + self._config.transport_s
            if 100 * self._frame_rng.random() >= self._config.loss_pct and kept.any():
                return Frame(at=HostTime(self._delivered_s(arrived_s)), t_s=t_s[kept])
        return None

    def _taken(self, start: int, stop: int) -> FloatArray:
        """Give the times at which samples are taken: those of an even rate, or about."""
        jitter = self._config.jitter_pct / 100 * self._jitter_rng.standard_normal(stop - start)
        places = np.arange(start, stop) + np.clip(jitter, -_LARGEST_JITTER, _LARGEST_JITTER)
        taken: FloatArray = np.maximum(places, 0.0) / self._config.rate_hz
        return taken

    def _kept(self, n: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return 100 * self._sample_rng.random(n) >= self._config.sample_loss_pct

    def _delivered_s(self, ready_s: float) -> float:
        """Give the first time, once a frame is ready, at which the radio delivers."""
        if not self._config.bunch_s:
            return ready_s
        while self._delivery_s < ready_s:
            self._delivery_s += self._delivery_rng.uniform(0.0, self._config.bunch_s)
        return self._delivery_s
