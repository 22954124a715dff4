"""MessageBar: one message at a time, the same one once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from latent_studio.ui.widgets.message_bar import MessageBar
from tests.qt.widgets.hands import key

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def bar(qtbot: QtBot) -> MessageBar:
    found = MessageBar()
    qtbot.addWidget(found)
    found.resize(500, 40)
    return found


def counts(bar: MessageBar) -> str:
    label = bar.findChild(QLabel, "messageCounts")
    return label.text() if not label.isHidden() else ""


def title(bar: MessageBar) -> str:
    return bar.findChild(QLabel, "messageTitle").text()


def test_without_a_message_there_is_no_bar(bar: MessageBar) -> None:
    assert bar.isHidden()
    bar.dismiss()
    assert bar.current() is None


def test_messages_come_one_after_the_other(bar: MessageBar) -> None:
    bar.showMessage("info", "First.")
    bar.showMessage("warn", "Second.", "A hint.")
    assert title(bar) == "First."
    assert counts(bar) == "1 more"
    assert bar.waiting() == 1
    bar.dismiss()
    assert title(bar) == "Second."
    assert bar.accessibleDescription() == "Second. A hint."
    bar.dismiss()
    assert bar.isHidden()


def test_the_same_message_shows_once_with_a_counter(bar: MessageBar) -> None:
    for _ in range(60):
        bar.showMessage("bad", "The picture could not be made.", "Try again.")
    assert counts(bar) == "×60"
    bar.dismiss()
    assert bar.isHidden()


def test_the_same_message_later_in_the_queue_counts_there(bar: MessageBar) -> None:
    bar.showMessage("info", "First.")
    bar.showMessage("warn", "Second.")
    bar.showMessage("warn", "Second.")
    assert bar.waiting() == 1
    bar.dismiss()
    assert counts(bar) == "×2"


def test_a_message_of_another_kind_is_another_message(bar: MessageBar) -> None:
    bar.showMessage("info", "Same words.")
    bar.showMessage("bad", "Same words.")
    assert bar.waiting() == 1


def test_escape_and_the_cross_dismiss(bar: MessageBar, qtbot: QtBot) -> None:
    bar.showMessage("info", "First.")
    with qtbot.waitSignal(bar.closed):
        key(bar, Qt.Key.Key_Escape)
    bar.showMessage("info", "Second.")
    with qtbot.waitSignal(bar.closed):
        bar.findChild(QToolButton, "messageClose").click()
    assert bar.isHidden()


def test_a_message_with_a_time_goes_by_itself_once_it_was_seen(bar: MessageBar, qtbot: QtBot) -> None:
    bar.showMessage("warn", "First.")
    bar.showMessage("info", "Second.", timeout_ms=10)
    qtbot.wait(30)
    assert title(bar) == "First."
    bar.dismiss()
    assert title(bar) == "Second."
    with qtbot.waitSignal(bar.closed):
        pass
    assert bar.isHidden()


def test_news_makes_way_for_what_is_newer(bar: MessageBar) -> None:
    bar.showMessage("good", "Copied.", timeout_ms=60_000)
    bar.showMessage("info", "This cannot be copied.", timeout_ms=60_000)
    assert title(bar) == "This cannot be copied."
    assert counts(bar) == ""


def test_details_can_be_copied(bar: MessageBar) -> None:
    bar.showMessage("bad", "It failed.", details="line 1\nline 2")
    button = bar.findChild(QPushButton, "messageCopyDetails")
    assert not button.isHidden()
    button.click()
    assert QGuiApplication.clipboard().text() == "line 1\nline 2"
    bar.dismiss()
    bar.showMessage("info", "Fine.")
    assert button.isHidden()


def test_clear_closes_all(bar: MessageBar) -> None:
    bar.showMessage("info", "First.")
    bar.showMessage("info", "Second.")
    bar.clear()
    assert bar.isHidden()
    assert bar.current() is None


def test_what_failed_goes_before_the_rest(bar: MessageBar) -> None:
    bar.showMessage("warn", "The layout was not saved.")
    bar.showMessage("good", "Saved.", timeout_ms=60_000)
    bar.showMessage("bad", "The disk is full.")
    bar.showMessage("bad", "There is no such folder.")
    said = []
    while bar.current() is not None:
        said.append(title(bar))
        bar.dismiss()
    assert said == ["The disk is full.", "There is no such folder.", "The layout was not saved."]


def test_a_long_message_is_seen_whole_in_a_narrow_window(bar: MessageBar, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    column.addWidget(bar)
    column.addStretch(1)
    window.resize(320, 400)
    window.show()
    bar.showMessage("bad", "A sentence that is far too long for one line of it. " * 3, "And a hint. " * 12)
    QApplication.processEvents()
    words = bar.findChild(QLabel, "messageTitle")
    assert words.height() >= words.heightForWidth(words.width())
    # The window must not take the bar along when it goes.
    bar.setParent(None)
