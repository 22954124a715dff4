from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QPlainTextEdit, QPushButton, QWidget

from latent_studio.app.document_files import find_leftovers
from latent_studio.app.model_places import hash_of
from latent_studio.core.errors import SessionFileError
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef
from latent_studio.core.session_file import read_document
from latent_studio.ui import autosaver
from latent_studio.ui.widgets.message_bar import MessageBar
from latent_studio.ui.widgets.recover_sheet import RecoverSheet
from tests.helpers import fake_studio
from tests.qt.conftest import WAIT_MS


@pytest.fixture(autouse=True)
def fast_autosave(monkeypatch):
    """Copies come at once."""
    monkeypatch.setattr(autosaver, "REST_MS", 10)


@pytest.fixture(autouse=True)
def models_on_disk(monkeypatch, tmp_path):
    """Fake models have files, whose hashes a session can find them by."""
    made = fake_studio.fake_model

    def with_file(name, **how):
        from dataclasses import replace

        path = tmp_path / "models" / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(name.encode())
        model = made(name, **how)
        ref = ModelRef(name, str(path), hash_of(path))
        return replace(model, ref=ref, start=replace(model.start, model=ref))

    monkeypatch.setattr(fake_studio, "fake_model", with_file)


def documents(window):
    return window._bench.documents


def go(window, *seeds: int) -> None:
    for seed in seeds:
        window.context.store.set_base(SeedPoint(seed), f"Go to {seed}")


def save(qtbot, window, path: Path) -> None:
    documents(window).save_to(path)
    qtbot.waitUntil(lambda: not window.isWindowModified(), timeout=WAIT_MS)


def said(window) -> str:
    bar = window.findChild(MessageBar)
    return " ".join(message.title for message in bar._queue)


def test_a_saved_session_opens_with_its_steps_marks_and_pictures(qtbot, window, tmp_path):
    document = window.context.document
    go(window, 1, 2, 3)
    window.context.store.undo()
    window.context.store.star(1, True)
    document.rate(7, 4)
    document.set_notes("ask her")
    path = tmp_path / "faces.lstudio"
    save(qtbot, window, path)
    assert "faces" in window.windowTitle()

    go(window, 50)
    assert window.isWindowModified()
    documents(window).open(path)
    qtbot.waitUntil(lambda: window.context.store.session.base == SeedPoint(2), timeout=WAIT_MS)

    history = window.context.store.history
    assert not window.isWindowModified()
    assert [step.label for step in history.steps] == ["", "Go to 1", "Go to 2", "Go to 3"]
    assert history.redo_label == "Go to 3"
    assert history.step(1).starred
    assert (document.ratings, document.notes, document.path) == ({7: 4}, "ask her", path)


def test_a_session_of_another_model_opens_that_model_first(qtbot, window, tmp_path):
    go(window, 5)
    path = tmp_path / "cats.lstudio"
    save(qtbot, window, path)
    window.open_model("dogs")
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs", timeout=WAIT_MS)
    assert window.context.document.path is None

    documents(window).open(path)
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "cats", timeout=WAIT_MS)
    assert window.context.models.model.ref.name == "cats"
    assert window.context.store.session.base == SeedPoint(5)


def test_a_model_that_is_gone_can_be_located(qtbot, window, tmp_path, monkeypatch):
    go(window, 5)
    path = tmp_path / "cats.lstudio"
    save(qtbot, window, path)
    file = Path(window.context.store.session.model.path)
    window.open_model("dogs")
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs", timeout=WAIT_MS)
    moved = file.rename(tmp_path / "models" / "elsewhere.bin")
    documents(window).open(path)
    qtbot.waitUntil(lambda: "cats" in window.canvas.messageText(), timeout=WAIT_MS)
    assert "not where it was" in window.canvas.messageText()

    moved.rename(file)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(file), ""))
    documents(window)._locate.trigger()
    qtbot.waitUntil(lambda: window.context.store.session.base == SeedPoint(5), timeout=WAIT_MS)
    assert window.canvas.messageText() == ""


def test_another_model_in_its_place_is_said_and_used_only_if_it_fits(qtbot, window, tmp_path, monkeypatch):
    go(window, 5)
    path = tmp_path / "cats.lstudio"
    save(qtbot, window, path)
    file = Path(window.context.store.session.model.path)
    window.open_model("dogs")
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs", timeout=WAIT_MS)
    file.write_bytes(b"other weights")
    documents(window).open(path)
    qtbot.waitUntil(lambda: "another model" in window.canvas.messageText(), timeout=WAIT_MS)

    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(file), ""))
    documents(window)._locate.trigger()
    qtbot.waitUntil(lambda: "pictures differ" in said(window), timeout=WAIT_MS)
    assert window.context.store.session.base == SeedPoint(5)
    assert window.context.store.session.model.sha256 == hash_of(file)


def test_what_cannot_be_opened_is_said_and_nothing_changes(qtbot, window, tmp_path):
    bad = tmp_path / "bad.lstudio"
    bad.write_bytes(b"PK\x03\x04 cut")
    before = window.context.store.session
    documents(window).open(bad)

    qtbot.waitUntil(lambda: "cut short" in said(window), timeout=WAIT_MS)
    assert window.context.store.session is before


def test_a_save_that_fails_says_so_and_the_document_stays_modified(qtbot, window, tmp_path):
    (tmp_path / "file").write_text("no folder")
    go(window, 1)
    documents(window).save_to(tmp_path / "file" / "a.lstudio")

    qtbot.waitUntil(lambda: "cannot be saved" in said(window), timeout=WAIT_MS)
    assert window.isWindowModified()
    assert window.context.document.path is None


def test_two_windows_cannot_write_one_file(qtbot, open_window, tmp_path):
    first, second = open_window(), open_window()
    path = tmp_path / "a.lstudio"
    go(first, 1)
    save(qtbot, first, path)

    documents(second).open(path)
    qtbot.waitUntil(lambda: second.context.store.session.base == SeedPoint(1), timeout=WAIT_MS)
    assert second.context.document.path is None
    assert "copy" in said(second)
    documents(second).save_to(path)
    assert "open in another window" in said(second)


def test_changes_are_copied_and_a_save_makes_the_copy_needless(qtbot, window, studio, tmp_path):
    copy = documents(window).autosaver.path
    go(window, 1, 2)
    qtbot.waitUntil(copy.exists, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: read_document(copy).session.base == SeedPoint(2), timeout=WAIT_MS)
    assert documents(window).autosaver.age_seconds < 10

    save(qtbot, window, tmp_path / "a.lstudio")
    qtbot.waitUntil(lambda: not copy.exists(), timeout=WAIT_MS)


def test_the_status_line_says_how_safe_the_document_is(qtbot, window, tmp_path):
    safety = window.findChild(QLabel, "status-safety")
    assert safety.isHidden()
    go(window, 1)
    qtbot.waitUntil(lambda: "safe copy" in safety.text(), timeout=WAIT_MS)
    save(qtbot, window, tmp_path / "a.lstudio")
    qtbot.waitUntil(lambda: "saved" in safety.text(), timeout=WAIT_MS)


def test_nothing_is_copied_while_nothing_was_done(qtbot, window):
    documents(window).autosaver.write()
    assert not documents(window).autosaver.path.exists()


def test_a_full_disk_is_said_once_and_tried_again(qtbot, window, monkeypatch):
    saver = documents(window).autosaver
    monkeypatch.setattr(autosaver, "_RETRY_MS", 10)
    write = saver._autosave.write

    def full(*args, **more):
        raise SessionFileError("The disk is full.")

    monkeypatch.setattr(saver._autosave, "write", full)
    go(window, 1)
    qtbot.waitUntil(lambda: saver.is_failing, timeout=WAIT_MS)
    go(window, 2)
    assert said(window).count("The disk is full") == 1

    monkeypatch.setattr(saver._autosave, "write", write)
    qtbot.waitUntil(lambda: not saver.is_failing, timeout=WAIT_MS)
    qtbot.waitUntil(saver.path.exists, timeout=WAIT_MS)


def test_closing_keeps_what_was_not_saved_and_the_next_window_offers_it(qtbot, open_window, studio):
    first = open_window()
    go(first, 1, 2, 3)
    first.close()
    (leftover,) = find_leftovers(studio.paths)
    assert (leftover.summary.steps, leftover.is_crash) == (3, False)

    second = open_window()
    qtbot.waitUntil(lambda: "earlier sittings" in said(second), timeout=WAIT_MS)
    second.context.actions["recover"].trigger()
    sheet = second.findChild(RecoverSheet)
    qtbot.waitUntil(sheet.isVisible, timeout=WAIT_MS)
    qtbot.mouseClick(second.findChild(QPushButton, "restore-0"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: second.context.store.session.base == SeedPoint(3), timeout=WAIT_MS)
    assert second.isWindowModified()
    assert len(second.context.store.history) == 4
    qtbot.waitUntil(lambda: not leftover.path.exists(), timeout=WAIT_MS)


def test_after_a_crash_the_list_opens_by_itself(qtbot, open_window, studio):
    first = open_window()
    go(first, 1)
    first.close()
    (leftover,) = find_leftovers(studio.paths)
    leftover.path.with_name(f".{leftover.path.name}.lock").write_text("4711\n")

    second = open_window()
    sheet = second.findChild(RecoverSheet)
    qtbot.waitUntil(sheet.isVisible, timeout=WAIT_MS)
    qtbot.mouseClick(second.findChild(QPushButton, "discard-0"), Qt.MouseButton.LeftButton)
    assert not leftover.path.exists()
    assert not sheet.isVisible()


def test_opening_another_model_keeps_the_document_for_recovery(qtbot, window, studio):
    go(window, 1, 2)
    window.open_model("dogs")
    qtbot.waitUntil(lambda: len(find_leftovers(studio.paths)) == 1, timeout=WAIT_MS)

    assert find_leftovers(studio.paths)[0].summary.model == "cats"
    assert len(window.context.store.history) == 1


def test_a_new_session_begins_from_the_picture_shown(qtbot, window, studio):
    go(window, 1, 2)
    window.context.actions["new_document"].trigger()

    assert window.context.store.session.base == SeedPoint(2)
    assert window.context.store.history.undo_label is None
    assert not window.isWindowModified()
    qtbot.waitUntil(lambda: len(find_leftovers(studio.paths)) == 1, timeout=WAIT_MS)


def test_backups_of_the_open_file_are_listed_and_restored(qtbot, window, tmp_path):
    path = tmp_path / "a.lstudio"
    go(window, 1)
    save(qtbot, window, path)
    go(window, 2)
    save(qtbot, window, path)
    window.context.actions["recover"].trigger()
    sheet = window.findChild(RecoverSheet)
    qtbot.waitUntil(sheet.isVisible, timeout=WAIT_MS)
    assert window.findChild(QWidget, "discard-0") is None
    qtbot.mouseClick(window.findChild(QPushButton, "restore-0"), Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: window.context.store.session.base == SeedPoint(1), timeout=WAIT_MS)
    assert window.context.document.path == path
    assert window.isWindowModified()


def test_quitting_asks_only_when_something_would_be_lost(qtbot, window, monkeypatch):
    asked = []
    monkeypatch.setattr(
        QMessageBox, "question", lambda *args: asked.append(1) or QMessageBox.StandardButton.No
    )
    saver = documents(window).autosaver
    write = saver._autosave.write

    def full(*args, **more):
        raise SessionFileError("The disk is full.")

    go(window, 1)
    monkeypatch.setattr(saver._autosave, "write", full)
    window.close()
    assert asked == [1]
    assert window.isVisible()

    monkeypatch.setattr(saver._autosave, "write", write)
    window.close()
    assert asked == [1]
    assert not window.isVisible()


def test_notes_are_kept_when_the_page_is_closed(qtbot, window):
    window.context.document.set_notes("old")
    window.context.actions["notes"].trigger()
    page = window.findChild(QPlainTextEdit, "notesPage")
    assert page.hasFocus()
    assert page.toPlainText() == "old"
    page.setPlainText("the third from the left")
    qtbot.keyClick(page, Qt.Key.Key_Escape)

    assert window.context.document.notes == "the third from the left"
    assert window.isWindowModified()


def test_a_dropped_session_is_opened(qtbot, window, tmp_path):
    path = tmp_path / "a.lstudio"
    go(window, 9)
    save(qtbot, window, path)
    go(window, 10)

    assert window.context.dropped.offer(str(path))
    qtbot.waitUntil(lambda: window.context.store.session.base == SeedPoint(9), timeout=WAIT_MS)


def test_recent_sessions_are_in_the_menu(qtbot, window, tmp_path):
    go(window, 9)
    save(qtbot, window, tmp_path / "mine & yours.lstudio")
    menu = documents(window).recent_menu
    menu.aboutToShow.emit()

    assert [action.text() for action in menu.actions()] == ["mine && yours"]
