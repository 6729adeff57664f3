"""A simulated runner: a sensor that also listens.

`Runner` says when the feet fall and what is done between runs, `Body` what a place on the body feels of it, `Wear` what
a sensor there makes of that, and `Radio` when its samples are taken and arrive. This file turns the crank, in virtual
time: `take` makes the world up to the end of its frame, or the end of the step in which that lies, and no further, so
a beat that is committed ahead of its time reaches the runner before the steps that it changes. Seed, settings, course
and beats determine every byte; how the calls interleave does not, nor does the size of the frames change a sample.

The world has ticks of its own, whatever the rate of the sensor: the same seed at another rate is the same run.

Device stamps are host time: this sensor's clock does not drift.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from coach.config import SimulationConfig
from coach.model import Beat, Cue, FloatArray, HostTime, Packet, Placement, SensorState
from coach.ports import SensorInput
from sensors import rows
from sensors.body import SENSOR_SIDE, Body
from sensors.course import Course, endless
from sensors.following import Following
from sensors.forms import Gait
from sensors.processes import WORLD_HZ
from sensors.radio import Radio
from sensors.runner import FOLLOWING, Runner, Side
from sensors.wear import Wear

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
    gait: Gait


class SimulatedRunner:
    """A `Source` of acceleration and an `Ear`.

    Parameters
    ----------
    config : the settings `[simulation]`.
    course : what the runner sets out to do; without it, the stand and the cadence of the settings, without end.
    following : how a beat draws the runner; without it, as the settings say.
    """

    id = "simulated"

    def __init__(
        self, config: SimulationConfig, course: Course | None = None, following: Following | None = None
    ) -> None:
        course = course or endless(config.stand_s, config.cadence_spm)
        self._config = config
        legs_rng, body_rng, wear_rng, radio_rng = np.random.default_rng(config.seed).spawn(4)
        self._runner = Runner(
            course,
            step_cv_pct=config.step_cv_pct,
            asymmetry_pct=config.asymmetry_pct,
            following=following or FOLLOWING[config.follows],
            rng=legs_rng,
        )
        self._body = Body(config.placement, person=config.person, start=self._runner.last, rng=body_rng)
        self._wear = Wear(
            rate_hz=config.rate_hz,
            noise_g=config.noise_g,
            range_g=config.range_g,
            scale=config.scale,
            gravity=config.gravity,
            turn_every_s=config.turn_every_s,
            rng=wear_rng,
        )
        self._radio = Radio(config, course.end_s, radio_rng)
        self._steps: list[Footfall] = []
        # The signal at the latest ticks of the world: times, and three axes. `_ticks` counts all that were made.
        self._signal = np.empty((0, 4))
        self._ticks = 0
        self._connected = False
        self._frame = self._radio.next_frame()

    @property
    def true_steps(self) -> Sequence[Footfall]:
        """The footfalls up to the last sample handed over."""
        return tuple(self._steps)

    @property
    def placement(self) -> Placement:
        """Where on the body the sensor is worn."""
        return self._config.placement

    def play(self, cue: Cue) -> None:
        """Hear a beat; those up to a footfall bear on the step after it. Words change nothing."""
        if isinstance(cue, Beat):
            self._runner.hear(cue)

    def next_at(self) -> HostTime | None:
        """Give the arrival of the next frame; the news of the link comes first, at 0."""
        if not self._connected:
            return HostTime(0.0)
        return self._frame.at if self._frame else None

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
        frame, self._frame = self._frame, self._radio.next_frame()
        payload = rows.encode(self._sampled(frame.t_s))
        return Packet(at=frame.at, sensor=self.id, codec="rows", payload=payload)

    def _state(self) -> SensorState:
        return SensorState(
            at=HostTime(0.0),
            sensor=self.id,
            state="connected",
            rate_hz=self._config.rate_hz,
            placement=self._config.placement,
            name="simulated runner",
        )

    def _sampled(self, t_s: FloatArray) -> FloatArray:
        """Give rows at times after those of the frame before, also across lost ones: the runner runs on meanwhile."""
        while not len(self._signal) or self._signal[-1, 0] < t_s[-1]:
            self._signal = np.concatenate([self._signal, self._stretch()])
        ticks_s, *axes = self._signal.T
        sampled = np.column_stack([t_s, *(np.interp(t_s, ticks_s, axis) for axis in axes)])
        self._signal = self._signal[max(np.searchsorted(ticks_s, t_s[-1]) - 1, 0) :]
        return sampled

    def _stretch(self) -> FloatArray:
        """Make the world up to the next moment, which is fixed by now, or a second of a longer rest."""
        now_s = self._ticks / WORLD_HZ
        while (moment := self._runner.last).t_s <= now_s:
            if moment.is_contact and moment.segment.gait:
                self._steps.append(Footfall(t_s=moment.t_s, foot=moment.side, gait=moment.segment.gait))
            self._body.move(self._runner.move())
        # Where rounding hides that the moment lies ahead, there is one tick before it all the same.
        stop = max(math.ceil(min(moment.t_s, now_s + 1) * WORLD_HZ), self._ticks + 1)
        t_s = np.arange(self._ticks, stop) / WORLD_HZ
        self._ticks = stop
        return np.column_stack([t_s, self._wear.sense(t_s, *self._body.feel(t_s))])


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

    A window is `ok` when it lies wholly inside a run or walk or, marked `still`, wholly outside; it names its `gait`
    where all its steps are of one.
    """
    steps = [step for step in runner.true_steps if step.t_s < duration_s]
    windows = [_window(runner.true_steps, i * WINDOW_S) for i in range(int(duration_s // WINDOW_S))]
    return {
        "kind": "simulated",
        "placement": runner.placement,
        "sensor_foot": SENSOR_SIDE,
        "step_times_s": [round(step.t_s, 6) for step in steps],
        "feet": [step.foot for step in steps],
        "windows": windows,
    }


def _window(steps: Sequence[Footfall], t0: float) -> dict[str, object]:
    t1 = t0 + WINDOW_S
    near = [step for step in steps if t0 - _MARGIN_S <= step.t_s < t1 + _MARGIN_S]
    window: dict[str, object] = {"t0": t0, "t1": t1}
    if not near:
        return window | {"cadence_spm": 0.0, "ok": True, "still": True}
    near_s = np.array([step.t_s for step in near])
    count = np.ptp(np.interp([t0, t1], near_s, np.arange(len(near_s))))
    whole = near_s[0] <= t0 and t1 <= near_s[-1] and np.diff(near_s).max() < _PAUSE_S
    window |= {"cadence_spm": round(float(count) * 60 / WINDOW_S, 2), "ok": bool(whole)}
    gaits = {step.gait for step in near if t0 <= step.t_s < t1}
    return window | {"gait": gaits.pop()} if len(gaits) == 1 else window
