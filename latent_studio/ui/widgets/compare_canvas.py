"""CompareCanvas: two to four pictures: flipped, wiped, side by side, or their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours, small_font
from latent_studio.ui.widgets.images import image_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CompareMode = Literal["flip", "wipe", "side", "difference"]
MODES: tuple[CompareMode, ...] = ("flip", "wipe", "side", "difference")
_GAP = 8
#: Differences are small: shown this much stronger.
GAIN = 4
_WIPE_STEP = 0.02


class CompareCanvas(QWidget):
    """Paints the pictures; the first and the second are A and B of flip, wipe and difference.

    In wipe, the line follows the mouse and the arrow keys. In flip, Space and a press show B.

    Signals:
        wipeChanged: where the line is, 0 to 1.
    """

    wipeChanged = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode: CompareMode = "wipe"
        self._pictures: list[tuple[str, NDArray[np.uint8] | None]] = []
        self._images: list[QImage | None] = []
        self._difference: QImage | None = None
        self._wipe = 0.5
        self._shows_b = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 80)
        self.setAccessibleName(self.tr("Comparison"))

    def sizeHint(self) -> QSize:
        """As large as there is room."""
        return QSize(500, 400)

    def mode(self) -> CompareMode:
        """How the pictures are shown."""
        return self._mode

    def setMode(self, mode: CompareMode) -> None:
        """Show them in another way."""
        self._mode = mode
        self._shows_b = False
        self.setCursor(Qt.CursorShape.SplitHCursor if mode == "wipe" else Qt.CursorShape.ArrowCursor)
        self._describe()
        self.update()

    def setPictures(self, pictures: list[tuple[str, NDArray[np.uint8] | None]]) -> None:
        """Show these, ``(name, (H, W, C) uint8)``; ``None`` is still to come."""
        self._pictures = pictures
        self._images = [None if pixels is None else image_of(pixels) for _, pixels in pictures]
        self._difference = self._made_difference()
        self._describe()
        self.update()

    def wipe(self) -> float:
        """Where the line is, from 0 at the left to 1."""
        return self._wipe

    def setWipe(self, place: float) -> None:
        """Move the line; no signal."""
        self._wipe = min(1.0, max(0.0, place))
        self.update()

    def showsB(self) -> bool:
        """Whether flip shows the second picture."""
        return self._shows_b

    def differenceImage(self) -> QImage | None:
        """What "difference" shows: equal places are middle grey."""
        return self._difference

    def _made_difference(self) -> QImage | None:
        if len(self._pictures) < 2:
            return None
        (_, first), (_, second) = self._pictures[:2]
        if first is None or second is None or first.shape != second.shape:
            return None
        import numpy as np

        gap = second.astype(np.int16) - first.astype(np.int16)
        return image_of(np.clip(128 + GAIN * gap, 0, 255).astype(np.uint8))

    def _describe(self) -> None:
        names = ", ".join(name for name, _ in self._pictures)
        self.setAccessibleDescription(self.tr("Shown are: {names}").format(names=names))

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the line, or look at B."""
        if event.button() == Qt.MouseButton.LeftButton:
            if self._mode == "wipe":
                self._wipe_to(event.position().x())
            elif self._mode == "flip":
                self._flip(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The line follows."""
        if self._mode == "wipe" and event.buttons() & Qt.MouseButton.LeftButton:
            self._wipe_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Back to A."""
        self._flip(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space flips, arrows move the line."""
        key = event.key()
        if key == Qt.Key.Key_Space and self._mode == "flip":
            if not event.isAutoRepeat():
                self._flip(not self._shows_b)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._mode == "wipe":
            self.setWipe(self._wipe + (_WIPE_STEP if key == Qt.Key.Key_Right else -_WIPE_STEP))
            self.wipeChanged.emit(self._wipe)
        else:
            super().keyPressEvent(event)

    def _flip(self, shows_b: bool) -> None:
        if shows_b != self._shows_b:
            self._shows_b = shows_b
            self.update()

    def _wipe_to(self, x: float) -> None:
        box = self._box_of(self._images[0] if self._images else None, QRectF(self.rect()))
        if box.width() > 0:
            self.setWipe((x - box.left()) / box.width())
            self.wipeChanged.emit(self._wipe)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The pictures, each with its name."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._images:
            paint = {
                "flip": self._paint_flip,
                "wipe": self._paint_wipe,
                "side": self._paint_side,
                "difference": self._paint_difference,
            }[self._mode]
            paint(painter)
        painter.end()

    def _paint_flip(self, painter: QPainter) -> None:
        place = 1 if self._shows_b and len(self._images) > 1 else 0
        self._paint_one(painter, place, QRectF(self.rect()))

    def _paint_side(self, painter: QPainter) -> None:
        count = len(self._images)
        columns = count if count < 3 else 2
        rows = -(-count // columns)
        width = (self.width() - _GAP * (columns - 1)) / columns
        height = (self.height() - _GAP * (rows - 1)) / rows
        for place in range(count):
            row, column = divmod(place, columns)
            room = QRectF(column * (width + _GAP), row * (height + _GAP), width, height)
            self._paint_one(painter, place, room)

    def _paint_wipe(self, painter: QPainter) -> None:
        room = QRectF(self.rect())
        self._paint_one(painter, 0, room)
        if len(self._images) < 2:
            return
        box = self._box_of(self._images[0], room)
        x = box.left() + self._wipe * box.width()
        painter.save()
        painter.setClipRect(QRectF(x, room.top(), room.right() - x, room.height()))
        painter.fillRect(room, colour(colours().panel))
        self._paint_one(painter, 1, room, right=True)
        painter.restore()
        painter.setPen(QPen(colour(colours().accent), 2))
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        painter.setBrush(colour(colours().accent))
        painter.drawEllipse(QPointF(x, box.center().y()), 6, 6)

    def _paint_difference(self, painter: QPainter) -> None:
        room = QRectF(self.rect())
        if self._difference is None:
            self._paint_words(painter, room, self.tr("There is nothing to compare yet."))
            return
        box = self._box_of(self._difference, room)
        painter.drawImage(box, self._difference)
        self._paint_badge(painter, self.tr("B − A, {n} times").format(n=GAIN), box, right=False)

    def _paint_one(self, painter: QPainter, place: int, room: QRectF, *, right: bool = False) -> None:
        image = self._images[place]
        name = f"{'ABCD'[place]}  {self._pictures[place][0]}"
        if image is None:
            self._paint_words(painter, room, name)
            return
        box = self._box_of(image, room)
        painter.drawImage(box, image)
        self._paint_badge(painter, name, box, right=right)

    def _paint_words(self, painter: QPainter, room: QRectF, text: str) -> None:
        painter.setPen(colour(colours().muted))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_badge(self, painter: QPainter, text: str, box: QRectF, *, right: bool) -> None:
        tokens = colours()
        painter.setFont(small_font(self.font()))
        metrics = painter.fontMetrics()
        room = box.width() / 2 if self._mode == "wipe" else box.width()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(20, int(room) - 36))
        width = metrics.horizontalAdvance(text) + 20
        left = box.right() - width - 8 if right else box.left() + 8
        badge = QRectF(left, box.top() + 8, width, 22)
        painter.setPen(QPen(colour(tokens.line), 1))
        painter.setBrush(colour(tokens.raised, alpha=0.9))
        painter.drawRoundedRect(badge, 11, 11)
        painter.setPen(colour(tokens.text))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)

    @staticmethod
    def _box_of(image: QImage | None, room: QRectF) -> QRectF:
        """Where a picture goes in a room: whole, in the middle."""
        if image is None or not image.width() or not image.height():
            return room
        scale = min(room.width() / image.width(), room.height() / image.height())
        width, height = image.width() * scale, image.height() * scale
        return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)
