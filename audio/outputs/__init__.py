"""The ways to play a track; `choose` makes the one that the config names.

Every module here imports the library or calls the program that it needs when it is opened, and not before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from audio.outputs.device import DeviceOutput
from audio.outputs.lasting import LastingOutput
from audio.outputs.miniaudio import MiniaudioOutput
from audio.outputs.null import NullOutput
from audio.outputs.pipe import PipeOutput
from audio.outputs.simpleaudio import SimpleAudioOutput
from audio.outputs.wav import WavOutput
from coach.config import AudioConfig
from coach.ports import Clock, Output, Words

EXACT = ("device", "pipe")
EXTRAS = ("miniaudio", "simpleaudio")


def choose(config: AudioConfig, *, clock: Clock, wav_path: Path, words: Words | None = None) -> Output:
    """Make the output that the config names; nothing sounds, and nothing fails, before it is opened.

    One that can be heard lasts: lost in mid-run it is opened again, or another one takes over.

    Parameters
    ----------
    config : `output`, and what the outputs need to know.
    clock : host time.
    wav_path : where `wav` writes, and `auto` when it finds no sound.
    words : whoever turns prompts into sound; without, prompts are silent.
    """
    makers: dict[str, Callable[[], Output]] = {
        "device": partial(DeviceOutput, config, clock, words),
        "pipe": partial(PipeOutput, config, clock, words),
        "miniaudio": partial(MiniaudioOutput, config, clock, words),
        "simpleaudio": partial(SimpleAudioOutput, config, clock, words),
        "wav": partial(WavOutput, wav_path, config, clock, words),
        "null": partial(NullOutput, clock),
    }
    name = config.output
    if name in ("wav", "null"):
        return makers[name]()
    heard = [*EXACT, *(extra for extra in EXTRAS if extra == name or find_spec(extra))]
    first = [*heard, "wav", "null"] if name == "auto" else [name]
    return LastingOutput(name, makers, first=first, again=heard, clock=clock)
