"""The sheet of predictors fetches weights with a way to cancel, and says what went wrong."""

from __future__ import annotations

import hashlib
import threading

import pytest
from PySide6.QtWidgets import QAbstractButton, QWidget

from latent_studio.app import hub_files
from latent_studio.methods import hub_file
from latent_studio.methods.alignment import fan
from latent_studio.methods.hub_file import HubFile
from latent_studio.ui.widgets.elided_label import ElidedLabel
from tests.helpers.web_server import ServedFile, WebServer
from tests.qt.conftest import WAIT_MS

ID = "face-landmarks"


@pytest.fixture
def marks(monkeypatch, tmp_path):
    """The one file that landmarks need, on a server here."""
    content = b"marks" * 1000
    with WebServer() as web:
        served = web.files["/marks"] = ServedFile(content)
        name = f"marks-{hashlib.sha256(content).hexdigest()[:10]}.pth"
        for module in (fan, hub_files, hub_file):
            monkeypatch.setattr(module, "hub_folder", lambda: tmp_path / "weights")
        monkeypatch.setattr(fan, "FAN_FILES", (HubFile(name, web.url("/marks"), 1),))
        yield served


@pytest.fixture
def sheet(window, marks):
    window.context.actions["predictors"].trigger()
    sheet = window.findChild(QWidget, "predictorsSheet")
    assert sheet.isVisible()
    return sheet


def button(sheet):
    return sheet.findChild(QAbstractButton, f"predictors-button-{ID}")


def words(sheet):
    return " ".join(
        label.text() for label in sheet.findChild(QWidget, f"predictors-{ID}").findChildren(ElidedLabel)
    )


def test_weights_are_fetched_and_the_predictor_is_ready(qtbot, sheet, tmp_path):
    assert "no terms stated" in words(sheet)
    button(sheet).click()
    qtbot.waitUntil(lambda: button(sheet).text() == "Ready", timeout=WAIT_MS)
    assert not button(sheet).isEnabled()
    assert list((tmp_path / "weights").glob("marks-*.pth"))


def test_a_fetch_can_be_cancelled_while_the_server_keeps_silent(qtbot, sheet, marks):
    marks.gate = threading.Event()
    button(sheet).click()
    assert button(sheet).text() == "Cancel"
    button(sheet).click()
    qtbot.waitUntil(lambda: button(sheet).text() == "Get", timeout=WAIT_MS)
    assert "kept for the next time" in words(sheet)


def test_without_a_connection_the_row_says_so_and_how_to_do_without(qtbot, sheet, marks):
    marks.status = 503
    button(sheet).click()
    qtbot.waitUntil(lambda: button(sheet).text() == "Get", timeout=WAIT_MS)
    assert "do without" in words(sheet)
