"""The other end of `audio.outputs.simpleaudio`: plays what comes in, in a process that may crash.

Run as a script, it imports nothing of ours. It plays two moments of silence first, because the version that crashes
does so when a sound has ended; then it says that it is ready. Each sound comes as a header and 16-bit stereo samples,
with the time on the system's monotonic clock, which all processes share, at which to begin.
"""

from __future__ import annotations

import signal
import struct
import sys
import time

HEADER = struct.Struct("<dII")
"""When to begin, in seconds of `time.monotonic`; frames a second; bytes that follow."""

READY = b"ready\n"
CHANNELS = 2
SAMPLE_BYTES = 2
TEST_S = 0.05
TEST_HZ = 48000


def main() -> None:
    """Play until nothing more comes, and let the last sound end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the coach, which lets the last click sound
    import simpleaudio

    for _ in range(2):
        simpleaudio.play_buffer(
            bytes(round(TEST_S * TEST_HZ) * CHANNELS * SAMPLE_BYTES), CHANNELS, SAMPLE_BYTES, TEST_HZ
        ).wait_done()
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    playing = None
    while header := sys.stdin.buffer.read(HEADER.size):
        begin_s, rate_hz, n_bytes = HEADER.unpack(header)
        samples = sys.stdin.buffer.read(n_bytes)
        time.sleep(max(0.0, begin_s - time.monotonic()))
        playing = simpleaudio.play_buffer(samples, CHANNELS, SAMPLE_BYTES, rate_hz)
    if playing is not None:
        playing.wait_done()


if __name__ == "__main__":
    main()
