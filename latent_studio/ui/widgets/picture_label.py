"""PictureLabel: a small picture with round corners, or a quiet place where one will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPaintEvent

_RADIUS = 6


class PictureLabel(QWidget):
    """Shows an image, cut to its shape.

    Args:
        size: of the picture in logical pixels.
        parent: Qt owner.
    """

    def __init__(self, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self._image: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(size)

    def image(self) -> QImage | None:
        """The picture shown."""
        return self._image

    def setImage(self, image: QImage | None) -> None:
        """Show a picture, or none."""
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture."""
        painter = QPainter(self)
        paint_picture(painter, QRectF(self.rect()), self._image)
        painter.end()


def paint_picture(painter: QPainter, box: QRectF, image: QImage | None, *, radius: float = _RADIUS) -> None:
    """Paint a picture into a box, cut at its longer sides; a raised surface where there is none."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    path = QPainterPath()
    path.addRoundedRect(box, radius, radius)
    if image is None or image.isNull():
        painter.fillPath(path, colour(colours().raised))
    else:
        painter.setClipPath(path)
        side = min(image.width() / box.width(), image.height() / box.height())
        wide, high = box.width() * side, box.height() * side
        part = QRectF((image.width() - wide) / 2, (image.height() - high) / 2, wide, high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawImage(box, image, part)
    painter.restore()
