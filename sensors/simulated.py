"""A simulated runner: a sensor that also listens.

`Runner` says when the feet fall, `Body` what the sensor feels of it, and this file sends that in frames, in virtual
time: `take` makes samples up to the end of its frame and no further, so a beat that is committed ahead of its time
reaches the runner before the steps that it changes. Seed, settings, course and beats determine every byte; how the
calls interleave does not, nor does the size of the frames change a sample.

Device stamps are host time: this sensor's clock does not drift.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from coach.config import SimulationConfig
from coach.model import Beat, FloatArray, HostTime, Packet, Placement, SensorState
from coach.ports import SensorInput
from sensors import rows
from sensors.body import SENSOR_SIDE, Body
from sensors.course import Course, endless
from sensors.runner import Runner, Side

WINDOW_S = 10.0
# Longer than any step: for no longer does the body move before the first contact of a run and after its last.
_MARGIN_S = 1.0
# No run goes on across a longer time without a contact.
_PAUSE_S = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Footfall:
    """The contact of a foot, exactly as simulated."""

    t_s: float
    foot: Side


class SimulatedRunner:
    """A `Source` of acceleration and a `BeatListener`.

    Parameters
    ----------
    config : the settings `[simulation]`.
    course : what the runner sets out to do; without it, the stand and the cadence of the settings, without end.
    """

    id = "simulated"

    def __init__(self, config: SimulationConfig, course: Course | None = None) -> None:
        course = course or endless(config.stand_s, config.cadence_spm)
        self._config = config
        legs_rng, body_rng, self._radio_rng = np.random.default_rng(config.seed).spawn(3)
        self._runner = Runner(
            course,
            step_cv_pct=config.step_cv_pct,
            asymmetry_pct=config.asymmetry_pct,
            follows=config.follows,
            rng=legs_rng,
        )
        self._body = Body(config.placement, rate_hz=config.rate_hz, noise_g=config.noise_g, rng=body_rng)
        self._body.move(self._runner.last)
        self._steps: list[Footfall] = []
        # Where every frame is lost there is no next one to wait for.
        self._end_s = course.end_s if config.loss_pct < 100 else 0.0
        # Rows made and not yet taken; they end with sample number `_made`.
        self._ahead = np.empty((0, 4))
        self._made = 0
        self._connected = False
        self._frame = self._next_frame(0)

    @property
    def true_steps(self) -> Sequence[Footfall]:
        """The footfalls up to the last sample handed over."""
        return tuple(self._steps)

    @property
    def placement(self) -> Placement:
        """Where on the body the sensor is worn."""
        return self._config.placement

    def play(self, beat: Beat) -> None:
        """Hear a beat; those up to a footfall bear on the step after it."""
        self._runner.hear(beat)

    def next_at(self) -> HostTime | None:
        """Give the arrival of the next frame; the news of the link comes first, at 0."""
        if not self._connected:
            return HostTime(0.0)
        return self._arrival(self._frame) if self._frame else None

    def take(self) -> SensorInput:
        """Hand over the next input; samples are made no further than it reaches.

        Raises
        ------
        EOFError
            When the course is over, which `next_at` would have said.
        """
        if not self._connected:
            self._connected = True
            return self._state()
        if self._frame is None:
            raise EOFError("the course is over")
        frame, self._frame = self._frame, self._next_frame(self._frame.stop)
        payload = rows.encode(self._make(frame))
        return Packet(at=self._arrival(frame), sensor=self.id, codec="rows", payload=payload)

    def _state(self) -> SensorState:
        return SensorState(
            at=HostTime(0.0),
            sensor=self.id,
            state="connected",
            rate_hz=self._config.rate_hz,
            placement=self._config.placement,
            name="simulated runner",
        )

    def _arrival(self, frame: range) -> HostTime:
        return HostTime(frame[-1] / self._config.rate_hz + self._config.transport_s)

    def _next_frame(self, start: int) -> range | None:
        """Find the next frame that is not lost, as a range of samples."""
        size = max(1, round(self._config.frame_s * self._config.rate_hz))
        end = self._end_s * self._config.rate_hz
        while start < end:
            stop = start + size if start + size <= end else math.ceil(end)
            if 100 * self._radio_rng.random() >= self._config.loss_pct:
                return range(start, stop)
            start = stop
        return None

    def _make(self, frame: range) -> FloatArray:
        """Make the rows of a frame, and those of lost ones before it: the runner runs on and the sensor senses."""
        while self._made < frame.stop:
            self._ahead = np.concatenate([self._ahead, self._stretch()])
        first = len(self._ahead) - (self._made - frame.start)
        made, self._ahead = np.split(self._ahead[first:], [len(frame)])
        return made

    def _stretch(self) -> FloatArray:
        """Make rows up to the next moment of the gait, which is fixed by now, or a second of a rest without end."""
        rate_hz = self._config.rate_hz
        now_s = self._made / rate_hz
        while (moment := self._runner.last).t_s <= now_s:
            if moment.is_contact:
                self._steps.append(Footfall(t_s=moment.t_s, foot=moment.side))
            self._body.move(self._runner.move())
        # Where rounding hides that the moment lies ahead, there is one sample before it all the same.
        stop = max(math.ceil(min(moment.t_s, now_s + 1) * rate_hz), self._made + 1)
        t_s = np.arange(self._made, stop) / rate_hz
        self._made = stop
        return np.column_stack([t_s, self._body.sense(t_s)])


def record(runner: SimulatedRunner, duration_s: float) -> Iterator[FloatArray]:
    """Yield rows, shape (n, 5): arrival_s, t_s, ax_g, ay_g, az_g, of all samples before `duration_s`.

    The runner runs on for a moment, so that `truth` knows the step in which the recording ends.
    """
    while runner.next_at() is not None:
        item = runner.take()
        if not isinstance(item, Packet):
            continue
        samples = rows.decode(item)
        if samples.device_s[0] > duration_s + _MARGIN_S:
            return
        inside = samples.device_s < duration_s
        if inside.any():
            yield np.column_stack([samples.at_s, samples.device_s, samples.acc_g])[inside]


def truth(runner: SimulatedRunner, duration_s: float) -> dict[str, object]:
    """Tell what happened in a recording: every footfall, and the cadence of each window of ten seconds.

    A window is `ok` when it lies wholly inside a run or, marked `still`, wholly outside.
    """
    steps = [step for step in runner.true_steps if step.t_s < duration_s]
    times_s = np.array([step.t_s for step in runner.true_steps])
    return {
        "kind": "simulated",
        "placement": runner.placement,
        "sensor_foot": SENSOR_SIDE,
        "step_times_s": [round(step.t_s, 6) for step in steps],
        "feet": [step.foot for step in steps],
        "windows": [_window(times_s, i * WINDOW_S) for i in range(int(duration_s // WINDOW_S))],
    }


def _window(steps_s: FloatArray, t0: float) -> dict[str, object]:
    t1 = t0 + WINDOW_S
    first, last = np.searchsorted(steps_s, [t0 - _MARGIN_S, t1 + _MARGIN_S])
    near_s = steps_s[first:last]
    window: dict[str, object] = {"t0": t0, "t1": t1}
    if not len(near_s):
        return window | {"cadence_spm": 0.0, "ok": True, "still": True}
    count = np.ptp(np.interp([t0, t1], near_s, np.arange(len(near_s))))
    whole = near_s[0] <= t0 and t1 <= near_s[-1] and np.diff(near_s).max() < _PAUSE_S
    return window | {"cadence_spm": round(float(count) * 60 / WINDOW_S, 2), "ok": bool(whole)}
