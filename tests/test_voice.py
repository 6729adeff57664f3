"""The voice: words of a language, engines that behave and that do not, what is kept of them, and what is heard.

Engines are faked at the lowest boundary, as programs on a PATH of their own; espeak-ng speaks for itself where it is
installed.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import io
import os
import re
import select
import shutil
import subprocess
import sys
import threading
import wave
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.speech import engines, make_words
from audio.speech import language as languages
from audio.speech.cache import Speaker, cache_folder
from audio.speech.engines import EspeakNg, Sapi, Say, find_engine
from audio.speech.language import MAX_CHARS, NUMBERED, Language, load_language
from audio.speech.waves import Clip, from_wav, joined, to_wav, trimmed
from audio.speech.words import AtLeisure, Prepared, SpokenWords
from audio.tones import ToneWords, pattern
from coach.config import Config, load
from coach.errors import AudioError, ConfigError
from coach.model import Prompt, PromptName

NAMES: tuple[PromptName, ...] = get_args(PromptName)
WORDING = Path(languages.__file__).parent / "wording"
SHIPPED = sorted(path.stem for path in WORDING.glob("*.toml"))
RATE_HZ = 22050
OUT_HZ = 48000

needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng: apt install espeak-ng")


def prompt(say: PromptName, spm: int | None = None) -> Prompt:
    return Prompt(t_s=1.0, available_s=0.5, say=say, spm=spm)


def tone(length_s: float = 0.5, hz: float = 300.0, level: float = 0.5, silence_s: float = 0.0) -> Clip:
    """A tone between two silences."""
    t_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    quiet = np.zeros(round(silence_s * RATE_HZ))
    sound = np.concatenate([quiet, level * np.sin(2 * np.pi * hz * t_s), quiet])
    return Clip(samples=np.round(sound * 32767).astype(np.int16), rate_hz=RATE_HZ)


def dbfs(sound: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(sound).max()))


# --- words --------------------------------------------------------------------------------------------------------

FORBIDDEN = r"longer|long stride|\btoes?\b|\bheel|länger|lange[rn]? schritt|zehen|ballen|ferse|ausholen|wrong|falsch"


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Write a file of words into the runner's folder, with changes to the shipped English; gives the environment."""

    def write(name: str, *changes: tuple[str, str], text: str | None = None) -> dict[str, str]:
        words = (WORDING / "en.toml").read_text(encoding="utf-8") if text is None else text
        for old, new in changes:
            assert old in words
            words = words.replace(old, new)
        path = tmp_path / "cadence-coach" / "voice" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8")
        return {"XDG_CONFIG_HOME": str(tmp_path)}

    return write


def problems(name: str, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_language(name, environ)
    assert caught.value.exit_code == 2
    return list(caught.value.problems)


@pytest.mark.parametrize("name", SHIPPED)
class TestShippedWords:
    def test_there_is_a_phrase_for_every_prompt_and_its_number(self, name: str) -> None:
        language = load_language(name)
        assert set(language.phrases) == set(NAMES)
        for say in NAMES:
            said = " ".join(language.clauses(say, 164))
            assert ("164" in said) == (say in NUMBERED)
            assert "{" not in said

    def test_nobody_is_told_to_reach_out_or_to_land_otherwise(self, name: str) -> None:
        words = (WORDING / f"{name}.toml").read_text(encoding="utf-8")
        assert not re.search(FORBIDDEN, words, re.IGNORECASE)

    def test_that_all_is_fine_is_one_word(self, name: str) -> None:
        assert len(load_language(name).phrases["fine"].split()) == 1


class TestLanguage:
    def test_english_asks_for_quicker_lighter_steps(self) -> None:
        assert load_language("en").clauses("below", 164) == ("cadence 164:", "quicker, lighter steps")

    def test_a_number_that_no_runner_has_and_one_that_is_not_there_are_not_said(self) -> None:
        language = load_language("en")
        assert language.clauses("below", 99) == language.clauses("below", 241) == language.clauses("target", None) == ()
        assert language.clauses("on_target", 241) == ("on target",)

    def test_clauses_come_once_each_first_those_without_a_number_then_the_nearest(self) -> None:
        clauses = load_language("en").every_clause(170)
        numbered = [clause for clause in clauses if re.search(r"\d", clause)]
        assert len(set(clauses)) == len(clauses)
        assert clauses[-len(numbered) :] == numbered
        assert {int(clause.strip(":").split()[-1]) for clause in numbered} == set(range(100, 241))
        assert set(numbered[:2]) == {"cadence 170:", "target 170"}
        assert clauses.count("run as you like") == 1

    def test_a_file_in_the_runners_folder_is_a_language(self, own: Callable[..., dict[str, str]]) -> None:
        environ = own("fi", ('language = "en"', 'language = "fi"'), ('"on target"', '"tavoitteessa"'))
        language = load_language("fi", environ)
        assert (language.code, language.phrases["on_target"]) == ("fi", "tavoitteessa")

    def test_the_runners_own_words_go_before_the_shipped_ones(self, own: Callable[..., dict[str, str]]) -> None:
        environ = own("en", ('"on target"', '"lovely"'))
        assert load_language("en", environ).phrases["on_target"] == "lovely"

    def test_a_file_anywhere_is_named_by_its_path(self, own: Callable[..., dict[str, str]], tmp_path: Path) -> None:
        own("mine", ('"on target"', '"lovely"'))
        path = tmp_path / "cadence-coach" / "voice" / "mine.toml"
        assert load_language(str(path), {"XDG_CONFIG_HOME": "nowhere"}).phrases["on_target"] == "lovely"

    def test_a_phrase_may_do_without_its_number(self, own: Callable[..., dict[str, str]]) -> None:
        environ = own("xx", ("cadence {spm}: quicker", "quicker"))
        assert load_language("xx", environ).clauses("below", 300) == ("quicker, lighter steps",)

    def test_everything_that_is_wrong_is_said_at_once_with_file_and_key(
        self, own: Callable[..., dict[str, str]], tmp_path: Path
    ) -> None:
        environ = own(
            "xx",
            ('sensor_back = "sensor back"\n', ""),
            ("let_go =", "letgo ="),
            ('"target {spm}"', '"target {spn}"'),
            ('"on target"', '"on {spm}"'),
            ('fine = "fine"', "fine = 3"),
            ('"sensor lost"', f'"{"lost " * 20}"'),
            ('above = "cadence {spm}:', 'above = "{spm} {spm}:'),
            ('language = "en"', 'language = "--help"'),
            ('say = "Samantha"', 'sey = "Samantha"'),
        )
        file = tmp_path / "cadence-coach" / "voice" / "xx.toml"
        assert problems("xx", environ) == [
            f"{file}: letgo is not a key; did you mean let_go?",
            f"{file}: sensor_back is missing",
            f"{file}: let_go is missing",
            f"{file}: language: a code such as de or en-us, not '--help'",
            f'{file}: [voices]: write espeak-ng or say or sapi = "the name of a voice"',
            f"{file}: above: {{spm}} once is enough",
            f"{file}: on_target: has no number: leave {{spm}} out",
            f"{file}: fine: some words in quotes, not 3",
            f"{file}: sensor_lost: 100 characters are too many for a runner, {MAX_CHARS} at most",
            f"{file}: target: {{spm}} is the only thing in braces that is filled in",
        ]

    def test_an_empty_file_misses_every_key(self, own: Callable[..., dict[str, str]]) -> None:
        assert len(problems("xx", own("xx", text=""))) == 1 + len(NAMES)

    def test_a_file_that_is_not_toml_is_named(self, own: Callable[..., dict[str, str]]) -> None:
        (problem,) = problems("xx", own("xx", text="below = quicker"))
        assert "xx.toml: not TOML" in problem

    def test_a_language_that_is_not_there_names_those_that_are(self) -> None:
        (problem,) = problems("xx", {"XDG_CONFIG_HOME": "nowhere"})
        assert problem == f"voice.language: there are no words for 'xx', only for {', '.join(SHIPPED)}"

    def test_a_path_that_leads_nowhere_is_named(self, tmp_path: Path) -> None:
        (problem,) = problems(str(tmp_path / "xx.toml"), {})
        assert problem == f"voice.language: there is no file {tmp_path / 'xx.toml'}"


# --- sound files --------------------------------------------------------------------------------------------------


class TestWaves:
    def test_what_is_written_is_read(self) -> None:
        np.testing.assert_array_equal(from_wav(to_wav(tone())).samples, tone().samples)

    def test_a_header_that_promises_too_much_is_forgiven(self) -> None:
        data = bytearray(to_wav(tone()))
        data[40:44] = b"\x00\xf0\xff\x7f"
        assert len(from_wav(bytes(data)).samples) == len(tone().samples)

    @given(st.data())
    def test_bytes_of_any_kind_are_a_sound_or_an_audio_error(self, data: st.DataObject) -> None:
        good = to_wav(tone(0.01))
        bad = bytearray(data.draw(st.binary(max_size=60)) if data.draw(st.booleans()) else good)
        for _ in range(data.draw(st.integers(0, 4)) if bad else 0):
            bad[data.draw(st.integers(0, min(47, len(bad) - 1)))] = data.draw(st.integers(0, 255))
        with contextlib.suppress(AudioError):
            assert from_wav(bytes(bad)).samples.dtype == np.int16

    def test_two_channels_are_put_together(self) -> None:
        data = io.BytesIO()
        with wave.open(data, "wb") as file:
            file.setparams((2, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes(np.array([[20000, 30000]] * 100, dtype="<i2").tobytes())
        assert (from_wav(data.getvalue()).samples == 25000).all()

    def test_a_clause_has_no_edge(self) -> None:
        plateau = Clip(samples=np.full(RATE_HZ // 2, 10000, dtype=np.int16), rate_hz=RATE_HZ)
        sound = joined([plateau, plateau], OUT_HZ)
        assert np.abs(np.diff(sound, prepend=0, append=0)).max() < 0.01 * sound.max()

    def test_silence_around_speech_is_cut_and_cut_once(self) -> None:
        clip = trimmed(tone(0.5, silence_s=0.3))
        assert len(clip.samples) / RATE_HZ == pytest.approx(0.5, abs=0.02)
        assert int(np.argmax(np.abs(clip.samples) > 1000)) / RATE_HZ < 0.015
        np.testing.assert_array_equal(trimmed(clip).samples, clip.samples)

    @pytest.mark.parametrize("clip", [tone(level=0.0), tone(level=0.005), tone(0.0)])
    def test_silence_is_no_speech(self, clip: Clip) -> None:
        with pytest.raises(AudioError, match="nothing but silence"):
            trimmed(clip)

    @pytest.mark.parametrize("out_hz", [22050, 44100, 48000])
    def test_clauses_are_joined_by_a_breath_at_the_rate_of_the_output(self, out_hz: int) -> None:
        sound = joined([tone(0.5), tone(0.3, hz=400)], out_hz)
        assert len(sound) / out_hz == pytest.approx(1.0, abs=0.001)
        assert not sound[round(0.501 * out_hz) : round(0.699 * out_hz)].any()
        spectrum = np.abs(np.fft.rfft(sound[: out_hz // 2]))
        assert 2 * np.argmax(spectrum) == pytest.approx(300, abs=2)
        assert abs(sound[0]) < 1e-3
        assert sound.dtype == np.float32

    @pytest.mark.parametrize("level", [0.02, 0.2, 1.0])
    def test_what_is_soft_and_what_is_loud_is_heard_alike(self, level: float) -> None:
        sound = joined([tone(level=level)], OUT_HZ)
        assert dbfs(sound) == pytest.approx(-27 + 3, abs=0.2)

    def test_no_peak_exceeds_that_of_a_click(self) -> None:
        spike = tone(level=0.02)
        spike.samples[5000] = 32767
        assert dbfs(joined([spike], RATE_HZ)) == pytest.approx(-9, abs=0.01)


# --- engines ------------------------------------------------------------------------------------------------------

Install = Callable[[str, str], Path]

HEARS = """
text = sys.stdin.buffer.read().decode()
with open(calls, 'a') as file: file.write(text + '\\n')
"""
SPEAKS = f"import base64\n{HEARS}sys.stdout.buffer.write(base64.b64decode({{said!r}}))\n"
HANGS = "time.sleep(60)\n"
CRASHES = "sys.exit('phontab: no such file')\n"
GARBAGE = "sys.stdout.buffer.write(b'RIFF' + bytes(range(256)))\n"


def speaking(clip: Clip | None = None) -> str:
    """Give a program that says everything in the same way."""
    return SPEAKS.format(said=base64.b64encode(to_wav(clip or tone(silence_s=0.1))))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Install:
    """Install programs, which write what they are asked to say to `calls`, on a PATH where there is nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    calls = tmp_path / "calls"
    calls.touch()

    def write(name: str, body: str, version: str = "1.51") -> Path:
        start = f"#!{sys.executable} -ISB\nimport os, sys, time\ncalls = {str(calls)!r}\n"
        asked = f"if '--version' in sys.argv: sys.exit(print('eSpeak NG text-to-speech: {version}  Data at: /x'))\n"
        (folder / name).write_text(start + asked + body)
        (folder / name).chmod(0o755)
        return calls

    return write


EN = load_language("en", {"XDG_CONFIG_HOME": "nowhere"})


@needs_espeak
class TestEspeakNg:
    @pytest.mark.parametrize("name", SHIPPED)
    def test_every_phrase_of_every_language_is_spoken(self, name: str) -> None:
        language = load_language(name, {"XDG_CONFIG_HOME": "nowhere"})
        engine = find_engine(language)
        for say in NAMES:
            clips = [trimmed(engine.render(clause)) for clause in language.clauses(say, 164)]
            sound = joined(clips, OUT_HZ)
            assert 0.2 < len(sound) / OUT_HZ < 4.5
            assert -15 < dbfs(sound) <= -8.99

    @pytest.mark.parametrize("name", SHIPPED)
    def test_numbers_are_read_as_numbers(self, name: str) -> None:
        language = load_language(name, {"XDG_CONFIG_HOME": "nowhere"})
        engine = find_engine(language)
        lengths_s = [len(trimmed(engine.render(str(n))).samples) / RATE_HZ for n in (100, 164, 240)]
        assert 0.4 < lengths_s[0] < lengths_s[1] < 2.0
        assert lengths_s[2] < lengths_s[1]

    def test_languages_differ_in_voice(self) -> None:
        english, german = (EspeakNg(voice, "").render("164").samples for voice in ("en-us", "de"))
        assert len(english) != len(german)

    def test_a_head_alone_is_what_it_is_in_its_sentence(self) -> None:
        engine = find_engine(EN)
        head = trimmed(engine.render("cadence 164:")).samples[:-500]
        whole = trimmed(engine.render("cadence 164: quicker, lighter steps")).samples
        np.testing.assert_array_equal(whole[: len(head)], head)

    @pytest.mark.parametrize("text", ["--version", "-w spoken.wav", "'; exit 1", "$(exit 1)"])
    def test_no_text_is_an_option_or_a_command(
        self, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert len(trimmed(find_engine(EN).render(text)).samples) > 0.3 * RATE_HZ
        assert not list(tmp_path.iterdir())

    def test_a_voice_that_is_not_there_is_named(self) -> None:
        wrong = Language(code="en", phrases=EN.phrases, voices={"espeak-ng": "nobody"})
        with pytest.raises(AudioError, match="espeak-ng: Error: The specified espeak-ng voice does not exist"):
            find_engine(wrong)


class TestFindEngine:
    def test_an_engine_says_which_it_is(self, install: Install) -> None:
        calls = install("espeak-ng", speaking())
        assert find_engine(EN).identity == "espeak-ng 1.51, voice en-us"
        assert calls.read_text() == "fine\n"

    def test_without_one_says_what_to_install(self, install: Install) -> None:
        with pytest.raises(AudioError, match=r"no espeak-ng on this system \(sudo apt install espeak-ng\)"):
            find_engine(EN)

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (HANGS, "espeak-ng gave no answer within 0.5 s"),
            (CRASHES, "espeak-ng: phontab: no such file"),
            ("sys.exit(3)\n", "espeak-ng: exit code 3"),
            (GARBAGE, "no WAV file"),
            ("", "no WAV file"),
            (speaking(tone(level=0.0)), "nothing but silence"),
        ],
    )
    def test_one_that_does_not_speak_is_not_taken(
        self, install: Install, monkeypatch: pytest.MonkeyPatch, body: str, said: str
    ) -> None:
        monkeypatch.setattr(engines, "LIMIT_S", 0.5)
        install("espeak-ng", body)
        with pytest.raises(AudioError, match=said):
            find_engine(EN)

    def test_a_program_that_does_not_start_is_not_taken(self, install: Install, tmp_path: Path) -> None:
        install("espeak-ng", "")
        (tmp_path / "bin" / "espeak-ng").write_text("#!/no/such/interpreter\n")
        with pytest.raises(AudioError, match="espeak-ng does not start"):
            find_engine(EN)

    def test_a_voice_that_no_program_can_be_given_is_not_taken(self, install: Install) -> None:
        install("espeak-ng", speaking())
        with pytest.raises(AudioError, match="espeak-ng does not start: embedded null byte"):
            find_engine(Language(code="en", phrases=EN.phrases, voices={"espeak-ng": "a\0b"}))

    def test_macos_speaks_by_say_and_by_espeak_where_that_fails(self, install: Install, tmp_path: Path) -> None:
        install("espeak-ng", speaking())
        to_file = "sys.stdout = open(sys.argv[sys.argv.index('-o') + 1], 'w')\n"
        (tmp_path / "calls").unlink()
        calls = install(
            "say", f"open({str(tmp_path / 'argv')!r}, 'w').write(repr(sys.argv[1:]))\n{to_file}{speaking()}"
        )
        engine = find_engine(EN, "darwin")
        assert isinstance(engine, Say)
        assert calls.read_text() == "fine\n"
        argv = (tmp_path / "argv").read_text()
        assert argv.startswith("['-v', 'Samantha', '-o', '")
        assert argv.endswith("said.wav', '--data-format=LEI16@22050', '-f', '-']")
        install("say", "")
        assert isinstance(find_engine(EN, "darwin"), EspeakNg)

    def test_windows_speaks_by_powershell_told_by_its_environment(self, install: Install) -> None:
        said = base64.b64encode(to_wav(tone())).decode()
        asked = "[os.environ[f'SPEAK_{name}'] for name in ('TEXT', 'LANGUAGE', 'VOICE')]"
        calls = install("powershell", f"open(calls, 'w').write(repr({asked}))\nprint({said!r})\n")
        engine = find_engine(load_language("de", {"XDG_CONFIG_HOME": "nowhere"}), "win32")
        assert isinstance(engine, Sapi)
        assert calls.read_text() == "['gut', 'de', '']"
        install("powershell", "print('not quite base64')\n")
        with pytest.raises(AudioError, match="powershell"):
            find_engine(EN, "win32")


# --- what is kept -------------------------------------------------------------------------------------------------


class TestCache:
    @pytest.fixture
    def speaker(self, install: Install, tmp_path: Path) -> Callable[[], Speaker]:
        install("espeak-ng", speaking())
        return lambda: Speaker(EspeakNg("en", "1.51"), tmp_path / "cache")

    def test_what_was_said_once_is_not_asked_for_again(self, speaker: Callable[[], Speaker], tmp_path: Path) -> None:
        first = speaker().say("on target")
        again = speaker().say("on target")
        assert (tmp_path / "calls").read_text() == "on target\n"
        np.testing.assert_array_equal(first.samples, again.samples)
        assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".wav"]

    def test_another_text_version_or_voice_is_another_sound(self, install: Install, tmp_path: Path) -> None:
        calls = install("espeak-ng", speaking())
        for engine in (EspeakNg("en", "1.51"), EspeakNg("de", "1.51"), EspeakNg("en", "1.52")):
            Speaker(engine, tmp_path / "cache").say("fine")
        Speaker(EspeakNg("en", "1.51"), tmp_path / "cache").say("gut")
        assert calls.read_text() == "fine\nfine\nfine\ngut\n"

    @pytest.mark.parametrize(
        "damage",
        [lambda data: b"", lambda data: data[:-2], lambda data: data[:20], lambda data: bytes(len(data))],
        ids=["empty", "short", "cut in the header", "zeros"],
    )
    def test_a_damaged_file_is_made_anew(
        self, speaker: Callable[[], Speaker], tmp_path: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        speaker().say("fine")
        (file,) = (tmp_path / "cache").iterdir()
        good = file.read_bytes()
        file.write_bytes(damage(good))
        speaker().say("fine")
        assert file.read_bytes() == good
        assert (tmp_path / "calls").read_text() == "fine\nfine\n"

    def test_a_folder_that_cannot_be_written_is_only_slower(
        self, speaker: Callable[[], Speaker], tmp_path: Path
    ) -> None:
        (tmp_path / "cache").write_text("a file, where the folder should be")
        speaker().say("fine")
        speaker().say("fine")
        assert (tmp_path / "calls").read_text() == "fine\nfine\n"

    def test_a_file_that_cannot_be_finished_leaves_nothing(
        self, speaker: Callable[[], Speaker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fill_the_disk(path: Path, data: bytes) -> None:
            path.touch()
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", fill_the_disk)
        assert len(speaker().say("fine").samples) > 0
        assert list((tmp_path / "cache").iterdir()) == []

    def test_it_lies_in_the_users_cache(self) -> None:
        assert cache_folder({"XDG_CACHE_HOME": "/var/tmp/mine"}) == Path("/var/tmp/mine/cadence-coach/voice")
        assert cache_folder({}).parts[-2:] == ("cadence-coach", "voice")


# --- what is heard ------------------------------------------------------------------------------------------------


class FakeEngine:
    """An engine that says everything at once, except what it cannot say."""

    identity = "fake"

    def __init__(self, mute: tuple[str, ...] = ()) -> None:
        self.mute = mute
        self.said: list[str] = []

    def render(self, text: str) -> Clip:
        self.said.append(text)
        return tone(level=0.0 if text in self.mute else 0.5)


class TestWords:
    @pytest.fixture
    def told(self) -> list[str]:
        return []

    def words(self, clip: Callable[[str], Clip | None], volume: float = 1.0) -> SpokenWords:
        return SpokenWords(EN, clip, ToneWords(volume), volume)

    def test_what_is_not_ready_is_said_in_tones_and_later_in_words(self, tmp_path: Path, told: list[str]) -> None:
        free = threading.Event()

        def speaker() -> Speaker:
            free.wait()
            return Speaker(FakeEngine(), tmp_path)

        prepared = Prepared(speaker, ["cadence 164:", "quicker, lighter steps"], told.append)
        words = self.words(prepared.clip)
        np.testing.assert_array_equal(words.sound(prompt("below", 164), OUT_HZ), pattern("below", OUT_HZ))
        free.set()
        prepared.wait()
        assert len(words.sound(prompt("below", 164), OUT_HZ)) == round(1.2 * OUT_HZ)
        np.testing.assert_array_equal(words.sound(prompt("below", 165), OUT_HZ), pattern("below", OUT_HZ))
        assert told == []

    def test_a_prompt_without_the_number_that_it_needs_is_said_in_tones(self) -> None:
        words = self.words(lambda clause: tone())
        for odd in (prompt("below"), prompt("below", 99), prompt("target", 241)):
            np.testing.assert_array_equal(words.sound(odd, OUT_HZ), pattern(odd.say, OUT_HZ))

    def test_a_sound_is_made_once_for_a_rate_and_is_as_loud_as_asked(self) -> None:
        clip = tone()
        loud, soft = self.words(lambda clause: clip), self.words(lambda clause: clip, volume=0.5)
        first, second = (loud.sound(prompt("on_target"), OUT_HZ) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert len(loud.sound(prompt("on_target"), RATE_HZ)) == round(0.5 * RATE_HZ)
        assert dbfs(soft.sound(prompt("on_target"), OUT_HZ)) == pytest.approx(dbfs(first) - 6.02, abs=0.01)
        assert loud._joined.cache_info().hits == 1

    def test_a_clause_that_cannot_be_said_costs_that_clause_only(self, tmp_path: Path, told: list[str]) -> None:
        speaker = Speaker(FakeEngine(mute=("b", "d")), tmp_path)
        prepared = Prepared(lambda: speaker, ["a", "b", "c", "d", "e"], told.append)
        prepared.wait()
        assert [clause for clause in "abcde" if prepared.clip(clause)] == ["a", "c", "e"]
        assert told == []

    def test_an_engine_that_fails_again_and_again_is_left_alone(self, tmp_path: Path, told: list[str]) -> None:
        engine = FakeEngine(mute=("b", "c", "d"))
        prepared = Prepared(lambda: Speaker(engine, tmp_path), list("abcdef"), told.append)
        prepared.wait()
        assert engine.said == ["a", "b", "c", "d"]
        assert told == ["voice: tones instead of words: nothing but silence"]

    def test_a_fault_of_our_own_is_told_too(self, told: list[str]) -> None:
        Prepared(lambda: 1 / 0, ["a"], told.append).wait()  # type: ignore[arg-type, return-value]
        assert told == ["voice: tones instead of words: division by zero"]

    @pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux only")
    def test_rendering_stands_back_for_everything_else(self, told: list[str]) -> None:
        seen: list[int] = []

        def speaker() -> Speaker:
            seen.append(os.getpriority(os.PRIO_PROCESS, 0))
            raise AudioError("enough")

        before = os.getpriority(os.PRIO_PROCESS, 0)
        Prepared(speaker, [], told.append).wait()
        assert seen == [max(before, 10)]
        assert os.getpriority(os.PRIO_PROCESS, 0) == before

    def test_at_leisure_a_clause_is_made_when_it_is_wanted(self, tmp_path: Path, told: list[str]) -> None:
        engine = FakeEngine()
        words = self.words(AtLeisure(lambda: Speaker(engine, tmp_path), told.append).clip)
        assert engine.said == []
        assert len(words.sound(prompt("below", 164), OUT_HZ)) == round(1.2 * OUT_HZ)
        words.sound(prompt("below", 164), OUT_HZ)
        assert engine.said == ["cadence 164:", "quicker, lighter steps"]

    def test_at_leisure_a_failure_is_told_once(self, told: list[str]) -> None:
        def speaker() -> Speaker:
            raise AudioError("there is no engine")

        words = self.words(AtLeisure(speaker, told.append).clip)
        for _ in range(2):
            np.testing.assert_array_equal(words.sound(prompt("fine"), OUT_HZ), pattern("fine", OUT_HZ))
        assert told == ["voice: tones instead of words: there is no engine"]


# --- what the settings ask for ------------------------------------------------------------------------------------


def configured(*settings: str) -> Config:
    return load(settings=[f"voice.{setting}" for setting in settings], environ={"XDG_CONFIG_HOME": "nowhere"}).config


class TestMakeWords:
    @pytest.fixture
    def made(self, install: Install, tmp_path: Path) -> Callable[..., object]:
        install("espeak-ng", speaking())
        self.told: list[str] = []
        environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        return lambda *settings, **more: make_words(
            configured(*settings), tell=self.told.append, environ=environ, **{"at_leisure": True, **more}
        )

    def test_off_is_nobody(self, made: Callable[..., SpokenWords | None]) -> None:
        assert made("mode=off", "language=nowhere") is None

    def test_tones_need_no_language(self, made: Callable[..., SpokenWords]) -> None:
        words = made("mode=tones", "language=nowhere", "volume=0.5")
        assert dbfs(words.sound(prompt("easy"), OUT_HZ)) == pytest.approx(-18, abs=0.1)

    def test_a_language_that_is_not_there_is_an_error_of_the_settings(self, made: Callable[..., SpokenWords]) -> None:
        with pytest.raises(ConfigError, match="no words for 'nowhere'"):
            made("language=nowhere")

    def test_speech_is_the_default(self, made: Callable[..., SpokenWords], tmp_path: Path) -> None:
        assert len(made().sound(prompt("on_target"), OUT_HZ)) == pytest.approx(0.5 * OUT_HZ, abs=0.02 * OUT_HZ)
        assert (tmp_path / "calls").read_text() == "fine\non target\n"
        assert len(list((tmp_path / "cache" / "cadence-coach" / "voice").iterdir())) == 1

    @pytest.mark.parametrize(("fine", "length_s"), [("off", 0.03), ("tick", 0.03), ("word", 0.5)])
    def test_that_all_is_fine_is_a_tick_or_a_word(
        self, made: Callable[..., SpokenWords], fine: str, length_s: float
    ) -> None:
        sound = made(f"fine={fine}").sound(prompt("fine"), OUT_HZ)
        assert len(sound) / OUT_HZ == pytest.approx(length_s, abs=0.02)

    def test_live_words_are_made_in_the_background(
        self, made: Callable[..., SpokenWords], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(languages, "NUMBERS", range(169, 172))
        words = made("fine=word", at_leisure=False)
        words._clip.__self__.wait()  # type: ignore[attr-defined]
        for say in NAMES:
            sound = words.sound(prompt(say, 170 if say in NUMBERED else None), OUT_HZ)
            assert len(sound) % round(0.1 * OUT_HZ) != len(pattern(say, OUT_HZ)) % round(0.1 * OUT_HZ)
        assert self.told == []

    def test_an_engine_that_hangs_neither_holds_up_the_end_nor_outlives_it(
        self, install: Install, tmp_path: Path
    ) -> None:
        alive = tmp_path / "alive"
        os.mkfifo(alive)
        reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
        calls = install("espeak-ng", f"end = open({str(alive)!r}, 'w')\nopen(calls, 'w').write('called')\n{HANGS}")
        code = (
            "import sys, time; from pathlib import Path; from audio.speech import make_words\n"
            "from coach.config import load\n"
            "make_words(load().config, tell=print)\n"
            f"while not Path({str(calls)!r}).read_text(): time.sleep(0.01)\n"
        )
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "XDG_CONFIG_HOME": str(tmp_path / "none")}
        subprocess.run([sys.executable, "-c", code], check=True, env=environ, timeout=30)
        assert select.select([reader], [], [], 10)[0] == [reader]  # nobody holds the other end open
        assert os.read(reader, 1) == b""
        os.close(reader)
