"""How large an export will be, before anything is rendered."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from latent_studio.exporters.pixels import to_image, without_alpha

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import FilmQuality, FilmSettings
    from latent_studio.exporters.formats import FormatId

#: Bytes of a frame over those of the same picture as JPEG, the middle of a drawn portrait that moves and a
#: cross-fade with the colours of photographs; each is within a factor of two of it.
_OVER_JPEG: Mapping[FormatId, tuple[float, float, float]] = {
    "mp4": (0.13, 0.18, 0.27),
    "gif": (3.7, 4.4, 4.4),
    "webp": (0.6, 0.75, 1.3),
    "webm": (0.14, 0.17, 0.23),
    "apng": (10.0, 9.0, 8.5),
    "png": (9.0, 9.0, 9.0),
    "jpg": (2.9, 2.9, 2.9),
    "sheet": (9.0, 9.0, 9.0),
}
#: Of a plugin's format nothing is known; it is taken for pictures like JPEG.
_UNKNOWN = (2.9, 2.9, 2.9)
_LOSSLESS_WEBP = 6.0
_PLACES: Mapping[FilmQuality, int] = {"fast": 0, "good": 1, "best": 2}
#: A step of the rate factor of H.264 and VP9 changes the size by about this much.
_PER_CRF = 0.88
_MIDDLE_CRF: Mapping[FormatId, int] = {"mp4": 18, "webm": 24}


def estimate_bytes(
    sample: NDArray[np.uint8], format: FormatId, settings: FilmSettings, *, side: int, frames: int
) -> int:
    """About how many bytes a film will have, within a factor of two or three.

    Args:
        sample: one of its pictures, ``(H, W, C)`` uint8, of any size.
        format: of the file.
        settings: of the encoding.
        side: of the film's pictures in pixels.
        frames: how many.
    """
    buffer = io.BytesIO()
    to_image(without_alpha(sample)).save(buffer, "JPEG", quality=75)
    per_pixel = len(buffer.getvalue()) / (sample.shape[0] * sample.shape[1])
    if sample.shape[0] < side:
        # What is enlarged gains pixels, but no detail.
        per_pixel *= sample.shape[0] / side
    ratio = _OVER_JPEG.get(format, _UNKNOWN)[_PLACES[settings.quality]]
    if format == "webp" and settings.lossless:
        ratio = _LOSSLESS_WEBP
    if settings.crf is not None and format in _MIDDLE_CRF:
        ratio = _OVER_JPEG[format][1] * _PER_CRF ** (settings.crf - _MIDDLE_CRF[format])
    return int(ratio * per_pixel * side * side * frames)
