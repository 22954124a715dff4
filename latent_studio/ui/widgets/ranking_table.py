"""RankingTable: the best path of each attribute, one row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class RankingRow:
    """What a row shows.

    Attributes:
        attribute: id of the attribute.
        title: of the attribute.
        path: name of its best path.
        pearson: its correlation, -1 to 1.
        effect: end to end, in standard deviations.
        selectivity: share of all change, 0 to 1.
    """

    attribute: str
    title: str
    path: str
    pearson: float
    effect: float
    selectivity: float


class RankingTable(QTableWidget):
    """Rows to choose from; Return or a double click asks for the row's path as a slider."""

    #: The id of the attribute in the current row.
    attributeChosen = Signal(str)
    #: The id of an attribute whose best path is wanted as a slider.
    bindRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 5, parent)
        self.setObjectName("warp-ranking")
        self.setAccessibleName(self.tr("Best path of each attribute"))
        self.setToolTip(self.tr("The best path of each attribute; double-click one to get it as a slider."))
        heads = (
            self.tr("Attribute"),
            self.tr("Best path"),
            self.tr("Pearson"),
            self.tr("Effect"),
            self.tr("Selective"),
        )
        self.setHorizontalHeaderLabels(list(heads))
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self.currentCellChanged.connect(self._choose)
        self.itemActivated.connect(self._request)

    def setRows(self, rows: Sequence[RankingRow]) -> None:
        """Show a ranking; the first row becomes the current one."""
        self.clearContents()
        self.setRowCount(len(rows))
        for index, row in enumerate(rows):
            cells = (
                row.title,
                row.path,
                f"{row.pearson:+.2f}",
                f"{row.effect:+.1f} sd",
                f"{row.selectivity:.0%}",
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setData(Qt.ItemDataRole.UserRole, row.attribute)
                if column >= 2:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(index, column, item)
        if rows:
            self.setCurrentCell(0, 0)

    def attribute(self) -> str:
        """The id of the attribute in the current row; empty without rows."""
        item = self.item(self.currentRow(), 0)
        return "" if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    @Slot(int, int, int, int)
    def _choose(self, row: int, _column: int, old_row: int, _old_column: int) -> None:
        if row != old_row and self.attribute():
            self.attributeChosen.emit(self.attribute())

    @Slot(QTableWidgetItem)
    def _request(self, item: QTableWidgetItem) -> None:
        self.bindRequested.emit(str(item.data(Qt.ItemDataRole.UserRole)))
