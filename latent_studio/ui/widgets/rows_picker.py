"""RowsPicker: rows of ws as boxes to tick, with a button for each zone."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from latent_studio.ui.theme import colour, colours, number_font, small_font
from latent_studio.ui.widgets.focus import FocusRing, draw_focus_ring
from latent_studio.ui.widgets.rows_field import rows_text, zones

_CELL = 20
_GAP = 3


class RowsPicker(QWidget):
    """Zones to choose with one click, and a box for each row.

    Signals:
        rowsChanged: the user chose other rows; a tuple, ascending, empty for none.
        gestureFinished: the hand was lifted: one undo step.
    """

    rowsChanged = Signal(tuple)
    gestureFinished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes = RowBoxes(self)
        self._boxes.setObjectName("rowBoxes")
        self._boxes.rowsChanged.connect(self._take)
        self._boxes.gestureFinished.connect(self.gestureFinished)
        self._chips: list[tuple[QToolButton, tuple[int, ...]]] = []
        self._line = QHBoxLayout()
        self._line.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._line)
        layout.addWidget(self._boxes)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self._boxes)
        self.setAccessibleName(self.tr("Rows"))

    def setAccessibleName(self, name: str) -> None:
        """Set the name of the boxes too."""
        super().setAccessibleName(name)
        self._boxes.setAccessibleName(name)

    def setNumRows(self, number: int) -> None:
        """Tell how many rows the model has."""
        if number == self._boxes.numRows():
            return
        self._boxes.setNumRows(number)
        for chip, _ in self._chips:
            self._line.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        while self._line.count():
            self._line.takeAt(0)
        names = (self.tr("form"), self.tr("features"), self.tr("colour"))
        found = zones(number)
        choices = [(self.tr("all"), tuple(range(number)))]
        if len(found) > 1:
            choices += zip(names, found, strict=False)
        choices.append((self.tr("none"), ()))
        self._chips = [(self._chip(name, rows), rows) for name, rows in choices]
        for chip, _ in self._chips:
            self._line.addWidget(chip)
        self._line.addStretch(1)
        self._mark()

    def rows(self) -> tuple[int, ...]:
        """The rows chosen."""
        return self._boxes.rows()

    def setRows(self, rows: tuple[int, ...]) -> None:
        """Show rows; no signal."""
        self._boxes.setRows(rows)
        self._mark()

    def _chip(self, name: str, rows: tuple[int, ...]) -> QToolButton:
        chip = QToolButton(self)
        chip.setObjectName(f"rowsChip-{name}")
        chip.setText(name)
        chip.setCheckable(True)
        chip.setProperty("chip", True)
        chip.setAccessibleName(self.tr("Rows {rows}").format(rows=f"{name} {rows_text(rows)}".strip()))
        chip.setToolTip(self.tr("Rows {rows}").format(rows=rows_text(rows)) if rows else self.tr("No rows"))
        chip.clicked.connect(partial(self._choose, rows))
        return chip

    def _choose(self, rows: tuple[int, ...], _checked: bool = False) -> None:
        before = self._boxes.rows()
        self.setRows(rows)
        if rows != before:
            self.rowsChanged.emit(rows)
            self.gestureFinished.emit()

    @Slot(tuple)
    def _take(self, rows: tuple[int, ...]) -> None:
        self._mark()
        self.rowsChanged.emit(rows)

    def _mark(self) -> None:
        shown = self._boxes.rows()
        for chip, rows in self._chips:
            chip.setChecked(rows == shown)


class RowBoxes(QWidget):
    """A box for each row; a drag over several gives them all the state of the first.

    Left and Right go from box to box, Space ticks, Shift with an arrow takes the tick along.

    Signals:
        rowsChanged: the user chose other rows; a tuple, ascending, empty for none.
        gestureFinished: the hand was lifted.
    """

    rowsChanged = Signal(tuple)
    gestureFinished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._rows: set[int] = set()
        self._cursor = 0
        self._paints: bool | None = None
        self._hovered = -1
        self._ring = FocusRing()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setToolTip(self.tr("Click or drag over the rows; arrow keys and Space do the same."))

    def numRows(self) -> int:
        """How many boxes there are."""
        return self._number

    def setNumRows(self, number: int) -> None:
        """Tell how many rows there are; ticks beyond them go without a signal."""
        self._number = number
        self._rows = {row for row in self._rows if row < number}
        self._cursor = min(self._cursor, max(0, number - 1))
        self.updateGeometry()
        self._describe()

    def rows(self) -> tuple[int, ...]:
        """The rows ticked."""
        return tuple(sorted(self._rows))

    def setRows(self, rows: tuple[int, ...]) -> None:
        """Show rows; no signal. While the hand drags, the hand's stay."""
        if self._paints is None:
            self._rows = {row for row in rows if 0 <= row < self._number}
            self._describe()

    def boxRect(self, row: int) -> QRectF:
        """Where the box of a row is."""
        line, column = divmod(row, self._columns(self.width()))
        return QRectF(column * (_CELL + _GAP), line * (_CELL + _GAP), _CELL, _CELL)

    def _columns(self, width: int) -> int:
        return max(1, (width + _GAP) // (_CELL + _GAP))

    def hasHeightForWidth(self) -> bool:
        """It breaks into lines where it is narrow."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Lines of boxes."""
        columns = self._columns(width)
        lines = max(1, (self._number + columns - 1) // columns)
        return lines * (_CELL + _GAP) - _GAP

    def sizeHint(self) -> QSize:
        """All in one line, up to eighteen."""
        columns = min(max(self._number, 1), 18)
        width = columns * (_CELL + _GAP) - _GAP
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Half as wide."""
        width = 9 * (_CELL + _GAP) - _GAP
        return QSize(width, _CELL)

    def _row_at(self, spot: QPointF) -> int:
        for row in range(self._number):
            if self.boxRect(row).adjusted(-1, -1, 1, 1).contains(spot):
                return row
        return -1

    def _tick(self, row: int, *, on: bool) -> None:
        if on != (row in self._rows):
            (self._rows.add if on else self._rows.discard)(row)
            self._describe()
            self.rowsChanged.emit(self.rows())

    def _describe(self) -> None:
        text = rows_text(self.rows()) if self._rows else self.tr("none")
        ticked = self.tr("ticked") if self._cursor in self._rows else self.tr("not ticked")
        at = self.tr("row {row} {ticked}").format(row=self._cursor, ticked=ticked)
        self.setAccessibleDescription(f"{text}; {at}")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tick one, and begin to paint."""
        row = self._row_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self._ring.mouse_used()
            self._cursor = row
            self._paints = row not in self._rows
            self._tick(row, on=self._paints)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Paint on."""
        row = self._row_at(event.position())
        if row != self._hovered:
            self._hovered = row
            self.update()
        if self._paints is not None and row >= 0:
            self._cursor = row
            self._tick(row, on=self._paints)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The hand was lifted."""
        if event.button() == Qt.MouseButton.LeftButton and self._paints is not None:
            self._paints = None
            self.gestureFinished.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """No box is under the mouse."""
        self._hovered = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go and tick."""
        key, last = Qt.Key(event.key()), self._number - 1
        if key == Qt.Key.Key_Space and self._number:
            self._ring.key_used()
            self._tick(self._cursor, on=self._cursor not in self._rows)
            self.gestureFinished.emit()
            return
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key)
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if self._number and (way is not None or key in ends):
            self._ring.key_used()
            on = self._cursor in self._rows
            self._cursor = min(max(self._cursor + way, 0), last) if way is not None else ends[key]
            if way is not None and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._tick(self._cursor, on=on)
                self.gestureFinished.emit()
            self._describe()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        self._ring.entered(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard went."""
        self._ring.left()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The boxes with their numbers."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(number_font(small_font(self.font())))
        for row in range(self._number):
            box, ticked = self.boxRect(row), row in self._rows
            painter.setPen(QPen(colour(tokens.accent if ticked or row == self._hovered else tokens.line), 1))
            painter.setBrush(colour(tokens.accent) if ticked else colour(tokens.ground))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setPen(colour(tokens.on_accent if ticked else tokens.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(row))
            if row == self._cursor and self.hasFocus() and self._ring.visible:
                draw_focus_ring(painter, box.adjusted(-1, -1, 1, 1), radius=5)
        painter.end()
