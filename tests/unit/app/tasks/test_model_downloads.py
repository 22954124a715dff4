"""model get of a checkpoint on the web: kept as safetensors, or what has arrived waits for the next try."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from latent_studio.app.downloads import partial_bytes
from latent_studio.app.known_hashes import known_hash
from latent_studio.app.library import download_path, find_in_library, library_dir, origin_of
from latent_studio.app.model_sources import WebSource
from latent_studio.app.tasks import model_get
from latent_studio.app.tasks.model_get import ModelGetOptions, run_model_get
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import Cancelled, CheckpointError, DownloadError, ExportError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress
from tests.helpers.recorder import Recorder
from tests.helpers.web_server import ServedFile, WebServer

NAME = "tiny-birds"


@pytest.fixture
def web():
    with WebServer() as server:
        yield server


@pytest.fixture
def source(web, tiny_model, monkeypatch):
    """A model on a server, known to the catalogue; nobody states its hash."""
    web.files["/birds.bin"] = ServedFile(tiny_model.read_bytes())
    found = WebSource(
        NAME, "birds", "stylegan2", 16, "CC0", web.url("/birds.bin"), "https://example.org/birds"
    )
    know(monkeypatch, found)
    return found


def know(monkeypatch, source):
    monkeypatch.setattr(model_get, "SOURCES", {source.name: source})


def get(studio, *, progress=ignore_progress, cancel=None, **options):
    return run_model_get(studio, ModelGetOptions(NAME, **options), progress, cancel or CancelToken())


def left(studio):
    return sorted(path.name for path in library_dir(studio.paths).rglob("*") if path.is_file())


def test_it_is_kept_with_its_licence_and_origin_and_the_download_is_gone(studio, source, tiny_model):
    result = get(studio)
    checkpoint = open_checkpoint(result.path)
    origin = origin_of(result.path, studio.paths)
    assert result.path == find_in_library(NAME, studio.paths)
    assert (checkpoint.provenance.name, checkpoint.provenance.licence) == (NAME, "CC0")
    assert (origin.source, origin.was_known) == (source.url, False)
    assert origin.sha256 == hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert origin.weights_sha256 == checkpoint.provenance.sha256
    assert left(studio) == ["origin.json", f"{NAME}.safetensors"]


def test_a_hash_that_nobody_states_is_written_down_and_said(studio, source, tiny_model):
    digest = hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    sink = Recorder()
    result = get(studio, progress=sink)
    assert digest[:12] in result.note
    assert sink.reports[-1].message == result.note
    assert known_hash(source.url, studio.paths) == digest
    assert get(studio, again=True).note == ""


def test_a_file_that_changed_since_is_refused_until_the_change_is_accepted(studio, source, web, tiny_classes):
    before = get(studio).path.read_bytes()
    web.files["/birds.bin"] = ServedFile(tiny_classes.read_bytes(), etag='"two"')
    with pytest.raises(DownloadError, match="another file than at your first download") as caught:
        get(studio, again=True)
    assert "--accept-change" in caught.value.hint
    assert find_in_library(NAME, studio.paths).read_bytes() == before
    get(studio, again=True, accept_change=True)
    assert find_in_library(NAME, studio.paths).read_bytes() != before
    get(studio, again=True)


def test_a_stated_hash_must_hold(studio, source, monkeypatch, tiny_model):
    digest = hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    know(monkeypatch, replace(source, sha256=digest))
    assert get(studio).note == ""
    know(monkeypatch, replace(source, sha256="0" * 64))
    with pytest.raises(DownloadError, match="hash differs"):
        get(studio, again=True)


def test_a_broken_download_goes_on_where_it_stopped(studio, source, web):
    size = len(web.files["/birds.bin"].content)
    web.files["/birds.bin"].break_after = [size // 2, 0]
    with pytest.raises(DownloadError, match="broke after"):
        get(studio)
    assert partial_bytes(download_path(source, studio.paths)) == size // 2
    assert not (library_dir(studio.paths) / NAME).exists()
    get(studio)
    assert web.ranges[-1] == f"bytes={size // 2}-"


def test_a_cancel_keeps_what_has_arrived_and_no_model(studio, source):
    token = CancelToken()

    def stop(progress):
        if progress.message.startswith("Checking"):
            token.cancel()

    with pytest.raises(Cancelled):
        get(studio, progress=stop, cancel=token)
    assert not (library_dir(studio.paths) / NAME).exists()
    assert get(studio).path.is_file()


def test_what_is_no_model_is_refused_and_not_kept(studio, source, web):
    web.files["/birds.bin"] = ServedFile(b"\x80\x04cos\nsystem\n(S'touch marker'\ntR.", etag='"bad"')
    with pytest.raises(CheckpointError):
        get(studio)
    assert left(studio) == []


def test_offline_leaves_nothing(studio, source, monkeypatch):
    know(monkeypatch, replace(source, url="http://127.0.0.1:9/birds.bin"))
    with pytest.raises(DownloadError, match="cannot be reached"):
        get(studio)
    assert [name for name in left(studio) if not name.endswith(".lock")] == []


def test_a_library_that_cannot_be_written_says_so(studio, source):
    studio.paths.data.mkdir(parents=True)
    library_dir(studio.paths).write_text("a file where the folder should be")
    with pytest.raises(ExportError, match="library"):
        get(studio)


def test_a_wheel_is_refused_for_what_does_not_come_in_one(studio, source, tmp_path):
    with pytest.raises(OptionError, match="does not come in a package"):
        get(studio, wheel=tmp_path / "x.whl")


def test_progress_grows_to_the_end(studio, source):
    sink = Recorder()
    get(studio, progress=sink)
    seen = [report.fraction for report in sink.reports if report.fraction is not None]
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_the_list_of_known_hashes_survives_damage(studio, source):
    path = studio.paths.data / "known-hashes.json"
    path.parent.mkdir(parents=True)
    for text in ("{", "[]", json.dumps({source.url: 5})):
        path.write_text(text)
        assert known_hash(source.url, studio.paths) == ""
