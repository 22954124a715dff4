import json
import logging
from pathlib import Path

import pytest

from latent_studio.app.paths import Paths
from latent_studio.app.setting_names import value_text
from latent_studio.app.settings import (
    GROUPS,
    Settings,
    load_settings,
    read_settings,
    settings_file,
    store_settings,
    with_keys,
)
from latent_studio.core.errors import OptionError
from latent_studio.core.options import options_of


@pytest.fixture
def paths(tmp_path):
    return Paths.in_profile(tmp_path)


@pytest.fixture
def write(paths):
    """Put a text into the settings file."""

    def put(text):
        paths.config.mkdir(parents=True, exist_ok=True)
        settings_file(paths).write_text(text)

    return put


def test_settings_come_back_as_stored(paths):
    keys = (("redo", ()), ("undo", ("Ctrl+Alt+U", "F9")))
    stored = store_settings(paths, theme="dark", cache_mb=64, shortcuts=keys)
    assert stored == load_settings(paths, {}) == Settings(theme="dark", cache_mb=64, shortcuts=keys)


def test_only_what_differs_from_the_default_is_written(paths):
    store_settings(paths, theme="light", threads=0)
    assert json.loads(settings_file(paths).read_text()) == {"format": 1, "theme": "light"}
    store_settings(paths, theme="system")
    assert json.loads(settings_file(paths).read_text()) == {"format": 1}


def test_the_environment_beats_the_file_and_is_never_written_into_it(paths, monkeypatch):
    store_settings(paths, threads=1)
    found = read_settings(paths, {"LATENT_STUDIO_THREADS": "2", "LATENT_STUDIO_MEASURE_FORMS": "no"})
    assert (found.settings.threads, found.settings.measure_forms) == (2, False)
    assert found.source_of("threads") == "environment"
    assert found.source_of("theme") == "default"
    monkeypatch.setenv("LATENT_STUDIO_THREADS", "7")
    assert store_settings(paths, theme="dark").threads == 7
    assert load_settings(paths, {}).threads == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "damaged in line 1"),
        ('{"theme": "dark",\n"thr', "damaged in line 2"),
        ("[]", "holds no settings"),
        ("[" * 100_000, "damaged"),
        ("\x00", "damaged"),
        (" " * 2_000_000, "too large"),
        ('{"theme": "pink"}', "one of system, dark, light"),
        ('{"threads": -1}', "from 0 to 256"),
        ('{"threads": true}', "a whole number"),
        ('{"cache_mb": "much"}', "cache_mb is 'much'"),
        ('{"measure_forms": 1}', "yes or no"),
        ('{"unknown": 1}', "no setting unknown"),
        ('{"shortcuts": {"undo": "Ctrl+Z"}}', "lists of keys"),
        ('{"format": 2, "theme": {"dark": 1}}', "newer version"),
        ('{"format": "new"}', "no format that is known"),
        ('{"theme": 3, "threads": "x"}', "2 mistakes, and defaults are used for theme, threads"),
    ],
)
def test_a_damaged_file_is_one_sentence_and_is_kept_beside_when_it_is_written_over(
    paths, write, text, says, caplog
):
    write(text)
    with caplog.at_level(logging.WARNING):
        assert load_settings(paths, {}) == Settings()
    (record,) = caplog.records
    assert says in record.getMessage()
    assert settings_file(paths).read_text() == text
    store_settings(paths, threads=3)
    store_settings(paths, threads=4)
    (kept,) = paths.config.glob("settings-before-*.json")
    assert kept.read_text() == text
    assert read_settings(paths, {}).problems == ()


def test_one_bad_value_leaves_the_others(paths, write):
    write('{"theme": "pink", "threads": 3}')
    assert load_settings(paths, {}) == Settings(threads=3)


def test_a_variable_that_cannot_be_used_is_named_and_passed_over(paths):
    found = read_settings(paths, {"LATENT_STUDIO_MEASURE_FORMS": "maybe"})
    assert found.settings == Settings()
    assert "LATENT_STUDIO_MEASURE_FORMS is passed over" in found.problems[0]
    assert found.file_is_sound


def test_a_value_out_of_range_is_refused_and_the_file_stays(paths):
    store_settings(paths, text_scale=150)
    with pytest.raises(OptionError, match="text_scale is 300, but must be from 80 to 200"):
        store_settings(paths, text_scale=300)
    assert load_settings(paths, {}).text_scale == 150


def test_keys_of_one_action_change_without_the_others():
    settings = Settings(shortcuts=(("redo", ("F5",)),))
    changed = with_keys(settings, "undo", ())
    assert changed == (("redo", ("F5",)), ("undo", ()))
    assert with_keys(Settings(shortcuts=changed), "redo", None) == (("undo", ()),)


def test_every_setting_has_its_place_a_label_and_a_sentence():
    placed = [name for _, names in GROUPS for name in names]
    infos = options_of(Settings)
    assert sorted(placed) == sorted(info.name for info in infos)
    assert all(info.label and info.help.endswith(".") for info in infos)


def test_the_documentation_has_every_setting_with_its_default():
    page = (Path(__file__).parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")
    for info in options_of(Settings):
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{info.name}` |")]
        assert info.help in line
        assert f"`{value_text(info.default)}`" in line


def test_a_profile_keeps_everything_below_one_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_STUDIO_PROFILE", str(tmp_path))
    assert Paths.choose() == Paths.in_profile(tmp_path)
