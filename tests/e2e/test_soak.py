"""Killed at any moment, the program loses nothing that it had said was safe."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from latent_studio.app.document_files import backups_of, find_leftovers
from latent_studio.app.paths import Paths
from latent_studio.core.session_file import Document, read_document

if TYPE_CHECKING:
    from pathlib import Path

#: Set it to 200 for the whole soak; it takes about six minutes.
RUNS = int(os.environ.get("SOAK_RUNS", "6"))
_LONGEST_S = 0.6


def newest(document: Document) -> int:
    return max(int(step.label or 0) for step in document.history.steps)


def run_and_kill(root: Path, delay_s: float, *, cwd: Path) -> dict[str, int]:
    """Start the worker, kill it so long after its first word; the last number said for each letter."""
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.helpers.soak_worker",
            *(str(root / name) for name in ("profile", "a.lstudio", "exports")),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=cwd,
    ) as worker:
        assert worker.stdout is not None
        said = worker.stdout.readline()
        try:
            worker.wait(delay_s)
        except subprocess.TimeoutExpired:
            worker.kill()
        said += worker.stdout.read()
    assert worker.returncode == -9, said
    last: dict[str, int] = {}
    for line in said.splitlines():
        letter, _, number = line.partition(" ")
        if number:
            last[letter] = int(number)
    return last


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_program_killed_at_any_moment_loses_nothing_that_was_safe(tmp_path: Path, repo_root: Path):
    (tmp_path / "exports").mkdir()
    paths = Paths.in_profile(tmp_path / "profile")
    path = tmp_path / "a.lstudio"
    chance = random.Random(9)
    saved = 0
    for run in range(RUNS):
        last = run_and_kill(tmp_path, chance.uniform(0.0, _LONGEST_S), cwd=repo_root)

        found = find_leftovers(paths)
        assert found, f"run {run}: there is no copy"
        assert found[0].summary.origin == str(path)
        document = read_document(found[0].path)
        # The copy may be one step ahead of what was said before the end, and never behind.
        assert newest(document) >= last["A"], f"run {run}"
        saved = max(saved, last.get("S", 0))
        if saved:
            assert newest(read_document(path)) >= saved, f"run {run}"
            for backup in backups_of(path, paths):
                read_document(backup.path)
        for picture in (tmp_path / "exports").glob("*.png"):
            with Image.open(picture) as image:
                image.verify()
    assert len(found) <= RUNS
