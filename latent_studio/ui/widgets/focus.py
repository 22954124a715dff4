"""FocusRing: whether to show the keyboard where it is, and the ring that does."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPen

from latent_studio.ui.theme import colour, colours

_BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class FocusRing:
    """Remembers whether focus came by keyboard; a hand on the mouse needs no ring around what it holds."""

    __slots__ = ("_visible",)

    def __init__(self) -> None:
        self._visible = False

    @property
    def visible(self) -> bool:
        """Whether to draw the ring."""
        return self._visible

    def entered(self, event: QFocusEvent) -> None:
        """Focus came."""
        if event.reason() in _BY_KEYBOARD:
            self._visible = True
        elif event.reason() == Qt.FocusReason.MouseFocusReason:
            self._visible = False

    def left(self) -> None:
        """Focus went."""
        self._visible = False

    def key_used(self) -> None:
        """A key was pressed in the widget."""
        self._visible = True

    def mouse_used(self) -> None:
        """The mouse was pressed in the widget."""
        self._visible = False


def draw_focus_ring(painter: QPainter, box: QRectF, *, radius: float = 6.0) -> None:
    """Draw the 2 px ring just inside ``box`` (logical pixels)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour(colours().accent), 2.0))
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), radius, radius)
    painter.restore()
