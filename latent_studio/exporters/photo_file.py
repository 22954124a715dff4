"""Photos written back: full size, with their camera notes and colour profile."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from latent_studio.core.errors import ExportError
from latent_studio.exporters.part_file import write_file
from latent_studio.exporters.pixels import without_alpha

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF",
}  # fmt: skip


def save_photo(
    path: Path,
    pixels: NDArray[np.uint8],
    *,
    alpha: NDArray[np.uint8] | None = None,
    exif: bytes = b"",
    icc_profile: bytes = b"",
) -> None:
    """Write a photo by the file's suffix; JPEG in quality 95, everything else without loss.

    Args:
        path: ends in .png, .jpg, .webp or .tif; its folder must exist.
        pixels: ``(H, W, 3)`` uint8 RGB.
        alpha: ``(H, W)`` uint8 opacity; laid on white in JPEG, which has none.
        exif: the camera's notes.
        icc_profile: what the colours mean.

    Raises:
        ExportError: the suffix is none of these, or the disk refuses; nothing is left behind.
    """
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ExportError(f"{path.name} must end in one of {', '.join(_FORMATS)}.")
    if alpha is not None:
        pixels = np.concatenate([pixels, alpha[..., None]], axis=2)
        pixels = without_alpha(pixels) if kind == "JPEG" else pixels
    details: dict[str, Any] = {"exif": exif} if exif else {}
    if icc_profile:
        details["icc_profile"] = icc_profile
    match kind:
        case "JPEG":
            details |= {"quality": 95, "subsampling": 0}
        case "WEBP":
            details |= {"lossless": True}
        case "TIFF":
            details |= {"compression": "tiff_adobe_deflate"}
    buffer = io.BytesIO()
    try:
        Image.fromarray(pixels).save(buffer, kind, **details)
    except (OSError, ValueError) as error:
        raise ExportError(
            f"{path.name} cannot hold a picture of {pixels.shape[1]} x {pixels.shape[0]} pixels.",
            hint="Choose another format, such as PNG.",
        ) from error
    write_file(path, buffer.getvalue())
