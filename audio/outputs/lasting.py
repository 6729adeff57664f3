"""The sound of a live run: the first output that opens, opened again whenever it is lost.

Headphones are switched off, sound servers restart, a laptop sleeps. Nothing of that may end a run:

- What is lost is opened again after 1 s, 2 s, 4 s and so on, at last every 10 s. Beats are host times, so those that
  come after it fall back in phase by themselves; those in between are dropped, and counted.
- The same output comes first: a server that restarts should not move the sound from the headphones to the laptop.
  From the third try on the others are tried after it, in order of preference; the first that opens is kept.
- Where no stream was open, what was lost is no server but the output itself (it crashed): the others are tried at once
  and before it.
- Silence is no substitute: only outputs that can be heard are tried again.

Theory of operation: `look` does what is due, and whoever owns the run calls it twice a second, where it may take
seconds. Cues and reports come from other threads meanwhile: one lock guards who plays and what was not heard.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from coach.errors import AudioError
from coach.model import Beat, Cue, OutputReport
from coach.ports import Clock, Output, Report

SLEPT_S = 5.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 10.0
SAME_TRIES = 2
STEADY_S = 30.0
"""What has played for so long begins anew with the shortest wait."""

SILENT = ("wav", "null")


class LastingOutput:
    """An output that comes back.

    Parameters
    ----------
    name : what it is called until one is open.
    makers : makes an output by its name, anew each time.
    first : which to begin with: the first that opens.
    again : which can take over in mid-run, in order of preference.
    clock : host time.
    """

    streams = True

    def __init__(
        self,
        name: str,
        makers: Mapping[str, Callable[[], Output]],
        *,
        first: Sequence[str],
        again: Sequence[str],
        clock: Clock,
    ) -> None:
        self.name = name
        self._makers = makers
        self._first = first
        self._again = again
        self._clock = clock
        self._report: Report = lambda report: None
        self._lock = threading.Lock()
        self._playing: Output | None = None
        self._lost: Output | None = None
        self._to_close: Output | None = None
        self._last: OutputReport | None = None
        self._closing = False
        self._refusals: list[str] = []
        self._refused_before: list[str] = []
        self._tries = 0
        self._try_at_s = 0.0
        self._opened_at_s = 0.0
        self._looked_at_s = 0.0
        self._coming: deque[float] = deque(maxlen=32)
        self._unheard_beats = 0
        self._unheard: list[str] = []

    def open(self, report: Report) -> None:
        """Open the first output that opens.

        Raises
        ------
        AudioError
            When none does; says what each of them said.
        """
        self._report = report
        if not self._open_first(self._first):
            raise AudioError("; ".join(self._refusals), hint="`coach doctor` says what can play here")
        self._looked_at_s = self._clock.now()

    def play(self, cue: Cue) -> None:
        """Let a cue be heard; a beat is counted if nothing plays."""
        with self._lock:
            playing = self._playing
            if isinstance(cue, Beat):
                self._coming.append(cue.t_s)
                self._unheard_beats += playing is None
        if playing is not None:
            playing.play(cue)

    def look(self) -> None:
        """Notice that the sound is lost, and open it again when that is due; takes seconds then."""
        now = self._clock.now()
        if self._playing is not None:
            self._look_at(self._playing, slept=now - self._looked_at_s > SLEPT_S)
        self._close_lost()
        if self._lost is not None and now >= self._try_at_s and not self._closing:
            self._try_again(self._lost)
        self._looked_at_s = self._clock.now()

    def close(self) -> None:
        """Let the last click sound; an output that is being opened meanwhile is closed as soon as it is open."""
        with self._lock:
            playing, self._playing = self._playing, None
            last, self._last = self._last, None
            self._closing = True
        self._close_lost()
        if playing is not None:
            playing.close()
        if last is not None:
            self._report(replace(last, at=self._clock.now(), state="closed", reason=self._not_heard()))

    # --- what is due ----------------------------------------------------------------------------------------------

    def _look_at(self, playing: Output, *, slept: bool) -> None:
        if slept and playing.streams and self._last is not None:
            self._hear(playing, replace(self._last, state="lost", reason="this computer slept"))
        else:
            playing.look()

    def _close_lost(self) -> None:
        with self._lock:
            lost, self._to_close = self._to_close, None
        if lost is not None:
            lost.close()

    def _try_again(self, lost: Output) -> None:
        candidates = self._candidates(lost)
        self._tries += 1
        opened = self._open_first(candidates)
        self._try_at_s = self._clock.now() + self._wait_s()
        if not opened and self._last is not None and self._refusals != self._refused_before:
            self._refused_before = self._refusals
            self._say(replace(self._last, state="lost", reason="; ".join(self._refusals)))

    def _candidates(self, lost: Output) -> list[str]:
        same = [name for name in self._again if name == lost.name]
        others = [name for name in self._again if name != lost.name]
        if not lost.streams:
            return [*others, *same]
        return same if self._tries < SAME_TRIES else [*same, *others]

    def _open_first(self, names: Sequence[str]) -> bool:
        self._refusals = []
        for name in names:
            if self._closing:
                break
            output = self._makers[name]()
            try:
                output.open(partial(self._hear, output))
            except AudioError as error:
                self._refusals.append(str(error))
            else:
                if self._closing:
                    output.close()
                return True
        return False

    # --- what is reported -----------------------------------------------------------------------------------------

    def _hear(self, output: Output, report: OutputReport) -> None:
        """Take what an output reports, from any thread."""
        with self._lock:
            if report.state == "closed":
                self._unheard.append(report.reason)
            elif self._closing:
                pass
            elif report.state == "lost":
                self._lose(output, report)
            elif output is self._playing:
                self._say(report)
            else:
                self._begin(output, report)

    def _begin(self, output: Output, report: OutputReport) -> None:
        reasons = [*self._refusals]
        if self._lost is not None:
            same = output.name == self._lost.name
            reasons += ["plays again" if same else f"plays instead of {self._lost.name}", self._not_heard()]
        reason = "; ".join(filter(None, [*reasons, report.reason]))
        if self._refusals and report.output in SILENT:
            reason = f"no sound: {reason}"
        self._playing, self._lost, self._refused_before = output, None, []
        self._opened_at_s = self._clock.now()
        self.name = output.name
        self._say(replace(report, reason=reason))

    def _lose(self, output: Output, report: OutputReport) -> None:
        if output is not self._playing:
            return
        now = self._clock.now()
        if now - self._opened_at_s > STEADY_S:
            self._tries = 0
        self._playing, self._lost, self._to_close = None, output, output
        self._try_at_s = now + (self._wait_s() if output.streams else 0.0)
        self._unheard_beats += sum(t_s > now for t_s in self._coming)
        self._say(report)

    def _not_heard(self) -> str:
        """Say, once, what was not heard."""
        beats = f"beats while there was no sound: {self._unheard_beats}" if self._unheard_beats else ""
        told = "; ".join(filter(None, [*self._unheard, beats]))
        self._unheard, self._unheard_beats = [], 0
        return told

    def _wait_s(self) -> float:
        return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**self._tries))

    def _say(self, report: OutputReport) -> None:
        self._last = replace(report, at=self._clock.now())
        self._report(self._last)
