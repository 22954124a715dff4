"""PictureStrip: a few pictures beside each other, with a word below each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours, number_font, small_font
from latent_studio.ui.widgets.picture_label import paint_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QImage

_GAP = 6
_LINE = 16


class PictureStrip(QWidget):
    """Pictures of one size; as wide as they fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._captions: tuple[str, ...] = ()
        self._images: list[QImage | None] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def setCaptions(self, captions: Sequence[str]) -> None:
        """How many pictures there are, and what they are of."""
        self._captions = tuple(captions)
        self._images = [None] * len(self._captions)
        self.setAccessibleDescription(", ".join(self._captions))
        self.update()

    def setImage(self, place: int, image: QImage | None) -> None:
        """Show a picture."""
        if 0 <= place < len(self._images):
            self._images[place] = image
            self.update()

    def images(self) -> tuple[QImage | None, ...]:
        """What it shows."""
        return tuple(self._images)

    def sizeHint(self) -> QSize:
        """A strip of five."""
        return QSize(480, 96 + _LINE)

    def minimumSizeHint(self) -> QSize:
        """Small pictures."""
        return QSize(240, 96 + _LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The pictures and their captions."""
        count = len(self._images)
        if not count:
            return
        painter = QPainter(self)
        painter.setFont(number_font(small_font(self.font())))
        side = min((self.width() + _GAP) / count - _GAP, self.height() - _LINE)
        left = (self.width() - count * (side + _GAP) + _GAP) / 2
        for place, (image, caption) in enumerate(zip(self._images, self._captions, strict=True)):
            box = QRectF(left + place * (side + _GAP), 0, side, side)
            paint_picture(painter, box, image)
            painter.setPen(colour(colours().muted))
            line = QRectF(box.left(), box.bottom() + 1, side, _LINE - 1)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, caption)
        painter.end()
