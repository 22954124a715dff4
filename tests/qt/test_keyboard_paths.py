"""The four main jobs by keys alone: no mouse, no widget is asked to do anything but take keys."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from latent_studio.app.projector import Found, Projector
from latent_studio.ui.docks.timeline import TimelineView
from latent_studio.ui.widgets.value_slider import ValueSlider
from tests.qt.conftest import WAIT_MS, wait_until_sharp
from tests.qt.test_projection_dock import rung

_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_NONE = Qt.KeyboardModifier.NoModifier
#: More stops than any window has.
_MOST = 200


@pytest.fixture
def keys(window, qtbot):
    """Hands on a keyboard."""
    window.activateWindow()

    def press(key, held=_NONE):
        QTest.keyClick(QApplication.focusWidget() or window, key, held)
        QApplication.processEvents()

    def tab_to(wanted):
        for _ in range(_MOST):
            if wanted(QApplication.focusWidget()):
                return QApplication.focusWidget()
            press(Qt.Key.Key_Tab)
        raise AssertionError("Tab never comes there")

    def type_text(text):
        QTest.keyClicks(QApplication.focusWidget(), text)

    return SimpleNamespace(press=press, tab_to=tab_to, type_text=type_text)


def named(name):
    return lambda widget: widget is not None and widget.objectName() == name


def test_a_model_is_opened_and_a_slider_moved(window, keys, qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "dogs"), ""))
    keys.press(Qt.Key.Key_O, _CTRL)
    qtbot.waitUntil(lambda: window.context.models.model.ref.name.startswith("dogs"), timeout=WAIT_MS)
    wait_until_sharp(qtbot, window)
    keys.press(Qt.Key.Key_F, _CTRL)
    keys.type_text("e2")
    slider = keys.tab_to(lambda widget: isinstance(widget, ValueSlider))
    for _ in range(3):
        keys.press(Qt.Key.Key_Right)
    (edit,) = window.context.store.session.edits
    assert edit.direction.name == "e2"
    assert edit.amount > 0
    assert slider.hasFocus()
    keys.press(Qt.Key.Key_Z, _CTRL)
    assert len(window.context.store.session.edits) == 0


def test_a_photo_is_projected(window, keys, qtbot, monkeypatch, tmp_path):
    path = tmp_path / "photo.png"
    noise = np.random.default_rng(0).integers(0, 255, (60, 50, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    monkeypatch.setattr(Projector, "__init__", lambda self, *_: None)
    monkeypatch.setattr(
        Projector,
        "project",
        lambda self, model, crop, settings, **_: Found(
            SimpleNamespace(rungs=(rung("w", 18.0),)), crop[:64, :64], model.ref.sha256
        ),
    )
    keys.press(Qt.Key.Key_P, _CTRL | _SHIFT)
    desk = window.context.photos
    qtbot.waitUntil(lambda: bool(desk.items) and desk.items[0].state != "reading", timeout=WAIT_MS)
    asked = []
    monkeypatch.setattr(desk, "search", lambda items, settings, **_: asked.append(tuple(items)))
    keys.tab_to(named("projection-start"))
    keys.press(Qt.Key.Key_Space)
    assert asked == [(desk.items[0].id,)]


def test_a_timeline_is_made_and_walked(window, keys, qtbot):
    keys.press(Qt.Key.Key_K)
    keys.press(Qt.Key.Key_N)
    wait_until_sharp(qtbot, window)
    keys.press(Qt.Key.Key_K)
    timeline = window.context.store.session.timeline
    assert len(timeline.keys) == 2
    for _ in range(_MOST):
        if isinstance(QApplication.focusWidget(), TimelineView):
            break
        keys.press(Qt.Key.Key_F6)
    view = QApplication.focusWidget()
    assert isinstance(view, TimelineView)
    keys.press(Qt.Key.Key_Home)
    before = view.playhead()
    keys.press(Qt.Key.Key_Right)
    assert view.playhead() > before
    keys.press(Qt.Key.Key_Z, _CTRL)
    assert len(window.context.store.session.timeline.keys) == 1


def test_a_film_is_exported(window, keys, qtbot, tmp_path):
    target = tmp_path / "film.gif"
    keys.press(Qt.Key.Key_E, _CTRL)
    keys.tab_to(named("export-format"))
    keys.type_text("GIF")
    field = keys.tab_to(named("export-file"))
    assert isinstance(field, QLineEdit)
    keys.press(Qt.Key.Key_A, _CTRL)
    keys.type_text(str(target))
    keys.tab_to(named("export-start"))
    keys.press(Qt.Key.Key_Space)
    qtbot.waitUntil(target.exists, timeout=WAIT_MS)


def test_f6_goes_through_every_panel_on_the_screen_and_back(window, keys):
    seen = []
    for _ in range(_MOST):
        keys.press(Qt.Key.Key_F6)
        focused = QApplication.focusWidget()
        if focused in seen:
            break
        seen.append(focused)
    assert len(seen) >= 4
    assert focused is seen[0]
    keys.press(Qt.Key.Key_F6, _SHIFT)
    assert QApplication.focusWidget() is seen[-1]


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_never_leaves_what_can_be_seen(window, keys, key):
    window.resize(1280, 720)
    stops = set()
    for _ in range(100):
        keys.press(key)
        stop = QApplication.focusWidget()
        assert stop is not None
        assert not stop.visibleRegion().isEmpty(), (type(stop).__name__, stop.objectName())
        stops.add(stop)
    assert len(stops) > 15
