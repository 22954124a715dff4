"""CommandPalette: find any action by a few letters of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from latent_studio.ui.theme import colour, colours, scaled
from latent_studio.ui.widgets.overlay import Overlay

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LINE = 32
_LINES = 9
_ROLE = Qt.ItemDataRole.UserRole
_KEY = Qt.ItemDataRole.UserRole + 1
_GROUP = Qt.ItemDataRole.UserRole + 2


class CommandPalette(Overlay):
    """A field and the actions that fit what is typed, best first; Enter does the chosen one.

    Signals:
        triggered: the action that was done, after it was done.
    """

    triggered = Signal(QAction)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, place="top")
        self.setObjectName("commandPalette")
        self.setAccessibleName(self.tr("Find any action"))
        self._actions: list[tuple[str, QAction]] = []
        self._field = QLineEdit(self.card())
        self._field.setObjectName("paletteField")
        self._field.setPlaceholderText(self.tr("Find any action"))
        self._field.setAccessibleName(self.tr("Find any action"))
        self._field.setToolTip(self.tr("Type a few letters; Enter does it"))
        self._field.setClearButtonEnabled(False)
        self._field.textChanged.connect(self._filter)
        self._field.installEventFilter(self)
        self._list = QListWidget(self.card())
        self._list.setObjectName("paletteList")
        self._list.setProperty("bare", True)
        self._list.setAccessibleName(self.tr("Actions found"))
        self._list.setItemDelegate(_ActionDelegate(self._list))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setMouseTracking(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setUniformItemSizes(True)
        self._list.itemClicked.connect(self._do)
        self._nothing = QLabel(self.tr("No action matches."), self.card())
        self._nothing.setProperty("muted", True)
        self._nothing.hide()
        self.cardLayout().setContentsMargins(10, 10, 10, 10)
        self.cardLayout().setSpacing(8)
        self.cardLayout().addWidget(self._field)
        self.cardLayout().addWidget(self._nothing)
        self.cardLayout().addWidget(self._list, 1)

    def setActions(self, actions: Iterable[QAction | tuple[str, QAction]]) -> None:
        """Offer these actions, each alone or with the name of its group; the caller keeps them."""
        self._actions = [entry if isinstance(entry, tuple) else ("", entry) for entry in actions]

    def found(self) -> list[QAction]:
        """Actions listed now, best first."""
        return [self._list.item(row).data(_ROLE) for row in range(self._list.count())]

    def setText(self, text: str) -> None:
        """Look for something."""
        self._field.setText(text)

    def firstFocus(self) -> QWidget:
        """The field."""
        return self._field

    @Slot()
    def openOverlay(self) -> None:
        """Show all actions and take the keyboard."""
        self._field.clear()
        self._filter("")
        super().openOverlay()

    @Slot(str)
    def _filter(self, text: str) -> None:
        scored: list[tuple[float, int, str, QAction]] = []
        for place, (group, action) in enumerate(self._actions):
            if action.isSeparator() or not action.isVisible():
                continue
            score = match_score(text, f"{plain_text(action)} {group}")
            if score is not None:
                # What cannot be done now comes last.
                scored.append((score - (0 if action.isEnabled() else 1000), -place, group, action))
        scored.sort(key=lambda entry: entry[:2], reverse=True)
        self._list.clear()
        for _, _, group, action in scored:
            line = QListWidgetItem(action.icon(), plain_text(action), self._list)
            line.setData(_ROLE, action)
            line.setData(_GROUP, group)
            line.setData(_KEY, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            line.setToolTip(action.toolTip())
            if not action.isEnabled():
                line.setFlags(Qt.ItemFlag.NoItemFlags)
        self._list.setCurrentRow(0)
        self._nothing.setVisible(not scored)
        self._list.setFixedHeight(scaled(_LINE) * min(len(scored), _LINES) + (4 if scored else 0))
        self._fill()

    @Slot(QListWidgetItem)
    def _do(self, line: QListWidgetItem | None) -> None:
        action = line.data(_ROLE) if line is not None else None
        if not isinstance(action, QAction) or not action.isEnabled():
            return
        self.closeOverlay()
        action.trigger()
        self.triggered.emit(action)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter in the field belong to the list."""
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key, rows = event.key(), self._list.count()
            way = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: _LINES - 1,
                Qt.Key.Key_PageUp: 1 - _LINES,
            }.get(Qt.Key(key))
            if way is not None and rows:
                row = self._list.currentRow() + way
                self._list.setCurrentRow(row % rows if abs(way) == 1 else min(max(row, 0), rows - 1))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do(self._list.currentItem())
                return True
        return super().eventFilter(watched, event)


class _ActionDelegate(QStyledItemDelegate):
    """Icon, text, group muted, key at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, scaled(_LINE))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        tokens, box, state = colours(), QRectF(option.rect), option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tokens.accent, alpha=0.2) if chosen else colour(tokens.raised))
            painter.drawRoundedRect(box, 6, 6)
        icon = index.data(Qt.ItemDataRole.DecorationRole)
        if icon is not None and not icon.isNull():
            icon.paint(painter, int(box.left()) + 10, int(box.center().y()) - 8, 16, 16)
        enabled = bool(state & QStyle.StateFlag.State_Enabled)
        metrics = painter.fontMetrics()
        key, group, text = str(index.data(_KEY) or ""), str(index.data(_GROUP) or ""), str(index.data())
        painter.setPen(colour(tokens.muted))
        right = box.right() - 10
        if key:
            wide = metrics.horizontalAdvance(key)
            place = QRectF(right - wide, box.top(), wide, box.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, key)
            right = place.left() - 12
        left = box.left() + 36
        painter.setPen(colour(tokens.text if enabled else tokens.muted, alpha=1.0 if enabled else 0.6))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(right - left))
        painter.drawText(
            QRectF(left, box.top(), right - left, box.height()), Qt.AlignmentFlag.AlignVCenter, shown
        )
        left += metrics.horizontalAdvance(shown) + 10
        if group and left + metrics.horizontalAdvance(group) < right:
            painter.setPen(colour(tokens.muted))
            painter.drawText(
                QRectF(left, box.top(), right - left, box.height()), Qt.AlignmentFlag.AlignVCenter, group
            )
        painter.restore()


def plain_text(action: QAction) -> str:
    """An action's text without the mark of its mnemonic."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")


def match_score(typed: str, text: str) -> float | None:
    """How well typed letters fit a text; ``None`` if they are not in it in this order.

    Letters in a row, and letters that begin a word, count more; a shorter text wins a draw.
    """
    letters = [letter for letter in typed.casefold() if not letter.isspace()]
    folded = text.casefold()
    if not letters:
        return 0.0
    whole = folded.find(typed.strip().casefold())
    best: float | None = None
    # From each place the first letter is at, so that a later, better run is found too.
    for start in (place for place, letter in enumerate(folded) if letter == letters[0]):
        score = _run_score(letters, folded, start)
        if score is not None and (best is None or score > best):
            best = score
    if best is None:
        return None
    if whole >= 0:
        best += 20 + (10 if whole == 0 or folded[whole - 1] == " " else 0)
    return best - len(folded) / 100


def _run_score(letters: Sequence[str], text: str, start: int) -> float | None:
    score, place, before = 0.0, start, -2
    for letter in letters:
        place = text.find(letter, place)
        if place < 0:
            return None
        if place == before + 1:
            score += 3
        elif place == 0 or text[place - 1] == " ":
            score += 2
        else:
            score += 0.5
        before, place = place, place + 1
    return score
