"""Whether prompts can be spoken: the words of the language, and the system's own speech."""

from __future__ import annotations

from coach.config import VoiceConfig
from coach.doctor.finding import Finding
from coach.errors import AudioError, ConfigError


def check_voice(config: VoiceConfig) -> list[Finding]:
    """Read the words, and let the engine say one; nothing sounds."""
    from audio.speech.engines import find_engine
    from audio.speech.language import load_language

    if config.mode != "speech":
        return [Finding(area="voice", ok="ok", text=f'no words are spoken: voice.mode is "{config.mode}"')]
    try:
        engine = find_engine(load_language(config.language))
    except ConfigError as error:
        todo = error.hint or "correct it, or take the file away"
        return [Finding(area="voice", ok="bad", text=problem, todo=todo) for problem in error.problems]
    except AudioError as error:
        text = f"tones instead of words: {error.message}"
        return [Finding(area="voice", ok="warn", text=text, todo=error.hint)]
    return [Finding(area="voice", ok="ok", text=f"{config.language} is spoken by {engine.identity}")]
