"""Pad: a square in which a knob moves two amounts at once."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours, small_font
from latent_studio.ui.widgets.focus import FocusRing, draw_focus_ring

_KNOB = 7.0
_MARGIN = 10.0
_STEPS = 40
_FINE = 5


@dataclass(frozen=True, slots=True)
class PadAxis:
    """One side of the square.

    Attributes:
        name: of what it moves.
        low, high: its ends.
        safe_low, safe_high: the part where pictures stay natural.
    """

    name: str = ""
    low: float = -1.0
    high: float = 1.0
    safe_low: float = -0.5
    safe_high: float = 0.5


class Pad(QWidget):
    """Drag the knob; arrows step, Shift is fine, Delete or a double click goes home.

    Signals:
        moved: both amounts, across and up.
        gestureFinished: the hand was lifted.
    """

    moved = Signal(float, float)
    gestureFinished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axes = (PadAxis(), PadAxis())
        self._values = (0.0, 0.0)
        self._is_dragging = False
        self._ring = FocusRing()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("2-D pad"))
        self.setToolTip(
            self.tr("Drag to move both directions; arrow keys step, Shift is fine, Delete goes home.")
        )

    def setAxes(self, across: PadAxis, up: PadAxis) -> None:
        """Say what the sides move."""
        self._axes = (across, up)
        self._describe()

    def axes(self) -> tuple[PadAxis, PadAxis]:
        """What the sides move."""
        return self._axes

    def values(self) -> tuple[float, float]:
        """Where the knob is."""
        return self._values

    def setValues(self, across: float, up: float) -> None:
        """Show amounts; no signal. While the hand drags, the hand's stay."""
        if not self._is_dragging:
            self._values = (across, up)
            self._describe()

    def square(self) -> QRectF:
        """Where the pad is."""
        side = min(self.width(), self.height()) - 2 * _MARGIN
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def spotOf(self, across: float, up: float) -> QPointF:
        """Where two amounts are in the widget."""
        box, (x, y) = self.square(), self._axes
        return QPointF(
            box.left() + box.width() * (across - x.low) / (x.high - x.low),
            box.bottom() - box.height() * (up - y.low) / (y.high - y.low),
        )

    def _take(self, spot: QPointF) -> None:
        box, (x, y) = self.square(), self._axes
        across = x.low + (x.high - x.low) * min(max((spot.x() - box.left()) / box.width(), 0), 1)
        up = y.low + (y.high - y.low) * min(max((box.bottom() - spot.y()) / box.height(), 0), 1)
        self._set(across, up)

    def _set(self, across: float, up: float) -> None:
        if (across, up) != self._values:
            self._values = (across, up)
            self._describe()
            self.moved.emit(across, up)

    def _describe(self) -> None:
        (x, y), (across, up) = self._axes, self._values
        self.setAccessibleDescription(f"{x.name} {across:+.2f}, {y.name} {up:+.2f}")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The knob comes to the hand."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._ring.mouse_used()
            self._is_dragging = True
            self._take(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """It follows the hand."""
        if self._is_dragging:
            self._take(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The hand was lifted."""
        if self._is_dragging and event.button() == Qt.MouseButton.LeftButton:
            self._is_dragging = False
            self.gestureFinished.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Home."""
        self._home()

    def _home(self) -> None:
        self._is_dragging = False
        self._set(0.0, 0.0)
        self.gestureFinished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step, or go home."""
        key = Qt.Key(event.key())
        ways = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        if key in ways:
            self._ring.key_used()
            part = _STEPS * (_FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            values = [
                min(max(value + way * (axis.high - axis.low) / part, axis.low), axis.high)
                for value, way, axis in zip(self._values, ways[key], self._axes, strict=True)
            ]
            self._set(values[0], values[1])
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._home()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """One press and its repeats are one gesture."""
        arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        if event.key() in arrows and not event.isAutoRepeat():
            self.gestureFinished.emit()
        super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        self._ring.entered(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard went."""
        self._ring.left()
        self.update()

    def sizeHint(self) -> QSize:
        """A hand's breadth."""
        return QSize(200, 200)

    def minimumSizeHint(self) -> QSize:
        """A thumb's."""
        return QSize(120, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The square, its safe part, the cross of zero, and the knob."""
        tokens, box = colours(), self.square()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(tokens.line), 1))
        painter.setBrush(colour(tokens.track))
        painter.drawRoundedRect(box, 6, 6)
        (x, y), (across, up) = self._axes, self._values
        safe = QRectF(self.spotOf(x.safe_low, y.safe_high), self.spotOf(x.safe_high, y.safe_low))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(tokens.safe, alpha=0.45))
        painter.drawRoundedRect(safe.intersected(box), 4, 4)
        home = self.spotOf(0.0, 0.0)
        painter.setPen(QPen(colour(tokens.muted), 1))
        if box.left() <= home.x() <= box.right():
            painter.drawLine(QPointF(home.x(), box.top() + 4), QPointF(home.x(), box.bottom() - 4))
        if box.top() <= home.y() <= box.bottom():
            painter.drawLine(QPointF(box.left() + 4, home.y()), QPointF(box.right() - 4, home.y()))
        painter.setFont(small_font(self.font()))
        inner = box.adjusted(8, 6, -8, -6)
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, f"{x.name} →")
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, f"↑ {y.name}")
        spot = self.spotOf(across, up)
        spot = QPointF(
            min(max(spot.x(), box.left()), box.right()), min(max(spot.y(), box.top()), box.bottom())
        )
        painter.setPen(QPen(colour(tokens.accent), 2))
        painter.drawLine(home, spot)
        painter.setBrush(colour(tokens.knob if (across, up) != (0.0, 0.0) else tokens.muted))
        painter.setPen(QPen(colour(tokens.accent), 2))
        painter.drawEllipse(spot, _KNOB, _KNOB)
        if self.hasFocus() and self._ring.visible:
            draw_focus_ring(painter, box.adjusted(-3, -3, 3, 3))
        painter.end()
