"""Overlay: a card over the dimmed window, which holds the keyboard until it is closed."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.panel import paint_card

Place = Literal["middle", "top"]
_MARGIN = 24


class Overlay(QWidget):
    """Lies over its whole parent; Escape or a click beside the card closes it and gives the keyboard back.

    Signals:
        opened, closed.
    """

    opened = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget, *, place: Place = "middle") -> None:
        super().__init__(parent)
        self._place: Place = place
        self._before: QWidget | None = None
        self._card = _Card(self)
        self._layout = QVBoxLayout(self._card)
        self._layout.setContentsMargins(16, 14, 16, 14)
        self._layout.setSpacing(12)
        parent.installEventFilter(self)
        self.hide()

    def cardLayout(self) -> QVBoxLayout:
        """Where the content goes."""
        return self._layout

    def card(self) -> QWidget:
        """The card."""
        return self._card

    def wantedWidth(self) -> int:
        """How wide the card would like to be."""
        return 560

    @Slot()
    def openOverlay(self) -> None:
        """Show it and take the keyboard."""
        if self.isVisible():
            return
        self._before = QApplication.focusWidget()
        self._fill()
        self.show()
        self.raise_()
        self.firstFocus().setFocus(Qt.FocusReason.OtherFocusReason)
        self.opened.emit()

    @Slot()
    def closeOverlay(self) -> None:
        """Hide it and give the keyboard back."""
        if self.isHidden():
            return
        before, self._before = self._before, None
        self.hide()
        if before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def firstFocus(self) -> QWidget:
        """What gets the keyboard on opening."""
        return self._card

    def _fill(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        self.setGeometry(parent.rect())
        width = min(self.wantedWidth(), self.width() - 2 * _MARGIN)
        self._layout.activate()
        hint = self._card.heightForWidth(width) if self._card.hasHeightForWidth() else 0
        height = min(max(hint, self._card.sizeHint().height()), self.height() - 2 * _MARGIN)
        top = max(_MARGIN, self.height() // 8) if self._place == "top" else (self.height() - height) // 2
        height = min(height, self.height() - top - 8)
        self._card.setGeometry((self.width() - width) // 2, top, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the parent."""
        if watched is self.parent() and event.type() == QEvent.Type.Resize and self.isVisible():
            self._fill()
        return False

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays inside."""
        stops = [
            widget
            for widget in self._card.findChildren(QWidget)
            if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        if not stops:
            return True
        focused = QApplication.focusWidget()
        place = stops.index(focused) if focused in stops else -1
        following = stops[(place + (1 if forward else -1)) % len(stops)]
        following.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Beside the card: close."""
        if not self._card.geometry().contains(event.position().toPoint()):
            self.closeOverlay()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes; nothing goes through to the window."""
        if event.key() == Qt.Key.Key_Escape:
            self.closeOverlay()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dim the window."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(colours().shade, alpha=0.5))
        painter.end()


class _Card(QWidget):
    """The card itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("overlayPane")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(self.tr("Card"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_card(painter, QRectF(self.rect()), radius=10)
        painter.end()
