"""FormSheet: a form over the window that asks before something begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.overlay import Overlay
from latent_studio.ui.window_words import window_words

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH = 460


class FormSheet(Overlay):
    """A title, a sentence, somebody's form, and a button that begins.

    It closes when the button's work accepts the form, and stays with the reason when it does not.

    Args:
        title: what it is about.
        text: one or two sentences on what will happen.
        form: the fields.
        button: what the button says.
        begin: called by the button; gives a reason to stay, or an empty text.
        parent: the window.
    """

    #: The sheet was closed without the button.
    dismissed = Signal()

    def __init__(
        self,
        title: str,
        text: str,
        form: QWidget,
        *,
        button: str,
        begin: Callable[[], str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("formSheet")
        self.setAccessibleName(title)
        self._begin = begin
        self._form = form
        heading = QLabel(title, self.card())
        heading.setProperty("heading", True)
        close = QToolButton(self.card())
        close.setObjectName("formClose")
        close.setProperty("quiet", True)
        close.setAccessibleName(self.tr("Close"))
        close.setToolTip(self.tr("Close (Esc)"))
        set_icon(close, "close", role="muted")
        close.clicked.connect(self.closeOverlay)
        self._text = QLabel(text, self.card())
        self._text.setObjectName("formText")
        self._text.setWordWrap(True)
        self._text.setProperty("muted", True)
        self._reason = QLabel(self.card())
        self._reason.setObjectName("formReason")
        self._reason.setWordWrap(True)
        self._reason.setProperty("tone", "bad")
        self._reason.hide()
        self._button = QPushButton(button, self.card())
        self._button.setObjectName("formBegin")
        self._button.setProperty("primary", True)
        self._button.setToolTip(title)
        self._button.clicked.connect(self._press)
        head = QHBoxLayout()
        head.addWidget(heading, 1)
        head.addWidget(close)
        foot = QHBoxLayout()
        foot.addWidget(self._reason, 20)
        foot.addStretch(1)
        foot.addWidget(self._button, 0, Qt.AlignmentFlag.AlignBottom)
        form.setParent(self.card())
        layout = self.cardLayout()
        layout.setSpacing(12)
        layout.addLayout(head)
        layout.addWidget(self._text)
        layout.addWidget(form)
        layout.addStretch(1)
        layout.addLayout(foot)

    def setText(self, text: str) -> None:
        """Say something else above the form."""
        self._text.setText(text)

    def setButton(self, text: str, *, can_begin: bool = True) -> None:
        """Change the button."""
        self._button.setText(text)
        self._button.setEnabled(can_begin)

    def setReason(self, reason: str) -> None:
        """Say why it does not begin; an empty text says nothing."""
        self._reason.setText(window_words(reason))
        self._reason.setVisible(bool(reason))

    def firstFocus(self) -> QWidget:
        """The form's first field."""
        return self._form

    def wantedWidth(self) -> int:
        """Room for labels and fields."""
        return _WIDTH

    def closeOverlay(self) -> None:
        """Close it."""
        was_open = not self.isHidden()
        super().closeOverlay()
        if was_open:
            self.dismissed.emit()

    @Slot()
    def _press(self) -> None:
        reason = self._begin()
        self.setReason(reason)
        if not reason:
            super().closeOverlay()
