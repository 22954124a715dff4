"""Files that appear complete or not at all."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from latent_studio.core.errors import ExportError
from latent_studio.exporters.part_file import PartFile, check_target, export_error, make_folder, write_file

if TYPE_CHECKING:
    from pathlib import Path


def test_commit_gives_the_name_and_replaces_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"older")
    part = PartFile(path)
    part.write(b"new")
    assert path.read_bytes() == b"older"
    part.commit()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_can_be_written_over_before_the_end(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a")
    part.write(b"0123456789")
    part.patch(2, b"xy")
    part.write(b"end")
    part.commit()
    assert (tmp_path / "a").read_bytes() == b"01xy456789end"


def test_a_folder_is_no_target(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is a folder"):
        PartFile(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no folder") as error:
        PartFile(tmp_path / "missing" / "a.gif")
    assert "missing" in error.value.title
    assert error.value.hint


def test_a_name_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="too long"):
        PartFile(tmp_path / ("x" * 300))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ExportError, match="does not allow"):
        PartFile(tmp_path / "a.gif")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EACCES, "does not allow"),
        (errno.EROFS, "does not allow"),
        (errno.ENOENT, "no folder"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_every_refusal_has_words_and_a_hint(tmp_path: Path, code: int, words: str) -> None:
    error = export_error(tmp_path / "a.gif", OSError(code, os.strerror(code)))
    assert words in error.title
    assert error.hint


def test_a_failed_rename_removes_the_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = PartFile(tmp_path / "a.bin")
    part.write(b"x")
    (tmp_path / "a.bin").mkdir()
    with pytest.raises(ExportError):
        part.commit()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_write_file_is_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "a.bin", b"abc")
    assert (tmp_path / "a.bin").read_bytes() == b"abc"


def test_make_folder_makes_those_above_and_refuses_a_file(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="is a file"):
        make_folder(tmp_path / "file")
    with pytest.raises(ExportError):
        make_folder(tmp_path / "file" / "below")


def test_a_target_is_checked_without_touching_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_target(tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []
    for target in (tmp_path, tmp_path / "missing" / "a.gif"):
        with pytest.raises(ExportError):
            check_target(target)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ExportError, match="does not allow"):
        check_target(tmp_path / "a.gif")
