"""Prompts as spoken words, for a run that waits for nothing.

    Prepared ──clip──► SpokenWords ──sound──► an output
    AtLeisure ──┘          └── otherwise: tones

A live run has its clauses `Prepared`: a thread of low priority fetches all of them from the cache or the engine, those
first that are soonest needed. In virtual time nobody waits, and `AtLeisure` fetches a clause when it is asked for.
Whatever is not there when it is wanted is said in tones.

The first start renders 291 clauses, one after the other: 5 s of one core at 2 GHz, the first words after 0.2 s. Later
ones read them from disk within 0.2 s. They take 23 MB of disk and of memory: 164 is a long word.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from audio.click import Mono
from audio.speech.cache import Speaker
from audio.speech.language import Language
from audio.speech.waves import Clip, joined
from coach.errors import AudioError
from coach.model import Prompt
from coach.ports import Words

Open = Callable[[], Speaker]
Tell = Callable[[str], None]

NICE = 10
GIVE_UP = 3
JOINED = 8


class SpokenWords:
    """Says prompts in words.

    Parameters
    ----------
    language : the words.
    clip : gives a clause as sound, or None where there is none yet.
    otherwise : says what cannot be said in words.
    volume : 0 to 1.
    """

    def __init__(self, language: Language, clip: Callable[[str], Clip | None], otherwise: Words, volume: float) -> None:
        self._language = language
        self._clip = clip
        self._otherwise = otherwise
        self._volume = np.float32(volume)
        self._joined = lru_cache(JOINED)(joined)

    def sound(self, prompt: Prompt, rate_hz: int) -> Mono | None:
        """Give the sound; what was said before is not made again."""
        clips = tuple(self._clip(clause) for clause in self._language.clauses(prompt.say, prompt.spm))
        ready = tuple(clip for clip in clips if clip is not None)
        if not clips or len(ready) < len(clips):
            return self._otherwise.sound(prompt, rate_hz)
        return self._joined(ready, rate_hz) * self._volume


class Prepared:
    """Clauses that a thread of its own makes ready; it ends with the program, whatever it is at.

    Parameters
    ----------
    speaker : finds the engine; called by the thread.
    clauses : all that may be wanted, the most urgent first.
    tell : is told, from that thread, why there is no speech.
    """

    def __init__(self, speaker: Open, clauses: Sequence[str], tell: Tell) -> None:
        self._open = speaker
        self._clauses = clauses
        self._tell = tell
        self._clips: dict[str, Clip] = {}
        self._thread = threading.Thread(target=self._run, name="speech", daemon=True)
        self._thread.start()

    def clip(self, clause: str) -> Clip | None:
        """Give a clause, if it is ready."""
        return self._clips.get(clause)

    def wait(self) -> None:
        """Wait until all are ready, or never will be."""
        self._thread.join()

    def _run(self) -> None:
        _stand_back()
        try:
            self._make_ready(self._open())
        except Exception as error:  # beyond this thread nobody could hear of it
            self._tell(f"voice: tones instead of words: {error}")

    def _make_ready(self, speaker: Speaker) -> None:
        failures = 0
        for clause in self._clauses:
            try:
                self._clips[clause] = speaker.say(clause)
                failures = 0
            except AudioError:
                failures += 1
                if failures == GIVE_UP:
                    raise


class AtLeisure:
    """Clauses that are made when they are asked for, however long that takes; after a failure, no more.

    Parameters
    ----------
    speaker : finds the engine, when the first clause is asked for.
    tell : is told why there is no speech.
    """

    def __init__(self, speaker: Open, tell: Tell) -> None:
        self._open = speaker
        self._tell = tell
        self._speaker: Speaker | None = None
        self._clips: dict[str, Clip] = {}
        self._failed = False

    def clip(self, clause: str) -> Clip | None:
        """Make a clause, or remember it."""
        if not self._failed and clause not in self._clips:
            try:
                self._speaker = self._speaker or self._open()
                self._clips[clause] = self._speaker.say(clause)
            except AudioError as error:
                self._failed = True
                self._tell(f"voice: tones instead of words: {error}")
        return self._clips.get(clause)


def _stand_back() -> None:
    """Let everything else go first: on Linux, priority is a matter of the thread, and its children inherit it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
