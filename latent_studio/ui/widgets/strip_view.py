"""StripView: a wide picture, as large as there is room, never distorted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPaintEvent


class StripView(QWidget):
    """Shows an image, or words where there is none yet.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Room for a strip of small pictures."""
        return QSize(360, 140)

    def image(self) -> QImage | None:
        """The picture shown."""
        return self._image

    def setImage(self, image: QImage | None) -> None:
        """Show a picture, or none."""
        self._image = image
        self.update()

    def setWords(self, words: str) -> None:
        """Say something else while there is no picture."""
        self._words = words
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture in the middle, or the words."""
        painter = QPainter(self)
        if self._image is None or self._image.isNull():
            painter.setPen(colour(colours().muted))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(12, 8, -12, -8), flags, self._words)
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        painter.drawImage(QRectF(left, top, size.width(), size.height()), self._image)
        painter.end()
