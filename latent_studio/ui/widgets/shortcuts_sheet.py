"""ShortcutsSheet: all keys on one sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.ui.icons import set_icon
from latent_studio.ui.theme import colour, colours, scaled
from latent_studio.ui.widgets.overlay import Overlay
from latent_studio.ui.widgets.panel import PanelTitle

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMN = 280
#: Beside the columns: the card's margins and the scroll bar. Around the card: some of the window.
_FRAME, _MARGIN = 64, 48


class ShortcutsSheet(Overlay):
    """Groups of actions with their keys, in as many columns as fit."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsSheet")
        self.setAccessibleName(self.tr("Keyboard shortcuts"))
        self._groups: list[tuple[str, list[tuple[str, str]]]] = []
        self._needed = 0
        title = QLabel(self.tr("Keyboard shortcuts"), self.card())
        title.setProperty("heading", True)
        self._close = QToolButton(self.card())
        self._close.setObjectName("shortcutsClose")
        self._close.setProperty("quiet", True)
        self._close.setAccessibleName(self.tr("Close"))
        self._close.setToolTip(self.tr("Close (Esc)"))
        set_icon(self._close, "close", role="muted")
        self._close.clicked.connect(self.closeOverlay)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self._close)
        self._scroll = QScrollArea(self.card())
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._scroll.setAccessibleName(self.tr("List of shortcuts"))
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.cardLayout().addLayout(head)
        self.cardLayout().addWidget(self._scroll, 1)

    def setShortcuts(self, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        """Show ``[(group, [(text, key), …]), …]``; lines without a key are left out."""
        self._groups = []
        for name, lines in groups:
            kept = [(_plain(text), key) for text, key in lines if key]
            if kept:
                self._groups.append((name, kept))
        self._fill_scroll()

    def shortcutsShown(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What it shows."""
        return self._groups

    def firstFocus(self) -> QWidget:
        """The list, so that arrows scroll it."""
        return self._scroll

    def wantedWidth(self) -> int:
        """As many columns as fit, and wider where their words need it: the list scrolls up and down only."""
        usual = self._columns() * (_COLUMN + 24) + 24
        return max(usual, min(self._needed, self._room() - _MARGIN))

    def _columns(self) -> int:
        """Two, three when the window is wide."""
        return 3 if self._room() > 1100 else 2

    def _room(self) -> int:
        parent = self.parentWidget()
        return parent.width() if parent is not None else 0

    def _fill_scroll(self) -> None:
        content = QWidget()
        content.setObjectName("scrollContent")
        columns = self._columns()
        stacks = [QVBoxLayout() for _ in range(columns)]
        heights = [0] * columns
        for name, lines in self._groups:
            shortest = heights.index(min(heights))
            stacks[shortest].addWidget(PanelTitle(name, content))
            grid = QGridLayout()
            grid.setColumnStretch(0, 1)
            grid.setHorizontalSpacing(8)
            grid.setVerticalSpacing(4)
            for row, (text, key) in enumerate(lines):
                label = QLabel(text, content)
                chips = KeyChips(key, content)
                chips.setAccessibleName(f"{text}: {key}")
                grid.addWidget(label, row, 0)
                grid.addWidget(chips, row, 1, Qt.AlignmentFlag.AlignRight)
            stacks[shortest].addLayout(grid)
            stacks[shortest].addSpacing(12)
            heights[shortest] += 60 + 26 * len(lines)
        layout = QHBoxLayout(content)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(32)
        for stack in stacks:
            stack.setSpacing(6)
            stack.addStretch(1)
            layout.addLayout(stack, 1)
        self._needed = content.minimumSizeHint().width() + _FRAME
        self._scroll.setWidget(content)
        self._scroll.setMinimumHeight(min(content.sizeHint().height() + 4, 640))


class KeyChips(QWidget):
    """A shortcut as little keys: Ctrl + K."""

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = _split(key)

    def sizeHint(self) -> QSize:
        """All keys in a row."""
        metrics = self.fontMetrics()
        width = sum(max(20, metrics.horizontalAdvance(key) + 12) + 4 for key in self._keys) - 4
        return QSize(max(0, width), scaled(20))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the keys."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, top = 0.5, (self.height() - scaled(20)) / 2 + 0.5
        for key in self._keys:
            width = max(20, painter.fontMetrics().horizontalAdvance(key) + 12)
            box = QRectF(left, top, width - 1, scaled(20) - 1)
            painter.setPen(QPen(colour(tokens.line), 1))
            painter.setBrush(colour(tokens.raised))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(colour(tokens.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
            left += width + 4
        painter.end()


def _split(key: str) -> list[str]:
    """``"Ctrl++"`` is Ctrl and plus."""
    parts = key.split("+")
    if key.endswith("+"):
        parts = [*[part for part in parts if part], "+"]
    return [part.strip() for part in parts if part.strip()]


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix("…")
