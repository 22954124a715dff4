"""RowsField, SeedField, LabelledSlider: what is typed, chosen and turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QLineEdit, QToolButton

from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.widgets.labelled_slider import LabelledSlider
from latent_studio.ui.widgets.number_label import NumberLabel
from latent_studio.ui.widgets.rows_field import RowsField, rows_text, zones
from latent_studio.ui.widgets.seed_field import SeedField
from tests.qt.widgets.hands import click, drag, key, wheel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def rows(qtbot: QtBot) -> RowsField:
    found = RowsField()
    qtbot.addWidget(found)
    found.setNumRows(14)
    found.show()
    return found


def type_rows(qtbot: QtBot, field: RowsField, text: str) -> None:
    editor = field.findChild(QLineEdit)
    editor.setFocus()
    editor.selectAll()
    for letter in text:
        # QTest's own typing knows no letters beyond Latin 1.
        key(editor, Qt.Key.Key_unknown, text=letter)
    qtbot.keyClick(editor, Qt.Key.Key_Return)


def choose(field: RowsField, text: str) -> None:
    combo = field.findChild(QComboBox)
    place = next(place for place in range(combo.count()) if text in combo.itemText(place))
    combo.setCurrentIndex(place)
    combo.activated.emit(place)


@pytest.mark.parametrize(
    ("num_ws", "expected"),
    [
        (14, (range(0, 4), range(4, 8), range(8, 14))),
        (18, (range(0, 4), range(4, 8), range(8, 18))),
        (8, (range(0, 4), range(4, 8))),
        (6, (range(0, 4), range(4, 6))),
        (1, (range(0, 1),)),
        (0, ()),
    ],
)
def test_zones_cover_all_rows(num_ws: int, expected: tuple[range, ...]) -> None:
    assert zones(num_ws) == tuple(tuple(rows) for rows in expected)


def test_a_preset_gives_its_rows(rows: RowsField, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rows.rowsChanged) as told:
        choose(rows, "middle")
    assert told.args == [(4, 5, 6, 7)]
    assert rows.text() == "4–7"
    with qtbot.waitSignal(rows.rowsChanged) as told:
        choose(rows, "all")
    assert told.args == [None]
    assert rows.text() == "all"


def test_typed_rows_are_read(rows: RowsField, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rows.rowsChanged) as told:
        type_rows(qtbot, rows, "8, 0–3")
    assert told.args == [(0, 1, 2, 3, 8)]
    assert rows.text() == "0–3, 8"


@pytest.mark.parametrize("text", ["", "all", "ALL", "0-13"])
def test_many_ways_to_say_all(rows: RowsField, qtbot: QtBot, text: str) -> None:
    rows.setRows((1, 2))
    with qtbot.waitSignal(rows.rowsChanged) as told:
        editor = rows.findChild(QLineEdit)
        editor.clear()
        type_rows(qtbot, rows, text)
    assert told.args == [None]


@pytest.mark.parametrize("text", ["x", "3-", "5-2", "0-14", "14"])
def test_what_cannot_be_read_is_marked_and_changes_nothing(rows: RowsField, qtbot: QtBot, text: str) -> None:
    rows.setRows((1, 2))
    with qtbot.assertNotEmitted(rows.rowsChanged):
        type_rows(qtbot, rows, text)
    assert not rows.isValid()
    assert rows.rows() == (1, 2)
    combo = rows.findChild(QComboBox)
    assert combo.property("invalid") is True
    assert combo.toolTip()
    rows.setRows((1, 2))
    assert rows.isValid()
    assert combo.property("invalid") is False


def test_the_tooltip_explains_and_gives_way_to_the_reason(rows: RowsField, qtbot: QtBot) -> None:
    combo = rows.findChild(QComboBox)
    rows.setToolTip("Which rows")
    assert combo.toolTip() == "Which rows"
    type_rows(qtbot, rows, "99")
    assert "13" in combo.toolTip()
    rows.setRows(None)
    assert combo.toolTip() == "Which rows"


def test_saying_the_same_rows_again_tells_nothing(rows: RowsField, qtbot: QtBot) -> None:
    rows.setRows((1, 2))
    with qtbot.assertNotEmitted(rows.rowsChanged):
        type_rows(qtbot, rows, "1-2")


def test_setters_of_rows_stay_silent(rows: RowsField, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(rows.rowsChanged):
        rows.setRows((5, 9))
        rows.setNumRows(8)
        rows.setRows(None)
    assert rows.numRows() == 8


def test_rows_a_smaller_model_does_not_have_are_dropped(rows: RowsField) -> None:
    rows.setRows((5, 9))
    rows.setNumRows(8)
    assert rows.rows() == (5,)
    assert rows.text() == "5"


def test_rows_are_written_with_a_proper_dash() -> None:
    assert rows_text((0, 1, 2, 3, 8)) == "0–3, 8"
    assert rows_text(None) == "all"


@pytest.fixture
def seed(qtbot: QtBot) -> SeedField:
    found = SeedField()
    qtbot.addWidget(found)
    found.show()
    return found


def box_of(seed: SeedField) -> QDoubleSpinBox:
    return seed.findChild(QDoubleSpinBox)


def test_the_largest_seed_can_be_typed(seed: SeedField, qtbot: QtBot) -> None:
    box = box_of(seed)
    box.selectAll()
    with qtbot.waitSignal(seed.seedChanged) as told:
        qtbot.keyClicks(box, "4294967295")
        qtbot.keyClick(box, Qt.Key.Key_Return)
    assert told.args == [4294967295]
    assert seed.seed() == 4294967295


def test_a_seed_is_told_once_typed_and_not_at_each_digit(seed: SeedField, qtbot: QtBot) -> None:
    told: list[int] = []
    seed.seedChanged.connect(told.append)
    box_of(seed).selectAll()
    qtbot.keyClicks(box_of(seed), "123")
    qtbot.keyClick(box_of(seed), Qt.Key.Key_Return)
    assert told == [123]


def test_keys_and_wheel_step_and_wrap(seed: SeedField) -> None:
    told: list[int] = []
    seed.seedChanged.connect(told.append)
    key(box_of(seed), Qt.Key.Key_Up)
    box_of(seed).setFocus()
    wheel(box_of(seed), 1)
    seed.setSeed(0)
    key(box_of(seed), Qt.Key.Key_Down)
    assert told == [1, 2, 4294967295]


def test_a_place_between_seeds_is_shown_without_a_signal(seed: SeedField, qtbot: QtBot) -> None:
    way = seed.findChild(QLabel, "seedWay")
    with qtbot.assertNotEmitted(seed.seedChanged):
        seed.setPoint(SeedPoint(42, 0.25, 0.5))
    assert seed.seed() == 42
    assert seed.point() == SeedPoint(42, 0.25, 0.5)
    assert way.isVisible()
    assert way.text() == "x 0.25\ny 0.50"
    seed.setSeed(42)
    assert not way.isVisible()


def test_enter_between_seeds_goes_to_the_seed_itself(seed: SeedField, qtbot: QtBot) -> None:
    seed.setPoint(SeedPoint(42, 0.25, 0.5))
    with qtbot.waitSignal(seed.seedChanged) as told:
        qtbot.keyClick(box_of(seed), Qt.Key.Key_Return)
    assert told.args == [42]
    assert seed.point().is_whole


def test_the_dice_ask_for_a_random_seed(seed: SeedField, qtbot: QtBot) -> None:
    with qtbot.waitSignal(seed.randomRequested):
        seed.findChild(QToolButton, "seedDice").click()


@pytest.fixture
def psi(qtbot: QtBot) -> LabelledSlider:
    found = LabelledSlider("Truncation ψ")
    qtbot.addWidget(found)
    found.setRange(0, 1.5)
    found.setDefault(1)
    found.resize(200, 50)
    found.show()
    return found


def test_a_labelled_slider_shows_its_value_and_stays_silent(psi: LabelledSlider, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(psi.valueChanged):
        psi.setValue(0.7)
    assert psi.findChild(NumberLabel).text() == "0.70"
    assert psi.value() == 0.7
    assert psi.slider().accessibleName() == "Truncation ψ"


def test_a_labelled_slider_passes_on_what_the_slider_says(psi: LabelledSlider, qtbot: QtBot) -> None:
    said: list[object] = []
    psi.gestureStarted.connect(lambda: said.append("start"))
    psi.valueChanged.connect(said.append)
    psi.gestureFinished.connect(lambda: said.append("finish"))
    slider = psi.slider()
    spot = slider.positionOf(0.75).x(), 10.0
    drag(slider, spot, spot)
    assert said == ["start", pytest.approx(0.75), "finish"]
    assert psi.findChild(NumberLabel).text() == "0.75"


def test_a_number_typed_beside_a_slider_is_one_gesture(psi: LabelledSlider, qtbot: QtBot) -> None:
    said: list[object] = []
    psi.gestureStarted.connect(lambda: said.append("start"))
    psi.valueChanged.connect(said.append)
    psi.gestureFinished.connect(lambda: said.append("finish"))
    number = psi.findChild(NumberLabel)
    click(number, (5, 5))
    qtbot.keyClicks(number.field(), "9")
    qtbot.keyClick(number.field(), Qt.Key.Key_Return)
    assert said == ["start", 1.5, "finish"]


def test_a_labelled_slider_of_whole_numbers(psi: LabelledSlider, qtbot: QtBot) -> None:
    psi.setIntegerMode(True)
    psi.setRange(0, 14)
    psi.setValue(9)
    number = psi.findChild(NumberLabel)
    assert number.text() == "9"
    number.edit()
    qtbot.keyClicks(number.field(), "3.6")
    qtbot.keyClick(number.field(), Qt.Key.Key_Return)
    assert psi.value() == 4


def test_the_unit_stands_behind_the_number(psi: LabelledSlider) -> None:
    psi.setDecimals(1)
    psi.setSuffix("s")
    psi.setValue(0.5)
    assert psi.findChild(NumberLabel).text() == "0.5 s"


def test_escape_drops_rows_that_cannot_be_read(rows: RowsField, qtbot: QtBot) -> None:
    type_rows(qtbot, rows, "2-5")
    type_rows(qtbot, rows, "nonsense")
    assert not rows.isValid()
    qtbot.keyClick(rows.findChild(QLineEdit), Qt.Key.Key_Escape)
    assert rows.isValid()
    assert rows.text() == "2–5"
    assert rows.rows() == (2, 3, 4, 5)


def test_a_seed_field_between_seeds_fits_the_narrowest_dock(qtbot: QtBot) -> None:
    field = SeedField()
    qtbot.addWidget(field)
    field.show()
    field.setPoint(SeedPoint(4294967294, 0.5, 0.5))
    # What the left column leaves beside the word Seed.
    assert field.minimumSizeHint().width() <= 224
