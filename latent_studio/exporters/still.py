"""Single pictures: PNG or JPEG files with their recipe inside, and contact sheets."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL.PngImagePlugin import PngInfo

from latent_studio.exporters.part_file import write_file
from latent_studio.exporters.pixels import resized, to_image, without_alpha

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

StillFormat = Literal["png", "jpg"]
#: Name of the PNG text chunk that holds the recipe.
RECIPE_KEY = "latent-studio"
#: Longer side of a contact sheet at most, in pixels.
SHEET_SIDE = 8192
_SHEET_GAP = 2


def save_png(path: Path, pixels: NDArray[np.uint8], recipe: str = "") -> None:
    """Write a lossless picture. Same picture and recipe, same bytes.

    Args:
        path: of the file; its folder must exist.
        pixels: ``(H, W, C)`` uint8, C of 1 (grey), 3 (RGB) or 4 (RGBA).
        recipe: JSON text that says how the picture was made, stored in a text chunk.

    Raises:
        ExportError: the disk refuses; nothing is left behind.
    """
    text = PngInfo()
    if recipe:
        text.add_text(RECIPE_KEY, recipe)
    buffer = io.BytesIO()
    to_image(pixels).save(buffer, "PNG", pnginfo=text)
    write_file(path, buffer.getvalue())


def save_jpeg(path: Path, pixels: NDArray[np.uint8], recipe: str = "") -> None:
    """Write a small picture of quality 95, RGBA laid on white, the recipe its comment; see ``save_png``."""
    buffer = io.BytesIO()
    to_image(without_alpha(pixels)).save(buffer, "JPEG", quality=95, subsampling=0)
    data = buffer.getvalue()
    # Behind the first segment, which readers expect to come first.
    place = 4 + int.from_bytes(data[4:6], "big") if data[2:4] == b"\xff\xe0" else 2
    write_file(path, data[:place] + _jpeg_comments(recipe.encode("utf-8")) + data[place:])


def _jpeg_comments(text: bytes) -> bytes:
    """As many comment segments as a text needs; one holds up to 65533 bytes."""
    pieces = [text[start : start + 65533] for start in range(0, len(text), 65533)]
    return b"".join(b"\xff\xfe" + (len(piece) + 2).to_bytes(2, "big") + piece for piece in pieces)


def save_still(
    path: Path, pixels: NDArray[np.uint8], recipe: str = "", *, format: StillFormat = "png"
) -> None:
    """Write a picture in either format."""
    save = save_png if format == "png" else save_jpeg
    save(path, pixels, recipe)


class ContactSheet:
    """Many pictures side by side, filled row by row. Its memory does not grow with their size.

    Args:
        count: pictures there will be.
        size: ``(width, height)`` of one, in pixels; made smaller where the sheet would pass 8192 pixels.
        columns: pictures in a row; about as many as rows when not given.
    """

    def __init__(self, count: int, *, size: tuple[int, int], columns: int | None = None) -> None:
        self._columns = columns or math.ceil(math.sqrt(count))
        rows = -(-count // self._columns)
        room = SHEET_SIDE // max(self._columns, rows) - _SHEET_GAP
        scale = min(1.0, max(1, room) / max(size))
        self._width, self._height = (max(1, int(side * scale)) for side in size)
        self._shape = (
            rows * (self._height + _SHEET_GAP) - _SHEET_GAP,
            self._columns * (self._width + _SHEET_GAP) - _SHEET_GAP,
        )
        self._sheet: NDArray[np.uint8] | None = None
        self._filled = 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Put the next picture, ``(H, W, C)`` uint8, the same C for all."""
        if self._sheet is None:
            self._sheet = np.full((*self._shape, pixels.shape[2]), 255, np.uint8)
        row, column = divmod(self._filled, self._columns)
        top, left = row * (self._height + _SHEET_GAP), column * (self._width + _SHEET_GAP)
        cell = resized(pixels, self._width, self._height)
        self._sheet[top : top + self._height, left : left + self._width] = cell
        self._filled += 1

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """``(H, W, C)`` uint8; places not filled are white."""
        if self._sheet is None:
            return np.full((*self._shape, 3), 255, np.uint8)
        return self._sheet
