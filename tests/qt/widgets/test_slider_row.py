"""SliderRow: amounts in both units, typed, dragged, stepped; the hand wins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QPaintEvent
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLineEdit, QPushButton

from latent_studio.ui.theme import DARK
from latent_studio.ui.widgets.number_label import format_amount, parse_number
from latent_studio.ui.widgets.range_editor import RangeEditor
from latent_studio.ui.widgets.slider_row import SliderRow, SliderRowState
from tests.qt.widgets.hands import click, double_click, drag, key, move, press, release

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

STATE = SliderRowState(
    id="sefa:1",
    name="smile",
    rows_text="4–7",
    amount=0.0,
    sigma=2.0,
    low=-6.0,
    high=10.0,
    safe_low=-4.0,
    safe_high=6.0,
    tooltip="Found by SeFa",
)


@pytest.fixture
def row(qtbot: QtBot) -> SliderRow:
    found = SliderRow()
    qtbot.addWidget(found)
    found.resize(400, 44)
    found.setState(STATE)
    found.show()
    return found


class Log:
    """What the row said, in order."""

    def __init__(self, row: SliderRow) -> None:
        self.said: list[object] = []
        row.amountChanged.connect(lambda row_id, amount: self.said.append((row_id, amount)))
        row.gestureStarted.connect(lambda row_id: self.said.append(("start", row_id)))
        row.gestureFinished.connect(lambda row_id: self.said.append(("finish", row_id)))
        row.resetRequested.connect(lambda row_id: self.said.append(("reset", row_id)))
        row.rangeChangeRequested.connect(lambda *told: self.said.append(told))

    @property
    def amounts(self) -> list[float]:
        return [entry[1] for entry in self.said if isinstance(entry, tuple) and entry[0] == "sefa:1"]


@pytest.fixture
def log(row: SliderRow) -> Log:
    return Log(row)


def at(row: SliderRow, amount: float) -> tuple[float, float]:
    return row.slider.positionOf(amount).x(), 10.0


def test_a_new_state_is_shown_and_nothing_told(row: SliderRow, log: Log) -> None:
    row.setState(replace(STATE, amount=3.0, name="grin", low=-8.0, enabled=False, starred=True))
    row.setUnit("amount")
    assert row.amount() == 3
    assert row.slider.value() == 3
    assert row.slider.low() == -8
    assert row.slider.accessibleName() == "grin"
    assert row.accessibleName() == "grin"
    assert log.said == []


def test_amounts_are_shown_in_deviations_and_in_units(row: SliderRow) -> None:
    row.setState(replace(STATE, amount=2.8))
    assert row.number.text() == "+1.40 σ"
    row.setUnit("amount")
    assert row.number.text() == "+2.80"
    row.setState(STATE)
    assert row.number.text() == "0"


def test_an_unknown_deviation_leaves_the_unit(row: SliderRow) -> None:
    row.setState(replace(STATE, sigma=0.0, amount=-2.5))
    assert row.unit() == "amount"
    assert row.number.text() == "−2.50"


def test_a_drag_tells_amounts_in_units_of_the_direction(row: SliderRow, log: Log) -> None:
    drag(row.slider, at(row, 0), at(row, 2), at(row, 4))
    assert log.amounts == [pytest.approx(2), pytest.approx(4)]
    assert log.said[0] == ("start", "sefa:1")
    assert log.said[-1] == ("finish", "sefa:1")
    assert row.number.text() == "+2.00 σ"


def test_the_hand_wins_over_the_state_while_it_drags(row: SliderRow) -> None:
    press(row.slider, at(row, 0))
    move(row.slider, at(row, 5))
    row.setState(replace(STATE, amount=-3.0, name="grin"))
    assert row.amount() == pytest.approx(5)
    assert row.slider.value() == pytest.approx(5)
    release(row.slider, at(row, 5))
    row.setState(replace(STATE, amount=-2.0))
    assert row.slider.value() == -2


def test_an_amount_beyond_the_ends_is_kept_and_shown(row: SliderRow) -> None:
    row.setState(replace(STATE, amount=14.0))
    assert row.number.text() == "+7.00 σ"
    assert row.slider.value() == 10
    assert row.amount() == 14


def test_a_click_on_the_amount_opens_a_field(row: SliderRow, log: Log, qtbot: QtBot) -> None:
    click(row.number, (5, 5))
    field = row.number.findChild(QLineEdit)
    assert row.number.isEditing()
    field.setText("−1,5 σ")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not row.number.isEditing()
    assert log.said == [("start", "sefa:1"), ("sefa:1", -3.0), ("finish", "sefa:1")]
    assert row.slider.value() == -3


def test_a_typed_amount_may_lie_beyond_the_ends(row: SliderRow, log: Log, qtbot: QtBot) -> None:
    row.editAmount()
    qtbot.keyClicks(row.number.findChild(QLineEdit), "8")
    qtbot.keyClick(row.number.findChild(QLineEdit), Qt.Key.Key_Return)
    assert log.amounts == [16.0]


def test_escape_or_nonsense_in_the_field_changes_nothing(row: SliderRow, log: Log, qtbot: QtBot) -> None:
    row.editAmount()
    qtbot.keyClicks(row.number.findChild(QLineEdit), "3")
    qtbot.keyClick(row.number.findChild(QLineEdit), Qt.Key.Key_Escape)
    assert not row.number.isEditing()
    row.editAmount()
    row.number.findChild(QLineEdit).setText("much")
    qtbot.keyClick(row.number.findChild(QLineEdit), Qt.Key.Key_Return)
    assert log.said == []


def test_enter_without_a_change_closes_the_field(row: SliderRow, log: Log, qtbot: QtBot) -> None:
    row.setState(replace(STATE, amount=2.0))
    row.editAmount()
    qtbot.keyClick(row.number.field(), Qt.Key.Key_Return)
    assert not row.number.isEditing()
    assert log.said == []


def test_going_elsewhere_takes_what_was_typed(row: SliderRow, log: Log, qtbot: QtBot) -> None:
    row.activateWindow()
    row.editAmount()
    qtbot.keyClicks(row.number.field(), "3")
    row.slider.setFocus()
    assert not row.number.isEditing()
    assert log.amounts == [6.0]


def test_a_digit_begins_to_type(row: SliderRow, log: Log, qtbot: QtBot) -> None:
    key(row.number, Qt.Key.Key_2, text="2")
    assert row.number.isEditing()
    qtbot.keyClick(row.number.findChild(QLineEdit), Qt.Key.Key_Return)
    assert log.amounts == [4.0]


def test_double_click_resets(row: SliderRow, log: Log) -> None:
    row.setState(replace(STATE, amount=4.0))
    double_click(row.slider, at(row, 4))
    assert log.amounts == [0]
    assert log.said[-1] == ("reset", "sefa:1")
    assert row.number.text() == "0"


def test_delete_resets_an_amount_beyond_the_ends(row: SliderRow, log: Log) -> None:
    row.setState(replace(STATE, amount=-99.0))
    key(row.slider, Qt.Key.Key_Delete)
    assert log.amounts == [0]
    assert ("reset", "sefa:1") in log.said


def test_delete_at_rest_tells_of_no_change(row: SliderRow, log: Log) -> None:
    key(row.slider, Qt.Key.Key_Delete)
    assert log.amounts == []


def test_an_arrow_goes_a_tenth_of_a_deviation(row: SliderRow, log: Log) -> None:
    key(row.slider, Qt.Key.Key_Right)
    assert log.amounts == [pytest.approx(0.2)]


def test_a_click_on_a_thumbnail_goes_a_step_its_way(row: SliderRow, log: Log) -> None:
    high = row.thumbnailRect("high").center()
    low = row.thumbnailRect("low").center()
    click(row, (high.x(), high.y()))
    click(row, (low.x(), low.y()))
    click(row, (low.x(), low.y()))
    assert log.amounts == [pytest.approx(1), pytest.approx(0), pytest.approx(-1)]


def test_the_mouse_on_a_thumbnail_asks_for_the_large_picture(row: SliderRow, qtbot: QtBot) -> None:
    spot = row.thumbnailRect("low").center()
    with qtbot.waitSignal(row.peekRequested) as told:
        move(row, (spot.x(), spot.y()), button=Qt.MouseButton.NoButton)
    assert told.args == ["sefa:1"]
    with qtbot.waitSignal(row.peekRequested) as told:
        move(row, (200, 10), button=Qt.MouseButton.NoButton)
    assert told.args == [""]


def test_the_menu_is_asked_for_by_mouse_and_by_key(row: SliderRow, qtbot: QtBot) -> None:
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        with qtbot.waitSignal(row.menuRequested) as told:
            QApplication.sendEvent(
                row, QContextMenuEvent(reason, QPoint(20, 20), row.mapToGlobal(QPoint(20, 20)))
            )
        assert told.args[0] == "sefa:1"
        assert row.rect().contains(row.mapFromGlobal(told.args[1]))


def solid(colour: str, side: int = 64) -> QImage:
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def test_thumbnails_are_painted_at_their_ends(row: SliderRow) -> None:
    row.setThumbnails(solid("#aa0000"), solid("#0000aa"))
    seen = row.grab().toImage()
    assert seen.pixelColor(17, 22) == QColor("#aa0000")
    assert seen.pixelColor(400 - 17, 22) == QColor("#0000aa")
    row.setThumbnails(None, None)
    assert row.grab().toImage().pixelColor(6, 22) == QColor(DARK.raised)


def test_another_direction_does_not_keep_the_thumbnails_of_the_last(row: SliderRow) -> None:
    row.setThumbnails(solid("#aa0000"), solid("#0000aa"))
    row.setState(replace(STATE, id="sefa:2"))
    assert row.thumbnails() == (None, None)


def test_the_range_form_asks_in_the_unit_shown(row: SliderRow, log: Log, qtbot: QtBot) -> None:
    row.editRange()
    editor = row.findChild(RangeEditor)
    low = editor.findChild(QDoubleSpinBox, "rangeLow")
    high = editor.findChild(QDoubleSpinBox, "rangeHigh")
    assert (low.value(), high.value()) == (-3, 5)
    low.setValue(-2)
    high.setValue(2.5)
    with qtbot.waitSignal(editor.destroyed):
        editor.findChild(QPushButton, "rangeApply").click()
    assert log.said == [("sefa:1", -4.0, 5.0)]


def test_the_range_form_does_not_take_ends_that_cross(row: SliderRow, log: Log, qtbot: QtBot) -> None:
    row.editRange()
    editor = row.findChild(RangeEditor)
    editor.findChild(QDoubleSpinBox, "rangeLow").setValue(9)
    apply = editor.findChild(QPushButton, "rangeApply")
    assert not apply.isEnabled()
    qtbot.keyClick(editor.findChild(QDoubleSpinBox, "rangeLow"), Qt.Key.Key_Return)
    assert log.said == []
    with qtbot.waitSignal(editor.destroyed):
        editor.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.4", 1.4),
        (" +1,4 σ", 1.4),
        ("−0.8", -0.8),
        ("–3", -3.0),
        (".5", 0.5),
        ("7 steps", 7.0),
        ("", None),
        ("σ", None),
        ("nan", None),
        ("--2", None),
    ],
)
def test_numbers_are_read_as_people_type_them(text: str, expected: float | None) -> None:
    assert parse_number(text) == expected


@pytest.mark.parametrize(
    ("amount", "text"), [(1.4, "+1.40"), (-0.8, "−0.80"), (0.0, "0"), (-0.001, "0"), (12, "+12.00")]
)
def test_amounts_are_written_with_their_sign(amount: float, text: str) -> None:
    assert format_amount(amount) == text


def test_a_number_that_grows_lets_the_whole_row_paint_anew(row: SliderRow, qtbot: QtBot) -> None:
    painted: list[int] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(event.region().boundingRect().width())
            return False

    watch = Watch(row)
    row.installEventFilter(watch)
    QApplication.processEvents()
    painted.clear()
    row.slider.changeTo(4.0)
    QApplication.processEvents()
    assert row.number.text() == "+2.00 σ"
    # Less than this, and the rows would be cut where the number was.
    assert row.width() in painted
