"""Start and end of a ``QThread`` that carries one worker object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread

if TYPE_CHECKING:
    from PySide6.QtCore import QObject as Worker

#: How long closing waits for the step a thread is in.
WAIT_MS = 5000


def start_thread(worker: Worker, name: str, parent: QObject) -> QThread:
    """Move a worker to a thread of its own; the thread's event loop lives until ``end_thread``.

    Args:
        worker: an object without parent, made on the calling thread.
        name: shown by debuggers and when the thread is stuck.
        parent: Qt owner of the thread.
    """
    thread = QThread(parent)
    thread.setObjectName(name)
    worker.moveToThread(thread)
    thread.finished.connect(worker.deleteLater)
    thread.start()
    return thread


def end_thread(thread: QThread, *, wait_ms: int = WAIT_MS) -> bool:
    """Leave the thread's event loop and wait for it.

    Returns:
        False if it is stuck in a step that takes longer than ``wait_ms``.
    """
    thread.quit()
    return thread.wait(wait_ms)
