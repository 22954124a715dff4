"""Bundled models are opened by name, files by path, and anything else is answered in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from latent_studio.checkpoints import bundled
from latent_studio.checkpoints.bundled import bundled_models, bundled_models_dir, find_model
from latent_studio.core.errors import CheckpointError


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with the models ``cats`` and ``dogs``, and the package next to it."""
    folder = tmp_path / "repo" / "resources" / "models"
    for name in ("dogs", "cats"):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.safetensors").touch()
    (folder / "empty").mkdir()
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "repo" / "latent_studio")
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_default_model_is_bundled() -> None:
    assert bundled.DEFAULT_MODEL in bundled_models()
    assert find_model(bundled.DEFAULT_MODEL).is_file()


def test_a_name_is_found_in_the_library(models: Path) -> None:
    assert bundled_models() == ("cats", "dogs")
    assert find_model("cats") == models / "cats" / "cats.safetensors"


def test_an_installed_package_has_its_models_within(models: Path) -> None:
    within = bundled._PACKAGE / "resources" / "models"
    (within / "birds").mkdir(parents=True)
    (within / "birds" / "birds.safetensors").touch()
    assert bundled_models_dir() == within
    assert bundled_models() == ("birds",)


def test_a_file_goes_before_a_name_but_a_folder_does_not(models: Path, tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    assert find_model("cats") == models / "cats" / "cats.safetensors"
    (tmp_path / "dogs").touch()
    assert find_model("dogs") == Path("dogs")


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.pkl"
    file.touch()
    assert find_model(file) == file
    assert find_model(str(file)) == file
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_model("~/model.pkl") == file


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", ["birds", "cats.pkl", "empty", "", "~nobody-here/x", "a\0b", "x" * 5000])
def test_an_unknown_name_is_refused_and_the_known_ones_listed(name: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        find_model(name)
    assert "Bundled models: cats, dogs." in caught.value.hint
    assert len(caught.value.title) < 300
    assert caught.value.title.isprintable()


def test_a_folder_is_left_to_the_reader_to_refuse(models: Path) -> None:
    assert find_model(models) == models


def test_a_copy_without_models_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "latent_studio")
    assert bundled_models() == ()
    with pytest.raises(CheckpointError) as caught:
        find_model("portraits")
    assert "without bundled models" in caught.value.hint


def test_further_folders_come_after_the_bundled_models(models: Path, tmp_path: Path) -> None:
    further = tmp_path / "library"
    for name in ("cats", "owls"):
        (further / name).mkdir(parents=True)
        (further / name / f"{name}.safetensors").touch()
    assert find_model("owls", folders=[further]) == further / "owls" / "owls.safetensors"
    assert find_model("cats", folders=[further]) == models / "cats" / "cats.safetensors"
    with pytest.raises(CheckpointError) as caught:
        find_model("bees", folders=[further])
    assert "In your library: owls." in caught.value.hint


@pytest.mark.usefixtures("models")
def test_a_folder_that_is_not_there_has_no_models(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        find_model("owls", folders=[tmp_path / "nowhere"])
    assert "In your library" not in caught.value.hint
