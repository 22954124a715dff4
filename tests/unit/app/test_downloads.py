"""A file from the web is whole, checked and under its name, or not there; what came of it is not lost."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from latent_studio.app import downloads
from latent_studio.app.downloads import Fetched, fetch, forget_partial, partial_bytes
from latent_studio.core.errors import DownloadError
from latent_studio.core.file_lock import locked
from latent_studio.core.jobs import Cancelled, CancelToken, Progress
from tests.helpers.recorder import Recorder
from tests.helpers.web_server import ServedFile, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 8192
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        server.files["/model.pkl"] = ServedFile(CONTENT)
        yield server


def bring(web: WebServer, path: Path, *, sha256: str | None = SHA256, **more: object) -> Fetched:
    options = {"progress": Recorder(), "cancel": CancelToken(), **more}
    return fetch(web.url("/model.pkl"), path, sha256=sha256, **options)  # type: ignore[arg-type]


def others(path: Path) -> list[str]:
    """What lies beside the file, apart from the lock."""
    return sorted(one.name for one in path.parent.iterdir() if one != path and one.suffix != ".lock")


def test_a_file_comes_whole_and_its_hash_holds(web: WebServer, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "model.pkl"
    sink = Recorder()
    found = bring(web, path, size_bytes=len(CONTENT), progress=sink)
    assert path.read_bytes() == CONTENT
    assert found == Fetched(path, SHA256, len(CONTENT), was_known=True)
    assert others(path) == []
    assert any("of 2 MB" in report.message for report in sink.reports)


def test_a_hash_that_nobody_knows_is_told(web: WebServer, tmp_path: Path) -> None:
    found = bring(web, tmp_path / "model.pkl", sha256=None)
    assert (found.sha256, found.was_known) == (SHA256, False)


def test_the_first_digits_of_a_hash_are_checked(web: WebServer, tmp_path: Path) -> None:
    assert bring(web, tmp_path / "model.pkl", sha256=SHA256[:8].upper()).was_known
    with pytest.raises(DownloadError, match="hash differs"):
        bring(web, tmp_path / "other.pkl", sha256="0" * 8)


def test_another_file_is_refused_and_nothing_of_it_stays(web: WebServer, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"old")
    with pytest.raises(DownloadError, match="hash differs"):
        bring(web, path, sha256="0" * 64)
    assert path.read_bytes() == b"old"
    assert others(path) == []


def test_a_broken_connection_is_taken_up_again_at_once(web: WebServer, tmp_path: Path) -> None:
    web.files["/model.pkl"].break_after = [1_000_000, 500_000]
    assert bring(web, tmp_path / "model.pkl").sha256 == SHA256
    assert web.ranges == ["", "bytes=1000000-", "bytes=1500000-"]


def test_what_has_arrived_stays_for_the_next_try(web: WebServer, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    web.files["/model.pkl"].break_after = [1_000_000, 0]
    with pytest.raises(DownloadError, match=r"broke after 1\.0 MB") as caught:
        bring(web, path)
    assert "kept" in caught.value.hint
    assert not path.exists()
    assert partial_bytes(path) == 1_000_000
    bring(web, path)
    assert web.ranges[-1] == "bytes=1000000-"
    assert path.read_bytes() == CONTENT


def test_a_file_that_changed_on_the_server_begins_anew(web: WebServer, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    web.files["/model.pkl"] = ServedFile(b"x" * 1_000_000, etag='"old"', break_after=[400_000, 0])
    with pytest.raises(DownloadError):
        bring(web, path)
    web.files["/model.pkl"] = ServedFile(CONTENT, etag='"new"')
    assert bring(web, path).sha256 == SHA256


@pytest.mark.parametrize("served", [ServedFile(CONTENT, takes_ranges=False), ServedFile(CONTENT, etag="")])
def test_a_server_without_ranges_or_versions_sends_it_all_again(
    web: WebServer, tmp_path: Path, served: ServedFile
) -> None:
    web.files["/model.pkl"] = served
    served.break_after = [500_000, 0]
    with pytest.raises(DownloadError):
        bring(web, tmp_path / "model.pkl")
    assert bring(web, tmp_path / "model.pkl").sha256 == SHA256


def test_a_server_that_tells_no_length_is_believed_when_it_ends(web: WebServer, tmp_path: Path) -> None:
    web.files["/model.pkl"].tells_length = False
    sink = Recorder()
    assert bring(web, tmp_path / "model.pkl", progress=sink).sha256 == SHA256


def test_a_cancel_is_heard_while_the_server_keeps_silent(web: WebServer, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    gate = threading.Event()
    web.files["/model.pkl"].gate = gate
    token = CancelToken()

    def cancel_soon(progress: Progress) -> None:
        if partial_bytes(path) or "of 2 MB" in progress.message:
            token.cancel()

    with pytest.raises(Cancelled):
        bring(web, path, cancel=token, progress=cancel_soon)
    gate.set()
    assert not path.exists()
    # The lock is free again.
    assert bring(web, path).sha256 == SHA256


def test_two_downloads_of_one_file_do_not_meet(web: WebServer, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    with locked(tmp_path / ".model.pkl.lock"), pytest.raises(DownloadError, match="being downloaded already"):
        bring(web, path)
    assert bring(web, path).sha256 == SHA256


def test_two_half_written_downloads_go_on_each_for_itself(web: WebServer, tmp_path: Path) -> None:
    web.files["/b.pkl"] = ServedFile(CONTENT[::-1], break_after=[300_000, 0])
    web.files["/model.pkl"].break_after = [700_000, 0]
    two = {"progress": Recorder(), "cancel": CancelToken()}
    with pytest.raises(DownloadError):
        bring(web, tmp_path / "a.pkl")
    with pytest.raises(DownloadError):
        fetch(web.url("/b.pkl"), tmp_path / "b.pkl", sha256=None, **two)  # type: ignore[arg-type]
    assert (partial_bytes(tmp_path / "a.pkl"), partial_bytes(tmp_path / "b.pkl")) == (700_000, 300_000)
    bring(web, tmp_path / "a.pkl")
    fetch(web.url("/b.pkl"), tmp_path / "b.pkl", sha256=None, **two)  # type: ignore[arg-type]
    assert (tmp_path / "a.pkl").read_bytes() == CONTENT
    assert (tmp_path / "b.pkl").read_bytes() == CONTENT[::-1]


def test_offline_is_said_in_words(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/model.pkl"
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 cannot be reached") as caught:
        fetch(url, tmp_path / "model.pkl", sha256=None, progress=Recorder(), cancel=CancelToken())
    assert "Connect to the internet" in caught.value.hint
    assert url in caught.value.hint


@pytest.mark.parametrize(("status", "words"), [(404, "does not have the file"), (403, "refuses: 403")])
def test_an_answer_that_is_no_file_is_named(web: WebServer, tmp_path: Path, status: int, words: str) -> None:
    web.files["/model.pkl"].status = status
    with pytest.raises(DownloadError, match=words):
        bring(web, tmp_path / "model.pkl")


def test_a_web_page_in_place_of_the_file_is_refused(web: WebServer, tmp_path: Path) -> None:
    web.files["/model.pkl"] = ServedFile(b"<html>", content_type="text/html; charset=utf-8")
    with pytest.raises(DownloadError, match="web page"):
        bring(web, tmp_path / "model.pkl", sha256=None)
    assert others(tmp_path / "model.pkl") == []


def test_redirections_within_the_web_are_followed_and_others_are_not(web: WebServer, tmp_path: Path) -> None:
    web.files["/away"] = ServedFile(redirect=web.url("/model.pkl"))
    web.files["/disk"] = ServedFile(redirect="file:///etc/hostname")
    two = {"sha256": None, "progress": Recorder(), "cancel": CancelToken()}
    assert fetch(web.url("/away"), tmp_path / "a", **two).sha256 == SHA256  # type: ignore[arg-type]
    with pytest.raises(DownloadError):
        fetch(web.url("/disk"), tmp_path / "b", **two)  # type: ignore[arg-type]
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "model.pkl", ""])
def test_what_is_no_web_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="no web address"):
        fetch(url, tmp_path / "x", sha256=None, progress=Recorder(), cancel=CancelToken())


def test_a_file_of_another_size_is_refused_before_it_comes(web: WebServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="bytes instead of 5"):
        bring(web, tmp_path / "model.pkl", size_bytes=5)
    assert partial_bytes(tmp_path / "model.pkl") == 0


def test_a_full_disk_is_told_before_it_is_full(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = downloads.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(DownloadError, match=r"needs 2 MB more, and the disk has 1 MB free"):
        bring(web, tmp_path / "model.pkl")


def test_a_folder_that_cannot_be_written_is_named(web: WebServer, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="cannot be written") as caught:
        bring(web, blocked / "model.pkl")
    assert str(blocked) in caught.value.hint


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(web: WebServer, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DownloadError, match="cannot be written"):
        bring(web, tmp_path / "model.pkl")


def test_what_arrived_can_be_thrown_away(web: WebServer, tmp_path: Path) -> None:
    web.files["/model.pkl"].break_after = [1000, 0]
    with pytest.raises(DownloadError):
        bring(web, tmp_path / "model.pkl")
    forget_partial(tmp_path / "model.pkl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("tells", [True, False])
def test_a_part_that_is_whole_already_is_not_brought_again_where_the_server_says_so(
    web: WebServer, tmp_path: Path, tells: bool
) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.message.startswith("Checking"):
            token.cancel()

    with pytest.raises(Cancelled):
        bring(web, tmp_path / "model.pkl", progress=stop, cancel=token)
    web.files["/model.pkl"].tells_length = tells
    assert bring(web, tmp_path / "model.pkl").sha256 == SHA256
    assert len(web.ranges) == (2 if tells else 3)


def test_a_cancel_before_the_start_asks_nobody(web: WebServer, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        bring(web, tmp_path / "model.pkl", cancel=token)
    assert web.ranges == []
