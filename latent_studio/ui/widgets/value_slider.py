"""ValueSlider: a horizontal slider over real numbers that follows the hand."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleValueChangeEvent,
    QColor,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.focus import FocusRing, draw_focus_ring
from latent_studio.ui.widgets.spoken import speak_sliders

#: Wheel and keys belong to one gesture until they rest this long.
GESTURE_IDLE_MS = 400
#: With Shift a drag or a step goes a tenth of the way.
FINE = 0.1

_KNOB = 13.0
_TRACK = 5.0
_MAGNET_PX = 3.0
_WHEEL_NOTCH = 120


class ValueSlider(QWidget):
    """A slider from ``low`` to ``high``, not necessarily even about zero.

    The dark track is the whole range, its lighter part the safe zone, the hairline marks zero, the accent
    runs from zero to the knob. Setters show and stay silent; signals tell what the user did.

    Signals:
        valueChanged: for every move that changes the value, none left out.
        gestureStarted, gestureFinished: around what should become one step of undo. From the press on the
            knob or the track to its release; a run of wheel notches or keys until they rest; a reset.
    """

    valueChanged = Signal(float)
    gestureStarted = Signal()
    gestureFinished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        speak_sliders()
        self._low, self._high = 0.0, 1.0
        self._safe: tuple[float, float] | None = None
        self._default = 0.0
        self._value = 0.0
        self._step = 0.1
        self._decimals: int | None = None
        self._integer = False
        self._suffix = ""
        self._quiet = False
        self._hovered = False
        self._ring = FocusRing()
        self._in_gesture = False
        self._dragging = False
        self._before_drag = 0.0
        self._hand = (
            0.0  # where the hand is, in value, not clamped: coming back from beyond an end takes as long
        )
        self._last_x = 0.0
        self._wheel_rest = 0
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(GESTURE_IDLE_MS)
        self._idle.timeout.connect(self._finish_gesture)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(self.tr("Value"))
        self._tell_value()

    # What it shows

    def low(self) -> float:
        """The left end."""
        return self._low

    def high(self) -> float:
        """The right end."""
        return self._high

    def setRange(self, low: float, high: float) -> None:
        """Set the ends; the value is pulled inside without a signal.

        Raises:
            ValueError: not ``low < high``, or not finite.
        """
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"not a range: {low} to {high}")
        if (low, high) == (self._low, self._high):
            return
        self._low, self._high = low, high
        self._value = self._settled(self._value)
        self._tell_value()
        self.update()

    def safeZone(self) -> tuple[float, float] | None:
        """The part of the range that keeps pictures natural."""
        return self._safe

    def setSafeZone(self, low: float | None, high: float | None = None) -> None:
        """Mark the safe part of the range; ``None`` marks nothing."""
        zone = None if low is None or high is None else (min(low, high), max(low, high))
        if zone != self._safe:
            self._safe = zone
            self.update()

    def default(self) -> float:
        """Where double click and Delete go."""
        return self._default

    def setDefault(self, value: float) -> None:
        """Set where double click and Delete go."""
        self._default = value
        self.update()

    def step(self) -> float:
        """How far one arrow key or wheel notch goes."""
        return self._step

    def setStep(self, step: float) -> None:
        """Set how far one arrow key or wheel notch goes; Shift goes a tenth of it."""
        if not step > 0:
            raise ValueError(f"not a step: {step}")
        self._step = step

    def setIntegerMode(self, on: bool) -> None:
        """Only whole numbers; one step is at least 1."""
        self._integer = on
        self._value = self._settled(self._value)
        self.update()

    def setDecimals(self, decimals: int | None) -> None:
        """Round what the user sets to so many decimals; ``None`` rounds to nothing."""
        self._decimals = decimals

    def setSuffix(self, suffix: str) -> None:
        """The unit, for those who hear the value instead of seeing it."""
        self._suffix = suffix
        self._tell_value()

    def value(self) -> float:
        """The value shown, inside the range."""
        return self._value

    def setValue(self, value: float) -> None:
        """Show a value, pulled inside the range; no signal. During a drag the hand wins."""
        if self._dragging or not math.isfinite(value):
            return
        self._show(self._clamped(value))

    def isInGesture(self) -> bool:
        """Whether the user is at it."""
        return self._in_gesture

    def isDragging(self) -> bool:
        """Whether the mouse button is down on it."""
        return self._dragging

    def valueText(self) -> str:
        """The value as text, with its unit."""
        if self._integer:
            text = f"{round(self._value)}"
        else:
            text = f"{self._value:.{2 if self._decimals is None else self._decimals}f}"
        return f"{text} {self._suffix}".strip()

    def changeTo(self, value: float) -> None:
        """Go to a value as one gesture of the user, with all signals: a typed number does this."""
        self._finish_gesture()
        self._start_gesture()
        self._set_by_user(value)
        self._finish_gesture()

    def reset(self) -> None:
        """Go to the default, as one gesture of the user."""
        self.changeTo(self._default)

    def setQuiet(self, quiet: bool) -> None:
        """Fill with grey instead of the accent: the value is kept but has no effect now."""
        if quiet != self._quiet:
            self._quiet = quiet
            self.update()

    # Geometry

    def sizeHint(self) -> QSize:
        """As high as the knob and its ring."""
        return QSize(160, 20)

    def minimumSizeHint(self) -> QSize:
        """Short enough for a narrow dock."""
        return QSize(64, 20)

    def positionOf(self, value: float) -> QPointF:
        """Where a value is in the widget, in logical pixels."""
        left, width = self._span()
        share = (self._clamped(value) - self._low) / (self._high - self._low)
        return QPointF(left + share * width, self.height() / 2)

    def _span(self) -> tuple[float, float]:
        margin = _KNOB / 2 + 2
        return margin, max(1.0, self.width() - 2 * margin)

    def _value_at(self, x: float) -> float:
        left, width = self._span()
        return self._low + (x - left) / width * (self._high - self._low)

    # Values

    def _clamped(self, value: float) -> float:
        return min(max(value, self._low), self._high)

    def _settled(self, value: float) -> float:
        if self._integer:
            value = float(round(value))
        elif self._decimals is not None:
            value = round(value, self._decimals)
        # No minus zero: it would print as "-0".
        return self._clamped(value) + 0.0

    def _rest(self) -> float:
        """Where the accent starts: zero, or the end next to it."""
        return self._clamped(0.0)

    def _show(self, value: float) -> None:
        if value == self._value:
            return
        self._value = value
        self._tell_value()
        self.update()

    def _tell_value(self) -> None:
        self.setAccessibleDescription(self.valueText())
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleValueChangeEvent(self, self._value))

    def _set_by_user(self, value: float) -> None:
        value = self._settled(value)
        if value != self._value:
            self._show(value)
            self.valueChanged.emit(value)

    def _step_by(self, steps: float, *, fine: bool) -> None:
        step = self._step * (FINE if fine else 1.0)
        if self._integer:
            step = max(1.0, round(step))
        elif self._decimals is not None:
            step = max(step, 10.0**-self._decimals)
        self._set_by_user(self._value + steps * step)

    # Gestures

    def _start_gesture(self) -> None:
        if not self._in_gesture:
            self._in_gesture = True
            self.gestureStarted.emit()

    @Slot()
    def _finish_gesture(self) -> None:
        self._idle.stop()
        self._dragging = False
        if self._in_gesture:
            self._in_gesture = False
            self.gestureFinished.emit()
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the knob where it is, or call it to the place clicked."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._ring.mouse_used()
        self._finish_gesture()
        self._start_gesture()
        self._dragging = True
        self._before_drag = self._value
        self._last_x = event.position().x()
        self._hand = self._value
        if abs(self._last_x - self.positionOf(self._value).x()) > _KNOB / 2 + 1:
            self._hand = self._value_at(self._last_x)
            self._follow_hand(fine=False)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the hand; with Shift at a tenth of its speed."""
        if not self._dragging:
            return
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        _, width = self._span()
        self._hand += (x - self._last_x) / width * (self._high - self._low) * (FINE if fine else 1.0)
        self._last_x = x
        self._follow_hand(fine=fine)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The gesture is done."""
        if event.button() == Qt.MouseButton.LeftButton and self._dragging:
            self._finish_gesture()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the default."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset()

    def _follow_hand(self, *, fine: bool) -> None:
        value = self._hand
        if not fine and self._low <= self._default <= self._high:
            # Coming home should not need a steady hand.
            _, width = self._span()
            if abs(value - self._default) <= _MAGNET_PX * (self._high - self._low) / width:
                value = self._default
        self._set_by_user(value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One step per notch; a run of notches is one gesture."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if not turned or self._dragging:
            event.ignore()
            return
        self._start_gesture()
        self._idle.start()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self._integer:
            # Touch pads send many small turns: gather them to whole notches.
            self._wheel_rest += turned
            notches = int(self._wheel_rest / _WHEEL_NOTCH)
            self._wheel_rest -= notches * _WHEEL_NOTCH
            if notches:
                self._step_by(notches, fine=fine)
        else:
            self._step_by(turned / _WHEEL_NOTCH, fine=fine)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows one step, Page ten, Home and End to the ends, Delete to the default, Escape drops a drag."""
        key = event.key()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier
            | Qt.KeyboardModifier.AltModifier
            | Qt.KeyboardModifier.MetaModifier
        ):
            super().keyPressEvent(event)
            return
        steps = {
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_PageUp: 10,
            Qt.Key.Key_PageDown: -10,
        }.get(Qt.Key(key))
        if key == Qt.Key.Key_Escape and self._dragging:
            self._set_by_user(self._before_drag)
            self._finish_gesture()
            return
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._ring.key_used()
            self.reset()
            return
        if self._dragging or (steps is None and key not in (Qt.Key.Key_Home, Qt.Key.Key_End)):
            super().keyPressEvent(event)
            return
        self._ring.key_used()
        self._start_gesture()
        self._idle.start()
        if steps is not None:
            self._step_by(steps, fine=fine)
        else:
            self._set_by_user(self._low if key == Qt.Key.Key_Home else self._high)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when the keyboard brought us here."""
        self._ring.entered(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A run of keys ends when the keyboard goes elsewhere."""
        self._ring.left()
        if not self._dragging:
            self._finish_gesture()
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        """No gesture outlives the widget being seen."""
        self._finish_gesture()
        super().hideEvent(event)

    def enterEvent(self, event: object) -> None:
        """Brighten the knob."""
        self._hovered = True
        self.update()

    def leaveEvent(self, event: object) -> None:
        """Calm again."""
        self._hovered = False
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track, safe zone, accent, hairline at zero, knob."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        enabled = self.isEnabled()
        middle = self.height() / 2
        left, width = self._span()
        top = middle - _TRACK / 2

        painter.setBrush(colour(tokens.track))
        painter.drawRoundedRect(QRectF(left, top, width, _TRACK), _TRACK / 2, _TRACK / 2)

        zone = self._safe if self._safe is not None else (self._low, self._high)
        start, end = self.positionOf(zone[0]).x(), self.positionOf(zone[1]).x()
        if end > start:
            painter.setBrush(colour(tokens.safe, alpha=1.0 if enabled else 0.5))
            painter.drawRoundedRect(QRectF(start, top, end - start, _TRACK), _TRACK / 2, _TRACK / 2)

        rest, knob = self.positionOf(self._rest()).x(), self.positionOf(self._value).x()
        if knob != rest and enabled:
            painter.setBrush(colour(tokens.muted if self._quiet else tokens.accent))
            painter.drawRoundedRect(
                QRectF(min(rest, knob), top, abs(knob - rest), _TRACK), _TRACK / 2, _TRACK / 2
            )

        painter.setPen(QPen(colour(tokens.muted, alpha=0.9), 1.0))
        x = math.floor(rest) + 0.5
        painter.drawLine(QPointF(x, middle - 6), QPointF(x, middle + 6))
        if self._default != self._rest() and self._low <= self._default <= self._high:
            x = math.floor(self.positionOf(self._default).x()) + 0.5
            painter.drawLine(QPointF(x, middle + 5), QPointF(x, middle + 8))

        at_rest = self._value == self._rest()
        face = QColor(tokens.muted if at_rest or self._quiet or not enabled else tokens.knob)
        if enabled and (self._hovered or self._dragging):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.accent, alpha=0.35 if self._dragging else 0.2))
            painter.drawEllipse(QPointF(knob, middle), _KNOB / 2 + 3, _KNOB / 2 + 3)
        # A thin edge in the panel's colour lifts the knob off the accent.
        painter.setPen(QPen(colour(tokens.panel), 1.5))
        painter.setBrush(face)
        painter.drawEllipse(QPointF(knob, middle), _KNOB / 2, _KNOB / 2)
        if self.hasFocus() and self._ring.visible:
            draw_focus_ring(painter, QRectF(self.rect()), radius=6.0)
        painter.end()
