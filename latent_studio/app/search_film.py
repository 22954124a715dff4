"""A film of a search: the target on the left, and what was found on the way on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.projector import Found

#: Pictures of the way that a film keeps.
FRAMES = 120
_FPS = 20


def write_search_film(path: Path, found: Found) -> None:
    """Write a film of a search that kept its frames; the result stays for a second at the end.

    Args:
        path: the format follows from its suffix.
        found: with ``frames``.

    Raises:
        LatentStudioError: the format is none, or the disk refuses.
    """
    import numpy as np

    from latent_studio.app.projector import FRAME_SIDE, pixels_of
    from latent_studio.exporters.film_settings import FilmSettings
    from latent_studio.exporters.formats import choose_format, make_exporter
    from latent_studio.exporters.pixels import resized
    from latent_studio.exporters.protocol import aborting

    side = max(2, min(found.crop.shape[0], FRAME_SIDE) // 2 * 2)
    target = resized(found.crop, side, side)
    exporter = make_exporter(choose_format(path), FilmSettings())
    with aborting(exporter):
        exporter.open(path, size=(2 * side, side), fps=_FPS, loop=0, recipe="")
        last = pixels_of(found.projection.best.picture)[..., :3]
        for frame in (*found.frames, *[last] * _FPS):
            shown = resized(frame, side, side, resampling="bilinear")
            shown = np.broadcast_to(shown, (side, side, 3))
            exporter.add(np.concatenate([target, shown], axis=1))
        exporter.close()
