"""ModelOpener: opens models as jobs; the old one stays until the new one is ready."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from latent_studio.app.library import library_models
from latent_studio.app.model_places import remember_place
from latent_studio.app.recents import Recent, load_recents, picture_path, remember_recent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.failures import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.store import SessionStore
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.ui.job_thread import Job, JobThread
    from latent_studio.ui.render_controller import RenderController
    from latent_studio.ui.render_thread import RenderThread

log = logging.getLogger(__name__)

#: Of the pictures in the list of recent models.
_PICTURE_SIDE = 64


@dataclass(frozen=True, slots=True)
class _Adoption:
    attempt: int
    model: LoadedModel
    begin: Callable[[LoadedModel], None] | None = field(default=None, compare=False)


class ModelOpener(QObject):
    """Knows the open model and opens others.

    A model is read on the job thread and exchanged on the render thread between two pictures; meanwhile no
    request is sent, so no session meets the wrong network.

    Args:
        studio: loads and adopts.
        store: begins a new document on the model.
        jobs: where loading runs.
        renders: held during the exchange.
        thread: where the exchange runs.
        parent: Qt owner.
    """

    #: A ``LoadedModel`` is open; comes before the session changes to it.
    model_changed = Signal(object)
    #: The name of what is being opened; empty when nothing is.
    opening_changed = Signal(str)
    #: A ``Failure``: it could not be opened, and the old one is still there.
    failed = Signal(object)
    #: The list of recent models changed.
    recents_changed = Signal()

    def __init__(
        self,
        studio: Studio,
        *,
        store: SessionStore,
        jobs: JobThread,
        renders: RenderController,
        thread: RenderThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._studio = studio
        self._store = store
        self._jobs = jobs
        self._renders = renders
        self._thread = thread
        self._model: LoadedModel | None = None
        self._job: Job | None = None
        self._attempt = 0
        jobs.cancelled.connect(self._take_cancelled)
        thread.called.connect(self._take_adopted)

    @property
    def model(self) -> LoadedModel | None:
        """The open model."""
        return self._model

    @property
    def recents(self) -> tuple[Recent, ...]:
        """Models opened lately, newest first."""
        return load_recents(self._studio.paths)

    @property
    def library(self) -> tuple[str, ...]:
        """Names of the user's own models, sorted."""
        return library_models(self._studio.paths)

    def picture_path(self, sha256: str) -> Path | None:
        """The small picture kept of a model; ``None`` if there is none."""
        path = picture_path(sha256, self._studio.paths)
        return path if sha256 and path.is_file() else None

    def keep_picture(self, image: QImage) -> None:
        """Keep a small picture of the open model for the list of recent ones."""
        if self._model is None or self.picture_path(self._model.ref.sha256) is not None:
            return
        path = picture_path(self._model.ref.sha256, self._studio.paths)
        small = image.scaled(
            _PICTURE_SIDE,
            _PICTURE_SIDE,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            log.info("No picture of the model is kept: %s", error)
            return
        if small.save(str(path)):
            self.recents_changed.emit()

    def open(
        self,
        name_or_path: str,
        *,
        family: str | None = None,
        begin: Callable[[LoadedModel], None] | None = None,
        on_failed: Callable[[Failure], None] | None = None,
    ) -> None:
        """Begin to open a file or a library model; one that is still being opened is given up.

        Args:
            name_or_path: which model.
            family: to read it as; ``None`` finds out.
            begin: puts a document into the store once the model is open; by default a new one.
            on_failed: told when it cannot be opened, before ``failed``.
        """
        if self._job is not None:
            self._jobs.cancel(self._job.id)
        name = Path(name_or_path).stem
        self._attempt += 1
        self.opening_changed.emit(name)
        self._job = self._jobs.start(
            self.tr("Open {name}").format(name=name),
            partial(_load, self._studio, name_or_path, family),
            on_done=partial(self._adopt, self._attempt, begin),
            on_failed=partial(self._fail, self._attempt, on_failed),
            quiet=True,
            first=True,
        )

    def _adopt(self, attempt: int, begin: Callable[[LoadedModel], None] | None, model: LoadedModel) -> None:
        if attempt == self._attempt:
            self._renders.hold()
            self._thread.call(_Adoption(attempt, model, begin), partial(self._studio.adopt, model))

    def _fail(self, attempt: int, on_failed: Callable[[Failure], None] | None, failure: Failure) -> None:
        if attempt != self._attempt:
            return
        if on_failed is not None:
            on_failed(failure)
        self._job = None
        self.opening_changed.emit("")
        self.failed.emit(failure)

    @Slot(object)
    def _take_cancelled(self, job: Job) -> None:
        if job == self._job:
            self._job = None
            self.opening_changed.emit("")

    @Slot(object, object)
    def _take_adopted(self, adoption: object, outcome: object) -> None:
        if not isinstance(adoption, _Adoption):
            return
        self._renders.release()
        if isinstance(outcome, Failure):
            self._fail(adoption.attempt, None, outcome)
            if self._model is not None:
                self._renders.request()
            return
        model = adoption.model
        had_model = self._model is not None
        self._model = model
        self.model_changed.emit(model)
        if adoption.begin is not None:
            adoption.begin(model)
        else:
            # A walk over the seeds goes on with the next model; a latent of one fits no other.
            base = self._store.session.base
            keeps_seed = had_model and isinstance(base, SeedPoint)
            start = replace(model.start, base=base) if keeps_seed else model.start
            if had_model:
                # Its keys say whose they are; the timeline offers to re-key them.
                start = replace(start, timeline=self._store.session.timeline)
            self._store.open_model(model.ref, start)
        if adoption.attempt == self._attempt:
            self._job = None
            self.opening_changed.emit("")
        self.recents_changed.emit()


def _load(
    studio: Studio, name_or_path: str, family: str | None, progress: ProgressSink, cancel: CancelToken
) -> LoadedModel:
    model = studio.load_model(name_or_path, family=family, progress=progress, cancel=cancel)
    try:
        remember_recent(Recent(model.ref.name, Path(model.ref.path), model.ref.sha256), studio.paths)
        remember_place(model.ref, studio.paths)
    except OSError as error:
        log.warning("Recent models cannot be saved: %s", error)
    return model
