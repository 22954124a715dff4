"""A long drag in the real window: 60 slider events a second on the bundled model, as a hand would make them.

Prints how many frames came, whether the last one is sharp and right, how long the window ever stopped
answering (gaps between beats of a 16 ms timer, less the 16 ms themselves), and what memory did.
Drawn off screen.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import psutil
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from latent_studio.app.paths import Paths
from latent_studio.app.studio import Studio
from latent_studio.core.render import Frame, Quality, RenderRequest
from latent_studio.ui.main_window import MainWindow
from latent_studio.ui.theme import applyTheme

BEAT_MS = 16
EVENTS_PER_SECOND = 60


class Drag(QObject):
    """Moves one slider back and forth through the store, the way the slider dock does, and takes notes."""

    def __init__(self, window: MainWindow, seconds: float) -> None:
        super().__init__(window)
        self.window = window
        self.store = window.context.store
        self.seconds = seconds
        self.gaps: list[float] = []
        # Not the frames themselves: their pixels would look like a leak.
        self.frames: list[tuple[int, Quality]] = []
        self.last: Frame | None = None
        self.memory: list[float] = []
        self.events = 0
        self._process = psutil.Process()
        self._beat_at = self._started = 0.0
        self._beat = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._take_beat)
        self._hand = QTimer(
            self, interval=round(1000 / EVENTS_PER_SECOND), timerType=Qt.TimerType.PreciseTimer
        )
        self._hand.timeout.connect(self._move)
        window.context.renders.frame_ready.connect(self._take_frame)

    def start(self) -> None:
        """Begin now."""
        self._beat_at = self._started = time.perf_counter()
        self._beat.start()
        self._hand.start()

    def _take_beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self._beat_at) - BEAT_MS)
        self._beat_at = now

    def _take_frame(self, frame: Frame) -> None:
        if self._started:
            self.frames.append((frame.revision, frame.quality))
            self.last = frame

    def _move(self) -> None:
        model = self.window.context.models.model
        elapsed = time.perf_counter() - self._started
        if model is None or elapsed > self.seconds:
            self._hand.stop()
            self.store.close_gesture()
            QTimer.singleShot(1500, self._end)
            return
        direction = model.directions[int(elapsed / 5) % len(model.directions)]
        low, high = direction.suggested_range
        share = 0.5 + 0.5 * math.sin(2.1 * elapsed)
        self.store.set_amount(direction, low + (high - low) * share, gesture=direction.id)
        self.events += 1
        if self.events % EVENTS_PER_SECOND == 0:
            self.memory.append(self._process.memory_info().rss / 2**20)

    def _end(self) -> None:
        self._beat.stop()
        self.window.context.renders.frame_ready.disconnect(self._take_frame)
        QApplication.quit()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60, help="length of the drag (60)")
    parser.add_argument("--model", default="portraits", help="file or library name (portraits)")
    arguments = parser.parse_args()
    app = QApplication(["latent-studio"])
    applyTheme(app)
    sys.setswitchinterval(0.002)
    with tempfile.TemporaryDirectory() as profile:
        window = MainWindow(Studio(Paths.in_profile(Path(profile))))
        window.fill()
        drag = Drag(window, arguments.seconds)
        window.painted.connect(lambda: window.open_model(arguments.model))
        # Begin when the thumbnails are made and nothing else runs.
        window.context.models.model_changed.connect(lambda: QTimer.singleShot(4000, drag.start))
        window.show()
        app.exec()
        report(drag, arguments.seconds)
        window.close()


def report(drag: Drag, seconds: float) -> None:
    frames, gaps = drag.frames, np.array(drag.gaps)
    sharp = sum(quality is Quality.FINAL for _, quality in frames)
    last = drag.last
    assert last is not None, "no frame came"
    request = RenderRequest.of(drag.store.session, revision=0)
    right = np.array_equal(last.pixels, drag.window._studio.engine.render_final(request).pixels)
    revisions = [revision for revision, _ in frames]
    print(f"{drag.events} events in {seconds:g} s")
    print(f"frames shown       {len(frames) / seconds:6.1f} a second ({sharp / seconds:.1f} of them sharp)")
    print(f"in order           {'yes' if revisions == sorted(revisions) else 'NO'}")
    print(f"last frame         {last.quality.name.lower()}, {'right' if right else 'WRONG'}")
    print(
        f"heartbeat late by  p50 {np.percentile(gaps, 50):.1f} ms, p99 {np.percentile(gaps, 99):.1f} ms, "
        f"worst {gaps.max():.1f} ms ({len(gaps)} beats)"
    )
    quarters = [drag.memory[round(share * (len(drag.memory) - 1) / 4)] for share in range(5)]
    print(
        f"memory             {', '.join(f'{size:.0f}' for size in quarters)} MB at each quarter of the drag"
    )


if __name__ == "__main__":
    main()
