"""CommandLog: what was done last in the window that a verb can do too, to be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from latent_studio.ui.command_text import command_text, python_text

if TYPE_CHECKING:
    from latent_studio.core.options import OptionsClass
    from latent_studio.ui.actions import Actions
    from latent_studio.ui.job_thread import Job, JobThread
    from latent_studio.ui.messages import Messages


class CommandLog(QObject):
    """Remembers the latest deed with a twin on the command line, and copies it.

    Jobs with a twin come by themselves; whoever does something at once adds it. A job of the user's without
    a twin leaves nothing to copy: what came before it is not the last any more.

    Args:
        actions: has "copy_deed_command" and "copy_deed_python".
        messages: is told what was copied.
        parent: Qt owner.
    """

    def __init__(self, actions: Actions, messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._messages = messages
        self._latest: tuple[str, OptionsClass] | None = None
        self._copiers = (actions["copy_deed_command"], actions["copy_deed_python"])
        for action, copy in zip(self._copiers, (self.copy_command, self.copy_python), strict=True):
            action.triggered.connect(copy)
            action.setEnabled(False)

    def watch(self, jobs: JobThread) -> None:
        """Remember the jobs of a thread."""
        jobs.queued.connect(self._take_job)

    def add(self, verb: str, options: OptionsClass) -> None:
        """Remember something that was done at once."""
        self._remember((verb, options))

    @Slot()
    def copy_command(self) -> None:
        """Copy the command line that does the latest deed again."""
        if self._latest is not None:
            self._put(command_text(*self._latest))

    @Slot()
    def copy_python(self) -> None:
        """Copy Python that does it again."""
        if self._latest is not None:
            self._put(python_text(*self._latest))

    @Slot(object)
    def _take_job(self, job: Job) -> None:
        if job.twin is not None or not job.is_quiet:
            self._remember(job.twin)

    def _remember(self, deed: tuple[str, OptionsClass] | None) -> None:
        self._latest = deed
        for action in self._copiers:
            action.setEnabled(deed is not None)

    def _put(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._messages.success(self.tr("On the clipboard: {text}").format(text=_first_words(text)))


def _first_words(text: str) -> str:
    line = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return line if len(line) <= 90 else f"{line[:90]}…"
