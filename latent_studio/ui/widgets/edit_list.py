"""EditList: the active edits in the order they are applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from latent_studio.ui.icons import icon_pixmap
from latent_studio.ui.theme import colour, colours, number_font, scaled
from latent_studio.ui.widgets.focus import draw_focus_ring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QPersistentModelIndex
    from PySide6.QtGui import QDropEvent

LINE_HEIGHT = 28
_CHECK = 16
_ID = Qt.ItemDataRole.UserRole
_AMOUNT = Qt.ItemDataRole.UserRole + 1
_NOTE = Qt.ItemDataRole.UserRole + 2
_LOCKED = Qt.ItemDataRole.UserRole + 3


@dataclass(frozen=True, slots=True)
class EditItem:
    """One line of the list.

    Attributes:
        id: of the edit.
        name: what the user sees.
        amount_text: how far, with its unit.
        enabled: off keeps the amount but has no effect.
        note: what else is worth knowing, shown after the name.
        locked: others do not move along its direction.
    """

    id: str
    name: str
    amount_text: str = ""
    enabled: bool = True
    note: str = ""
    locked: bool = False


class EditList(QListWidget):
    """A switch, the place in the order, the name and the amount of each edit.

    The list shows what it is told: after a signal the owner sets the new items. Space switches, Delete
    removes, L locks, Ctrl+Up and Ctrl+Down move, the mouse drags.

    Signals:
        enabledChanged: id and whether it is on.
        moved: id and its new position, counted without itself.
        removeRequested: id.
        lockToggled: id; the lock was clicked.
        menuRequested: id and where, in global coordinates.
        selected: id of the line the user went to.
    """

    enabledChanged = Signal(str, bool)
    moved = Signal(str, int)
    removeRequested = Signal(str)
    lockToggled = Signal(str)
    menuRequested = Signal(str, QPoint)
    selected = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[EditItem, ...] = ()
        self._telling = False
        self._empty_text = self.tr("Move a slider, and its edit appears here.")
        self.setItemDelegate(_EditDelegate(self))
        self.setProperty("bare", True)
        self.setMouseTracking(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setAccessibleName(self.tr("Active edits"))
        self.setToolTip(
            self.tr("Applied from top to bottom. Drag to reorder, Space switches, L locks, Delete removes.")
        )
        self.itemChanged.connect(self._take_change)
        self.currentItemChanged.connect(self._take_current)

    def items_shown(self) -> tuple[EditItem, ...]:
        """What it shows."""
        return self._shown

    def setItems(self, items: Sequence[EditItem]) -> None:
        """Show these edits; no signal. The current line stays current if its edit is still there."""
        wanted = tuple(items)
        if wanted == self._shown:
            return
        self._telling = True
        current = self._id_at(self.currentRow())
        same_ids = [item.id for item in wanted] == [item.id for item in self._shown]
        self._shown = wanted
        if not same_ids:
            self.clear()
            for item in wanted:
                line = QListWidgetItem(self)
                line.setData(_ID, item.id)
                line.setFlags(
                    Qt.ItemFlag.ItemIsEnabled
                    | Qt.ItemFlag.ItemIsSelectable
                    | Qt.ItemFlag.ItemIsUserCheckable
                    | Qt.ItemFlag.ItemIsDragEnabled
                )
        for row, item in enumerate(wanted):
            line = self.item(row)
            line.setText(item.name)
            line.setData(_AMOUNT, item.amount_text)
            line.setData(_NOTE, item.note)
            line.setData(_LOCKED, item.locked)
            line.setCheckState(Qt.CheckState.Checked if item.enabled else Qt.CheckState.Unchecked)
            line.setData(
                Qt.ItemDataRole.AccessibleTextRole,
                " ".join(
                    part
                    for part in (
                        item.name,
                        item.amount_text,
                        item.note,
                        self.tr("locked") if item.locked else "",
                    )
                    if part
                ),
            )
            if item.id == current:
                self.setCurrentRow(row)
        self._telling = False
        self.updateGeometry()
        self.viewport().update()

    def setEmptyText(self, text: str) -> None:
        """What to say when there are no edits."""
        self._empty_text = text
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """As high as its lines, up to eight."""
        return QSize(240, max(2, min(8, len(self._shown))) * scaled(LINE_HEIGHT) + 4)

    def minimumSizeHint(self) -> QSize:
        """One line."""
        return QSize(120, scaled(LINE_HEIGHT) + 4)

    def removeRect(self, row: int) -> QRect:
        """Where the cross of a line is, in the viewport."""
        line = self.visualItemRect(self.item(row))
        return QRect(line.right() - 24, line.top(), 24, line.height())

    def lockRect(self, row: int) -> QRect:
        """Where the lock of a line is, in the viewport."""
        cross = self.removeRect(row)
        return QRect(cross.left() - 22, cross.top(), 22, cross.height())

    def checkRect(self, row: int) -> QRect:
        """Where the switch of a line is, in the viewport."""
        line = self.visualItemRect(self.item(row))
        return QRect(line.left(), line.top(), _CHECK + 8, line.height())

    def _id_at(self, row: int) -> str:
        line = self.item(row)
        return str(line.data(_ID)) if row >= 0 and line is not None else ""

    @Slot(QListWidgetItem)
    def _take_change(self, line: QListWidgetItem) -> None:
        if self._telling:
            return
        row = self.row(line)
        on = line.checkState() == Qt.CheckState.Checked
        if on != self._shown[row].enabled:
            self.enabledChanged.emit(self._shown[row].id, on)

    @Slot(QListWidgetItem)
    def _take_current(self, line: QListWidgetItem | None) -> None:
        if line is not None and not self._telling:
            self.selected.emit(str(line.data(_ID)))

    def _switch(self, row: int) -> None:
        line = self.item(row)
        on = line.checkState() == Qt.CheckState.Checked
        line.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The toolkit makes the first line current; nobody went there."""
        self._telling = True
        super().focusInEvent(event)
        self._telling = False

    def event(self, event: QEvent) -> bool:
        """L locks the current line here, whatever it does elsewhere in the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_L
            and not event.modifiers()
            and self.currentRow() >= 0
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space, Delete, Ctrl+Up, Ctrl+Down."""
        row, edit_id = self.currentRow(), self._id_at(self.currentRow())
        if edit_id:
            key = event.key()
            if key == Qt.Key.Key_Space:
                self._switch(row)
                return
            if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not event.modifiers():
                self.removeRequested.emit(edit_id)
                return
            if key == Qt.Key.Key_L and not event.modifiers():
                self.lockToggled.emit(edit_id)
                return
            way = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(key))
            if way and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                if 0 <= row + way < self.count():
                    self.moved.emit(edit_id, row + way)
                return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The switch and the cross act at once; the rest selects or drags."""
        spot = event.position().toPoint()
        row = self.indexAt(spot).row()
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            if self.checkRect(row).contains(spot):
                self._switch(row)
                return
            if self.lockRect(row).contains(spot):
                self.lockToggled.emit(self._id_at(row))
                return
            if self.removeRect(row).contains(spot):
                self.removeRequested.emit(self._id_at(row))
                return
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the line, by mouse or by the Menu key."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        row = self.currentRow() if by_key else self.indexAt(event.pos()).row()
        if row >= 0:
            spot = self.visualItemRect(self.item(row)).center() if by_key else event.pos()
            self.menuRequested.emit(self._id_at(row), self.viewport().mapToGlobal(spot))
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell where the line was dropped; the owner moves it."""
        edit_id = self._id_at(self.currentRow())
        if event.source() is not self or not edit_id:
            event.ignore()
            return
        # The view would take the line away after a move it did itself.
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        self.moveTo(edit_id, self._gap_at(event.position().toPoint()))

    def moveTo(self, edit_id: str, gap: int) -> None:
        """Ask for an edit to go into the gap before line ``gap``, as a drop does."""
        ids = [item.id for item in self._shown]
        old = ids.index(edit_id)
        position = gap - 1 if gap > old else gap
        if position != old:
            self.moved.emit(edit_id, position)

    def _gap_at(self, spot: QPoint) -> int:
        line = self.itemAt(spot)
        if line is None:
            return self.count()
        row = self.row(line)
        return row + 1 if spot.y() > self.visualItemRect(line).center().y() else row

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines, or a word when there are none."""
        super().paintEvent(event)
        if not self._shown:
            painter = QPainter(self.viewport())
            painter.setPen(colour(colours().muted))
            painter.drawText(
                self.viewport().rect().adjusted(4, 4, -4, -4),
                Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap,
                self._empty_text,
            )
            painter.end()


class _EditDelegate(QStyledItemDelegate):
    """Paints a line: switch, place, name, amount, and a cross under the mouse."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, scaled(LINE_HEIGHT))

    def editorEvent(self, event: QEvent, model: object, option: object, index: object) -> bool:
        # The list has its own switch; the toolkit's box is elsewhere.
        return False

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        tokens = colours()
        box, state = QRectF(option.rect), option.state
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        on = index.data(Qt.ItemDataRole.CheckStateRole) in (
            Qt.CheckState.Checked,
            Qt.CheckState.Checked.value,
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if hovered or state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.raised))
            painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), 6, 6)
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
            draw_focus_ring(painter, box.adjusted(0, 1, 0, -1))
        self._paint_switch(painter, box, on=on)
        left = box.left() + _CHECK + 11
        painter.setFont(number_font(option.font))
        metrics = painter.fontMetrics()
        place = f"{index.row() + 1}"
        painter.setPen(colour(tokens.muted))
        painter.drawText(QRectF(left, box.top(), 20, box.height()), Qt.AlignmentFlag.AlignVCenter, place)
        left += metrics.horizontalAdvance(place) + 8
        right = box.right() - 50
        amount = str(index.data(_AMOUNT) or "")
        wide = metrics.horizontalAdvance(amount)
        painter.drawText(
            QRectF(right - wide, box.top(), wide, box.height()), Qt.AlignmentFlag.AlignVCenter, amount
        )
        painter.setFont(option.font)
        painter.setPen(colour(tokens.text if on else tokens.muted))
        room = QRectF(left, box.top(), max(0.0, right - wide - 8 - left), box.height())
        name = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, int(room.width())
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        rest = room.adjusted(painter.fontMetrics().horizontalAdvance(name) + 8, 0, 0, 0)
        note = str(index.data(_NOTE) or "")
        if note and rest.width() > 24:
            painter.setPen(colour(tokens.muted))
            note = painter.fontMetrics().elidedText(note, Qt.TextElideMode.ElideRight, int(rest.width()))
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, note)
        if index.data(_LOCKED) or hovered or state & QStyle.StateFlag.State_Selected:
            ratio = painter.device().devicePixelRatio()
            mark = icon_pixmap(
                "lock", size=13, role="accent" if index.data(_LOCKED) else "muted", ratio=ratio
            )
            painter.drawPixmap(int(box.right()) - 41, int(box.center().y()) - 6, mark)
        if hovered or state & QStyle.StateFlag.State_Selected:
            ratio = painter.device().devicePixelRatio()
            cross = icon_pixmap("close", size=12, role="muted", ratio=ratio)
            painter.drawPixmap(int(box.right()) - 18, int(box.center().y()) - 6, cross)
        painter.restore()

    @staticmethod
    def _paint_switch(painter: QPainter, box: QRectF, *, on: bool) -> None:
        tokens = colours()
        place = QRectF(box.left() + 3.5, box.center().y() - 7.5, 15, 15)
        if not on:
            painter.setPen(QPen(colour(tokens.muted), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place, 4, 4)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(tokens.accent))
        painter.drawRoundedRect(place.adjusted(-0.5, -0.5, 0.5, 0.5), 4, 4)
        ratio = painter.device().devicePixelRatio()
        mark = icon_pixmap("check", size=12, role="on_accent", ratio=ratio)
        painter.drawPixmap(int(place.left() + 1.5), int(place.top() + 1.5), mark)
