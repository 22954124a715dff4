"""The guard in ``conftest.py`` against widgets that outlive their test."""

from __future__ import annotations

import os
import subprocess
import sys

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:randomly"]
TESTS = """
import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QMenu, QWidget

kept = []

def test_tidy(qtbot):
    window = QWidget()
    box = QComboBox(window)
    box.addItems(["a", "b"])
    qtbot.addWidget(window)
    window.show()
    QMenu("child", window).popup(window.pos())
    QLabel("collected").setProperty("itself", True)

def test_leaky(qtbot):
    kept.append(QLabel("kept"))
    kept[0].setObjectName("culprit")

def test_after_the_leak(qtbot):
    qtbot.addWidget(QLabel("tidy"))
"""


def test_a_test_that_keeps_a_window_fails_and_its_neighbours_pass(tmp_path, repo_root):
    (tmp_path / "test_sample.py").write_text(TESTS)

    run = subprocess.run(
        [*PYTEST, "-c", str(repo_root / "pyproject.toml"), "test_sample.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(repo_root)},
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert "3 passed, 1 error" in run.stdout
    assert "top-level widgets outlive the test: QLabel 'culprit'" in run.stdout
