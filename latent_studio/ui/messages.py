"""Messages: short news for the message bar, from anywhere in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from latent_studio.ui.window_words import window_words

if TYPE_CHECKING:
    from latent_studio.ui.failures import Failure

#: News that needs no answer goes away by itself.
_NEWS_MS = 6000


class Messages(QObject):
    """Carries news to whoever shows them."""

    #: ``(kind, title, hint, details, timeout in ms or None)``; kinds are info, good, warn and bad.
    posted = Signal(str, str, str, str, object)

    def news(self, title: str, *, hint: str = "") -> None:
        """Something worth knowing."""
        self.posted.emit("info", title, hint, "", _NEWS_MS)

    def success(self, title: str, *, hint: str = "") -> None:
        """Something was done."""
        self.posted.emit("good", title, hint, "", _NEWS_MS)

    def warning(self, title: str, *, hint: str = "", details: str = "") -> None:
        """Something went another way than asked, and stays until it is read."""
        self.posted.emit("warn", window_words(title), window_words(hint), details, None)

    def failure(self, failure: Failure) -> None:
        """Something failed."""
        self.posted.emit("bad", failure.title, failure.hint, failure.details, None)
