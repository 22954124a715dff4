"""NotesSheet: the user's own words about a document."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QToolButton, QWidget

from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.overlay import Overlay

_HEIGHT = 260


class NotesSheet(Overlay):
    """A page to write on; closing it keeps what was written.

    Signals:
        notesChanged: the text, once the page is closed.
    """

    notesChanged = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notesSheet")
        self.setAccessibleName(self.tr("Notes"))
        title = QLabel(self.tr("Notes"), self.card())
        title.setProperty("heading", True)
        close = QToolButton(self.card())
        close.setObjectName("notesClose")
        close.setProperty("quiet", True)
        close.setAccessibleName(self.tr("Close"))
        close.setToolTip(self.tr("Close and keep (Esc)"))
        set_icon(close, "close", role="muted")
        close.clicked.connect(self.closeOverlay)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(close)
        self._page = QPlainTextEdit(self.card())
        self._page.setObjectName("notesPage")
        self._page.setAccessibleName(self.tr("Notes of this session"))
        self._page.setToolTip(self.tr("They are saved with the session."))
        self._page.setPlaceholderText(self.tr("What you want to remember about this session"))
        self._page.setTabChangesFocus(True)
        self._page.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._page.setMinimumHeight(_HEIGHT)
        self.cardLayout().addLayout(head)
        self.cardLayout().addWidget(self._page, 1)
        self.closed.connect(self._tell)

    def setNotes(self, notes: str) -> None:
        """Show a text; no signal."""
        self._page.setPlainText(notes)

    def firstFocus(self) -> QWidget:
        """The page."""
        return self._page

    def _tell(self) -> None:
        self.notesChanged.emit(self._page.toPlainText())
