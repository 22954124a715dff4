"""ProgressLine: a bar 4 px high; when nobody knows how long, a piece of it wanders."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours, theme

_STEPS = 1000
_FRAME_MS = 33
_ROUND_FRAMES = 48


class ProgressLine(QProgressBar):
    """A progress bar without a text. It stands still when motion is reduced."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phase = 0
        self._clock = QTimer(self)
        self._clock.setInterval(_FRAME_MS)
        self._clock.timeout.connect(self._advance)
        self.setTextVisible(False)
        self.setRange(0, _STEPS)
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Progress"))

    def fraction(self) -> float | None:
        """How much is done, or ``None`` when nobody knows."""
        return None if self.maximum() == 0 else self.value() / _STEPS

    def setFraction(self, fraction: float | None) -> None:
        """Show how much is done, 0 to 1; ``None`` when nobody knows."""
        if fraction is None:
            self.setRange(0, 0)
        else:
            self.setRange(0, _STEPS)
            self.setValue(round(min(max(fraction, 0.0), 1.0) * _STEPS))
        self._move_if_needed()
        self.update()

    def sizeHint(self) -> QSize:
        """Thin."""
        return QSize(120, 4)

    def _move_if_needed(self) -> None:
        moving = self.maximum() == 0 and self.isVisible() and not theme().reducedMotion
        if moving and not self._clock.isActive():
            self._clock.start()
        elif not moving:
            self._clock.stop()

    @Slot()
    def _advance(self) -> None:
        self._phase = (self._phase + 1) % _ROUND_FRAMES
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Move only in sight."""
        super().showEvent(event)
        self._move_if_needed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest out of sight."""
        super().hideEvent(event)
        self._clock.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track and fill."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        painter.setBrush(colour(tokens.safe, alpha=0.6))
        painter.drawRoundedRect(box, 2, 2)
        painter.setBrush(colour(tokens.accent))
        fraction = self.fraction()
        if fraction is None:
            piece = box.width() * 0.3
            share = self._phase / _ROUND_FRAMES
            left = share * (box.width() + piece) - piece if self._clock.isActive() else 0.0
            painter.setClipRect(box)
            painter.drawRoundedRect(QRectF(left, 0, piece, box.height()), 2, 2)
        elif fraction > 0:
            painter.drawRoundedRect(QRectF(0, 0, max(4.0, box.width() * fraction), box.height()), 2, 2)
        painter.end()
