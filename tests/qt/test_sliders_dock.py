"""The sliders dock: banks, search, marks, rows of single sliders, imports."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QInputDialog, QLabel, QLineEdit, QPushButton, QWidget

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.spaces import Space
from latent_studio.ui.docks.sliders import SlidersDock
from latent_studio.ui.widgets.bank_tabs import BankTabs
from latent_studio.ui.widgets.form_sheet import FormSheet
from latent_studio.ui.widgets.rows_editor import RowsEditor
from latent_studio.ui.widgets.slider_bank import SliderBank
from tests.qt.conftest import WAIT_MS
from tests.qt.test_main_window import drop

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def made(source: str, name: str, seed: int = 0) -> LinearDirection:
    vector = np.random.default_rng(seed).standard_normal(8)
    return LinearDirection(
        f"{source}:{name}", name, Space.W, vector, sigma=1.5, info=DirectionInfo(source=source)
    )


@pytest.fixture
def dock(window) -> SlidersDock:
    return window.findChild(SlidersDock)


@pytest.fixture
def bank(dock) -> SliderBank:
    return dock.findChild(SliderBank, "slider-bank")


@pytest.fixture
def library(window):
    return window.context.directions.library


def names(bank) -> list[str]:
    return [bank.rowState(id).name for id in bank.shownIds()]


def choose(dock, id: str, name: str) -> None:
    menu = dock.make_menu(id)
    actions = [*menu.actions(), *(one for sub in menu.findChildren(QWidget) for one in sub.actions())]
    action = next(one for one in actions if one.objectName() == f"slider-{name}")
    assert action.isEnabled()
    assert action.toolTip()
    action.trigger()
    menu.deleteLater()


def go_to(qtbot, dock, id: str) -> None:
    tabs = dock.findChild(BankTabs)
    place = [bank.id for bank in tabs.banks()].index(id)
    qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(place).center())


def test_the_five_banks_have_their_tabs_and_favourites_come_last(dock):
    tabs = dock.findChild(BankTabs)
    assert [tabs.tabText(place) for place in range(tabs.count())] == [
        "SeFa",
        "Boundaries",
        "PCA",
        "Warp",
        "★",
    ]
    assert tabs.current() == "sefa"


def test_each_empty_bank_says_what_to_do(qtbot, dock):
    said = set()
    for id in ("boundaries", "warp", "pca", "favourites"):
        go_to(qtbot, dock, id)
        text = dock.findChild(QLabel, "emptyText")
        assert text.isVisible()
        said.add(text.text())
    assert len(said) == 4
    go_to(qtbot, dock, "sefa")
    assert not dock.findChild(QLabel, "emptyText").isVisible()


def test_a_starred_slider_is_among_the_favourites_even_after_a_restart(
    qtbot, window, dock, bank, open_window
):
    row = bank.rowWidget("sefa:1")
    row.enterEvent(None)
    row.grab()
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.starRect().center().toPoint())
    go_to(qtbot, dock, "favourites")
    assert names(bank) == ["e1"]

    again = open_window().findChild(SlidersDock)
    go_to(qtbot, again, "favourites")
    assert names(again.findChild(SliderBank)) == ["e1"]


def test_a_name_is_given_searched_for_and_remembered(qtbot, window, dock, bank, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("smile", True))
    choose(dock, "sefa:2", "rename")
    qtbot.waitUntil(lambda: bank.rowState("sefa:2").name == "smile", timeout=WAIT_MS)
    dock.findChild(QLineEdit, "slider-filter").setText("smil")
    assert names(bank) == ["smile"]


def test_a_hidden_slider_is_gone_until_hidden_ones_are_shown(qtbot, dock, bank, library):
    choose(dock, "sefa:0", "hide")
    qtbot.waitUntil(lambda: "sefa:0" not in bank.shownIds(), timeout=WAIT_MS)
    dock._tools.hidden_toggled.emit(True)
    assert "sefa:0" in bank.shownIds()


def test_a_bank_of_hidden_sliders_offers_to_show_them(qtbot, dock, bank, library):
    for k in range(6):
        library.hide(f"sefa:{k}", True)
    qtbot.waitUntil(lambda: dock.findChild(QPushButton, "bank-show-hidden") is not None, timeout=WAIT_MS)
    qtbot.mouseClick(dock.findChild(QPushButton, "bank-show-hidden"), Qt.MouseButton.LeftButton)
    assert len(bank.shownIds()) == 6


def test_turning_a_direction_round_keeps_the_picture_and_shows_the_opposite_amount(qtbot, window, dock, bank):
    store = window.context.store
    bank.amountChanged.emit("sefa:1", 3.0)
    bank.gestureFinished.emit("sefa:1")
    before = store.session

    choose(dock, "sefa:1", "flip")
    qtbot.waitUntil(lambda: bank.rowState("sefa:1").amount == -3.0, timeout=WAIT_MS)
    assert store.session is before

    bank.amountChanged.emit("sefa:1", -4.0)
    edit = store.session.edits.find("sefa:1")
    found = window.context.directions.find("sefa:1").found
    ws = np.zeros((10, 8), dtype=np.float32)
    np.testing.assert_allclose(edit.direction.move(ws, edit.amount), found.move(ws, 4.0), atol=1e-6)


def test_search_goes_over_all_banks_and_says_which(qtbot, dock, bank, library):
    library.keep([made("boundary", "e-smile"), made("pca", "component e")])
    dock.findChild(QLineEdit, "slider-filter").setText("e")
    qtbot.waitUntil(lambda: len(bank.shownIds()) == 8, timeout=WAIT_MS)
    assert bank.rowState("boundary:e-smile").group == "Boundaries"
    dock.findChild(QLineEdit, "slider-filter").clear()
    assert len(bank.shownIds()) == 6


def test_a_slider_of_any_bank_moves_the_picture(qtbot, window, dock, bank, library):
    library.keep([made("boundary", "smile")])
    go_to(qtbot, dock, "boundaries")
    bank.amountChanged.emit("boundary:smile", 2.0)
    assert window.context.store.session.edits.find("boundary:smile").amount == 2.0


def test_reveal_goes_to_the_bank_of_a_direction(qtbot, window, dock, bank, library):
    library.keep([made("boundary", "smile")])
    window.context.directions.reveal("boundary:smile")
    assert dock.findChild(BankTabs).current() == "boundaries"
    assert bank.rowWidget("boundary:smile").slider.hasFocus()


def test_another_bank_comes_while_a_slider_far_down_has_the_keyboard(qtbot, window, dock, bank, library):
    library.keep([made("pca", f"c{k}", k) for k in range(40)])
    library.keep([made("boundary", f"b{k}", k) for k in range(40)])
    window.context.directions.reveal("pca:c38")
    assert bank.rowWidget("pca:c38").slider.hasFocus()
    window.context.directions.reveal("boundary:b39")
    assert bank.rowWidget("boundary:b39").slider.hasFocus()
    assert "pca:c38" not in bank.shownIds()


def test_rows_of_one_slider_are_its_own_and_remembered(qtbot, window, dock, bank, open_window):
    choose(dock, "sefa:1", "rows-4-7")
    qtbot.waitUntil(lambda: bank.rowState("sefa:1").rows_text == "4–7", timeout=WAIT_MS)
    assert bank.rowState("sefa:0").rows_text == "all"
    bank.amountChanged.emit("sefa:1", 2.0)
    assert window.context.store.session.edits.find("sefa:1").rows == (4, 5, 6, 7)

    again = open_window().findChild(SliderBank, "slider-bank")
    assert again.rowState("sefa:1").rows_text == "4–7"


def test_rows_of_a_moved_slider_are_ticked_one_by_one_and_undone(qtbot, window, dock, bank):
    store = window.context.store
    bank.amountChanged.emit("sefa:1", 2.0)
    bank.gestureFinished.emit("sefa:1")
    bank.rowsRequested.emit("sefa:1", QPoint(5, 5))
    editor = dock.findChild(RowsEditor)
    boxes = editor.findChild(QWidget, "rowBoxes")
    assert boxes.rows() == tuple(range(10))
    qtbot.mouseClick(boxes, Qt.MouseButton.LeftButton, pos=boxes.boxRect(3).center().toPoint())
    assert store.session.edits.find("sefa:1").rows == (0, 1, 2, 4, 5, 6, 7, 8, 9)
    editor.close()
    store.undo()
    assert store.session.edits.find("sefa:1").rows is None


def test_a_locked_slider_is_marked_and_the_lock_is_one_step(qtbot, window, dock, bank):
    store = window.context.store
    choose(dock, "sefa:1", "lock")
    assert [lock.id for lock in store.session.locks] == ["sefa:1"]
    assert bank.rowState("sefa:1").locked
    store.undo()
    assert not bank.rowState("sefa:1").locked


def test_two_hundred_sliders_scroll_and_filter_within_a_heartbeat(qtbot, window, dock, bank, library):
    library.set_found("sefa", [made("sefa", f"d{k}", k) for k in range(200)])
    qtbot.waitUntil(lambda: len(bank.shownIds()) == 200, timeout=WAIT_MS)
    field, bar = dock.findChild(QLineEdit, "slider-filter"), bank.verticalScrollBar()
    longest = 0.0
    for act in (
        *[lambda place=place: bar.setValue(place) for place in range(0, bar.maximum(), 220)],
        *[lambda text=text: field.setText(text) for text in ("d", "d1", "d19", "d199", "")],
    ):
        begun = time.thread_time()
        act()
        window.grab()
        longest = max(longest, time.thread_time() - begun)
    # Time of this thread alone: what else the machine does is not the sliders' fault. A whole window is
    # painted each time, which no screen asks for.
    assert longest < 0.25


def test_a_dropped_file_says_how_it_was_read_and_is_kept_or_not(
    qtbot, window, dock, bank, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "latent_studio.app.models.sample_w",
        lambda *_, **__: np.random.default_rng(0).standard_normal((50, 8)),
    )
    path = tmp_path / "stylegan2_cats_smile_w_boundary.npy"
    np.save(path, np.ones((1, 8)) / np.sqrt(8))

    drop(window, path)
    qtbot.waitUntil(lambda: window.findChild(FormSheet) is not None, timeout=WAIT_MS)
    sheet = window.findChild(FormSheet)
    assert "w" in sheet.findChild(QLabel, "formText").text()
    assert sheet.findChild(QLabel, "import-warnings").text()
    space = sheet.findChild(QWidget, "import-space")
    assert space.currentData() == Space.W

    space.setCurrentIndex(space.findData(Space.Z))
    qtbot.waitUntil(lambda: "z" in sheet.findChild(QLabel, "formText").text(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)
    qtbot.mouseClick(sheet.findChild(QPushButton, "formBegin"), Qt.MouseButton.LeftButton)

    entries = window.context.directions.bank("boundaries")
    assert [entry.direction.space for entry in entries] == [Space.Z]
    assert dock.findChild(BankTabs).current() == "boundaries"
    assert not sheet.isVisible()


def test_a_file_that_does_not_fit_says_why_and_the_bank_stays(qtbot, window, bank, tmp_path, monkeypatch):
    monkeypatch.setattr("latent_studio.app.models.sample_w", lambda *_, **__: None)
    path = tmp_path / "wrong.npy"
    np.save(path, np.ones((1, 99)))
    posted = []
    window.context.messages.posted.connect(lambda *words: posted.append(words))

    drop(window, path)
    qtbot.waitUntil(lambda: bool(posted), timeout=WAIT_MS)

    assert posted[0][0] == "bad"
    assert posted[0][1]
    assert len(bank.shownIds()) == 6
