from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton

from latent_studio.app.probes.finding import Finding
from latent_studio.app.tasks import doctor
from latent_studio.app.tasks.doctor import Probe
from latent_studio.ui.widgets.job_card import JobCard
from latent_studio.ui.widgets.report_sheet import ReportSheet
from tests.helpers.fake_engine import pause
from tests.qt.conftest import WAIT_MS


@pytest.fixture
def put(monkeypatch):
    """Put one function in place of all probes."""

    def put(look):
        monkeypatch.setattr(doctor, "look_at_test", look, raising=False)
        monkeypatch.setattr(doctor, "PROBES", (Probe("test", f"{doctor.__name__}:look_at_test"),))

    return put


def test_the_report_opens_over_the_window_and_is_copied(qtbot, window, put):
    put(lambda examination: [Finding("lamp", "warn", "flickers", "Change it.")])
    sheet = window.findChild(ReportSheet)

    window.context.actions["self_test"].trigger()
    qtbot.waitUntil(sheet.isVisible, timeout=WAIT_MS)

    assert "warn  lamp  flickers" in sheet.reportText()
    assert sheet.findChild(QPlainTextEdit, "reportText").isReadOnly()
    button = sheet.findChild(QPushButton, "reportCopy")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == sheet.reportText()
    assert button.text() == "Copied"
    assert any("1 warning" in text for card in window.findChildren(JobCard) for text in texts_of(card))

    qtbot.keyClick(button, Qt.Key.Key_Escape)
    assert sheet.isHidden()


def texts_of(card):
    return [child.text() for child in card.children() if hasattr(child, "text")]


def test_a_second_self_test_waits_for_none_and_the_first_can_be_cancelled(qtbot, window, put):
    looking = threading.Event()

    def endless(examination):
        looking.set()
        while True:
            examination.cancel.check()
            pause(0.01)

    put(endless)
    jobs = window.context.jobs
    window.context.actions["self_test"].trigger()
    window.context.actions["self_test"].trigger()
    assert len(jobs.jobs) == 1
    qtbot.waitUntil(looking.is_set, timeout=WAIT_MS)

    jobs.cancel(jobs.jobs[0].id)
    qtbot.waitUntil(lambda: not jobs.jobs, timeout=WAIT_MS)

    assert window.findChild(ReportSheet).isHidden()
