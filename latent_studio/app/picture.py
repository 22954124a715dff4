"""save_picture: one session's sharp picture as a file, with its recipe inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.render import RenderRequest

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.exporters.film_settings import Resampling
    from latent_studio.exporters.still import StillFormat


@dataclass(frozen=True, slots=True)
class SavedPicture:
    """What came of saving.

    Attributes:
        path: the file.
        size: ``(width, height)`` in pixels.
        size_bytes: of the file.
    """

    path: Path
    size: tuple[int, int]
    size_bytes: int

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def save_picture(
    studio: Studio,
    session: Session,
    path: Path,
    progress: ProgressSink,
    cancel: CancelToken,
    *,
    format: StillFormat = "png",
    side: int | None = None,
    resampling: Resampling = "lanczos",
) -> SavedPicture:
    """Render a session of the open model and write it.

    Args:
        studio: its engine renders.
        session: what is shown.
        path: the file; one of that name is replaced.
        progress: told when the picture is there.
        cancel: looked at before rendering.
        format: of the file.
        side: longer one of the picture in pixels; ``None`` is the model's own.
        resampling: how it is brought to that side.

    Raises:
        LatentStudioError: rendering failed, or the disk refuses; nothing is left behind.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.jobs import Progress
    from latent_studio.exporters.pixels import resized, size_with_side
    from latent_studio.exporters.still import save_still

    cancel.check()
    frame = studio.engine.render_final(RenderRequest.of(session, revision=0))
    progress(Progress(0.9, "Rendered", preview=frame))
    width, height = size_with_side(frame.pixels.shape, side)
    save_still(
        path,
        resized(frame.pixels, width, height, resampling=resampling),
        recipe_of(session),
        format=format,
    )
    return SavedPicture(path, (width, height), path.stat().st_size)
