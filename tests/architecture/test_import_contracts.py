"""The layers of ``pyproject.toml`` hold, and the tool that says so would notice if they did not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("importlinter", reason="comes with the `check` extra")
LINT = [
    sys.executable,
    "-c",
    "from importlinter.cli import lint_imports_command as lint; lint()",
    "--no-cache",
]


@pytest.fixture
def copy(repo_root, tmp_path):
    """A copy of the sources that a test may break."""
    shutil.copytree(
        repo_root / "latent_studio", tmp_path / "latent_studio", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(repo_root / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder):
    """Check the contracts of a folder; its own sources come first on the path."""
    return subprocess.run(
        LINT,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_the_contracts_are_kept(repo_root):
    run = lint(repo_root)

    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/latent.py", "def f():\n    import torch\n", "core is numpy and the standard library BROKEN"),
        ("engine/gate.py", "import PySide6.QtCore\n", "Qt lives in ui only BROKEN"),
        ("core/spec.py", "import latent_studio.app.store\n", "Layers: imports point down only BROKEN"),
    ],
)
def test_a_breach_is_caught(copy, module, line, contract):
    with (copy / "latent_studio" / module).open("a") as file:
        file.write(f"\n{line}")

    run = lint(copy)

    assert run.returncode == 1
    assert contract in run.stdout
