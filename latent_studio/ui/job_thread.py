"""JobThread: long work, one job at a time in the order asked for, with progress and cancel."""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from latent_studio.core.errors import Cancelled
from latent_studio.core.jobs import CancelToken
from latent_studio.core.mailbox import Mailbox
from latent_studio.ui.failures import Failure, describe_failure
from latent_studio.ui.worker_thread import WAIT_MS, end_thread, start_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.jobs import Progress, ProgressSink
    from latent_studio.ui.twin import Twin

log = logging.getLogger(__name__)

#: Reports shown per second at most.
_REPORTS_PER_SECOND = 10


@dataclass(frozen=True, slots=True)
class Job:
    """A task that waits or runs.

    Attributes:
        id: grows with every job.
        title: what the user sees: "Open portraits".
        is_quiet: leaves nothing to look at once it is done, so its card goes by itself.
        twin: what does the same without the window.
        cancel: asks it to stop.
    """

    id: int
    title: str
    is_quiet: bool = False
    twin: Twin | None = field(default=None, compare=False, repr=False)
    cancel: CancelToken = field(default_factory=CancelToken, compare=False, repr=False)


class JobWorker(QObject):
    """Lives on the job thread. ``JobThread`` is its face on the GUI thread.

    Args:
        reports: holds the newest ``(job, progress)``.
        prepare: called once on the job thread before the first job.
    """

    reported = Signal()
    done = Signal(object, object)
    failed = Signal(object, object)
    cancelled = Signal(object)

    def __init__(self, *, reports: Mailbox[tuple[Job, Progress]], prepare: Callable[[], None]) -> None:
        super().__init__()
        self._reports = reports
        self._prepare: Callable[[], None] | None = prepare

    @Slot(object, object)
    def run(self, job: Job, work: Callable[[ProgressSink, CancelToken], object]) -> None:
        """Do one job from beginning to end."""

        def report(progress: Progress) -> None:
            if self._reports.put((job, progress)):
                self.reported.emit()

        try:
            job.cancel.check()
            if self._prepare is not None:
                prepare, self._prepare = self._prepare, None
                prepare()
            result = work(report, job.cancel)
        except Cancelled:
            self.cancelled.emit(job)
        except Exception as error:
            failure = describe_failure(error)
            log.log(
                logging.INFO if failure.is_expected else logging.ERROR,
                "%s failed: %s",
                job.title,
                failure.details,
            )
            self.failed.emit(job, failure)
        else:
            self.done.emit(job, result)


class JobThread(QObject):
    """Runs jobs in the background. Made and used on the GUI thread.

    Args:
        prepare: called once on the job thread before the first job.
        name: of the thread.
        parent: Qt owner.
    """

    #: A ``Job`` was accepted; it may have to wait for its turn.
    queued = Signal(object)
    #: A ``Job`` began.
    started = Signal(object)
    #: ``(Job, Progress)``, at most ten a second; the newest report always arrives.
    progressed = Signal(object, object)
    #: ``(Job, result)``.
    done = Signal(object, object)
    #: ``(Job, Failure)``.
    failed = Signal(object, object)
    #: A ``Job`` stopped because it was asked to.
    cancelled = Signal(object)
    _run = Signal(object, object)

    def __init__(
        self,
        *,
        prepare: Callable[[], None] = lambda: None,
        name: str = "jobs",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._ids = itertools.count(1)
        self._waiting: deque[tuple[Job, Callable[[ProgressSink, CancelToken], object]]] = deque()
        self._current: Job | None = None
        self._ending: Job | None = None
        self._on_done: dict[int, Callable[[Any], None]] = {}
        self._on_failed: dict[int, Callable[[Failure], None]] = {}
        self._is_closed = False
        self._reports: Mailbox[tuple[Job, Progress]] = Mailbox()
        self._last_report = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._show_report)
        self._worker = JobWorker(reports=self._reports, prepare=prepare)
        self._worker.reported.connect(self._take_report)
        self._worker.done.connect(self._finish_done)
        self._worker.failed.connect(self._finish_failed)
        self._worker.cancelled.connect(self._finish_cancelled)
        self._run.connect(self._worker.run)
        self._thread = start_thread(self._worker, name, self)

    @property
    def name(self) -> str:
        """The thread's name."""
        return self._thread.objectName()

    @property
    def is_running(self) -> bool:
        """Whether the thread still lives."""
        return self._thread.isRunning()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The running job and those that wait, in order."""
        current = () if self._current is None else (self._current,)
        return (*current, *(job for job, _ in self._waiting))

    @property
    def ending(self) -> Job | None:
        """The job whose result is being taken at this moment."""
        return self._ending

    def start(
        self,
        title: str,
        run: Callable[[ProgressSink, CancelToken], object],
        *,
        on_done: Callable[[Any], None] | None = None,
        on_failed: Callable[[Failure], None] | None = None,
        quiet: bool = False,
        twin: Twin | None = None,
        first: bool = False,
    ) -> Job:
        """Run something when its turn comes.

        Args:
            title: what the user sees.
            run: the task with its options bound; runs on the job thread.
            on_done: called with the result, on the GUI thread.
            on_failed: called with the failure, on the GUI thread.
            quiet: leaves nothing to look at once it is done.
            twin: what does the same without the window; can be copied.
            first: its turn comes before all that wait.
        """
        job = Job(next(self._ids), title, quiet, twin)
        if self._is_closed:
            return job
        if on_done is not None:
            self._on_done[job.id] = on_done
        if on_failed is not None:
            self._on_failed[job.id] = on_failed
        if first:
            self._waiting.appendleft((job, run))
        else:
            self._waiting.append((job, run))
        self.queued.emit(job)
        self._start_next()
        return job

    def cancel(self, job_id: int) -> None:
        """Ask a job to stop; one that waits stops at once."""
        for job, run in tuple(self._waiting):
            if job.id == job_id:
                self._waiting.remove((job, run))
                self._forget(job)
                self.cancelled.emit(job)
                return
        if self._current is not None and self._current.id == job_id:
            self._current.cancel.cancel()

    def close(self, *, wait_ms: int = WAIT_MS) -> bool:
        """Cancel everything and end the thread.

        Returns:
            False if the running job does not look at its token.
        """
        self._is_closed = True
        self._waiting.clear()
        self._later.stop()
        self._reports.close()
        if self._current is not None:
            self._current.cancel.cancel()
        return end_thread(self._thread, wait_ms=wait_ms)

    def _start_next(self) -> None:
        if self._current is None and self._waiting:
            self._current, run = self._waiting.popleft()
            self.started.emit(self._current)
            self._run.emit(self._current, run)

    @Slot()
    def _take_report(self) -> None:
        wait = self._last_report + 1 / _REPORTS_PER_SECOND - time.monotonic()
        if wait <= 0:
            self._show_report()
        elif not self._later.isActive():
            self._later.start(int(1000 * wait) + 1)

    @Slot()
    def _show_report(self) -> None:
        report = self._reports.take()
        if report is not None and report[0] == self._current:
            self._last_report = time.monotonic()
            self.progressed.emit(*report)

    @Slot(object, object)
    def _finish_done(self, job: Job, result: object) -> None:
        on_done = self._on_done.get(job.id)
        if not self._end(job):
            return
        self._ending = job
        try:
            self.done.emit(job, result)
            if on_done is not None:
                on_done(result)
        finally:
            self._ending = None
        self._start_next()

    @Slot(object, object)
    def _finish_failed(self, job: Job, failure: Failure) -> None:
        on_failed = self._on_failed.get(job.id)
        if not self._end(job):
            return
        self.failed.emit(job, failure)
        if on_failed is not None:
            on_failed(failure)
        self._start_next()

    @Slot(object)
    def _finish_cancelled(self, job: Job) -> None:
        if not self._end(job):
            return
        self.cancelled.emit(job)
        self._start_next()

    def _end(self, job: Job) -> bool:
        """Make room for the next job; False when nobody listens any more."""
        self._show_report()
        self._current = None
        self._forget(job)
        return not self._is_closed

    def _forget(self, job: Job) -> None:
        self._on_done.pop(job.id, None)
        self._on_failed.pop(job.id, None)
