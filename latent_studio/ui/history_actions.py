"""HistoryActions: undo and redo, named after what they undo and redo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from latent_studio.app.store import SessionStore
    from latent_studio.ui.actions import Actions
    from latent_studio.ui.session_bridge import SessionBridge


class HistoryActions(QObject):
    """Wires two actions to the store's history.

    Args:
        store: whose history.
        bridge: tells when it changed.
        actions: the window's.
        parent: Qt owner.
    """

    def __init__(
        self, store: SessionStore, *, bridge: SessionBridge, actions: Actions, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._history = store.history
        self._undo, self._redo = actions["undo"], actions["redo"]
        self._undo.triggered.connect(store.undo)
        self._redo.triggered.connect(store.redo)
        bridge.session_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        undo, redo = self._history.undo_label, self._history.redo_label
        self._undo.setEnabled(undo is not None)
        self._undo.setText(self.tr("Undo {what}").format(what=undo) if undo else self.tr("Undo"))
        self._redo.setEnabled(redo is not None)
        self._redo.setText(self.tr("Redo {what}").format(what=redo) if redo else self.tr("Redo"))
