"""Which reading counts when a runner wears several sensors: selection, not averaging.

Sensed steps lead. While there are none a pod stands in, and once it has a reading it gives way only to steps that were
locked for three seconds. Steps that were locked and are no longer, though their wearer moves, are lost after 1.5 s.
Steps that say "idle" are not lost: they tell that nobody runs, which a pod notices seconds later.

A pod also checks the octave of the steps. When the two stay an octave apart for ten seconds, the pod's speed decides:
if only the pod's reading is one that people have at that speed, the pod leads until the steps agree with it; in any
other case the steps go on leading. Either way the runner is told once, because one of the two needs attention: a pod
with the wrong unit is as likely as steps at half their rate.

Of two sensors that feel steps the first to be heard leads, and keeps the lead for whole bouts: the other takes over
when the leader's steps were not locked for 1.5 s while its own are.
"""

from __future__ import annotations

import math

from coach.dsp.pod import fits, usual_spm
from coach.model import Cadence, SensorEvent, Speed

TAKEOVER_S = 1.5
BACK_S = 3.0

APART_S = 10.0
"""A pod averages over some seconds: after a change of pace it may be apart for so long, though hardly by an octave."""


class Selection:
    """Tells of each reading, in the order in which they became known, whether it counts.

    Attributes
    ----------
    steps_lead : whether the readings that count are those of steps, so that the steps do too.
    """

    def __init__(self) -> None:
        self.steps_lead = False
        self._leader = ""
        self._leader_locked_s = -math.inf
        self._pod: Cadence | None = None
        self._speed_mps = 0.0
        self._locked_at_s: float | None = None
        self._locked_since_s: float | None = None
        self._apart_since_s: float | None = None
        self._news: list[SensorEvent] = []
        self._told: set[str] = set()

    def hear(self, speed: Speed) -> None:
        """Take the pod's speed, which tells whether a reading is in the right octave."""
        self._speed_mps = speed.mps

    def counts(self, reading: Cadence) -> bool:
        """Take a reading; tell whether it is the one to believe."""
        if reading.source == "rsc":
            self._pod = reading
            return not self.steps_lead
        if not self._is_of_leader(reading):
            return False
        if reading.status == "lost":
            led = self.steps_lead
            self._drop_steps()
            self._leader_locked_s = -math.inf
            return led
        self._check_octave(reading)
        if self.steps_lead and self._is_lost(reading):
            self._drop_steps()
        elif not self.steps_lead:
            self.steps_lead = self._pod is None or self._pod.spm is None or self._is_back(reading)
        return self.steps_lead

    def take_news(self) -> list[SensorEvent]:
        """Give what there is to say since the last call."""
        news, self._news = self._news, []
        return news

    # --- who leads ------------------------------------------------------------------------------------------------

    def leads(self, sensor: str) -> bool:
        """Tell whether the steps of a sensor count."""
        return self.steps_lead and sensor == self._leader

    def _is_of_leader(self, steps: Cadence) -> bool:
        """Tell whether the sensor leads that the steps are of, from now on or still."""
        if steps.sensor != self._leader:
            since_s = steps.available_s - self._leader_locked_s
            if self._leader and (steps.status != "locked" or since_s < TAKEOVER_S):
                return False
            self._leader = steps.sensor
            self._drop_steps()
        if steps.status == "locked":
            self._leader_locked_s = steps.available_s
        return True

    @property
    def _fresh_pod_spm(self) -> float | None:
        return None if self._pod is None or self._pod.stale else self._pod.spm

    def _drop_steps(self) -> None:
        self.steps_lead = False
        self._locked_at_s = self._locked_since_s = self._apart_since_s = None

    def _is_lost(self, steps: Cadence) -> bool:
        """Tell whether steps were locked, are not for 1.5 s, and a pod knows better."""
        if steps.status != "acquiring":
            self._locked_at_s = steps.available_s if steps.status == "locked" else None
        last_s = self._locked_at_s
        return self._fresh_pod_spm is not None and last_s is not None and steps.available_s - last_s >= TAKEOVER_S

    def _is_back(self, steps: Cadence) -> bool:
        if steps.spm is None or self._is_refuted(steps):
            self._locked_since_s = None
        elif self._locked_since_s is None:
            self._locked_since_s = steps.available_s
        return self._locked_since_s is not None and steps.available_s - self._locked_since_s >= BACK_S

    # --- the octave -----------------------------------------------------------------------------------------------

    def _check_octave(self, steps: Cadence) -> None:
        if not self._is_octave_apart(steps):
            self._apart_since_s = None
        elif self._apart_since_s is None:
            self._apart_since_s = steps.available_s
        elif steps.available_s - self._apart_since_s >= APART_S:
            self._settle_octave(steps)

    def _settle_octave(self, steps: Cadence) -> None:
        assert self._pod is not None  # what is an octave apart is apart from a pod
        between = f"the steps read {steps.spm:.0f}, the pod {self._pod.spm:.0f} at {self._speed_mps:.1f} m/s"
        if self._is_refuted(steps):
            self._drop_steps()
            self._tell(steps.sensor, "steps_doubtful", f"{between}: the pod counts", steps.available_s)
        else:
            hint = "the steps count; if the pod is right, check where the other sensor is worn"
            self._tell(self._pod.sensor, "octave_differs", f"{between}: {hint}", steps.available_s)

    def _is_octave_apart(self, steps: Cadence) -> bool:
        pod_spm = self._fresh_pod_spm
        if pod_spm is None or steps.spm is None:
            return False
        return 0.9 < abs(math.log2(steps.spm / pod_spm)) < 1.1

    def _is_refuted(self, steps: Cadence) -> bool:
        """Tell whether steps are an octave off the pod, at a speed that only the pod's reading fits."""
        pod_spm, usual = self._fresh_pod_spm, usual_spm(self._speed_mps, running=False)
        if pod_spm is None or steps.spm is None or not usual or not self._is_octave_apart(steps):
            return False
        return fits(pod_spm, usual) and not fits(steps.spm, usual)

    def _tell(self, sensor: str, state: str, reason: str, at_s: float) -> None:
        if state not in self._told:
            self._told.add(state)
            self._news.append(SensorEvent(t_s=at_s, available_s=at_s, sensor=sensor, state=state, reason=reason))
