"""The settings window beside a whole main window: search, live changes, keys."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QWidget

from latent_studio.app.settings import Settings, load_settings, settings_file, store_settings
from latent_studio.ui.theme import theme

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture(autouse=True)
def plain_look(qapp):
    yield
    theme().setTextScale(1.0)
    theme().setReducedMotion(None)


@pytest.fixture
def window(open_window):
    return open_window(None)


@pytest.fixture
def settings(window):
    window.context.actions["settings"].trigger()
    return window.findChild(QDialog, "settings-window")


def test_a_change_holds_at_once_and_is_written_down(window, settings, studio):
    assert not settings.isModal()
    before = QApplication.font().pointSizeF()
    settings.field("theme").setCurrentIndex(settings.field("theme").findData("light"))
    settings.field("text_scale").setValue(150)
    settings.field("motion").setCurrentIndex(settings.field("motion").findData("reduced"))
    assert theme().palette.name == "light"
    assert window.context.actions["theme_light"].isChecked()
    assert QApplication.font().pointSizeF() == pytest.approx(1.5 * before)
    assert theme().reducedMotion
    assert load_settings(studio.paths, {}) == Settings(theme="light", text_scale=150, motion="reduced")
    settings.row("text_scale").resetButton().click()
    assert settings.field("text_scale").value() == 100
    assert load_settings(studio.paths, {}).text_scale == 100
    window.context.actions["theme_dark"].trigger()
    assert settings.field("theme").currentData() == "dark"


def test_safety_copies_follow_their_setting(window, settings):
    settings.field("autosave_seconds").setValue(3)
    assert window._bench.documents.autosaver._longest.interval() == 3000


def test_the_search_looks_at_every_page(settings):
    settings._search.setText("memory activations")
    assert settings.row("cache_mb").isVisibleTo(settings)
    assert not settings.row("theme").isVisibleTo(settings)
    settings._search.setText("redo")
    assert settings.row("redo").isVisibleTo(settings)
    settings._search.setText("nothing at all")
    assert settings._nothing.isVisibleTo(settings)
    settings._search.clear()
    assert settings.row("theme").isVisibleTo(settings)


def test_a_key_is_pressed_named_if_it_belongs_to_another_and_taken(window, settings, open_window, qtbot):
    actions = window.context.actions
    settings._pages.setCurrentRow(3)
    field = settings.key_field("undo")
    qtbot.keyClick(field, Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: actions["undo"].shortcut() == QKeySequence("Ctrl+U"))
    qtbot.keyClick(field, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: settings.row("undo").notice() != "")
    assert settings.row("undo").notice() == "Ctrl+S belongs to Save session."
    assert actions["undo"].shortcut() == QKeySequence("Ctrl+U")
    settings.row("undo").actionRequested.emit()
    assert actions["undo"].shortcut() == QKeySequence("Ctrl+S")
    assert actions["save_document"].shortcut().isEmpty()
    qtbot.keyClick(field, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "needed by whatever" in settings.row("undo").notice())
    again = open_window(None)
    assert again.context.actions["undo"].shortcut() == QKeySequence("Ctrl+S")
    again.context.actions["shortcuts"].trigger()
    shown = dict(again.findChild(QWidget, "shortcutsSheet").shortcutsShown())
    assert ("Undo", "Ctrl+S") in shown["Edit"]
    settings.row("undo").resetButton().click()
    assert actions["undo"].shortcut() == QKeySequence("Ctrl+Z")
    assert actions["save_document"].shortcut() == QKeySequence("Ctrl+S")


def test_delete_takes_a_key_away_and_escape_leaves_it(window, settings, qtbot):
    action = window.context.actions["random_seed"]
    settings._pages.setCurrentRow(3)
    field = settings.key_field("random_seed")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert action.shortcut() == QKeySequence("R")
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    assert action.shortcut().isEmpty()
    assert settings.row("random_seed").resetButton().isVisibleTo(settings)


def test_keys_of_panels_and_views_are_settings_too(window, settings):
    window.context.preferences.set("shortcuts", (("dock-jobs", ("Ctrl+J",)),))
    (toggle,) = (one for one in window.docking.toggles() if one.objectName() == "action-dock-jobs")
    assert toggle.shortcut() == QKeySequence("Ctrl+J")


def test_keys_of_the_file_that_two_actions_want_go_to_one(studio, open_window):
    store_settings(studio.paths, shortcuts=(("redo", ("F9",)), ("undo", ("F9", "Space"))))
    studio.settings = load_settings(studio.paths, {})
    actions = open_window(None).context.actions
    assert actions["undo"].shortcuts() == [QKeySequence("F9")]
    assert actions["redo"].shortcuts() == []


def test_a_damaged_file_is_told_in_the_window_and_kept(studio, open_window):
    settings_file(studio.paths).parent.mkdir(parents=True)
    settings_file(studio.paths).write_text('{"theme": "dar')
    window = open_window(None)
    title = window.findChild(QLabel, "messageTitle")
    assert "damaged in line 1" in title.text()
    window.context.preferences.set("theme", "light")
    assert json.loads(settings_file(studio.paths).read_text())["theme"] == "light"
    assert len(list(studio.paths.config.glob("settings-before-*.json"))) == 1


def test_what_the_environment_decides_cannot_be_changed_here(studio, open_window, monkeypatch):
    monkeypatch.setenv("LATENT_STUDIO_CACHE_MB", "64")
    studio.settings = load_settings(studio.paths)
    window = open_window(None)
    window.context.actions["settings"].trigger()
    settings = window.findChild(QDialog, "settings-window")
    assert not settings.field("cache_mb").isEnabled()
    assert "LATENT_STUDIO_CACHE_MB" in settings.row("cache_mb")._notice.text()


def test_settings_are_copied_as_commands(window, settings):
    window.context.preferences.set("text_scale", 125)
    window.context.preferences.set("shortcuts", (("redo", ()),))
    settings._copy_commands()
    assert QApplication.clipboard().text().splitlines() == [
        "latent-studio settings set text_scale 125",
        "latent-studio settings set shortcuts.redo none",
    ]
