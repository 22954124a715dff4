"""A timeline in the real window: playing at 24 frames a second from the cache, and a hand that scrubs.

Playing counts frames that came late (by more than half a frame's time), were skipped, or had no picture, and
tells how evenly frames came and how soon each was painted.

Scrubbing moves the playhead 60 times a second, smoothly and by jumps: first with rendering ahead switched
off and nothing made yet, then as a user meets it, a second after the film was made, then with all of it
rendered. It tells how long after each move a picture of that moment or a later one was there; how long until
there was one near it, an eighth of a second of film away at most; and whether the picture after each rest is
the one the engine draws for that moment. Drawn off screen.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
import _prepare  # noqa: F401 - before anything that imports torch

# isort: split
import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from latent_studio.app.paths import Paths
from latent_studio.app.studio import Studio
from latent_studio.core.pose import Pose
from latent_studio.core.render import Frame, RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.timeline import Timeline
from latent_studio.ui.docks.timeline import TimelineDock
from latent_studio.ui.main_window import MainWindow
from latent_studio.ui.theme import applyTheme
from latent_studio.ui.widgets.image_view import ImageView

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FPS = 24.0
#: Pictures this far away, in seconds of film, are near.
NEAR = 0.125


class Notes(QObject):
    """Takes notes of frames that were shown and of paintings of the canvas."""

    def __init__(self, window: MainWindow, dock: TimelineDock) -> None:
        super().__init__(window)
        self._preview = dock.preview
        #: When, which revision, and which moment of the film.
        self.shown: list[tuple[float, int, float]] = []
        self.painted: list[float] = []
        self.last: Frame | None = None
        window.context.renders.frame_ready.connect(self.take_frame)
        canvas = window.findChild(ImageView)
        assert canvas is not None
        canvas.installEventFilter(self)

    def take_frame(self, frame: Frame) -> None:
        """One more on the canvas."""
        place = self._preview.shown_seconds
        self.shown.append((time.perf_counter(), frame.revision, np.inf if place is None else place))
        self.last = frame

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note when the canvas is painted."""
        if event.type() == QEvent.Type.Paint:
            self.painted.append(time.perf_counter())
        return False


def main() -> None:
    arguments = _arguments()
    app = QApplication(["latent-studio"])
    applyTheme(app)
    sys.setswitchinterval(0.002)
    with tempfile.TemporaryDirectory() as profile:
        window = MainWindow(Studio(Paths.in_profile(Path(profile))))
        window.fill()
        window.resize(1480, 900)
        window.show()
        window.open_model(arguments.model)
        wait(lambda: window.context.renders.is_sharp, 120)
        window.docking.bring("timeline")
        dock = window.findChild(TimelineDock)
        assert dock is not None
        notes = Notes(window, dock)
        make_film(window, arguments.film, first_seed=20)
        dock.preview.set_wanted(False)
        coarse_ms = coarse_time(window)
        full_ms = window.context.renders.full_ms or 0.0
        print(f"{arguments.model}: sharp {full_ms:.0f} ms, coarse {coarse_ms:.0f} ms")
        scrub(window, dock, notes, arguments.seconds, coarse_ms, "nothing rendered ahead")
        dock.preview.set_wanted(True)
        for first_seed in (40, 60, 80):
            make_film(window, arguments.film, first_seed=first_seed)
            spin(1.0)
            scrub(window, dock, notes, arguments.seconds / 3, coarse_ms, "a film just made")
        started = time.perf_counter()
        wait(lambda: dock.preview.missing() == 0, 300)
        print(f"rendered ahead in {time.perf_counter() - started:.1f} s")
        spin(1.0)
        scrub(window, dock, notes, arguments.seconds, coarse_ms, "from the cache")
        play(window, dock, notes, arguments.seconds)
        window.close()
    os._exit(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="portraits", help="file or library name (portraits)")
    parser.add_argument("--film", type=float, default=6.0, help="length of the film in seconds (6)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each part (15)")
    return parser.parse_args()


def make_film(window: MainWindow, seconds: float, *, first_seed: int) -> None:
    """A closed loop through four seeds."""
    store = window.context.store
    timeline = Timeline(fps=FPS, loop="closed", closing_seconds=seconds / 4)
    for key in range(4):
        pose = replace(Pose.of(store.session), base=SeedPoint(first_seed + key))
        timeline = timeline.with_pose(
            key * seconds / 4, pose, name=f"seed {first_seed + key}", model=store.session.model
        )
    store.replace(replace(store.session, timeline=timeline), "A film")


def coarse_time(window: MainWindow) -> float:
    """Median milliseconds of a coarse frame of a place that nothing is known of."""
    engine = window.context.studio.engine
    times = []
    for seed in range(15):
        request = RenderRequest(0, SeedPoint(90_000 + seed), coarse_only=True)
        times.append(1000 * next(iter(engine.render(request))).seconds)
    return float(np.median(times))


def scrub(
    window: MainWindow, dock: TimelineDock, notes: Notes, seconds: float, coarse_ms: float, name: str
) -> None:
    drawn, renders = random.Random(0), window.context.renders
    timeline = window.context.store.session.timeline
    moves: list[tuple[float, int, float]] = []
    wrong = rests = 0
    del notes.shown[:-1]
    place, speed = 0.0, 1.0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pause = time.perf_counter() + 1.2
        while time.perf_counter() < pause:
            due = time.perf_counter() + 1 / 60
            if drawn.random() < 0.05:
                place, speed = drawn.uniform(0, timeline.duration), drawn.uniform(-4, 4)
            place = (place + speed / 60) % timeline.duration
            at = time.perf_counter()
            dock.editor.scrub(place)
            moves.append((at, renders.revision, place))
            spin_until(due)
        wait(lambda: renders.is_sharp, 5)
        spin(0.3)
        rests += 1
        pose = dock.preview.pose_now()
        assert pose is not None
        truth = window.context.studio.engine.render_final(RenderRequest.of_pose(pose, revision=0))
        wrong += notes.last is None or not np.array_equal(notes.last.pixels, truth.pixels)
    print(f"scrub, {name}: {len(moves)} moves")
    tell_lags("a picture of the moment or a later one", lags_of(moves, notes, near=0.0), coarse_ms)
    tell_lags("one near it", lags_of(moves, notes, near=NEAR), coarse_ms)
    print(f"  after {rests} rests the picture is {'the right one' if not wrong else f'WRONG {wrong} times'}")


def lags_of(moves: list[tuple[float, int, float]], notes: Notes, *, near: float) -> NDArray[np.float64]:
    """Milliseconds from each move until its picture, one so near, or one for a later move."""
    answered = []
    for at, revision, place in moves:
        before = [one for one in notes.shown if one[0] < at][-1:]
        answered.append(
            next(
                (
                    max(moment, at)
                    for moment, shown, where in before + [one for one in notes.shown if one[0] >= at]
                    if shown >= revision or abs(where - place) <= near
                ),
                np.inf,
            )
        )
    soonest = np.minimum.accumulate(np.array(answered)[::-1])[::-1]
    lags: NDArray[np.float64] = 1000 * (soonest - np.array([at for at, *_ in moves]))
    return lags


def tell_lags(what: str, lags: NDArray[np.float64], coarse_ms: float) -> None:
    print(
        f"  {what} after p50 {np.percentile(lags, 50):.1f} ms, p99 {np.percentile(lags, 99):.1f} ms, "
        f"worst {lags.max():.1f} ms: {np.mean(lags <= coarse_ms):.1%} within a coarse frame, "
        f"{np.mean(lags <= coarse_ms + 1000 / 60):.1%} within one and a move"
    )


def play(window: MainWindow, dock: TimelineDock, notes: Notes, seconds: float) -> None:
    dock.editor.scrub(0.0)
    spin(0.5)
    notes.shown.clear()
    notes.painted.clear()
    started = time.perf_counter()
    dock.editor.toggle_play()
    spin(seconds)
    count = dock.preview.player.count
    dock.editor.toggle_play()
    bad = count.late + count.skipped + count.missing
    print(
        f"play, {FPS:g} fps for {seconds:g} s: {count.total} frames, late {count.late}, "
        f"skipped {count.skipped}, without picture {count.missing}: {bad / max(1, count.total):.2%} late"
    )
    gaps = []
    painted = np.array(notes.painted)
    for moment, *_ in notes.shown:
        after = painted[painted >= moment]
        if len(after):
            gaps.append(1000 * (after[0] - moment))
    steps = 1000 * np.diff([moment for moment, *_ in notes.shown if moment < started + seconds])
    print(
        f"  between frames p1 {np.percentile(steps, 1):.1f} ms, p50 {np.percentile(steps, 50):.1f} ms, "
        f"p99 {np.percentile(steps, 99):.1f} ms; painted after p50 {np.percentile(gaps, 50):.1f} ms, "
        f"p99 {np.percentile(gaps, 99):.1f} ms"
    )


def spin(seconds: float) -> None:
    spin_until(time.perf_counter() + seconds)


def spin_until(moment: float) -> None:
    """Let the window run as it does by itself: its thread sleeps when nothing happens."""
    loop, timer = QEventLoop(), QTimer()
    timer.setSingleShot(True)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(loop.quit)
    timer.start(max(0, round(1000 * (moment - time.perf_counter()))))
    loop.exec()


def wait(condition: Callable[[], bool], at_most: float) -> None:
    end = time.perf_counter() + at_most
    while not condition() and time.perf_counter() < end:
        spin(0.01)


if __name__ == "__main__":
    main()
