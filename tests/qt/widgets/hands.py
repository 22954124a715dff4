"""Hands for tests: mouse, wheel and keys as events with everything a real one has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
MIDDLE = Qt.MouseButton.MiddleButton


def _mouse(
    kind: QEvent.Type,
    widget: QWidget,
    spot: tuple[float, float],
    *,
    button: Qt.MouseButton,
    held: Qt.MouseButton,
    modifiers: Qt.KeyboardModifier,
) -> None:
    place = QPointF(*spot)
    event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, modifiers)
    QApplication.sendEvent(widget, event)


def press(
    widget: QWidget,
    spot: tuple[float, float],
    *,
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    """Button down."""
    _mouse(QEvent.Type.MouseButtonPress, widget, spot, button=button, held=button, modifiers=modifiers)


def move(
    widget: QWidget,
    spot: tuple[float, float],
    *,
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    """Move with the button held."""
    _mouse(
        QEvent.Type.MouseMove,
        widget,
        spot,
        button=Qt.MouseButton.NoButton,
        held=button,
        modifiers=modifiers,
    )


def release(
    widget: QWidget,
    spot: tuple[float, float],
    *,
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    """Button up."""
    none = Qt.MouseButton.NoButton
    _mouse(QEvent.Type.MouseButtonRelease, widget, spot, button=button, held=none, modifiers=modifiers)


def click(widget: QWidget, spot: tuple[float, float], *, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Down and up."""
    press(widget, spot, modifiers=modifiers)
    release(widget, spot, modifiers=modifiers)


def double_click(widget: QWidget, spot: tuple[float, float]) -> None:
    """Twice, as the window system sends it."""
    click(widget, spot)
    _mouse(QEvent.Type.MouseButtonDblClick, widget, spot, button=LEFT, held=LEFT, modifiers=NONE)
    release(widget, spot)


def drag(
    widget: QWidget,
    start: tuple[float, float],
    *stops: tuple[float, float],
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    """Press, move through all stops, release at the last one."""
    press(widget, start, button=button, modifiers=modifiers)
    for stop in stops:
        move(widget, stop, button=button, modifiers=modifiers)
    release(widget, stops[-1], button=button, modifiers=modifiers)


def wheel(
    widget: QWidget,
    notches: float,
    *,
    spot: tuple[float, float] = (5.0, 5.0),
    modifiers: Qt.KeyboardModifier = NONE,
) -> bool:
    """Turn the wheel; up is positive. Returns whether the widget took it."""
    place = QPointF(*spot)
    event = QWheelEvent(
        place,
        widget.mapToGlobal(place),
        QPoint(),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def key(widget: QWidget, which: Qt.Key, *, modifiers: Qt.KeyboardModifier = NONE, text: str = "") -> None:
    """Press and release a key."""
    key_down(widget, which, modifiers=modifiers, text=text)
    key_up(widget, which, modifiers=modifiers)


def key_down(
    widget: QWidget,
    which: Qt.Key,
    *,
    modifiers: Qt.KeyboardModifier = NONE,
    text: str = "",
    repeat: bool = False,
) -> None:
    """Key down, or its repetition."""
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, which, modifiers, text, repeat))


def key_up(
    widget: QWidget, which: Qt.Key, *, modifiers: Qt.KeyboardModifier = NONE, repeat: bool = False
) -> None:
    """Key up."""
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyRelease, which, modifiers, "", repeat))
