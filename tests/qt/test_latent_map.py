"""The map in a window that shows a small real model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QToolButton

from latent_studio.app.paths import Paths
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.views import latent_map
from latent_studio.ui.widgets import map_tools
from tests.helpers.model_files import write_tiny_model
from tests.qt.conftest import WAIT_MS

if TYPE_CHECKING:
    from latent_studio.ui.views.latent_map import LatentMapView

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def studio(profile) -> Studio:
    return Studio(Paths.in_profile(profile), Settings(device="cpu", threads=1, measure_forms=False))


@pytest.fixture
def window(open_window, tmp_path, monkeypatch):
    monkeypatch.setattr(map_tools, "COUNTS", (150, 300, 450))
    window = open_window(str(write_tiny_model(tmp_path / "tiny.safetensors")))
    window.resize(1480, 900)
    return window


@pytest.fixture
def view(qtbot, window) -> LatentMapView:
    window.views.bring("map")
    view = window.views.widget("map")
    qtbot.waitUntil(lambda: view.canvas.here() is not None, timeout=WAIT_MS)
    return view


def settled(qtbot, window, view) -> None:
    qtbot.waitUntil(lambda: view._placed is window.context.store.session, timeout=WAIT_MS)


def drag(qtbot, canvas, places):
    spots = [canvas.spotOf(*place).toPoint() for place in places]
    qtbot.mousePress(canvas.viewport(), LEFT, pos=spots[0])
    for spot in spots[1:]:
        qtbot.mouseMove(canvas.viewport(), spot)
    qtbot.mouseRelease(canvas.viewport(), LEFT, pos=spots[-1])


def test_samples_come_by_themselves_with_pictures_and_the_ring_is_on_the_seed(qtbot, window, view):
    assert len(view.canvas.points()) == 300
    assert np.allclose(view.canvas.here(), view.canvas.points()[0], atol=1e-4)
    qtbot.waitUntil(lambda: sum(view.canvas.hasPicture(point) for point in range(150)) > 3, timeout=WAIT_MS)
    assert view._picture.image() is not None


def test_a_click_on_a_sample_goes_to_its_seed_in_one_step(qtbot, window, view):
    canvas = view.canvas
    far = int(np.abs(canvas.points()).sum(axis=1).argmax())
    canvas.zoom(0.5)
    with qtbot.waitSignal(canvas.pointTaken) as taken:
        qtbot.mouseClick(canvas.viewport(), LEFT, pos=canvas.spotOf(*canvas.points()[far]).toPoint())

    assert window.context.store.session.base == SeedPoint(taken.args[0])
    settled(qtbot, window, view)
    assert np.allclose(canvas.here(), canvas.points()[taken.args[0]], atol=1e-4)
    window.context.store.undo()
    assert window.context.store.session.base == SeedPoint(0)


def test_a_drag_walks_live_as_one_undo_step(qtbot, window, view):
    store = window.context.store
    before = store.history.place
    drag(qtbot, view.canvas, [(0.0, 0.0), (0.4, 0.3), (0.9, 0.5), (1.2, 0.8)])

    assert isinstance(store.session.base, Latent)
    settled(qtbot, window, view)
    assert np.allclose(view.canvas.here(), (1.2, 0.8), atol=0.05)
    assert store.history.undo_label == "Walk on the map"
    store.undo()
    assert store.history.place == before
    assert store.session.base == SeedPoint(0)


def test_a_loop_becomes_a_slider_and_a_centre_of_truncation(qtbot, window, view):
    canvas, store = view.canvas, window.context.store
    qtbot.mouseClick(window.findChild(QToolButton, "map-loop"), LEFT)
    drag(qtbot, canvas, [(0.2, -1.5), (1.8, -1.5), (1.8, 1.5), (0.2, 1.5)])
    chosen = int(canvas.chosen().sum())
    assert 10 < chosen < 290
    assert window.findChild(QLabel, "map-chosen").text() == f"{chosen} of 300"
    window.findChild(QLineEdit, "map-name").setText("right hand")
    qtbot.mouseClick(window.findChild(QPushButton, "map-direction"), LEFT)
    shelf = window.context.directions
    qtbot.waitUntil(
        lambda: any(entry.direction.name == "right hand" for entry in shelf.entries), timeout=WAIT_MS
    )
    (entry,) = [entry for entry in shelf.entries if entry.direction.name == "right hand"]
    assert entry.bank == "boundaries"
    assert entry.is_kept

    qtbot.mouseClick(window.findChild(QPushButton, "map-centre"), LEFT)
    assert store.session.centre is not None
    again = window.findChild(QPushButton, "truncation-average")
    assert not again.isHidden()
    again.click()
    assert store.session.centre is None
    qtbot.mouseClick(window.findChild(QPushButton, "map-clear"), LEFT)
    assert not canvas.chosen().any()


def test_a_drawn_path_is_on_the_timeline_and_on_the_map_until_undone(qtbot, window, view):
    store = window.context.store
    qtbot.mouseClick(window.findChild(QToolButton, "map-path"), LEFT)
    drag(qtbot, view.canvas, [(-1.5, -1.0), (-0.5, 0.5), (0.5, 0.5), (1.5, -1.0)])

    keys = store.session.timeline.keys
    assert len(keys) >= 3
    settled(qtbot, window, view)
    assert len(view.canvas.marks("keys")) == len(keys)
    assert np.allclose(view.canvas.marks("keys")[0], (-1.5, -1.0), atol=0.05)
    assert np.allclose(view.canvas.marks("keys")[-1], (1.5, -1.0), atol=0.05)
    store.undo()
    assert store.session.timeline.is_empty
    settled(qtbot, window, view)
    assert len(view.canvas.marks("keys")) == 0


def test_the_axes_may_be_directions_and_the_same_one_twice_is_refused_in_words(qtbot, window, view):
    across, up = (window.findChild(QComboBox, name) for name in ("map-across", "map-up"))
    before = view.canvas.points().copy()
    index = next(k for k in range(across.count()) if str(across.itemData(k)).startswith("dir:"))
    across.setCurrentIndex(index)
    across.activated.emit(index)
    assert not np.allclose(view.canvas.points(), before)
    assert np.allclose(view.canvas.points().std(axis=0), 1, atol=0.05)

    posted = []
    window.context.messages.posted.connect(lambda *words: posted.append(words))
    shown = view.canvas.points().copy()
    up.setCurrentIndex(index)
    up.activated.emit(index)
    assert posted[-1][0] == "warn"
    assert "nearly the same" in posted[-1][1]
    assert np.array_equal(view.canvas.points(), shown)
    assert up.currentData() == "pc:1"


def test_attributes_are_read_in_a_job_and_become_axes(qtbot, window, view, monkeypatch):
    monkeypatch.setattr(latent_map, "_READ", 60)
    across = window.findChild(QComboBox, "map-across")
    index = across.findData("reader:tone")
    across.setCurrentIndex(index)
    across.activated.emit(index)
    assert across.currentData() == "pc:0"
    qtbot.waitUntil(lambda: str(across.currentData()).startswith("read:"), timeout=WAIT_MS)
    assert "R²" in across.currentText()


def test_without_a_model_the_map_says_what_to_do_and_a_cancelled_one_offers_to_begin(
    qtbot, open_window, tmp_path
):
    window = open_window(model=None)
    window.views.bring("map")
    view = window.views.widget("map")
    assert "Open a model" in view._empty.text()
    window.open_model(str(write_tiny_model(tmp_path / "other.safetensors")))
    qtbot.waitUntil(lambda: view._job is not None or view._plane is not None, timeout=WAIT_MS)
    view._plane = None
    if view._job is None:
        view.start()
    window.context.jobs.cancel(view._job.id)
    qtbot.waitUntil(lambda: view._job is None, timeout=WAIT_MS)
    if view._plane is None:
        button = view.findChild(QPushButton, "map-begin")
        assert button is not None
        qtbot.mouseClick(button, LEFT)
        qtbot.waitUntil(lambda: view._plane is not None, timeout=WAIT_MS)
