"""TimelineView: the strip of a timeline: ruler, keys as pictures and diamonds, playhead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from latent_studio.core.timeline import Timeline
from latent_studio.ui.theme import colour, colours, mixed
from latent_studio.ui.widgets.focus import FocusRing, draw_focus_ring
from latent_studio.ui.widgets.timeline_scale import TimelineScale, clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latent_studio.core.timeline import PoseKey, ValueKey

LABEL_WIDTH = 74
RULER_HEIGHT = 20
PICTURE_ROW = 38
TRACK_ROW = 22
_KEY = 28
_DIAMOND = 6.0
_REACH = 7.0
_SNAP = 7.0
_RIGHT = 18.0


@dataclass(frozen=True, slots=True)
class Row:
    """A line of diamonds.

    Attributes:
        parameter: of the track.
        label: what the user calls it.
        is_muted: its keys do nothing.
    """

    parameter: str
    label: str
    is_muted: bool = False


class TimelineView(QWidget):
    """Shows a timeline and reports what hands do to it; it changes nothing itself.

    Signals:
        scrubbed: ``seconds`` the playhead was put to.
        scrubFinished: the hand was lifted.
        keysMoved: ``seconds`` from where the selected keys stood when the drag began.
        moveFinished: the hand was lifted.
        selectionChanged: other keys are selected.
        keyActivated: ``id`` of a key that was double clicked, or Enter pressed on.
        menuRequested: ``(key id or None, seconds, global place)``.
        spanMoved: ``(from, to)`` of the part to play.
        spanFinished: the hand was lifted.
        command: what a key of the keyboard asked for, by name.
    """

    scrubbed = Signal(float)
    scrubFinished = Signal()
    keysMoved = Signal(float)
    moveFinished = Signal()
    selectionChanged = Signal()
    keyActivated = Signal(int)
    menuRequested = Signal(object, float, QPoint)
    spanMoved = Signal(float, float)
    spanFinished = Signal()
    command = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline = Timeline()
        self._rows: tuple[Row, ...] = ()
        self._playhead = 0.0
        self._scale = TimelineScale(left=LABEL_WIDTH + 14.0)
        self._is_fitted = True
        self._selected: frozenset[int] = frozenset()
        self._pictures: Callable[[float], QImage | None] = lambda seconds: None
        self._thumbnails: Mapping[int, QImage] = {}
        self._snap = True
        self._drag: str = ""
        self._from = QPointF()
        self._origin: dict[int, float] = {}
        self._ready: tuple[tuple[float, float], ...] = ()
        self._scroll = 0
        self._ring = FocusRing()
        self._drawn = QPixmap()
        self.setObjectName("timeline-view")
        self.setAccessibleName(self.tr("Timeline"))
        self.setAccessibleDescription(
            self.tr("Arrows move the playhead by a frame, Space plays, K adds a key, Delete removes keys.")
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # What it shows

    def setTimeline(self, timeline: Timeline, rows: tuple[Row, ...]) -> None:
        """Show another timeline; keys that are no more are not selected any more."""
        self._timeline, self._rows = timeline, rows
        kept = self._selected & {key.id for key in timeline.all_keys()}
        if self._is_fitted and not self._drag:
            self._fit()
        if kept != self._selected:
            self.setSelected(kept)
        self._scroll = min(self._scroll, self._hidden_height())
        self.updateGeometry()
        self._redraw()

    def setPlayhead(self, seconds: float) -> None:
        """Put the playhead somewhere without a signal; a playhead that leaves the strip turns its page."""
        self._playhead = max(0.0, seconds)
        x = self._scale.x(self._playhead)
        if not self._drag and not self._scale.left - 1 <= x <= self.width() - 4 and not self._is_fitted:
            self._scale = self._scale.moved(x - self._scale.left - 0.1 * self.width())
            self._redraw()
        self.update()

    def playhead(self) -> float:
        """Seconds."""
        return self._playhead

    def setSelected(self, ids: frozenset[int] | set[int]) -> None:
        """Select keys."""
        if frozenset(ids) != self._selected:
            self._selected = frozenset(ids)
            self.selectionChanged.emit()
            self._redraw()

    def selected(self) -> frozenset[int]:
        """Ids of the selected keys."""
        return self._selected

    def setThumbnails(self, thumbnails: Mapping[int, QImage]) -> None:
        """Pictures of the pose keys, by their id."""
        self._thumbnails = thumbnails
        self._redraw()

    def setFilm(
        self, picture_at: Callable[[float], QImage | None], ready: tuple[tuple[float, float], ...]
    ) -> None:
        """What lies between the keys.

        Args:
            picture_at: a small picture of a moment, where there is one.
            ready: parts, in seconds, whose pictures are all there.
        """
        self._pictures, self._ready = picture_at, ready
        self._redraw()

    def setSnap(self, on: bool) -> None:
        """Whether dragged things stop at frames, keys and markers."""
        self._snap = on

    def snaps(self) -> bool:
        """Whether they do."""
        return self._snap

    def zoom(self, factor: float) -> None:
        """Larger or smaller about the playhead."""
        self._is_fitted = False
        self._scale = self._scale.zoomed(factor, self._scale.x(self._playhead))
        self._redraw()

    def zoomFit(self) -> None:
        """Show the whole film."""
        self._is_fitted = True
        self._fit()
        self._redraw()

    def scale(self) -> TimelineScale:
        """The part shown."""
        return self._scale

    def keyPlace(self, key_id: int) -> QPointF | None:
        """Where the middle of a key is."""
        for key in self._timeline.keys:
            if key.id == key_id:
                return QPointF(self._scale.x(key.seconds), RULER_HEIGHT + PICTURE_ROW / 2)
        for index, row in enumerate(self._rows):
            track = self._timeline.track(row.parameter)
            for value in track.keys if track is not None else ():
                if value.id == key_id:
                    return QPointF(self._scale.x(value.seconds), self._row_top(index) + TRACK_ROW / 2)
        return None

    def sizeHint(self) -> QSize:
        """All rows."""
        return QSize(480, RULER_HEIGHT + PICTURE_ROW + TRACK_ROW * max(1, len(self._rows)) + 4)

    def minimumSizeHint(self) -> QSize:
        """The pictures, and a row."""
        return QSize(220, RULER_HEIGHT + PICTURE_ROW + TRACK_ROW)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ruler, rows, keys, playhead."""
        painter = QPainter(self)
        if self._drawn.size() != self.size() * self.devicePixelRatio():
            self._draw()
        painter.drawPixmap(0, 0, self._drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_playhead(painter)
        if self._ring.visible and self.hasFocus():
            draw_focus_ring(painter, QRectF(self.rect()))
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """Other colours or letters."""
        self._redraw()
        super().changeEvent(event)

    def _redraw(self) -> None:
        """Draw everything anew, not only the playhead."""
        self._drawn = QPixmap()
        self.update()

    def _draw(self) -> None:
        """What stays while the playhead moves, which must cost next to nothing."""
        ratio = self.devicePixelRatio()
        self._drawn = QPixmap(self.size() * ratio)
        self._drawn.setDevicePixelRatio(ratio)
        self._drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._drawn)
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_ruler(painter)
        painter.save()
        painter.setClipRect(QRectF(LABEL_WIDTH, RULER_HEIGHT, self.width() - LABEL_WIDTH, PICTURE_ROW))
        self._paint_film(painter)
        painter.restore()
        self._paint_rows(painter)
        for key in self._timeline.keys:
            self._paint_picture_key(painter, key)
        self._paint_label(painter, self.tr("picture"), RULER_HEIGHT, PICTURE_ROW, is_muted=False)
        self._paint_markers(painter)
        painter.end()

    def _paint_ruler(self, painter: QPainter) -> None:
        tokens, scale = colours(), self._scale
        font = painter.font()
        font.setPointSizeF(max(6.5, font.pointSizeF() - 2))
        painter.setFont(font)
        start, end = self._timeline.span
        if self._timeline.work is not None:
            box = QRectF(scale.x(start), 2, scale.x(end) - scale.x(start), RULER_HEIGHT - 5)
            painter.fillRect(box, mixed(tokens.panel, tokens.accent, share=0.28))
        for second in scale.lines(self.width()):
            x = round(scale.x(second)) + 0.5
            painter.setPen(QPen(colour(tokens.line), 1))
            painter.drawLine(QPointF(x, RULER_HEIGHT), QPointF(x, self.height() - 2))
            painter.setPen(colour(tokens.muted))
            box = QRectF(x - 32, 0, 64, RULER_HEIGHT - 4)
            if x - 20 > LABEL_WIDTH - 8:
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, clock(second))
        for first, last in self._ready:
            box = QRectF(scale.x(first), RULER_HEIGHT - 2, max(1.0, scale.x(last) - scale.x(first)), 2)
            left = max(box.left(), float(LABEL_WIDTH))
            painter.fillRect(
                QRectF(left, box.top(), max(0.0, box.right() - left), 2),
                mixed(tokens.panel, tokens.good, share=0.6),
            )

    def _paint_film(self, painter: QPainter) -> None:
        """Small pictures of what lies between the keys, side by side."""
        if not self._timeline.keys:
            return
        scale, side = self._scale, PICTURE_ROW - 10.0
        first = max(scale.x(0.0), float(LABEL_WIDTH))
        last = min(scale.x(self._timeline.duration), float(self.width()))
        painter.setOpacity(0.5)
        x = scale.x(0.0) + side * ((first - scale.x(0.0)) // side)
        while x < last - 1:
            image = self._pictures(scale.seconds(x + side / 2))
            box = QRectF(x, RULER_HEIGHT + 5, min(side, last - x), side)
            if image is not None:
                part = QRectF(0, 0, image.width() * box.width() / side, image.height())
                painter.drawImage(box, image, part)
            else:
                painter.fillRect(box.adjusted(0, 0, -1, 0), colour(colours().raised))
            x += side
        painter.setOpacity(1.0)

    def _paint_rows(self, painter: QPainter) -> None:
        tokens = colours()
        painter.save()
        top = RULER_HEIGHT + PICTURE_ROW
        painter.setClipRect(QRectF(0, top, self.width(), self.height() - top))
        for index, row in enumerate(self._rows):
            y = self._row_top(index) + TRACK_ROW / 2
            painter.setPen(QPen(colour(tokens.line), 1.5))
            painter.drawLine(QPointF(self._scale.x(0), y), QPointF(self._scale.x(self._timeline.duration), y))
            track = self._timeline.track(row.parameter)
            for key in track.keys if track is not None else ():
                self._paint_diamond(painter, key, y, is_muted=row.is_muted)
            self._paint_label(painter, row.label, self._row_top(index), TRACK_ROW, is_muted=row.is_muted)
        painter.restore()

    def _paint_label(
        self, painter: QPainter, text: str, top: float, height: float, *, is_muted: bool
    ) -> None:
        tokens = colours()
        painter.fillRect(QRectF(0, top, LABEL_WIDTH, height), colour(tokens.panel))
        painter.setPen(colour(tokens.muted if is_muted else tokens.text))
        fits = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, LABEL_WIDTH - 10)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(2, top, LABEL_WIDTH - 8, height), align, fits)

    def _paint_picture_key(self, painter: QPainter, key: PoseKey) -> None:
        x = self._scale.x(key.seconds)
        if not LABEL_WIDTH - _KEY < x < self.width() + _KEY:
            return
        tokens = colours()
        box = QRectF(x - _KEY / 2, RULER_HEIGHT + (PICTURE_ROW - _KEY) / 2, _KEY, _KEY)
        image = self._thumbnails.get(key.id)
        if image is None:
            painter.fillRect(box, colour(tokens.raised))
        else:
            painter.drawImage(box, image)
        is_selected = key.id in self._selected
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(tokens.accent), 2.5 if is_selected else 1.2))
        painter.drawRoundedRect(box, 3, 3)
        if is_selected:
            painter.setPen(QPen(colour(tokens.text), 1))
            painter.drawRoundedRect(box.adjusted(-2.2, -2.2, 2.2, 2.2), 4, 4)

    def _paint_diamond(self, painter: QPainter, key: ValueKey, y: float, *, is_muted: bool) -> None:
        x = self._scale.x(key.seconds)
        if x < LABEL_WIDTH - 8:
            return
        tokens = colours()
        size = _DIAMOND
        shape = QPolygonF(
            [QPointF(x, y - size), QPointF(x + size, y), QPointF(x, y + size), QPointF(x - size, y)]
        )
        painter.setBrush(colour(tokens.safe if is_muted else tokens.warm))
        is_selected = key.id in self._selected
        painter.setPen(QPen(colour(tokens.text if is_selected else tokens.panel), 2 if is_selected else 1))
        painter.drawPolygon(shape)

    def _paint_markers(self, painter: QPainter) -> None:
        tokens = colours()
        for marker in self._timeline.markers:
            x = self._scale.x(marker.seconds)
            if x < LABEL_WIDTH - 1:
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.good))
            top = RULER_HEIGHT - 9
            painter.drawPolygon(QPolygonF([QPointF(x - 4, top), QPointF(x + 4, top), QPointF(x, top + 7)]))

    def _paint_playhead(self, painter: QPainter) -> None:
        x = self._scale.x(self._playhead)
        if not LABEL_WIDTH - 1 <= x <= self.width() + 1:
            return
        tokens = colours()
        painter.setPen(QPen(colour(tokens.bad), 1.6))
        painter.drawLine(QPointF(x, 6), QPointF(x, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(tokens.bad))
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(x - 5.5, 2),
                    QPointF(x + 5.5, 2),
                    QPointF(x + 5.5, 7),
                    QPointF(x, 13),
                    QPointF(x - 5.5, 7),
                ]
            )
        )

    # The hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a key, or the playhead."""
        self._ring.mouse_used()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._from = event.position()
        key = self._key_at(event.position())
        if key is None:
            edge = self._span_edge_at(event.position())
            if edge:
                self._drag = edge
                return
            self._drag = "playhead"
            if event.position().y() > RULER_HEIGHT:
                self.setSelected(frozenset())
            self._scrub(event)
            return
        adds = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        if adds:
            self.setSelected(self._selected ^ {key})
        elif key not in self._selected:
            self.setSelected(frozenset({key}))
        self._drag = "keys-pressed"
        self._origin = {one.id: one.seconds for one in self._timeline.all_keys() if one.id in self._selected}

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what was taken."""
        if self._drag == "playhead":
            self._scrub(event)
        elif self._drag in ("keys-pressed", "keys"):
            far = abs(event.position().x() - self._from.x()) > 3
            if self._drag == "keys" or far:
                self._drag = "keys"
                self._move_keys(event)
        elif self._drag in ("span-start", "span-end"):
            self._move_span(event)
        else:
            over_key = self._key_at(event.position()) is not None
            edge = self._span_edge_at(event.position())
            self.setCursor(
                Qt.CursorShape.PointingHandCursor
                if over_key
                else Qt.CursorShape.SizeHorCursor
                if edge
                else Qt.CursorShape.ArrowCursor
            )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The gesture ends."""
        drag, self._drag = self._drag, ""
        if drag == "playhead":
            self.scrubFinished.emit()
        elif drag == "keys":
            self.moveFinished.emit()
        elif drag.startswith("span"):
            self.spanFinished.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On a key: go to its state; on the ruler: show the whole film."""
        key = self._key_at(event.position())
        if key is not None:
            self.keyActivated.emit(key)
        elif event.position().y() < RULER_HEIGHT:
            self.zoomFit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl zooms about the mouse; else along the film, or through the rows where they do not fit."""
        notches = event.angleDelta().y() / 120 or event.angleDelta().x() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._is_fitted = False
            self._scale = self._scale.zoomed(1.25**notches, event.position().x())
        elif self._hidden_height() and event.position().y() > RULER_HEIGHT + PICTURE_ROW:
            self._scroll = min(self._hidden_height(), max(0, self._scroll - round(notches * TRACK_ROW)))
        else:
            self._is_fitted = False
            self._scale = self._scale.moved(-60 * notches)
        self._redraw()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """A menu for a key or a moment."""
        place = QPointF(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            chosen = min(self._selected, default=None)
            self.menuRequested.emit(chosen, self._playhead, self.mapToGlobal(QPoint(self.width() // 2, 20)))
            return
        key = self._key_at(place)
        if key is not None and key not in self._selected:
            self.setSelected(frozenset({key}))
        self.menuRequested.emit(key, self._snapped(self._scale.seconds(place.x()), set()), event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Keys that the window uses elsewhere are ours here; tool tips of keys."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and _command_of(event)
        ):
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip:
            self._show_tip(event)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Say what was asked for."""
        name = _command_of(event)
        if name:
            self._ring.key_used()
            self.command.emit(name)
            self.update()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        self._ring.entered(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard went."""
        self._ring.left()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A film that was shown whole stays so."""
        super().resizeEvent(event)
        if self._is_fitted:
            self._fit()
        self._scroll = min(self._scroll, self._hidden_height())
        self._redraw()

    def _fit(self) -> None:
        width = self.width() - self._scale.left - _RIGHT
        self._scale = self._scale.fitted(max(self._timeline.duration, 4.0), max(60.0, width))

    def _scrub(self, event: QMouseEvent) -> None:
        seconds = self._scale.seconds(event.position().x())
        free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self._playhead = seconds if free else self._snapped(seconds, set())
        self.scrubbed.emit(self._playhead)
        self.update()

    def _move_keys(self, event: QMouseEvent) -> None:
        by = (event.position().x() - self._from.x()) / self._scale.per_second
        if self._origin and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            lead = self._lead_origin()
            by = self._snapped(max(0.0, lead + by), set(self._origin)) - lead
        by = max(by, -min(self._origin.values(), default=0.0))
        self.keysMoved.emit(by)

    def _lead_origin(self) -> float:
        """Where the key under the hand began."""
        pressed = self._scale.seconds(self._from.x())
        return min(self._origin.values(), key=lambda seconds: abs(seconds - pressed))

    def _move_span(self, event: QMouseEvent) -> None:
        seconds = self._snapped(self._scale.seconds(event.position().x()), set())
        start, end = self._timeline.span
        least = 1 / self._timeline.fps
        if self._drag == "span-start":
            self.spanMoved.emit(min(seconds, end - least), end)
        else:
            self.spanMoved.emit(start, max(seconds, start + least))

    def _snapped(self, seconds: float, moving: set[int]) -> float:
        """The nearest thing worth stopping at: another key, a marker, a second; else the nearest frame."""
        if not self._snap:
            return seconds
        stops = [key.seconds for key in self._timeline.all_keys() if key.id not in moving]
        stops += [marker.seconds for marker in self._timeline.markers]
        stops += [0.0, float(round(seconds))]
        if self._drag.startswith("keys"):
            stops.append(self._playhead)
        nearest = min(stops, key=lambda stop: abs(stop - seconds))
        if abs(nearest - seconds) * self._scale.per_second <= _SNAP:
            return nearest
        return round(seconds * self._timeline.fps) / self._timeline.fps

    def _key_at(self, place: QPointF) -> int | None:
        """The key under a place; the nearest where several are."""
        if place.x() < LABEL_WIDTH - _KEY / 2:
            return None
        if RULER_HEIGHT <= place.y() < RULER_HEIGHT + PICTURE_ROW:
            keys: tuple[PoseKey | ValueKey, ...] = self._timeline.keys
            reach = _KEY / 2 + 1.0
        else:
            index = int((place.y() - RULER_HEIGHT - PICTURE_ROW + self._scroll) // TRACK_ROW)
            if place.y() < RULER_HEIGHT or not 0 <= index < len(self._rows):
                return None
            track = self._timeline.track(self._rows[index].parameter)
            keys, reach = track.keys if track is not None else (), _REACH
        near = [(abs(self._scale.x(key.seconds) - place.x()), key.id) for key in keys]
        found = min(near, default=None)
        return found[1] if found is not None and found[0] <= reach else None

    def _span_edge_at(self, place: QPointF) -> str:
        if self._timeline.work is None or place.y() > RULER_HEIGHT:
            return ""
        start, end = self._timeline.span
        if abs(self._scale.x(start) - place.x()) < 5:
            return "span-start"
        return "span-end" if abs(self._scale.x(end) - place.x()) < 5 else ""

    def _show_tip(self, event: QEvent) -> None:
        place = event.pos()  # type: ignore[attr-defined]
        found = self._key_at(QPointF(place))
        key = None if found is None else self._timeline.find(found)
        if key is None:
            QToolTip.hideText()
            return
        name = getattr(key, "name", "") or str(getattr(key, "value", ""))
        QToolTip.showText(
            event.globalPos(),  # type: ignore[attr-defined]
            self.tr("{name} at {time}, {easing}").format(
                name=name, time=clock(key.seconds, tenths=True), easing=key.easing.name
            ),
            self,
        )

    def _row_top(self, index: int) -> float:
        return RULER_HEIGHT + PICTURE_ROW + index * TRACK_ROW - self._scroll

    def _hidden_height(self) -> int:
        needed = RULER_HEIGHT + PICTURE_ROW + TRACK_ROW * len(self._rows)
        return max(0, needed - self.height())


_KEYS = {
    (Qt.Key.Key_Space, 0): "play",
    (Qt.Key.Key_Left, 0): "frame-back",
    (Qt.Key.Key_Right, 0): "frame-on",
    (Qt.Key.Key_Left, 1): "second-back",
    (Qt.Key.Key_Right, 1): "second-on",
    (Qt.Key.Key_Left, 4): "keys-back",
    (Qt.Key.Key_Right, 4): "keys-on",
    (Qt.Key.Key_Home, 0): "start",
    (Qt.Key.Key_End, 0): "end",
    (Qt.Key.Key_PageUp, 0): "key-before",
    (Qt.Key.Key_PageDown, 0): "key-after",
    (Qt.Key.Key_Tab, 2): "key-after",
    (Qt.Key.Key_Delete, 0): "delete",
    (Qt.Key.Key_Backspace, 0): "delete",
    (Qt.Key.Key_Return, 0): "load",
    (Qt.Key.Key_Enter, 0): "load",
    (Qt.Key.Key_C, 2): "copy",
    (Qt.Key.Key_X, 2): "cut",
    (Qt.Key.Key_V, 2): "paste",
    (Qt.Key.Key_D, 2): "duplicate",
    (Qt.Key.Key_A, 2): "select-all",
    (Qt.Key.Key_Escape, 0): "select-none",
    (Qt.Key.Key_Plus, 0): "zoom-in",
    (Qt.Key.Key_Equal, 0): "zoom-in",
    (Qt.Key.Key_Minus, 0): "zoom-out",
    (Qt.Key.Key_0, 0): "zoom-fit",
}


def _command_of(event: QKeyEvent) -> str:
    """What a key of the keyboard means here; empty for nothing."""
    held = event.modifiers()
    mask = (
        (1 if held & Qt.KeyboardModifier.ShiftModifier else 0)
        | (2 if held & Qt.KeyboardModifier.ControlModifier else 0)
        | (4 if held & Qt.KeyboardModifier.AltModifier else 0)
    )
    key = Qt.Key(event.key())
    if key is Qt.Key.Key_Plus:
        mask &= ~1
    return _KEYS.get((key, mask), "")
