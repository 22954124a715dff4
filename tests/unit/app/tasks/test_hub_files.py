"""Weights of others: fetched once, checked by the digits of their names, or refused in words."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from latent_studio.app.hub_files import fetch_missing, missing_files
from latent_studio.app.tasks.align import AlignOptions, run_align
from latent_studio.core.errors import DownloadError
from latent_studio.core.jobs import Cancelled, CancelToken
from latent_studio.methods.alignment import fan
from latent_studio.methods.hub_file import HubFile
from latent_studio.methods.projection import lpips_net
from tests.helpers.recorder import Recorder
from tests.helpers.web_server import ServedFile, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latent_studio.app.studio import Studio

CONTENTS = (bytes(range(256)) * 4096, bytes(range(255)) * 2048)


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A server with two small files in place of the weights, which go into a folder of the test's."""
    with WebServer() as server:
        files = []
        for number, content in enumerate(CONTENTS):
            name = f"net{number}-{hashlib.sha256(content).hexdigest()[:10]}.pth"
            server.files[f"/{name}"] = ServedFile(content)
            files.append(HubFile(name, server.url(f"/{name}"), 1))
        monkeypatch.setattr(fan, "FAN_FILES", tuple(files))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        yield server


def test_weights_come_once_with_progress_and_go_on_where_they_broke_off(
    web: WebServer, tmp_path: Path
) -> None:
    first, second = fan.FAN_FILES
    web.files[f"/{second.name}"].break_after = [100_000]
    told = Recorder()
    fetch_missing("fan", told, CancelToken())
    assert [(tmp_path / "hub/checkpoints" / file.name).read_bytes() for file in (first, second)] == list(
        CONTENTS
    )
    assert fan.missing_fan_files() == ()
    shares = [one.fraction for one in told.reports if one.fraction is not None]
    assert shares == sorted(shares)
    assert shares[-1] > 0.5

    asked = len(web.ranges)
    assert asked == 3
    fetch_missing("fan", told, CancelToken())
    fetch_missing("mtcnn", told, CancelToken())
    assert len(web.ranges) == asked


def test_another_file_than_published_is_refused_and_says_how_to_go_on(web: WebServer, tmp_path: Path) -> None:
    name = fan.FAN_FILES[1].name
    web.files[f"/{name}"].content = b"another file"
    with pytest.raises(DownloadError) as caught:
        fetch_missing("fan", Recorder(), CancelToken())
    assert "mtcnn" in caught.value.hint
    assert [file.name for file in fan.missing_fan_files()] == [name]


def test_a_backbone_is_fetched_for_its_distance(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = fan.FAN_FILES[0]
    monkeypatch.setitem(lpips_net.BACKBONES, "lpips-squeeze", backbone)
    assert missing_files("lpips-squeeze") == (backbone,)
    fetch_missing("lpips-squeeze", Recorder(), CancelToken())
    assert missing_files("lpips-squeeze") == missing_files("st-lpips") == ()
    web.files.clear()
    with pytest.raises(DownloadError) as caught:
        monkeypatch.setitem(lpips_net.BACKBONES, "lpips-vgg", fan.FAN_FILES[1])
        fetch_missing("lpips-vgg", Recorder(), CancelToken())
    assert "st-lpips" in caught.value.hint


def test_a_stop_asks_nobody(web: WebServer) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        fetch_missing("fan", Recorder(), cancel)
    assert web.ranges == []


@pytest.mark.parametrize("allowed", [False, True])
def test_align_fetches_only_where_it_may_and_offline_is_said(
    web: WebServer, studio: Studio, tmp_path: Path, allowed: bool
) -> None:
    web.files.clear()
    options = AlignOptions(("photo.png",), tmp_path / "out", finder="fan", fetch=allowed)
    with pytest.raises(DownloadError) as caught:
        run_align(studio, options, Recorder(), CancelToken())
    assert "mtcnn" in caught.value.hint
    assert bool(web.ranges) is allowed
    assert ("--fetch" in caught.value.hint) is not allowed
