"""JobCard and ProgressLine: how far, how it ended, cancelled once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from latent_studio.ui.theme import DARK, theme
from latent_studio.ui.widgets.job_card import JobCard
from latent_studio.ui.widgets.progress_line import ProgressLine

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def card(qtbot: QtBot) -> JobCard:
    found = JobCard()
    qtbot.addWidget(found)
    found.resize(320, 100)
    found.setJob("Traversal GIF")
    found.show()
    return found


def bar(card: JobCard) -> ProgressLine:
    return card.findChild(ProgressLine)


def stop(card: JobCard) -> QToolButton:
    return card.findChild(QToolButton, "jobStop")


def test_progress_shows_fraction_message_and_time_left(card: JobCard) -> None:
    card.setProgress(0.42, "frame 21 of 50", 38)
    assert bar(card).fraction() == 0.42
    assert card.message() == "frame 21 of 50 · 38 s left"
    card.setProgress(None, "preparing", None)
    assert bar(card).fraction() is None
    assert card.message() == "preparing"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.2, "1 s left"),
        (38, "38 s left"),
        (89, "89 s left"),
        (150, "2 min left"),
        (7200, "2 h left"),
        (-5, ""),
        (float("nan"), ""),
        (float("inf"), ""),
    ],
)
def test_time_left_in_words(card: JobCard, seconds: float | None, text: str) -> None:
    assert card.etaText(seconds) == text


def test_cancel_is_asked_for_once(card: JobCard, qtbot: QtBot) -> None:
    with qtbot.waitSignal(card.cancelRequested):
        stop(card).click()
    assert card.message() == "Stopping…"
    with qtbot.assertNotEmitted(card.cancelRequested):
        stop(card).click()
    card.setProgress(0.5, "frame 30 of 50", 5)
    assert card.message() == "Stopping…"


def test_a_result_can_be_opened_and_dismissed(card: JobCard, qtbot: QtBot) -> None:
    card.setResult("50 frames, 1.2 MB", "/pictures/smile.gif")
    assert not card.isRunning()
    assert not bar(card).isVisible()
    with qtbot.waitSignal(card.openRequested) as told:
        card.findChild(QPushButton, "jobOpen").click()
    assert told.args == ["/pictures/smile.gif"]
    with qtbot.waitSignal(card.dismissed), qtbot.assertNotEmitted(card.cancelRequested):
        stop(card).click()


def test_a_result_without_a_file_has_nothing_to_open(card: JobCard) -> None:
    card.setResult("Done.")
    assert not card.findChild(QPushButton, "jobOpen").isVisible()


def test_a_failure_says_one_sentence_a_hint_and_keeps_the_details(card: JobCard) -> None:
    card.setFailed("The disk is full.", "Choose another folder.", "OSError 28")
    assert card.message() == "The disk is full. Choose another folder."
    card.findChild(QPushButton, "jobCopyDetails").click()
    assert QGuiApplication.clipboard().text() == "OSError 28"


def test_a_failure_without_details_offers_none(card: JobCard) -> None:
    card.setFailed("The disk is full.")
    assert not card.findChild(QPushButton, "jobCopyDetails").isVisible()


def test_late_progress_does_not_wake_a_job_that_is_over(card: JobCard) -> None:
    card.setCancelled()
    card.setProgress(0.9, "frame 45 of 50")
    assert card.message() == "Cancelled."
    assert not bar(card).isVisible()


def test_a_card_can_be_used_for_the_next_job(card: JobCard, qtbot: QtBot) -> None:
    stop(card).click()
    card.setFailed("It failed.", details="why")
    card.setJob("Another")
    assert card.title() == "Another"
    assert card.isRunning()
    assert bar(card).isVisible()
    with qtbot.waitSignal(card.cancelRequested):
        stop(card).click()


def test_a_preview_is_shown_while_there_is_one(card: JobCard) -> None:
    image = QImage(32, 32, QImage.Format.Format_RGB32)
    image.fill(QColor("#aa0000"))
    card.setPreview(image)
    assert any(card.grab().toImage().pixelColor(x, 40) == QColor("#aa0000") for x in range(80))
    card.setPreview(QImage())
    assert not any(card.grab().toImage().pixelColor(x, 40) == QColor("#aa0000") for x in range(80))


@pytest.fixture
def line(qtbot: QtBot) -> ProgressLine:
    found = ProgressLine()
    qtbot.addWidget(found)
    found.resize(100, 4)
    found.show()
    return found


def test_the_bar_is_filled_as_far_as_it_is(line: ProgressLine) -> None:
    line.setFraction(0.5)
    seen = line.grab().toImage()
    assert seen.pixelColor(25, 2) == QColor(DARK.accent)
    assert seen.pixelColor(75, 2) != QColor(DARK.accent)
    line.setFraction(7.0)
    assert line.fraction() == 1


def test_an_unknown_length_moves_only_in_sight_and_when_motion_is_wanted(line: ProgressLine) -> None:
    clock = line.findChild(QTimer)
    line.setFraction(None)
    assert not clock.isActive(), "motion is reduced in these tests"
    theme().setReducedMotion(False)
    line.setFraction(None)
    assert clock.isActive()
    line.hide()
    assert not clock.isActive()
    line.show()
    assert clock.isActive()
    line.setFraction(0.2)
    assert not clock.isActive()


def test_a_long_reason_is_seen_whole_in_a_narrow_dock(card: JobCard, qtbot: QtBot) -> None:
    dock = QWidget()
    qtbot.addWidget(dock)
    column = QVBoxLayout(dock)
    column.addWidget(card)
    column.addStretch(1)
    dock.resize(270, 500)
    dock.show()
    picture = QImage(64, 64, QImage.Format.Format_RGB32)
    picture.fill(0)
    card.setPreview(picture)
    card.setFailed(
        "The disk is full: z.gif could not be written.",
        "Free some space, or choose a folder on another disk.",
        "details",
    )
    QApplication.processEvents()
    words = card.findChild(QLabel, "jobMessage")
    assert words.height() >= words.heightForWidth(words.width())
    assert card.height() < dock.height() / 2
    # The dock must not take the card along when it goes.
    card.setParent(None)


def test_what_does_the_same_without_the_window_can_be_copied(card: JobCard) -> None:
    more = card.findChild(QToolButton, "jobMore")
    assert more.isHidden()
    card.setCopyable(True)
    asked = []
    card.copyRequested.connect(asked.append)
    for action in more.menu().actions():
        action.trigger()
    assert not more.isHidden()
    assert asked == [False, True]
