"""A runner without a body, on whom the coach is tried: footfalls and readings at the times when they become known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from coach.coaching.coach import Coach
from coach.coaching.nudge import Nudge
from coach.coaching.phase import other_foot
from coach.coaching.target import Band
from coach.config import Config
from coach.model import Beat, Cadence, CadenceStatus, Decision, Foot, Prompt

TICK_S = 0.05
READING_TICKS = 4
STEP_KNOWN_AFTER_S = 0.2
BAND = (170.0, 190.0)

Heard = Beat | Decision | Prompt
Spm = float | None | Callable[["Track"], float]


def reading(spm: float | None, at_s: float, status: CadenceStatus = "locked") -> Cadence:
    return Cadence(t_s=at_s, available_s=at_s, spm=spm, status=status, source="steps", sensor="sensor")


class Track:
    """Time goes in ticks; a beat is committed at its deadline, before anything later, as the fold does it."""

    def __init__(
        self,
        config: Config,
        *,
        band: tuple[float, float] = BAND,
        latency_s: float = 0.0,
        phase_known: bool = True,
        voice: bool = False,
    ) -> None:
        self._voice = Coach(config, Band(*band)) if voice else None
        self.coach = Nudge(config.coaching, Band(*band)) if self._voice is None else self._voice
        self.coach.set_phase_known(phase_known)
        self.events: list[Heard] = []
        self.steps: list[tuple[float, Foot]] = []
        self.now = 0.0
        self.steps_known = True
        self._tick = 0
        self._told = 0
        self.output(latency_s)

    def run(self, for_s: float, pace: Spm, status: CadenceStatus = "idle") -> Track:
        """Go on at a pace, steps a minute; or None: nobody runs, and the readings say so."""
        for _ in range(round(for_s / TICK_S)):
            self._tick += 1
            self.now = self._tick * TICK_S
            spm = pace(self) if callable(pace) else pace
            self._advance()
            if spm is not None:
                self._step(spm)
                self._tell_steps()
            if self._tick % READING_TICKS == 0:
                self._read(reading(spm, self.now, status if spm is None else "locked"))
        return self

    def until(self, mode: str, pace: Spm) -> Track:
        """Go on until a mode is entered."""
        for _ in range(1000):
            if mode in self.modes():
                return self
            self.run(0.2, pace)
        raise AssertionError(f"no {mode} in {self.modes()}")

    def lose(self, for_s: float, pace: Spm) -> Track:
        """Run on unseen: the sensor is lost, which is told once, as the fold does it."""
        self._read(reading(None, self.now, "lost"))
        for _ in range(round(for_s / TICK_S)):
            self._tick += 1
            self.now = self._tick * TICK_S
            self._advance()
            spm = pace(self) if callable(pace) else pace
            if spm is not None:
                self._step(spm)
            self._told = len(self.steps)
        return self

    def output(self, latency_s: float, *, audible: bool = True) -> Track:
        if isinstance(self.coach, Nudge):
            return self.tell(self.coach.set_output(latency_s, audible=audible, at_s=self.now))
        return self.tell(self.coach.output(latency_s, 0.0, audible=audible, at_s=self.now))

    def tell(self, events: Iterable[Heard]) -> Track:
        self.events += events
        return self

    def _advance(self) -> None:
        earliest_s = self.now - TICK_S
        for _ in range(50):  # more than fall due in a tick: a deadline that never passes would hang the fold
            deadline_s = self.coach.deadline_s
            if deadline_s is None or deadline_s > self.now:
                return
            at_s = earliest_s = max(deadline_s, earliest_s)
            self.events += self.coach.commit(at_s) if isinstance(self.coach, Nudge) else self.coach.due(at_s)
        raise AssertionError(f"the deadline {self.coach.deadline_s} does not pass")

    def _step(self, spm: float) -> None:
        last_s, foot = self.steps[-1] if self.steps else (-60.0, "other")
        next_s = last_s + 60 / spm
        if next_s < self.now - 2 * TICK_S:  # ran not until now
            next_s = self.now
        if next_s <= self.now:
            self.steps.append((next_s, other_foot(foot)))

    def _tell_steps(self) -> None:
        while self._told < len(self.steps) and self.steps[self._told][0] + STEP_KNOWN_AFTER_S <= self.now:
            if self.steps_known:
                self.coach.contact(*self.steps[self._told], self.now)
            self._told += 1

    def _read(self, cadence: Cadence) -> None:
        if isinstance(self.coach, Nudge):
            self.events += self.coach.cadence(cadence, self.now)
        else:
            self.events += self.coach.cadence(cadence)

    @property
    def told_steps(self) -> list[tuple[float, Foot]]:
        """The steps that the coach knows of."""
        return self.steps[: self._told]

    @property
    def beats(self) -> list[Beat]:
        return [event for event in self.events if isinstance(event, Beat)]

    @property
    def decisions(self) -> list[Decision]:
        return [event for event in self.events if isinstance(event, Decision)]

    @property
    def prompts(self) -> list[Prompt]:
        return [event for event in self.events if isinstance(event, Prompt)]

    def modes(self) -> list[str]:
        """Modes, each as often as it is entered."""
        modes = [decision.mode for decision in self.decisions]
        return [mode for before, mode in pairwise([None, *modes]) if mode is not None and mode != before]

    def first(self, mode: str) -> Decision:
        return next(decision for decision in self.decisions if decision.mode == mode)

    def heard_spm(self) -> list[tuple[float, float]]:
        """Time of each beat but the first, and the tempo that its interval is heard as."""
        return [(b.t_s, 60 / (b.t_s - a.t_s)) for a, b in pairwise(self.beats) if b.t_s - a.t_s < 1.0]

    def off_s(self, beat: Beat) -> float:
        """Give how far a beat is from the footfall nearest to it."""
        return min(abs(beat.t_s - contact_s) for contact_s, _ in self.steps)


def follows(own_spm: float) -> Callable[[Track], float]:
    """Run at the tempo heard last, at one's own without a beat."""
    spm = own_spm

    def pace(track: Track) -> float:
        nonlocal spm
        heard = [beat.t_s for beat in track.beats[-12:] if beat.t_s <= track.now]
        if len(heard) >= 2 and heard[-1] - heard[-2] < 1.0:
            spm += 0.05 * (60 / (heard[-1] - heard[-2]) - spm)
        return spm

    return pace


def sways(spm: float, by_spm: float, every_s: float) -> Callable[[Track], float]:
    """Run at a cadence, and for half of every so long at another, that is so much higher."""
    return lambda track: spm + (by_spm if track.now % every_s >= every_s / 2 else 0.0)


def silences(beats: list[Beat]) -> Iterator[float]:
    return (later.t_s - beat.t_s for beat, later in pairwise(beats) if later.t_s - beat.t_s > 1.0)
