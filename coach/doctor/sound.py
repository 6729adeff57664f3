"""Whether anything can be heard: devices by name, as `audio.device` takes it, players, the sound server, extras."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

from coach.doctor.child import in_child
from coach.doctor.finding import Finding, Verdict

SERVER_S = 1.0
PLAYERS = ("pw-cat", "pacat", "aplay")
_MANY = 8  # devices named; the rest is counted


def check_sound() -> list[Finding]:
    """Look for ways to be heard; where there is none, say so."""
    ways = in_child("sound", "coach.doctor.sound:ask_portaudio")
    if find_spec("miniaudio") is not None:
        ways += in_child("sound", "coach.doctor.sound:ask_miniaudio")
    if sys.platform == "linux":
        ways.append(check_players())
    if not any(way.ok == "ok" for way in ways):
        text = "no way to be heard was found: a run goes on and writes what you would have heard to a WAV file"
        ways.append(_finding("bad", text, "do one of the above"))
    return [*ways, check_simpleaudio()]


def ask_portaudio() -> list[Finding]:
    """Load PortAudio and list the devices that can play."""
    try:
        import sounddevice
    except ImportError:
        return [_finding("warn", "the package sounddevice is missing", "pip install sounddevice")]
    except OSError:
        return [_finding("warn", "the library PortAudio is missing", "sudo apt install libportaudio2")]
    from audio.outputs import device
    from audio.outputs.naming import labels

    found = device.devices(sounddevice)
    default = sounddevice.default.device[1]
    names = [
        f"{label} (default)" if each.key == default else label for each, label in zip(found, labels(found), strict=True)
    ]
    return [_plays_on("PortAudio", names)]


def ask_miniaudio() -> list[Finding]:
    """Load miniaudio and list the devices that can play."""
    from audio.outputs import miniaudio
    from audio.outputs.naming import labels

    try:
        found = miniaudio.devices(miniaudio.package())
    except Exception as error:  # its own errors derive from Exception alone
        return [_finding("warn", f"miniaudio finds no device: {error}", "pip install --force-reinstall miniaudio")]
    return [_plays_on("miniaudio", labels(found))]


def _plays_on(library: str, names: list[str]) -> Finding:
    if not names:
        todo = "plug in headphones or a sound card; on a server, start a sound server (PipeWire, PulseAudio)"
        return _finding("warn", f"{library} is there, but no device that plays", todo)
    names = list(dict.fromkeys(names))
    more = f"; and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return _finding("ok", f"{library} plays on: {'; '.join(names[:_MANY])}{more}")


def check_players() -> Finding:
    """Look for the programs that `output = "pipe"` writes to, and for the sound server behind them."""
    found = [player for player in PLAYERS if shutil.which(player)]
    server = sound_server()
    text = f"players: {', '.join(found) or 'none'}; sound server: {server or 'none'}"
    if not found:
        return _finding("warn", text, "sudo apt install pulseaudio-utils (or alsa-utils, pipewire-bin)")
    if server is None and not (("aplay" in found) and _has_alsa_card()):
        return _finding(
            "warn", text, "log in on this machine's own screen, or start PipeWire: systemctl --user start pipewire"
        )
    return _finding("ok", text)


def sound_server() -> str | None:
    """Give the name of the sound server that answers; one at another machine is believed without asking."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", "/run"))
    pulse = os.environ.get("PULSE_SERVER", f"unix:{runtime}/pulse/native")
    if _answers(Path(os.environ.get("PIPEWIRE_RUNTIME_DIR", runtime)) / "pipewire-0"):
        return "PipeWire"
    if not pulse.startswith(("unix:", "/")):
        return f"PulseAudio at {pulse}"
    return "PulseAudio" if _answers(Path(pulse.removeprefix("unix:"))) else None


def check_simpleaudio() -> Finding:
    """Say whether the optional package is there, and whether it is the one that crashes."""
    if find_spec("simpleaudio") is None:
        return _finding("ok", 'simpleaudio is not installed; only output = "simpleaudio" needs it')
    if "simpleaudio" in packages_distributions().get("simpleaudio", []) and sys.version_info >= (3, 12):
        todo = "pip uninstall simpleaudio && pip install simpleaudio-patched"
        return _finding("bad", "this simpleaudio crashes on Python 3.12 and later", todo)
    return _finding("ok", "simpleaudio is installed")


def _has_alsa_card() -> bool:
    cards = Path("/proc/asound/cards")
    return cards.exists() and "no soundcards" not in cards.read_text()


def _answers(place: Path) -> bool:
    if sys.platform == "win32":
        return False
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SERVER_S)
        try:
            connection.connect(str(place))
        except OSError:
            return False
    return True


def _finding(ok: Verdict, text: str, todo: str = "") -> Finding:
    return Finding(area="sound", ok=ok, text=text, todo=todo)
