"""RatingGrid: a handful of pictures to say yes or no to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.icons import icon_pixmap
from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.picture_label import paint_picture

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

_GAP = 10
_MARK = 24
_LEAST = 48
#: Where pictures are smaller than this, the current one is shown large beside them.
_LARGE = 120
#: Room for the frame of a picture at the border.
_FRAME = 4


class RatingGrid(QWidget):
    """Pictures in two lines; the current one is framed.

    Right or 2 says yes, Left or 1 says no, both go to the next one; Backspace takes the last word back; Up
    and Down move the frame. A click on the right half of a picture says yes, on the left half no. Where there
    is little room, the current picture is shown large at the left, too.

    Signals:
        rated: the picture's place and whether it has it.
        undoRequested: take the last word back.
    """

    rated = Signal(int, bool)
    undoRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage | None] = []
        self._ratings: list[bool | None] = []
        self._current = 0
        self._hovered: tuple[int, bool] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Pictures to rate"))
        self.setToolTip(
            self.tr("Right or 2: has it. Left or 1: has it not. Backspace takes the last word back.")
        )

    def setCount(self, count: int) -> None:
        """Begin a new set of pictures, none of them rated."""
        self._images = [None] * count
        self._ratings = [None] * count
        self._current = 0
        self._describe()

    def count(self) -> int:
        """How many pictures there are."""
        return len(self._images)

    def setImage(self, place: int, image: QImage | None) -> None:
        """Show a picture."""
        if 0 <= place < len(self._images):
            self._images[place] = image
            self.update()

    def image(self, place: int) -> QImage | None:
        """The picture at a place."""
        return self._images[place]

    def setRating(self, place: int, rating: bool | None) -> None:
        """Show what was said; no signal. The frame goes to the first picture without a word."""
        self._ratings[place] = rating
        self._current = next(
            (k for k, given in enumerate(self._ratings) if given is None), len(self._ratings) - 1
        )
        self._describe()

    def rating(self, place: int) -> bool | None:
        """What was said about a picture."""
        return self._ratings[place]

    def current(self) -> int:
        """The place of the framed picture."""
        return self._current

    def cellRect(self, place: int) -> QRectF:
        """Where a picture is: as large as all of them fit."""
        spot = self.spotRect()
        area = QRectF(self.rect()).adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME)
        if not spot.isEmpty():
            area.setLeft(spot.right() + 2 * _GAP)
        columns, side = self._layout(area.width(), area.height())
        line, column = divmod(place, columns)
        lines = -(-max(1, len(self._images)) // columns)
        left = area.left() + (area.width() - columns * (side + _GAP) + _GAP) / 2
        top = area.top() + max(0.0, (area.height() - lines * (side + _GAP) + _GAP) / 2)
        return QRectF(left + column * (side + _GAP), top + line * (side + _GAP), side, side)

    def spotRect(self) -> QRectF:
        """Where the current picture is shown large; empty where all are large enough."""
        width, height = self.width() - 2.0 * _FRAME, self.height() - 2.0 * _FRAME
        _, side = self._layout(width, height)
        large = min(height, 0.4 * width)
        if not self._images or side >= _LARGE or large <= side:
            return QRectF()
        return QRectF(_FRAME, _FRAME + (height - large) / 2, large, large)

    def _layout(self, width: float, height: float) -> tuple[int, float]:
        """Columns, and the side of a picture, so that it is largest."""
        count, best = max(1, len(self._images)), (1, 0.0)
        for columns in range(1, count + 1):
            lines = -(-count // columns)
            side = min((width + _GAP) / columns - _GAP, (height + _GAP) / lines - _GAP)
            if side > best[1]:
                best = (columns, side)
        return best[0], max(best[1], 1.0)

    def _describe(self) -> None:
        words = {True: self.tr("yes"), False: self.tr("no"), None: self.tr("not rated")}
        if self._images:
            self.setAccessibleDescription(
                self.tr("picture {place} of {count}, {word}").format(
                    place=self._current + 1, count=len(self._images), word=words[self._ratings[self._current]]
                )
            )
        self.update()

    def _at(self, spot: QPointF) -> tuple[int, bool] | None:
        boxes = [(self._current, self.spotRect())]
        boxes += [(place, self.cellRect(place)) for place in range(len(self._images))]
        for place, box in boxes:
            if box.contains(spot):
                return place, spot.x() > box.center().x()
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show what a click would say."""
        hovered = self._at(event.position())
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def leaveEvent(self, event: object) -> None:
        """A click would say nothing."""
        self._hovered = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say it."""
        found = self._at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.rated.emit(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Say it, go on, or take it back."""
        key = Qt.Key(event.key())
        if not self._images:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_2):
            self.rated.emit(self._current, True)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_1):
            self.rated.emit(self._current, False)
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self.undoRequested.emit()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            way = -1 if key == Qt.Key.Key_Up else 1
            self._current = (self._current + way) % len(self._images)
            self._describe()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame gets its colour."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The frame loses it."""
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines of five."""
        return QSize(5 * 128 + 4 * _GAP, 2 * 128 + _GAP)

    def minimumSizeHint(self) -> QSize:
        """Small."""
        return QSize(5 * _LEAST + 4 * _GAP, 2 * _LEAST + _GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The pictures, their marks, the frame."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, image in enumerate(self._images):
            faded = self._ratings[place] is not None and place != self._current
            painter.setOpacity(0.45 if faded else 1.0)
            box = self.cellRect(place)
            paint_picture(painter, box, image)
            painter.setOpacity(1.0)
            self._paint_word(painter, box, place)
            if place == self._current:
                painter.setPen(QPen(colour(tokens.accent if self.hasFocus() else tokens.muted), 3))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box.adjusted(-3, -3, 3, 3), 8, 8)
        spot = self.spotRect()
        if not spot.isEmpty():
            paint_picture(painter, spot, self._images[self._current])
            self._paint_word(painter, spot, self._current)
        painter.end()

    def _paint_word(self, painter: QPainter, box: QRectF, place: int) -> None:
        """What was said of a picture, or what a click would say."""
        hovered = self._hovered
        said = hovered[1] if hovered is not None and hovered[0] == place else self._ratings[place]
        if said is not None:
            self._paint_mark(painter, box, liked=said)

    def _paint_mark(self, painter: QPainter, box: QRectF, *, liked: bool) -> None:
        tokens = colours()
        spot = box.bottomRight() if liked else box.bottomLeft()
        left = spot.x() - _MARK - 6 if liked else spot.x() + 6
        place = QRectF(left, spot.y() - _MARK - 6, _MARK, _MARK)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(tokens.good if liked else tokens.bad))
        painter.drawEllipse(place)
        name = "check" if liked else "close"
        mark = icon_pixmap(name, size=14, role="on_accent", ratio=self.devicePixelRatioF())
        painter.drawPixmap(int(place.center().x()) - 7, int(place.center().y()) - 7, mark)
