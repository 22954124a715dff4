"""SliderBank: many rows, few widgets, and every row within reach of the keyboard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QWidget

from latent_studio.ui.widgets.slider_bank import SliderBank
from latent_studio.ui.widgets.slider_row import ROW_HEIGHT, SliderRow, SliderRowState
from latent_studio.ui.widgets.value_slider import ValueSlider
from tests.qt.widgets.hands import CTRL, drag, key, move, press, release, wheel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

HIGH = 10


def states(count: int) -> list[SliderRowState]:
    return [
        SliderRowState(f"sefa:{place}", f"eigen-direction {place}", "0–3", 0.0, 1.0, -5, 5, -3, 3)
        for place in range(count)
    ]


@pytest.fixture
def bank(qtbot: QtBot) -> SliderBank:
    """Ten rows high, two hundred long."""
    found = SliderBank()
    qtbot.addWidget(found)
    found.resize(340, HIGH * ROW_HEIGHT)
    found.show()
    found.setRows(states(200))
    return found


def row_of(bank: SliderBank, row_id: str) -> SliderRow:
    found = bank.rowWidget(row_id)
    assert found is not None, f"{row_id} has no widget"
    return found


def at(slider: ValueSlider, value: float) -> tuple[float, float]:
    return slider.positionOf(value).x(), 10.0


def test_two_hundred_rows_are_a_handful_of_widgets(bank: SliderBank) -> None:
    bar = bank.verticalScrollBar()
    for value in range(0, bar.maximum(), 37):
        bar.setValue(value)
    bar.setValue(bar.maximum())
    assert len(bank.findChildren(SliderRow)) <= HIGH + 4
    assert bank.visibleIds()[-1] == "sefa:199"


def test_visible_ids_are_told_when_they_change(bank: SliderBank, qtbot: QtBot) -> None:
    assert bank.visibleIds() == tuple(f"sefa:{place}" for place in range(HIGH))
    with qtbot.waitSignal(bank.visibleIdsChanged) as told:
        bank.verticalScrollBar().setValue(3 * ROW_HEIGHT)
    assert told.args == [tuple(f"sefa:{place}" for place in range(3, 3 + HIGH))]
    assert bank.visibleIds() == told.args[0]


def test_scrolling_less_than_a_row_inside_the_same_rows_tells_nothing(bank: SliderBank, qtbot: QtBot) -> None:
    bank.verticalScrollBar().setValue(5)
    with qtbot.assertNotEmitted(bank.visibleIdsChanged):
        bank.verticalScrollBar().setValue(20)


def test_each_widget_shows_its_row_after_scrolling(bank: SliderBank) -> None:
    bank.verticalScrollBar().setValue(100 * ROW_HEIGHT)
    for row_id in bank.visibleIds():
        row = row_of(bank, row_id)
        assert row.state().id == row_id
        assert row.isVisible()
        assert row.y() == (int(row_id.split(":")[1]) - 100) * ROW_HEIGHT


def test_the_filter_finds_all_words_anywhere(bank: SliderBank) -> None:
    bank.setRows([*states(50), replace(states(1)[0], id="b:smile", name="Smile with teeth", rows_text="4–7")])
    bank.setFilter("TEETH smi")
    assert bank.shownIds() == ("b:smile",)
    assert bank.visibleIds() == ("b:smile",)
    bank.setFilter("direction 4–7")
    assert bank.shownIds() == ()
    bank.setFilter("")
    assert len(bank.shownIds()) == 51


def test_a_filter_goes_back_to_the_top(bank: SliderBank) -> None:
    bank.verticalScrollBar().setValue(100 * ROW_HEIGHT)
    bank.setFilter("direction 1")
    assert bank.verticalScrollBar().value() == 0
    assert bank.visibleIds()[0] == "sefa:1"


def test_filtering_touches_few_widgets(bank: SliderBank) -> None:
    before = len(bank.findChildren(SliderRow))
    for text in ("e", "ei", "eig", "eigen-direction 19", "", "nothing like it", ""):
        bank.setFilter(text)
    assert len(bank.findChildren(SliderRow)) <= before + 1


def test_setting_the_rows_again_keeps_their_widgets(bank: SliderBank) -> None:
    before = {row_id: bank.rowWidget(row_id) for row_id in bank.visibleIds()}
    bank.setRows([replace(state, amount=1.0) for state in states(200)])
    assert {row_id: bank.rowWidget(row_id) for row_id in bank.visibleIds()} == before
    assert row_of(bank, "sefa:0").slider.value() == 1


def test_a_drag_goes_on_while_the_rows_are_set(bank: SliderBank) -> None:
    slider = row_of(bank, "sefa:2").slider
    finished: list[str] = []
    bank.gestureFinished.connect(finished.append)
    press(slider, at(slider, 0))
    move(slider, at(slider, 2))
    bank.setRows([states(1)[0], *states(200)[2:]])
    assert row_of(bank, "sefa:2").slider is slider
    assert finished == []
    move(slider, at(slider, 3))
    release(slider, at(slider, 3))
    assert finished == ["sefa:2"]
    assert slider.value() == pytest.approx(3)


def test_a_row_in_use_keeps_its_widget_out_of_sight(bank: SliderBank) -> None:
    slider = row_of(bank, "sefa:0").slider
    press(slider, at(slider, 0))
    bank.verticalScrollBar().setValue(100 * ROW_HEIGHT)
    assert slider.isDragging()
    assert row_of(bank, "sefa:0").slider is slider
    release(slider, at(slider, 0))


def test_setters_stay_silent(bank: SliderBank, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(bank.amountChanged), qtbot.assertNotEmitted(bank.gestureStarted):
        bank.setRow(replace(states(1)[0], amount=3.0))
        bank.setUnit("amount")
        bank.setRows(states(5))
        bank.setFilter("3")
        bank.setThumbnails("sefa:3", None, None)


def test_set_row_shows_one_row_now_or_later(bank: SliderBank) -> None:
    bank.setRow(replace(states(1)[0], amount=3.0))
    bank.setRow(replace(states(151)[150], amount=-2.0, name="tail"))
    bank.setRow(SliderRowState("unknown", "unknown"))
    assert row_of(bank, "sefa:0").slider.value() == 3
    bank.scrollTo("sefa:150")
    assert row_of(bank, "sefa:150").slider.value() == -2
    bank.setFilter("tail")
    assert bank.shownIds() == ("sefa:150",)


def test_what_the_user_did_is_still_there_after_scrolling_away(bank: SliderBank) -> None:
    slider = row_of(bank, "sefa:0").slider
    drag(slider, at(slider, 0), at(slider, 2))
    bank.verticalScrollBar().setValue(100 * ROW_HEIGHT)
    bank.verticalScrollBar().setValue(0)
    assert row_of(bank, "sefa:0").amount() == pytest.approx(2)


def test_signals_of_rows_carry_their_ids(bank: SliderBank, qtbot: QtBot) -> None:
    bank.verticalScrollBar().setValue(100 * ROW_HEIGHT)
    slider = row_of(bank, "sefa:103").slider
    with qtbot.waitSignals([bank.gestureStarted, bank.amountChanged, bank.gestureFinished]):
        drag(slider, at(slider, 0), at(slider, 2))
    told: list[tuple[str, float]] = []
    bank.amountChanged.connect(lambda row_id, amount: told.append((row_id, amount)))
    drag(slider, at(slider, 2), at(slider, 4))
    assert told == [("sefa:103", pytest.approx(4))]


def test_pictures_arrive_at_rows_in_sight_and_wait_for_the_others(bank: SliderBank) -> None:
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("#aa0000"))
    bank.setThumbnails("sefa:0", picture, None)
    bank.setThumbnails("sefa:150", None, picture)
    assert row_of(bank, "sefa:0").thumbnails()[0] is not None
    bank.scrollTo("sefa:150")
    assert row_of(bank, "sefa:150").thumbnails()[1] is not None
    bank.clearThumbnails()
    assert row_of(bank, "sefa:150").thumbnails() == (None, None)


def test_a_recycled_widget_forgets_the_pictures_of_its_last_row(bank: SliderBank) -> None:
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    for place in range(HIGH + 1):
        bank.setThumbnails(f"sefa:{place}", picture, picture)
    bank.verticalScrollBar().setValue(100 * ROW_HEIGHT)
    assert all(row_of(bank, row_id).thumbnails() == (None, None) for row_id in bank.visibleIds())


def test_the_wheel_scrolls_over_names_and_turns_sliders(bank: SliderBank) -> None:
    row = row_of(bank, "sefa:5")
    wheel(row.slider, 1)
    assert row.slider.value() == pytest.approx(0.1)
    assert bank.verticalScrollBar().value() == 0
    wheel(row, -1)
    assert bank.verticalScrollBar().value() > 0


def test_a_scroll_under_way_is_not_caught_by_a_slider(bank: SliderBank) -> None:
    wheel(row_of(bank, "sefa:5"), -1)
    before = bank.verticalScrollBar().value()
    slider = row_of(bank, "sefa:6").slider
    wheel(slider, -1)
    assert slider.value() == 0
    assert bank.verticalScrollBar().value() > before


def test_tab_goes_through_all_rows_and_out_again(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    before, bank, after = QLineEdit(), SliderBank(), QLineEdit()
    layout = QHBoxLayout(page)
    for widget in (before, bank, after):
        layout.addWidget(widget)
    bank.setRows(states(30))
    page.resize(600, 4 * ROW_HEIGHT)
    page.show()
    qtbot.waitExposed(page)
    page.activateWindow()
    before.setFocus()
    qtbot.waitUntil(before.hasFocus)
    seen = []
    for _ in range(200):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused is after:
            break
        if isinstance(focused, ValueSlider):
            row = focused.parentWidget()
            assert isinstance(row, SliderRow)
            assert row.state().id in bank.visibleIds()
            seen.append(row.state().id)
    assert QApplication.focusWidget() is after
    assert seen == [state.id for state in states(30)]
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
    assert bank.isAncestorOf(QApplication.focusWidget())


def test_control_and_arrows_go_from_row_to_row(bank: SliderBank, qtbot: QtBot) -> None:
    bank.activateWindow()
    bank.focusRow("sefa:8")
    for _ in range(5):
        key(QApplication.focusWidget(), Qt.Key.Key_Down, modifiers=CTRL)
    assert QApplication.focusWidget() is row_of(bank, "sefa:13").slider
    assert "sefa:13" in bank.visibleIds()
    key(QApplication.focusWidget(), Qt.Key.Key_Up, modifiers=CTRL)
    assert QApplication.focusWidget() is row_of(bank, "sefa:12").slider


def test_the_large_pictures_come_with_the_mouse_on_a_thumbnail_and_go(bank: SliderBank, qtbot: QtBot) -> None:
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(QColor("#aa0000"))
    bank.setThumbnails("sefa:1", picture, picture)
    row = row_of(bank, "sefa:1")
    peek = bank.findChild(QWidget, "sliderPeek")
    spot = row.thumbnailRect("low").center()
    move(row, (spot.x(), spot.y()), button=Qt.MouseButton.NoButton)
    qtbot.waitUntil(peek.isVisible)
    move(row, (200, 5), button=Qt.MouseButton.NoButton)
    assert not peek.isVisible()


def test_an_empty_bank_says_why(bank: SliderBank) -> None:
    bank.setFilter("nothing like it")
    assert bank.visibleIds() == ()
    with_words = bank.grab().toImage()
    bank.setRows([])
    bank.setFilter("")
    bank.setEmptyText("")
    assert bank.grab().toImage() != with_words


def test_the_fields_of_a_row_open_by_its_id(bank: SliderBank) -> None:
    bank.editAmount("sefa:120")
    assert row_of(bank, "sefa:120").number.isEditing()
    bank.editAmount("unknown")
    assert bank.rowState("sefa:120") == states(121)[120]
    assert bank.rowState("unknown") is None
    assert bank.mapToGlobal(QPoint(0, 0)) is not None
