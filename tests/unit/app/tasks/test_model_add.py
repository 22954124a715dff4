"""model add and model remove: files of the user's come into the library and go again."""

from __future__ import annotations

import shutil

import pytest
import torch

from latent_studio.app.library import find_in_library, library_dir, library_models, name_from, origin_of
from latent_studio.app.tasks.model_add import ModelAddOptions, run_model_add
from latent_studio.app.tasks.model_remove import ModelRemoveOptions, run_model_remove
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import CheckpointError, ExportError, OptionError
from latent_studio.core.jobs import Cancelled, CancelToken, ignore_progress


def add(studio, file, *, cancel=None, **options):
    return run_model_add(studio, ModelAddOptions(file, **options), ignore_progress, cancel or CancelToken())


def remove(studio, name):
    return run_model_remove(studio, ModelRemoveOptions(name), ignore_progress, CancelToken())


def test_a_file_is_kept_under_a_name_made_of_its_own(studio, tiny_model, tmp_path):
    file = shutil.copy(tiny_model, tmp_path / "My Cats (final).PKL")
    result = add(studio, file, licence="CC0")
    kept = open_checkpoint(find_in_library("my-cats-final", studio.paths))
    theirs = open_checkpoint(file)
    assert result.lines == (str(result.path),)
    assert kept.provenance.name == result.name == "my-cats-final"
    assert kept.provenance.licence == "CC0"
    assert all(torch.equal(kept.tensors[name], tensor) for name, tensor in theirs.tensors.items())
    assert origin_of(result.path, studio.paths).sha256 == theirs.provenance.sha256


def test_a_name_is_not_taken_twice_unless_asked(studio, tiny_model, tiny_classes):
    add(studio, tiny_model, name="cats")
    with pytest.raises(OptionError, match="There is a model cats"):
        add(studio, tiny_classes, name="cats")
    add(studio, tiny_classes, name="cats", replace=True)
    assert find_in_library("cats", studio.paths).stat().st_size != tiny_model.stat().st_size


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "Cats", "-x", "x" * 65, "portraits", "é"])
def test_what_is_no_name_is_refused(studio, tiny_model, name):
    with pytest.raises(OptionError):
        add(studio, tiny_model, name=name)
    assert library_models(studio.paths) == ()


@pytest.mark.parametrize(
    ("text", "name"), [("A b", "a-b"), ("../x", "x"), ("…", "model"), ("x" * 80, "x" * 64)]
)
def test_any_text_makes_a_name(text, name):
    assert name_from(text) == name


def test_what_is_no_model_is_not_kept(studio, tmp_path):
    (tmp_path / "x.pkl").write_bytes(b"no model")
    with pytest.raises(CheckpointError):
        add(studio, tmp_path / "x.pkl")
    assert not library_dir(studio.paths).exists()


def test_a_cancel_leaves_nothing(studio, tiny_model):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        add(studio, tiny_model, cancel=token)
    assert not library_dir(studio.paths).exists()


def test_a_library_that_cannot_be_written_says_so(studio, tiny_model):
    studio.paths.data.mkdir(parents=True)
    library_dir(studio.paths).write_text("a file where the folder should be")
    with pytest.raises(ExportError, match="cannot be kept in the library") as error:
        add(studio, tiny_model)
    assert str(library_dir(studio.paths)) in error.value.hint


def test_a_model_is_removed_with_its_folder(studio, tiny_model):
    path = add(studio, tiny_model, name="cats").path
    result = remove(studio, "cats")
    assert result.lines == (str(path.parent),)
    assert not path.parent.exists()
    assert library_models(studio.paths) == ()


@pytest.mark.parametrize("name", ["portraits", "cats", "", "..", "../models"])
def test_what_is_not_in_the_library_cannot_be_removed(studio, tiny_model, name):
    kept = add(studio, tiny_model, name="bees").path
    with pytest.raises(OptionError):
        remove(studio, name)
    assert kept.is_file()
