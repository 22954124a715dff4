"""Weights of published predictors are fetched once, checked, and taken out of their archive."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.app import hub_files
from latent_studio.app.tasks.predictor_get import PredictorGetOptions, run_predictor_get
from latent_studio.app.tasks.predictor_list import PredictorListOptions, run_predictor_list
from latent_studio.core.errors import (
    CorruptFileError,
    DownloadError,
    MissingWeightsError,
    OptionError,
)
from latent_studio.core.jobs import CancelToken
from latent_studio.methods import hub_file
from latent_studio.methods.alignment import fan
from latent_studio.methods.attributes import published
from latent_studio.methods.attributes.catalog import find_predictor
from latent_studio.methods.attributes.published import PUBLISHED
from latent_studio.methods.hub_file import HubFile
from latent_studio.methods.projection import lpips_net
from tests.helpers.recorder import Recorder
from tests.helpers.web_server import ServedFile, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latent_studio.app.studio import Studio

CONTENT = bytes(range(256)) * 4096


def archive_of(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"fairface/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedFile]:
    """FairFace's archive on this machine; weights go into a folder of the test's."""
    with WebServer() as web:
        whole = archive_of(**{"notice.txt": b"hello", PUBLISHED["fairface"].file: CONTENT})
        file = web.files["/fairface.tar"] = ServedFile(whole)
        here = replace(
            PUBLISHED["fairface"],
            url=web.url("/fairface.tar"),
            sha256=hashlib.sha256(whole).hexdigest(),
        )
        monkeypatch.setattr(published, "weights_folder", lambda: tmp_path / "weights")
        monkeypatch.setattr(published, "PUBLISHED", {**PUBLISHED, "fairface": here})
        yield file


def get(name: str = "fairface", **more: object):
    return run_predictor_get(None, PredictorGetOptions(name, **more), Recorder(), CancelToken())


def lines(studio: Studio, id: str = "fairface") -> str:
    result = run_predictor_list(studio, PredictorListOptions(), Recorder(), CancelToken())
    return next(line for line in result.lines if line.startswith(id))


def test_the_file_is_taken_out_of_the_archive_and_nothing_else_is_left(
    studio: Studio, served: ServedFile
) -> None:
    assert "to fetch" in lines(studio)
    found = get()
    assert found.paths[0].read_bytes() == CONTENT
    names = {path.name for path in found.paths[0].parent.iterdir() if path.suffix != ".lock"}
    assert names == {PUBLISHED["fairface"].file}
    assert "CC BY 4.0" in found.lines[1]
    assert "ready" in lines(studio)


def test_a_download_that_breaks_off_goes_on_where_it_was(served: ServedFile) -> None:
    served.break_after = [300_000, 400_000]
    assert get().paths[0].read_bytes() == CONTENT


def test_another_archive_than_the_published_one_is_refused(studio: Studio, served: ServedFile) -> None:
    served.content = archive_of(**{PUBLISHED["fairface"].file: b"something else"})
    with pytest.raises(DownloadError):
        get()
    assert "to fetch" in lines(studio)


def test_without_a_connection_it_says_so_and_an_archive_at_hand_does(
    served: ServedFile, tmp_path: Path
) -> None:
    archive = tmp_path / "fairface.tar"
    archive.write_bytes(served.content)
    served.status = 503
    with pytest.raises(DownloadError) as caught:
        get()
    assert "get fairface --archive FILE" in caught.value.hint
    assert get(archive=archive).paths[0].read_bytes() == CONTENT


def test_an_archive_without_the_file_is_refused(
    served: ServedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "fairface.tar"
    archive.write_bytes(archive_of(**{"notice.txt": b"hello"}))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    table = {**PUBLISHED, "fairface": replace(PUBLISHED["fairface"], sha256=digest)}
    monkeypatch.setattr(published, "PUBLISHED", table)
    with pytest.raises(CorruptFileError, match="does not hold"):
        get(archive=archive)


@pytest.mark.parametrize("name", ["s3fd", "tone", "weather"])
def test_what_has_nothing_to_fetch_says_what_has(name: str) -> None:
    with pytest.raises(OptionError, match="weights to be fetched") as caught:
        get(name)
    assert "hopenet" in caught.value.hint


@pytest.fixture
def fan_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """face-alignment's two files on this machine, small; weights go into a folder of the test's."""
    with WebServer() as web:
        files = []
        for name in ("finder", "marks"):
            content = name.encode() * 1000
            digits = hashlib.sha256(content).hexdigest()[:10]
            web.files[f"/{name}"] = ServedFile(content)
            files.append(HubFile(f"{name}-{digits}.pth", web.url(f"/{name}"), 1))
        for module in (fan, hub_files, hub_file):
            monkeypatch.setattr(module, "hub_folder", lambda: tmp_path / "weights")
        monkeypatch.setattr(fan, "FAN_FILES", tuple(files))
        yield web


def test_landmarks_without_their_weights_are_refused_by_name_and_fetched(
    studio: Studio, fan_files: WebServer
) -> None:
    with pytest.raises(MissingWeightsError, match=r"finder-.*pth and marks-.*pth") as caught:
        find_predictor("face-landmarks").load(torch.device("cpu"))
    assert "predictor get face-landmarks" in caught.value.hint
    assert "to fetch" in lines(studio, "face-landmarks")
    found = get("face-landmarks")
    assert [path.read_bytes()[:6] for path in found.paths] == [b"finder", b"marksm"]
    assert "ready" in lines(studio, "face-landmarks")


def test_landmarks_say_what_to_do_without_a_connection(studio: Studio, fan_files: WebServer) -> None:
    fan_files.files.clear()
    with pytest.raises(DownloadError) as caught:
        get("face-landmarks")
    assert "do without" in caught.value.hint
    assert "to fetch" in lines(studio, "face-landmarks")


def test_the_backbone_of_a_distance_is_fetched_by_its_name(
    studio: Studio, fan_files: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lpips_net, "hub_folder", fan.hub_folder)
    monkeypatch.setitem(lpips_net.BACKBONES, "lpips-squeeze", fan.FAN_FILES[0])
    found = get("lpips-squeeze")
    assert [path.read_bytes()[:6] for path in found.paths] == [b"finder"]
    assert found.terms == lpips_net.BACKBONE_TERMS
