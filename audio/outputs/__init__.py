"""The ways to play a click track; `choose` makes the one that the config names.

Every module here imports the library or calls the program that it needs when it is opened, and not before.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal, assert_never

from audio.outputs.auto import AutoOutput
from audio.outputs.device import DeviceOutput
from audio.outputs.null import NullOutput
from audio.outputs.pipe import PipeOutput
from audio.outputs.simpleaudio import SimpleAudioOutput
from audio.outputs.wav import WavOutput
from coach.config import AudioConfig
from coach.ports import Clock, Output

OutputName = Literal["auto", "device", "pipe", "simpleaudio", "wav", "null"]


def choose(config: AudioConfig, *, clock: Clock, wav_path: Path) -> Output:
    """Make the output that the config names; nothing sounds, and nothing fails, before it is opened.

    Parameters
    ----------
    config : `output`, and what the outputs need to know.
    clock : host time.
    wav_path : where `wav` writes, and `auto` when it finds no sound.
    """

    def make(name: OutputName) -> Output:
        match name:
            case "auto":
                return AutoOutput([make(candidate) for candidate in _preference()])
            case "device":
                return DeviceOutput(config, clock)
            case "pipe":
                return PipeOutput(config, clock)
            case "simpleaudio":
                return SimpleAudioOutput(config, clock)
            case "wav":
                return WavOutput(wav_path, config, clock)
            case "null":
                return NullOutput(clock)
        assert_never(name)

    return make(config.output)


def _preference() -> list[OutputName]:
    """Exact outputs first; silence, which cannot fail, last."""
    installed: list[OutputName] = ["simpleaudio"] if find_spec("simpleaudio") else []
    return ["device", "pipe", *installed, "wav", "null"]
