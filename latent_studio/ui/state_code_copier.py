"""StateCodeCopier: the picture shown as a command line or as Python, on the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from latent_studio.ui.state_clipboard import StateClipboard

if TYPE_CHECKING:
    from latent_studio.ui.api import DockContext


class StateCodeCopier(QObject):
    """Does what "Copy as command" and "Copy as Python" say.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._clipboard = StateClipboard(context, self)
        context.actions["copy_command"].triggered.connect(self.copy_command)
        context.actions["copy_python"].triggered.connect(self.copy_python)
        context.bridge.session_changed.connect(self._enable)
        self._enable()

    @Slot()
    def copy_command(self) -> None:
        """Copy the command line that renders what is shown."""
        document, store = self._context.document, self._context.store
        is_in_file = document.path is not None and not document.is_modified
        file, step = (document.path, store.history.place) if is_in_file else (None, None)
        self._clipboard.put_command(store.session, file=file, step=step)

    @Slot()
    def copy_python(self) -> None:
        """Copy Python that does the same."""
        self._clipboard.put_python(self._context.store.session)

    @Slot()
    def _enable(self) -> None:
        for name in ("copy_command", "copy_python"):
            self._context.actions[name].setEnabled(self._context.store.session.model is not None)
