from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from PySide6.QtCore import QObject, QThread, QTimer, Slot

from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import OutOfMemoryError
from latent_studio.core.render import Quality, RenderRequest
from latent_studio.core.spaces import Space
from latent_studio.ui.render_thread import RenderThread, ThumbnailWish
from tests.helpers.fake_engine import FakeEngine, colour_of, pause

WAIT_MS = 10_000
SMILE = LinearDirection("smile", "smile", Space.W, np.ones(4))


class Collector(QObject):
    """Keeps what the render thread says, and on which thread it heard it."""

    def __init__(self, thread: RenderThread) -> None:
        super().__init__()
        self.frames = []
        self.failures = []
        self.thumbnails = []
        self.calls = []
        self.threads = set()
        thread.frame_ready.connect(self.take_frame)
        thread.failed.connect(self.failures.append)
        thread.thumbnail_ready.connect(self.take_thumbnail)
        thread.called.connect(self.take_call)

    @Slot(object)
    def take_frame(self, frame) -> None:
        self.frames.append(frame)
        self.threads.add(QThread.currentThread())

    @Slot(object, object)
    def take_thumbnail(self, key, frame) -> None:
        self.thumbnails.append((key, frame))

    @Slot(object, object)
    def take_call(self, token, outcome) -> None:
        self.calls.append((token, outcome))

    def has_final(self, revision: int):
        def check() -> bool:
            return any(f.revision == revision and f.quality is Quality.FINAL for f in self.frames)

        return check


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def thread(qapp, engine):
    thread = RenderThread(lambda: engine)
    yield thread
    assert thread.close()
    assert not thread.is_running
    thread.deleteLater()


def request_of(revision: int, amount: float = 0.0, *, coarse_only: bool = False) -> RenderRequest:
    return RenderRequest(revision, edits=EditStack((Edit(SMILE, amount),)), coarse_only=coarse_only)


def test_a_request_gives_a_coarse_picture_and_then_the_sharp_one(qtbot, thread):
    heard = Collector(thread)

    thread.submit(request_of(1, 2.0))
    qtbot.waitUntil(heard.has_final(1), timeout=WAIT_MS)

    assert [frame.quality for frame in heard.frames] == [Quality.COARSE, Quality.FINAL]
    assert heard.frames[-1].pixels[0, 0, 0] == colour_of(2.0)
    assert heard.threads == {QThread.currentThread()}


def test_a_fast_drag_keeps_showing_frames_and_ends_sharp_on_the_last_value(qtbot, thread, engine):
    engine.coarse_s, engine.stage_s = 0.004, 0.007
    heard = Collector(thread)
    last = 150
    sent = iter(range(1, last + 1))

    def move() -> None:
        revision = next(sent, None)
        if revision is None:
            timer.stop()
        else:
            thread.submit(request_of(revision, revision / 100))

    timer = QTimer()
    timer.timeout.connect(move)
    timer.start(2)
    qtbot.waitUntil(heard.has_final(last), timeout=WAIT_MS)

    revisions = [frame.revision for frame in heard.frames]
    assert revisions == sorted(revisions)
    assert sum(frame.quality is Quality.COARSE for frame in heard.frames) >= 10
    assert heard.frames[-1].quality is Quality.FINAL
    assert heard.frames[-1].pixels[0, 0, 0] == colour_of(last / 100)


def test_the_gui_thread_keeps_its_heartbeat_while_a_slow_picture_is_made(qtbot, thread, engine):
    engine.coarse_s, engine.stage_s = 0.2, 0.2
    heard = Collector(thread)
    beats = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.monotonic()))
    timer.start(10)

    thread.submit(request_of(1))
    qtbot.waitUntil(heard.has_final(1), timeout=WAIT_MS)

    # 0.8 s of rendering would leave a blocked GUI thread without any.
    assert len(beats) > 20


def test_an_error_is_told_once_with_its_revision_and_the_thread_goes_on(qtbot, thread, engine):
    heard = Collector(thread)
    engine.error = OutOfMemoryError("The device is full.", hint="Use the CPU.")
    thread.submit(request_of(1))
    qtbot.waitUntil(lambda: len(heard.failures) == 1, timeout=WAIT_MS)

    engine.error = None
    thread.submit(request_of(2))
    qtbot.waitUntil(heard.has_final(2), timeout=WAIT_MS)

    failure = heard.failures[0]
    assert (failure.title, failure.hint, failure.revision) == ("The device is full.", "Use the CPU.", 1)
    assert len(heard.failures) == 1


def test_an_engine_that_cannot_be_made_is_told_like_any_other_error(qtbot):
    def broken():
        raise OutOfMemoryError("No device.")

    thread = RenderThread(broken)
    heard = Collector(thread)

    thread.submit(request_of(7))
    qtbot.waitUntil(lambda: bool(heard.failures), timeout=WAIT_MS)

    assert heard.failures[0].revision == 7
    assert thread.close()
    thread.deleteLater()


def test_thumbnails_are_made_when_no_request_waits_and_only_the_newest_wishes(qtbot, thread, engine):
    engine.coarse_s = 0.02
    heard = Collector(thread)
    old = tuple(ThumbnailWish(("old", k), request_of(0, coarse_only=True)) for k in range(50))
    new = tuple(ThumbnailWish(("new", k), request_of(0, k, coarse_only=True)) for k in range(3))

    thread.submit(request_of(1))
    thread.wish_thumbnails(old)
    qtbot.waitUntil(lambda: bool(heard.thumbnails), timeout=WAIT_MS)
    thread.wish_thumbnails(new)
    qtbot.waitUntil(lambda: heard.thumbnails[-1][0] == ("new", 2), timeout=WAIT_MS)

    keys = [key for key, _ in heard.thumbnails]
    assert keys[-3:] == [("new", 0), ("new", 1), ("new", 2)]
    assert len(keys) < 50
    assert heard.has_final(1)()


def test_a_request_overtakes_waiting_thumbnails(qtbot, thread, engine):
    engine.coarse_s = 0.02
    heard = Collector(thread)
    thread.wish_thumbnails(tuple(ThumbnailWish(k, request_of(0, coarse_only=True)) for k in range(40)))
    qtbot.waitUntil(lambda: bool(heard.thumbnails), timeout=WAIT_MS)

    thread.submit(request_of(5))
    qtbot.waitUntil(heard.has_final(5), timeout=WAIT_MS)

    assert len(heard.thumbnails) < 40


def test_a_sharp_thumbnail_gives_way_to_a_request_and_comes_after_it(qtbot, thread, engine):
    engine.stage_s = 0.1
    heard = Collector(thread)
    thread.wish_thumbnails(tuple(ThumbnailWish(k, request_of(0, float(k))) for k in range(3)))
    pause(0.05)

    thread.submit(request_of(5))
    qtbot.waitUntil(lambda: len(heard.thumbnails) == 3, timeout=WAIT_MS)

    assert heard.has_final(5)()
    assert [key for key, _ in heard.thumbnails] == [0, 1, 2]
    assert all(frame.quality is Quality.FINAL for _, frame in heard.thumbnails)


def test_a_call_runs_on_the_render_thread_between_pictures(qtbot, thread):
    heard = Collector(thread)
    here = threading.get_ident()

    thread.call("swap", threading.get_ident)
    qtbot.waitUntil(lambda: bool(heard.calls), timeout=WAIT_MS)

    assert heard.calls[0][0] == "swap"
    assert heard.calls[0][1] != here


def test_closing_in_the_middle_of_a_picture_ends_the_thread(qtbot, engine):
    engine.coarse_s, engine.stage_s, engine.stages = 0.05, 0.05, 100
    thread = RenderThread(lambda: engine)
    heard = Collector(thread)
    thread.submit(request_of(1))
    qtbot.waitUntil(lambda: bool(heard.frames), timeout=WAIT_MS)

    assert thread.close(wait_ms=2000)

    assert not thread.is_running
    assert not heard.has_final(1)()
    thread.deleteLater()


def test_a_stuck_thread_is_told_and_can_still_be_waited_for(qtbot, engine):
    release = threading.Event()

    def stuck():
        release.wait(5)
        return engine

    thread = RenderThread(stuck)
    thread.submit(request_of(1))
    pause(0.05)

    assert not thread.close(wait_ms=50)
    release.set()
    assert thread.close(wait_ms=5000)
    thread.deleteLater()
