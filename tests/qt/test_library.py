"""The library of the window lists, fetches with a way to cancel, and removes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractButton, QWidget

from latent_studio.app.library import download_path, library_dir
from latent_studio.app.tasks import model_get
from latent_studio.core.file_lock import locked
from latent_studio.ui import library
from latent_studio.ui.widgets.catalog_sheet import CatalogSheet
from latent_studio.ui.widgets.elided_label import ElidedLabel
from tests.helpers.web_server import ServedFile, WebServer
from tests.qt.conftest import WAIT_MS


@pytest.fixture
def web():
    with WebServer() as server:
        yield server


@pytest.fixture
def birds(web, monkeypatch, tmp_path):
    """A model on a server here, known to the catalogue."""
    from latent_studio.app.model_sources import WebSource
    from latent_studio.app.tasks import model_list
    from tests.helpers.model_files import write_tiny_model

    web.files["/birds"] = ServedFile(write_tiny_model(tmp_path / "birds").read_bytes())
    source = WebSource("birds", "birds", "stylegan2", 16, "CC0", web.url("/birds"), "https://example.org")
    for module in (model_get, model_list):
        monkeypatch.setattr(module, "SOURCES", {"birds": source})
    return web.files["/birds"]


def press(window, name):
    window.findChild(QAbstractButton, f"library-button-{name}").click()


def text_of(window, name):
    return window.findChild(QAbstractButton, f"library-button-{name}").text()


def test_a_model_is_fetched_and_then_opens(qtbot, window, birds):
    window.context.actions["library"].trigger()
    assert window.findChild(CatalogSheet, "librarySheet").isVisible()
    press(window, "birds")
    assert text_of(window, "birds") == "Cancel"
    qtbot.waitUntil(lambda: text_of(window, "birds") == "Open", timeout=WAIT_MS)
    press(window, "birds")
    assert not window.findChild(CatalogSheet, "librarySheet").isVisible()
    qtbot.waitUntil(lambda: window.context.models.model.ref.name == "birds", timeout=WAIT_MS)


def test_a_download_can_be_cancelled_while_the_server_keeps_silent(qtbot, window, birds):
    import threading

    birds.gate = threading.Event()
    window.context.actions["library"].trigger()
    press(window, "birds")
    press(window, "birds")
    qtbot.waitUntil(lambda: text_of(window, "birds") == "Get", timeout=WAIT_MS)
    assert not list(library_dir(window.context.studio.paths).glob("birds"))


def test_a_download_that_fails_says_why_in_its_row(qtbot, window, birds):
    birds.status = 404
    window.context.actions["library"].trigger()
    press(window, "birds")
    qtbot.waitUntil(lambda: text_of(window, "birds") == "Get", timeout=WAIT_MS)
    row = window.findChild(QWidget, "library-birds")
    assert any("does not have the file" in label.text() for label in row.findChildren(ElidedLabel))


def test_a_model_is_removed_after_a_question(qtbot, window, birds, monkeypatch):
    window.context.actions["library"].trigger()
    press(window, "birds")
    qtbot.waitUntil(lambda: text_of(window, "birds") == "Open", timeout=WAIT_MS)
    remove = "library-remove-birds"
    button = library.QMessageBox.StandardButton
    monkeypatch.setattr(library.QMessageBox, "question", lambda *_: button.No)
    window.findChild(QAbstractButton, remove).click()
    assert text_of(window, "birds") == "Open"
    monkeypatch.setattr(library.QMessageBox, "question", lambda *_: button.Yes)
    window.findChild(QAbstractButton, remove).click()
    qtbot.waitUntil(lambda: text_of(window, "birds") == "Get", timeout=WAIT_MS)


def test_a_download_that_runs_elsewhere_is_left_alone_and_said(qtbot, window, birds):
    elsewhere = download_path(model_get.SOURCES["birds"], window.context.studio.paths)
    elsewhere.parent.mkdir(parents=True)
    part = elsewhere.with_name(f".{elsewhere.name}.part")
    part.write_bytes(b"half of it")
    window.context.actions["library"].trigger()
    with locked(elsewhere.with_name(f".{elsewhere.name}.lock")):
        press(window, "birds")
        qtbot.waitUntil(lambda: text_of(window, "birds") != "Cancel", timeout=WAIT_MS)
    row = window.findChild(QWidget, "library-birds")
    assert any("being downloaded already" in label.text() for label in row.findChildren(ElidedLabel))
    assert part.read_bytes() == b"half of it"
