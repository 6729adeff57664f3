"""One sensor's way from packets to what its wearer does: readings in, steps, cadence and news out.

A sensor may carry several things at once (a strap: acceleration and heart rate; a pod: cadence and battery), so what
it is good for is found from what it sends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from coach.config import SensorConfig
from coach.dsp.cadence import CadenceEngine
from coach.dsp.pod import GONE_S, STALE_S, PodCadence
from coach.dsp.resample import LARGEST_HOLE_S
from coach.dsp.timebase import FirstRate, Loss, Stamped, Timebase
from coach.model import (
    BatteryReading,
    Cadence,
    CadenceSource,
    CadenceStatus,
    Event,
    Frame,
    Gap,
    HeartRate,
    HeartRateReading,
    Placement,
    PodReading,
    Reading,
    Samples,
    SensorEvent,
    SensorState,
    Series,
    Speed,
)

SAMPLES_LOST_S = 3.0
"""No samples for so long are no data. Frames of some devices come in bunches of up to 1.4 s."""

REPEAT_S = 0.25
"""A pod's value is said again so often while it holds."""

LOW_BATTERY_PCT = 15
WEAK_DBM = -88
"""A signal that is weaker when the device is found will break off now and then."""

ENOUGH_HZ = 24.5
MEASURE_S = 5.0
"""The rate of a sensor is looked at once, over so long; fewer samples a second than the first show steps badly."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is heard at a moment of host time: an event, or that time has come so far.

    Parameters
    ----------
    host_delay_s : what to add to the event's `t_s` for host time, as known at the moment.
    """

    at_s: float
    event: Event | None = None
    host_delay_s: float = 0.0


def _said(event: Cadence | Gap | HeartRate | SensorEvent | Speed) -> Heard:
    return Heard(event.available_s, event)


class Listener:
    """Follows one sensor. Calls come in the order of host time; `due` is to be called at `deadline_s`.

    Parameters
    ----------
    sensor : its id.
    config : the sensor section of the settings.
    """

    def __init__(self, sensor: str, config: SensorConfig) -> None:
        self._sensor = sensor
        self._config = config
        self._placement: Placement = config.placement
        self._engine: CadenceEngine | None = None
        self._timebase = Timebase()
        self._rate_hz: float | None = None
        self._linked = False
        self._pod = PodCadence(config.pod_cadence)
        self._pod_at_s: float | None = None
        self._pod_gone_s: float | None = None
        self._repeats = 0
        self._samples_at_s: float | None = None
        self._told: set[str] = set()
        self._rate = FirstRate(MEASURE_S)
        self._faster = ""

    @property
    def phase_known(self) -> bool:
        """Whether this sensor's steps are contacts of the feet."""
        return self._engine is not None and self._engine.phase_known

    @property
    def deadline_s(self) -> float:
        """When something falls due without a packet; infinite while nothing does."""
        samples_s = math.inf if self._samples_at_s is None else self._samples_at_s + SAMPLES_LOST_S
        return min(samples_s, self._repeat_s)

    @property
    def _repeat_s(self) -> float:
        return math.inf if self._pod_at_s is None else self._pod_at_s + (self._repeats + 1) * REPEAT_S

    # --- the link -------------------------------------------------------------------------------------------------

    def state(self, state: SensorState) -> Iterator[Heard]:
        """Take news of the link."""
        yield self._news(state.at, state.state, state.reason or _who(state), state.battery_pct)
        if state.state == "connected":
            yield from self._connected(state)
        elif state.state in ("reconnecting", "lost", "ended"):
            yield from self._samples_lost(state.at)
            yield from self._pod_lost(state.at)

    def _connected(self, state: SensorState) -> Iterator[Heard]:
        self._rate_hz, self._faster, self._linked = state.rate_hz, state.faster, True
        if self._placement == "unknown" and state.placement is not None:
            self._placement = state.placement
        self._timebase.reconnect(state.rate_hz)
        self._rate = FirstRate(MEASURE_S)
        if state.battery_pct is not None:
            yield from self._battery(state.at, state.battery_pct)
        if state.rssi_dbm is not None and state.rssi_dbm < WEAK_DBM:
            reason = f"{state.rssi_dbm} dBm: bring the sensor nearer, or keep your body out of the way"
            yield from self._once(self._news(state.at, "signal_weak", reason))

    def _battery(self, at_s: float, pct: int) -> Iterator[Heard]:
        if pct <= LOW_BATTERY_PCT:
            yield from self._once(self._news(at_s, "battery_low", f"{pct} % left", pct))

    def _once(self, news: Heard) -> Iterator[Heard]:
        """Let news through that was not told before in this run."""
        assert isinstance(news.event, SensorEvent)
        if news.event.state not in self._told:
            self._told.add(news.event.state)
            yield news

    def _news(self, at_s: float, state: str, reason: str = "", battery_pct: int | None = None) -> Heard:
        return _said(
            SensorEvent(
                t_s=at_s, available_s=at_s, sensor=self._sensor, state=state, reason=reason, battery_pct=battery_pct
            )
        )

    def _samples_lost(self, at_s: float) -> Iterator[Heard]:
        """Say once that no samples come any more."""
        if self._samples_at_s is not None:
            self._samples_at_s = None
            yield _said(self._lost(at_s, "steps"))

    def _pod_lost(self, at_s: float) -> Iterator[Heard]:
        """Say once that no packets come from the pod any more."""
        if self._pod_at_s is not None:
            self._pod_gone_s, self._pod_at_s = self._pod_at_s, None
            yield _said(self._lost(at_s, "rsc"))

    # --- readings -------------------------------------------------------------------------------------------------

    def reading(self, reading: Reading) -> Iterator[Heard]:
        """Take what a packet held."""
        match reading:
            case Samples() | Series() | Frame():
                yield from self._acceleration(reading)
            case PodReading():
                yield from self._pod_packet(reading)
            case HeartRateReading():
                if reading.bpm > 0:
                    yield _said(HeartRate(t_s=reading.at, available_s=reading.at, bpm=reading.bpm, sensor=self._sensor))
            case BatteryReading():
                yield from self._battery(reading.at, reading.pct)
            case _:
                assert_never(reading)

    def _acceleration(self, reading: Samples | Series | Frame) -> Iterator[Heard]:
        if isinstance(reading, Frame) and self._rate_hz is None and reading.stamped:
            if self._linked:
                yield from self._once(self._news(reading.at, "rate_unknown", "its driver must say its rate (rate_hz)"))
            return  # it cannot be stamped; or it outran the news of its stream's start
        if self._engine is None:
            self._engine = CadenceEngine(self._sensor, self._placement, self._config.side)
        stamped = self._timebase.push(reading)
        for loss in self._timebase.take_losses():
            if loss.length_s <= LARGEST_HOLE_S:  # the engine tells of longer ones
                yield self._lost_frames(loss, float(stamped.at_s[-1]))
        for part in _parts(stamped, self._rate.push(stamped.t_s)):
            yield Heard(float(part.at_s[0]))
            self._samples_at_s = float(part.at_s[-1])
            for hop in self._engine.push(part):
                for event in hop.events:
                    yield Heard(hop.at_s, event, hop.host_delay_s)
            if part.t_s[-1] == self._rate.known_s:
                yield from self._slow(float(part.at_s[-1]))

    def _slow(self, at_s: float) -> Iterator[Heard]:
        """Say once that the sensor sends too few samples a second, and what to do."""
        if self._rate.hz is not None and self._rate.hz < ENOUGH_HZ:
            what = f"{self._rate.hz:.0f} samples a second; steps want 25 or more"
            yield from self._once(self._news(at_s, "rate_low", f"{what}: {self._faster}" if self._faster else what))

    def _lost_frames(self, loss: Loss, at_s: float) -> Heard:
        gap = Gap(
            t_s=loss.t_s, available_s=at_s, length_s=loss.length_s, reason="frames were lost", sensor=self._sensor
        )
        return _said(gap)

    def _pod_packet(self, reading: PodReading) -> Iterator[Heard]:
        self._pod_at_s, self._repeats = reading.at, 0
        for news in self._pod.push(reading):
            yield self._news(reading.at, news.state, news.reason)
        if self._pod_gone_s is not None:
            yield self._pod_gap(self._pod_gone_s, reading.at)
            self._pod_gone_s = None
        yield _said(Speed(t_s=reading.at, available_s=reading.at, mps=reading.speed_mps, sensor=self._sensor))
        yield self._pod_reading(reading.at)

    def _pod_gap(self, since_s: float, at_s: float) -> Heard:
        length_s = at_s - since_s
        return _said(Gap(t_s=since_s, available_s=at_s, length_s=length_s, reason="no packets", sensor=self._sensor))

    # --- deadlines ------------------------------------------------------------------------------------------------

    def due(self) -> Iterator[Heard]:
        """Do what falls due at `deadline_s`: say that no data come, or a pod's value once more."""
        at_s = self.deadline_s
        if self._repeat_s > at_s:
            yield from self._samples_lost(at_s)
            return
        self._repeats += 1
        if self._repeats * REPEAT_S >= GONE_S:
            yield from self._pod_lost(at_s)
        else:
            yield self._pod_reading(at_s)

    def _pod_reading(self, at_s: float) -> Heard:
        assert self._pod_at_s is not None
        value = self._pod.spm
        status: CadenceStatus = "acquiring" if value is None else "locked" if value > 0 else "idle"
        return _said(
            Cadence(
                t_s=self._pod_at_s,
                available_s=at_s,
                spm=value or None,
                status=status,
                source="rsc",
                sensor=self._sensor,
                stale=self._pod.stale or self._repeats * REPEAT_S >= STALE_S,
            )
        )

    def _lost(self, at_s: float, source: CadenceSource) -> Cadence:
        return Cadence(t_s=at_s, available_s=at_s, spm=None, status="lost", source=source, sensor=self._sensor)


def _parts(stamped: Stamped, last: int | None) -> Iterator[Stamped]:
    """Split samples after `last`, and where no data were known to come for long between two arrivals."""
    silences = np.flatnonzero(stamped.at_s[:-1] + SAMPLES_LOST_S <= stamped.at_s[1:]) + 1
    starts = sorted({*silences.tolist(), *(() if last is None else (last + 1,))})
    for start, end in zip((0, *starts), (*starts, len(stamped.at_s)), strict=True):
        if end > start:
            yield Stamped(*[column[start:end] for column in stamped])


def _who(state: SensorState) -> str:
    return f"{state.name} ({state.model})" if state.name and state.model else state.name or state.model
