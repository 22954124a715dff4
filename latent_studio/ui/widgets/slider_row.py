"""SliderRow: one direction as a slider, with the pictures of its ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.ui.icons import icon_pixmap
from latent_studio.ui.theme import colour, colours, number_font, scaled
from latent_studio.ui.widgets.number_label import NumberLabel, format_amount
from latent_studio.ui.widgets.range_editor import RangeEditor
from latent_studio.ui.widgets.value_slider import ValueSlider

Unit = Literal["sigma", "amount"]
End = Literal["low", "high"]

ROW_HEIGHT = 44
_TEXT_HEIGHT = 17
THUMBNAIL = 34
_GAP = 8
_RESET_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


def row_height() -> int:
    """Height of a row: the track's, and as much as the size of text asks for."""
    return ROW_HEIGHT + max(0, scaled(_TEXT_HEIGHT) - _TEXT_HEIGHT)


@dataclass(frozen=True, slots=True)
class SliderRowState:
    """What a row shows.

    Attributes:
        id: of the direction.
        name: what the user sees.
        rows_text: rows of ws it touches, such as ``"0–3"``.
        amount: how far it is moved, in units of the direction; may lie beyond the ends.
        sigma: how many units one standard deviation along the direction is; 0 when unknown, then amounts are
            shown in the direction's own unit.
        low, high: ends of the slider, in units of the direction; need not be even.
        safe_low, safe_high: ends of the safe zone, in units of the direction.
        starred: a favourite.
        enabled: off keeps the amount but has no effect.
        tooltip: what is known about the direction.
        locked: other sliders do not move along it.
        group: what kind it is, shown after the name where kinds are mixed.
    """

    id: str
    name: str
    rows_text: str = ""
    amount: float = 0.0
    sigma: float = 0.0
    low: float = -1.0
    high: float = 1.0
    safe_low: float = -1.0
    safe_high: float = 1.0
    starred: bool = False
    enabled: bool = True
    tooltip: str = ""
    locked: bool = False
    group: str = ""


class SliderRow(QWidget):
    """Thumbnail, name, rows, amount, slider, thumbnail.

    A click on a thumbnail goes one step towards that end. Amounts in signals are in units of the direction,
    whatever unit is shown.

    Signals:
        amountChanged: id and amount, for every move.
        gestureStarted, gestureFinished: id; around what becomes one undo step.
        resetRequested: id; double click or Delete; ``amountChanged`` with 0 comes too.
        menuRequested: id and where, in global coordinates.
        rangeChangeRequested: id and new ends, in units of the direction.
        peekRequested: id; the mouse is on a thumbnail (and when it leaves: an empty id).
        starToggled: id; the star was clicked.
        rowsRequested: id and where, in global coordinates; the rows it touches were clicked.
        entered: id; the keyboard came to a part of the row.
    """

    amountChanged = Signal(str, float)
    gestureStarted = Signal(str)
    gestureFinished = Signal(str)
    resetRequested = Signal(str)
    menuRequested = Signal(str, QPoint)
    rangeChangeRequested = Signal(str, float, float)
    peekRequested = Signal(str)
    starToggled = Signal(str)
    rowsRequested = Signal(str, QPoint)
    entered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = SliderRowState("", "")
        self._unit: Unit = "sigma"
        self._pictures: dict[End, QImage | None] = {"low": None, "high": None}
        self._painted: dict[End, QImage] = {}
        self._hovered = False
        self._hover_end: End | None = None
        self._hover_part = ""
        self._star_box = QRectF()
        self._rows_box = QRectF()
        self.slider = ValueSlider(self)
        self.slider.setObjectName("rowSlider")
        self.number = NumberLabel(self)
        self.number.setObjectName("rowAmount")
        self.slider.valueChanged.connect(self._take_value)
        self.slider.gestureStarted.connect(self._tell_started)
        self.slider.gestureFinished.connect(self._tell_finished)
        self.number.numberTyped.connect(self._take_typed)
        self.number.editingChanged.connect(self._place)
        for part in (self.slider, self.number):
            part.installEventFilter(self)
        self.setMouseTracking(True)
        self.setFixedHeight(row_height())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    # State

    def state(self) -> SliderRowState:
        """What it shows."""
        return self._state

    def setState(self, state: SliderRowState) -> None:
        """Show a direction; no signal. While the hand drags, the hand's amount stays."""
        old, self._state = self._state, state
        if old == state:
            return
        slider = self.slider
        if state.id != old.id:
            self._pictures = {"low": None, "high": None}
            self._painted = {}
        if (state.low, state.high, state.sigma) != (old.low, old.high, old.sigma) or not old.id:
            low, high = _proper_range(state.low, state.high)
            slider.setRange(low, high)
            slider.setStep(state.sigma / 10 if state.sigma > 0 else (high - low) / 100)
        slider.setSafeZone(state.safe_low, state.safe_high)
        slider.setValue(state.amount)
        slider.setQuiet(not state.enabled)
        slider.setAccessibleName(state.name)
        self.number.setAccessibleName(self.tr("Amount of {name}").format(name=state.name))
        self.setAccessibleName(state.name)
        self.setToolTip(state.tooltip)
        self._show_number()
        self.update()

    def setUnit(self, unit: Unit) -> None:
        """Show amounts in standard deviations or in the direction's own unit."""
        if unit != self._unit:
            self._unit = unit
            self._show_number()

    def unit(self) -> Unit:
        """The unit in force; ``"amount"`` when the direction has no known deviation."""
        return "sigma" if self._unit == "sigma" and self._state.sigma > 0 else "amount"

    def amount(self) -> float:
        """The amount in units of the direction: the hand's while it drags."""
        return self.slider.value() if self.slider.isDragging() else self._state.amount

    def setThumbnails(self, low: QImage | None, high: QImage | None) -> None:
        """Show the pictures of the ends; ``None`` shows a placeholder."""
        self._pictures = {"low": low, "high": high}
        self._painted = {}
        self.update()

    def thumbnails(self) -> tuple[QImage | None, QImage | None]:
        """The pictures of the ends."""
        return self._pictures["low"], self._pictures["high"]

    def endCaptions(self) -> tuple[str, str]:
        """The amounts at both ends, with their unit."""
        unit = " σ" if self.unit() == "sigma" else ""
        low, high = self._state.low / self._scale(), self._state.high / self._scale()
        return f"{format_amount(low)}{unit}", f"{format_amount(high)}{unit}"

    def editAmount(self) -> None:
        """Open the field to type an amount."""
        self.number.edit()

    def editRange(self) -> None:
        """Open the small form to change the ends; asks by ``rangeChangeRequested``."""
        scale = self._scale()
        editor = RangeEditor(
            self._state.low / scale,
            self._state.high / scale,
            unit="σ" if self.unit() == "sigma" else "",
            parent=self,
        )
        editor.rangeChosen.connect(self._take_range)
        editor.popup_at(self.mapToGlobal(QPoint(self.width() // 2, self.height())))

    def _scale(self) -> float:
        return self._state.sigma if self.unit() == "sigma" else 1.0

    def _show_number(self) -> None:
        amount = self.amount()
        text = format_amount(amount / self._scale())
        unit = " σ" if self.unit() == "sigma" and text != "0" else ""
        self.number.setText(text + unit)
        self.number.setQuiet(amount == 0 or not self._state.enabled)
        self.slider.setSuffix("σ" if self.unit() == "sigma" else "")
        self.slider.setAccessibleDescription(text + unit)
        self._place()

    def tabStops(self) -> tuple[QWidget, ...]:
        """What Tab goes through, in order."""
        return self.slider, self.number, self.number.field()

    # What the user does

    @Slot(float)
    def _take_value(self, value: float) -> None:
        # Not before the store answers does the state change; the number must not lag behind the knob.
        self._state = replace(self._state, amount=value)
        self._show_number()
        self.amountChanged.emit(self._state.id, value)

    @Slot(float)
    def _take_typed(self, number: float) -> None:
        amount = number * self._scale()
        if not math.isfinite(amount) or amount == self._state.amount:
            return
        self.gestureStarted.emit(self._state.id)
        self._state = replace(self._state, amount=amount)
        self.slider.setValue(amount)
        self._show_number()
        self.amountChanged.emit(self._state.id, amount)
        self.gestureFinished.emit(self._state.id)

    @Slot(float, float)
    def _take_range(self, low: float, high: float) -> None:
        scale = self._scale()
        self.rangeChangeRequested.emit(self._state.id, low * scale, high * scale)

    @Slot()
    def _tell_started(self) -> None:
        self.gestureStarted.emit(self._state.id)

    @Slot()
    def _tell_finished(self) -> None:
        self.gestureFinished.emit(self._state.id)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Hear of resets and of the keyboard coming in."""
        kind = event.type()
        if kind == QEvent.Type.FocusIn:
            self.entered.emit(self._state.id)
        elif watched is self.slider and (
            kind == QEvent.Type.MouseButtonDblClick
            or (isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress and event.key() in _RESET_KEYS)
        ):
            self._reset()
            return True
        return False

    def _reset(self) -> None:
        # An amount typed beyond the ends shows the knob at the end; zero may then be no move of the slider.
        if self.slider.value() != self.slider.default():
            self.slider.reset()
        elif self._state.amount != 0:
            self._take_typed(0.0)
        self.resetRequested.emit(self._state.id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu, by mouse or by the Menu key."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        spot = self.mapToGlobal(self.slider.geometry().center()) if by_key else event.globalPos()
        self.menuRequested.emit(self._state.id, spot)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a thumbnail goes one step that way."""
        end = self._end_at(event.position())
        part = self._part_at(event.position())
        if part and event.button() == Qt.MouseButton.LeftButton:
            if part == "star":
                self.starToggled.emit(self._state.id)
            else:
                below = self._rows_box.bottomLeft().toPoint()
                self.rowsRequested.emit(self._state.id, self.mapToGlobal(below))
            return
        if end is None or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        way = 1 if end == "high" else -1
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = self.slider.step() * (1 if fine else 5)
        self.slider.changeTo(self.slider.value() + way * step)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """See what the mouse is on."""
        self._hover(self._end_at(event.position()))
        part = self._part_at(event.position())
        if part != self._hover_part:
            self._hover_part = part
            if part:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            else:
                self.unsetCursor()
            self.update()
        event.ignore()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Lift the row a little."""
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Calm again."""
        self._hovered = False
        self._hover_part = ""
        self._hover(None)
        self.update()

    def _hover(self, end: End | None) -> None:
        if end != self._hover_end:
            self._hover_end = end
            self.peekRequested.emit(self._state.id if end is not None else "")
            self.update()

    # Geometry

    def sizeHint(self) -> QSize:
        """A comfortable width."""
        return QSize(320, row_height())

    def minimumSizeHint(self) -> QSize:
        """A narrow dock."""
        return QSize(2 * (THUMBNAIL + _GAP) + 96, row_height())

    def thumbnailRect(self, end: End) -> QRectF:
        """Where the picture of an end is."""
        top = (row_height() - THUMBNAIL) / 2
        return QRectF(0 if end == "low" else self.width() - THUMBNAIL, top, THUMBNAIL, THUMBNAIL)

    def _end_at(self, spot: QPointF) -> End | None:
        if self.thumbnailRect("low").contains(spot):
            return "low"
        return "high" if self.thumbnailRect("high").contains(spot) else None

    def starRect(self) -> QRectF:
        """Where the star is, or would be."""
        return self._star_box

    def rowsRect(self) -> QRectF:
        """Where the rows it touches are named; empty when there is no room for them."""
        return self._rows_box

    def _part_at(self, spot: QPointF) -> str:
        if self._star_box.adjusted(-2, 0, 2, 0).contains(spot):
            return "star"
        return "rows" if self._rows_box.adjusted(-2, 0, 2, 0).contains(spot) else ""

    def _middle(self) -> QRectF:
        left = THUMBNAIL + _GAP
        return QRectF(left, 2, self.width() - 2 * left, row_height() - 4)

    @Slot()
    def _place(self) -> None:
        middle = self._middle()
        hint = self.number.sizeHint()
        right = int(middle.right())
        before = self.number.geometry()
        self.number.setGeometry(right - hint.width() + 4, int(middle.top()), hint.width(), hint.height())
        if self.number.geometry() != before:
            # Name and rows stand beside the number: Qt would paint only the strip it left free.
            self.update()
        # The track starts under the first letter: give back the room of the knob.
        self.slider.setGeometry(int(middle.left()) - 6, row_height() - 24, int(middle.width()) + 12, 20)

    def changeEvent(self, event: QEvent) -> None:
        """A row is as high as its text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self.setFixedHeight(row_height())
            self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the parts."""
        self._place()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Thumbnails, name and rows; slider and amount paint themselves."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_thumbnail(painter, "low")
        self._paint_thumbnail(painter, "high")

        middle = self._middle()
        line = QRectF(middle.left(), middle.top(), middle.width(), self.number.height())
        metrics = painter.fontMetrics()
        right = float(self.number.x())
        self._rows_box = QRectF()
        if self._state.rows_text:
            painter.setFont(number_font(self.font()))
            wide = painter.fontMetrics().horizontalAdvance(self._state.rows_text)
            if right - wide - 8 > line.left() + 48:
                is_under = self._hover_part == "rows"
                painter.setPen(colour(tokens.accent if is_under else tokens.muted))
                box = QRectF(right - wide - 4, line.top(), wide, line.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._state.rows_text)
                self._rows_box = box
                right = box.left()
            painter.setFont(self.font())
        left = line.left()
        self._star_box = QRectF()
        if self._state.starred or self._hovered:
            star = "★" if self._state.starred else "☆"
            is_loud = self._hover_part == "star" or (self._state.starred and self._state.enabled)
            painter.setPen(colour(tokens.warm if is_loud else tokens.muted))
            wide = metrics.horizontalAdvance("★")
            painter.drawText(QPointF(left, line.center().y() + metrics.ascent() / 2 - 1), star)
            self._star_box = QRectF(left, line.top(), wide, line.height())
            left += wide + 4
        if self._state.locked:
            side = metrics.ascent()
            mark = icon_pixmap("lock", size=side, role="accent", ratio=self.devicePixelRatioF())
            painter.drawPixmap(int(left), int(line.center().y() - side / 2), mark)
            left += side + 4
        painter.setPen(colour(tokens.text if self._state.enabled else tokens.muted))
        room = QRectF(left, line.top(), max(0.0, right - left - 8), line.height())
        name = metrics.elidedText(self._state.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        left += metrics.horizontalAdvance(name) + 6
        if self._state.group and right - left > 40:
            painter.setPen(colour(tokens.muted))
            rest = metrics.elidedText(self._state.group, Qt.TextElideMode.ElideRight, int(right - left - 8))
            painter.drawText(
                QRectF(left, line.top(), right - left - 8, line.height()), Qt.AlignmentFlag.AlignVCenter, rest
            )
        painter.end()

    def _paint_thumbnail(self, painter: QPainter, end: End) -> None:
        tokens, box = colours(), self.thumbnailRect(end)
        image = self._pictures[end]
        path = QPainterPath()
        path.addRoundedRect(box, 5, 5)
        if image is None or image.isNull():
            painter.fillPath(path, colour(tokens.raised))
            painter.setPen(colour(tokens.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "−" if end == "low" else "+")
        else:
            painter.save()
            painter.setClipPath(path)
            painter.drawImage(box, self._small(end, image))
            painter.restore()
        if self._hover_end == end:
            painter.setPen(QPen(colour(tokens.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 5, 5)

    def _small(self, end: End, image: QImage) -> QImage:
        """The picture at the size it is painted, made once."""
        side = round(THUMBNAIL * self.devicePixelRatioF())
        found = self._painted.get(end)
        if found is None or found.width() != side:
            found = image.scaled(
                side,
                side,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            )
            if found.width() != found.height():
                found = found.copy((found.width() - side) // 2, (found.height() - side) // 2, side, side)
            self._painted[end] = found
        return found


def _proper_range(low: float, high: float) -> tuple[float, float]:
    if math.isfinite(low) and math.isfinite(high) and low < high:
        return low, high
    return -1.0, 1.0
