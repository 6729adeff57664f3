"""The sound device, through PortAudio: exact to the sample, and the only output that knows when a frame is heard.

PortAudio calls back for blocks of 20 ms; asked for 0.15 s it keeps 0.24 s of them in hand, and each callback says how
much. Smaller blocks starve whenever the interpreter is busy: at PortAudio's "low" latency, 7 to 52 of 180 clicks were
lost. macOS and Windows bring PortAudio with the wheel; Linux has it in a package.

PortAudio looks for devices once, when it begins. So it is begun anew before a device is opened, as the maintainers of
sounddevice advise (their issue 125), unless a stream of ours is open, which that would end.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from audio.outputs.live import LiveTrack
from audio.outputs.naming import SoundDevice, pick
from audio.outputs.quiet import silence_alsa
from coach.config import AudioConfig
from coach.errors import AudioError
from coach.model import Cue
from coach.ports import Clock, Report, Words

MAX_AHEAD_S = 2.0
INVALID_RATE = -9997
"""PortAudio's paInvalidSampleRate."""

open_streams: list[Any] = []


class DeviceOutput:
    """Plays on a sound device.

    Parameters
    ----------
    config : device (a name or part of it; empty for the system's default), rate, latency and what a cue sounds like.
    clock : host time.
    words : whoever turns prompts into sound.
    """

    name = "device"
    streams = True

    def __init__(self, config: AudioConfig, clock: Clock, words: Words | None = None) -> None:
        self._config = config
        self._clock = clock
        self._words = words
        self._live: LiveTrack | None = None
        self._stream: Any = None

    def open(self, report: Report) -> None:
        """Open the device, at another rate if it refuses the configured one, and wait until it plays.

        Raises
        ------
        AudioError
            When PortAudio is missing, there is no such device, or it does not play.
        """
        silence_alsa()
        sounddevice = portaudio()
        try:
            live = self._start(sounddevice)
        except sounddevice.PortAudioError as error:
            raise _refused(sounddevice, self._config.device, error) from error
        if not live.comes_to_play(lambda: bool(self._stream.active)):
            self._end()
            raise AudioError("the sound device opens and does not play", hint="is another program holding it?")
        self._live = live
        asked_hz = self._config.sample_rate_hz
        refused = f"it refuses {asked_hz} Hz and plays at {live.rate_hz}" if live.rate_hz != asked_hz else ""
        live.opened(report, refused)

    def play(self, cue: Cue) -> None:
        if (live := self._live) is not None:
            live.play(cue)

    def look(self) -> None:
        if (live := self._live) is not None:
            live.look()

    def close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.finish()
            live.closed()
            self._end()

    def _start(self, sounddevice: Any) -> LiveTrack:
        """Start the stream at the first rate that is not refused."""
        key = pick(self._config.device, devices(sounddevice)).key if self._config.device else None
        usual_hz = round(sounddevice.query_devices(key, "output")["default_samplerate"])
        rates = list(dict.fromkeys([self._config.sample_rate_hz, usual_hz, 48000, 44100]))
        for rate_hz in rates:
            try:
                return self._start_at(sounddevice, key, rate_hz)
            except sounddevice.PortAudioError as error:
                self._end()
                if INVALID_RATE not in error.args or rate_hz == rates[-1]:
                    raise
        raise AssertionError("the last rate raises or returns")

    def _start_at(self, sounddevice: Any, key: int | None, rate_hz: int) -> LiveTrack:
        live = LiveTrack(self.name, self._config, self._clock, self._words, rate_hz=rate_hz)

        def fill(buffer: Any, n_frames: int, when: Any, status: Any) -> None:
            samples = np.frombuffer(buffer, dtype=np.float32)
            ahead_s = when.outputBufferDacTime - when.currentTime
            if not 0 < ahead_s < MAX_AHEAD_S:  # some drivers leave these empty
                ahead_s = self._config.buffer_s
            try:
                samples[:] = live.block(n_frames, ahead_s).ravel()
            except Exception as error:  # beyond this callback nobody could hear of it
                samples[:] = 0
                live.fail(error)

        self._stream = sounddevice.RawOutputStream(
            samplerate=rate_hz,
            blocksize=live.block_frames,
            device=key,
            channels=2,
            dtype="float32",
            latency=self._config.buffer_s,
            callback=fill,
            finished_callback=lambda: live.lost("the sound device is gone"),
        )
        open_streams.append(self._stream)
        self._stream.start()
        return live

    def _end(self) -> None:
        if self._stream is not None:
            self._stream.close()
            open_streams.remove(self._stream)
            self._stream = None


def portaudio() -> Any:
    """Load PortAudio; let it look for devices anew where it has done so before.

    Raises
    ------
    AudioError
        When it is missing.
    """
    loaded = "sounddevice" in sys.modules
    try:
        import sounddevice
    except OSError:
        raise AudioError("PortAudio is missing", hint="apt-get install libportaudio2") from None
    if loaded and not open_streams:
        sounddevice._terminate()
        sounddevice._initialize()
    return sounddevice


def devices(sounddevice: Any) -> list[SoundDevice[int]]:
    """List the devices that can play, as PortAudio found them."""
    found, apis = sounddevice.query_devices(), sounddevice.query_hostapis()
    default = sounddevice.default.device[1]
    return [
        SoundDevice(
            key=number,
            name=info["name"],
            api=apis[info["hostapi"]]["name"],
            usual=default in apis[info["hostapi"]]["devices"],
        )
        for number, info in enumerate(found)
        if info["max_output_channels"] > 0
    ]


def _refused(sounddevice: Any, device: str, error: Exception) -> AudioError:
    if not devices(sounddevice):
        return AudioError("there is no sound device")
    which = f"the sound device {device!r}" if device else "the sound device"
    return AudioError(f"{which} does not open: {error}")
