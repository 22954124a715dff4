"""Fetching a package with pip: which words pip is given, and what is said when it fails."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from latent_studio.app import wheels
from latent_studio.app.model_sources import SOURCES
from latent_studio.app.wheels import check_wheel, download_wheel
from latent_studio.core.errors import Cancelled, DownloadError
from latent_studio.core.jobs import CancelToken

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = SOURCES["dcgan-faces"]


@pytest.fixture
def pip(monkeypatch, tmp_path):
    """Put a text of Python in pip's place."""

    def install(text):
        script = tmp_path / "pip.py"
        script.write_text(text)
        monkeypatch.setattr(wheels, "pip_command", lambda: (sys.executable, str(script)))

    return install


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "fetched"
    place.mkdir()
    return place


def test_pip_is_asked_for_one_version_and_nothing_is_built(pip, folder):
    pip("import sys; open(sys.argv[4] + '/a.whl', 'w').write(' '.join(sys.argv[1:]))")

    words = download_wheel(SOURCE, folder, cancel=CancelToken()).read_text().split()

    assert words[:4] == ["download", f"{SOURCE.project}=={SOURCE.version}", "--dest", str(folder)]
    assert {"--no-deps", "--only-binary", "--no-input"} <= set(words)


@pytest.mark.parametrize(
    ("written", "title", "hint"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError'\n"
            "ERROR: No matching distribution found",
            "index cannot be reached",
            "Connect to the internet",
        ),
        ("/usr/bin/python: No module named pip", "without pip", "https://pypi.org/project/"),
        ("ERROR: one\nERROR: No matching distribution found.", "No matching distribution found", "later"),
        ("", "no reason", "later"),
    ],
)
def test_a_failure_says_what_to_do(pip, folder, written, title, hint):
    pip(f"import sys; print({written!r}); sys.exit(1)")

    with pytest.raises(DownloadError) as caught:
        download_wheel(SOURCE, folder, cancel=CancelToken())

    assert title in caught.value.title
    assert hint in caught.value.hint
    assert "--wheel FILE" in caught.value.hint


def test_pip_that_brings_nothing_has_failed(pip, folder):
    pip("")

    with pytest.raises(DownloadError):
        download_wheel(SOURCE, folder, cancel=CancelToken())


def test_a_python_that_cannot_be_started_has_no_pip(monkeypatch, folder, tmp_path):
    monkeypatch.setattr(wheels, "pip_command", lambda: (str(tmp_path / "no-such-python"),))

    with pytest.raises(DownloadError, match="without pip"):
        download_wheel(SOURCE, folder, cancel=CancelToken())


def test_a_cancel_ends_pip(pip, folder, tmp_path):
    runs = tmp_path / "runs"
    pip(f"import pathlib, threading; pathlib.Path({str(runs)!r}).touch(); threading.Event().wait()")
    token = CancelToken()

    class OnceItRuns(CancelToken):
        def check(self):
            if runs.exists():
                token.cancel()
            token.check()

    before = threading.active_count()
    with pytest.raises(Cancelled):
        download_wheel(SOURCE, folder, cancel=OnceItRuns())
    assert threading.active_count() == before


def test_another_file_is_not_used(tmp_path):
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"something else")

    with pytest.raises(DownloadError, match="hash differs") as caught:
        check_wheel(SOURCE, wheel)
    assert "Nothing of it was used" in caught.value.hint


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DownloadError, match=r"gone\.whl"):
        check_wheel(SOURCE, tmp_path / "gone.whl")
