"""Autosaver: a safety copy of the open document, after each burst of changes and while they go on."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from latent_studio.app.document_files import Autosave
from latent_studio.app.settings import default_of
from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.failures import Failure

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.open_document import OpenDocument
    from latent_studio.app.paths import Paths
    from latent_studio.core.session_file import Document
    from latent_studio.ui.document_writer import DocumentWriter
    from latent_studio.ui.messages import Messages

log = logging.getLogger(__name__)

#: Changes have to rest this long.
REST_MS = 1000
#: After a failure it is tried again.
_RETRY_MS = 15_000


class Autosaver(QObject):
    """Writes the copy when there is something to lose.

    Args:
        document: what is copied.
        writer: where the copy is written.
        paths: the profile it goes to.
        messages: told once when it fails, and when it works again.
        parent: Qt owner.
    """

    #: A copy was written, or is not needed any more.
    saved = Signal()

    def __init__(
        self,
        document: OpenDocument,
        *,
        writer: DocumentWriter,
        paths: Paths,
        messages: Messages,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._writer = writer
        self._paths = paths
        self._messages = messages
        self._autosave = Autosave(paths)
        self._written = document.changes
        self._is_writing = False
        self._is_failing = False
        self._saved_at: float | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self.write)
        self._longest = QTimer(self)
        self._longest.setSingleShot(True)
        self.setInterval(default_of("autosave_seconds"))
        self._longest.timeout.connect(self.write)
        writer.done.connect(self._take_written)
        document.listen(self._follow)

    @property
    def age_seconds(self) -> float | None:
        """How long ago the last copy was written; ``None`` while there is none. No clock can set it back."""
        return None if self._saved_at is None else time.monotonic() - self._saved_at

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._is_failing

    def setInterval(self, seconds: float) -> None:
        """While changes do not rest, make a copy this often."""
        self._longest.setInterval(round(seconds * 1000))

    def _follow(self) -> None:
        if self._document.changes != self._written:
            self._rest.start(_RETRY_MS if self._is_failing else REST_MS)
            if not self._longest.isActive():
                self._longest.start()

    @Slot()
    def write(self) -> None:
        """Write a copy now, unless one is being written or nothing would be lost."""
        self._rest.stop()
        self._longest.stop()
        document = self._document
        if self._is_writing or not (document.has_steps and document.is_modified):
            return
        self._is_writing = True
        self._writer.run(
            (self, self._autosave, document.changes),
            partial(self._autosave.write, document.snapshot(), origin=document.path),
        )

    def hand_over(self) -> None:
        """Another document comes: make sure of this one, and leave its copy only if it needs one."""
        old, self._autosave = self._autosave, Autosave(self._paths)
        self._rest.stop()
        self._longest.stop()
        if self._document.has_steps and self._document.is_modified:
            self._writer.run(
                (self, old, -1), partial(_write_last, old, self._document.snapshot(), self._document.path)
            )
        else:
            self._writer.run((self, old, -1), partial(_drop, old))
        self._is_writing = False
        self._saved_at = None

    def settle(self) -> None:
        """The document was saved: the copy is of no use any more."""
        if not self._document.is_modified and not self._is_writing:
            self._autosave.discard()
            self._saved_at = None
            self.saved.emit()

    @property
    def path(self) -> Path:
        """Where the copy of this document is, or will be."""
        return self._autosave.path

    def finish(self) -> Failure | None:
        """The window closes: write the last copy here and now if something would be lost.

        Returns:
            What went wrong; the document would be lost.
        """
        self._rest.stop()
        self._longest.stop()
        if not self._document.has_steps or not self._document.is_modified:
            return None
        if self._written == self._document.changes and not self._is_failing:
            return None
        try:
            self._autosave.write(self._document.snapshot(), origin=self._document.path)
        except LatentStudioError as error:
            return Failure(error.title, error.hint)
        self._written = self._document.changes
        return None

    def close(self) -> None:
        """Let go of the copy; it stays only if it is needed."""
        if not self._document.has_steps or not self._document.is_modified:
            self._autosave.discard()
        self._autosave.close()

    @Slot(object, object)
    def _take_written(self, token: object, outcome: object) -> None:
        if not isinstance(token, tuple) or token[0] is not self or token[1] is not self._autosave:
            return
        self._is_writing = False
        if isinstance(outcome, Failure):
            if not self._is_failing:
                self._is_failing = True
                self._messages.warning(
                    self.tr("The safety copy of this document cannot be written. {why}").format(
                        why=outcome.title
                    ),
                    hint=self.tr("It is tried again and again. Save the document elsewhere to be sure."),
                    details=outcome.details,
                )
            self._rest.start(_RETRY_MS)
            return
        if self._is_failing:
            self._is_failing = False
            self._messages.success(self.tr("The safety copy is written again."))
        self._written = token[2]
        self._saved_at = time.monotonic()
        self.saved.emit()
        self._follow()


def _write_last(autosave: Autosave, document: Document, origin: Path | None) -> None:
    try:
        autosave.write(document, origin=origin)
    finally:
        autosave.close()


def _drop(autosave: Autosave) -> None:
    autosave.discard()
    autosave.close()
