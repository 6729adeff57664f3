"""The simpleaudio package, in a process of its own. **Not exact to the sample, and late to hear of a change.**

simpleaudio opens the device anew for every sound, which takes 14 to 75 ms and holds the interpreter; some of its
versions crash. So a helper process plays (`simpleaudio_player`), which may do either without harm to the run, and what
it plays is pieces of the same track as everywhere else, about a second long, each started at its time. Within a piece
clicks are even to the sample; from one to the next they are off by 20 to 64 ms, three to eight times what the ear
lets pass at 180 spm. Pieces are cut in the middle of a gap between clicks, so that neither piece touches a click, and
because a click at the very start of a sound was not heard at all through PulseAudio. Words may be cut.

A piece must be whole before it starts: beats are wanted its length ahead, and a change is heard so much later. Take
`device` or `pipe` where there is a choice.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE

import numpy as np

from audio.click import click
from audio.outputs.live import STALL_S
from audio.outputs.naming import not_chosen
from audio.outputs.simpleaudio_player import HEADER, READY
from audio.sounds import Sounds, Stereo
from audio.track import Track
from coach.config import AudioConfig
from coach.errors import AudioError
from coach.model import Beat, Cue, OutputReport, OutputState
from coach.ports import Clock, Report, Words

SHORTEST_S = 0.8
LONGEST_S = 1.2
HANDING_S = 0.2
"""To render a piece, bring it to the helper and open the device."""
SPREAD_S = 0.06
"""What seams were off by through PipeWire before the time of opening was allowed for; 6 ms at most since, but that was
through a sink without a sound card, which forgives."""
TOO_LATE_S = 0.1
TEST_S = 5.0
STOP_S = 3.0
POLL_S = 0.01
HINT = "pip install 'cadence-coach[simpleaudio]'"


class SimpleAudioOutput:
    """Plays pieces of about a second, as near to their times as the package can.

    Parameters
    ----------
    config : rate, what a cue sounds like, and what the runner's headphones add to the latency.
    clock : host time.
    words : whoever turns prompts into sound.
    """

    name = "simpleaudio"
    streams = False

    def __init__(self, config: AudioConfig, clock: Clock, words: Words | None = None) -> None:
        self._rate_hz = config.sample_rate_hz
        self._device = config.device
        self._clock = clock
        self._extra_s = config.latency_ms / 1000
        self._latency_s = LONGEST_S + HANDING_S + self._extra_s
        self._track = Track(self._rate_hz, Sounds(self._rate_hz, config, words))
        self._click_frames = len(click("left", self._rate_hz, config.click))
        self._beats: deque[int] = deque()
        self._start_s = 0.0
        self._thread = threading.Thread(target=self._feed, name=self.name, daemon=True)
        self._closing = threading.Event()
        self._player: Player | None = None
        self._late = 0
        self._handing_since_s = math.inf
        self._fault = ""
        self._state: OutputState = "closed"
        self._report: Report = lambda report: None

    def open(self, report: Report) -> None:
        """Start the helper, which plays a moment of silence to see that it works.

        Raises
        ------
        AudioError
            When the package is missing, refuses or crashes.
        """
        if find_spec("simpleaudio") is None:
            raise AudioError("the package simpleaudio is missing", hint=HINT)
        self._player = Player()
        self._start_s = self._clock.now() + HANDING_S
        self._report = report
        self._thread.start()
        spread_ms, change_s = round(SPREAD_S * 1000), self._latency_s
        exact = f"not exact: clicks may be {spread_ms} ms off, and a change is heard after {change_s:.1f} s"
        self._say("open", "; ".join(filter(None, [exact, not_chosen(self._device)])))

    def play(self, cue: Cue) -> None:
        if self._state == "open":
            frame = round((cue.t_s - self._extra_s - self._start_s) * self._rate_hz)
            if isinstance(cue, Beat):
                self._beats.append(frame)
            self._track.schedule(frame, cue)

    def look(self) -> None:
        if self._state == "open" and (player := self._player) is not None and (reason := self._trouble(player)):
            self._say("lost", reason)

    def close(self) -> None:
        player, self._player = self._player, None
        if player is None:
            return
        while self._track.position < self._track.ends_at and self._thread.is_alive() and not self._trouble(player):
            time.sleep(POLL_S)
        self._closing.set()
        self._thread.join(STOP_S)
        if self._thread.is_alive():  # a helper that hangs would hold it up for ever
            player.kill()
        player.stop()
        late = f"pieces too late to be played: {self._late}" if self._late else ""
        self._say("closed", "; ".join(filter(None, [self._track.missed, late])))

    def _trouble(self, player: Player) -> str:
        """Say why no more sound is to be expected; empty where all is well."""
        if not player.alive:
            return player.last_words()
        if self._clock.now() - self._handing_since_s > STALL_S:
            return "simpleaudio takes no more sound"
        return self._fault

    # --- the thread -----------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        try:
            self._feed_pieces()
        except Exception as error:  # beyond this thread nobody could hear of it
            self._fault = f"the click track failed: {error!r}"

    def _feed_pieces(self) -> None:
        """Render each piece when it is due, and hand it over."""
        player = self._player
        while player is not None:
            begin_s = self._start_s + self._track.position / self._rate_hz
            if self._closing.wait(max(0.0, begin_s - HANDING_S - self._clock.now())):
                return
            piece = self._piece()
            in_s = begin_s - self._clock.now()
            if not piece.any():
                continue
            if in_s < -TOO_LATE_S:
                self._late += 1
            elif not self._hand_over(player, piece, in_s):
                return

    def _hand_over(self, player: Player, piece: Stereo, in_s: float) -> bool:
        self._handing_since_s = self._clock.now()
        taken = player.play(piece, in_s, self._rate_hz)
        self._handing_since_s = math.inf
        return taken

    def _piece(self) -> Stereo:
        position = self._track.position
        while self._beats and self._beats[0] + self._click_frames <= position:
            self._beats.popleft()
        shortest, longest = (position + round(length_s * self._rate_hz) for length_s in (SHORTEST_S, LONGEST_S))
        return self._track.render(cut(list(self._beats.copy()), self._click_frames, shortest, longest) - position)

    def _say(self, state: OutputState, reason: str = "") -> None:
        self._state = state
        self._report(
            OutputReport(
                at=self._clock.now(),
                output=self.name,
                state=state,
                latency_s=self._latency_s,
                spread_s=SPREAD_S,
                reason=reason,
            )
        )


class Player:
    """The helper process.

    Raises
    ------
    AudioError
        When it does not start, or does not get as far as playing; says what it said.
    """

    def __init__(self) -> None:
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        script = str(Path(__file__).with_name("simpleaudio_player.py"))
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lasts as long as the process
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", script], stdin=PIPE, stdout=PIPE, stderr=self._complaints, env=environ
            )
        except OSError as error:
            self._complaints.close()
            raise AudioError(f"simpleaudio does not start: {error}") from error
        if not self._ready():
            self._process.kill()
            words = self.last_words()
            self.stop()
            raise AudioError(words)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def play(self, piece: Stereo, in_s: float, rate_hz: int) -> bool:
        """Order a piece to be begun in so many seconds; give False when nobody takes it."""
        samples = np.round(piece * 32767).astype("<i2").tobytes()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(HEADER.pack(time.monotonic() + in_s, rate_hz, len(samples)) + samples)
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def last_words(self) -> str:
        """Wait for its end, and say how it came about."""
        code = self._process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").split("\n")
        if code < 0:
            return f"simpleaudio crashed ({signal.Signals(-code).name})"
        said = [line.strip() for line in lines if line.strip()]
        return f"simpleaudio: {said[-1]}" if said else f"simpleaudio has ended, with exit code {code}"

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def stop(self) -> None:
        """Let the last sound end, then the process, whatever it takes."""
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._complaints.close()

    def _ready(self) -> bool:
        """Wait for the word; a helper that hangs is ended, which ends the wait."""
        assert self._process.stdout is not None
        limit = threading.Timer(TEST_S, self._process.kill)
        limit.start()
        try:
            return self._process.stdout.readline() == READY
        finally:
            limit.cancel()


def cut(beats: Sequence[int], click_frames: int, shortest: int, longest: int) -> int:
    """Give the frame, from `shortest` to `longest`, that lies furthest from every click; of equals the last.

    Parameters
    ----------
    beats : the frames at which clicks begin.
    click_frames : the length of each.
    """

    def room(frame: int) -> int:
        return min((max(begin - frame, frame - begin - click_frames) for begin in beats), default=0)

    middles = [(begin + click_frames + after) // 2 for begin, after in pairwise(beats)]
    within = [frame for frame in middles if shortest < frame < longest]
    return max([shortest, *within, longest], key=lambda frame: (room(frame), frame))
