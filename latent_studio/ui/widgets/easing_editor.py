"""EasingEditor: a small curve with two handles to bend it by."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.core.easing import LINEAR, Easing
from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.focus import FocusRing, draw_focus_ring

_SIZE = QSize(184, 196)
_MARGIN = 14.0
#: How far beyond its two ends a curve may be bent.
_BEYOND = 0.6
_REACH = 12.0
_STEP = 0.02
_SAMPLES = 96


class EasingEditor(QWidget):
    """Shows an easing as a curve from the lower left to the upper right; dragging a handle makes it a Bézier.

    Arrows move the handle that was last touched, Tab within it goes to the other one by Ctrl+Tab.

    Signals:
        easingChanged: the user bent the curve.
        gestureFinished: the hand was lifted.
    """

    easingChanged = Signal(object)
    gestureFinished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._easing = LINEAR
        self._handle = 0
        self._dragging = False
        self._ring = FocusRing()
        self.setObjectName("easing-editor")
        self.setAccessibleName(self.tr("Easing curve"))
        self.setToolTip(
            self.tr("Drag a handle to bend the curve; arrows move it, Space takes the other one.")
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def setEasing(self, easing: Easing) -> None:
        """Show another one without a signal."""
        self._easing = easing
        self.update()

    def easing(self) -> Easing:
        """The one shown."""
        return self._easing

    def sizeHint(self) -> QSize:
        """A small square and room beyond."""
        return _SIZE

    def handlePlace(self, index: int) -> QPointF:
        """Where a handle is, 0 or 1."""
        x1, y1, x2, y2 = self._points()
        return self._place(x1, y1) if index == 0 else self._place(x2, y2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The square, the curve, the handles."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(tokens.line), 1))
        painter.setBrush(colour(tokens.ground))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        low, high = self._place(0, 0), self._place(1, 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(QPointF(low.x(), high.y()), QPointF(high.x(), low.y())))
        path = QPainterPath(low)
        for index in range(1, _SAMPLES + 1):
            u = index / _SAMPLES
            path.lineTo(self._place(u, self._easing.at(u)))
        painter.setPen(QPen(colour(tokens.accent), 2))
        painter.drawPath(path)
        painter.setPen(QPen(colour(tokens.muted), 1))
        for index, end in ((0, low), (1, high)):
            painter.drawLine(end, self.handlePlace(index))
        for index in (0, 1):
            chosen = index == self._handle and self.hasFocus()
            painter.setPen(QPen(colour(tokens.text if chosen else tokens.panel), 1.5))
            painter.setBrush(colour(tokens.warm))
            painter.drawEllipse(self.handlePlace(index), 5, 5)
        if self._ring.visible and self.hasFocus():
            draw_focus_ring(painter, QRectF(self.rect()))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the nearest handle."""
        self._ring.mouse_used()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        distances = [(self.handlePlace(i) - event.position()).manhattanLength() for i in (0, 1)]
        self._handle = distances.index(min(distances))
        self._dragging = min(distances) <= 2 * _REACH
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Bend."""
        if self._dragging:
            x, y = self._value(event.position())
            self._bend(x, y)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The gesture ends."""
        if self._dragging:
            self._dragging = False
            self.gestureFinished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Bend by keys."""
        steps = {
            Qt.Key.Key_Left: (-_STEP, 0.0),
            Qt.Key.Key_Right: (_STEP, 0.0),
            Qt.Key.Key_Up: (0.0, _STEP),
            Qt.Key.Key_Down: (0.0, -_STEP),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            self._ring.key_used()
            points = self._points()
            self._bend(points[2 * self._handle] + step[0], points[2 * self._handle + 1] + step[1])
            self.gestureFinished.emit()
        elif event.key() == Qt.Key.Key_Space:
            self._handle = 1 - self._handle
            self.update()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        self._ring.entered(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard went."""
        self._ring.left()
        self.update()

    def _bend(self, x: float, y: float) -> None:
        x, y = min(1.0, max(0.0, x)), min(1 + _BEYOND, max(-_BEYOND, y))
        x1, y1, x2, y2 = self._points()
        points = (x, y, x2, y2) if self._handle == 0 else (x1, y1, x, y)
        rounded = tuple(round(point, 3) for point in points)
        self._easing = Easing("bezier", points=rounded)  # type: ignore[arg-type]
        self.easingChanged.emit(self._easing)
        self.update()

    def _points(self) -> tuple[float, float, float, float]:
        """Handles; those of a curve that is no Bézier begin where they bend least."""
        if self._easing.shape == "bezier":
            return self._easing.points
        if self._easing.shape == "linear":
            return (1 / 3, 1 / 3, 2 / 3, 2 / 3)
        starts = {"in": (0.5, 0.0, 0.9, 0.7), "out": (0.1, 0.3, 0.5, 1.0), "in-out": (0.5, 0.0, 0.5, 1.0)}
        return starts[self._easing.way]

    def _inner(self) -> QRectF:
        box = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        beyond = box.height() * _BEYOND / (1 + 2 * _BEYOND) * 0.6
        return box.adjusted(0, beyond, 0, -beyond)

    def _place(self, x: float, y: float) -> QPointF:
        box = self._inner()
        return QPointF(box.left() + x * box.width(), box.bottom() - y * box.height())

    def _value(self, place: QPointF) -> tuple[float, float]:
        box = self._inner()
        return (place.x() - box.left()) / box.width(), (box.bottom() - place.y()) / box.height()
