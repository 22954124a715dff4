"""docs/how-to/write-a-plugin.md does what it says: its files are written, its commands are run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from latent_studio.cli.main import main

BLOCK = re.compile(r"```(\w+)(?: (\S+))?\n(.*?)```", re.DOTALL)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_tutorial_makes_a_plugin_that_works(
    repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LATENT_STUDIO_PROFILE", str(tmp_path / "profile"))
    monkeypatch.chdir(tmp_path)
    page = (repo_root / "docs" / "how-to" / "write-a-plugin.md").read_text(encoding="utf-8")
    folder = tmp_path / "profile" / "data" / "plugins" / "text-film"
    said: dict[str, str] = {}
    for language, name, text in BLOCK.findall(page):
        if language != "console":
            assert (folder / name).is_file(), "the template has every file that the page changes"
            (folder / name).write_text(text, encoding="utf-8")
            continue
        for line in text.splitlines():
            words = shlex.split(line.removeprefix("$ ").replace(" text-film/", f" {folder}/"))
            said[line] = run(words, folder, repo_root, capsys)

    film = (tmp_path / "film.txt").read_text()
    frames = film.split("\n\n")
    assert len(frames) >= 4
    assert len(set("".join(frames))) > 5
    enabling = next(text for line, text in said.items() if "plugin enable" in line)
    assert "runs its code on this computer" in enabling
    listing = next(text for line, text in said.items() if "plugin list" in line)
    assert "text-film 1.0  off, changed since it was enabled" in listing


def run(words: list[str], folder: Path, repo_root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a line of the page prints."""
    match words:
        case ["latent-studio", *rest]:
            assert main(rest) == 0, capsys.readouterr().err
            return capsys.readouterr().out
        case ["python", "-m", "pytest", *_]:
            kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
                env={**kept, "PYTHONPATH": str(repo_root)},
                capture_output=True,
                text=True,
                timeout=110,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout
        case ["touch", name]:
            Path(name).touch()
            return ""
    raise AssertionError(words)
