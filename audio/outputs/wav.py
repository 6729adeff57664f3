"""A WAV file of what the runner would have heard: host time 0 is its first frame. 16-bit stereo.

Every cue writes the file up to the time at which it was known, for cues that come later are later than that, and
brings the header up to date, so that a killed run leaves a file that plays. Nothing is held in memory but a second of
sound and the cues to come. Silence is a hole in the file, so that half an hour of it costs
neither disk nor, at the beat that ends it, time.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from audio.sounds import Sounds, Stereo
from audio.track import Track
from coach.clock import ManualClock
from coach.config import AudioConfig
from coach.errors import AudioError
from coach.model import Cue, OutputReport, OutputState
from coach.ports import Clock, Report, Words

CHANNELS = 2
FRAME_BYTES = 4
HEADER_BYTES = 44
MAX_BYTES = 2**32 - 1 - HEADER_BYTES


class WavOutput:
    """Writes clicks and words to a file.

    Parameters
    ----------
    path : of the file; an older one is overwritten.
    config : rate, and what a cue sounds like.
    clock : host time, to which the file is filled up at the end; without one it ends with the last cue.
    words : whoever turns prompts into sound; without, prompts are silent.
    """

    name = "wav"
    streams = False

    def __init__(self, path: Path, config: AudioConfig, clock: Clock | None = None, words: Words | None = None) -> None:
        self._path = path
        self._track = Track(config.sample_rate_hz, Sounds(config.sample_rate_hz, config, words))
        self._clock = clock or ManualClock()
        self._file: BinaryIO | None = None
        self._report: Report | None = None

    def open(self, report: Report) -> None:
        """Create the file.

        Raises
        ------
        AudioError
            When it cannot be written.
        """
        try:
            self._file = self._path.open("wb")
            self._write(self._file, self._track.render(0))
        except OSError as error:
            self._release()
            raise AudioError(f"cannot write {self._path}: {error.strerror}") from error
        self._report = report
        self._say("open", f"writing {self._path.name}")

    def play(self, cue: Cue) -> None:
        self._track.schedule(round(cue.t_s * self._track.rate_hz), cue)
        self._advance(math.floor(cue.available_s * self._track.rate_hz))

    def look(self) -> None:
        pass

    def close(self) -> None:
        self._advance(max(self._track.ends_at, round(self._clock.now() * self._track.rate_hz)))
        self._release()
        self._say("closed", self._track.missed)
        self._report = None

    def _advance(self, frame: int) -> None:
        try:
            while self._file is not None and self._track.position < frame:
                samples = self._track.render(min(frame - self._track.position, self._track.rate_hz))
                self._write(self._file, samples)
        except OSError as error:
            self._release()
            self._say("lost", f"cannot write {self._path.name}: {error.strerror}")

    def _write(self, file: BinaryIO, samples: Stereo) -> None:
        data_bytes = self._track.position * FRAME_BYTES
        if data_bytes > MAX_BYTES:
            raise OSError(errno.EFBIG, "a WAV file ends at 4 GiB")
        if samples.any():
            file.seek(0, os.SEEK_END)
            file.write(np.round(samples * 32767).astype("<i2").tobytes())
        else:
            file.truncate(HEADER_BYTES + data_bytes)
        file.seek(0)
        file.write(_header(self._track.rate_hz, data_bytes))
        file.flush()

    def _release(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # what cannot be written cannot be flushed either
                self._file.close()
            self._file = None

    def _say(self, state: OutputState, reason: str = "") -> None:
        if self._report is not None:
            self._report(OutputReport(at=self._clock.now(), output=self.name, state=state, reason=reason))


def _header(rate_hz: int, data_bytes: int) -> bytes:
    shape = struct.pack("<HHIIHH", 1, CHANNELS, rate_hz, rate_hz * FRAME_BYTES, FRAME_BYTES, 16)
    riff = b"RIFF" + struct.pack("<I", HEADER_BYTES - 8 + data_bytes) + b"WAVE"
    return riff + b"fmt " + struct.pack("<I", len(shape)) + shape + b"data" + struct.pack("<I", data_bytes)
