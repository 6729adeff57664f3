"""What an engine has said, kept on disk: one WAV file for each text, engine, version and voice.

A cache is only ever a gain of time. A file that is missing, cut short or of other content is rendered anew; a folder
that cannot be written is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from audio.speech.engines import Engine
from audio.speech.waves import Clip, from_wav, to_wav, trimmed
from coach.errors import AudioError


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the place of the cache, whether or not it exists."""
    if xdg := environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "cadence-coach" / "voice"
    from platformdirs import user_cache_path

    return user_cache_path("cadence-coach", appauthor=False) / "voice"


class Speaker:
    """An engine with a memory.

    Parameters
    ----------
    folder : where what it has said is kept.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def say(self, text: str) -> Clip:
        """Give a text as sound, without silence around it.

        Raises
        ------
        AudioError
            When the engine makes nothing of it.
        """
        asked = f"{self._engine.identity}\n{text}".encode()
        path = self._folder / f"{hashlib.sha256(asked).hexdigest()[:32]}.wav"
        kept = _read(path)
        if kept is None:
            kept = trimmed(self._engine.render(text))
            _write(path, kept)
        return kept


def _read(path: Path) -> Clip | None:
    try:
        data = path.read_bytes()
        clip = trimmed(from_wav(data))
    except (OSError, AudioError):
        return None
    return clip if to_wav(clip) == data else None


def _write(path: Path, clip: Clip) -> None:
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(to_wav(clip))
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
