"""GifExporter: animated GIF.

Format: CompuServe, "Graphics Interchange Format, Version 89a", 1990. The usual way, a palette of its own for
every frame, spends nearly all its time choosing palettes; one for the clip, chosen from a sub-sample, is many
times faster and does not flicker. ``gif_coder`` and ``adaptive_coder`` decide about the colours; this module
writes the file.
"""

from __future__ import annotations

import io
import math
import struct
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from latent_studio.core.errors import ExportError, OptionError
from latent_studio.exporters.adaptive_coder import AdaptiveCoder
from latent_studio.exporters.film_settings import FILM_QUALITIES
from latent_studio.exporters.gif_coder import KEEP, ClipCoder, GreyCoder
from latent_studio.exporters.part_file import PartFile
from latent_studio.exporters.pixels import without_alpha

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import FilmQuality, FilmSettings, Palette
    from latent_studio.exporters.gif_coder import CodedFrame, FrameCoder

#: Viewers show delays below two hundredths of a second slowly.
FPS_AT_MOST = 50.0
FPS_AT_LEAST = 0.1
#: Frames kept, in bytes, to choose the palette from when the caller gave no sample.
_LOOKAHEAD_BYTES = 48 << 20
_REFINEMENTS = 12


class GifExporter:
    """Writes one animated GIF frame by frame; see ``Exporter``.

    Grey frames keep all their levels. RGBA frames are laid on white.

    Args:
        quality: ``fast`` takes the nearest of the clip's colours and shows bands in gradients; ``good`` mixes
            colours in a fixed pattern where they are too few; ``best`` gives every frame its own colours and
            leaves out what no eye sees, for the best picture at the smallest size.
        palette: ``scene`` lets ``fast`` and ``good`` choose new colours where the picture changes much.
    """

    id = "gif"
    suffix = ".gif"

    def __init__(self, *, quality: FilmQuality = "good", palette: Palette = "clip") -> None:
        if quality not in FILM_QUALITIES:
            raise OptionError("--quality", f"--quality is {quality}, but must be fast, good or best.")
        self._quality: FilmQuality = quality
        self._by_scene = palette == "scene"
        self._part: PartFile | None = None
        self._size = (0, 0)
        self._fps = 1.0
        self._head: tuple[int, str] = (0, "")
        self._waiting: list[NDArray[np.uint8]] = []
        self._coder: FrameCoder | None = None
        self._channels = 0
        self._frames = 0

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

    @property
    def wants_sample(self) -> bool:
        """Whether ``use_palette_of`` makes the file better: where one palette serves the whole clip."""
        return self._quality != "best" and not self._by_scene

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
        if self._coder is None and not self.wants_sample:
            self._start([frame])
        if self._coder is not None:
            self._write_frame(self._coder.code(frame))
            return
        self._waiting.append(frame.copy() if frame.flags.writeable else frame)
        if len(self._waiting) * frame.nbytes >= _LOOKAHEAD_BYTES:
            self._flush_waiting()

    def close(self) -> None:
        """See ``Exporter.close``."""
        if self._coder is None:
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

    def _flush_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        coder = self._start(waiting)
        for frame in waiting:
            self._write_frame(coder.code(frame))

    def _start(self, sample: Sequence[NDArray[np.uint8]]) -> FrameCoder:
        self._coder = coder = self._make_coder(sample)
        loop, recipe = self._head
        head = [b"GIF89a", struct.pack("<HHBBB", *self._size, 0xF7, 0, 0), coder.palette.tobytes()]
        if loop != 1:
            # The number is of repeats after the first time; 0 is for ever.
            head += [b"!\xff\x0bNETSCAPE2.0\x03\x01", struct.pack("<H", min(max(0, loop - 1), 65535)), b"\0"]
        if recipe:
            head += [b"!\xfe", _sub_blocks(recipe.encode("utf-8"))]
        self._opened().write(b"".join(head))
        return coder

    def _make_coder(self, sample: Sequence[NDArray[np.uint8]]) -> FrameCoder:
        if self._channels == 1:
            return GreyCoder()
        if self._quality == "best":
            return AdaptiveCoder(sample[0])
        return ClipCoder(
            sample,
            size=self._size,
            refinements=_REFINEMENTS,
            dithered=self._quality == "good",
            by_scene=self._by_scene,
        )

    def _write_frame(self, coded: CodedFrame) -> None:
        # 4: leave the frame in place, since the next one stores only what changes.
        flags = 4 | int(coded.keeps)
        delay = delay_cs(self._frames, fps=self._fps)
        height, width = coded.places.shape
        own = coded.palette
        self._opened().write(
            struct.pack("<BBBBHBB", 0x21, 0xF9, 4, flags, delay, KEEP if coded.keeps else 0, 0)
            + struct.pack("<BHHHHB", 0x2C, coded.left, coded.top, width, height, 0 if own is None else 0x87)
            + (b"" if own is None else own.tobytes())
            + _compressed(coded.places)
        )
        self._frames += 1


def make_gif(settings: FilmSettings) -> GifExporter:
    """GIF as the settings want it."""
    return GifExporter(quality=settings.quality, palette=settings.palette)


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
