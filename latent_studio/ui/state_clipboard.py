"""StateClipboard: a state as a command line or as Python, on the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext


class StateClipboard(QObject):
    """Puts states on the clipboard, and says so.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context

    def put_command(self, session: Session, *, file: Path | None = None, step: int | None = None) -> None:
        """The command line that renders a state; see ``state_as_command``."""
        from latent_studio.app.kept_files import keep_file
        from latent_studio.app.state_code import state_as_command

        kept: list[Path] = []

        def keep(text: str) -> Path:
            kept.append(keep_file(text, self._context.studio.paths, stem="picture"))
            return kept[-1]

        try:
            line = state_as_command(session, keep=keep, file=file, step=step)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        hint = self.tr("What it draws is kept in {file}.").format(file=kept[0]) if kept else ""
        self._put(line, self.tr("command"), hint)

    def put_python(self, session: Session) -> None:
        """Python that shows a state."""
        from latent_studio.app.state_code import state_as_python

        self._put(state_as_python(session), self.tr("Python"))

    def _put(self, text: str, what: str, hint: str = "") -> None:
        QGuiApplication.clipboard().setText(text)
        self._context.messages.success(
            self.tr("The picture is on the clipboard as {what}.").format(what=what), hint=hint
        )
