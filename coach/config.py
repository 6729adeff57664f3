"""Typed, frozen settings, and where each of them comes from.

Five layers, the later over the earlier: shipped `config.toml` < the user's file < `--config` < environment < flags.
The shipped file is complete, so a setting without a value cannot exist and the models below hold no defaults. All
errors of all layers are collected and raised at once, each with the layer and the path of the key.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from coach.errors import ConfigError
from coach.model import CoachingMode, Placement, Side
from coach.text import printable

Tree = dict[str, dict[str, Any]]
ENV_PREFIX = "COACH_"
SHIPPED = "shipped config.toml"

Spm = Annotated[float, Field(ge=60, le=260)]
Percent = Annotated[float, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(ge=0, le=3600)]


def _searchable(name: str) -> str:
    if name and not printable(name):
        raise ValueError("must hold something that can be printed")
    return name


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class TargetConfig(_Section):
    kind: Literal["band", "personal"]
    low_spm: Spm
    high_spm: Spm
    raise_pct: Annotated[float, Field(ge=0)]
    own_spm: Annotated[float, Field(ge=0, le=260)]
    own_mps: Annotated[float, Field(ge=0, le=12)]
    spm_per_mps: Annotated[float, Field(ge=0, le=20)]

    @model_validator(mode="after")
    def _is_a_band(self) -> TargetConfig:
        if 0 < self.own_spm < 60:
            raise ValueError(f"own_spm is 60 to 260, or 0 where it is not known, not {self.own_spm:g}")
        if self.raise_pct > 10:
            raise ValueError(
                f"raise_pct is 10 at most: nobody is led further above the own cadence, not {self.raise_pct:g}"
            )
        if self.low_spm + 4 > self.high_spm:
            raise ValueError(f"the band {self.low_spm:g}-{self.high_spm:g} must go up by 4 spm at least")
        return self


class RunnerConfig(_Section):
    name: str


class SensorConfig(_Section):
    kind: str
    address: str
    match_name: Annotated[str, AfterValidator(_searchable)]
    also: str
    placement: Placement
    side: Side
    pod_cadence: Literal["auto", "strides", "steps"]
    also_pod_cadence: Literal["", "auto", "strides", "steps"]
    rate_hz: Literal[25, 50, 100, 200]
    scan_s: Annotated[float, Field(ge=1, le=120)]
    silence_s: Annotated[float, Field(ge=2, le=120)]

    @property
    def beside(self) -> SensorConfig:
        """The settings of the second sensor: where it is worn was told of the first."""
        counts = self.also_pod_cadence or self.pod_cadence
        return self.model_copy(update={"placement": "unknown", "side": "unknown", "pod_cadence": counts})


class CoachingConfig(_Section):
    mode: CoachingMode
    plan: str
    engage_after_s: Seconds
    silent_after_s: Seconds
    hysteresis_spm: Annotated[float, Field(ge=0, le=10)]
    lead_pct: Annotated[float, Field(gt=0, le=5)]
    ramp_pct: Annotated[float, Field(gt=0, le=3)]
    fade_in_s: Annotated[float, Field(ge=0, le=10)]
    fade_out_steps: Annotated[int, Field(ge=4, le=8)]
    phase_ms: Annotated[float, Field(ge=-50, le=50)]
    beat_on: Literal["step", "second", "stride"]
    on_loss: Literal["hold", "fade"]
    hold_s: Annotated[float, Field(ge=1, le=30)]
    rest_s: Seconds


class AudioConfig(_Section):
    output: Literal["auto", "device", "pipe", "miniaudio", "simpleaudio", "wav", "null"]
    device: str
    volume: Annotated[float, Field(ge=0, le=1)]
    click: Literal["tick", "wood", "soft"]
    pan: Annotated[float, Field(ge=-0.5, le=0.5)]
    sample_rate_hz: Literal[22050, 44100, 48000]
    buffer_s: Annotated[float, Field(ge=0.05, le=0.6)]
    latency_ms: Annotated[float, Field(ge=0, le=600)]


class VoiceConfig(_Section):
    mode: Literal["speech", "tones", "off"]
    language: Annotated[str, Field(min_length=1)]
    volume: Annotated[float, Field(ge=0, le=1)]
    fine: Literal["off", "tick", "word"]
    again_s: Seconds


class SimulationConfig(_Section):
    seed: Annotated[int, Field(ge=0)]
    cadence_spm: Annotated[float, Field(ge=120, le=240)]
    placement: Literal["foot", "ankle", "shank", "thigh", "waist", "sacrum", "chest", "upper_arm", "wrist", "hand"]
    person: Annotated[int, Field(ge=0)]
    rate_hz: Annotated[float, Field(ge=12.5, le=500)]
    jitter_pct: Annotated[float, Field(ge=0, le=45)]
    frame_s: Annotated[float, Field(ge=0.002, le=2)]
    transport_s: Annotated[float, Field(ge=0, le=2)]
    bunch_s: Annotated[float, Field(ge=0, le=10)]
    step_cv_pct: Annotated[float, Field(ge=0, le=10)]
    asymmetry_pct: Annotated[float, Field(ge=-20, le=20)]
    noise_g: Annotated[float, Field(ge=0, le=1)]
    range_g: Annotated[float, Field(ge=1, le=200)]
    scale: Annotated[float, Field(ge=0.1, le=2)]
    gravity: bool
    turn_every_s: Seconds
    loss_pct: Percent
    sample_loss_pct: Percent
    stand_s: Seconds
    follows: Literal["well", "hardly", "not"]


class StoreConfig(_Section):
    keep: bool
    path: str


class ViewConfig(_Section):
    refresh_hz: Annotated[float, Field(ge=1, le=30)]


class Config(_Section):
    """Every setting of the program; see `config.toml` for what each one means."""

    target: TargetConfig
    runner: RunnerConfig
    sensor: SensorConfig
    coaching: CoachingConfig
    audio: AudioConfig
    voice: VoiceConfig
    simulation: SimulationConfig
    store: StoreConfig
    view: ViewConfig


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings of one origin; `origin` is what an error calls it, `problems` what is wrong before they are merged."""

    origin: str
    tree: Tree
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings in force and, by `section.key`, the origin of each."""

    config: Config
    origins: Mapping[str, str]

    def over(self, *layers: Layer) -> Effective:
        """Lay what the program found out over the settings of every origin; it is known to be valid."""
        tree, origins = self.config.model_dump(), dict(self.origins)
        for layer in layers:
            for section, key, value in _items(layer.tree):
                tree[section][key] = value
                origins[f"{section}.{key}"] = layer.origin
        return Effective(Config.model_validate(tree), origins)


def shipped_path() -> Path:
    """Find the shipped config.toml: inside the wheel's package, or at the root of a source tree."""
    package = Path(__file__).parent
    inside = package / "config.toml"
    return inside if inside.exists() else package.parent / "config.toml"


def user_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the place of the runner's own file, whether or not it exists."""
    if xdg := environ.get("XDG_CONFIG_HOME"):
        return Path(xdg) / "cadence-coach" / "config.toml"
    from platformdirs import user_config_path

    return user_config_path("cadence-coach", appauthor=False) / "config.toml"


def read_layer(path: Path, origin: str | None = None) -> Layer:
    """Read one TOML file.

    Raises
    ------
    ConfigError
        When the file is missing, cannot be read or is not TOML.
    """
    name = origin or str(path)
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"{name}: there is no such file"], hint="check the path given with --config") from None
    except OSError as error:
        raise ConfigError([f"{name}: cannot be read: {error.strerror}"], hint="name a file that can be read") from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{name}: not UTF-8, from byte {error.start} on"], hint="save it as UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{name}: not TOML: {error}"], hint="correct it there, or take the file away") from error
    return Layer(name, tree)


def environment_layer(environ: Mapping[str, str], known: Tree) -> Layer:
    """Read COACH_<SECTION>_<KEY> variables; the type is that of the shipped value."""
    tree: Tree = {}
    for section, keys in known.items():
        for key, shipped in keys.items():
            text = environ.get(f"{ENV_PREFIX}{section}_{key}".upper())
            if text is not None:
                tree.setdefault(section, {})[key] = from_text(text, shipped)
    return Layer("environment", tree)


def from_text(text: str, like: object) -> object:
    """Read a setting given as text, by the type of the shipped value; text that does not fit stays text."""
    if isinstance(like, str):
        return text
    if isinstance(like, bool):
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower(), text)
    try:
        return int(text) if isinstance(like, int) else float(text)
    except ValueError:
        return text


def flag_layer(settings: Sequence[str], known: Tree) -> Layer:
    """Read `section.key=value` settings; those that are not of that form are problems of the layer."""
    tree: Tree = {}
    problems = []
    for setting in settings:
        path, equals, text = setting.partition("=")
        section, dot, key = path.strip().partition(".")
        if equals and dot and key:
            tree.setdefault(section, {})[key] = from_text(text.strip(), known.get(section, {}).get(key, ""))
        else:
            problems.append(f"--set {setting}: write it as section.key=value")
    return Layer("flags", tree, tuple(problems))


def load(
    *,
    file: Path | None = None,
    settings: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
    extra: Sequence[Layer] = (),
) -> Effective:
    """Put the layers together.

    Parameters
    ----------
    file : the file given with --config.
    settings : `section.key=value` flags.
    environ : the environment, read for COACH_… variables and the user's folder.
    extra : layers between the user's file and `file` (what is remembered of a device).

    Raises
    ------
    ConfigError
        With every problem of every layer.
    """
    shipped = read_layer(shipped_path(), SHIPPED)
    layers = [shipped]
    if (own := user_path(environ)).exists():
        layers.append(read_layer(own))
    layers.extend(extra)
    if file is not None:
        layers.append(read_layer(file))
    layers.append(environment_layer(environ, shipped.tree))
    layers.append(flag_layer(settings, shipped.tree))
    return merge(layers)


def merge(layers: Sequence[Layer]) -> Effective:
    """Lay each layer over those before it, and validate the whole.

    Raises
    ------
    ConfigError
        With every problem of every layer.
    """
    tree: Tree = {}
    origins: dict[str, str] = {}
    problems: list[str] = []
    known = layers[0].tree
    for layer in layers:
        problems.extend((*layer.problems, *_unknown(layer, known)))
        for section, key, value in _items(layer.tree):
            if key not in known.get(section, {}):
                continue  # named above; left in, it would hide what else is wrong with its section
            tree.setdefault(section, {})[key] = value
            origins[f"{section}.{key}"] = layer.origin
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        problems.extend(_explain(error, origins, tree))
    if problems:
        raise ConfigError(problems, hint="`coach config` prints every key with its value")
    return Effective(config, origins)


def _items(tree: Tree) -> Iterator[tuple[str, str, Any]]:
    for section, keys in tree.items():
        if isinstance(keys, dict):
            for key, value in keys.items():
                yield section, key, value


def _unknown(layer: Layer, known: Tree) -> Iterator[str]:
    for section, keys in layer.tree.items():
        if section not in known:
            yield f"{layer.origin}: [{section}] is not a section{_near(section, known)}"
        elif not isinstance(keys, dict):
            yield f"{layer.origin}: {section} is a section: write [{section}] and its keys below"
        else:
            for key in keys:
                if key not in known[section]:
                    yield f"{layer.origin}: {section}.{key} is not a key{_near(key, known[section])}"


def _near(word: str, words: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(word, words, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _explain(error: ValidationError, origins: Mapping[str, str], tree: Tree) -> Iterator[str]:
    for problem in error.errors():
        if problem["type"] in ("extra_forbidden", "model_type"):
            continue  # `_unknown` names these by layer, with a suggestion
        path = ".".join(str(part) for part in problem["loc"])
        text = problem["msg"].removeprefix("Value error, ")
        got = f", not {problem['input']!r}" if path in origins else ""
        yield f"{_origin(path, origins)}: {path}: {text[0].lower()}{text[1:]}{got}"


def _origin(path: str, origins: Mapping[str, str]) -> str:
    if path in origins:
        return origins[path]
    found = {origin for key, origin in origins.items() if key.startswith(f"{path}.")}
    return ", ".join(sorted(found - {SHIPPED}) or sorted(found))
