"""The other end of `audio.outputs.simpleaudio`: plays what comes in, in a process that may crash.

Run as a script, it imports nothing of ours. It plays two moments of silence first, because the version that crashes
does so when a sound has ended; then it says that it is ready. Each sound comes as a header and 16-bit stereo samples,
with the time on the system's monotonic clock, which all processes share, at which to begin.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
from collections import deque
from statistics import median
from typing import Any

HEADER = struct.Struct("<dII")
"""When to begin, in seconds of `time.monotonic`; frames a second; bytes that follow."""

READY = b"ready\n"
CHANNELS = 2
SAMPLE_BYTES = 2
TESTS = 2
TEST_S = 0.05
TEST_HZ = 48000
REMEMBERED = 9


def main() -> None:
    """Play until nothing more comes, and let the last sound end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the coach, which lets the last click sound
    player = Player()
    for _ in range(TESTS):
        player.play(bytes(round(TEST_S * TEST_HZ) * CHANNELS * SAMPLE_BYTES), TEST_HZ)
        player.let_end()
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    while header := sys.stdin.buffer.read(HEADER.size):
        begin_s, rate_hz, n_bytes = HEADER.unpack(header)
        samples = sys.stdin.buffer.read(n_bytes)
        time.sleep(max(0.0, begin_s - player.opening_s - time.monotonic()))
        player.play(samples, rate_hz)
    player.let_end()


class Player:
    """The package, and how long it has taken of late to open the device for a sound."""

    def __init__(self) -> None:
        import simpleaudio

        self._package: Any = simpleaudio
        self._playing: Any = None
        self._openings_s: deque[float] = deque(maxlen=REMEMBERED)

    @property
    def opening_s(self) -> float:
        """From the order to play to the first sample; the median, for one in ten takes several times as long."""
        return median(self._openings_s)

    def play(self, samples: bytes, rate_hz: int) -> None:
        """Begin a sound now."""
        ordered_s = time.monotonic()
        self._playing = self._package.play_buffer(samples, CHANNELS, SAMPLE_BYTES, rate_hz)
        self._openings_s.append(time.monotonic() - ordered_s)

    def let_end(self) -> None:
        """Wait until the sound that began last has ended."""
        self._playing.wait_done()


if __name__ == "__main__":
    main()
    os._exit(0)  # a thread of the package that still tidies up would crash beside an interpreter that is taken down
