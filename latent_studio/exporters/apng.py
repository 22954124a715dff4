"""ApngExporter: animated PNG, lossless, frame by frame.

Format: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", 2025, chunks acTL, fcTL and
fdAT. A frame stores the smallest rectangle that differs from the one before. Programs that know no animation
show the first frame.
"""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import ExportError
from latent_studio.exporters.part_file import PartFile
from latent_studio.exporters.pixels import to_image
from latent_studio.exporters.still import RECIPE_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import FilmQuality, FilmSettings

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVELS: Mapping[FilmQuality, int] = {"fast": 1, "good": 6, "best": 9}


class ApngExporter:
    """Writes one animated PNG frame by frame; see ``Exporter``. RGBA frames keep their transparency.

    Args:
        quality: how hard to compress; the pictures are exact in any case.
    """

    id = "apng"
    suffix = ".apng"

    def __init__(self, *, quality: FilmQuality = "good") -> None:
        self._level = _LEVELS[quality]
        self._part: PartFile | None = None
        self._size = (0, 0)
        self._delay = (1, 25)
        self._head: tuple[int, str] = (0, "")
        self._control_place = 0
        self._frames = 0
        self._chunks = 0
        self._before: NDArray[np.uint8] | None = None

    def open(self, path: Path, *, size: tuple[int, int], fps: float, loop: int = 0, recipe: str = "") -> None:
        """See ``Exporter.open``; the recipe goes into a text chunk.

        Raises:
            ExportError: the disk refuses, or a side is not positive.
        """
        if not all(1 <= side <= 0x7FFFFFFF for side in size):
            raise ExportError(f"A picture of {size[0]} x {size[1]} pixels is not possible.")
        delay = (1 / Fraction(fps)).limit_denominator(65535)
        self._size, self._delay, self._head = size, (delay.numerator, delay.denominator), (loop, recipe)
        self._frames = self._chunks = 0
        self._before = None
        self._part = PartFile(path)

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """See ``Exporter.add``."""
        part, before = self._opened(), self._before
        width, height = self._size
        channels = pixels.shape[2] if before is None else before.shape[2]
        if pixels.shape != (height, width, channels) or pixels.dtype != np.uint8:
            raise ExportError(
                f"A frame has shape {pixels.shape}, the others have {(height, width, channels)}."
            )
        top, left, bottom, right = (
            (0, 0, height, width) if before is None else _changed_rectangle(before, pixels)
        )
        chunks = list(_png_chunks(pixels[top:bottom, left:right], level=self._level))
        if before is None:
            self._write_head(next(data for name, data in chunks if name == b"IHDR"))
        place = (right - left, bottom - top, left, top, *self._delay, 0, 0)
        part.write(_chunk(b"fcTL", struct.pack(">IIIIIHHBB", self._next(), *place)))
        for name, data in chunks:
            if name == b"IDAT":
                part.write(
                    _chunk(b"IDAT", data)
                    if before is None
                    else _chunk(b"fdAT", struct.pack(">I", self._next()) + data)
                )
        self._frames += 1
        self._before = pixels.copy() if pixels.flags.writeable else pixels

    def close(self) -> None:
        """See ``Exporter.close``."""
        part = self._opened()
        if not self._frames:
            self.abort()
            raise ExportError("There is no frame to write.", hint="Ask for at least one.")
        part.write(_chunk(b"IEND", b""))
        part.patch(self._control_place, self._control())
        part.commit()
        self._part = None

    def abort(self) -> None:
        """See ``Exporter.abort``."""
        if self._part is not None:
            self._part.abort()
        self._part = None

    def _opened(self) -> PartFile:
        if self._part is None:
            raise ExportError("The picture is not open for writing.")
        return self._part

    def _next(self) -> int:
        self._chunks += 1
        return self._chunks - 1

    def _control(self) -> bytes:
        # The number of frames is known at the end only, when this chunk is written once more.
        return _chunk(b"acTL", struct.pack(">II", max(1, self._frames), self._head[0]))

    def _write_head(self, header: bytes) -> None:
        part, recipe = self._opened(), self._head[1]
        part.write(_SIGNATURE + _chunk(b"IHDR", header))
        self._control_place = part.tell()
        part.write(self._control())
        if recipe:
            part.write(_chunk(b"tEXt", RECIPE_KEY.encode() + b"\0" + recipe.encode("latin-1", "replace")))


def make_apng(settings: FilmSettings) -> ApngExporter:
    """Animated PNG as the settings want it."""
    return ApngExporter(quality=settings.quality)


def _changed_rectangle(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of what differs; one pixel where nothing does, since a frame has some."""
    differs = (before != after).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return 0, 0, 1, 1
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _png_chunks(pixels: NDArray[np.uint8], *, level: int) -> Iterator[tuple[bytes, bytes]]:
    buffer = io.BytesIO()
    to_image(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=level)
    data, place = buffer.getvalue(), len(_SIGNATURE)
    while place < len(data):
        (size,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        place += size + 12


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
