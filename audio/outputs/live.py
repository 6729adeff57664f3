"""What every output that plays live is made of: cues go in, blocks come out, and there is news of both.

Two threads meet here. The thread of the sound calls `block` and `fail`, which neither lock nor wait; whoever owns the
output calls everything else. A callback may not report, so what happened there is reported by the next `look`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from audio.sounds import Sounds, Stereo
from audio.timeline import SEEM_EARLY, Timeline
from audio.track import Track
from coach.config import AudioConfig
from coach.model import Cue, OutputReport, OutputState
from coach.ports import Clock, Report, Words

BLOCK_S = 0.02
START_S = 6.0
STALL_S = 1.0
LAST_CLICK_S = 2.0
POLL_S = 0.01


class LiveTrack:
    """A track on the timeline of a live output.

    Parameters
    ----------
    output : what reports call the output.
    config : volume, what a cue sounds like, and what the runner's headphones add to the latency.
    clock : host time.
    words : whoever turns prompts into sound; without, prompts are silent.
    rate_hz : frames a second, where it is not the configured rate.
    handed_s : how much the sound takes at once.
    seem_early : how many of 20 blocks may be said to be heard earlier than is true.
    """

    def __init__(
        self,
        output: str,
        config: AudioConfig,
        clock: Clock,
        words: Words | None = None,
        *,
        rate_hz: int | None = None,
        handed_s: float = BLOCK_S,
        seem_early: int = SEEM_EARLY,
    ) -> None:
        self.rate_hz = rate_hz or config.sample_rate_hz
        self.block_frames = round(BLOCK_S * self.rate_hz)
        self._output = output
        self._clock = clock
        self._extra_s = config.latency_ms / 1000
        self._handed_s = handed_s
        self._track = Track(self.rate_hz, Sounds(self.rate_hz, config, words))
        self._timeline = Timeline(self.rate_hz, seem_early)
        self._anchored = 0
        self._ahead_s = 0.0
        self._block_at_s = 0.0
        self._fault = ""
        self._state: OutputState = "closed"
        self._report: Report = lambda report: None

    def comes_to_play(self, alive: Callable[[], bool]) -> bool:
        """Wait until it is known when a frame is heard; give False when the sound dies or nothing comes of it."""
        for _ in range(round(START_S / POLL_S)):
            if self._timeline.anchored or not alive():
                break
            time.sleep(POLL_S)
        return self._timeline.anchored > 0

    def block(self, n_frames: int, ahead_s: float) -> Stereo:
        """Render the next block, shape (n_frames, 2); not to be written to.

        While the buffers are being filled, blocks are taken as fast as they come, and when they will sound is a guess
        (1.4 s off with a fresh PulseAudio): nothing is believed before twice `ahead_s` was rendered.

        Parameters
        ----------
        n_frames : length of the block; a longer one is as good as several, called for one after another.
        ahead_s : from now until its first frame is heard.
        """
        self._block_at_s = self._clock.now()
        if self._track.position > 2 * ahead_s * self.rate_hz:
            for start in range(0, n_frames, self.block_frames):  # the timeline counts blocks
                heard_at_s = self._block_at_s + ahead_s + start / self.rate_hz
                self._timeline.observe(self._track.position + start, heard_at_s)
            self._ahead_s = max(self._ahead_s, ahead_s)
        return self._track.render(n_frames)

    def fail(self, error: Exception) -> None:
        """Note, from the thread of the sound, what went wrong there; `look` reports it."""
        self._fault = f"the click track failed: {error!r}"

    def opened(self, report: Report, reason: str = "") -> None:
        """Begin to take cues, and say so."""
        self._report = report
        self._anchored = self._timeline.anchored
        self._say("open", reason)

    def play(self, cue: Cue) -> None:
        """Schedule a cue, unless the sound is lost."""
        self.look()
        if self._state == "open":
            self._track.schedule(self._timeline.frame_at(cue.t_s - self._extra_s), cue)

    def look(self) -> None:
        """Report what is new: that the sound has stopped, or was interrupted."""
        if self._state != "open":
            return
        if self._fault:
            self.lost(self._fault)
        elif self._clock.now() - self._block_at_s > STALL_S:
            self.lost("the sound has stopped")
        elif self._anchored != self._timeline.anchored:
            self._anchored = self._timeline.anchored
            self._say("open", "the sound was interrupted, and plays again")

    def lost(self, reason: str) -> None:
        """Say, once, that nothing plays any more."""
        if self._state == "open":
            self._say("lost", reason)

    def finish(self) -> None:
        """Wait until the last sound has been heard, or could not be."""
        for _ in range(round(LAST_CLICK_S / POLL_S)):
            if self._state != "open":
                return
            if self._track.position >= self._track.ends_at:
                break
            time.sleep(POLL_S)
        time.sleep(self._ahead_s + self._handed_s)

    def closed(self) -> None:
        """Say that the output is closed, and what was not heard."""
        self._say("closed", self._track.missed)

    def _say(self, state: OutputState, reason: str = "") -> None:
        self._state = state
        self._report(
            OutputReport(
                at=self._clock.now(),
                output=self._output,
                state=state,
                latency_s=self._ahead_s + self._handed_s + self._extra_s,
                rate_hz=self.rate_hz if state == "open" else None,
                start_s=self._timeline.start_s + self._extra_s if state == "open" else None,
                reason=reason,
            )
        )
