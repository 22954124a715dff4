"""PictureGrid: many pictures in rows, painted as they come into sight; one is current, any may be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip, QWidget

from latent_studio.ui.icons import icon_pixmap
from latent_studio.ui.theme import colour, colours, scaled, small_font
from latent_studio.ui.widgets.picture_label import paint_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

_GAP = 8
_EDGE = 3
_CAPTION = 18
#: Pictures kept; the ones farthest from sight go first.
_KEPT = 600
#: Rows that more items bring.
_MORE_ROWS = 40


class PictureGrid(QAbstractScrollArea):
    """Items are numbers from 0. Arrows move, Enter takes, Space chooses, digits rate.

    Args:
        cell: side of a picture in logical pixels; ``None`` makes all items fit.
        endless: scrolling down brings more items.
        parent: Qt owner.

    Signals:
        taken: the number of the item to go on with.
        rated: the number of an item, and 0 to 5 stars.
        chosenChanged: the set of chosen items is another.
        rangeShown: numbers of the items in sight, top first.
    """

    taken = Signal(int)
    rated = Signal(int, int)
    chosenChanged = Signal()
    rangeShown = Signal(object)

    def __init__(
        self, *, cell: int | None = None, endless: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._cell = cell
        self._endless = endless
        self._count = 0
        self._current = 0
        self._chosen: set[int] = set()
        self._images: dict[int, QImage] = {}
        self._caption: Callable[[int], str] = str
        self._stars: Callable[[int], int] = _no_stars
        self._shown: tuple[int, ...] = ()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def sizeHint(self) -> QSize:
        """As large as there is room."""
        return QSize(500, 400)

    def minimumSizeHint(self) -> QSize:
        """A few pictures."""
        return QSize(120, 80)

    def setItems(
        self, count: int, *, caption: Callable[[int], str] = str, stars: Callable[[int], int] | None = None
    ) -> None:
        """Begin anew.

        Args:
            count: how many items; an endless grid has more once they are looked for.
            caption: what is said below and of an item.
            stars: how many stars an item has.
        """
        self._count = count
        self._caption = caption
        self._stars = stars or _no_stars
        self._images.clear()
        self._chosen.clear()
        self._current = min(self._current, max(0, count - 1))
        self._shown = ()
        self._fit()
        self.chosenChanged.emit()

    def setImage(self, item: int, image: QImage) -> None:
        """Give an item its picture."""
        self._images[item] = image
        if len(self._images) > _KEPT and self._shown:
            middle = self._shown[len(self._shown) // 2]
            del self._images[max(self._images, key=lambda other: abs(other - middle))]
        self.viewport().update()

    def image(self, item: int) -> QImage | None:
        """The picture of an item, if it is there."""
        return self._images.get(item)

    def shownItems(self) -> tuple[int, ...]:
        """The items in sight."""
        return self._shown

    def currentItem(self) -> int:
        """The item the keys act on."""
        return self._current

    def setCurrentItem(self, item: int) -> None:
        """Move to an item and bring it into sight; no signal but of the range."""
        self._current = min(max(0, item), max(0, self._count - 1))
        box, bar = self._box_of(self._current), self.verticalScrollBar()
        if box.top() < 0:
            bar.setValue(int(bar.value() + box.top() - _EDGE))
        elif box.bottom() + scaled(_CAPTION) > self.viewport().height():
            bar.setValue(int(bar.value() + box.bottom() + scaled(_CAPTION) - self.viewport().height()))
        self.setAccessibleDescription(self._words_of(self._current))
        self.viewport().update()

    def chosen(self) -> tuple[int, ...]:
        """The chosen items, in order."""
        return tuple(sorted(self._chosen))

    def columns(self) -> int:
        """Pictures in a row."""
        return self._layout()[1]

    # Layout

    def _layout(self) -> tuple[float, int]:
        """Side of a picture, and pictures in a row."""
        width, height = self.viewport().width() - 2 * _EDGE, self.viewport().height() - 2 * _EDGE
        if self._cell is not None:
            return float(self._cell), max(1, (width + _GAP) // (self._cell + _GAP))
        best = (1.0, -1)
        for columns in range(1, max(2, self._count + 1)):
            rows = -(-max(1, self._count) // columns)
            side = min((width + _GAP) / columns - _GAP, (height + _GAP) / rows - _GAP - scaled(_CAPTION))
            # Of two that are as large the one with fewer columns: nine make a square.
            best = max(best, (side, -columns))
        return best[0], -best[1]

    def _box_of(self, item: int) -> QRectF:
        side, columns = self._layout()
        row, column = divmod(item, columns)
        across = columns * (side + _GAP) - _GAP
        left = max(_EDGE, (self.viewport().width() - across) / 2) if self._cell is None else _EDGE
        top = _EDGE + row * (side + _GAP + scaled(_CAPTION)) - self.verticalScrollBar().value()
        return QRectF(left + column * (side + _GAP), top, side, side)

    def _item_at(self, place: QPointF) -> int | None:
        return next((item for item in self._shown if self._box_of(item).contains(place)), None)

    def _fit(self) -> None:
        side, columns = self._layout()
        rows = -(-self._count // columns)
        extent = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setRange(
            0, max(0, int(rows * (side + _GAP + scaled(_CAPTION)) + 2 * _EDGE - extent)) if self._cell else 0
        )
        bar.setPageStep(max(1, extent))
        bar.setSingleStep(int(side + _GAP + scaled(_CAPTION)))
        self._tell_range()
        self.viewport().update()

    def _scrolled(self) -> None:
        bar = self.verticalScrollBar()
        if self._endless and bar.value() > bar.maximum() - 2 * bar.pageStep():
            self._count += _MORE_ROWS * self.columns()
            self._fit()
        self._tell_range()
        self.viewport().update()

    def _tell_range(self) -> None:
        side, columns = self._layout()
        line = side + _GAP + scaled(_CAPTION)
        first = max(0, int((self.verticalScrollBar().value() - _EDGE) // line)) * columns
        last = (int((self.verticalScrollBar().value() + self.viewport().height()) // line) + 1) * columns
        shown = tuple(range(first, min(last, self._count)))
        if shown != self._shown:
            self._shown = shown
            self.rangeShown.emit(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other rows."""
        super().resizeEvent(event)
        self._fit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Paint anew: only what is in sight costs anything."""
        self.viewport().update()

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move there; with Ctrl choose."""
        item = self._item_at(event.position())
        if item is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self.setCurrentItem(item)
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._choose(item)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go on with it."""
        item = self._item_at(event.position())
        if item is not None and event.button() == Qt.MouseButton.LeftButton:
            self.taken.emit(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Enter, Space, digits."""
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._count:
            super().keyPressEvent(event)
            return
        columns = self.columns()
        page = max(1, len(self._shown) // columns - 1) * columns
        ways = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
        }
        key = Qt.Key(event.key())
        if key in ways:
            if 0 <= self._current + ways[key] < self._count:
                self.setCurrentItem(self._current + ways[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.taken.emit(self._current)
        elif key == Qt.Key.Key_Space:
            self._choose(self._current)
        elif Qt.Key.Key_0 <= key <= Qt.Key.Key_5:
            self.rated.emit(self._current, key - Qt.Key.Key_0)
            self.viewport().update()
        elif key == Qt.Key.Key_Home:
            self.setCurrentItem(0)
        else:
            super().keyPressEvent(event)

    def _choose(self, item: int) -> None:
        self._chosen ^= {item}
        self.viewport().update()
        self.chosenChanged.emit()

    def viewportEvent(self, event: QEvent) -> bool:
        """An item tells what it is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self._item_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if item is None else self._words_of(item), self)
            return True
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame of the current item tells of the focus."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """And of its loss."""
        super().focusOutEvent(event)
        self.viewport().update()

    def _words_of(self, item: int) -> str:
        words, stars = self._caption(item), self._stars(item)
        return f"{words}, {stars} ★" if stars else words

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """What is in sight."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = colours()
        painter.setFont(small_font(self.font()))
        for item in self._shown:
            box = self._box_of(item)
            paint_picture(painter, box, self._images.get(item))
            if item in self._chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour(tokens.accent))
                badge = QRectF(box.right() - 22, box.top() + 4, 18, 18)
                painter.drawEllipse(badge)
                tick = icon_pixmap("check", size=12, role="on_accent", ratio=self.devicePixelRatioF())
                painter.drawPixmap(QPointF(badge.left() + 3, badge.top() + 3), tick)
            if item == self._current and self.hasFocus():
                painter.setPen(QPen(colour(tokens.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), 7, 7)
            words = QRectF(box.left(), box.bottom() + 1, box.width(), scaled(_CAPTION) - 2)
            painter.setPen(colour(tokens.muted))
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft, self._caption(item))
            painter.setPen(colour(tokens.warm))
            painter.drawText(words, Qt.AlignmentFlag.AlignRight, "★" * self._stars(item))
        painter.end()


def _no_stars(item: int) -> int:
    return 0
