"""A private PulseAudio with sinks that nobody hears, and recordings of what it played.

What is recorded is what the server would have sent to a sound card. It tells how even clicks are and whether one is
missing; when they leave a loudspeaker it cannot tell, because such a sink renders ahead of its time.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

RATE_HZ = 48000
FRAME_BYTES = 4
PACKAGES = "apt-get install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"
PULSE_PLUGIN = "libasound_module_pcm_pulse.so"
SETTLE_S = 0.5
READ_BYTES = 65536


def missing() -> list[str]:
    """Name what this machine lacks."""
    tools = [tool for tool in ("pulseaudio", "pacat", "parec", "pactl") if shutil.which(tool) is None]
    plugin = any(Path("/usr/lib").glob(f"**/alsa-lib/{PULSE_PLUGIN}"))
    portaudio = ctypes.util.find_library("portaudio")
    return tools + ([] if plugin else [PULSE_PLUGIN]) + ([] if portaudio else ["libportaudio2"])


class Tape:
    """A recording, and how fast it came: a sink that nobody hears rounds its blocks, and may be 20 ppm off the host.

    Parameters
    ----------
    path : of 32-bit floats, one channel at `RATE_HZ`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._came: list[tuple[float, float]] = []

    def take(self, source: IO[bytes]) -> None:
        """Write down what comes, until nothing more does."""
        length = 0
        with self.path.open("wb") as file:
            while sound := os.read(source.fileno(), READ_BYTES):
                length += file.write(sound)
                self._came.append((time.monotonic(), length / FRAME_BYTES / RATE_HZ))

    @property
    def fast_ppm(self) -> float:
        """By how much the sink's clock is faster than the host's, while the same things play."""
        tenth = len(self._came) // 10
        at_s, length_s = np.array(self._came[tenth:-tenth]).T
        return float(1e6 * (np.polyfit(at_s - at_s[0], length_s, 1)[0] - 1))


class Server:
    """A PulseAudio of our own.

    Parameters
    ----------
    folder : where it keeps what it needs.
    sinks : names of the sinks that it has.
    """

    def __init__(self, folder: Path, sinks: Sequence[str]) -> None:
        alsa, socket = folder / "asound.conf", folder / "native"
        alsa.write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        places = {
            "HOME": folder,
            "XDG_RUNTIME_DIR": folder,
            "PULSE_COOKIE": folder / "cookie",
            "ALSA_CONFIG_PATH": alsa,
        }
        self._environ = {**os.environ, **{name: str(path) for name, path in places.items()}}
        self._address = f"unix:{socket}"
        modules = [
            f"module-native-protocol-unix socket={socket} auth-anonymous=1",
            *(f"module-null-sink sink_name={sink} format=float32le rate={RATE_HZ} channels=2" for sink in sinks),
        ]
        options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        self._command = ["pulseaudio", *options, *(part for module in modules for part in ("-L", module))]

    def environ(self, sink: str) -> dict[str, str]:
        """Give the environment of a process that plays on a sink."""
        return {**self._environ, "PULSE_SERVER": self._address, "PULSE_SINK": sink}

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises
        ------
        RuntimeError
            When it does not.
        """
        self._process = subprocess.Popen(self._command, env=self._environ, stderr=subprocess.DEVNULL)
        ask = ["pactl", "--server", self._address, "info"]
        for _ in range(100):
            if subprocess.run(ask, env=self._environ, capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError("the private PulseAudio does not answer")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)

    @contextmanager
    def recording(self, sink: str, path: Path) -> Iterator[Tape]:
        """Record what is played on a sink."""
        sound = ["--raw", "--format=float32le", f"--rate={RATE_HZ}", "--channels=1", "--latency-msec=100"]
        tape = Tape(path)
        recorder = subprocess.Popen(
            ["parec", "-d", f"{sink}.monitor", *sound], env=self.environ(sink), stdout=subprocess.PIPE
        )
        assert recorder.stdout is not None
        writer = threading.Thread(target=tape.take, args=(recorder.stdout,))
        writer.start()
        try:
            yield tape
            time.sleep(SETTLE_S)
        finally:
            recorder.terminate()
            writer.join()
            recorder.stdout.close()
            recorder.wait(5)
