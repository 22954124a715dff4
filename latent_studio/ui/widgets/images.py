"""Pixels to QImage, in one copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """An image that owns its bytes, in the form that paints fastest.

    Args:
        pixels: ``(H, W, C)`` uint8; C of 1 (grey), 3 (RGB) or 4 (RGBA).

    Returns:
        RGB32, or premultiplied ARGB32 when there is an alpha channel. The conversion is the one copy.
    """
    # Not at the top: there is no picture before the first window, and numpy would keep that waiting.
    import numpy as np

    if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[2] not in (1, 3, 4):
        raise ValueError(f"not a picture: {pixels.dtype} {pixels.shape}")
    height, width, channels = pixels.shape
    if not height or not width:
        return QImage()
    rows = np.ascontiguousarray(pixels)
    form = {
        1: QImage.Format.Format_Grayscale8,
        3: QImage.Format.Format_RGB888,
        4: QImage.Format.Format_RGBA8888,
    }[channels]
    view = QImage(rows.data, width, height, width * channels, form)
    wanted = QImage.Format.Format_ARGB32_Premultiplied if channels == 4 else QImage.Format.Format_RGB32
    return view.convertToFormat(wanted)


def heat_image(heat: NDArray[np.float32]) -> QImage:
    """White, the more opaque the greater the number.

    Args:
        heat: ``(H, W)`` float32, 0 to 1.
    """
    import numpy as np

    white = np.full((*heat.shape, 4), 255, dtype=np.uint8)
    white[..., 3] = np.clip(heat, 0, 1) * 235
    return image_of(white)
