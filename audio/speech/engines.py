"""The system's own speech: a program that is given a text, and gives a WAV file.

The text goes in by standard input or the environment, never by an argument or a shell: no wording can become an option
or a command. Every call ends within 8 s, and none outlives the coach.

Only espeak-ng was heard; `Say` and `Sapi` follow the manuals (man say; System.Speech.Synthesis.SpeechSynthesizer) and
were tried on programs that stand in for them. An engine has to say a word before it is taken.
"""

from __future__ import annotations

import atexit
import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from platform import mac_ver, version
from subprocess import PIPE
from tempfile import TemporaryDirectory
from typing import ClassVar, Protocol

from audio.speech.language import Language
from audio.speech.waves import Clip, from_wav, trimmed
from coach.errors import AudioError

LIMIT_S = 8.0
"""For the slowest start on the slowest machine; espeak-ng answers within 0.05 s."""


class Engine(Protocol):
    """A way to turn text into sound."""

    @property
    def identity(self) -> str:
        """Everything that what it says depends on, but for the text."""

    def render(self, text: str) -> Clip:
        """Speak; raises `AudioError` where nothing to hear comes of it."""


@dataclass(frozen=True, slots=True)
class EspeakNg:
    """Linux, and wherever else it is installed. 13 ms a clause (a 2 GHz core), nearly all of it its start."""

    voice: str
    version: str
    program: ClassVar[str] = "espeak-ng"

    @classmethod
    def of(cls, language: Language) -> EspeakNg:
        said = _run([cls.program, "--version"]).decode(errors="replace")
        found = re.search(r"\d+(\.\d+)+\S*", said)
        return cls(language.voices.get(cls.program, language.code), found[0] if found else "?")

    @property
    def identity(self) -> str:
        return f"{self.program} {self.version}, voice {self.voice}"

    def render(self, text: str) -> Clip:
        return from_wav(_run([self.program, "-v", self.voice, "-b", "1", "--stdin", "--stdout"], text=text))


@dataclass(frozen=True, slots=True)
class Say:
    """macOS. It writes no WAV file to a pipe, and none at all without `--data-format`."""

    voice: str
    version: str
    program: ClassVar[str] = "say"

    @classmethod
    def of(cls, language: Language) -> Say:
        return cls(language.voices.get(cls.program, ""), f"of macOS {mac_ver()[0]}")

    @property
    def identity(self) -> str:
        return f"{self.program} {self.version}, voice {self.voice or 'of the system'}"

    def render(self, text: str) -> Clip:
        voice = ["-v", self.voice] if self.voice else []
        with TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            _run([self.program, *voice, "-o", str(path), "--data-format=LEI16@22050", "-f", "-"], text=text)
            try:
                return from_wav(path.read_bytes())
            except FileNotFoundError:
                raise AudioError(f"{self.program} wrote nothing") from None


@dataclass(frozen=True, slots=True)
class Sapi:
    """Windows, by way of PowerShell; how long its start takes, once a clause, was not measured.

    PowerShell reads redirected standard input itself, in the code page of the console: the text goes through the
    environment, which is Unicode, and the sound comes back as base64.
    """

    voice: str
    code: str
    version: str
    program: ClassVar[str] = "powershell"

    @classmethod
    def of(cls, language: Language) -> Sapi:
        return cls(language.voices.get("sapi", ""), language.code.partition("-")[0], version())

    @property
    def identity(self) -> str:
        return f"SAPI of Windows {self.version}, voice {self.voice or self.code}"

    def render(self, text: str) -> Clip:
        script = base64.b64encode(_SAPI.encode("utf-16-le")).decode()
        command = [self.program, "-NoProfile", "-NonInteractive", "-OutputFormat", "Text", "-EncodedCommand", script]
        asked = {"SPEAK_TEXT": text, "SPEAK_VOICE": self.voice, "SPEAK_LANGUAGE": self.code}
        try:
            file = base64.b64decode(_run(command, environ=asked))
        except ValueError as error:
            raise AudioError(f"{self.program} gave no base64: {error}") from None
        return from_wav(file)


def find_engine(language: Language, platform: str = sys.platform) -> Engine:
    """Give the first engine of a platform that is there, and says a word of the language.

    Raises
    ------
    AudioError
        When there is none; says what each of them said, and what to install.
    """
    candidates = _CANDIDATES.get(platform, [EspeakNg])
    refusals = []
    for kind in candidates:
        if shutil.which(kind.program) is None:
            continue
        try:
            engine = kind.of(language)
            trimmed(engine.render(language.phrases["fine"]))
        except AudioError as error:
            refusals.append(error.message)
        else:
            return engine
    if refusals:
        raise AudioError("; ".join(refusals), hint=_ANOTHER_VOICE.get(platform, "see espeak-ng --voices"))
    programs = " or ".join(kind.program for kind in candidates)
    raise AudioError(f"there is no {programs} on this system", hint="sudo apt install espeak-ng")


_CANDIDATES: dict[str, Sequence[type[Say | Sapi | EspeakNg]]] = {"darwin": [Say, EspeakNg], "win32": [Sapi, EspeakNg]}
_ANOTHER_VOICE = {
    "darwin": "add a voice in System Settings > Accessibility > Spoken Content",
    "win32": "add a voice in Settings > Time & language > Speech",
}
_SAPI = """
$ErrorActionPreference = 'Stop'
Add-Type -AssemblyName System.Speech
$speaker = New-Object System.Speech.Synthesis.SpeechSynthesizer
$name = $env:SPEAK_VOICE
if (-not $name) {
    $voices = $speaker.GetInstalledVoices() | Where-Object { $_.Enabled } | ForEach-Object { $_.VoiceInfo }
    $fitting = $voices | Where-Object { $_.Culture.TwoLetterISOLanguageName -eq $env:SPEAK_LANGUAGE }
    $name = ($fitting | Select-Object -First 1).Name
}
if (-not $name) { [Console]::Error.WriteLine("no voice speaks $env:SPEAK_LANGUAGE"); exit 1 }
$speaker.SelectVoice($name)
$file = New-Object System.IO.MemoryStream
$speaker.SetOutputToWaveStream($file)
$speaker.Speak($env:SPEAK_TEXT)
$speaker.SetOutputToNull()
[Console]::Out.WriteLine([Convert]::ToBase64String($file.ToArray()))
"""


def _run(command: Sequence[str], *, text: str = "", environ: Mapping[str, str] | None = None) -> bytes:
    """Run a program; give its output.

    Raises
    ------
    AudioError
        When it does not start, fails, or takes longer than `LIMIT_S`; it is then ended.
    """
    program = command[0]
    everything = {**os.environ, **(environ or {})}
    try:
        process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=everything, process_group=0)
    except (OSError, ValueError) as error:  # the second for a voice or a text with a zero byte in it
        raise AudioError(f"{program} does not start: {error}") from error
    atexit.register(process.kill)  # the thread that waits for it does not hold up the end of the coach
    with process:
        try:
            output, said = process.communicate(text.encode(), timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AudioError(f"{program} gave no answer within {LIMIT_S:g} s") from None
        finally:
            atexit.unregister(process.kill)
    if process.returncode:
        words = said.decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(words) if line.strip()), f"exit code {process.returncode}")
        raise AudioError(f"{program}: {last}")
    return output
