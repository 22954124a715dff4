"""NumberLabel: a number that turns into a field where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours, number_font
from latent_studio.ui.widgets.focus import FocusRing, draw_focus_ring

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent

_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)")
_PADDING = 4
_FIELD = 56


def format_amount(amount: float, *, decimals: int = 2) -> str:
    """Write a signed amount: ``+1.40``, ``−0.80``, ``0``."""
    text = f"{abs(amount):.{decimals}f}"
    if float(text) == 0:
        return "0"
    return f"{'−' if amount < 0 else '+'}{text}"


def parse_number(text: str) -> float | None:
    """Read a number as people type it: comma or point, any minus, a unit behind it; ``None`` if none."""
    match = _NUMBER.match(text.strip().replace("−", "-").replace("–", "-"))
    return float(match[0].replace(",", ".")) if match else None


class NumberLabel(QWidget):
    """Right-aligned number with its unit; click, Enter or F2 to type another.

    Signals:
        numberTyped: a number was typed; the label goes on showing what it was told to.
        editingChanged: the field opened or closed; the label is wider with it.
    """

    numberTyped = Signal(float)
    editingChanged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._quiet = False
        self._hovered = False
        self._ring = FocusRing()
        self._editor = QLineEdit(self)
        self._editor.setObjectName("numberEditor")
        self._editor.setProperty("inplace", True)
        self._editor.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._editor.hide()
        self._editor.installEventFilter(self)
        self.setFont(number_font(self.font()))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setAccessibleName(self.tr("Value"))
        self.setToolTip(self.tr("Click to type a number"))

    def text(self) -> str:
        """What it shows."""
        return self._text

    def setText(self, text: str) -> None:
        """Show a number with its unit."""
        if text != self._text:
            wider = len(text) != len(self._text)
            self._text = text
            self.setAccessibleDescription(text)
            if wider:
                self.updateGeometry()
            self.update()

    def setQuiet(self, quiet: bool) -> None:
        """Muted, for a value at rest."""
        if quiet != self._quiet:
            self._quiet = quiet
            self.update()

    def setAccessibleName(self, name: str) -> None:
        """Name the number, and the field it turns into."""
        super().setAccessibleName(name)
        self._editor.setAccessibleName(name)

    def isEditing(self) -> bool:
        """Whether the field is open."""
        return not self._editor.isHidden()

    def field(self) -> QLineEdit:
        """The field it turns into."""
        return self._editor

    def edit(self) -> None:
        """Open the field."""
        self._editor.setText(self._text.split(" ")[0])
        self._editor.show()
        self.updateGeometry()
        self.editingChanged.emit(True)
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self._editor.selectAll()

    def sizeHint(self) -> QSize:
        """As wide as its text, or as a number to be typed."""
        metrics = self.fontMetrics()
        least = _FIELD if self.isEditing() else 24
        return QSize(max(metrics.horizontalAdvance(self._text), least) + 2 * _PADDING, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    @Slot()
    def _take(self) -> None:
        if self._editor.isHidden():
            return
        number, had_focus = parse_number(self._editor.text()), self._editor.hasFocus()
        self._close(keep_focus=had_focus)
        if number is not None:
            self.numberTyped.emit(number)

    def _close(self, *, keep_focus: bool) -> None:
        self._editor.hide()
        self.updateGeometry()
        self.editingChanged.emit(False)
        if keep_focus:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Escape in the field drops what was typed; going elsewhere takes it."""
        if (
            isinstance(event, QFocusEvent)
            and event.type() == QFocusEvent.Type.FocusOut
            and event.reason() != Qt.FocusReason.PopupFocusReason
        ):
            self._take()
        if isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            # Not passed on: the label would open the field again.
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._close(keep_focus=True)
                return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The field covers the label."""
        self._editor.setGeometry(self.rect())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the field."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._ring.mouse_used()
            self.edit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, F2 or a digit opens the field."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit()
        elif event.text() and event.text() in "0123456789+-.,":
            self.edit()
            self._editor.setText(event.text())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when the keyboard brought us here."""
        self._ring.entered(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No ring."""
        self._ring.left()
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be clicked."""
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Calm again."""
        self._hovered = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The number at the right."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._hovered and self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.hover))
            painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setPen(colour(tokens.muted if self._quiet or not self.isEnabled() else tokens.text))
        painter.drawText(
            QRectF(self.rect()).adjusted(0, 0, -_PADDING, 0),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            self._text,
        )
        if self.hasFocus() and self._ring.visible:
            draw_focus_ring(painter, QRectF(self.rect()), radius=4)
        painter.end()
