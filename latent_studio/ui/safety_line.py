"""SafetyLine: how safe the document is, in the status line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

if TYPE_CHECKING:
    from latent_studio.app.open_document import OpenDocument
    from latent_studio.ui.autosaver import Autosaver
    from latent_studio.ui.status_line import StatusLine

_EVERY_MS = 1000
#: From here on minutes are told.
_MINUTE = 60


class SafetyLine(QObject):
    """Tells the age of the safety copy, second by second.

    Args:
        document: what it is about.
        autosaver: makes the copies.
        status: where it is said; its owner.
    """

    def __init__(self, document: OpenDocument, *, autosaver: Autosaver, status: StatusLine) -> None:
        super().__init__(status)
        self._document = document
        self._autosaver = autosaver
        self._status = status
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.show_age)
        self._timer.start()
        autosaver.saved.connect(self.show_age)
        self.show_age()

    @Slot()
    def show_age(self) -> None:
        """Say it as it is now."""
        age = self._autosaver.age_seconds
        if not self._document.has_steps:
            self._status.showSafety("")
        elif self._autosaver.is_failing:
            self._status.showSafety(
                self.tr("● no safe copy"), self.tr("The safety copy cannot be written; it is tried again.")
            )
        elif not self._document.is_modified:
            self._status.showSafety(self.tr("● saved"), self.tr("The file holds all there is."))
        elif age is None:
            self._status.showSafety("")
        else:
            when = (
                self.tr("{n} s").format(n=int(age))
                if age < _MINUTE
                else self.tr("{n} min").format(n=int(age / _MINUTE))
            )
            self._status.showSafety(
                self.tr("● safe copy {when} ago").format(when=when),
                self.tr("After a crash the document comes back as it was then."),
            )
