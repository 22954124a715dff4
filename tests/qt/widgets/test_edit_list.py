"""EditList: order, switches and removal, by mouse and by keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QColor, QDropEvent

from latent_studio.ui.theme import DARK
from latent_studio.ui.widgets.edit_list import LINE_HEIGHT, EditItem, EditList
from tests.qt.widgets.hands import CTRL, click, key

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ITEMS = [EditItem("a", "yaw", "−0.80 σ"), EditItem("b", "smile", "+1.40 σ"), EditItem("c", "age", "+0.60 σ")]


class Log:
    """What the list said, in order."""

    def __init__(self, edits: EditList) -> None:
        self.said: list[tuple[object, ...]] = []
        edits.enabledChanged.connect(lambda *told: self.said.append(("enabled", *told)))
        edits.moved.connect(lambda *told: self.said.append(("moved", *told)))
        edits.removeRequested.connect(lambda *told: self.said.append(("remove", *told)))
        edits.selected.connect(lambda *told: self.said.append(("selected", *told)))


@pytest.fixture
def edits(qtbot: QtBot) -> EditList:
    found = EditList()
    qtbot.addWidget(found)
    found.resize(260, 120)
    found.setItems(ITEMS)
    found.show()
    return found


@pytest.fixture
def log(edits: EditList) -> Log:
    return Log(edits)


def texts(edits: EditList) -> list[str]:
    return [edits.item(row).text() for row in range(edits.count())]


def test_items_are_shown_in_order_and_nothing_told(edits: EditList, log: Log) -> None:
    edits.setItems([ITEMS[2], replace(ITEMS[0], enabled=False)])
    assert texts(edits) == ["age", "yaw"]
    assert edits.item(1).checkState() == Qt.CheckState.Unchecked
    assert edits.items_shown() == (ITEMS[2], replace(ITEMS[0], enabled=False))
    assert log.said == []


def test_a_changed_amount_keeps_the_lines(edits: EditList) -> None:
    before = edits.item(0)
    edits.setItems([replace(ITEMS[0], amount_text="−0.90 σ"), *ITEMS[1:]])
    assert edits.item(0) is before


def test_the_current_line_stays_current(edits: EditList, log: Log) -> None:
    edits.setCurrentRow(1)
    log.said.clear()
    edits.setItems([ITEMS[1], ITEMS[0]])
    assert edits.currentRow() == 0
    assert log.said == []


def test_a_click_on_the_switch_switches(edits: EditList, log: Log) -> None:
    spot = edits.checkRect(1).center()
    click(edits.viewport(), (spot.x(), spot.y()))
    assert log.said == [("enabled", "b", False)]
    click(edits.viewport(), (spot.x(), spot.y()))
    assert len(log.said) == 1, "the owner did not agree to the first, so this brings back what is"


def test_space_switches_and_delete_removes_the_current_line(edits: EditList, log: Log) -> None:
    edits.setCurrentRow(2)
    key(edits, Qt.Key.Key_Space)
    key(edits, Qt.Key.Key_Delete)
    assert log.said == [("selected", "c"), ("enabled", "c", False), ("remove", "c")]
    assert edits.count() == 3, "the owner removes"


def test_a_click_on_the_cross_removes(edits: EditList, log: Log) -> None:
    spot = edits.removeRect(0).center()
    click(edits.viewport(), (spot.x(), spot.y()))
    assert log.said == [("remove", "a")]


def test_control_and_arrows_move_a_line(edits: EditList, log: Log) -> None:
    edits.setCurrentRow(1)
    log.said.clear()
    key(edits, Qt.Key.Key_Down, modifiers=CTRL)
    key(edits, Qt.Key.Key_Up, modifiers=CTRL)
    assert log.said == [("moved", "b", 2), ("moved", "b", 0)]
    assert texts(edits) == ["yaw", "smile", "age"], "the owner moves"


def test_the_first_line_cannot_go_up(edits: EditList, log: Log) -> None:
    edits.setCurrentRow(0)
    log.said.clear()
    key(edits, Qt.Key.Key_Up, modifiers=CTRL)
    assert log.said == []


@pytest.mark.parametrize(
    ("edit_id", "gap", "expected"),
    [
        ("a", 0, []),
        ("a", 1, []),
        ("a", 2, [("moved", "a", 1)]),
        ("a", 3, [("moved", "a", 2)]),
        ("c", 0, [("moved", "c", 0)]),
        ("b", 0, [("moved", "b", 0)]),
        ("b", 2, []),
    ],
)
def test_a_gap_becomes_a_position_without_the_line_itself(
    edits: EditList, log: Log, edit_id: str, gap: int, expected: list[tuple[str, str, int]]
) -> None:
    edits.moveTo(edit_id, gap)
    assert log.said == expected


def drop(edits: EditList, y: float, monkeypatch: pytest.MonkeyPatch) -> None:
    event = QDropEvent(
        QPointF(50, y),
        Qt.DropAction.MoveAction,
        QMimeData(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    monkeypatch.setattr(event, "source", lambda: edits)
    edits.dropEvent(event)


def test_a_drop_between_lines_tells_the_new_place(
    edits: EditList, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits.setCurrentRow(0)
    log.said.clear()
    drop(edits, 2 * LINE_HEIGHT + 4, monkeypatch)
    assert log.said == [("moved", "a", 1)]
    drop(edits, 115, monkeypatch)
    assert log.said[-1] == ("moved", "a", 2)
    assert texts(edits) == ["yaw", "smile", "age"]


def test_a_drop_from_elsewhere_is_not_taken(edits: EditList, log: Log) -> None:
    edits.setCurrentRow(0)
    log.said.clear()
    event = QDropEvent(
        QPointF(50, 90),
        Qt.DropAction.MoveAction,
        QMimeData(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    edits.dropEvent(event)
    assert log.said == []


def test_a_switched_off_line_is_painted_without_a_filled_switch(edits: EditList) -> None:
    def filled() -> bool:
        seen, box = edits.viewport().grab().toImage(), edits.checkRect(0)
        return any(
            seen.pixelColor(x, box.center().y()) == QColor(DARK.accent)
            for x in range(box.left(), box.right())
        )

    assert filled()
    edits.setItems([replace(ITEMS[0], enabled=False), *ITEMS[1:]])
    assert not filled()


def test_an_empty_list_says_what_to_do(edits: EditList) -> None:
    edits.setEmptyText("")
    edits.setItems([])
    plain = edits.viewport().grab().toImage()
    edits.setEmptyText("Move a slider.")
    assert edits.viewport().grab().toImage() != plain


def test_a_line_can_be_heard(edits: EditList) -> None:
    assert edits.item(1).data(Qt.ItemDataRole.AccessibleTextRole) == "smile +1.40 σ"
    assert edits.accessibleName()
