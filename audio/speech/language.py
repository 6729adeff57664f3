"""The words of a language: one TOML file each, shipped in `wording/` or the runner's own in the config folder.

A phrase is cut into clauses, where a speaker would take a breath. An engine renders clause by clause: the head of
"cadence 164: quicker, lighter steps" is, sample for sample, what espeak-ng says to "cadence 164:" alone, whereas a
"cadence" that is rendered without its number falls in pitch (from 104 Hz to 82) like the end of a sentence. So clauses
are what is rendered, kept and joined: two thirds of the renderings and half of the memory of whole sentences, at no
loss. Between two of them espeak-ng pauses for 0.25 s.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from coach.config import read_layer, user_path
from coach.errors import ConfigError
from coach.model import PromptName

NUMBERS = range(100, 241)
NUMBERED: frozenset[PromptName] = frozenset({"below", "above", "target"})
PLACE = "{spm}"
MAX_CHARS = 80
ENGINES = ("espeak-ng", "say", "sapi")

_SHIPPED = Path(__file__).parent / "wording"
_NAMES: tuple[PromptName, ...] = get_args(PromptName)
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
_BREATH = re.compile(r"(?<=[.:;!?])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What is said in a language.

    Parameters
    ----------
    code : of the language, as engines know it: de, en-us.
    phrases : the text of each prompt, with {spm} where its number goes.
    voices : names of voices, by engine; an engine without one takes what it has for the language.
    """

    code: str
    phrases: Mapping[PromptName, str]
    voices: Mapping[str, str]

    def clauses(self, say: PromptName, spm: int | None = None) -> tuple[str, ...]:
        """Give the clauses that make up a prompt; none where there are no words for it, or not for its number."""
        phrase = self.phrases.get(say, "")
        if PLACE in phrase and spm not in NUMBERS:
            return ()
        return tuple(clause for clause in _BREATH.split(phrase.replace(PLACE, str(spm))) if clause)

    def every_clause(self, near_spm: float) -> Sequence[str]:
        """Give all clauses, each once: first those without a number, then by how near their number is to this one."""
        clauses = dict.fromkeys(clause for phrase in self.phrases.values() for clause in _BREATH.split(phrase))
        numbers = sorted(NUMBERS, key=lambda spm: abs(spm - near_spm))
        fixed = [clause for clause in clauses if PLACE not in clause]
        numbered = [clause.replace(PLACE, str(spm)) for spm in numbers for clause in clauses if PLACE in clause]
        return [*fixed, *numbered]


def load_language(name: str, environ: Mapping[str, str] = os.environ) -> Language:
    """Read the words of a language.

    Parameters
    ----------
    name : of a shipped language or of a file in the runner's own folder, which goes first; or the path of a TOML file.
    environ : for the place of that folder.

    Raises
    ------
    ConfigError
        When there is no such language; when its file is not what it must be, with everything that is wrong with it.
    """
    path = _named_by_path(name) if name.endswith(".toml") else _known(name, user_path(environ).parent / "voice")
    return _checked(path, read_layer(path).tree)


def _named_by_path(name: str) -> Path:
    path = Path(name).expanduser()
    if not path.exists():
        raise ConfigError([f"voice.language: there is no file {path}"], hint="give its whole path, or a language")
    return path


def _known(name: str, own: Path) -> Path:
    found = {file.stem: file for folder in (_SHIPPED, own) for file in folder.glob("*.toml")}
    if name not in found:
        known = ", ".join(sorted(found))
        raise ConfigError(
            [f"voice.language: there are no words for {name!r}, only for {known}"],
            hint=f"translate {_SHIPPED / 'en.toml'} and keep it as {own / 'xx.toml'}",
        )
    return found[name]


def _checked(path: Path, tree: Mapping[str, Any]) -> Language:
    problems = [f"{path}: {problem}" for problem in _problems(tree)]
    if problems:
        raise ConfigError(problems, hint=f"{_SHIPPED / 'en.toml'} shows what the file of a language holds")
    phrases = {name: " ".join(tree[name].split()) for name in _NAMES}
    return Language(code=tree["language"], phrases=phrases, voices=tree.get("voices", {}))


def _problems(tree: Mapping[str, Any]) -> Iterator[str]:
    known = ("language", *_NAMES, "voices")
    for key in tree:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            yield f"{key} is not a key" + (f"; did you mean {near[0]}?" if near else "")
    for key in ("language", *_NAMES):
        if key not in tree:
            yield f"{key} is missing"
    if not _CODE.fullmatch(str(tree.get("language", "en"))):
        yield f"language: a code such as de or en-us, not {tree['language']!r}"
    if not _is_voices(tree.get("voices", {})):
        yield f'[voices]: write {" or ".join(ENGINES)} = "the name of a voice"'
    for name in _NAMES:
        if name in tree and (problem := _wrong_with(name, tree[name])):
            yield f"{name}: {problem}"


def _is_voices(voices: object) -> bool:
    return isinstance(voices, dict) and all(
        engine in ENGINES and isinstance(voice, str) and voice for engine, voice in voices.items()
    )


def _wrong_with(name: PromptName, phrase: object) -> str:
    if not isinstance(phrase, str) or not phrase.strip():
        return f"some words in quotes, not {phrase!r}"
    if len(phrase) > MAX_CHARS:
        return f"{len(phrase)} characters are too many for a runner, {MAX_CHARS} at most"
    if set(phrase.replace(PLACE, "")) & set("{}"):
        return f"{PLACE} is the only thing in braces that is filled in"
    if PLACE in phrase and name not in NUMBERED:
        return f"has no number: leave {PLACE} out"
    if phrase.count(PLACE) > 1:
        return f"{PLACE} once is enough"
    return ""
