"""RecoverSheet: documents that can be recovered, each with what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.overlay import Overlay

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class RecoverEntry:
    """One line.

    Attributes:
        title: which document.
        facts: what is in it, and how old it is.
        can_discard: whether it may be thrown away.
    """

    title: str
    facts: str
    can_discard: bool = True


class RecoverSheet(Overlay):
    """A list with a button to restore each document, and one to throw it away.

    Signals:
        restoreRequested, discardRequested: the number of the line.
    """

    restoreRequested = Signal(int)
    discardRequested = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("recoverSheet")
        self.setAccessibleName(self.tr("Recover"))
        title = QLabel(self.tr("Recover"), self.card())
        title.setProperty("heading", True)
        close = QToolButton(self.card())
        close.setObjectName("recoverClose")
        close.setProperty("quiet", True)
        close.setAccessibleName(self.tr("Close"))
        close.setToolTip(self.tr("Close (Esc); nothing is thrown away"))
        set_icon(close, "close", role="muted")
        close.clicked.connect(self.closeOverlay)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(close)
        self._words = QLabel(self.card())
        self._words.setProperty("muted", True)
        self._words.setWordWrap(True)
        self._scroll = QScrollArea(self.card())
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setMinimumHeight(220)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._first: QWidget = close
        self._close = close
        self.cardLayout().addLayout(head)
        self.cardLayout().addWidget(self._words)
        self.cardLayout().addWidget(self._scroll, 1)

    def setEntries(self, entries: Sequence[RecoverEntry], words: str) -> None:
        """Show these documents below a sentence."""
        self._words.setText(words)
        content = QWidget()
        content.setObjectName("scrollContent")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        self._first = self._close
        for number, entry in enumerate(entries):
            line = QHBoxLayout()
            texts = QVBoxLayout()
            texts.setSpacing(2)
            name = ElidedLabel(entry.title, content)
            facts = ElidedLabel(entry.facts, content)
            facts.setProperty("muted", True)
            texts.addWidget(name)
            texts.addWidget(facts)
            line.addLayout(texts, 1)
            restore = QPushButton(self.tr("Restore"), content)
            restore.setObjectName(f"restore-{number}")
            restore.setToolTip(self.tr("Open this document."))
            restore.setAccessibleName(self.tr("Restore {name}").format(name=entry.title))
            restore.clicked.connect(partial(self._restore, number))
            line.addWidget(restore)
            if number == 0:
                self._first = restore
            if entry.can_discard:
                discard = QPushButton(self.tr("Throw away"), content)
                discard.setObjectName(f"discard-{number}")
                discard.setToolTip(self.tr("Delete this copy for good."))
                discard.setAccessibleName(self.tr("Throw away {name}").format(name=entry.title))
                discard.clicked.connect(partial(self._discard, number))
                line.addWidget(discard)
            column.addLayout(line)
        column.addStretch(1)
        self._scroll.setWidget(content)

    def firstFocus(self) -> QWidget:
        """The first document's button."""
        return self._first

    def wantedWidth(self) -> int:
        """Room for two buttons and a path."""
        return 640

    def _restore(self, number: int, checked: bool = False) -> None:
        self.closeOverlay()
        self.restoreRequested.emit(number)

    def _discard(self, number: int, checked: bool = False) -> None:
        self.discardRequested.emit(number)
