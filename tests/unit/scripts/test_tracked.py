from __future__ import annotations

import shutil
import subprocess

import pytest
from check_sizes import too_large
from tracked import tracked_files


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".gitignore").write_text("ignored.txt\n")
    for name in ("kept.txt", "dist/made.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("12345")
    return tmp_path


def names(project):
    return [path.relative_to(project).as_posix() for path in tracked_files(project)]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_files_that_git_ignores_are_not_ours(project):
    (project / "ignored.txt").write_text("")
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)

    assert names(project) == [".gitignore", "dist/made.txt", "kept.txt"]


def test_without_a_repository_all_but_what_is_built_is_ours(project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))

    assert names(project) == [".gitignore", "kept.txt"]


def test_a_file_above_the_limit_is_found(project):
    files = tracked_files(project)

    assert too_large(files, limit_bytes=13) == []
    assert [path.name for path, _ in too_large(files, limit_bytes=11)] == [".gitignore"]
