"""GifExporter: animated GIF with one palette for the whole clip.

Format: CompuServe, "Graphics Interchange Format, Version 89a", 1990. The usual way, a palette of its own for
every frame, spends nearly all its time choosing palettes; one for the clip, chosen from a sub-sample, is many
times faster and does not flicker.
"""

from __future__ import annotations

import io
import math
import struct
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from latent_studio.core.errors import ExportError, OptionError
from latent_studio.exporters.dither import NearestColour, OrderedPairs
from latent_studio.exporters.palette import COLOURS, build_palette
from latent_studio.exporters.part_file import PartFile
from latent_studio.exporters.pixels import without_alpha

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.exporters.dither import Dither
    from latent_studio.exporters.film_settings import FilmSettings

GifQuality = Literal["fast", "good"]
GIF_QUALITIES: tuple[GifQuality, ...] = ("fast", "good")
#: Viewers show delays below two hundredths of a second slowly.
FPS_AT_MOST = 50.0
FPS_AT_LEAST = 0.1
#: Frames kept, in bytes, to choose the palette from when the caller gave no sample.
_LOOKAHEAD_BYTES = 48 << 20
_REFINEMENTS: dict[GifQuality, int] = {"fast": 4, "good": 12}


class GifExporter:
    """Writes one animated GIF frame by frame; see ``Exporter``.

    Grey frames keep all their levels. RGBA frames are laid on white: the file has no transparency.

    Args:
        quality: ``good`` mixes colours in a fixed pattern where the palette is too coarse, ``fast`` takes the
            nearest one, which is smaller and shows bands in gradients.
    """

    id = "gif"
    suffix = ".gif"

    def __init__(self, *, quality: GifQuality = "good") -> None:
        if quality not in GIF_QUALITIES:
            raise OptionError("--quality", f"--quality is {quality}, but must be fast or good.")
        self._quality: GifQuality = quality
        self._part: PartFile | None = None
        self._size = (0, 0)
        self._fps = 1.0
        self._head: tuple[int, str] = (0, "")
        self._waiting: list[NDArray[np.uint8]] = []
        self._dither: Dither | None = None
        self._is_started = False
        self._channels = 0
        #: Where each frame's image lies in the file: start and length in bytes.
        self._images: list[tuple[int, int]] = []

    def open(self, path: Path, *, size: tuple[int, int], fps: float, loop: int = 0, recipe: str = "") -> None:
        """See ``Exporter.open``; the recipe goes into the comment block.

        Raises:
            OptionError: the rate is outside 0.1 to 50 frames per second.
            ExportError: the disk refuses, or a side is outside 1 to 65535 pixels.
        """
        if not FPS_AT_LEAST <= fps <= FPS_AT_MOST:
            raise OptionError("--fps", f"--fps is {fps:g}, but a GIF takes from 0.1 to 50 fps.")
        if not all(1 <= side <= 65535 for side in size):
            raise ExportError(
                f"A GIF of {size[0]} x {size[1]} pixels is not possible.", hint="Choose a smaller size."
            )
        self._size, self._fps, self._head = size, fps, (loop, recipe)
        self._part = PartFile(path)

    def use_palette_of(self, frames: Sequence[NDArray[np.uint8]]) -> None:
        """Choose the palette from a sub-sample of the clip, not from its first 48 MB.

        Args:
            frames: ``(h, w, C)`` uint8 each, at least one, of any size; before the first ``add``.
        """
        sample = [without_alpha(frame) for frame in frames]
        self._channels = sample[0].shape[2]
        self._start(sample)

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """See ``Exporter.add``."""
        frame = without_alpha(pixels)
        self._check(frame)
        if self._is_started:
            self._write_frame(self._encoded(frame))
            return
        self._wait(frame.copy() if frame.flags.writeable else frame)

    def repeat(self, index: int) -> None:
        """Append a frame once more, without encoding it again.

        Args:
            index: of a frame added before, counted from 0.
        """
        if not self._is_started:
            self._wait(self._waiting[index])
            return
        self._write_frame(self._opened().read_back(*self._images[index]))

    def close(self) -> None:
        """See ``Exporter.close``."""
        if not self._is_started:
            if not self._waiting:
                self.abort()
                raise ExportError("There is no frame to write.", hint="Ask for at least one.")
            self._flush_waiting()
        self._opened().write(b";")
        self._opened().commit()
        self._part = None

    def abort(self) -> None:
        """See ``Exporter.abort``."""
        if self._part is not None:
            self._part.abort()
        self._part = None
        self._waiting = []

    def _opened(self) -> PartFile:
        if self._part is None:
            raise ExportError("The GIF is not open for writing.")
        return self._part

    def _check(self, frame: NDArray[np.uint8]) -> None:
        width, height = self._size
        self._opened()
        self._channels = self._channels or frame.shape[2]
        if frame.shape != (height, width, self._channels) or frame.dtype != np.uint8:
            raise ExportError(
                f"A frame has shape {frame.shape}, the others have {(height, width, self._channels)}."
            )

    def _wait(self, frame: NDArray[np.uint8]) -> None:
        self._waiting.append(frame)
        if len(self._waiting) * frame.nbytes >= _LOOKAHEAD_BYTES:
            self._flush_waiting()

    def _flush_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._start(waiting)
        # A clip that goes back the way it came holds the same array twice.
        known: dict[int, int] = {}
        for index, frame in enumerate(waiting):
            earlier = known.setdefault(id(frame), index)
            if earlier < index:
                self.repeat(earlier)
            else:
                self._write_frame(self._encoded(frame))

    def _start(self, sample: Sequence[NDArray[np.uint8]]) -> None:
        self._is_started = True
        if self._channels == 1:
            palette = np.repeat(np.arange(COLOURS, dtype=np.uint8)[:, None], 3, axis=1)
        else:
            palette = build_palette(sample, refinements=_REFINEMENTS[self._quality])
            if self._quality == "good":
                self._dither = OrderedPairs(palette, size=self._size)
            else:
                self._dither = NearestColour(palette)
        loop, recipe = self._head
        head = [b"GIF89a", struct.pack("<HHBBB", *self._size, 0xF7, 0, 0), palette.tobytes()]
        if loop != 1:
            # The number is of repeats after the first time; 0 is for ever.
            head += [b"!\xff\x0bNETSCAPE2.0\x03\x01", struct.pack("<H", min(max(0, loop - 1), 65535)), b"\0"]
        if recipe:
            head += [b"!\xfe", _sub_blocks(recipe.encode("utf-8"))]
        self._opened().write(b"".join(head))

    def _encoded(self, frame: NDArray[np.uint8]) -> bytes:
        places = self._dither(frame) if self._dither is not None else frame[..., 0]
        return struct.pack("<BHHHHB", 0x2C, 0, 0, *self._size, 0) + _compressed(places)

    def _write_frame(self, image: bytes) -> None:
        part = self._opened()
        # 4: leave the frame in place; every frame covers the whole picture.
        control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 4, delay_cs(len(self._images), fps=self._fps), 0, 0)
        part.write(control)
        self._images.append((part.tell(), len(image)))
        part.write(image)


def make_gif(settings: FilmSettings) -> GifExporter:
    """GIF as the settings want it."""
    return GifExporter(quality="fast" if settings.quality == "fast" else "good")


def delay_cs(index: int, *, fps: float) -> int:
    """How long a frame stays, so that no rounding adds up: n frames last n/fps to the nearest hundredth.

    Args:
        index: of the frame, counted from 0.
        fps: frames per second, 0.1 to 50.

    Returns:
        Hundredths of a second, at least 2.
    """
    return _rounded(100 * (index + 1) / fps) - _rounded(100 * index / fps)


def _rounded(value: float) -> int:
    # Not round(): its ties go to even numbers, and the delays would jump back and forth.
    return math.floor(value + 0.5)


def _sub_blocks(data: bytes) -> bytes:
    blocks = [data[start : start + 255] for start in range(0, len(data), 255)]
    return b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def _compressed(places: NDArray[np.uint8]) -> bytes:
    """A frame's LZW data with its sub-blocks, as Pillow's encoder makes them.

    Args:
        places: ``(H, W)`` uint8.
    """
    # As a grey picture, since Pillow would put the places of a palette picture in another order.
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(places)).save(buffer, "GIF", optimize=False, interlace=False)
    data = buffer.getvalue()
    start = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    while data[start] == 0x21:
        start = _after_sub_blocks(data, start + 2)
    if data[start] != 0x2C or data[start + 9]:
        raise ExportError(
            "The installed Pillow writes GIF files in an unknown way.", hint="Install Pillow 11 to 13."
        )
    return data[start + 10 : _after_sub_blocks(data, start + 11)]


def _after_sub_blocks(data: bytes, start: int) -> int:
    while data[start]:
        start += data[start] + 1
    return start + 1
