"""LatentCanvas: walking, comparing, dropping, and what lies over the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton

from latent_studio.core.render import Quality
from latent_studio.ui.theme import DARK
from latent_studio.ui.widgets.latent_canvas import PIXELS_PER_SEED, LatentCanvas
from tests.qt.widgets.hands import MIDDLE, SHIFT, drag, key, key_down, key_up, move, press, release
from tests.qt.widgets.test_image_view import frame

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def canvas(qtbot: QtBot) -> LatentCanvas:
    found = LatentCanvas()
    qtbot.addWidget(found)
    found.resize(400, 400)
    found.show()
    found.showFrame(frame(1))
    return found


class Log:
    """What the canvas said, in order."""

    def __init__(self, canvas: LatentCanvas) -> None:
        self.walked: list[tuple[float, float]] = []
        self.said: list[str] = []
        canvas.walked.connect(lambda dx, dy: self.walked.append((dx, dy)))
        canvas.walkFinished.connect(lambda: self.said.append("finished"))
        canvas.comparePressed.connect(lambda: self.said.append("pressed"))
        canvas.compareReleased.connect(lambda: self.said.append("released"))

    def way(self) -> tuple[float, float]:
        return sum(dx for dx, _ in self.walked), sum(dy for _, dy in self.walked)


@pytest.fixture
def log(canvas: LatentCanvas) -> Log:
    return Log(canvas)


def test_a_drag_walks_one_seed_in_its_length(canvas: LatentCanvas, log: Log) -> None:
    drag(canvas, (50, 50), (150, 70), (50 + PIXELS_PER_SEED, 50 + PIXELS_PER_SEED / 2))
    assert log.way() == pytest.approx((1.0, 0.5))
    assert len(log.walked) == 2
    assert log.said == ["finished"]


def test_every_move_of_a_walk_is_told(canvas: LatentCanvas, log: Log) -> None:
    drag(canvas, (50, 50), *((60.0 + step, 50.0) for step in range(100)))
    assert len(log.walked) == 100


def test_shift_walks_a_tenth(canvas: LatentCanvas, log: Log) -> None:
    drag(canvas, (50, 50), (50 + PIXELS_PER_SEED, 50), modifiers=SHIFT)
    assert log.way() == pytest.approx((0.1, 0))


def test_a_click_is_no_walk(canvas: LatentCanvas, log: Log) -> None:
    press(canvas, (50, 50))
    move(canvas, (51, 51))
    release(canvas, (51, 51))
    assert log.walked == []
    assert log.said == []


def test_the_middle_button_does_not_walk(canvas: LatentCanvas, log: Log) -> None:
    drag(canvas, (50, 50), (150, 150), button=MIDDLE)
    assert log.walked == []


def test_nothing_walks_without_a_picture_or_when_switched_off(canvas: LatentCanvas, log: Log) -> None:
    canvas.setWalkEnabled(False)
    drag(canvas, (50, 50), (150, 150))
    key(canvas, Qt.Key.Key_Right)
    canvas.setWalkEnabled(True)
    canvas.clear()
    drag(canvas, (50, 50), (150, 150))
    key(canvas, Qt.Key.Key_Right)
    assert log.walked == []
    assert log.said == []


def test_arrow_keys_walk_and_a_run_of_them_finishes_once(
    canvas: LatentCanvas, log: Log, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(canvas.walkFinished):
        key(canvas, Qt.Key.Key_Right)
        key(canvas, Qt.Key.Key_Right)
        key(canvas, Qt.Key.Key_Down, modifiers=SHIFT)
    assert log.way() == pytest.approx((0.2, 0.01))
    assert log.said == ["finished"]


def test_space_compares_while_it_is_held(canvas: LatentCanvas, log: Log) -> None:
    key_down(canvas, Qt.Key.Key_Space)
    for _ in range(3):
        key_down(canvas, Qt.Key.Key_Space, repeat=True)
        key_up(canvas, Qt.Key.Key_Space, repeat=True)
    assert log.said == ["pressed"]
    key_up(canvas, Qt.Key.Key_Space)
    assert log.said == ["pressed", "released"]


def test_losing_the_keyboard_ends_the_comparison(canvas: LatentCanvas, log: Log) -> None:
    canvas.setFocus()
    key_down(canvas, Qt.Key.Key_Space)
    canvas.clearFocus()
    assert log.said == ["pressed", "released"]
    key_up(canvas, Qt.Key.Key_Space)
    assert log.said == ["pressed", "released"]


def test_hiding_the_canvas_ends_walk_and_comparison(canvas: LatentCanvas, log: Log) -> None:
    press(canvas, (50, 50))
    move(canvas, (100, 50))
    key_down(canvas, Qt.Key.Key_Space)
    canvas.hide()
    assert sorted(log.said) == ["finished", "pressed", "released"]


def test_the_badges_are_shown_and_taken_away(canvas: LatentCanvas) -> None:
    plain = canvas.grab().toImage()
    canvas.setComparing(True)
    canvas.setBusy("Loading portraits")
    badged = canvas.grab().toImage()
    assert badged.pixelColor(24, 24) == QColor(DARK.warm)
    assert badged.pixelColor(24, 400 - 24) == QColor(DARK.accent)
    canvas.setComparing(False)
    canvas.setBusy("")
    assert canvas.grab().toImage() == plain


def mime(*urls: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    return data


def enter(canvas: LatentCanvas, data: QMimeData) -> bool:
    event = QDragEnterEvent(
        QPoint(100, 100),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    QApplication.sendEvent(canvas, event)
    return event.isAccepted()


def drop(canvas: LatentCanvas, data: QMimeData) -> None:
    event = QDropEvent(
        QPointF(100, 100),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(canvas, event)


def test_a_dropped_file_is_welcomed_and_passed_on(canvas: LatentCanvas, qtbot: QtBot) -> None:
    plain = canvas.grab().toImage()
    data = mime("https://example.org/a.pkl", "file:///models/a%20b.pkl")
    assert enter(canvas, data)
    assert canvas.grab().toImage() != plain
    with qtbot.waitSignal(canvas.filesDropped) as told:
        drop(canvas, data)
    assert told.args == [("https://example.org/a.pkl", "/models/a b.pkl")]
    assert canvas.grab().toImage() == plain


def test_what_is_no_file_and_no_address_is_not_welcome(canvas: LatentCanvas, qtbot: QtBot) -> None:
    data = mime("mailto:somebody@example.org")
    assert not enter(canvas, data)
    with qtbot.assertNotEmitted(canvas.filesDropped):
        drop(canvas, data)


def test_the_menu_is_asked_for_by_mouse_and_by_key(canvas: LatentCanvas, qtbot: QtBot) -> None:
    spot = QPoint(30, 40)
    with qtbot.waitSignal(canvas.contextMenuRequested) as told:
        QApplication.sendEvent(
            canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, canvas.mapToGlobal(spot))
        )
    assert told.args == [canvas.mapToGlobal(spot)]
    with qtbot.waitSignal(canvas.contextMenuRequested) as told:
        QApplication.sendEvent(
            canvas, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
        )
    assert told.args == [canvas.mapToGlobal(canvas.rect().center())]


def test_a_message_lies_over_the_picture_until_dismissed(canvas: LatentCanvas, qtbot: QtBot) -> None:
    canvas.showMessage("It failed.", "Try another seed.", kind="error")
    assert canvas.messageText() == "It failed."
    canvas.showFrame(frame(2))
    assert canvas.messageText() == "It failed."
    with qtbot.waitSignal(canvas.messageDismissed):
        key(canvas, Qt.Key.Key_Escape)
    assert canvas.messageText() == ""


def test_the_cross_dismisses_a_message(canvas: LatentCanvas, qtbot: QtBot) -> None:
    canvas.showMessage("It failed.")
    cross = canvas.findChild(QToolButton, "overlayCardClose")
    with qtbot.waitSignal(canvas.messageDismissed):
        cross.click()
    assert canvas.messageText() == ""


def test_a_message_can_wait_for_the_next_sharp_frame(canvas: LatentCanvas) -> None:
    canvas.showMessage("It failed.", until_frame=True)
    canvas.showFrame(frame(2, Quality.COARSE, side=16))
    assert canvas.messageText() == "It failed."
    canvas.showFrame(frame(2))
    assert canvas.messageText() == ""


def test_the_actions_of_a_message_become_buttons(canvas: LatentCanvas, qtbot: QtBot) -> None:
    action = QAction("Open another…", canvas)
    action.setObjectName("openAnother")
    canvas.showMessage("It failed.", actions=[action])
    with qtbot.waitSignal(action.triggered):
        canvas.findChild(QPushButton, "openAnother").click()
    canvas.showMessage("It failed again.")
    names = [button.objectName() for button in canvas.findChildren(QPushButton) if button.isVisible()]
    assert names == []


def test_details_of_a_message_can_be_copied(canvas: LatentCanvas) -> None:
    canvas.showMessage("It failed.", details="line 1\nline 2")
    canvas.findChild(QPushButton, "overlayCardCopy").click()
    assert QGuiApplication.clipboard().text() == "line 1\nline 2"


def test_a_long_message_stays_inside_a_small_canvas(canvas: LatentCanvas) -> None:
    canvas.resize(200, 160)
    canvas.showMessage("A sentence that goes on and on. " * 5, "And a hint as long as that. " * 5)
    card = canvas.findChild(QToolButton, "overlayCardClose").parentWidget()
    assert canvas.rect().contains(card.geometry())


def test_the_empty_state_says_what_to_do_and_ends_with_a_frame(canvas: LatentCanvas, qtbot: QtBot) -> None:
    canvas.clear()
    canvas.showEmptyState("Open a model to begin", "Drop a file here.", "Open model…")
    assert canvas.isEmptyStateShown()
    button = canvas.findChild(QPushButton, "emptyStateAction")
    assert button.text() == "Open model…"
    with qtbot.waitSignal(canvas.emptyActionTriggered):
        button.click()
    canvas.showFrame(frame(1))
    assert not canvas.isEmptyStateShown()


def test_files_can_be_dropped_on_the_empty_state_too(canvas: LatentCanvas) -> None:
    canvas.clear()
    canvas.showEmptyState("Open a model to begin")
    assert canvas.childAt(20, 20) is not None
    assert not canvas.childAt(20, 20).acceptDrops(), "the drop goes to the canvas below"
