"""HistoryTree: the steps of a document as small pictures, branches below each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip, QWidget

from latent_studio.ui.icons import icon_pixmap
from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.picture_label import paint_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Side of a picture, and the room around it.
SIDE = 44
_GAP = 8
_STEP = SIDE + _GAP
_EDGE = 3
_RADIUS = 6
_KEYS = (Qt.Key.Key_S, Qt.Key.Key_C, Qt.Key.Key_Delete)


@dataclass(frozen=True, slots=True)
class TreeStep:
    """One step as the tree needs it.

    Attributes:
        id: unique.
        parent: id of the step before; ``None`` for the first.
        text: what was done, and when.
        starred: whether it carries a star.
    """

    id: int
    parent: int | None
    text: str
    starred: bool = False


class HistoryTree(QAbstractScrollArea):
    """Steps from left to right; the branch that is worked on is the first row, the others hang below it.

    Arrow keys visit neighbours: left and right along a branch, up and down to other rows; Home and End its
    ends.
    S stars, C compares with the step shown, Delete removes a branch. Ctrl and a click compares too.

    Signals:
        visitRequested: id of the step to go to.
        starRequested: id of the step whose star is to change.
        compareRequested: id of the step to compare with the one shown.
        removeRequested: id of the first step of a branch.
        menuRequested: id of a step, and where the menu should open, in global coordinates.
        rangeShown: the ids of the steps in sight, after each change of them.
    """

    visitRequested = Signal(int)
    starRequested = Signal(int)
    compareRequested = Signal(int)
    removeRequested = Signal(int)
    menuRequested = Signal(int, QPoint)
    rangeShown = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._steps: dict[int, TreeStep] = {}
        self._places: dict[int, tuple[int, int]] = {}
        self._at: dict[tuple[int, int], int] = {}
        self._columns = self._rows = 0
        self._current = -1
        self._beyond: frozenset[int] = frozenset()
        self._images: dict[int, QImage] = {}
        self._shown: tuple[int, ...] = ()
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.setSingleStep(_STEP)
            bar.valueChanged.connect(self._tell_range)

    # What it shows

    def setSteps(self, steps: Sequence[TreeStep], line: Sequence[int], current: int) -> None:
        """Show a tree.

        Args:
            steps: all of them, parents before children.
            line: ids of the branch that is worked on, from the first step to where redo would end.
            current: id of the step shown.
        """
        is_elsewhere = current != self._current
        self._steps = {step.id: step for step in steps}
        self._current = current
        # What redo would bring back is there, but not what the picture is made of.
        self._beyond = frozenset(line[line.index(current) + 1 :]) if current in line else frozenset()
        self._lay_out(line)
        self._fit_bars()
        if is_elsewhere:
            self._show_current()
        step = self._steps.get(current)
        self.setAccessibleDescription(step.text if step is not None else "")
        self.viewport().update()
        self._tell_range()

    def setImage(self, id: int, image: QImage | None) -> None:
        """Give a step its picture, or take it away."""
        if image is None:
            self._images.pop(id, None)
        else:
            self._images[id] = image
        if id in self._places:
            self.viewport().update()

    def clearImages(self) -> None:
        """Forget all pictures."""
        self._images.clear()
        self.viewport().update()

    def currentStep(self) -> int:
        """Id of the step shown."""
        return self._current

    def shownSteps(self) -> tuple[int, ...]:
        """Ids of the steps in sight."""
        return self._shown

    def rows(self) -> int:
        """How many branches there are."""
        return self._rows

    def boxOf(self, id: int) -> QRectF:
        """Where a step's picture is, in the viewport."""
        column, row = self._places[id]
        left = _EDGE + column * _STEP - self.horizontalScrollBar().value()
        top = _EDGE + row * _STEP - self.verticalScrollBar().value()
        return QRectF(left, top, SIDE, SIDE)

    def stepAt(self, place: QPointF) -> int | None:
        """Id of the step at a place of the viewport."""
        x = int(place.x() + self.horizontalScrollBar().value() - _EDGE + _GAP / 2)
        y = int(place.y() + self.verticalScrollBar().value() - _EDGE + _GAP / 2)
        return self._at.get((x // _STEP, y // _STEP)) if x >= 0 and y >= 0 else None

    def sizeHint(self) -> QSize:
        """One row high."""
        return QSize(400, _STEP + 2 * _EDGE)

    def minimumSizeHint(self) -> QSize:
        """A few pictures."""
        return QSize(3 * _STEP, _STEP)

    def _lay_out(self, line: Sequence[int]) -> None:
        children: dict[int, list[int]] = {}
        for step in self._steps.values():
            if step.parent is not None:
                children.setdefault(step.parent, []).append(step.id)
        self._places = {id: (column, 0) for column, id in enumerate(line)}
        row = 0
        # Forks near the end first: a branch hangs below its fork without crossing another.
        todo = [
            (child, id)
            for id in line
            for child in reversed(children.get(id, ()))
            if child not in self._places
        ]
        while todo:
            id, parent = todo.pop()
            row += 1
            column = self._places[parent][0] + 1
            forks: list[tuple[int, int]] = []
            while True:
                self._places[id] = (column, row)
                following = children.get(id, [])
                if not following:
                    break
                # The newest goes on in this row.
                forks += [(child, id) for child in reversed(following[:-1])]
                id, column = following[-1], column + 1
            todo += forks
        self._at = {place: id for id, place in self._places.items()}
        self._rows = row + 1 if self._places else 0
        self._columns = 1 + max((column for column, _ in self._places.values()), default=-1)

    # Scrolling

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another part is in sight."""
        super().resizeEvent(event)
        self._fit_bars()
        self._tell_range()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A plain wheel goes along the steps, as there is mostly one row."""
        delta = event.angleDelta()
        across = self._rows <= 1 or self.verticalScrollBar().maximum() == 0
        if delta.x() == 0 and (across or event.modifiers() & Qt.KeyboardModifier.ShiftModifier):
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() - delta.y())
            event.accept()
            return
        super().wheelEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Paint anew: little is in sight."""
        self.viewport().update()

    def _fit_bars(self) -> None:
        room = self.viewport().size()
        for bar, count, extent in (
            (self.horizontalScrollBar(), self._columns, room.width()),
            (self.verticalScrollBar(), self._rows, room.height()),
        ):
            bar.setRange(0, max(0, count * _STEP - _GAP + 2 * _EDGE - extent))
            bar.setPageStep(max(1, extent))

    def _show_current(self) -> None:
        if self._current not in self._places:
            return
        column, row = self._places[self._current]
        room = self.viewport().size()
        for bar, at, extent in (
            (self.horizontalScrollBar(), column * _STEP, room.width()),
            (self.verticalScrollBar(), row * _STEP, room.height()),
        ):
            if at < bar.value():
                bar.setValue(at)
            elif at + SIDE + 2 * _EDGE > bar.value() + extent:
                bar.setValue(at + SIDE + 2 * _EDGE - extent)

    def _tell_range(self) -> None:
        sight = QRectF(self.viewport().rect())
        shown = tuple(id for id in self._places if self.boxOf(id).intersects(sight))
        if shown != self._shown:
            self._shown = shown
            self.rangeShown.emit(shown)

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Visit; with Ctrl compare."""
        id = self.stepAt(event.position())
        if id is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.compareRequested.emit(id)
        else:
            self.visitRequested.emit(id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for a menu of the step below the mouse, or of the step shown."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            if self._current in self._places:
                spot = self.boxOf(self._current).center().toPoint()
                self.menuRequested.emit(self._current, self.viewport().mapToGlobal(spot))
            return
        id = self.stepAt(QPointF(event.pos()))
        if id is not None:
            self.menuRequested.emit(id, event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Our letters are ours: elsewhere S snaps to a seed."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() in _KEYS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows visit, letters act on the step shown."""
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or self._current not in self._places:
            super().keyPressEvent(event)
            return
        match event.key():
            case Qt.Key.Key_S:
                self.starRequested.emit(self._current)
            case Qt.Key.Key_C:
                self.compareRequested.emit(self._current)
            case Qt.Key.Key_Delete:
                self.removeRequested.emit(self._current)
            case key:
                neighbour = self._neighbour(Qt.Key(key))
                if neighbour is None:
                    super().keyPressEvent(event)
                elif neighbour != self._current:
                    self.visitRequested.emit(neighbour)

    def _neighbour(self, key: Qt.Key) -> int | None:
        """The step a key leads to: the one shown if there is none that way, ``None`` for other keys."""
        column, row = self._places[self._current]
        in_row = sorted(place for place in self._at if place[1] == row)
        match key:
            case Qt.Key.Key_Left:
                parent = self._steps[self._current].parent
                return self._current if parent is None else parent
            case Qt.Key.Key_Right:
                return self._at.get((column + 1, row), self._current)
            case Qt.Key.Key_Home:
                return self._at[in_row[0]]
            case Qt.Key.Key_End:
                return self._at[in_row[-1]]
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                other = row + (1 if key == Qt.Key.Key_Down else -1)
                near = [place for place in self._at if place[1] == other]
                return (
                    self._at[min(near, key=lambda place: abs(place[0] - column))] if near else self._current
                )
        return None

    def viewportEvent(self, event: QEvent) -> bool:
        """A step tells what it is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            id = self.stepAt(QPointF(event.pos()))
            if id is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self._steps[id].text, self)
            return True
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame of the step shown tells of the focus."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """And of its loss."""
        super().focusOutEvent(event)
        self.viewport().update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lines first, pictures over them."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = colours()
        sight = QRectF(self.viewport().rect())
        painter.setPen(QPen(colour(tokens.line), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for id, step in self._steps.items():
            if step.parent is not None and id in self._places:
                start, end = self.boxOf(step.parent), self.boxOf(id)
                if end.united(start).intersects(sight):
                    painter.drawPath(_way(start, end))
        for id in self._places:
            box = self.boxOf(id)
            if box.intersects(sight.adjusted(-4, -4, 4, 4)):
                self._paint_step(painter, id, box)
        painter.end()

    def _paint_step(self, painter: QPainter, id: int, box: QRectF) -> None:
        tokens = colours()
        painter.setOpacity(0.5 if id in self._beyond else 1.0)
        paint_picture(painter, box, self._images.get(id), radius=_RADIUS)
        painter.setOpacity(1.0)
        if id == self._current:
            focused = self.hasFocus()
            painter.setPen(QPen(colour(tokens.accent), 3 if focused else 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), _RADIUS + 1, _RADIUS + 1)
        if self._steps[id].starred:
            badge = QRectF(box.right() - 15, box.top() + 1, 14, 14)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.panel, alpha=0.85))
            painter.drawEllipse(badge)
            ratio = self.devicePixelRatioF()
            star = icon_pixmap("star-filled", size=10, role="warm", ratio=ratio)
            painter.drawPixmap(QPointF(badge.left() + 2, badge.top() + 2), star)


def _way(start: QRectF, end: QRectF) -> QPainterPath:
    """From a step to the next: straight on, or down from below the fork and then to the right."""
    path = QPainterPath()
    if start.top() == end.top():
        path.moveTo(start.right(), start.center().y())
        path.lineTo(end.left(), end.center().y())
        return path
    x = start.center().x()
    path.moveTo(x, start.bottom())
    path.lineTo(x, end.center().y() - 6)
    path.quadTo(x, end.center().y(), x + 6, end.center().y())
    path.lineTo(end.left(), end.center().y())
    return path
