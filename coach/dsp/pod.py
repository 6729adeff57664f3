"""Running Speed and Cadence pods: what the cadence byte counts, and how long a value may be shown.

The specification counts strides of the foot with the pod; some devices send steps. A wrong guess is the field's
commonest defect, so it is decided once per device, from running packets only, and never again per packet.

Sources: Bluetooth SIG GATT Specification Supplement (RSC Measurement); devices seen in the field send both.
"""

from __future__ import annotations

from typing import Literal

from coach.model import PodReading

Unit = Literal["strides", "steps"]
UnitSetting = Literal["auto", "strides", "steps"]

VOTES = 4
"""So many running packets, agreeing in the majority, decide."""

RUNNING_MPS = 1.4
STRIDES_BELOW = 110
STEPS_ABOVE = 130
"""Runners take 140 to 240 steps, 70 to 120 strides, a minute. Between 110 and 130 only a sprint counts strides."""

SPRINT_MPS = 4.5
STALE_S = 3.0
GONE_S = 5.0
"""A value is shown as stale after 3 s without a packet, and not at all after 5 s."""


class PodCadence:
    """Turns the packets of one pod into steps a minute of both feet.

    Latency: that of the pod, which averages over some seconds and sends once a second; under "auto" the first reading
    comes with the fourth running packet. Failure modes: a pod that sends steps to a walker faster than 1.4 m/s at
    under 110 reads double; one set to send power in the cadence byte reads nonsense.
    """

    def __init__(self, setting: UnitSetting) -> None:
        self.unit: Unit | None = None if setting == "auto" else setting
        self._votes: list[Unit] = []

    def push(self, reading: PodReading) -> float | None:
        """Give steps a minute; None while the unit is undecided, 0 while standing."""
        if reading.raw_per_min == 0:
            return 0.0
        if self.unit is None:
            self._vote(reading)
        if self.unit is None:
            return None
        return float(reading.raw_per_min * (2 if self.unit == "strides" else 1))

    def _vote(self, reading: PodReading) -> None:
        if reading.speed_mps < RUNNING_MPS and not (reading.running and reading.speed_mps == 0):
            return
        self._votes.append(_ballot(reading))
        for unit in ("strides", "steps"):
            if self._votes.count(unit) >= VOTES:
                self.unit = unit


def _ballot(reading: PodReading) -> Unit:
    if reading.raw_per_min < STRIDES_BELOW:
        return "strides"
    if reading.raw_per_min > STEPS_ABOVE:
        return "steps"
    return "strides" if reading.speed_mps >= SPRINT_MPS else "steps"
