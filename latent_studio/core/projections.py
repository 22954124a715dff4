"""ProjectedPhoto: what a session remembers of a photo whose latent was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_studio.core.latent import Latent
    from latent_studio.core.noise_maps import FoundNoise

#: More than this a session does not remember.
MOST = 32
#: Corners or marks as ``(x, y)`` pairs, flattened.
Flat = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ProjectedPhoto:
    """A photo, where it was cropped, and what was found for it.

    Attributes:
        name: of the photo's file.
        path: where the file was; the hash decides, not the place. Empty for the clipboard.
        sha256: of the photo's bytes.
        size: ``(width, height)`` in pixels, upright.
        quad: four corners of the crop in the photo: top left, bottom left, bottom right, top right.
        marks: left eye, right eye, corners of the mouth in the photo; empty for a crop without a face.
        latent: what was found.
        noise: maps found with it; ``None`` for the model's own.
        perceptual: distance to the crop.
        psnr: in dB.
        sigmas: distance of w from the mean, 1 being usual.
    """

    name: str
    path: str
    sha256: str
    size: tuple[int, int]
    quad: Flat
    marks: Flat
    latent: Latent
    noise: FoundNoise | None = None
    perceptual: float = 0.0
    psnr: float = 0.0
    sigmas: float = 0.0


def remembered(projections: tuple[ProjectedPhoto, ...], photo: ProjectedPhoto) -> tuple[ProjectedPhoto, ...]:
    """The list with a photo at its end, in place of an earlier result for the same crop; the latest 32."""
    others = tuple(one for one in projections if (one.sha256, one.quad) != (photo.sha256, photo.quad))
    return (*others, photo)[-MOST:]
