"""Tuning of the open model to a photo on the desk, as a job: a small file that opens like a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.projector import Found
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem

_STEPS = 120


@dataclass(frozen=True, slots=True)
class _Outcome:
    before: float
    after: float
    is_written: bool
    is_complete: bool


def tune_to_photo(context: DockContext, item: PhotoItem, path: Path) -> None:
    """Bend the open model's weights around what was found for a photo, and write the difference.

    The open model stays as it is. Stopped, what was reached by then is written.

    Args:
        context: the window's parts.
        item: a photo with a result.
        path: of the tuning file, ends in ``.safetensors``.
    """
    model, found = context.models.model, item.found
    if model is None or found is None:
        return
    if model.ref.sha256 != found.model_sha256:
        context.messages.warning(
            _tr("{name} was found on another model than the one open now.").format(name=item.name),
            hint=_tr("Open that model again, or project the photo on this one."),
        )
        return

    def tell(outcome: _Outcome) -> None:
        if not outcome.is_written:
            context.messages.news(
                _tr("Tuning made {name} no better, so nothing was written.").format(name=item.name)
            )
            return
        words = (
            _tr("Tuned from {before:.1f} to {after:.1f} dB: {file} opens like a model.")
            if outcome.is_complete
            else _tr("Stopped; tuned from {before:.1f} to {after:.1f} dB so far: {file}.")
        )
        context.messages.success(words.format(before=outcome.before, after=outcome.after, file=path.name))

    class_idx = context.store.session.synthesis.class_idx or 0
    context.jobs.start(
        _tr("Tune to {name}").format(name=item.name),
        partial(_tune, context.studio, model, found, item.name, path, class_idx),
        on_done=tell,
        on_failed=context.messages.failure,
    )


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

    tuned = Projector(studio.engine, studio.paths).tune(
        model, found, steps=_STEPS, class_idx=class_idx, progress=progress, cancel=cancel
    )
    before, after = tuned.score
    if tuned.differences:
        write_tuning(path, tuned.differences, model.ref, photo=name)
    return _Outcome(before.psnr, after.psnr, bool(tuned.differences), tuned.is_complete)


def _tr(text: str) -> str:
    return QCoreApplication.translate("photo_tuner", text)
