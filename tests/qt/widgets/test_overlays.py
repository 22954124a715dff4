"""Overlays: the shortcuts sheet and the palette that finds any action."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QVBoxLayout, QWidget

from latent_studio.ui.widgets.command_palette import CommandPalette, match_score, plain_text
from latent_studio.ui.widgets.shortcuts_sheet import KeyChips, ShortcutsSheet, _split
from tests.qt.widgets.hands import click, key

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    found = QWidget()
    qtbot.addWidget(found)
    field = QLineEdit(found)
    field.setObjectName("outside")
    QVBoxLayout(found).addWidget(field)
    found.resize(900, 600)
    found.show()
    qtbot.waitExposed(found)
    found.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    return found


@pytest.fixture
def palette(window: QWidget) -> CommandPalette:
    found = CommandPalette(window)
    actions = []
    for text, shortcut in (
        ("&Open model…", "Ctrl+O"),
        ("Undo", "Ctrl+Z"),
        ("Zoom in", "Ctrl++"),
        ("Zoom out", "Ctrl+-"),
        ("Random seed", "R"),
    ):
        action = QAction(text, window)
        action.setShortcut(QKeySequence(shortcut))
        actions.append(("File" if "Open" in text else "View", action))
    actions[1][1].setEnabled(False)
    found.setActions(actions)
    return found


def names(palette: CommandPalette) -> list[str]:
    return [plain_text(action) for action in palette.found()]


def test_the_palette_lists_all_actions_and_those_that_cannot_be_done_last(palette: CommandPalette) -> None:
    palette.openOverlay()
    assert names(palette) == ["Open model…", "Zoom in", "Zoom out", "Random seed", "Undo"]


def test_letters_in_order_find_an_action(palette: CommandPalette) -> None:
    palette.openOverlay()
    palette.setText("zi")
    assert names(palette)[0] == "Zoom in"
    palette.setText("rs")
    assert names(palette) == ["Random seed"]
    palette.setText("nothing like it")
    assert names(palette) == []


def test_the_name_of_the_group_finds_its_actions(palette: CommandPalette) -> None:
    palette.openOverlay()
    palette.setText("file")
    assert names(palette)[0] == "Open model…"


def test_enter_does_the_chosen_action_and_gives_the_keyboard_back(
    window: QWidget, palette: CommandPalette, qtbot: QtBot
) -> None:
    palette.openOverlay()
    field = palette.findChild(QLineEdit, "paletteField")
    qtbot.keyClicks(field, "zoom")
    qtbot.keyClick(field, Qt.Key.Key_Down)
    with qtbot.waitSignal(palette.triggered) as told:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert told.args[0].text() == "Zoom out"
    assert palette.isHidden()
    assert QApplication.focusWidget() is window.findChild(QLineEdit, "outside")


def test_the_action_is_done_once(palette: CommandPalette, qtbot: QtBot) -> None:
    palette.openOverlay()
    palette.setText("random")
    done: list[str] = []
    palette.found()[0].triggered.connect(lambda: done.append("done"))
    qtbot.keyClick(palette.findChild(QLineEdit, "paletteField"), Qt.Key.Key_Return)
    assert done == ["done"]


def test_an_action_that_cannot_be_done_is_not(palette: CommandPalette, qtbot: QtBot) -> None:
    palette.openOverlay()
    palette.setText("undo")
    with qtbot.assertNotEmitted(palette.triggered):
        qtbot.keyClick(palette.findChild(QLineEdit, "paletteField"), Qt.Key.Key_Return)
    assert palette.isVisible()


def test_up_from_the_first_goes_to_the_last(palette: CommandPalette, qtbot: QtBot) -> None:
    palette.openOverlay()
    palette.setText("zoom")
    listed = palette.findChild(QListWidget)
    qtbot.keyClick(palette.findChild(QLineEdit, "paletteField"), Qt.Key.Key_Up)
    assert listed.currentRow() == listed.count() - 1


def test_a_click_does_an_action(palette: CommandPalette, qtbot: QtBot) -> None:
    palette.openOverlay()
    listed = palette.findChild(QListWidget)
    spot = listed.visualItemRect(listed.item(2)).center()
    with qtbot.waitSignal(palette.triggered) as told:
        click(listed.viewport(), (spot.x(), spot.y()))
    assert told.args[0].text() == "Zoom out"


def test_opening_again_begins_afresh(palette: CommandPalette) -> None:
    palette.openOverlay()
    palette.setText("zoom")
    palette.closeOverlay()
    palette.openOverlay()
    assert len(names(palette)) == 5


@pytest.mark.parametrize(
    ("typed", "better", "worse"),
    [
        ("zi", "Zoom in", "Resize window"),
        ("open", "Open model", "Show pencil"),
        ("seed", "Random seed", "Show extended"),
        ("ex", "Export", "Next"),
    ],
)
def test_a_better_fit_scores_higher(typed: str, better: str, worse: str) -> None:
    high, low = match_score(typed, better), match_score(typed, worse)
    assert high is not None
    assert low is None or high > low


def test_letters_that_are_not_there_do_not_match() -> None:
    assert match_score("xyz", "Zoom in") is None
    assert match_score("niz", "Zoom in") is None
    assert match_score("", "Zoom in") == 0


def test_escape_closes_an_overlay(window: QWidget, palette: CommandPalette, qtbot: QtBot) -> None:
    palette.openOverlay()
    with qtbot.waitSignal(palette.closed):
        key(palette.findChild(QLineEdit, "paletteField"), Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is window.findChild(QLineEdit, "outside")


def test_a_click_beside_the_card_closes_and_one_on_it_does_not(palette: CommandPalette) -> None:
    palette.openOverlay()
    inside = palette.card().geometry().topLeft()
    click(palette, (inside.x() + 2, inside.y() + 2))
    assert palette.isVisible()
    click(palette, (5, 5))
    assert not palette.isVisible()


def test_an_overlay_stays_as_large_as_its_window(window: QWidget, palette: CommandPalette) -> None:
    palette.openOverlay()
    window.resize(500, 400)
    assert palette.size() == window.size()
    assert palette.rect().contains(palette.card().geometry())


def test_tab_does_not_leave_an_overlay(window: QWidget, palette: CommandPalette, qtbot: QtBot) -> None:
    palette.openOverlay()
    for _ in range(5):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert palette.isAncestorOf(QApplication.focusWidget())


def test_the_sheet_shows_keys_in_groups_and_leaves_out_what_has_none(window: QWidget) -> None:
    sheet = ShortcutsSheet(window)
    sheet.setShortcuts(
        [
            ("File", [("&Open model…", "Ctrl+O"), ("About", "")]),
            ("Empty", [("Nothing", "")]),
            ("View", [("Zoom in", "Ctrl++")]),
        ]
    )
    assert sheet.shortcutsShown() == [
        ("File", [("Open model", "Ctrl+O")]),
        ("View", [("Zoom in", "Ctrl++")]),
    ]
    sheet.openOverlay()
    spoken = {chips.accessibleName() for chips in sheet.findChildren(KeyChips)}
    assert spoken == {"Open model: Ctrl+O", "Zoom in: Ctrl++"}
    assert "FILE" in {label.text() for label in sheet.findChildren(QLabel)}


@pytest.mark.parametrize(
    ("shortcut", "keys"),
    [
        ("Ctrl+O", ["Ctrl", "O"]),
        ("Ctrl++", ["Ctrl", "+"]),
        ("+", ["+"]),
        ("Ctrl+-", ["Ctrl", "-"]),
        ("Space", ["Space"]),
    ],
)
def test_a_shortcut_is_split_into_keys(shortcut: str, keys: list[str]) -> None:
    assert _split(shortcut) == keys
