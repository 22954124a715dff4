"""StateCodeCopier: the picture shown as a command line or as Python, on the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

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
        context.actions["copy_command"].triggered.connect(self.copy_command)
        context.actions["copy_python"].triggered.connect(self.copy_python)
        context.bridge.session_changed.connect(self._enable)
        self._enable()

    @Slot()
    def copy_command(self) -> None:
        """Copy the command line that renders what is shown."""
        from latent_studio.app.state_code import state_as_command

        document, store = self._context.document, self._context.store
        is_in_file = document.path is not None and not document.is_modified
        file, step = (document.path, store.history.place) if is_in_file else (None, None)
        self._put(state_as_command(store.session, file=file, step=step), self.tr("command"))

    @Slot()
    def copy_python(self) -> None:
        """Copy Python that does the same."""
        from latent_studio.app.state_code import state_as_python

        self._put(state_as_python(self._context.store.session), self.tr("Python"))

    def _put(self, text: str, what: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._context.messages.success(
            self.tr("The picture is on the clipboard as {what}.").format(what=what)
        )

    @Slot()
    def _enable(self) -> None:
        for name in ("copy_command", "copy_python"):
            self._context.actions[name].setEnabled(self._context.store.session.model is not None)
