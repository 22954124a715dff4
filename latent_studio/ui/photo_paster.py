"""PhotoPaster: the edited picture back in its photo, live in small and at full size in a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from latent_studio.app.tasks.paste import PasteOptions, rgb_of
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.render import RenderRequest
from latent_studio.ui.photo_twins import photo_word, png_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken
    from latent_studio.core.session import Session
    from latent_studio.methods.alignment.paste import PasteSettings
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem
    from latent_studio.ui.twin import Deed, Keep


def pasted_small(
    item: PhotoItem,
    picture: NDArray[np.uint8],
    settings: PasteSettings,
    *,
    brush: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8] | None:
    """The small picture of the photo with a picture of the model in it; ``None`` without a photo.

    Args:
        item: from the desk.
        picture: ``(S, S, 1, 3 or 4)`` uint8.
        settings: how.
        brush: a mask painted by hand.

    Raises:
        LatentStudioError: the settings need something that is not there.
    """
    from latent_studio.app.projector import pixels_of
    from latent_studio.methods.alignment.crop import Quad
    from latent_studio.methods.alignment.paste import marks_in_crop, mask_of, paste
    from latent_studio.methods.alignment.photo import Photo

    if item.small is None or item.quad is None or item.photo is None:
        return None
    scale = item.small.shape[1] / item.photo.width
    quad = Quad.from_array((item.quad.array + 0.5) * scale - 0.5)
    marks = None if item.marks is None else marks_in_crop(item.marks, item.quad)
    original = None
    if settings.difference:
        if item.found is None:
            raise LatentStudioError("There is no reconstruction yet.", hint="Project the photo first.")
        original = rgb_of(pixels_of(item.found.projection.best.picture))
    shown = rgb_of(picture)
    if original is not None and original.shape != shown.shape:
        return None
    mask = mask_of(settings, marks=marks, brush=brush)
    return paste(Photo(item.name, item.small), quad, shown, settings=settings, mask=mask, original=original)


def save_pasted(
    context: DockContext,
    item: PhotoItem,
    session: Session,
    settings: PasteSettings,
    path: str,
    *,
    brush: NDArray[np.uint8] | None = None,
) -> None:
    """Write the photo with the edited picture at full size, as a job."""
    name = Path(path).name

    def tell(_: object) -> None:
        context.messages.success(
            QCoreApplication.translate("photo_paster", "Saved {name}.").format(name=name)
        )

    context.jobs.start(
        QCoreApplication.translate("photo_paster", "Paste into {name}").format(name=item.name),
        partial(_save, context.studio, item, session, settings, Path(path), brush),
        on_done=tell,
        on_failed=context.messages.failure,
        twin=partial(_deed, item, session, settings, Path(path), brush),
    )


def _save(
    studio: Studio,
    item: PhotoItem,
    session: Session,
    settings: PasteSettings,
    path: Path,
    brush: NDArray[np.uint8] | None,
    progress: Any,
    cancel: CancelToken,
) -> Path:
    """Runs on the job thread."""
    from latent_studio.app.projector import pixels_of
    from latent_studio.exporters.photo_file import save_photo
    from latent_studio.methods.alignment.paste import marks_in_crop, mask_of, paste

    if item.photo is None or item.quad is None:
        raise LatentStudioError(f"{item.name} has not been read yet.")
    request = RenderRequest.of(session, revision=0)
    (frame,) = studio.engine.render_batch([request], check_cancel=cancel.check)
    marks = None if item.marks is None else marks_in_crop(item.marks, item.quad)
    original = None
    if settings.difference and item.found is not None:
        original = rgb_of(pixels_of(item.found.projection.best.picture))
    mask = mask_of(settings, marks=marks, brush=brush)
    pasted = paste(
        item.photo, item.quad, rgb_of(frame.pixels), settings=settings, mask=mask, original=original
    )
    cancel.check()
    photo = item.photo
    save_photo(path, pasted, alpha=photo.alpha, exif=photo.exif, icc_profile=photo.icc_profile)
    return path


def _deed(
    item: PhotoItem,
    session: Session,
    settings: PasteSettings,
    path: Path,
    brush: NDArray[np.uint8] | None,
    keep: Keep,
) -> Deed:
    """What pastes the same; the picture is drawn anew, and what is no file is kept as one."""
    from latent_studio.app.crop_record import CropRecord, record_text
    from latent_studio.app.projector import pixels_of
    from latent_studio.app.recipe import recipe_of
    from latent_studio.app.state_code import model_word

    if item.photo is None or item.quad is None:
        raise LatentStudioError(f"{item.name} has not been read yet.")
    original = None
    if settings.difference and item.found is not None:
        before = rgb_of(pixels_of(item.found.projection.best.picture))
        original = keep(png_bytes(before), stem="original", suffix=".png")
    mask = None
    if settings.shape == "brush" and brush is not None:
        mask = keep(png_bytes(brush), stem="mask", suffix=".png")
    return "paste", PasteOptions(
        photo_word(item, keep),
        path,
        recipe=keep(recipe_of(session), stem="picture"),
        model=model_word(session) or None,
        record=keep(record_text(CropRecord.of(item.photo, item.quad, item.marks)), stem="crop"),
        original=original,
        strength=settings.strength,
        mask=settings.shape,
        brush=mask,
        mask_size=settings.size,
        feather=settings.feather,
        match_colour=settings.match_colour,
        detail=settings.detail,
    )
