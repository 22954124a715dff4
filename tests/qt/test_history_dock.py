from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.widgets.history_tree import HistoryTree, TreeStep
from tests.qt.conftest import WAIT_MS, wait_until_sharp


@pytest.fixture
def tree(window) -> HistoryTree:
    """The strip of a window with the branches 0-1-2 and 0-1-3-4."""
    store = window.context.store
    for seed in (1, 2):
        store.set_base(SeedPoint(seed), f"Go to {seed}")
    store.undo()
    for seed in (3, 4):
        store.set_base(SeedPoint(seed), f"Go to {seed}")
    return window.findChild(HistoryTree)


def base(window) -> SeedPoint:
    return window.context.store.session.base


def click(qtbot, tree, id: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    spot = tree.boxOf(id).center().toPoint()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, modifier, spot)


def test_a_click_visits_a_step_of_any_branch(qtbot, window, tree):
    window.docking["history"].setFixedHeight(220)
    qtbot.waitUntil(lambda: tree.viewport().height() > 110, timeout=WAIT_MS)
    assert tree.currentStep() == 4

    click(qtbot, tree, 2)
    assert base(window) == SeedPoint(2)
    assert tree.currentStep() == 2
    click(qtbot, tree, 0)
    assert base(window) == SeedPoint(0)


def test_the_title_counts_steps_and_branches(window, tree):
    assert window.findChild(QLabel, "history-count").text() == "4 steps · 2 branches"


def test_keys_walk_along_branches_and_between_them(qtbot, window, tree):
    tree.setFocus()
    for key, seed in (
        (Qt.Key.Key_Left, 3),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_End, 4),
        (Qt.Key.Key_Down, 2),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_Right, 2),
    ):
        qtbot.keyClick(tree, key)
        assert base(window) == SeedPoint(seed), key


def test_s_stars_and_delete_removes_the_branch(qtbot, window, tree):
    history = window.context.store.history
    tree.setFocus()
    qtbot.keyClick(tree, Qt.Key.Key_S)
    assert history.step(4).starred
    qtbot.keyClick(tree, Qt.Key.Key_S)
    assert not history.step(4).starred

    window.context.store.go_to(3)
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert base(window) == SeedPoint(1)
    assert [step.id for step in history.steps] == [0, 1, 2]
    window.context.store.go_to(0)
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert len(history) == 3


def test_c_compares_and_so_does_ctrl_click(qtbot, window, tree):
    tree.setFocus()
    qtbot.keyClick(tree, Qt.Key.Key_C)
    assert window.views.current == "compare"
    assert [state.name for state in window.context.comparison.states] == ["now", "step 3: Go to 3"]

    click(qtbot, tree, 1, Qt.KeyboardModifier.ControlModifier)
    assert [state.name for state in window.context.comparison.states] == ["now", "step 1: Go to 1"]


def test_steps_get_pictures_of_what_was_shown_and_others_when_there_is_time(qtbot, window, tree):
    document = window.context.document
    wait_until_sharp(qtbot, window)

    qtbot.waitUntil(lambda: set(document.thumbnails) >= {0, 1, 3, 4}, timeout=WAIT_MS)
    assert all(picture[:2] == b"\xff\xd8" for picture in document.thumbnails.values())


def test_one_gesture_is_one_step_with_its_last_picture(qtbot, window):
    tree = window.findChild(HistoryTree)
    direction = window.context.models.model.directions[0]
    for amount in (1.0, 2.0, 3.0):
        window.context.store.set_amount(direction, amount, gesture="drag")
    window.context.store.close_gesture()

    assert [step.text.split(":")[0] for step in tree._steps.values()] == ["Step 0", "Step 1"]


def test_the_menu_of_a_step_says_what_can_be_done(window, tree):
    dock = tree.parent()
    menu = dock.make_menu(1)
    assert [action.text() for action in menu.actions()] == [
        "Go here",
        "Star",
        "Compare with what is shown",
        "Copy as command",
        "Copy as Python",
        "Remove branch",
    ]
    menu.actions()[1].trigger()
    assert window.context.store.history.step(1).starred
    assert not dock.make_menu(0).actions()[-1].isEnabled()
    menu.actions()[3].trigger()
    assert "--seeds 1" in QGuiApplication.clipboard().text()
    menu.actions()[4].trigger()
    assert "studio.seed(1)" in QGuiApplication.clipboard().text()


def test_another_document_clears_the_strip(qtbot, window, tree):
    window.open_model("dogs")
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs", timeout=WAIT_MS)
    assert tree.currentStep() == 0
    assert window.findChild(QLabel, "history-count").text() == "0 steps"


def test_a_long_history_paints_only_what_is_in_sight(qtbot):
    tree = HistoryTree()
    qtbot.addWidget(tree)
    tree.resize(500, 60)
    tree.show()
    seen = []
    tree.rangeShown.connect(seen.append)
    steps = [TreeStep(k, None if k == 0 else k - 1, f"Step {k}") for k in range(1000)]
    tree.setSteps(steps, list(range(1000)), 999)

    assert len(seen[-1]) < 15
    assert seen[-1][-1] == 999
    assert tree.accessibleDescription() == "Step 999"
    assert tree.stepAt(tree.boxOf(999).center()) == 999
    assert tree.stepAt(QPoint(5, 500).toPointF()) is None
