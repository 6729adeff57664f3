"""The voice: prompts as words, by the system's own speech, or as tones where there is none.

    language ── the words, from TOML ──┐
    engines  ── espeak-ng, say, SAPI ──┴► cache ──► words ──► an output
    waves    ── trimming, level, rate ─────┘          └── tones

`make_words` puts together what the settings ask for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from audio.speech.cache import Speaker, cache_folder
from audio.speech.engines import find_engine
from audio.speech.language import load_language
from audio.speech.words import AtLeisure, Prepared, SpokenWords
from audio.tones import ToneWords
from coach.config import Config
from coach.ports import Words

__all__ = ["make_words"]


def make_words(
    config: Config, *, tell: Callable[[str], None], at_leisure: bool = False, environ: Mapping[str, str] = os.environ
) -> Words | None:
    """Make the voice that the settings ask for; None where they ask for none.

    Returns at once. What it gives speaks as soon as its words are rendered, in the background, and in tones until then.

    Parameters
    ----------
    tell : is told in one line, perhaps from another thread, why there are tones instead of words.
    at_leisure : for virtual time: nothing in the background; a prompt takes the time that its rendering takes.
    environ : for the places of settings and cache.

    Raises
    ------
    ConfigError
        When there are no words in that language, or its file is not what it must be.
    """
    voice = config.voice
    if voice.mode == "off":
        return None
    tones = ToneWords(voice.volume)
    if voice.mode == "tones":
        return tones
    language = load_language(voice.language, environ)

    def speaker() -> Speaker:
        return Speaker(find_engine(language), cache_folder(environ))

    spoken = {say: text for say, text in language.phrases.items() if say != "fine" or voice.fine == "word"}
    said = replace(language, phrases=spoken)
    if at_leisure:
        clip = AtLeisure(speaker, tell).clip
    else:
        clip = Prepared(speaker, said.every_clause(config.target.low_spm), tell).clip
    return SpokenWords(said, clip, tones, voice.volume)
