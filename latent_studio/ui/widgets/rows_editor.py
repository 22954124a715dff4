"""RowsEditor: a small form for the rows one slider moves."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from latent_studio.ui.widgets.panel import paint_card
from latent_studio.ui.widgets.rows_picker import RowsPicker


class RowsEditor(QWidget):
    """Pops up and shows the rows; every change takes effect at once.

    Args:
        rows: the rows in force.
        num_rows: how many the model has.
        parent: Qt owner.

    Signals:
        rowsChosen: other rows, at least one.
        resetRequested: back to the direction's own.
    """

    rowsChosen = Signal(tuple)
    resetRequested = Signal()

    def __init__(self, rows: tuple[int, ...], *, num_rows: int, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setObjectName("rowsEditor")
        self.setAccessibleName(self.tr("Rows of the slider"))
        self._picker = RowsPicker(self)
        self._picker.setObjectName("rowsPicker")
        self._picker.setAccessibleName(self.tr("Rows the slider moves"))
        self._picker.setNumRows(num_rows)
        self._picker.setRows(rows)
        self._picker.rowsChanged.connect(self._take)
        self._hint = QLabel(self)
        self._hint.setProperty("muted", True)
        reset = QPushButton(self.tr("The direction's own"), self)
        reset.setObjectName("rowsReset")
        reset.setToolTip(self.tr("Back to the rows the direction was made for."))
        reset.clicked.connect(self._reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self._picker)
        layout.addWidget(self._hint)
        layout.addWidget(reset, 0, Qt.AlignmentFlag.AlignLeft)
        self._show_hint(rows)

    def popup_at(self, spot: QPoint) -> None:
        """Show it below a place, inside the screen."""
        self.adjustSize()
        room = self.screen().availableGeometry()
        left = min(max(spot.x() - self.width() // 2, room.left()), room.right() - self.width())
        top = min(max(spot.y(), room.top()), room.bottom() - self.height())
        self.move(left, top)
        self.show()
        self._picker.setFocus()

    @Slot(tuple)
    def _take(self, rows: tuple[int, ...]) -> None:
        self._show_hint(rows)
        if rows:
            self.rowsChosen.emit(rows)

    @Slot()
    def _reset(self) -> None:
        self.close()
        self.resetRequested.emit()

    def _show_hint(self, rows: tuple[int, ...]) -> None:
        self._hint.setText(
            self.tr("Low rows shape the form, high rows the colour.")
            if rows
            else self.tr("A slider needs at least one row.")
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card."""
        painter = QPainter(self)
        paint_card(painter, QRectF(self.rect()))
        painter.end()
