"""MapCanvas: thousands of points in a plane, pictures on some, to walk, move, choose and draw on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from latent_studio.core.plane_shapes import spread_over
from latent_studio.ui.theme import colour, colours, theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from PySide6.QtGui import (
        QFocusEvent,
        QHideEvent,
        QImage,
        QKeyEvent,
        QMouseEvent,
        QResizeEvent,
        QWheelEvent,
    )

#: ``go``: click goes there, drag walks; ``move``: drag moves the map; ``loop``: choose; ``path``: draw.
MapTool = Literal["go", "move", "loop", "path"]
TOOLS: tuple[MapTool, ...] = get_args(MapTool)

#: Side of a small picture in pixels, and of the cell it has for itself.
_PICTURE = 44
_CELL = 56
#: A press that moves less is a click.
_CLICK_PX = 4.0
#: A click this near to a point is on it.
_NEAR_PX = 9.0
#: An arrow key moves the cross so far, with Shift so far.
_STEP_PX, _FINE_PX = 24.0, 4.0
_ZOOM = 1.25
#: Standard deviations across the view, at least and at most.
_LEAST_SPAN, _MOST_SPAN = 1e-3, 1e6
#: Pictures are asked for when the view has rested this long.
_REST_MS = 120
_DOT = 5

_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0),
    Qt.Key.Key_Down: (0.0, -1.0),
}


class MapCanvas(pyqtgraph.GraphicsView):  # type: ignore[misc]
    """Shows points and reports gestures in the plane's own units. Knows nothing of latents.

    Arrows move the cross, + and - zoom, Home shows everything, Enter goes to the cross, Space chooses the
    point there, Escape takes a drawing or a choice back.

    Args:
        parent: Qt owner.
    """

    #: A point was clicked, or Enter pressed on it: its index.
    pointTaken = Signal(int)
    #: A place between points: ``(x, y)``.
    placeTaken = Signal(float, float)
    #: The hand drags over the map: ``(x, y)`` it is at now.
    walked = Signal(float, float)
    walkFinished = Signal()
    #: Other points are chosen.
    chosenChanged = Signal()
    #: A path was drawn: ``(M, 2)``.
    pathDrawn = Signal(object)
    #: Indices of the points in view that a picture would have room for.
    picturesWanted = Signal(object)
    #: Escape asked for the ordinary tool.
    toolLeft = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setMouseTracking(True)
        self._points: NDArray[np.float64] = np.zeros((0, 2))
        self._chosen: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._tool: MapTool = "go"
        self._press: QPointF | None = None
        self._press_button = Qt.MouseButton.NoButton
        self._is_moving = False
        self._drawn: list[tuple[float, float]] = []
        self._cross: tuple[float, float] | None = None
        self._shows_pictures = True
        self._last = QPointF()

        self._box = pyqtgraph.ViewBox(enableMenu=False)
        self._box.setMouseEnabled(x=False, y=False)
        self._box.disableAutoRange()
        self._sides = {"left": pyqtgraph.AxisItem("left"), "bottom": pyqtgraph.AxisItem("bottom")}
        layout = pyqtgraph.GraphicsLayout()
        layout.setContentsMargins(0, 4, 8, 0)
        layout.setSpacing(0)
        layout.addItem(self._sides["left"], 0, 0)
        layout.addItem(self._box, 0, 1)
        layout.addItem(self._sides["bottom"], 1, 1)
        self._sides["left"].setWidth(46)
        self._sides["bottom"].setHeight(38)
        for side in self._sides.values():
            side.linkToView(self._box)
            side.enableAutoSIPrefix(False)
            side.setStyle(maxTickLevel=0)
        self.setCentralItem(layout)

        self._dots = pyqtgraph.ScatterPlotItem(size=_DOT, pxMode=True, pen=None)
        self._chosen_dots = pyqtgraph.ScatterPlotItem(size=_DOT + 3, pxMode=True, pen=None)
        self._pictures = _Pictures(self._box)
        self._walk = pyqtgraph.PlotCurveItem()
        self._keys = pyqtgraph.ScatterPlotItem(size=12, symbol="d", pxMode=True)
        self._photos = pyqtgraph.ScatterPlotItem(size=15, symbol="star", pxMode=True)
        self._way = pyqtgraph.PlotCurveItem()
        self._edited = pyqtgraph.ScatterPlotItem(size=9, pxMode=True)
        self._here = pyqtgraph.ScatterPlotItem(size=30, pxMode=True)
        self._cross_item = pyqtgraph.ScatterPlotItem(size=20, symbol="+", pxMode=True)
        self._drawing = pyqtgraph.PlotCurveItem()
        self._marks: dict[str, NDArray[np.float64]] = {}
        self._titles: dict[str, str] = {}
        for z, item in enumerate(
            (
                self._dots,
                self._pictures,
                self._chosen_dots,
                self._walk,
                self._keys,
                self._photos,
                self._way,
                self._edited,
                self._here,
                self._cross_item,
                self._drawing,
            )
        ):
            item.setZValue(z)
            self._box.addItem(item, ignoreBounds=True)

        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._ask_for_pictures)
        self._box.sigRangeChanged.connect(self._rest.start)
        theme().changed.connect(self._take_theme)
        self._take_theme()
        self.setTool("go")

    # What is shown

    def setPoints(self, points: NDArray[np.float64]) -> None:
        """Show other points ``(N, 2)``; none are chosen, and all pictures go."""
        self._points = np.asarray(points, dtype=np.float64)
        self._chosen = np.zeros(len(points), np.bool_)
        self._dots.setData(pos=self._points)
        self._pictures.clear()
        self._show_chosen()
        self.zoomFit()

    def points(self) -> NDArray[np.float64]:
        """The points, ``(N, 2)``."""
        return self._points

    def setTitles(self, across: str, up: str) -> None:
        """Name the axes."""
        self._titles = {"bottom": across, "left": up}
        self._take_theme()

    def setPicture(self, point: int, image: QImage) -> None:
        """Put a small picture on a point."""
        if 0 <= point < len(self._points):
            x, y = self._points[point]
            self._pictures.put(point, (float(x), float(y)), image, self.devicePixelRatioF())

    def hasPicture(self, point: int) -> bool:
        """Whether a point has its picture."""
        return point in self._pictures

    def clearPictures(self) -> None:
        """Take all pictures away and ask again for those in view."""
        self._pictures.clear()
        self._rest.start()

    @Slot(bool)
    def setPicturesShown(self, shown: bool) -> None:
        """Show pictures, or points alone."""
        self._shows_pictures = shown
        self._pictures.setVisible(shown)
        self._rest.start()

    def setHere(self, here: ArrayLike | None, edited: ArrayLike | None = None) -> None:
        """Where the picture is, ``(2,)``, and where its edits have taken it."""
        self._set_marks("here", self._here, here)
        self._set_marks("edited", self._edited, edited)
        if here is None or edited is None:
            self._way.setData([], [])
        else:
            ends = np.stack([np.asarray(here, dtype=float), np.asarray(edited, dtype=float)])
            self._way.setData(ends[:, 0], ends[:, 1])

    def here(self) -> NDArray[np.float64] | None:
        """Where the picture is."""
        found = self._marks.get("here")
        return None if found is None or not len(found) else found[0]

    def setKeys(self, keys: ArrayLike, walk: ArrayLike) -> None:
        """Keys of the timeline ``(K, 2)`` and the way between them ``(M, 2)``."""
        self._set_marks("keys", self._keys, keys)
        line = np.asarray(walk, dtype=np.float64).reshape(-1, 2)
        self._walk.setData(line[:, 0], line[:, 1])

    def setPhotos(self, photos: ArrayLike) -> None:
        """Photos whose latents were found, ``(P, 2)``."""
        self._set_marks("photos", self._photos, photos)

    def marks(self, kind: str) -> NDArray[np.float64]:
        """What is marked: ``here``, ``edited``, ``keys`` or ``photos``, ``(n, 2)``."""
        return self._marks.get(kind, np.zeros((0, 2)))

    def _set_marks(self, kind: str, item: pyqtgraph.ScatterPlotItem, places: ArrayLike | None) -> None:
        found = np.zeros((0, 2)) if places is None else np.asarray(places, dtype=np.float64).reshape(-1, 2)
        self._marks[kind] = found
        item.setData(pos=found)

    # Choosing

    def chosen(self) -> NDArray[np.bool_]:
        """Which points are chosen, ``(N,)``."""
        return self._chosen

    def setChosen(self, chosen: NDArray[np.bool_]) -> None:
        """Choose other points."""
        self._chosen = np.asarray(chosen, dtype=np.bool_).copy()
        self._show_chosen()
        self.chosenChanged.emit()

    def _show_chosen(self) -> None:
        self._chosen_dots.setData(pos=self._points[self._chosen])

    # The view

    def view(self) -> tuple[float, float, float, float]:
        """What is in view: left, bottom, right, top."""
        rect = self._box.viewRect()
        return rect.left(), rect.top(), rect.right(), rect.bottom()

    def setView(self, left: float, bottom: float, right: float, top: float) -> None:
        """Show another part."""
        if not all(map(math.isfinite, (left, bottom, right, top))):
            return
        if _LEAST_SPAN < min(right - left, top - bottom) and max(right - left, top - bottom) < _MOST_SPAN:
            self._box.setRange(QRectF(left, bottom, right - left, top - bottom), padding=0)

    @Slot()
    def zoomFit(self) -> None:
        """Show all points but the odd ones far out."""
        if not len(self._points):
            self.setView(-3, -3, 3, 3)
            return
        low, high = np.percentile(self._points, (0.5, 99.5), axis=0)
        margin = np.maximum(0.12 * (high - low), 1e-2)
        (left, bottom), (right, top) = low - margin, high + margin
        self.setView(float(left), float(bottom), float(right), float(top))

    def zoom(self, factor: float, about: tuple[float, float] | None = None) -> None:
        """Show more of less; ``about`` stays where it is, else the middle."""
        left, bottom, right, top = self.view()
        x, y = about or ((left + right) / 2, (bottom + top) / 2)
        self.setView(
            x + (left - x) / factor,
            y + (bottom - y) / factor,
            x + (right - x) / factor,
            y + (top - y) / factor,
        )

    def pan(self, dx: float, dy: float) -> None:
        """Move the view in the plane's units."""
        left, bottom, right, top = self.view()
        self.setView(left + dx, bottom + dy, right + dx, top + dy)

    def pixelsPerUnit(self) -> tuple[float, float]:
        """How large one unit is, across and up."""
        left, bottom, right, top = self.view()
        size = self._box.size()
        return size.width() / (right - left), size.height() / (top - bottom)

    def placeAt(self, spot: QPointF) -> tuple[float, float]:
        """The place in the plane below a pixel of the widget."""
        found = self._box.mapSceneToView(self.mapToScene(spot.toPoint()))
        return found.x(), found.y()

    def spotOf(self, x: float, y: float) -> QPointF:
        """The pixel of the widget a place is shown at."""
        return QPointF(self.mapFromScene(self._box.mapViewToScene(QPointF(x, y))))

    def pointNear(self, x: float, y: float, within_px: float = _NEAR_PX) -> int | None:
        """The nearest point to a place, if it is near on the screen."""
        if not len(self._points):
            return None
        away = np.linalg.norm((self._points - (x, y)) * self.pixelsPerUnit(), axis=1)
        nearest = int(away.argmin())
        return nearest if away[nearest] <= within_px else None

    def close(self) -> bool:
        """As any widget: the base class would take the scene apart under items that are still ours."""
        return bool(QWidget.close(self))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """There is room for other pictures."""
        super().resizeEvent(event)
        # The base class sizes itself before there is anything to show.
        if hasattr(self, "_rest"):
            self._rest.start()

    @Slot()
    def _ask_for_pictures(self) -> None:
        if not (self.isVisible() and self._shows_pictures and len(self._points)):
            self.picturesWanted.emit(())
            return
        size = self._box.size()
        cells = (max(1, int(size.width() / _CELL)), max(1, int(size.height() / _CELL)))
        wanted = tuple(spread_over(self._points, self.view(), cells).tolist())
        self._pictures.keep(wanted)
        self.picturesWanted.emit(wanted)

    # Tools and gestures

    def tool(self) -> MapTool:
        """What the left button does."""
        return self._tool

    def setTool(self, tool: MapTool) -> None:
        """Give the left button another meaning; a drawing that was begun is dropped."""
        self._tool = tool
        self._end_drawing()
        shapes = {"go": Qt.CursorShape.ArrowCursor, "move": Qt.CursorShape.OpenHandCursor}
        self.setCursor(shapes.get(tool, Qt.CursorShape.CrossCursor))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture."""
        event.accept()
        if self._press is not None:
            return
        self._press, self._press_button = event.position(), event.button()
        self._last = event.position()
        self._is_moving = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it."""
        event.accept()
        if self._press is None:
            return
        spot = event.position()
        if not self._is_moving:
            way = spot - self._press
            if math.hypot(way.x(), way.y()) < _CLICK_PX:
                return
            self._is_moving = True
        match self._gesture():
            case "go":
                self.walked.emit(*self.placeAt(spot))
            case "move":
                (x0, y0), (x1, y1) = self.placeAt(self._last), self.placeAt(spot)
                self.pan(x0 - x1, y0 - y1)
            case _:
                self._draw_to(spot)
        self._last = spot

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End it."""
        event.accept()
        if self._press is None or event.button() is not self._press_button:
            return
        gesture, moved = self._gesture(), self._is_moving
        self._press, self._is_moving = None, False
        if gesture == "go":
            if moved:
                self.walkFinished.emit()
            else:
                self._take(*self.placeAt(event.position()))
        elif gesture == "move":
            pass
        elif moved:
            self._finish_drawing(gesture, add=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            self._end_drawing()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two presses are two presses."""
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the mouse."""
        event.accept()
        self.zoom(1.0015 ** event.angleDelta().y(), about=self.placeAt(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything the mouse can."""
        key = Qt.Key(event.key())
        if key in _ARROWS:
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._move_cross(*_ARROWS[key], _FINE_PX if fine else _STEP_PX)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_ZOOM, about=self._cross)
        elif key is Qt.Key.Key_Minus:
            self.zoom(1 / _ZOOM, about=self._cross)
        elif key is Qt.Key.Key_Home:
            self.zoomFit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cross is not None:
            if self._tool in ("loop", "path"):
                self._add_corner(self._cross)
            else:
                self._take(*self._cross)
        elif key is Qt.Key.Key_Space and self._cross is not None:
            self._choose_at(*self._cross)
        elif key is Qt.Key.Key_Escape and self._leave():
            pass
        else:
            event.ignore()
            return
        event.accept()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Nothing waits for it."""
        event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The cross is for the keyboard."""
        super().focusOutEvent(event)
        self._set_cross(None)

    def hideEvent(self, event: QHideEvent) -> None:
        """No gesture outlives being seen."""
        if self._press is not None and self._is_moving and self._gesture() == "go":
            self.walkFinished.emit()
        self._press = None
        self._end_drawing()
        super().hideEvent(event)

    def cross(self) -> tuple[float, float] | None:
        """Where the keyboard's cross is."""
        return self._cross

    def _gesture(self) -> MapTool:
        return self._tool if self._press_button is Qt.MouseButton.LeftButton else "move"

    def _take(self, x: float, y: float) -> None:
        near = self.pointNear(x, y)
        if near is None:
            self.placeTaken.emit(x, y)
        else:
            self.pointTaken.emit(near)

    def _choose_within(self, outline: NDArray[np.float64], *, add: bool) -> None:
        from latent_studio.core.plane_shapes import within

        inside = within(self._points, outline)
        self.setChosen(inside | self._chosen if add else inside)

    def _choose_at(self, x: float, y: float) -> None:
        near = self.pointNear(x, y, within_px=_STEP_PX)
        if near is not None:
            chosen = self._chosen.copy()
            chosen[near] = not chosen[near]
            self.setChosen(chosen)

    def _move_cross(self, dx: float, dy: float, by_px: float) -> None:
        left, bottom, right, top = self.view()
        here = self.here()
        if self._cross is None:
            start = ((left + right) / 2, (bottom + top) / 2) if here is None else (here[0], here[1])
        else:
            start = self._cross
        across, up = self.pixelsPerUnit()
        x, y = start[0] + dx * by_px / across, start[1] + dy * by_px / up
        self._set_cross((float(x), float(y)))
        # The map follows a cross that leaves it.
        self.pan(min(0.0, x - left) + max(0.0, x - right), min(0.0, y - bottom) + max(0.0, y - top))

    def _set_cross(self, place: tuple[float, float] | None) -> None:
        self._cross = place
        self._cross_item.setData(pos=np.zeros((0, 2)) if place is None else np.array([place]))

    def _leave(self) -> bool:
        """Take back the nearest thing: a drawing, a choice, a tool."""
        if self._drawn:
            self._press = None
            self._end_drawing()
        elif self._chosen.any():
            self.setChosen(np.zeros(len(self._points), np.bool_))
        elif self._tool != "go":
            self.toolLeft.emit()
        else:
            return False
        return True

    def _draw_to(self, spot: QPointF) -> None:
        if not self._drawn and self._press is not None:
            self._drawn.append(self.placeAt(self._press))
        self._drawn.append(self.placeAt(spot))
        self._show_drawing(self._gesture())

    def _add_corner(self, place: tuple[float, float]) -> None:
        """The keyboard draws corner by corner; the last one twice is the end."""
        if self._drawn and self._drawn[-1] == place:
            self._finish_drawing(self._tool, add=False)
        else:
            self._drawn.append(place)
            self._show_drawing(self._tool)

    def _show_drawing(self, tool: MapTool) -> None:
        line = np.array(self._drawn)
        if tool == "loop":
            line = np.concatenate([line, line[:1]])
        self._drawing.setData(line[:, 0], line[:, 1])

    def _finish_drawing(self, tool: MapTool, *, add: bool) -> None:
        """Hand on what was drawn; two places are no loop, but a path."""
        drawn = np.array(self._drawn)
        self._end_drawing()
        if tool == "path" and len(drawn) > 1:
            self.pathDrawn.emit(drawn)
        elif tool == "loop" and len(drawn) > 2:
            self._choose_within(drawn, add=add)

    def _end_drawing(self) -> None:
        self._drawn = []
        self._drawing.setData([], [])

    @Slot()
    def _take_theme(self) -> None:
        palette = colours()
        self.setBackground(colour(palette.ground))
        self._dots.setBrush(colour(palette.muted, alpha=0.55))
        self._chosen_dots.setBrush(colour(palette.accent))
        self._walk.setPen(pyqtgraph.mkPen(colour(palette.accent, alpha=0.7), width=2))
        for item, token in ((self._keys, palette.accent), (self._photos, palette.good)):
            item.setBrush(colour(token))
            item.setPen(pyqtgraph.mkPen(colour(palette.ground), width=1))
        self._way.setPen(pyqtgraph.mkPen(colour(palette.warm), width=2, style=Qt.PenStyle.DotLine))
        self._edited.setBrush(colour(palette.warm))
        self._edited.setPen(pyqtgraph.mkPen(colour(palette.ground), width=1))
        self._here.setBrush(QColor(0, 0, 0, 0))
        self._here.setPen(pyqtgraph.mkPen(colour(palette.bad), width=3))
        self._cross_item.setBrush(colour(palette.text))
        self._cross_item.setPen(None)
        self._drawing.setPen(pyqtgraph.mkPen(colour(palette.warm), width=2))
        for name, side in self._sides.items():
            side.setPen(colour(palette.line))
            side.setTextPen(colour(palette.muted))
            side.setLabel(self._titles.get(name, ""), color=palette.muted)


class _Pictures(pyqtgraph.GraphicsObject):  # type: ignore[misc]
    """Small pictures at places of the plane, of one size on the screen.

    Args:
        box: whose coordinates the places are in.
    """

    def __init__(self, box: pyqtgraph.ViewBox) -> None:
        super().__init__()
        self._box = box
        self._pictures: dict[int, tuple[QPointF, QPixmap]] = {}

    def __contains__(self, point: int) -> bool:
        return point in self._pictures

    def put(self, point: int, place: tuple[float, float], image: QImage, ratio: float) -> None:
        side = round(_PICTURE * ratio)
        small = QPixmap.fromImage(
            image.scaled(
                side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        )
        small.setDevicePixelRatio(ratio)
        self._pictures[point] = (QPointF(*place), small)
        self.update()

    def keep(self, points: Sequence[int]) -> None:
        """Forget the pictures of all other points: they would lie on each other."""
        wanted = set(points)
        self._pictures = {point: one for point, one in self._pictures.items() if point in wanted}
        self.update()

    def clear(self) -> None:
        self._pictures = {}
        self.update()

    def boundingRect(self) -> QRectF:
        """All of the view: what is outside is not painted anyway."""
        return QRectF(self._box.viewRect())

    def viewRangeChanged(self) -> None:
        """The view is another one, and so is this item's size."""
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, option: object, widget: QWidget | None = None) -> None:
        """Each picture with a hairline around it."""
        to_device = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(colour(colours().line), 1))
        for place, picture in self._pictures.values():
            spot = to_device.map(place)
            size = picture.deviceIndependentSize()
            corner = QRectF(spot - QPointF(size.width() / 2, size.height() / 2), size).toRect()
            painter.drawPixmap(corner.topLeft(), picture)
            painter.drawRect(corner.adjusted(-1, -1, 0, 0))
        painter.restore()
