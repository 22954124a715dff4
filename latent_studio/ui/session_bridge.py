"""SessionBridge: the store's listeners as one Qt signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from latent_studio.app.store import SessionStore
    from latent_studio.core.session import Session


class SessionBridge(QObject):
    """Lets Qt objects hear about the session; a receiver that dies is forgotten by Qt itself.

    The store belongs to the GUI thread: nobody else changes it.

    Args:
        store: whose changes to pass on.
        parent: Qt owner.
    """

    #: ``(old, new)``: two ``Session`` values. Compare the slice you show; undo labels may have changed too.
    session_changed = Signal(object, object)

    def __init__(self, store: SessionStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._unlisten = store.listen(self._pass_on)

    def close(self) -> None:
        """Hear nothing more."""
        self._unlisten()

    def _pass_on(self, old: Session, new: Session) -> None:
        self.session_changed.emit(old, new)
