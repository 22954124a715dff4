"""The active edits: locks, drift, combining, commands."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog, QPushButton, QWidget

from latent_studio.app.tasks.export_plan import subject_of
from latent_studio.core.directions import LinearDirection
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.ui.docks.edits import EditsDock
from latent_studio.ui.widgets.edit_list import EditList
from tests.qt.conftest import WAIT_MS


@pytest.fixture
def dock(window, studio) -> EditsDock:
    # The fake engine has no mapping network: latents are zero, and edits move them as they do everywhere.
    def resolve_ws(request):
        zero = np.zeros((10, 8), dtype=np.float32)
        return request.edits.apply(zero, before_mapping=False, locks=request.locks)

    studio.engine.resolve_ws = resolve_ws
    return window.findChild(EditsDock)


@pytest.fixture
def edits(dock) -> EditList:
    return dock.findChild(EditList, "edit-list")


def move(window, k: int, amount: float) -> LinearDirection:
    direction = window.context.directions.find(f"sefa:{k}").direction
    window.context.store.set_amount(direction, amount)
    window.context.store.close_gesture()
    return direction


def test_a_lock_is_one_click_one_step_and_seen_on_the_others(qtbot, window, dock, edits):
    store = window.context.store
    move(window, 0, 2.0)
    move(window, 1, 1.0)

    spot = edits.lockRect(0).center()
    qtbot.mouseClick(edits.viewport(), Qt.MouseButton.LeftButton, pos=spot)

    assert [lock.id for lock in store.session.locks] == ["sefa:0"]
    first, second = edits.items_shown()
    assert first.locked
    assert "e0 locked" in second.note
    store.undo()
    assert not edits.items_shown()[0].locked


def test_l_locks_by_keyboard(qtbot, window, dock, edits):
    move(window, 0, 2.0)
    edits.setFocus()
    edits.setCurrentRow(0)
    qtbot.keyClick(edits, Qt.Key.Key_L)
    assert edits.items_shown()[0].locked


def test_the_gauge_shows_that_a_locked_direction_stays(qtbot, window, dock):
    gauge = dock.findChild(QWidget, "drift-gauge")
    assert not gauge.isVisible()
    locked = window.context.directions.find("sefa:0").direction
    dock._locks_menu.aboutToShow.emit()
    move(window, 1, 3.0)
    dock._locks_menu.aboutToShow.emit()

    from latent_studio.ui.direction_locks import set_locked

    set_locked(window.context, locked, True)
    qtbot.waitUntil(lambda: gauge.isVisible() and gauge.value() is not None, timeout=WAIT_MS)
    assert gauge.value() == pytest.approx(0.0, abs=1e-4)
    assert "e0 moved by" in gauge.toolTip()


def test_what_a_predictor_sees_of_a_locked_attribute_is_shown(qtbot, window, dock, monkeypatch):
    from latent_studio.app.attribute_drift import AttributeDrift
    from latent_studio.ui import drift_meter

    class Reader:
        def __init__(self, model, device, registry) -> None:
            pass

        def compare(self, before, after, *, names, identity):
            assert "e0" in names
            assert not identity
            change = (float(after[0, 0, 0]) - float(before[0, 0, 0])) / 100
            return AttributeDrift({"Smile": change})

    monkeypatch.setattr(drift_meter, "DriftReader", Reader)
    window.context.studio.engine.choice.__class__.device = "cpu"
    from latent_studio.ui.direction_locks import set_locked

    move(window, 1, 3.0)
    set_locked(window.context, window.context.directions.find("sefa:0").direction, True)
    gauge = dock.findChild(QWidget, "drift-gauge")
    qtbot.waitUntil(lambda: "Smile: +30%" in gauge.toolTip(), timeout=WAIT_MS)
    assert gauge.value() == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("seen", "value", "words"),
    [
        ({"likeness": 0.55}, 0.45, "likeness of the person 55%"),
        ({"distance": 0.25}, 0.25, "look 0.25 apart (perceptual distance, for nothing here tells persons"),
    ],
)
def test_the_gauge_watches_the_person_and_says_by_what(qtbot, window, dock, monkeypatch, seen, value, words):
    from latent_studio.app.attribute_drift import AttributeDrift
    from latent_studio.ui import drift_meter

    class Reader:
        def __init__(self, model, device, registry) -> None:
            pass

        def compare(self, before, after, *, names, identity):
            return AttributeDrift({}, **seen) if identity else AttributeDrift({})

    monkeypatch.setattr(drift_meter, "DriftReader", Reader)
    window.context.studio.engine.choice.__class__.device = "cpu"
    gauge = dock.findChild(QWidget, "drift-gauge")
    dock._locks_menu.aboutToShow.emit()
    watch = next(one for one in dock._locks_menu.actions() if one.objectName() == "watch-identity")
    assert not gauge.isVisible()
    watch.trigger()
    move(window, 1, 3.0)
    qtbot.waitUntil(lambda: words in gauge.toolTip(), timeout=WAIT_MS)
    assert gauge.value() == pytest.approx(value)
    assert window.context.store.session.watches_person
    window.context.actions["undo"].trigger()
    window.context.actions["undo"].trigger()
    assert not gauge.isVisible() and not window.context.store.session.watches_person


def test_what_is_active_becomes_one_direction_of_its_own(qtbot, window, dock, edits, monkeypatch):
    monkeypatch.setattr(
        "latent_studio.app.models.sample_w",
        lambda *_, **__: np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32),
    )
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("my look", True))
    move(window, 0, 2.0)
    move(window, 1, 1.0)
    store = window.context.store
    before = store.session.edits.apply(np.zeros((10, 8), dtype=np.float32), before_mapping=False)

    qtbot.mouseClick(dock.findChild(QPushButton, "edits-combine"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(edits.items_shown()) == 1, timeout=WAIT_MS)

    (entry,) = window.context.directions.bank("own")
    assert entry.direction.name == "my look"
    after = store.session.edits.apply(np.zeros((10, 8), dtype=np.float32), before_mapping=False)
    np.testing.assert_allclose(after, before, atol=1e-5)
    store.undo()
    assert [item.name for item in edits.items_shown()] == ["e0", "e1"]


def test_edits_in_z_and_in_w_say_why_they_do_not_combine(qtbot, window, dock, monkeypatch):
    monkeypatch.setattr("latent_studio.app.models.sample_w", lambda *_, **__: None)
    posted = []
    window.context.messages.posted.connect(lambda *words: posted.append(words))
    in_z = LinearDirection("z", "in z", Space.Z, np.ones(8))
    window.context.store.set_amount(in_z, 1.0)
    move(window, 0, 2.0)

    dock._combiner.combine("mixed")
    qtbot.waitUntil(lambda: bool(posted), timeout=WAIT_MS)

    assert "mapping network" in posted[0][1]
    assert not window.context.directions.bank("own")


def test_an_edit_is_copied_as_a_command(qtbot, window, dock):
    move(window, 1, 3.0)
    menu = dock.make_menu("sefa:1")
    next(action for action in menu.actions() if action.objectName() == "edit-copy").trigger()
    menu.deleteLater()
    text = QGuiApplication.clipboard().text()
    assert text.startswith("latent-studio edit cats")
    assert "--direction sefa:1" in text
    assert "--range 0 3" in text
    assert "--psi 0.7" in text
    window.context.store.set_base(SeedPoint(3, 0.5, 0.0), "Walk")
    dock._combiner.copy_command("sefa:1")
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[1] == "render"
    assert subject_of(Path(words[2]).read_text()) == "traversal"
