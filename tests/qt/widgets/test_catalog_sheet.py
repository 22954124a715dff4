"""A catalog sheet lists things, filters them and asks for what is pressed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from latent_studio.ui.widgets.catalog_sheet import CatalogEntry, CatalogSheet, SheetWords
from latent_studio.ui.widgets.progress_line import ProgressLine

ENTRIES = (
    CatalogEntry("portraits", "Came with the program", "", "4.8 MB", is_here=True),
    CatalogEntry("my-cats", "In your library", "CC0", "2 MB", is_here=True, is_removable=True),
    CatalogEntry("biggan-deep-256", "BigGAN, 256 px: things", "Apache-2.0", "", is_here=False),
)
WORDS = SheetWords(
    title="Library",
    things="Models",
    filter="Filter models",
    filter_tip="Shows some",
    nothing="No model has these words.",
    note="Mind the licence.",
    ready="Open",
    ready_tip="Open it",
    get_tip="Download it",
)


@pytest.fixture
def sheet(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    made = CatalogSheet(window, "library", WORDS)
    made.setEntries(ENTRIES)
    made.openOverlay()
    yield made
    # Python would let go of the window that owns it before.
    window.close()


@pytest.fixture
def heard(sheet):
    told = []
    sheet.openRequested.connect(lambda name: told.append(("open", name)))
    sheet.getRequested.connect(lambda name: told.append(("get", name)))
    sheet.cancelRequested.connect(lambda name: told.append(("cancel", name)))
    sheet.removeRequested.connect(lambda name: told.append(("remove", name)))
    return told


def button(sheet, name):
    return sheet.findChild(QAbstractButton, f"library-button-{name}")


def shown(sheet):
    return [entry.name for entry in ENTRIES if sheet.findChild(QWidget, f"library-{entry.name}").isVisible()]


def test_what_is_here_opens_and_what_is_not_is_fetched(qtbot, sheet, heard):
    for name in ("portraits", "biggan-deep-256"):
        qtbot.mouseClick(button(sheet, name), Qt.MouseButton.LeftButton)
    assert heard == [("open", "portraits"), ("get", "biggan-deep-256")]


def test_while_it_is_fetched_the_button_cancels(qtbot, sheet, heard):
    sheet.setProgress("biggan-deep-256", 0.5, "117 of 234 MB, 3 MB/s, 40 s left")
    row = sheet.findChild(QWidget, "library-biggan-deep-256")
    assert row.findChild(ProgressLine).isVisible()
    assert row.findChild(ProgressLine).fraction() == 0.5
    qtbot.mouseClick(button(sheet, "biggan-deep-256"), Qt.MouseButton.LeftButton)
    assert heard == [("cancel", "biggan-deep-256")]
    sheet.setFinished("biggan-deep-256", "There is no connection.")
    assert not row.findChild(ProgressLine).isVisible()
    assert button(sheet, "biggan-deep-256").text() == "Get"


def test_a_new_list_keeps_the_progress(sheet):
    sheet.setProgress("biggan-deep-256", None, "Connecting")
    sheet.setEntries(ENTRIES)
    assert button(sheet, "biggan-deep-256").text() == "Cancel"


def test_only_the_users_own_models_can_be_removed(qtbot, sheet, heard):
    assert not sheet.findChild(QWidget, "library-remove-portraits").isVisible()
    qtbot.mouseClick(sheet.findChild(QWidget, "library-remove-my-cats"), Qt.MouseButton.LeftButton)
    assert heard == [("remove", "my-cats")]


def test_the_filter_looks_at_names_and_descriptions(sheet):
    field = sheet.findChild(QLineEdit, "libraryFilter")
    field.setText("256 BIG")
    assert shown(sheet) == ["biggan-deep-256"]
    field.setText("nothing like it")
    assert shown(sheet) == []
    field.clear()
    assert len(shown(sheet)) == 3
