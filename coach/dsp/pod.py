"""Running Speed and Cadence pods: what the cadence byte counts, and whether a value may be believed.

The specification counts strides of the foot with the pod; some devices send steps. A wrong guess is the field's
commonest defect, so it is decided once per device, from packets whose speed (or stride length) leaves no other
reading, and never again per packet. The next most common defect is a value that stays when the runner does not.

Theory. People take `usual_spm` steps a minute at a speed, more or less by a factor of 1.55, and a byte counts the unit
that makes it so. Where both units do, or neither, the packet is silent. At running speeds that leaves out bytes of
110 to 130, the range in which peers' fixed limits go wrong. At 1 to 2 m/s people walk or jog: unless the pod says
which, a packet votes only if both ways of moving give the same unit. A stride length of speed / rate says nothing new:
byte and length may both mean one foot, or both feet. One of half or twice that says what the byte counts, at any speed.

Sources: Bluetooth SIG GATT Specification Supplement (RSC Measurement); strides in the byte and one *step* as the
length from Polar (V800 manual), steps in the byte from Wahoo TICKR X (OpenTracks PR 1170), power in the byte from Stryd
in one of its modes (fellrnr.com), values that stick (OpenTracks issues 1925 and 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from coach.model import PodReading

Unit = Literal["strides", "steps"]
UnitSetting = Literal["auto", "strides", "steps"]

LEAD = 4
"""One unit must be ahead by so many packets, so that an odd packet costs two more and decides nothing."""

UNDECIDED_S = 20.0
"""Without a decision for so long, the runner is told what to do."""

WALKING_MPS, JOGGING_MPS, RUNNING_MPS = 1.0, 1.4, 2.0
"""Below the first, speed says nothing (pods err most there); from the second on a pod's word that one runs is taken
for it; from the third on people run (the transition is at 1.9 to 2.1 m/s: doi 10.1016/j.humov.2023.103117)."""

USUAL_FACTOR = 1.55
"""A rate fits within this factor of a usual one. At sqrt(2) one of two rates an octave apart would always fit, and only
one; this much more leaves a band in which both do, and nothing is decided."""

HIGHEST_SPM = 260.0

STALE_S = 3.0
GONE_S = 5.0
"""A value is shown as stale 3 s after what it stands on, and not at all after 5 s."""

SAME_BYTE_S, SAME_PACKET_S, SPEED_CHANGE_MPS = 20.0, 60.0, 1.5
"""A byte sticks that has not changed for 20 s while speed did, by so much; so does one in packets of a moving pod that
were identical for 60 s. Not measured on devices. The byte alone says nothing: who follows a beat keeps it for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodNews:
    """Something about the pod that the runner should know; each `state` is told once."""

    state: str
    reason: str


def usual_spm(speed_mps: float, *, running: bool) -> tuple[float, ...]:
    """Give the step rates, of both feet, that are usual at a speed; none where the speed tells nothing.

    Walkers' rate grows as about the square root of speed (Grieve and Gear 1966), 116 spm at 1.4 m/s; runners take about
    170 spm at 3 m/s (Lieberman 2015), 5.6 more per m/s (Burns 2019). Sprinters exceed the 190 that it ends at, by less
    than `USUAL_FACTOR`; it ends so that a pod which claims far too much speed keeps its reading.

    Parameters
    ----------
    running : the pod says so. It is also believed of a pod without speed, which sends 0.
    """
    run_spm = min(153 + 5.6 * speed_mps, 190.0)
    if speed_mps >= RUNNING_MPS or (running and (speed_mps == 0 or speed_mps >= JOGGING_MPS)):
        return (run_spm,)
    if speed_mps >= WALKING_MPS:
        return (98 * math.sqrt(speed_mps), run_spm)
    return ()


def fits(spm: float, usual: tuple[float, ...]) -> bool:
    """Tell whether people take `spm` steps where `usual` are usual; without any, whether they ever do."""
    return spm <= HIGHEST_SPM and (not usual or any(u / USUAL_FACTOR < spm < u * USUAL_FACTOR for u in usual))


class PodCadence:
    """Turns the packets of one pod into steps a minute of both feet. Packets come in the order of time.

    Latency: that of the pod, which averages over some seconds and sends about once a second; under "auto" the first
    reading comes with the fourth packet that votes. Failure modes: a walker's pod that counts steps and sends no
    telling length is not decided before its wearer runs; nor is a pod without speed and running bit, unless its byte
    is above 130.

    Attributes
    ----------
    unit : what the byte counts; once known it stays.
    spm : steps a minute; None while not known, 0 while standing.
    stale : the value is not to be trusted: it sticks, or newer packets make no sense.
    """

    def __init__(self, setting: UnitSetting) -> None:
        self.unit: Unit | None = None if setting == "auto" else setting
        self.spm: float | None = None
        self.stale = False
        self._lead = 0
        self._moving_since_s: float | None = None
        self._believed_at_s: float | None = None
        self._sameness = _Sameness()
        self._told: set[str] = set()

    def push(self, reading: PodReading) -> tuple[PodNews, ...]:
        """Take a packet; give the news that it brings."""
        self._sameness.push(reading)
        if reading.raw_per_min == 0:
            self._believe(0.0, reading)
            return ()
        decided = self._decide(reading) if self.unit is None else None
        other = self._undecided(reading) if self.unit is None else self._weigh(reading)
        return tuple(news for news in (decided, other) if news is not None)

    # --- the unit -------------------------------------------------------------------------------------------------

    def _decide(self, reading: PodReading) -> PodNews | None:
        ballot = _ballot(reading)
        if ballot is not None:
            self._lead += 1 if ballot == "strides" else -1
        if abs(self._lead) < LEAD:
            return None
        self.unit = "strides" if self._lead > 0 else "steps"
        raw = reading.raw_per_min
        steps = 2 * raw if self.unit == "strides" else raw
        counts = f"the pod counts {self.unit}: {raw} a minute is {steps} steps"
        return PodNews(state=f"counts_{self.unit}", reason=counts)

    def _undecided(self, reading: PodReading) -> PodNews | None:
        self.spm, self.stale = None, False
        if self._moving_since_s is None:
            self._moving_since_s = reading.at
        if reading.at - self._moving_since_s < UNDECIDED_S:
            return None
        usual, raw = _usual(reading), reading.raw_per_min
        if fits(raw, usual) or fits(2 * raw, usual):
            either = f"{_shown(reading)} may be {raw} or {2 * raw} steps"
            reason = f"{either}: run for some seconds, or set sensor.pod_cadence"
        else:
            reason = f"{_shown(reading)} are neither strides nor steps: see that the pod is not set to send power"
        return self._once(PodNews(state="unit_unknown", reason=reason))

    # --- the value ------------------------------------------------------------------------------------------------

    def _weigh(self, reading: PodReading) -> PodNews | None:
        spm = reading.raw_per_min * (2.0 if self.unit == "strides" else 1.0)
        if not fits(spm, _usual(reading)):
            hint = "check sensor.pod_cadence, and that the pod is not set to send power"
            reason = f"{_shown(reading)} cannot be {spm:.0f} steps: {hint}"
            return self._doubt(reading, PodNews(state="cadence_doubtful", reason=reason))
        if reading.speed_mps == 0 and self._sameness.has_moved:
            return self._doubt(reading, PodNews(state="cadence_sticks", reason=f"still {_shown(reading)}"))
        self._believe(spm, reading)
        return self._sticks(reading)

    def _believe(self, spm: float, reading: PodReading) -> None:
        self.spm, self.stale, self._believed_at_s = spm, False, reading.at

    def _doubt(self, reading: PodReading, news: PodNews) -> PodNews | None:
        """Hold the value of the last packet that made sense, as if this one had not come."""
        if self._believed_at_s is None:
            self._believed_at_s = reading.at
        age_s = reading.at - self._believed_at_s
        if age_s >= GONE_S:
            self.spm = 0.0 if reading.speed_mps == 0 else None
        self.stale = bool(self.spm) and age_s >= STALE_S
        return self._once(news) if age_s >= STALE_S else None

    def _sticks(self, reading: PodReading) -> PodNews | None:
        reason = self._sameness.why_stuck(reading)
        self.stale = bool(reason)
        return self._once(PodNews(state="cadence_sticks", reason=reason)) if reason else None

    def _once(self, news: PodNews) -> PodNews | None:
        if news.state in self._told:
            return None
        self._told.add(news.state)
        return news


class _Sameness:
    """Remembers since when a pod has said the same, and what its speed did meanwhile.

    A silence, and a speed after none, begin anew: what is then the same may well be so by chance.
    """

    def __init__(self) -> None:
        self._last: PodReading | None = None
        self._packet_since_s = self._byte_since_s = 0.0
        self._slowest_mps = self._fastest_mps = 0.0

    @property
    def has_moved(self) -> bool:
        """Whether the pod gave a speed since the byte is what it is."""
        return self._fastest_mps > 0

    def push(self, reading: PodReading) -> None:
        last, self._last = self._last, reading
        anew = last is None or reading.at - last.at >= GONE_S or last.speed_mps == 0 < reading.speed_mps
        if last is None or anew or replace(last, at=reading.at) != reading:
            self._packet_since_s = reading.at
        if last is None or anew or last.raw_per_min != reading.raw_per_min:
            self._byte_since_s = reading.at
            self._slowest_mps = self._fastest_mps = reading.speed_mps
        self._slowest_mps = min(self._slowest_mps, reading.speed_mps)
        self._fastest_mps = max(self._fastest_mps, reading.speed_mps)

    def why_stuck(self, reading: PodReading) -> str:
        """Say why the byte of the newest packet sticks; empty while it need not."""
        packet_s, byte_s = reading.at - self._packet_since_s, reading.at - self._byte_since_s
        if packet_s >= SAME_PACKET_S and reading.speed_mps > 0:
            return f"the very same packet for {packet_s:.0f} s: {_shown(reading)}"
        if byte_s >= SAME_BYTE_S and self._fastest_mps - self._slowest_mps >= SPEED_CHANGE_MPS:
            speeds = f"speed went between {self._slowest_mps:.1f} and {self._fastest_mps:.1f} m/s"
            return f"{reading.raw_per_min} a minute for {byte_s:.0f} s, while {speeds}"
        return ""


def _usual(reading: PodReading) -> tuple[float, ...]:
    return usual_spm(reading.speed_mps, running=reading.running)


def _shown(reading: PodReading) -> str:
    return f"{reading.raw_per_min} a minute at {reading.speed_mps:.1f} m/s"


def _ballot(reading: PodReading) -> Unit | None:
    """Give the unit that the packet speaks for; None where it speaks for none, or for both."""
    units = {_by_rate(reading), _by_length(reading)} - {None}
    return units.pop() if len(units) == 1 else None


def _by_rate(reading: PodReading) -> Unit | None:
    usual, raw = _usual(reading), reading.raw_per_min
    if fits(2 * raw, usual) == fits(raw, usual):
        return None
    return "steps" if fits(raw, usual) else "strides"


def _by_length(reading: PodReading) -> Unit | None:
    if not reading.stride_length_m or reading.speed_mps < WALKING_MPS / 2:
        return None
    ratio = reading.raw_per_min * reading.stride_length_m / (60 * reading.speed_mps)
    if 0.43 < ratio < 0.58:
        return "strides"  # and the length is one step, as Polar's is
    if 1.7 < ratio < 2.3:
        return "steps"  # and the length is a stride, as the specification has it
    return None
