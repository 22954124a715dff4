"""A bank of 200 sliders that is scrolled and filtered: how late a 50 ms heartbeat of the window comes.

The bank is drawn off screen, painted after each step. ``late`` is how much later than due the beat came; the
longest step is in CPU time too, which other work on the machine does not lengthen as much.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from latent_studio.ui.theme import applyTheme
from latent_studio.ui.widgets.slider_bank import SliderBank
from latent_studio.ui.widgets.slider_row import SliderRowState

BEAT_MS = 50
WORDS = ("s", "sm", "smi", "smil", "smile", "", "1", "12", "12x", "", "direction", "")


def main() -> None:
    """Scroll there and back and filter, while a timer beats."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sliders", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0, help="of scrolling, and again of filtering")
    given = parser.parse_args()
    app = QApplication([])
    applyTheme(app)
    bank = SliderBank()
    bank.resize(340, 620)
    bank.setRows(
        [
            SliderRowState(
                f"d{n}", f"{'smile' if n % 7 == 0 else 'direction'} {n}", "0-3", 0.0, 1.0, -5, 5, -3, 3
            )
            for n in range(given.sliders)
        ]
    )
    bank.show()
    app.processEvents()
    late: list[float] = []
    due = time.perf_counter() + BEAT_MS / 1000

    def beat() -> None:
        nonlocal due
        now = time.perf_counter()
        late.append(max(0.0, (now - due) * 1000))
        due = now + BEAT_MS / 1000

    heart = QTimer()
    heart.setInterval(BEAT_MS)
    heart.timeout.connect(beat)
    heart.start()
    for name in ("scroll", "filter"):
        late.clear()
        longest, steps, end, way = 0.0, 0, time.perf_counter() + given.seconds, 44
        while time.perf_counter() < end:
            began = time.process_time()
            if name == "scroll":
                bar = bank.verticalScrollBar()
                if not 0 <= bar.value() + way <= bar.maximum():
                    way = -way
                bar.setValue(bar.value() + way)
            else:
                bank.setFilter(WORDS[steps % len(WORDS)])
            bank.repaint()
            app.processEvents()
            longest = max(longest, time.process_time() - began)
            steps += 1
        late.sort()
        middle, missed = late[len(late) // 2], sum(one > BEAT_MS for one in late)
        print(f"{name}: {steps} steps, longest {longest * 1000:.1f} ms CPU; {len(late)} beats,", end=" ")
        print(f"late median {middle:.1f} ms, worst {late[-1]:.1f} ms, missed {missed}")


if __name__ == "__main__":
    main()
