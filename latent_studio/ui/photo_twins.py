"""Photo twins: what does again what was done with a photo; what is no file is kept as one."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from latent_studio.ui.twin import deed_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.tasks.project import ProjectOptions
    from latent_studio.core.session import Session
    from latent_studio.methods.projection.rungs import Start
    from latent_studio.ui.photo_desk import PhotoItem
    from latent_studio.ui.twin import Deed, Keep, Twin


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels without loss, and without waiting long for it."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def photo_word(item: PhotoItem, keep: Keep) -> str:
    """What to call a photo by: its file or address; one from the clipboard is kept."""
    import numpy as np

    if item.path or item.photo is None:
        return item.path or item.name
    pixels, alpha = item.photo.pixels, item.photo.alpha
    whole = pixels if alpha is None else np.concatenate([pixels, alpha[..., None]], axis=2)
    return str(keep(png_bytes(whole), stem="photo", suffix=".png"))


def search_deed(
    options: ProjectOptions, item: PhotoItem, start: Start | Session | None, model: LoadedModel, keep: Keep
) -> Deed:
    """What searches for a photo's latent in the same way.

    Args:
        options: of ``project``, but for the photo and where to begin.
        item: the photo.
        start: an earlier result, or the session whose picture it begins at.
        model: the open one.
        keep: writes down what is no file.
    """
    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.session import Session

    begin: Path | None = None
    if isinstance(start, Session):
        begin = keep(recipe_of(start), stem="start")
    elif start is not None:
        begin = keep(_latent_bytes(start, model, options.class_idx or 0), stem="start", suffix=".npz")
    return "project", replace(options, photos=(photo_word(item, keep),), go_on=begin)


def again_deed(search: Twin, changes: dict[str, Any], keep: Keep) -> Deed:
    """A search that was done, with other options: for its film, or to tune a model after it."""
    verb, options = deed_of(search, keep)
    return verb, replace(cast("ProjectOptions", options), **changes)


def _latent_bytes(start: Start, model: LoadedModel, class_idx: int) -> bytes:
    from latent_studio.app.projector import latent_of_start
    from latent_studio.app.stored_latents import StoredLatent, latent_bytes
    from latent_studio.app.tasks.project import ws_of_latent

    latent, noise = latent_of_start(start)
    stored = StoredLatent(latent, "start", noise, "", model.ref.name, model.ref.sha256)
    return latent_bytes(stored, ws=ws_of_latent(model, latent, class_idx=class_idx))
