"""SliderBank: hundreds of sliders, of which only those in sight are widgets."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QElapsedTimer,
    QEvent,
    QObject,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QSizePolicy, QWidget

from latent_studio.ui.theme import colour, colours, small_font
from latent_studio.ui.widgets.panel import paint_card
from latent_studio.ui.widgets.slider_row import SliderRow, SliderRowState, Unit, row_height

if TYPE_CHECKING:
    from collections.abc import Sequence

#: One row above and below the visible ones exists, so that Tab finds the way on.
_OVERSCAN = 1
#: A wheel that scrolls goes on scrolling over sliders until it rests this long.
_SCROLL_REST_MS = 400
_WHEEL_NOTCH = 120
_PEEK_DELAY_MS = 250
_PEEK_SIDE = 160


class SliderBank(QAbstractScrollArea):
    """A scrolling list of :class:`SliderRow`; rows out of sight have no widgets.

    Signals:
        amountChanged, gestureStarted, gestureFinished, resetRequested, menuRequested, rangeChangeRequested,
            starToggled, rowsRequested: as the row's.
        visibleIdsChanged: ids of the rows in sight, top first.
    """

    amountChanged = Signal(str, float)
    gestureStarted = Signal(str)
    gestureFinished = Signal(str)
    resetRequested = Signal(str)
    menuRequested = Signal(str, QPoint)
    rangeChangeRequested = Signal(str, float, float)
    starToggled = Signal(str)
    rowsRequested = Signal(str, QPoint)
    visibleIdsChanged = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states: dict[str, SliderRowState] = {}
        self._haystacks: dict[str, str] = {}
        self._shown: list[str] = []
        self._places: dict[str, int] = {}
        self._filter = ""
        self._unit: Unit = "sigma"
        self._thumbnails: dict[str, tuple[QImage | None, QImage | None]] = {}
        self._live: dict[str, SliderRow] = {}
        self._spare: list[SliderRow] = []
        self._visible: tuple[str, ...] = ()
        self._empty_text = self.tr("Directions appear here once a model is open.")
        self._scrolled = QElapsedTimer()
        # A new row stands last in its window's tab order; this one, never seen, keeps the bank's place in it.
        self._tab_start = QWidget(self)
        self._tab_start.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._tab_start.setAccessibleName(self.tr("Sliders"))
        self._tab_start.hide()
        self._peek = _Peek(self)
        self._peek_id = ""
        self._peek_wait = QTimer(self)
        self._peek_wait.setSingleShot(True)
        self._peek_wait.setInterval(_PEEK_DELAY_MS)
        self._peek_wait.timeout.connect(self._show_peek)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("bare", True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(row_height() // 2)
        self.verticalScrollBar().setAccessibleName(self.tr("Scroll sliders"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(self.tr("Sliders"))

    # Rows

    def setRows(self, rows: Sequence[SliderRowState]) -> None:
        """Show these rows in this order; rows that stay keep their widget, and a drag goes on."""
        self._states = {row.id: row for row in rows}
        self._haystacks = {row.id: _haystack(row) for row in rows}
        # Before any widget goes: one that has the keyboard hands it on, and the bank scrolls to who gets it.
        self._choose_shown()
        self._thumbnails = {key: pair for key, pair in self._thumbnails.items() if key in self._states}
        for row_id in [row_id for row_id in self._live if row_id not in self._states]:
            self._release(row_id)
        for row_id, row in self._live.items():
            row.setState(self._states[row_id])
        self._refilter()

    def setRow(self, state: SliderRowState) -> None:
        """Show another state of one row."""
        if state.id not in self._states:
            return
        old = self._states[state.id]
        self._states[state.id] = state
        if row := self._live.get(state.id):
            row.setState(state)
        if (old.name, old.rows_text) != (state.name, state.rows_text):
            self._haystacks[state.id] = _haystack(state)
            if self._filter:
                self._refilter()

    def rowState(self, row_id: str) -> SliderRowState | None:
        """What a row shows."""
        row = self._live.get(row_id)
        return row.state() if row is not None else self._states.get(row_id)

    def setThumbnails(self, row_id: str, low: QImage | None, high: QImage | None) -> None:
        """Show the pictures of a row's ends, now or when it comes into sight."""
        if row_id not in self._states:
            return
        self._thumbnails[row_id] = (low, high)
        if row := self._live.get(row_id):
            row.setThumbnails(low, high)
        if self._peek.isVisible() and self._peek_id == row_id:
            self._show_peek()

    def clearThumbnails(self) -> None:
        """Forget all pictures."""
        self._thumbnails.clear()
        for row in self._live.values():
            row.setThumbnails(None, None)

    def setUnit(self, unit: Unit) -> None:
        """Show amounts in standard deviations or in the directions' own units."""
        self._unit = unit
        for row in (*self._live.values(), *self._spare):
            row.setUnit(unit)

    def setFilter(self, text: str) -> None:
        """Show only rows whose name, id or rows hold all words of the text."""
        if text != self._filter:
            self._filter = text
            self.verticalScrollBar().setValue(0)
            self._refilter()

    def setEmptyText(self, text: str) -> None:
        """What to say when there are no rows at all."""
        self._empty_text = text
        self.viewport().update()

    def shownIds(self) -> tuple[str, ...]:
        """Rows the filter lets through, in order."""
        return tuple(self._shown)

    def visibleIds(self) -> tuple[str, ...]:
        """Rows in sight, top first."""
        return self._visible

    def rowWidget(self, row_id: str) -> SliderRow | None:
        """The widget of a row, if it has one now."""
        return self._live.get(row_id)

    def scrollTo(self, row_id: str) -> None:
        """Bring a row into sight."""
        place = self._places.get(row_id)
        if place is None:
            return
        bar, top = self.verticalScrollBar(), place * row_height()
        if top < bar.value():
            bar.setValue(top)
        elif top + row_height() > bar.value() + self.viewport().height():
            bar.setValue(top + row_height() - self.viewport().height())

    def editRange(self, row_id: str) -> None:
        """Open the form for a row's ends."""
        self.scrollTo(row_id)
        if row := self._live.get(row_id):
            row.editRange()

    def editAmount(self, row_id: str) -> None:
        """Open the field for a row's amount."""
        self.scrollTo(row_id)
        if row := self._live.get(row_id):
            row.editAmount()

    def focusRow(self, row_id: str) -> None:
        """Bring a row into sight and the keyboard to its slider."""
        self.scrollTo(row_id)
        if row := self._live.get(row_id):
            row.slider.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # Which rows are widgets

    def _refilter(self) -> None:
        self._choose_shown()
        self._set_bar()
        self._arrange()
        self.viewport().update()

    def _choose_shown(self) -> None:
        words = self._filter.casefold().split()
        if words:
            self._shown = [
                row_id for row_id, text in self._haystacks.items() if all(word in text for word in words)
            ]
        else:
            self._shown = list(self._states)
        self._places = {row_id: place for place, row_id in enumerate(self._shown)}

    def _set_bar(self) -> None:
        bar, high = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(max(1, high))
        bar.setRange(0, max(0, len(self._shown) * row_height() - high))

    def _arrange(self) -> None:
        """Give widgets to the rows in sight and take them from the others."""
        offset, high = self.verticalScrollBar().value(), self.viewport().height()
        tall = row_height()
        first = offset // tall
        last = min(len(self._shown), (offset + high + tall - 1) // tall)
        wanted = self._shown[max(0, first - _OVERSCAN) : last + _OVERSCAN]
        keep = set(wanted)
        for row_id in [row_id for row_id in self._live if row_id not in keep]:
            if not self._is_in_use(self._live[row_id]) or row_id not in self._places:
                self._release(row_id)
        changed = False
        for row_id in wanted:
            if row_id not in self._live:
                self._live[row_id] = self._take_widget(row_id)
                changed = True
        width = self.viewport().width()
        for row_id, row in self._live.items():
            row.setGeometry(QRect(0, self._places[row_id] * tall - offset, width, tall))
            if row.isHidden():
                row.show()
        if changed:
            self._order_tabs()
        visible = tuple(self._shown[first:last])
        if visible != self._visible:
            self._visible = visible
            self.visibleIdsChanged.emit(visible)

    def _take_widget(self, row_id: str) -> SliderRow:
        if self._spare:
            row = self._spare.pop()
        else:
            row = SliderRow(self.viewport())
            row.setUnit(self._unit)
            row.amountChanged.connect(self._take_amount)
            row.gestureStarted.connect(self.gestureStarted)
            row.gestureFinished.connect(self.gestureFinished)
            row.resetRequested.connect(self.resetRequested)
            row.menuRequested.connect(self.menuRequested)
            row.rangeChangeRequested.connect(self.rangeChangeRequested)
            row.starToggled.connect(self.starToggled)
            row.rowsRequested.connect(self.rowsRequested)
            row.peekRequested.connect(self._want_peek)
            row.entered.connect(self.scrollTo)
            row.slider.installEventFilter(self)
            row.installEventFilter(self)
        row.setState(self._states[row_id])
        row.setThumbnails(*self._thumbnails.get(row_id, (None, None)))
        return row

    def _release(self, row_id: str) -> None:
        row = self._live.pop(row_id)
        row.hide()
        self._spare.append(row)

    @staticmethod
    def _is_in_use(row: SliderRow) -> bool:
        focused = QApplication.focusWidget()
        return row.slider.isInGesture() or (focused is not None and row.isAncestorOf(focused))

    def _order_tabs(self) -> None:
        rows = [self._live[row_id] for row_id in self._shown if row_id in self._live]
        parts: list[QWidget] = [self._tab_start, *(part for row in rows for part in row.tabStops())]
        for before, after in pairwise(parts):
            QWidget.setTabOrder(before, after)

    @Slot(str, float)
    def _take_amount(self, row_id: str, amount: float) -> None:
        row = self._live.get(row_id)
        if row is not None:
            self._states[row_id] = row.state()
        self.amountChanged.emit(row_id, amount)

    # Scrolling

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move the rows."""
        self._hide_peek()
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Rows are as high as their text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._set_bar()
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See which rows fit."""
        super().resizeEvent(event)
        self._set_bar()
        self._arrange()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, by as many pixels as the pad says or as many lines as the wheel."""
        self._scrolled.start()
        bar = self.verticalScrollBar()
        pixels = event.pixelDelta().y()
        if not pixels:
            lines = event.angleDelta().y() / _WHEEL_NOTCH * QApplication.wheelScrollLines()
            pixels = round(lines * bar.singleStep())
        bar.setValue(bar.value() - pixels)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A scroll under way is not caught by a slider; Ctrl+Up and Ctrl+Down go from row to row."""
        if isinstance(event, QWheelEvent) and event.type() == QEvent.Type.Wheel:
            rolling = self._scrolled.isValid() and self._scrolled.elapsed() < _SCROLL_REST_MS
            if isinstance(watched, SliderRow) or rolling:
                self.wheelEvent(event)
                return True
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            way = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if way and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._go(watched, way)
                return True
        return super().eventFilter(watched, event)

    def _go(self, watched: QObject, way: int) -> None:
        for row_id, row in self._live.items():
            if row is watched or row.slider is watched:
                place = self._places[row_id] + way
                if 0 <= place < len(self._shown):
                    self.focusRow(self._shown[place])
                return

    # Large pictures of the ends

    @Slot(str)
    def _want_peek(self, row_id: str) -> None:
        self._peek_id = row_id
        if not row_id:
            self._hide_peek()
        elif self._peek.isVisible():
            self._show_peek()
        else:
            self._peek_wait.start()

    @Slot()
    def _show_peek(self) -> None:
        row = self._live.get(self._peek_id)
        if row is None or not row.isVisible():
            return
        low, high = row.thumbnails()
        if low is None and high is None:
            return
        self._peek.show_ends(row, low, high)

    def _hide_peek(self) -> None:
        self._peek_wait.stop()
        self._peek.hide()

    def hideEvent(self, event: object) -> None:
        """The large pictures go too."""
        self._hide_peek()

    # Painting

    def sizeHint(self) -> QSize:
        """Some eight rows."""
        return QSize(320, 8 * row_height())

    def minimumSizeHint(self) -> QSize:
        """Two rows."""
        return QSize(200, 2 * row_height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """A word when there is nothing to show."""
        if self._shown:
            return
        text = self._empty_text
        if self._states:
            text = self.tr("No slider matches “{text}”.").format(text=self._filter)
        painter = QPainter(self.viewport())
        painter.setPen(colour(colours().muted))
        box = self.viewport().rect().adjusted(12, 12, -12, -12)
        painter.drawText(
            box,
            Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap,
            text,
        )
        painter.end()


class _Peek(QWidget):
    """Both ends of a slider, large, beside the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setObjectName("sliderPeek")
        self._pictures: tuple[QImage | None, QImage | None] = (None, None)
        self._captions = ("", "")
        self.setFixedSize(2 * _PEEK_SIDE + 24, _PEEK_SIDE + 38)

    def show_ends(self, row: SliderRow, low: QImage | None, high: QImage | None) -> None:
        self._pictures = (low, high)
        self._captions = row.endCaptions()
        corner = row.mapToGlobal(QPoint(0, 0))
        room = row.screen().availableGeometry()
        x = corner.x() - self.width() - 8
        if x < room.left():
            x = corner.x() + row.width() + 8
        x = min(max(x, room.left()), room.right() - self.width())
        y = min(
            max(corner.y() + (row.height() - self.height()) // 2, room.top()), room.bottom() - self.height()
        )
        self.move(x, y)
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card with two pictures and their amounts."""
        painter = QPainter(self)
        paint_card(painter, QRectF(self.rect()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(small_font(self.font()))
        for place, (image, caption) in enumerate(zip(self._pictures, self._captions, strict=True)):
            box = QRectF(8 + place * (_PEEK_SIDE + 8), 8, _PEEK_SIDE, _PEEK_SIDE)
            path = QPainterPath()
            path.addRoundedRect(box, 6, 6)
            if image is None or image.isNull():
                painter.fillPath(path, colour(colours().raised))
            else:
                painter.save()
                painter.setClipPath(path)
                painter.drawImage(box, image)
                painter.restore()
            painter.setPen(colour(colours().muted))
            line = QRectF(box.left(), box.bottom() + 4, box.width(), 20)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, caption)
        painter.end()


def _haystack(row: SliderRowState) -> str:
    return f"{row.name}\n{row.group}\n{row.id}\n{row.rows_text}".casefold()
