"""The user's models are found by name, next to the bundled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latent_studio.app.library import find_in_library, library_dir, library_models
from latent_studio.app.paths import Paths
from latent_studio.checkpoints.bundled import DEFAULT_MODEL, bundled_models_dir
from latent_studio.core.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def paths(profile: Path) -> Paths:
    return Paths.in_profile(profile)


def keep(paths: Paths, name: str) -> Path:
    path = library_dir(paths) / name / f"{name}.safetensors"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_an_empty_library_has_no_models(paths):
    assert library_models(paths) == ()
    assert find_in_library(DEFAULT_MODEL, paths).is_relative_to(bundled_models_dir())


def test_a_kept_model_is_found_by_name(paths):
    kept = keep(paths, "cats")
    keep(paths, "bees")

    assert library_models(paths) == ("bees", "cats")
    assert find_in_library("cats", paths) == kept


def test_a_bundled_model_goes_before_one_of_the_same_name(paths):
    kept = keep(paths, DEFAULT_MODEL)

    assert find_in_library(DEFAULT_MODEL, paths) != kept
    assert library_models(paths) == ()


def test_a_file_goes_before_a_name(paths, tmp_path, monkeypatch):
    keep(paths, "cats")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cats").touch()

    assert str(find_in_library("cats", paths)) == "cats"


def test_an_unknown_name_is_answered_with_those_there_are(paths):
    keep(paths, "cats")

    with pytest.raises(CheckpointError) as caught:
        find_in_library("dogs", paths)
    assert DEFAULT_MODEL in caught.value.hint
    assert "In your library: cats." in caught.value.hint


def test_a_model_that_can_be_fetched_is_answered_with_how(paths):
    with pytest.raises(CheckpointError) as caught:
        find_in_library("dcgan-faces", paths)
    assert "latent-studio model get dcgan-faces" in caught.value.hint
