"""The sound device, through PortAudio: exact to the sample, and the only output that knows when a frame is heard.

PortAudio calls back for blocks of 20 ms; asked for 0.15 s it keeps 0.24 s of them in hand, and each callback says how
much. Smaller blocks starve whenever the interpreter is busy: at PortAudio's "low" latency, 7 to 52 of 180 clicks were
lost. macOS and Windows bring PortAudio with the wheel; Linux has it in a package.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from audio.outputs.live import LiveTrack
from coach.config import AudioConfig
from coach.errors import AudioError
from coach.model import Cue
from coach.ports import Clock, Report

MAX_AHEAD_S = 2.0


class DeviceOutput:
    """Plays on a sound device.

    Parameters
    ----------
    config : device (a name or part of it; empty for the system's default), rate, latency and volume.
    clock : host time.
    """

    name = "device"
    streams = True

    def __init__(self, config: AudioConfig, clock: Clock) -> None:
        self._config = config
        self._live = LiveTrack(self.name, config, clock)
        self._stream: Any = None
        self._closing = False

    def open(self, report: Report) -> None:
        """Open the device, and wait until it plays.

        Raises
        ------
        AudioError
            When PortAudio is missing, there is no such device, or it does not play.
        """
        sounddevice = _portaudio()
        try:
            self._start(sounddevice)
        except (ValueError, sounddevice.PortAudioError) as error:
            self._end()
            raise _refused(sounddevice, self._config.device, error) from error
        if not self._live.comes_to_play(lambda: bool(self._stream.active)):
            self._end()
            raise AudioError("the sound device opens and does not play", hint="is another program holding it?")
        self._live.opened(report)

    def play(self, cue: Cue) -> None:
        self._live.play(cue)

    def close(self) -> None:
        if self._stream is not None:
            self._live.finish()
            self._end()
            self._live.closed()

    def _start(self, sounddevice: Any) -> None:
        self._stream = sounddevice.RawOutputStream(
            samplerate=self._config.sample_rate_hz,
            blocksize=self._live.block_frames,
            device=self._config.device or None,
            channels=2,
            dtype="float32",
            latency=self._config.buffer_s,
            callback=self._fill,
            finished_callback=self._finished,
        )
        self._stream.start()

    def _fill(self, buffer: Any, n_frames: int, when: Any, status: Any) -> None:
        samples = np.frombuffer(buffer, dtype=np.float32)
        ahead_s = when.outputBufferDacTime - when.currentTime
        if not 0 < ahead_s < MAX_AHEAD_S:  # some drivers leave these empty
            ahead_s = self._config.buffer_s
        try:
            samples[:] = self._live.block(n_frames, ahead_s).ravel()
        except Exception as error:  # beyond this callback nobody could hear of it
            samples[:] = 0
            self._live.fail(error)

    def _finished(self) -> None:
        if not self._closing:
            self._live.lost("the sound device is gone")

    def _end(self) -> None:
        self._closing = True
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _portaudio() -> Any:
    try:
        import sounddevice
    except OSError:
        raise AudioError("PortAudio is missing", hint="apt-get install libportaudio2") from None
    return sounddevice


def _refused(sounddevice: Any, device: str, error: Exception) -> AudioError:
    names = [info["name"] for info in sounddevice.query_devices() if info["max_output_channels"] > 0]
    if not names:
        return AudioError("there is no sound device")
    if not device:
        return AudioError(f"the sound device does not open: {error}")
    return AudioError(f"the sound device {device!r} does not open: {error}", hint=f"there are: {', '.join(names)}")
