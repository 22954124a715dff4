"""DocumentWriter: saves and autosaves on a thread of their own, so that neither jobs nor hands wait."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.ui.failures import describe_failure
from latent_studio.ui.worker_thread import WAIT_MS, end_thread, start_thread

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class _Worker(QObject):
    done = Signal(object, object)

    @Slot(object, object)
    def run(self, token: object, work: Callable[[], object]) -> None:
        """Do one thing; errors become failures."""
        try:
            outcome = work()
        except Exception as error:
            outcome = describe_failure(error)
            log.warning("A document was not written: %s", error)
        self.done.emit(token, outcome)


class DocumentWriter(QObject):
    """Runs what writes and lists documents, one after the other. Made and used on the GUI thread.

    Args:
        parent: Qt owner.
    """

    #: ``(token, result or Failure)`` of a ``run``.
    done = Signal(object, object)
    _run = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = _Worker()
        self._worker.done.connect(self.done)
        self._run.connect(self._worker.run)
        self._thread = start_thread(self._worker, "documents", self)

    @property
    def name(self) -> str:
        """The thread's name."""
        return self._thread.objectName()

    def run(self, token: object, work: Callable[[], object]) -> None:
        """Do something on the thread; ``done`` brings the result, or what failed."""
        self._run.emit(token, work)

    def close(self, *, wait_ms: int = WAIT_MS) -> bool:
        """Finish what was begun and end the thread.

        Returns:
            False if it is stuck.
        """
        return end_thread(self._thread, wait_ms=wait_ms)
