"""The coach: what is heard of beats and of words, and that the two do not get in each other's way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coach.coaching.nudge import MARGIN_S, Nudge
from coach.coaching.prompts import LONGEST_S, TEMPO_S, Prompter
from coach.coaching.target import Band
from coach.config import Config
from coach.model import Beat, Cadence, CoachingMode, Decision, DecisionMode, Foot, Prompt, PromptName

CoachingEvent = Decision | Beat | Prompt

EXACT_S = 0.03
"""Where clicks are further than this from their times, nothing is gained by aiming them at footfalls."""


class Coach:
    """Decides what is heard. Times are host time in seconds; cadence and tempo are steps a minute.

    Parameters
    ----------
    config : the settings.
    band : the target.

    Notes
    -----
    All calls come in the order of their times. `due` is to be called at `deadline_s`, before anything later.
    """

    def __init__(self, config: Config, band: Band) -> None:
        self._nudge = Nudge(config.coaching, band)
        self._prompter = Prompter(config.voice)
        self._hysteresis_spm = config.coaching.hysteresis_spm
        self._announced: tuple[PromptName, int | None] | None = None
        self._mode: DecisionMode = "silent"
        self._latency_s = 0.0
        self._exact = True
        self._audible = True

    def output(self, latency_s: float, spread_s: float, *, audible: bool, at_s: float) -> Iterator[CoachingEvent]:
        """Take what the sound output says of itself: its latency, how exact it is, and whether it plays at all."""
        self._latency_s, self._exact, self._audible = latency_s, spread_s <= EXACT_S, audible
        yield from self._told(self._nudge.set_output(latency_s, audible=audible, at_s=at_s))

    def set_phase_known(self, known: bool) -> None:
        """Tell whether contacts are those of the feet, so that a beat may be aligned to them."""
        self._nudge.set_phase_known(known and self._exact)

    def cadence(self, cadence: Cadence) -> Iterator[CoachingEvent]:
        """Take a reading."""
        self._prompter.cadence(cadence)
        yield from self._told(self._nudge.cadence(cadence, cadence.available_s))

    def contact(self, contact_s: float, foot: Foot, at_s: float) -> None:
        """Take a foot contact, on host time, that became known at `at_s`."""
        self._nudge.contact(contact_s, foot, at_s)

    def pause(self, paused: bool, at_s: float) -> Iterator[CoachingEvent]:
        """Stop or go on coaching."""
        yield from self._told(self._nudge.pause(paused, at_s))

    def mute(self, muted: bool, at_s: float) -> Iterator[CoachingEvent]:
        """Stop or go on sounding."""
        yield from self._told(self._nudge.mute(muted, at_s))

    def sleep(self) -> None:
        """Commit nothing: the computer slept from here on, as it finds out on waking up."""
        self._nudge.sleep()

    def wake(self, at_s: float) -> Iterator[CoachingEvent]:
        """Go on after a sleep."""
        yield from self._told(self._nudge.wake(at_s))

    def stop(self, at_s: float) -> Iterator[CoachingEvent]:
        """End: nothing is committed any more."""
        yield from self._told(self._nudge.stop(at_s))

    def set_band(self, band: Band, at_s: float) -> Iterator[CoachingEvent]:
        """Coach towards another band from now on."""
        yield from self._told(self._nudge.set_band(band, at_s))

    def move_band(self, band: Band, at_s: float, reason: str) -> Iterator[CoachingEvent]:
        """Go on towards a band that moved with the runner's speed, which is nothing to say."""
        yield from self._nudge.move_band(band, at_s, reason)

    def aim(self, band: Band, mode: CoachingMode, at_s: float, reason: str) -> Iterator[CoachingEvent]:
        """Coach towards a band and in a way from now on, as a plan asks."""
        yield from self._told(self._nudge.aim(band, mode, at_s, reason))

    def announce(self, band: Band | None, at_s: float) -> None:
        """Say which band a plan asks for from now on, or that it asks for none, unless that was said last."""
        news: tuple[PromptName, int | None] = ("easy", None)
        if band is not None:
            news = ("target", round(band.inside(self._nudge.spm or 0.0, self._hysteresis_spm)))
        if news != self._announced:
            self._announced = news
            self._prompter.announce(*news, at_s)

    @property
    def deadline_s(self) -> float | None:
        """When the next beat or prompt falls due; None while there is none."""
        due = [due_s for due_s in (self._nudge.deadline_s, self._prompt_due_s) if due_s is not None]
        return min(due, default=None)

    @property
    def _prompt_due_s(self) -> float | None:
        """A plan has something to say also where it asks for no beat."""
        hushed = self._nudge.hushed if self._announced is None else self._nudge.silenced
        return self._prompter.deadline_s if self._audible and not hushed else None

    def due(self, at_s: float) -> Iterator[CoachingEvent]:
        """Commit the next beat, or the next prompt."""
        beat_s, prompt_s = self._nudge.deadline_s, self._prompt_due_s
        if prompt_s is None or (beat_s is not None and beat_s <= prompt_s):
            yield from self._told(self._nudge.commit(at_s))
            return
        ahead_s = self._latency_s + MARGIN_S
        prompt = self._prompter.speak(
            at_s, ahead_s, self._nudge.steady_from_s, side=self._nudge.side, spm=self._nudge.spm
        )
        if prompt is not None:
            self._nudge.keep_tempo_until(prompt.t_s + LONGEST_S + TEMPO_S)
            yield prompt

    def _told(self, events: Iterable[Decision | Beat]) -> Iterator[CoachingEvent]:
        for event in events:
            yield event
            if isinstance(event, Decision):
                self._prompter.decision(event, self._mode, self._nudge.side, gave_up=self._nudge.gave_up)
                self._mode = event.mode
