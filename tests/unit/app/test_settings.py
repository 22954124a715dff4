import logging

import pytest

from latent_studio.app.paths import Paths
from latent_studio.app.settings import Settings, load_settings, save_settings


@pytest.fixture
def paths(tmp_path):
    return Paths.in_profile(tmp_path)


def test_settings_come_back_as_saved(paths):
    settings = Settings(theme="dark", cache_mb=64)
    save_settings(settings, paths)
    assert load_settings(paths, {}) == settings


def test_only_what_differs_from_the_default_is_written(paths):
    save_settings(Settings(theme="light"), paths)
    assert (paths.config / "settings.json").read_text() == '{\n  "theme": "light"\n}'


def test_the_environment_beats_the_file(paths):
    save_settings(Settings(threads=1), paths)
    found = load_settings(paths, {"LATENT_STUDIO_THREADS": "2", "LATENT_STUDIO_MEASURE_FORMS": "no"})
    assert (found.threads, found.measure_forms) == (2, False)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"theme": "pink"}', '{"threads": -1}', '{"cache_mb": "much"}', '{"unknown": 1}', "\x00"],
)
def test_damaged_settings_fall_back_to_the_defaults(paths, text, caplog):
    paths.config.mkdir(parents=True)
    (paths.config / "settings.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert load_settings(paths, {}) == Settings()


def test_one_bad_value_leaves_the_others(paths):
    paths.config.mkdir(parents=True)
    (paths.config / "settings.json").write_text('{"theme": "pink", "threads": 3}')
    assert load_settings(paths, {}) == Settings(threads=3)


def test_a_profile_keeps_everything_below_one_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_STUDIO_PROFILE", str(tmp_path))
    assert Paths.choose() == Paths.in_profile(tmp_path)
