"""PhotoView: a photo with the faces found in it, and marks a hand can move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent

#: Distance in logical pixels within which a press takes a mark.
_REACH = 14.0
_KNOB = 5.0
#: How close the wheel goes.
_CLOSEST = 24.0
#: Room around a crop that is looked at.
_ROOM = 1.35
Point = tuple[float, float]
Box = tuple[float, float, float, float]


class PhotoView(QWidget):
    """Shows a photo as large as it fits, boxes of faces, the crop's outline, and four marks.

    Places are in pixels of the photo, whatever size the picture given has.

    Signals:
        facePicked: a face's box was clicked; its index.
        marksMoved: a mark is being dragged; the four points.
        marksReleased: the hand let go.
        cropMoved: the square of a photo without marks is dragged; by how much.
        brushed: a stroke from one point to another, and whether it takes away; only while brushing.
    """

    facePicked = Signal(int)
    marksMoved = Signal(object)
    marksReleased = Signal()
    cropMoved = Signal(float, float)
    brushed = Signal(object, object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._photo_size = QSize(1, 1)
        self._boxes: tuple[Box, ...] = ()
        self._chosen = -1
        self._marks: list[Point] = []
        self._quad: tuple[Point, ...] = ()
        self._held = -1
        self._crop_from: QPointF | None = None
        self._active = 0
        self._is_brushing = False
        self._stroke_from: Point | None = None
        self._paint: QImage | None = None
        self._paint_corners: tuple[Point, ...] = ()
        self._zoom = 1.0
        self._middle: Point = (0.0, 0.0)
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """Room for a portrait."""
        return QSize(260, 220)

    def setPhoto(self, image: QImage | None, size: QSize) -> None:
        """Show a picture of the photo; ``size`` is the photo's own."""
        self._image = image
        self._photo_size = size if size.width() > 0 else QSize(1, 1)
        self.update()

    def setFaces(self, boxes: Sequence[Box], chosen: int) -> None:
        """Show boxes; ``chosen`` is -1 for none of them."""
        self._boxes, self._chosen = tuple(boxes), chosen
        self.update()

    def setMarks(self, marks: Sequence[Point]) -> None:
        """Show four marks, or none."""
        if self._held < 0:
            self._marks = list(marks)
            self.update()

    def marks(self) -> tuple[Point, ...]:
        """The marks shown."""
        return tuple(self._marks)

    def setQuad(self, corners: Sequence[Point]) -> None:
        """Show the crop's outline, or none."""
        self._quad = tuple(corners)
        self.update()

    def setBrushing(self, on: bool) -> None:
        """Whether the pointer paints instead of moving marks."""
        self._is_brushing = on
        self._stroke_from = None
        self.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)
        self.update()

    def setPaint(self, image: QImage | None, corners: Sequence[Point]) -> None:
        """Show a see-through picture over the photo.

        Args:
            image: square; ``None`` for none.
            corners: where its top left, bottom left, bottom right and top right lie in the photo.
        """
        self._paint, self._paint_corners = image, tuple(corners)
        self.update()

    def placeOf(self, point: Point) -> QPointF:
        """Where a place of the photo is in the widget."""
        box, scale = self._placed()
        return QPointF(box.x() + (point[0] + 0.5) * scale, box.y() + (point[1] + 0.5) * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Photo, boxes, outline, marks."""
        painter, tokens = QPainter(self), colours()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box, _ = self._placed()
        if self._image is None or self._image.isNull():
            painter.setPen(QPen(colour(tokens.line), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
            painter.end()
            return
        painter.drawImage(box, self._image)
        if self._paint is not None:
            self._draw_paint(painter, self._paint)
        for index, face in enumerate(self._boxes):
            chosen = index == self._chosen
            painter.setPen(QPen(colour(tokens.accent if chosen else tokens.muted), 2 if chosen else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            corner, end = self.placeOf((face[0], face[1])), self.placeOf((face[2], face[3]))
            painter.drawRoundedRect(QRectF(corner, end), 4, 4)
        if self._quad:
            painter.setPen(QPen(colour(tokens.warm), 1.5, Qt.PenStyle.DashLine))
            painter.drawPolygon(QPolygonF([self.placeOf(corner) for corner in self._quad]))
        for index, mark in enumerate(() if self._is_brushing else self._marks):
            place = self.placeOf(mark)
            focused = self.hasFocus() and index == self._active
            painter.setPen(QPen(colour(tokens.accent if focused else tokens.ground), 2 if focused else 1.5))
            painter.setBrush(colour(tokens.warm))
            painter.drawEllipse(place, _KNOB, _KNOB)
        if self.hasFocus():
            painter.setPen(QPen(colour(tokens.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    def _draw_paint(self, painter: QPainter, paint: QImage) -> None:
        side = paint.width()
        square = QPolygonF([QPointF(0, 0), QPointF(0, side), QPointF(side, side), QPointF(side, 0)])
        there = QTransform()
        if QTransform.quadToQuad(
            square, QPolygonF([self.placeOf(corner) for corner in self._paint_corners]), there
        ):
            painter.save()
            painter.setTransform(there, combine=True)
            painter.drawImage(0, 0, paint)
            painter.restore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Paint, take a mark, choose a face, or take the crop."""
        if self._is_brushing and self._image is not None:
            self._stroke_from = self._photo_point(event.position())
            self.brushed.emit(
                self._stroke_from, self._stroke_from, event.button() == Qt.MouseButton.RightButton
            )
            return
        if event.button() != Qt.MouseButton.LeftButton or self._image is None:
            return
        self._held = self._mark_at(event.position())
        if self._held >= 0:
            self._active = self._held
            self.update()
            return
        point = self._photo_point(event.position())
        for index, (left, top, right, bottom) in enumerate(self._boxes):
            if left <= point[0] <= right and top <= point[1] <= bottom and index != self._chosen:
                self.facePicked.emit(index)
                return
        if not self._marks and self._quad:
            self._crop_from = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what is held; show what could be."""
        if self._stroke_from is not None:
            point = self._photo_point(event.position())
            self.brushed.emit(self._stroke_from, point, bool(event.buttons() & Qt.MouseButton.RightButton))
            self._stroke_from = point
            return
        if self._is_brushing:
            return
        if self._held >= 0:
            self._move_mark(self._held, self._photo_point(event.position()))
            return
        if self._crop_from is not None:
            _, scale = self._placed()
            moved = event.position() - self._crop_from
            self._crop_from = event.position()
            self.cropMoved.emit(moved.x() / scale, moved.y() / scale)
            return
        over = self._mark_at(event.position()) >= 0
        self.setCursor(Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._stroke_from = None
        if self._held >= 0 or self._crop_from is not None:
            self._held = -1
            self._crop_from = None
            self.marksReleased.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move a mark by a pixel of the screen, with Shift by ten; Page keys choose the mark."""
        steps = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0,
            1),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if self._marks and key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._active = (self._active + (1 if key == Qt.Key.Key_PageDown else -1)) % len(self._marks)
            self.update()
            return
        if self._marks and key in steps:
            _, scale = self._placed()
            size = (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1) / scale
            x, y = self._marks[self._active]
            self._move_mark(self._active, (x + steps[key][0] * size, y + steps[key][1] * size))
            self.marksReleased.emit()
            return
        super().keyPressEvent(event)

    def _move_mark(self, index: int, point: Point) -> None:
        self._marks[index] = point
        self.update()
        self.marksMoved.emit(tuple(self._marks))

    def _mark_at(self, place: QPointF) -> int:
        best, found = _REACH, -1
        for index, mark in enumerate(self._marks):
            away = self.placeOf(mark) - place
            distance = (away.x() ** 2 + away.y() ** 2) ** 0.5
            if distance < best:
                best, found = distance, index
        return found

    def _photo_point(self, place: QPointF) -> Point:
        box, scale = self._placed()
        return (place.x() - box.x()) / scale - 0.5, (place.y() - box.y()) / scale - 0.5

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Look closer, or at all of it again; what is under the pointer stays there."""
        if self._image is None:
            return
        before = self._photo_point(event.position())
        factor = 1.25 ** (event.angleDelta().y() / 120)
        self._zoom = min(_CLOSEST, max(1.0, self._zoom * factor))
        after = self._photo_point(event.position())
        x, y = self._middle
        self._middle = (x + before[0] - after[0], y + before[1] - after[1])
        self.update()
        event.accept()

    def lookAt(self, corners: Sequence[Point]) -> None:
        """Look closer at a crop, with some room around it; at all of the photo without one."""
        if not corners:
            self._zoom = 1.0
            self.update()
            return
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        wide = max(max(xs) - min(xs), max(ys) - min(ys), 1.0) * _ROOM
        fit = min(self.width() / self._photo_size.width(), self.height() / self._photo_size.height())
        self._middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        self._zoom = min(_CLOSEST, max(1.0, min(self.width(), self.height()) / wide / fit))
        self.update()

    def _placed(self) -> tuple[QRectF, float]:
        """Where the photo is drawn, and how many logical pixels one of its pixels takes."""
        width, height = self._photo_size.width(), self._photo_size.height()
        scale = min(self.width() / width, self.height() / height) * self._zoom
        left, top = (self.width() - width * scale) / 2, (self.height() - height * scale) / 2
        if self._zoom > 1:
            left = self.width() / 2 - (self._middle[0] + 0.5) * scale
            top = self.height() / 2 - (self._middle[1] + 0.5) * scale
        return QRectF(left, top, width * scale, height * scale), scale
