"""Settings: five layers, the later over the earlier; complete, typed, and every error at once with its place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from coach.config import Config, Layer, environment_layer, flag_layer, from_text, load, merge, read_layer, shipped_path
from coach.errors import ConfigError

ROOT = Path(__file__).parents[1]
SHIPPED = tomllib.loads(shipped_path().read_text(encoding="utf-8"))
KEYS = [(section, key) for section, keys in SHIPPED.items() for key in keys]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give a folder for settings, and a working folder whose config.toml is nobody's business."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "config.toml").write_text("this is not even TOML")
    monkeypatch.chdir(work)
    return tmp_path


@pytest.fixture
def loaded(home):
    """Load from texts: the user's file, --config, environment, flags."""

    def run(*, user=None, file=None, environ=(), settings=(), extra=()):
        path = None
        if user is not None:
            own = home / "xdg" / "cadence-coach" / "config.toml"
            own.parent.mkdir(parents=True, exist_ok=True)
            own.write_text(user, encoding="utf-8")
        if file is not None:
            path = home / "given.toml"
            path.write_text(file, encoding="utf-8")
        environ = {"XDG_CONFIG_HOME": str(home / "xdg"), **dict(environ)}
        return load(file=path, settings=settings, environ=environ, extra=extra)

    return run


@pytest.fixture
def problems(loaded):
    """Give the problems of a load that fails, those of files by the name of the file alone."""

    def run(**layers):
        with pytest.raises(ConfigError) as caught:
            loaded(**layers)
        assert caught.value.exit_code == 2
        return [re.sub(r"^\S*[/\\](config|given)\.toml", r"\1.toml", problem) for problem in caught.value.problems]

    return run


class TestShipped:
    def test_it_is_complete_and_holds_no_key_that_the_models_lack(self):
        fields = Config.model_fields
        assert list(SHIPPED) == list(fields)
        for section, keys in SHIPPED.items():
            assert list(keys) == list(fields[section].annotation.model_fields)

    def test_the_models_have_no_defaults_of_their_own(self):
        for section in Config.model_fields.values():
            assert section.is_required()
            assert all(key.is_required() for key in section.annotation.model_fields.values())

    def test_it_is_in_force_where_nothing_else_is(self, loaded):
        effective = loaded()
        assert effective.config.model_dump() == SHIPPED
        assert set(effective.origins) == {f"{section}.{key}" for section, key in KEYS}
        assert set(effective.origins.values()) == {"shipped config.toml"}

    def test_it_is_the_file_at_the_root(self):
        assert shipped_path() == ROOT / "config.toml"

    def test_every_section_and_key_stands_on_a_line_of_its_own(self):
        text = shipped_path().read_text(encoding="utf-8")
        for section, keys in SHIPPED.items():
            assert re.search(rf"^\[{section}\]", text, re.M)
            for key in keys:
                assert re.search(rf"^{key} = ", text, re.M)

    def test_settings_cannot_be_changed(self, loaded):
        config = loaded().config
        with pytest.raises(ValidationError, match="frozen"):
            config.target.low_spm = 150.0


class TestPrecedence:
    def test_each_layer_lies_over_those_before_it(self, loaded):
        layers = {}
        assert loaded().config.target.low_spm == 170.0
        for name, value, spm in (
            ("user", "[target]\nlow_spm = 161", 161),
            ("extra", [Layer("remembered", {"target": {"low_spm": 162.0}})], 162),
            ("file", "[target]\nlow_spm = 163", 163),
            ("environ", {"COACH_TARGET_LOW_SPM": "164"}, 164),
            ("settings", ["target.low_spm=165"], 165),
        ):
            layers[name] = value
            assert loaded(**layers).config.target.low_spm == spm

    def test_each_value_knows_where_it_comes_from(self, loaded, home):
        effective = loaded(
            user="[target]\nlow_spm = 161\nhigh_spm = 181",
            extra=[Layer("remembered", {"sensor": {"address": "C0:FF:EE:00:00:01"}})],
            file="[target]\nlow_spm = 163\n[audio]\nvolume = 0.5",
            environ={"COACH_AUDIO_OUTPUT": "wav", "COACH_AUDIO_VOLUME": "0.6"},
            settings=["coaching.mode=off"],
        )
        origins = effective.origins
        assert origins["target.high_spm"] == str(home / "xdg" / "cadence-coach" / "config.toml")
        assert origins["target.low_spm"] == str(home / "given.toml")
        assert origins["sensor.address"] == "remembered"
        assert (origins["audio.output"], origins["audio.volume"]) == ("environment", "environment")
        assert origins["coaching.mode"] == "flags"
        assert origins["view.refresh_hz"] == "shipped config.toml"
        assert (effective.config.audio.volume, effective.config.target.low_spm) == (0.6, 163.0)

    def test_a_layer_changes_only_what_it_names(self, loaded):
        changed = loaded(file="[target]\nhigh_spm = 185").config.model_dump()
        assert changed["target"] == SHIPPED["target"] | {"high_spm": 185.0}
        assert {k: v for k, v in changed.items() if k != "target"} == {
            k: v for k, v in SHIPPED.items() if k != "target"
        }

    def test_the_last_of_two_flags_counts(self, loaded):
        assert loaded(settings=["target.low_spm=150", "target.low_spm=160"]).config.target.low_spm == 160

    def test_loading_leaves_the_layers_as_they_were(self):
        shipped = read_layer(shipped_path())
        merge([shipped, Layer("flags", {"target": {"low_spm": 150.0}})])
        assert shipped.tree == SHIPPED


class TestErrors:
    def test_all_come_at_once_each_with_its_layer_and_path(self, problems):
        found = problems(
            user="[audio]\nvolum = 0.5\n[targets]\nlow_spm = 170",
            file='[coaching]\nlead_pct = 9\nmode = "push"\n[target]\nlow_spm = 190\nhigh_spm = 170',
            environ={"COACH_SIMULATION_SEED": "many", "COACH_STORE_KEEP": "perhaps"},
            settings=["sensor.rate_hz=123", "sensor.colour=red"],
        )
        expected = [
            ("config.toml: audio.volum is not a key", "did you mean volume?"),
            ("config.toml: [targets] is not a section", "did you mean target?"),
            ("flags: sensor.colour is not a key", ""),
            ("given.toml: target: the band 190-170 must go up", ""),
            ("flags: sensor.rate_hz: ", "25, 50, 100 or 200, not 123"),
            ("given.toml: coaching.mode: ", "'alert' or 'off', not 'push'"),
            ("given.toml: coaching.lead_pct: ", "less than or equal to 5, not 9"),
            ("environment: simulation.seed: ", "not 'many'"),
            ("environment: store.keep: ", "not 'perhaps'"),
        ]
        for start, end in expected:
            assert [problem for problem in found if problem.startswith(start) and problem.endswith(end)], start
        assert len(found) == len(expected)

    def test_an_unknown_key_does_not_hide_what_else_is_wrong_with_its_section(self, problems):
        found = problems(file="[target]\nlow_spm = 190\nhigh_spm = 170\nfoo = 1")
        assert len(found) == 2
        assert any("target.foo" in problem for problem in found)
        assert any("190-170" in problem for problem in found)

    def test_flags_that_are_no_settings_are_named_with_all_the_rest(self, problems):
        found = problems(settings=["target.low_spm", "loud", "audio.volume=9"], file="[view]\nspeed = 1")
        assert len(found) == 4
        for said in ("target.low_spm", "loud", "audio.volume", "view.speed"):
            assert any(said in problem for problem in found)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("target = 5", "write [target]"),
            ("low_spm = 165", "[low_spm] is not a section"),
            ("[target.low_spm]\nmin = 1", "target.low_spm: input should be a valid number"),
            ("[[target]]\nlow_spm = 165", "write [target]"),
            ("[target]\nlow_spm = true", "target.low_spm: input should be a valid number, not True"),
            ('[target]\nlow_spm = "165"', "target.low_spm: input should be a valid number, not '165'"),
            ("[target]\nlow_spm = nan", "target.low_spm"),
            ("[target]\nhigh_spm = inf", "target.high_spm"),
            ("[target]\nlow_spm = 188", "the band 188-190 must go up by 4"),
            ("[coaching]\nfade_out_steps = 6.5", "coaching.fade_out_steps"),
            ("[store]\nkeep = 1", "store.keep"),
            ("[audio]\nsample_rate_hz = 8000", "audio.sample_rate_hz"),
            ('[sensor]\nmatch_name = "\\u0007\\t"', "sensor.match_name: must hold something that can be printed"),
        ],
    )
    def test_nonsense_in_a_file_is_one_clear_line(self, problems, text, said):
        (problem,) = problems(file=text)
        assert problem.startswith("given.toml: ")
        assert said in problem

    @pytest.mark.parametrize("text", ["[target", "a = = 1", "\0", "[target]\nlow_spm = 1\nlow_spm = 2"])
    def test_a_file_that_is_not_toml_is_named(self, problems, text):
        (problem,) = problems(file=text)
        assert problem.startswith("given.toml: not TOML: ")

    def test_a_file_that_is_not_text_is_named(self, home):
        (home / "given.toml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ConfigError, match=r"given\.toml: not UTF-8, from byte 0 on \(save it as UTF-8 text\)"):
            load(file=home / "given.toml", environ={"XDG_CONFIG_HOME": str(home)})

    def test_a_file_that_is_not_there_is_an_error_only_where_it_was_asked_for(self, home):
        environ = {"XDG_CONFIG_HOME": str(home / "nowhere")}
        assert load(environ=environ).config.model_dump() == SHIPPED
        with pytest.raises(ConfigError, match="there is no such file") as caught:
            load(file=home / "nowhere.toml", environ=environ)
        assert "--config" in caught.value.hint

    def test_a_wrong_value_that_is_overruled_does_no_harm(self, loaded):
        assert loaded(user="[audio]\nvolume = 7", settings=["audio.volume=0.7"]).config.audio.volume == 0.7

    @pytest.mark.parametrize(("section", "key"), KEYS, ids=[".".join(pair) for pair in KEYS])
    def test_every_key_refuses_the_wrong_type(self, section, key):
        wrong = 3 if isinstance(SHIPPED[section][key], str) else "three"
        with pytest.raises(ConfigError, match=rf"^here: {section}\.{key}: "):
            merge([Layer("shipped config.toml", SHIPPED), Layer("here", {section: {key: wrong}})])


class TestText:
    """Environment and flags are text; the shipped value says what type is meant."""

    @pytest.mark.parametrize(
        ("text", "like", "value"),
        [
            ("165", 170.0, 165.0),
            ("1e2", 170.0, 100.0),
            ("12", 1, 12),
            ("12.0", 1, "12.0"),
            ("12", "", "12"),
            ("true", "", "true"),
            ("TRUE", False, True),
            ("no", True, False),
            ("0", True, False),
            ("2", True, "2"),
            ("fast", 1.0, "fast"),
            ("", 1.0, ""),
        ],
    )
    def test_it_is_read_by_the_type_of_the_shipped_value(self, text, like, value):
        read = from_text(text, like)
        assert read == value
        assert type(read) is type(value)

    def test_every_key_can_be_set_by_the_environment(self):
        environ = {
            f"COACH_{section}_{key}".upper(): str(value)
            for section, keys in SHIPPED.items()
            for key, value in keys.items()
        }
        assert environment_layer(environ, SHIPPED).tree == SHIPPED

    def test_every_key_can_be_set_by_a_flag(self):
        settings = [f"{section}.{key}={SHIPPED[section][key]}" for section, key in KEYS]
        assert flag_layer(settings, SHIPPED).tree == SHIPPED

    def test_an_address_with_colons_and_equals_is_left_whole(self, loaded):
        effective = loaded(settings=["sensor.address=C0:FF:EE=1", "audio.device= USB = Audio "])
        assert (effective.config.sensor.address, effective.config.audio.device) == ("C0:FF:EE=1", "USB = Audio")

    def test_other_variables_are_left_alone(self):
        environ = {"COACH": "1", "TARGET_LOW_SPM": "1", "coach_target_low_spm": "1", "PATH": "/bin"}
        assert environment_layer(environ, SHIPPED).tree == {}
