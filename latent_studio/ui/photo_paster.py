"""PhotoPaster: the edited picture back in its photo, live in small and at full size in a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken
    from latent_studio.core.render import RenderRequest
    from latent_studio.methods.alignment.paste import PasteSettings
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem


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
    import numpy as np

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
        original = _rgb(pixels_of(item.found.projection.best.picture))
    shown = np.ascontiguousarray(_rgb(picture))
    if original is not None and original.shape != shown.shape:
        return None
    mask = mask_of(settings, marks=marks, brush=brush)
    return paste(Photo(item.name, item.small), quad, shown, settings=settings, mask=mask, original=original)


def save_pasted(
    context: DockContext,
    item: PhotoItem,
    request: RenderRequest,
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
        partial(_save, context.studio, item, request, settings, Path(path), brush),
        on_done=tell,
        on_failed=context.messages.failure,
    )


def _save(
    studio: Studio,
    item: PhotoItem,
    request: RenderRequest,
    settings: PasteSettings,
    path: Path,
    brush: NDArray[np.uint8] | None,
    progress: Any,
    cancel: CancelToken,
) -> Path:
    """Runs on the job thread."""
    import numpy as np

    from latent_studio.app.projector import pixels_of
    from latent_studio.exporters.photo_file import save_photo
    from latent_studio.methods.alignment.paste import marks_in_crop, mask_of, paste

    if item.photo is None or item.quad is None:
        raise LatentStudioError(f"{item.name} has not been read yet.")
    (frame,) = studio.engine.render_batch([request], check_cancel=cancel.check)
    marks = None if item.marks is None else marks_in_crop(item.marks, item.quad)
    original = None
    if settings.difference and item.found is not None:
        original = _rgb(pixels_of(item.found.projection.best.picture))
    mask = mask_of(settings, marks=marks, brush=brush)
    crop = np.ascontiguousarray(_rgb(frame.pixels))
    pasted = paste(item.photo, item.quad, crop, settings=settings, mask=mask, original=original)
    cancel.check()
    photo = item.photo
    save_photo(path, pasted, alpha=photo.alpha, exif=photo.exif, icc_profile=photo.icc_profile)
    return path


def _rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np

    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]
