"""SheetGrid: a row of pictures per direction; a click chooses the direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours, number_font, small_font
from latent_studio.ui.widgets.focus import draw_focus_ring
from latent_studio.ui.widgets.picture_label import paint_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME_WIDTH = 118
_GAP = 4
_MOST_SIDE = 132
_LEAST_SIDE = 40
_BAR = 4
#: How far the middle picture recedes behind its map.
_VEIL = 0.45


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One direction.

    Attributes:
        id: of the direction.
        name: what the user sees.
        note: a few words below the name.
        strength: how much it changes pictures, 0 to 1; ``None`` while it is not known.
        locality: how much of that is in one place, 0 to 1.
        same: in words, which other direction does the same; empty when there is none.
    """

    id: str
    name: str
    note: str = ""
    strength: float | None = None
    locality: float | None = None
    same: str = ""


class SheetGrid(QAbstractScrollArea):
    """Rows of pictures; only those in sight need pictures.

    Up and Down go from row to row, Return chooses, the mouse clicks.

    Signals:
        chosen: id of a direction.
        visibleIdsChanged: ids of the rows in sight, top first.
    """

    chosen = Signal(str)
    visibleIdsChanged = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[SheetRow, ...] = ()
        self._captions: tuple[str, ...] = ()
        self._images: dict[tuple[str, int], QImage] = {}
        self._heats: dict[str, QImage] = {}
        self._shows_heat = True
        self._current = 0
        self._hovered = -1
        self._visible: tuple[str, ...] = ()
        self._empty = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("bare", True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(self.tr("Contact sheet of directions"))
        self.verticalScrollBar().setAccessibleName(self.tr("Scroll the sheet"))

    def setRows(self, rows: Sequence[SheetRow], captions: Sequence[str]) -> None:
        """Show these directions, with a picture for each caption."""
        self._rows, self._captions = tuple(rows), tuple(captions)
        ids = {row.id for row in rows}
        self._images = {key: image for key, image in self._images.items() if key[0] in ids}
        self._heats = {id: heat for id, heat in self._heats.items() if id in ids}
        self._current = min(self._current, max(0, len(self._rows) - 1))
        self._fit()

    def rows(self) -> tuple[SheetRow, ...]:
        """What it shows."""
        return self._rows

    def setEmptyText(self, text: str) -> None:
        """What to say when there are no rows."""
        self._empty = text
        self.viewport().update()

    def setImage(self, id: str, place: int, image: QImage) -> None:
        """Show a picture of a row."""
        self._images[id, place] = image
        self.viewport().update()

    def hasImage(self, id: str, place: int) -> bool:
        """Whether that picture is there."""
        return (id, place) in self._images

    def setHeat(self, id: str, heat: QImage) -> None:
        """Give a row its map of where pictures change: white of more or less opacity, any size."""
        self._heats[id] = heat
        self.viewport().update()

    def heat(self, id: str) -> QImage | None:
        """The map of a row, if there is one yet."""
        return self._heats.get(id)

    def setHeatShown(self, shown: bool) -> None:
        """Whether the maps lie over the middle pictures."""
        self._shows_heat = shown
        self.viewport().update()

    def clearImages(self) -> None:
        """Forget all pictures: the base has changed."""
        self._images.clear()
        self._heats.clear()
        self.viewport().update()

    def visibleIds(self) -> tuple[str, ...]:
        """Rows in sight, top first."""
        return self._visible

    def rowRect(self, place: int) -> QRectF:
        """Where a row is, in the viewport."""
        high = self._side() + _GAP + 2
        return QRectF(0, place * high - self.verticalScrollBar().value(), self.viewport().width(), high)

    def _side(self) -> float:
        count = max(1, len(self._captions))
        room = self.viewport().width() - _NAME_WIDTH
        return min(_MOST_SIDE, max(_LEAST_SIDE, room / count - _GAP))

    def _fit(self) -> None:
        high = self._side() + _GAP + 2
        bar = self.verticalScrollBar()
        bar.setPageStep(max(1, self.viewport().height()))
        bar.setSingleStep(int(high))
        bar.setRange(0, max(0, int(len(self._rows) * high) - self.viewport().height()))
        self._tell_visible()
        self._describe()
        self.viewport().update()

    def _tell_visible(self) -> None:
        box = QRectF(self.viewport().rect())
        visible = tuple(row.id for k, row in enumerate(self._rows) if self.rowRect(k).intersects(box))
        if visible != self._visible:
            self._visible = visible
            self.visibleIdsChanged.emit(visible)

    def _describe(self) -> None:
        if self._rows:
            row = self._rows[self._current]
            self.setAccessibleDescription(f"{row.name} {row.note}".strip())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Pictures as large as there is room."""
        self._fit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Others come into sight."""
        self._tell_visible()
        self.viewport().update()

    def _row_at(self, spot: QPoint) -> int:
        return next((k for k in range(len(self._rows)) if self.rowRect(k).contains(spot.toPointF())), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Lift the row under the mouse."""
        hovered = self._row_at(event.position().toPoint())
        if hovered != self._hovered:
            self._hovered = hovered
            self.viewport().setCursor(
                Qt.CursorShape.PointingHandCursor if hovered >= 0 else Qt.CursorShape.ArrowCursor
            )
            self.viewport().update()

    def leaveEvent(self, event: object) -> None:
        """No row is under the mouse."""
        self._hovered = -1
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose."""
        row = self._row_at(event.position().toPoint())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._current = row
            self.viewport().update()
            self.chosen.emit(self._rows[row].id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go and choose."""
        key = Qt.Key(event.key())
        way = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key)
        if way and self._rows:
            self._current = min(max(self._current + way, 0), len(self._rows) - 1)
            box, bar = self.rowRect(self._current), self.verticalScrollBar()
            if box.top() < 0:
                bar.setValue(bar.value() + int(box.top()))
            elif box.bottom() > self.viewport().height():
                bar.setValue(bar.value() + int(box.bottom()) - self.viewport().height())
            self._describe()
            self.viewport().update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._rows:
            self.chosen.emit(self._rows[self._current].id)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        """Show where the keyboard is."""
        self.viewport().update()

    def focusOutEvent(self, event: object) -> None:
        """The keyboard went."""
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """A few rows."""
        return QSize(560, 420)

    def minimumSizeHint(self) -> QSize:
        """Two rows."""
        return QSize(_NAME_WIDTH + 5 * (_LEAST_SIDE + _GAP), 2 * _LEAST_SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows in sight."""
        tokens = colours()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._rows:
            painter.setPen(colour(tokens.muted))
            painter.drawText(
                self.viewport().rect().adjusted(12, 24, -12, -12),
                Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap,
                self._empty,
            )
        for place, row in enumerate(self._rows):
            box = self.rowRect(place)
            if box.intersects(QRectF(self.viewport().rect())):
                self._paint_row(painter, box, place, row)
        painter.end()

    def _paint_row(self, painter: QPainter, box: QRectF, place: int, row: SheetRow) -> None:
        tokens, side = colours(), self._side()
        if place == self._hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.raised))
            painter.drawRoundedRect(box.adjusted(0, 0, 0, -2), 6, 6)
        if place == self._current and self.hasFocus():
            draw_focus_ring(painter, box.adjusted(0, 0, 0, -2))
        text = QRectF(box.left() + 6, box.top() + 4, _NAME_WIDTH - 14, 18)
        painter.setFont(self.font())
        painter.setPen(colour(tokens.text))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, int(text.width()))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(small_font(self.font()))
        painter.setPen(colour(tokens.muted))
        note = row.same or row.note
        line = text.translated(0, 17)
        painter.drawText(
            line,
            Qt.AlignmentFlag.AlignVCenter,
            painter.fontMetrics().elidedText(note, Qt.TextElideMode.ElideRight, int(line.width())),
        )
        if row.strength is not None and side >= 60:
            self._paint_bar(painter, line.translated(0, 22), row.strength, token=tokens.accent)
            if row.locality is not None:
                self._paint_bar(painter, line.translated(0, 30), row.locality, token=tokens.warm)
        painter.setFont(number_font(small_font(self.font())))
        middle = len(self._captions) // 2
        for k in range(len(self._captions)):
            cell = QRectF(box.left() + _NAME_WIDTH + k * (side + _GAP), box.top() + 2, side, side)
            heat = self._heats.get(row.id) if k == middle and self._shows_heat else None
            paint_picture(painter, cell, self._images.get((row.id, k)))
            if heat is not None:
                _paint_heat(painter, cell, heat)
            if k == middle:
                painter.setPen(QPen(colour(tokens.line), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(cell, 6, 6)

    @staticmethod
    def _paint_bar(painter: QPainter, line: QRectF, share: float, *, token: str) -> None:
        bar = QRectF(line.left(), line.top(), line.width(), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(colours().track))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        bar.setWidth(max(_BAR, bar.width() * min(1.0, max(0.0, share))))
        painter.setBrush(colour(token))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)


def _paint_heat(painter: QPainter, cell: QRectF, heat: QImage) -> None:
    """The picture recedes, and where it changes it glows."""
    tokens = colours()
    painter.save()
    frame = QPainterPath()
    frame.addRoundedRect(cell, 6, 6)
    painter.setClipPath(frame)
    veil = colour(tokens.ground)
    veil.setAlphaF(_VEIL)
    painter.fillRect(cell, veil)
    glow = QImage(heat.size(), QImage.Format.Format_ARGB32_Premultiplied)
    glow.fill(colour(tokens.warm))
    mask = QPainter(glow)
    mask.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    mask.drawImage(0, 0, heat)
    mask.end()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(cell, glow)
    painter.restore()
