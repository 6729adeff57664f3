"""The simpleaudio package: one sound a beat, started at its time. **Not exact to the sample.**

simpleaudio opens the device anew for every sound, which takes 14 to 75 ms: clicks fall 13 to 35 ms (p95) off their
times, three times what the ear lets pass at 180 spm. A click at the very start of a sound was not heard at all through
PulseAudio, hence the silence before it. Take `device` or `pipe` where there is a choice.
"""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import Any

import numpy as np

from audio.sounds import Sounds, Stereo
from coach.config import AudioConfig
from coach.errors import AudioError
from coach.model import Beat, Cue, OutputReport, OutputState
from coach.ports import Clock, Report

START_S = 0.045
SILENCE_S = 0.1
TOO_LATE_S = 0.1
STOP_S = 2.0


class SimpleAudioOutput:
    """Plays each beat as a sound of its own, as near to its time as the package can.

    Parameters
    ----------
    config : rate, volume, and what the runner's headphones add to the latency.
    clock : host time.
    """

    name = "simpleaudio"
    streams = False

    def __init__(self, config: AudioConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._sounds = Sounds(config.sample_rate_hz, config)
        self._latency_s = START_S + SILENCE_S + config.latency_ms / 1000
        self._beats: SimpleQueue[Beat | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._module: Any = None
        self._late = 0
        self._report: Report | None = None

    def open(self, report: Report) -> None:
        """Play a moment of silence, to see that it works.

        Raises
        ------
        AudioError
            When the package is missing or refuses.
        """
        try:
            import simpleaudio
        except ImportError:
            hint = "pip install 'cadence-coach[simpleaudio]'"
            raise AudioError("the package simpleaudio is missing", hint=hint) from None
        try:
            self._module = simpleaudio
            self._sound(np.zeros((1, 2), dtype=np.float32))
        except Exception as error:  # the package's own error derives from Exception alone
            raise AudioError(f"simpleaudio does not play: {error}") from error
        self._report = report
        self._thread.start()
        self._say("open", "clicks are not exact to the sample")

    def play(self, cue: Cue) -> None:
        if isinstance(cue, Beat) and self._thread.is_alive():
            self._beats.put(cue)

    def close(self) -> None:
        if self._thread.is_alive():
            self._beats.put(None)
            self._thread.join(STOP_S)
            time.sleep(self._latency_s)
        self._say("closed", f"beats too late to be heard: {self._late}" if self._late else "")
        self._report = None

    def _run(self) -> None:
        try:
            while (beat := self._beats.get()) is not None:
                self._play_in_time(beat)
        except Exception as error:
            self._say("lost", f"simpleaudio does not play: {error}")

    def _play_in_time(self, beat: Beat) -> None:
        wait_s = beat.t_s - self._latency_s - self._clock.now()
        if wait_s < -TOO_LATE_S:
            self._late += 1
            return
        time.sleep(max(0.0, wait_s))
        if (sound := self._sounds.of(beat)) is not None:
            self._sound(sound)

    def _sound(self, sound: Stereo) -> None:
        silence = np.zeros((round(SILENCE_S * self._config.sample_rate_hz), 2), dtype=np.float32)
        samples = np.round(np.concatenate([silence, sound]) * 32767).astype("<i2")
        self._module.play_buffer(samples, 2, 2, self._config.sample_rate_hz)

    def _say(self, state: OutputState, reason: str = "") -> None:
        if self._report is not None:
            now = self._clock.now()
            self._report(OutputReport(at=now, output=self.name, state=state, latency_s=self._latency_s, reason=reason))
