"""What must stay cheap to import stays cheap: the command line's help, the domain, the window's frame."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "torchvision", "cv2", "lpips", "face_alignment", "scipy", "skimage", "numba", "PIL"}
QT = {"PySide6", "shiboken6", "pyqtgraph"}
RUN = """
import json, runpy, sys
sys.argv = ["latent-studio", *{words!r}]
try:
    runpy.run_module("latent_studio", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code
print()
print(json.dumps([code, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""
IMPORT = """
import importlib, json, sys
importlib.import_module({name!r})
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def last_line(text, repo_root):
    """Run a Python text in a fresh process and read the JSON it ends with."""
    run = subprocess.run(
        [sys.executable, "-c", text], cwd=repo_root, capture_output=True, text=True, timeout=100
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["generate", "--help"], ["traverse", "--help"], ["model", "--help"]]
)
def test_help_imports_neither_torch_nor_qt(repo_root, words):
    code, packages = last_line(RUN.format(words=words), repo_root)

    assert code in (0, None)
    assert not set(packages) & (HEAVY | QT)


def test_the_package_itself_imports_nothing(repo_root):
    packages = last_line(IMPORT.format(name="latent_studio"), repo_root)

    assert not set(packages) & (HEAVY | QT | {"numpy"})


@pytest.mark.parametrize(
    "name",
    [
        "latent_studio.core.session",
        "latent_studio.app.studio",
        "latent_studio.app.store",
        "latent_studio.cli.main",
    ],
)
def test_values_and_faces_without_a_window_import_neither_torch_nor_qt(repo_root, name):
    packages = last_line(IMPORT.format(name=name), repo_root)

    assert not set(packages) & (HEAVY | QT)


def test_the_window_can_show_before_torch_is_imported(repo_root):
    packages = last_line(IMPORT.format(name="latent_studio.ui.main"), repo_root)

    assert not set(packages) & HEAVY


PAINT = """
import json, sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from latent_studio.app.paths import Paths
from latent_studio.app.studio import Studio
from latent_studio.ui.main_window import MainWindow
from latent_studio.ui.theme import applyTheme
app = QApplication([])
applyTheme(app)
window = MainWindow(Studio(Paths.in_profile(Path({profile!r}))))
seen = []
def painted():
    seen.extend(sorted({{name.partition(".")[0] for name in sys.modules}}))
    window.close()
window.painted.connect(painted)
window.show()
app.exec()
print(json.dumps(seen))
"""


def test_the_whole_window_is_painted_before_torch_and_numpy_come_in(repo_root, tmp_path):
    packages = last_line(PAINT.format(profile=str(tmp_path)), repo_root)

    assert "PySide6" in packages
    assert not set(packages) & (HEAVY | {"numpy"})
