"""Start-up: the first painted window and the first picture against ``import torch``, each in a fresh process.

Seconds are of one run; the ratios can be compared between machines. The window is drawn off screen, so that a
window manager has no part in it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

IMPORT_TORCH = """
import os, time
import torch
print(time.monotonic() - float(os.environ["BENCH_STARTED"]))
"""

# Prints the seconds from the start of the process until the window is painted, a picture is shown, the sharp
# one is shown; and whether torch was there when the window was.
OPEN_WINDOW = """
import os, sys, time
from functools import partial
from pathlib import Path
started = float(os.environ["BENCH_STARTED"])
from PySide6.QtWidgets import QApplication
from latent_studio.app.paths import Paths
from latent_studio.app.studio import Studio
from latent_studio.ui.main_window import MainWindow
from latent_studio.ui.theme import applyTheme
sys.setswitchinterval(0.002)
app = QApplication(["latent-studio"])
applyTheme(app)
window = MainWindow(Studio(Paths.in_profile(Path(sys.argv[1]))))
seen = {}
def painted():
    seen["window"] = time.monotonic() - started
    seen["torch"] = float("torch" in sys.modules)
    window.fill()
    window.canvas.frameShown.connect(shown)
    window.open_model("portraits")
def shown(frame):
    seen.setdefault("picture", time.monotonic() - started)
    if frame.quality.name == "FINAL":
        seen["sharp"] = time.monotonic() - started
        print(*(seen[name] for name in ("window", "picture", "sharp", "torch")))
        window.close()
window.painted.connect(painted)
window.show()
app.exec()
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="processes of each kind, in turn (5)")
    rounds = parser.parse_args().rounds
    torch_s: list[float] = []
    window_s: list[list[float]] = []
    with tempfile.TemporaryDirectory() as profile:
        # The first round fills the disk cache and finds the directions, as a first start ever would.
        for round_idx in range(rounds + 1):
            imported = _run(IMPORT_TORCH)
            opened = _run(OPEN_WINDOW, profile)
            if round_idx:
                torch_s += imported
                window_s.append(opened)
    window, picture, sharp, torch_there = (
        statistics.median(column) for column in zip(*window_s, strict=True)
    )
    imported_s = statistics.median(torch_s)
    print(f"median of {rounds} starts of each kind, in turn, caches warm")
    print(f"import torch             {imported_s:6.2f} s")
    print(f"window painted           {window:6.2f} s   {imported_s / window:5.1f} times sooner than torch")
    print(
        f"first picture            {picture:6.2f} s   {picture - imported_s:+.2f} s after import torch alone"
    )
    print(f"sharp picture            {sharp:6.2f} s")
    print(f"torch imported before the window was painted: {'yes' if torch_there else 'no'}")


def _run(program: str, *arguments: str) -> list[float]:
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
        "BENCH_STARTED": repr(time.monotonic()),
    }
    # Installed packages are compiled, and so is this one where people use it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return [float(word) for word in done.stdout.split()]


if __name__ == "__main__":
    main()
