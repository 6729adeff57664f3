"""A pipe to a player that the system has: pw-cat, pacat or aplay. Exact to the sample, without any Python package.

A thread renders and writes; the player takes what it needs, so that writing keeps the time. The pipe is made of known
length, and so is the player's buffer: a write that must wait found both full, but for half a block on average. Other
writes come sooner and make a block seem late, never early. PulseAudio takes half its buffer at a time: of all the
blocks that it then takes only the last tells the truth. So believed, clicks were heard within 9 ms of those of `device`
beside them, with 0.1 to 0.6 s asked for; believing the third best of 20 put them up to 40 ms early.

What is in hand lies in both. In the pipe the player reaches it without waiting for the interpreter: beside a busy
thread on a busy machine a pipe of 10 ms and a buffer longer by the difference lost the beat two times in three, the
pipe of 85 ms never. Each time that the thread gets the interpreter it writes all that the pipe has room for: a block
each time kept up only where the interpreter came every 20 ms. The buffer is still longer than the configured latency,
because a player lets it run half empty before it takes more.

The player gets a process group of its own: Ctrl-C belongs to the coach, which lets the last click sound. A session of
its own would do as well for that, but Linux shares the processors between sessions: beside tests and computing in
another one (two cores, load 8, Linux 6.18) a player in its own waited for a processor up to 14 of 18 s, in six runs of
six; in that of the coach for less than 0.1 s in all.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import threading
from array import array
from collections.abc import Callable
from subprocess import DEVNULL, PIPE
from typing import IO

from audio.outputs.live import BLOCK_S, LiveTrack
from audio.outputs.naming import not_chosen
from coach.config import AudioConfig
from coach.errors import AudioError
from coach.model import Cue
from coach.ports import Clock, Report, Words

PIPE_BYTES = 32768
USUAL_BYTES = 65536
FRAME_BYTES = 8
SPARE_S = 0.025
HELP_S = 5.0
STOP_S = 2.0


def pw_cat(rate_hz: int, buffer_ms: int) -> list[str]:
    """Arguments for PipeWire; `-` meant raw samples until PipeWire 1.4 wanted to be told."""
    told = subprocess.run(["pw-cat", "--help"], capture_output=True, text=True, timeout=HELP_S, check=False)
    raw = ["--raw"] if "--raw" in told.stdout + told.stderr else []
    sound = ["--format", "f32", "--rate", str(rate_hz), "--channels", "2", "--latency", f"{buffer_ms}ms"]
    return ["--playback", *raw, *sound, "-"]


def pacat(rate_hz: int, buffer_ms: int) -> list[str]:
    """Arguments for PulseAudio.

    Of the buffer that it is asked for, the server keeps in the sink what is not needed for two requests, and gives that
    back as soon as another program wants the sink to be quicker: clicks then came 0.1 s early. Asked for in halves, all
    of it stays with the stream.
    """
    sound = ["--raw", "--format=float32le", f"--rate={rate_hz}", "--channels=2"]
    buffer = [f"--latency-msec={buffer_ms}", f"--process-time-msec={buffer_ms // 2}"]
    return ["--playback", *sound, *buffer, "--client-name=cadence coach", "--stream-name=clicks"]


def aplay(rate_hz: int, buffer_ms: int) -> list[str]:
    """Arguments for ALSA."""
    return ["-q", "-t", "raw", "-f", "FLOAT_LE", "-r", str(rate_hz), "-c", "2", f"--buffer-time={buffer_ms * 1000}"]


PLAYERS: dict[str, Callable[[int, int], list[str]]] = {"pw-cat": pw_cat, "pacat": pacat, "aplay": aplay}


class PipeOutput:
    """Plays through the first player that is there and works.

    Parameters
    ----------
    config : rate, latency and what a cue sounds like.
    clock : host time.
    words : whoever turns prompts into sound.
    """

    name = "pipe"
    streams = True

    def __init__(self, config: AudioConfig, clock: Clock, words: Words | None = None) -> None:
        self._config = config
        self._clock = clock
        self._words = words
        self._player: _Player | None = None

    def open(self, report: Report) -> None:
        """Try the players in turn, and wait until one plays.

        Raises
        ------
        AudioError
            When none is there, or none works; says what each of them said.
        """
        found = [tool for tool in PLAYERS if shutil.which(tool)]
        if not found:
            raise AudioError("no pw-cat, pacat or aplay", hint="apt-get install alsa-utils")
        refusals = []
        for tool in found:
            try:
                self._player = self._start(tool)
            except AudioError as error:
                refusals.append(error.message)
            else:
                return self._player.live.opened(report, not_chosen(self._config.device))
        raise AudioError("; ".join(refusals))

    def play(self, cue: Cue) -> None:
        if (player := self._player) is not None:
            player.live.play(cue)

    def look(self) -> None:
        if (player := self._player) is not None:
            player.live.look()

    def close(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.live.finish()
            player.live.closed()
            player.stop()

    def _start(self, tool: str) -> _Player:
        live = LiveTrack(self.name, self._config, self._clock, self._words, seem_early=0)
        buffer_s = self._config.buffer_s + SPARE_S
        try:
            arguments = PLAYERS[tool](self._config.sample_rate_hz, round(buffer_s * 1000))
            player = _Player([tool, *arguments], live, buffer_s, self._config.sample_rate_hz)
        except (OSError, subprocess.SubprocessError) as error:
            raise AudioError(f"{tool} does not start: {error}") from error
        try:
            player.wait_until_playing()
        except AudioError:
            player.kill()
            raise
        return player


class _Player:
    """A process that plays what a thread writes to it."""

    def __init__(self, command: list[str], live: LiveTrack, buffer_s: float, rate_hz: int) -> None:
        self.live = live
        self._tool = command[0]
        self._closing = False
        with contextlib.ExitStack() as undo:  # of the file, should the process not start
            self._complaints = undo.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(
                command, bufsize=0, stdin=PIPE, stdout=DEVNULL, stderr=self._complaints, process_group=0
            )
            undo.pop_all()
        assert self._process.stdin is not None
        self._pipe = self._process.stdin
        self._pipe_bytes = _shrink(self._pipe)
        self._ahead_s = buffer_s + self._pipe_bytes / FRAME_BYTES / rate_hz - BLOCK_S / 2
        self._thread = threading.Thread(target=self._write, name=self._tool, daemon=True)
        self._thread.start()

    def wait_until_playing(self) -> None:
        if not self.live.comes_to_play(self._alive):
            raise AudioError(f"{self._tool} does not play" if self._alive() else self._last_words())

    def stop(self) -> None:
        """Let what was written sound, then end the process, whatever it takes."""
        self._closing = True
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            self._process.kill()
            self._thread.join()
        with contextlib.suppress(OSError):
            self._pipe.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._complaints.close()

    def kill(self) -> None:
        """End the process at once."""
        self._closing = True
        self._process.kill()
        self.stop()

    def _alive(self) -> bool:
        return self._process.poll() is None

    def _write(self) -> None:
        try:
            while not self._closing:
                sound = memoryview(self._missing())
                while sound:  # a signal may end a write too soon
                    sound = sound[self._pipe.write(sound) :]
        except OSError:
            if not self._closing:
                self.live.lost(self._last_words())
        except Exception as error:  # beyond this thread nobody could hear of it
            self.live.fail(error)

    def _missing(self) -> bytes:
        """Render all the blocks that the pipe has room for, but one at least."""
        blocks = max(1, (self._pipe_bytes - _unread(self._pipe)) // (self.live.block_frames * FRAME_BYTES))
        return b"".join(self.live.block(self.live.block_frames, self._ahead_s).tobytes() for _ in range(blocks))

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        self._complaints.seek(0)
        lines = [line.strip() for line in self._complaints.read().decode(errors="replace").splitlines()]
        said = [line.removeprefix(f"{self._tool}: ") for line in lines if line]
        return f"{self._tool}: {said[-1]}" if said else f"{self._tool} has ended"


def _shrink(pipe: IO[bytes]) -> int:
    """Make the pipe small where the system can; give its size in bytes."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):
        return fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return USUAL_BYTES


def _unread(pipe: IO[bytes]) -> int:
    """Give how many bytes lie in the pipe: where only its reader could ask, as many as go in."""
    import fcntl
    import termios

    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        return USUAL_BYTES
    count = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]
