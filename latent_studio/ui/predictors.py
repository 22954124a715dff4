"""Predictors: what reads attributes off pictures, and fetching the weights that some of it needs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from latent_studio.app.tasks.predictor_get import PredictorGetOptions, PredictorGetResult, run_predictor_get
from latent_studio.app.tasks.predictor_list import PredictorListOptions, run_predictor_list
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.ui.widgets.catalog_sheet import CatalogEntry, CatalogSheet, SheetWords

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latent_studio.core.jobs import Progress
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.job_thread import Job, JobThread


class Predictors(QObject):
    """Does what the sheet of predictors asks for.

    Args:
        context: the window's parts.
        window: lies below the sheet.
        downloads: where fetching runs, beside the other jobs.
    """

    def __init__(self, context: DockContext, window: QWidget, *, downloads: JobThread) -> None:
        super().__init__(window)
        self._context = context
        self._sheet = CatalogSheet(window, "predictors", self._words())
        self._downloads = downloads
        self._jobs: dict[int, str] = {}
        downloads.progressed.connect(self._take_progress)
        downloads.cancelled.connect(self._take_cancelled)
        self._sheet.getRequested.connect(self.get)
        self._sheet.cancelRequested.connect(self._cancel)
        context.actions["predictors"].triggered.connect(self.open)

    @Slot()
    def open(self) -> None:
        """Show the sheet."""
        self._fill()
        self._sheet.openOverlay()

    @Slot(str)
    def get(self, id: str) -> None:
        """Fetch the weights of a predictor."""
        if id in self._jobs.values():
            return
        options = PredictorGetOptions(id)
        job = self._downloads.start(
            self.tr("Get {name}").format(name=id),
            partial(run_predictor_get, self._context.studio, options),
            on_done=partial(self._take_done, id),
            on_failed=partial(self._take_failed, id),
            twin=("predictor get", options),
        )
        self._jobs[job.id] = id
        self._sheet.setProgress(id, None, self.tr("Waiting"))

    def _words(self) -> SheetWords:
        return SheetWords(
            title=self.tr("Predictors"),
            things=self.tr("Predictors"),
            filter=self.tr("Filter predictors"),
            filter_tip=self.tr("Shows those whose name or attributes have these words"),
            nothing=self.tr("No predictor has these words."),
            note=self.tr(
                "They read attributes off pictures. Weights that can be fetched belong to their authors: "
                "mind the terms. They are read as data."
            ),
            ready=self.tr("Ready"),
            get_tip=self.tr("Download its weights and check them"),
        )

    def _fill(self) -> None:
        found = run_predictor_list(
            self._context.studio, PredictorListOptions(), ignore_progress, CancelToken()
        )
        self._sheet.setEntries(
            [
                CatalogEntry(
                    one.id,
                    f"{one.title}: {one.reads}",
                    one.terms,
                    ", ".join(one.files),
                    is_here=one.state == "ready",
                    page=one.page,
                )
                for one in found.predictors
                # Nothing can be done with what only has a name.
                if one.state != "by name"
            ]
        )

    @Slot(str)
    def _cancel(self, id: str) -> None:
        for job_id, running in tuple(self._jobs.items()):
            if running == id:
                self._downloads.cancel(job_id)

    @Slot(object, object)
    def _take_progress(self, job: Job, progress: Progress) -> None:
        id = self._jobs.get(job.id)
        if id is not None:
            self._sheet.setProgress(id, progress.fraction, progress.message)

    @Slot(object)
    def _take_cancelled(self, job: Job) -> None:
        id = self._jobs.pop(job.id, None)
        if id is not None:
            self._sheet.setFinished(id, self.tr("Cancelled; what has arrived is kept for the next time."))

    def _take_done(self, id: str, result: PredictorGetResult) -> None:
        self._end(id)
        self._sheet.setFinished(id)
        self._fill()
        self._context.messages.news(
            self.tr("{name} can read pictures now.").format(name=id),
            hint=self.tr("Terms of its weights: {terms}").format(terms=result.terms),
        )

    def _take_failed(self, id: str, failure: Failure) -> None:
        self._end(id)
        self._sheet.setFinished(id, f"{failure.title} {failure.hint}".strip())
        self._context.messages.failure(failure)

    def _end(self, id: str) -> None:
        self._jobs = {job_id: running for job_id, running in self._jobs.items() if running != id}
