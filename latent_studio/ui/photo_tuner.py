"""PhotoTuner: the open model tuned to a photo on the desk, as a job: a small file that opens like a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.ui.photo_desk import TunedModel
from latent_studio.ui.photo_twins import again_deed

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.projector import Found
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, Progress, ProgressSink
    from latent_studio.methods.projection.rungs import Rung
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.job_thread import Job
    from latent_studio.ui.photo_desk import PhotoItem

_STEPS = 120


@dataclass(frozen=True, slots=True)
class _Outcome:
    before: Rung
    after: Rung
    is_written: bool
    is_complete: bool


class PhotoTuner(QObject):
    """Tunes one photo at a time.

    Args:
        context: the window's parts.
        parent: Qt owner.

    Signals:
        changed: it began, ended, or went on.
    """

    changed = Signal()

    def __init__(self, context: DockContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._job: Job | None = None
        self._fraction: float | None = None
        self._pace = ""
        context.jobs.progressed.connect(self._take_progress)
        context.jobs.cancelled.connect(self._take_cancelled)

    @property
    def is_running(self) -> bool:
        """Whether it tunes, or waits for its turn."""
        return self._job is not None

    @property
    def fraction(self) -> float:
        """How far it is, 0 to 1."""
        return self._fraction or 0.0

    @property
    def pace(self) -> str:
        """How fast it goes and how long it takes still, in words; empty while nothing is known."""
        return self._pace

    def tune(self, item: PhotoItem, path: Path) -> None:
        """Bend the open model's weights around what was found for a photo, and write the difference.

        The open model stays as it is. Stopped, what was reached by then is written.

        Args:
            item: a photo with a result.
            path: of the tuning file, ends in ``.safetensors``.
        """
        model, found = self._context.models.model, item.found
        if model is None or found is None or self._job is not None:
            return
        if model.ref.sha256 != found.model_sha256:
            self._context.messages.warning(
                self.tr("{name} was found on another model than the one open now.").format(name=item.name),
                hint=self.tr("Open that model again, or project the photo on this one."),
            )
            return
        class_idx = self._context.store.session.synthesis.class_idx or 0
        self._fraction, self._pace = None, ""
        self._job = self._context.jobs.start(
            self.tr("Tune to {name}").format(name=item.name),
            partial(_tune, self._context.studio, model, found, item.name, path, class_idx),
            on_done=partial(self._take_outcome, item, model.ref.path, path),
            on_failed=self._take_failure,
            twin=None
            if item.twin is None
            else partial(again_deed, item.twin, {"out": path.parent, "tune": _STEPS}),
        )
        self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """End it; what was reached by then is written."""
        if self._job is not None:
            self._context.jobs.cancel(self._job.id)

    def _take_outcome(self, item: PhotoItem, base: str, path: Path, outcome: _Outcome) -> None:
        self._end()
        if not outcome.is_written:
            self._context.messages.news(
                self.tr("Tuning made {name} no better, so nothing was written.").format(name=item.name)
            )
            return
        words = (
            self.tr("Tuned from {before:.1f} to {after:.1f} dB: {file} opens like a model.")
            if outcome.is_complete
            else self.tr("Stopped; tuned from {before:.1f} to {after:.1f} dB so far: {file}.")
        )
        self._context.messages.success(
            words.format(before=outcome.before.score.psnr, after=outcome.after.score.psnr, file=path.name),
            hint=self.tr("It is the last of the rungs now; choose an earlier one to go back."),
        )
        self._context.photos.keep_tuned(item, TunedModel(str(path), base, outcome.after))

    def _take_failure(self, failure: Failure) -> None:
        self._end()
        self._context.messages.failure(failure)

    @Slot(object)
    def _take_cancelled(self, job: Job) -> None:
        if self._job is not None and job.id == self._job.id:
            self._end()

    @Slot(object, object)
    def _take_progress(self, job: Job, progress: Progress) -> None:
        if self._job is not None and job.id == self._job.id:
            self._fraction, self._pace = progress.fraction, progress.message
            self.changed.emit()

    def _end(self) -> None:
        self._job = None
        self.changed.emit()


def _tune(
    studio: Studio,
    model: LoadedModel,
    found: Found,
    name: str,
    path: Path,
    class_idx: int,
    progress: ProgressSink,
    cancel: CancelToken,
) -> _Outcome:
    """Runs on the job thread."""
    from latent_studio.app.projector import Projector
    from latent_studio.app.tuning_files import write_tuning

    tuned = Projector(studio.engine, studio.paths, loss=found.aim.loss).tune(
        model, found, steps=_STEPS, class_idx=class_idx, progress=progress, cancel=cancel
    )
    best, (_, score) = found.projection.best, tuned.score
    # Tuning leaves the latent where it is.
    score = replace(score, sigmas=best.score.sigmas, rows=best.score.rows)
    if tuned.differences:
        write_tuning(path, tuned.differences, model.ref, photo=name)
    after = replace(best, picture=tuned.picture, score=score)
    return _Outcome(best, after, bool(tuned.differences), tuned.is_complete)
