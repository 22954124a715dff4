"""FilmSettings: how a film is encoded, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FilmQuality = Literal["fast", "good", "best"]
FILM_QUALITIES: tuple[FilmQuality, ...] = ("fast", "good", "best")
Palette = Literal["clip", "scene"]
#: How a picture is brought to another size.
Resampling = Literal["lanczos", "bicubic", "bilinear", "box", "nearest"]


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """What can be chosen about the encoding. A format takes what concerns it and leaves the rest.

    Attributes:
        quality: ``fast`` encodes quickly, ``best`` looks best for its size; ``good`` lies between.
        crf: constant rate factor of MP4 and WebM, 0 (lossless or nearly) to 63 (worst); ``None`` follows the
            quality.
        lossless: of WebP; APNG and PNG always are.
        palette: of GIF: one for the whole clip, or a new one wherever the picture changes much.
        columns: of contact sheets; about as many as rows when ``None``.
    """

    quality: FilmQuality = "good"
    crf: int | None = None
    lossless: bool = False
    palette: Palette = "clip"
    columns: int | None = None
