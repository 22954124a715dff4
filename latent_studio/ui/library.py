"""Library: what the library sheet shows and asks for; downloads run beside everything else."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton, QWidget

from latent_studio.app.tasks.model_add import ModelAddOptions, ModelAddResult, run_model_add
from latent_studio.app.tasks.model_get import ModelGetOptions, ModelGetResult, run_model_get
from latent_studio.app.tasks.model_list import ModelListOptions, run_model_list
from latent_studio.app.tasks.model_remove import ModelRemoveOptions, run_model_remove
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.ui.job_thread import JobThread
from latent_studio.ui.model_facts import size_text
from latent_studio.ui.widgets.catalog_sheet import CatalogEntry, CatalogSheet, SheetWords

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import Progress, ProgressSink
    from latent_studio.core.options import OptionsClass
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.job_thread import Job


class Library(QObject):
    """Does what the library sheet asks for.

    Downloads have a thread of their own: a model may be opened or a film made while one runs for an hour.

    Args:
        context: the window's parts.
        window: lies below the sheet.
    """

    def __init__(self, context: DockContext, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        add = QPushButton(self.tr("Add a file…"), window)
        add.setObjectName("libraryAdd")
        add.setToolTip(self.tr("Keep a model file of yours in the library, as safetensors"))
        add.clicked.connect(self._choose_file)
        self._sheet = CatalogSheet(window, "library", self._words(), tool=add)
        self._jobs: dict[int, str] = {}
        self.downloads = JobThread(name="downloads", parent=self)
        context.commands.watch(self.downloads)
        self.downloads.progressed.connect(self._take_progress)
        self.downloads.cancelled.connect(self._take_cancelled)
        self._sheet.openRequested.connect(self._open)
        self._sheet.getRequested.connect(self.get)
        self._sheet.cancelRequested.connect(self._cancel)
        self._sheet.removeRequested.connect(self._ask_to_remove)
        context.actions["library"].triggered.connect(self.open)

    @Slot()
    def open(self) -> None:
        """Show the sheet."""
        self._fill()
        self._sheet.openOverlay()

    @Slot(str)
    def get(self, name: str) -> None:
        """Fetch a model of the catalogue."""
        if name in self._jobs.values():
            return
        self._start(
            name,
            self.tr("Get {name}").format(name=name),
            partial(_get, self._context.studio, name),
            ("model get", ModelGetOptions(name)),
        )

    def add(self, path: Path) -> None:
        """Keep a file in the library."""
        self._start(
            path.name,
            self.tr("Add {name}").format(name=path.name),
            partial(_add, self._context.studio, path),
            ("model add", ModelAddOptions(path)),
        )

    def remove(self, name: str) -> None:
        """Delete a model of the library."""
        try:
            options = ModelRemoveOptions(name)
            run_model_remove(self._context.studio, options, ignore_progress, CancelToken())
            self._context.commands.add(("model remove", options))
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
        self._fill()

    def _words(self) -> SheetWords:
        return SheetWords(
            title=self.tr("Library"),
            things=self.tr("Models"),
            filter=self.tr("Filter models"),
            filter_tip=self.tr("Shows the models whose name or description has these words"),
            nothing=self.tr("No model has these words."),
            note=self.tr(
                "What can be fetched belongs to its publishers: mind the licence. It is read as data."
            ),
            ready=self.tr("Open"),
            ready_tip=self.tr("Open it in this window"),
            get_tip=self.tr("Download it into your library and check it"),
        )

    def _start(self, name: str, title: str, run: object, twin: tuple[str, OptionsClass]) -> None:
        job = self.downloads.start(
            title,
            run,  # type: ignore[arg-type]
            on_done=partial(self._take_done, name),
            on_failed=partial(self._take_failed, name),
            twin=twin,
        )
        self._jobs[job.id] = name
        self._sheet.setProgress(name, None, self.tr("Waiting"))

    def _fill(self) -> None:
        found = run_model_list(self._context.studio, ModelListOptions(), ignore_progress, CancelToken())
        self._sheet.setEntries(
            [
                CatalogEntry(
                    model.name,
                    model.title
                    or (
                        self.tr("Came with the program")
                        if model.place == "bundled"
                        else self.tr("In your library")
                    ),
                    model.licence,
                    "" if model.size_bytes is None else size_text(model.size_bytes),
                    is_here=model.path is not None,
                    is_removable=model.place == "library",
                    page=model.page,
                )
                for model in found.models
            ]
        )

    @Slot(str)
    def _open(self, name: str) -> None:
        self._sheet.closeOverlay()
        self._context.models.open(name)

    @Slot(str)
    def _cancel(self, name: str) -> None:
        for job_id, running in tuple(self._jobs.items()):
            if running == name:
                self.downloads.cancel(job_id)

    @Slot(str)
    def _ask_to_remove(self, name: str) -> None:
        answer = QMessageBox.question(
            self._window,
            self.tr("Remove {name}").format(name=name),
            self.tr("Delete {name} from your library? The file it came from stays.").format(name=name),
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.remove(name)

    @Slot()
    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, self.tr("Add a model to the library"))
        if path:
            self.add(Path(path))

    @Slot(object, object)
    def _take_progress(self, job: Job, progress: Progress) -> None:
        name = self._jobs.get(job.id)
        if name is not None:
            self._sheet.setProgress(name, progress.fraction, progress.message)

    @Slot(object)
    def _take_cancelled(self, job: Job) -> None:
        name = self._jobs.pop(job.id, None)
        if name is not None:
            self._sheet.setFinished(name, self.tr("Cancelled; what has arrived is kept for the next time."))

    def _take_done(self, name: str, result: ModelGetResult | ModelAddResult) -> None:
        self._end(name)
        self._sheet.setFinished(name)
        self._fill()
        note = result.note if isinstance(result, ModelGetResult) else ""
        kept = result.name if isinstance(result, ModelAddResult) else name
        self._context.messages.news(
            self.tr("{name} is in your library.").format(name=kept),
            hint=note or self.tr("Open it from the library."),
        )

    def _take_failed(self, name: str, failure: Failure) -> None:
        self._end(name)
        self._sheet.setFinished(name, f"{failure.title} {failure.hint}".strip())
        self._context.messages.failure(failure)

    def _end(self, name: str) -> None:
        self._jobs = {job_id: running for job_id, running in self._jobs.items() if running != name}


def _get(studio: Studio, name: str, progress: ProgressSink, cancel: CancelToken) -> ModelGetResult:
    return run_model_get(studio, ModelGetOptions(name), progress, cancel)


def _add(studio: Studio, path: Path, progress: ProgressSink, cancel: CancelToken) -> ModelAddResult:
    return run_model_add(studio, ModelAddOptions(path), progress, cancel)
