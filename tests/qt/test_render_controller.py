from __future__ import annotations

from dataclasses import replace

import pytest

from latent_studio.app.store import SessionStore
from latent_studio.core.errors import OutOfMemoryError
from latent_studio.core.pose import Pose
from latent_studio.core.render import Quality
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.render_controller import RenderController
from latent_studio.ui.render_thread import RenderThread
from latent_studio.ui.session_bridge import SessionBridge
from tests.helpers.fake_engine import FakeEngine, colour_of
from tests.helpers.fake_studio import fake_model
from tests.qt.conftest import WAIT_MS

MODEL = fake_model("cats")
SMILE = MODEL.directions[0]


class Parts:
    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.store = SessionStore()
        self.bridge = SessionBridge(self.store)
        self.thread = RenderThread(lambda: self.engine)
        self.renders = RenderController(self.store, bridge=self.bridge, thread=self.thread)
        self.frames = []
        self.failures = []
        self.renders.frame_ready.connect(self.frames.append)
        self.renders.failed.connect(self.failures.append)

    def open(self) -> None:
        self.renders.release()
        self.store.open_model(MODEL.ref, MODEL.start)

    def is_sharp(self) -> bool:
        return self.renders.is_sharp


@pytest.fixture
def parts(qapp):
    parts = Parts()
    yield parts
    assert parts.thread.close()
    parts.bridge.close()


def test_nothing_is_asked_for_before_a_model_is_open(parts):
    parts.store.set_amount(SMILE, 1.0)
    assert parts.renders.revision == 0

    parts.open()
    assert parts.renders.revision == 1


def test_every_change_asks_with_a_higher_revision_and_the_last_is_shown(qtbot, parts):
    parts.open()
    for amount in range(1, 6):
        parts.store.set_amount(SMILE, float(amount), gesture="drag")
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)

    assert parts.renders.revision == 6
    assert parts.frames[-1].pixels[0, 0, 0] == colour_of(5.0)


def test_a_change_of_nothing_but_the_history_asks_for_nothing(qtbot, parts):
    parts.open()
    parts.store.set_amount(SMILE, 2.0, gesture="drag")
    parts.store.set_amount(SMILE, 2.0, gesture="drag")
    parts.store.close_gesture()

    assert parts.renders.revision == 2


def test_while_held_nothing_is_asked_for(qtbot, parts):
    parts.open()
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)

    parts.renders.hold()
    parts.store.set_amount(SMILE, 2.0)
    assert parts.renders.revision == 1

    parts.renders.release()
    parts.renders.request()
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)
    assert parts.frames[-1].pixels[0, 0, 0] == colour_of(2.0)


def test_comparing_shows_the_base_without_its_edits(qtbot, parts):
    parts.open()
    parts.store.set_amount(SMILE, 4.0)
    parts.renders.set_comparing(True)
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)
    assert parts.frames[-1].pixels[0, 0, 0] == colour_of(0.0)

    parts.renders.set_comparing(False)
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)
    assert parts.frames[-1].pixels[0, 0, 0] == colour_of(4.0)


def test_the_same_failure_is_told_once_until_a_picture_succeeds(qtbot, parts):
    parts.open()
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)
    recovered = []
    parts.renders.recovered.connect(lambda: recovered.append(1))
    begun = len(parts.engine.seen)

    parts.engine.error = OutOfMemoryError("Full.")
    for amount in (1.0, 2.0, 3.0):
        tries = len(parts.engine.seen)
        parts.store.set_amount(SMILE, amount)
        qtbot.waitUntil(lambda tries=tries: len(parts.engine.seen) > tries, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(parts.failures), timeout=WAIT_MS)
    parts.engine.error = None
    parts.store.set_amount(SMILE, 4.0)
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)

    assert len(parts.engine.seen) == begun + 4
    assert [failure.title for failure in parts.failures] == ["Full."]
    assert recovered == [1]


def test_timings_name_both_frames(qtbot, parts):
    timings = []
    parts.renders.timings_changed.connect(timings.append)
    parts.open()
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)

    assert (timings[-1].coarse_size, timings[-1].sharp_size) == ((16, 16), (64, 64))
    assert parts.frames[-1].quality is Quality.FINAL


def test_a_passing_moment_is_a_preview_and_stays_one(qtbot, parts):
    parts.open()
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)
    pose = Pose.of(parts.store.session)
    revision = parts.renders.show_pose(replace(pose, base=SeedPoint(7)), is_passing=True)
    qtbot.waitUntil(lambda: parts.frames[-1].revision == revision, timeout=WAIT_MS)
    assert parts.frames[-1].quality is Quality.COARSE
    assert not parts.is_sharp()
    parts.renders.show_pose(replace(pose, base=SeedPoint(7)))
    qtbot.waitUntil(parts.is_sharp, timeout=WAIT_MS)
