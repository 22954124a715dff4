"""Jobs that run, wait or ended: progress, cancel and what came of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from latent_studio.ui.desktop import open_folder
from latent_studio.ui.job_results import describe_result
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.job_card import JobCard

if TYPE_CHECKING:
    from latent_studio.core.jobs import Progress
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.job_thread import Job

#: Quiet jobs that take longer than this get a card too.
_QUIET_S = 0.7
#: Ended jobs kept on show; older ones go.
_ENDED_KEPT = 5


@dataclass(slots=True)
class _Entry:
    job: Job
    card: JobCard
    began: float | None = None
    ended: bool = False


class JobsDock(QWidget):
    """One card per job.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._entries: dict[int, _Entry] = {}
        self._empty = QLabel(self.tr("Nothing is running. Exports and other long work show here."), self)
        self._empty.setWordWrap(True)
        self._empty.setProperty("muted", True)
        self._cards = QVBoxLayout(self)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(8)
        self._cards.addWidget(self._empty)
        self._cards.addStretch(1)
        jobs = context.jobs
        jobs.queued.connect(self._add)
        jobs.started.connect(self._start)
        jobs.progressed.connect(self._progress)
        jobs.done.connect(self._finish)
        jobs.failed.connect(self._fail)
        jobs.cancelled.connect(self._cancel)

    def cards(self) -> tuple[JobCard, ...]:
        """The cards on show, newest first."""
        return tuple(entry.card for entry in reversed(self._entries.values()))

    @Slot(object)
    def _add(self, job: Job) -> None:
        card = JobCard(self)
        card.setObjectName(f"job-{job.id}")
        card.setJob(job.title)
        card.setCopyable(job.twin is not None)
        card.copyRequested.connect(self._copy)
        card.setProgress(None, self.tr("Waiting for its turn"), None)
        card.cancelRequested.connect(self._request_cancel)
        card.dismissed.connect(self._dismiss)
        card.openRequested.connect(open_folder)
        self._entries[job.id] = _Entry(job, card)
        self._cards.insertWidget(0, card)
        # What is over in a moment should not flash by.
        card.setVisible(not job.is_quiet)
        self._show_whether_empty()

    @Slot(object)
    def _start(self, job: Job) -> None:
        entry = self._entries.get(job.id)
        if entry is not None:
            entry.began = time.monotonic()
            entry.card.setProgress(None, self.tr("Starting"), None)

    @Slot(object, object)
    def _progress(self, job: Job, progress: Progress) -> None:
        entry = self._entries.get(job.id)
        if entry is None or entry.began is None:
            return
        entry.card.setProgress(
            progress.fraction, progress.message, seconds_left(progress.fraction, since=entry.began)
        )
        if entry.card.isHidden() and time.monotonic() - entry.began > _QUIET_S:
            entry.card.show()
            self._show_whether_empty()
        if progress.preview is not None:
            entry.card.setPreview(image_of(progress.preview.pixels))

    @Slot(object, object)
    def _finish(self, job: Job, result: object) -> None:
        entry = self._entries.get(job.id)
        if entry is None:
            return
        if job.is_quiet:
            self._remove(job.id)
            return
        text, path = describe_result(result)
        entry.card.setResult(text, path)
        self._end(entry)

    @Slot(object, object)
    def _fail(self, job: Job, failure: Failure) -> None:
        entry = self._entries.get(job.id)
        if entry is None:
            return
        if job.is_quiet:
            # Whoever started it shows what went wrong, in its own place.
            self._remove(job.id)
            return
        entry.card.setFailed(failure.title, failure.hint, failure.details)
        self._end(entry)

    @Slot(object)
    def _cancel(self, job: Job) -> None:
        entry = self._entries.get(job.id)
        if entry is None:
            return
        if job.is_quiet or entry.began is None:
            self._remove(job.id)
            return
        kept = job.cancel.kept
        entry.card.setCancelled(
            self.tr("Cancelled; what was done is in {name}.").format(name=kept.name)
            if kept is not None
            else ""
        )
        self._end(entry)

    @Slot()
    def _request_cancel(self) -> None:
        for entry in self._entries.values():
            if entry.card is self.sender():
                self._context.jobs.cancel(entry.job.id)
                return

    @Slot(bool)
    def _copy(self, is_python: bool) -> None:
        for entry in self._entries.values():
            if entry.card is self.sender() and entry.job.twin is not None:
                self._context.commands.copy(entry.job.twin, as_python=is_python)
                return

    @Slot()
    def _dismiss(self) -> None:
        for job_id, entry in self._entries.items():
            if entry.card is self.sender():
                self._remove(job_id)
                return

    def _end(self, entry: _Entry) -> None:
        entry.ended = True
        ended = [job_id for job_id, other in self._entries.items() if other.ended]
        for job_id in ended[:-_ENDED_KEPT]:
            self._remove(job_id)

    def _remove(self, job_id: int) -> None:
        entry = self._entries.pop(job_id, None)
        if entry is not None:
            self._cards.removeWidget(entry.card)
            entry.card.hide()
            entry.card.deleteLater()
        self._show_whether_empty()

    def _show_whether_empty(self) -> None:
        self._empty.setVisible(all(entry.card.isHidden() for entry in self._entries.values()))


def seconds_left(fraction: float | None, *, since: float) -> float | None:
    """Time a job still needs if it goes on at its pace; ``None`` while that would be a guess.

    Args:
        fraction: done so far, 0 to 1.
        since: ``time.monotonic()`` when it began.
    """
    spent = time.monotonic() - since
    if fraction is None or fraction < 0.02 or spent < 0.5:
        return None
    return max(0.0, spent * (1 - fraction) / fraction)
