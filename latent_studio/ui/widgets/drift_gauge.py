"""DriftGauge: how far something that should stay still has moved."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours, number_font, small_font

_BAR = 6


class DriftGauge(QWidget):
    """A bar from none to much: green where it is small, then warm, then red; the number stands beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value: float | None = None
        self._safe = 0.5
        self._high = 2.0
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Drift"))

    def value(self) -> float | None:
        """What it shows."""
        return self._value

    def setScale(self, safe: float, high: float) -> None:
        """Up to where drift is small, and where the bar ends."""
        self._safe, self._high = safe, high
        self.update()

    def setValue(self, value: float | None, text: str = "") -> None:
        """Show a drift, at least 0, with its number in words; ``None`` while it is not known."""
        self._value = None if value is None else max(0.0, value)
        self._text = text
        self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:
        """A line."""
        return QSize(160, 18)

    def minimumSizeHint(self) -> QSize:
        """A narrow dock."""
        return QSize(90, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bar and its number."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(number_font(small_font(self.font())))
        wide = max(48, painter.fontMetrics().horizontalAdvance(self._text) + 8)
        bar = QRectF(0, self.height() / 2 - _BAR / 2, max(20, self.width() - wide), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(tokens.track))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        safe = QRectF(bar.left(), bar.top(), bar.width() * self._safe / self._high, _BAR)
        painter.setBrush(colour(tokens.safe))
        painter.drawRoundedRect(safe, _BAR / 2, _BAR / 2)
        if self._value is not None:
            share = min(1.0, self._value / self._high)
            token = tokens.good if self._value <= self._safe else tokens.warm
            if self._value > 2 * self._safe:
                token = tokens.bad
            painter.setBrush(colour(token))
            if share > 0.005:
                fill = QRectF(bar.left(), bar.top(), max(_BAR, bar.width() * share), _BAR)
                painter.drawRoundedRect(fill, _BAR / 2, _BAR / 2)
        painter.setPen(colour(tokens.muted))
        box = QRectF(bar.right() + 8, 0, wide - 8, self.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._text)
        painter.end()
