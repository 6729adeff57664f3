"""The miniaudio package: exact to the sample, and found on machines without PortAudio or any player.

It calls back once a period and does not say when a frame will be heard. Through PulseAudio the first frame of a period
was heard one period after the call, within 0.5 ms of where `device` put the same click, at periods of 40 and 75 ms; at
150 ms the server kept less than it was asked for. Other systems may keep a period or two more in hand: that is for
`audio.latency_ms`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from audio.outputs.live import LiveTrack
from audio.outputs.naming import SoundDevice, pick
from audio.outputs.quiet import silence_alsa
from audio.sounds import Stereo
from coach.config import AudioConfig
from coach.errors import AudioError
from coach.model import Cue
from coach.ports import Clock, Report, Words

PERIOD_PER_BUFFER = 0.5
"""Of the configured buffer: a server that was asked for 0.15 s at once took it in pieces."""


class MiniaudioOutput:
    """Plays on a sound device.

    Parameters
    ----------
    config : device (a name or part of it; empty for the system's default), rate, latency and what a cue sounds like.
    clock : host time.
    words : whoever turns prompts into sound.
    """

    name = "miniaudio"
    streams = True

    def __init__(self, config: AudioConfig, clock: Clock, words: Words | None = None) -> None:
        self._config = config
        self._period_s = config.buffer_s * PERIOD_PER_BUFFER
        self._live = LiveTrack(self.name, config, clock, words, handed_s=self._period_s)
        self._device: Any = None

    def open(self, report: Report) -> None:
        """Open the device, and wait until it plays.

        Raises
        ------
        AudioError
            When the package is missing, there is no such device, or it does not play.
        """
        silence_alsa()
        miniaudio = package()
        try:
            self._start(miniaudio)
        except miniaudio.MiniaudioError as error:
            self._end()
            raise AudioError(f"miniaudio does not play: {': '.join(map(str, error.args))}") from error
        if not self._live.comes_to_play(lambda: bool(self._device.running)):
            self._end()
            raise AudioError("miniaudio opens the sound device, which does not play")
        self._live.opened(report)

    def play(self, cue: Cue) -> None:
        self._live.play(cue)

    def look(self) -> None:
        self._live.look()

    def close(self) -> None:
        if self._device is not None:
            self._live.finish()
            self._live.closed()
            self._end()

    def _start(self, miniaudio: Any) -> None:
        key = pick(self._config.device, devices(miniaudio)).key if self._config.device else None
        self._device = miniaudio.PlaybackDevice(
            output_format=miniaudio.SampleFormat.FLOAT32,
            nchannels=2,
            sample_rate=self._config.sample_rate_hz,
            buffersize_msec=round(self._period_s * 1000),
            device_id=key,
            app_name="cadence coach",
        )
        if self._device.backend == "Null":
            self._end()
            raise AudioError("miniaudio finds no sound device")
        self._device.stop_callback = lambda: self._live.lost("the sound device is gone")
        blocks = self._blocks()
        next(blocks)
        self._device.start(blocks)

    def _blocks(self) -> Generator[Stereo, int, None]:
        """Give as many frames as are sent for."""
        n_frames = yield np.zeros((0, 2), dtype=np.float32)
        while True:
            try:
                period = self._live.block(n_frames, self._period_s)
            except Exception as error:  # beyond this callback nobody could hear of it
                period = np.zeros((n_frames, 2), dtype=np.float32)
                self._live.fail(error)
            n_frames = yield period

    def _end(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None


def package() -> Any:
    """Load the package.

    Raises
    ------
    AudioError
        When it is missing.
    """
    try:
        import miniaudio
    except ImportError:
        raise AudioError("the package miniaudio is missing", hint="pip install 'cadence-coach[miniaudio]'") from None
    return miniaudio


def devices(miniaudio: Any) -> list[SoundDevice[Any]]:
    """List the devices that can play."""
    return [SoundDevice(key=found["id"], name=found["name"]) for found in miniaudio.Devices().get_playbacks()]
