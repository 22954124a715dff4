"""How long a frame of the latent map takes while it is moved: 10,000 points, pictures where there is room.

    python benchmarks/latent_map.py [--points 10000] [--frames 200]

Painted off screen by Qt's raster engine, as on a screen without OpenGL. Fluid is below 16 ms.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from latent_studio.ui.theme import applyTheme
from latent_studio.ui.widgets.map_canvas import MapCanvas


def main() -> None:
    """Print the median, the 99th percentile and the worst frame."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--frames", type=int, default=200)
    options = parser.parse_args()
    app = QApplication([])
    applyTheme(app)
    canvas = MapCanvas()
    canvas.resize(1000, 640)
    canvas.show()
    rng = np.random.default_rng(0)
    canvas.setPoints(rng.normal(size=(options.points, 2)))
    canvas.setHere((0, 0), (0.5, 0.5))
    image = QImage(96, 96, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    wanted: list[int] = []
    canvas.picturesWanted.connect(wanted.extend)
    canvas._ask_for_pictures()
    for point in wanted:
        canvas.setPicture(point, image)
    app.processEvents()
    times, spent = [], []
    for frame in range(options.frames):
        began, busy = time.perf_counter(), time.thread_time()
        canvas.pan(0.02 * np.cos(frame / 10), 0.02 * np.sin(frame / 10))
        canvas.viewport().repaint()
        times.append(1000 * (time.perf_counter() - began))
        spent.append(1000 * (time.thread_time() - busy))
    median, late, worst = np.percentile(times, (50, 99, 100))
    print(f"{options.points:,} points, {len(wanted)} pictures, {canvas.width()} x {canvas.height()} px:")
    print(f"{median:.1f} ms a frame (median), {late:.1f} ms (99 %), {worst:.1f} ms (worst)")
    print(f"{np.median(spent):.1f} ms of the processor a frame (median)")


if __name__ == "__main__":
    main()
