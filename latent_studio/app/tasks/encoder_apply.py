"""encoder apply: what a model's encoder sees in photos, at once and without any search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.face_options import (
    box_option,
    face_option,
    fetch_option,
    finder_option,
    marks_option,
    photos_option,
    square_option,
)
from latent_studio.app.tasks.picture_options import model_option
from latent_studio.app.tasks.project import ProjectOptions, ProjectResult, project_photos
from latent_studio.core.errors import InputError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class EncoderApplyOptions:
    """Which photos, on which model."""

    model: str = model_option()
    photos: tuple[str, ...] = photos_option()
    out: Path = option(
        help="Folder for NAME.npz (the latent), NAME-crop.png and NAME-projected.png; made if it is missing.",
        metavar="DIR",
    )
    finder: Literal["mtcnn", "fan"] = finder_option()
    fetch: bool = fetch_option()
    face: int = face_option()
    marks: tuple[float, float, float, float, float, float, float, float] | None = marks_option()
    square: bool = square_option()
    box: tuple[float, float, float, float] | None = box_option()


def run_encoder_apply(
    studio: Studio, options: EncoderApplyOptions, progress: ProgressSink, cancel: CancelToken
) -> ProjectResult:
    """Encode photos, one file each, as ``project`` writes them.

    Raises:
        InputError: the model has no encoder.
        LatentStudioError: as for ``project``.
    """
    from latent_studio.app.encoder_files import find_encoder
    from latent_studio.methods.projection.settings import ProjectionSettings

    check_options(options)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    if find_encoder(Path(model.ref.path), model.ref.sha256, model.spec.w_dim, studio.paths) is None:
        raise InputError(
            f"{model.ref.name} has no encoder.", hint=f"Train one: encoder train {options.model}."
        )
    settings = ProjectionSettings("w", "encoder", samples=0, w_steps=0, w_plus_steps=0)
    rest = ProjectOptions(
        options.model, options.photos, options.out, space="w", finder=options.finder, fetch=options.fetch,
        face=options.face, marks=options.marks, square=options.square, box=options.box,
    )  # fmt: skip
    return project_photos(studio, model, rest, settings, progress, cancel)
