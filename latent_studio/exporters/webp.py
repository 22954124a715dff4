"""WebpExporter: animated WebP that stores only what changes between frames.

Container: RIFF with VP8X, ANIM and ANMF chunks, as Google's "WebP Container Specification" has it. FFmpeg's
writer cannot store text, so the recipe is added behind it as an XMP chunk.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from latent_studio.core.errors import ExportError
from latent_studio.exporters.encoder import Encoder, EncoderSettings
from latent_studio.exporters.part_file import export_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import FilmQuality, FilmSettings

#: Quality of the pictures and effort of the encoder.
_EFFORT: Mapping[FilmQuality, tuple[int, int]] = {"fast": (75, 0), "good": (85, 4), "best": (95, 6)}
_SIDE_AT_MOST = 16383
_HAS_XMP = 0x04
#: Where the flags of the VP8X chunk are, which must be the file's first.
_FLAGS_PLACE = 20


class WebpExporter:
    """Writes one animated WebP frame by frame; see ``Exporter``. RGBA frames are laid on white.

    Args:
        quality: of the pictures, and the encoder's effort.
        lossless: exact colours; files become several times larger.
    """

    id = "webp"
    suffix = ".webp"

    def __init__(self, *, quality: FilmQuality = "good", lossless: bool = False) -> None:
        self._quality, self._effort = _EFFORT[quality]
        self._lossless = lossless
        self._encoder: Encoder | None = None
        self._path: Path | None = None
        self._recipe = ""

    def open(self, path: Path, *, size: tuple[int, int], fps: float, loop: int = 0, recipe: str = "") -> None:
        """See ``Exporter.open``.

        Raises:
            ExportError: the disk refuses, a side is outside 1 to 16383 pixels, or PyAV is missing.
        """
        if not all(1 <= side <= _SIDE_AT_MOST for side in size):
            raise ExportError(
                f"A WebP of {size[0]} x {size[1]} pixels is not possible.", hint="Choose a smaller size."
            )
        settings = EncoderSettings(
            "webp",
            "libwebp_anim",
            "bgra" if self._lossless else "yuv420p",
            {
                "quality": str(self._quality),
                "compression_level": str(self._effort),
                "lossless": str(int(self._lossless)),
            },
            {"loop": str(min(max(0, loop), 65535))},
            is_video=False,
        )
        self._encoder = Encoder(path, settings, size=size, fps=fps)
        self._path, self._recipe = path, recipe

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """See ``Exporter.add``."""
        self._opened().add(pixels)

    def close(self) -> None:
        """See ``Exporter.close``."""
        encoder = self._opened()
        part = encoder.finish()
        if self._recipe:
            try:
                _add_xmp(part, self._recipe)
            except OSError as error:
                encoder.abort()
                raise export_error(part, error) from error
        encoder.commit()
        self._encoder = None

    def abort(self) -> None:
        """See ``Exporter.abort``."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.abort()

    def _opened(self) -> Encoder:
        if self._encoder is None:
            raise ExportError("The WebP is not open for writing.")
        return self._encoder


def make_webp(settings: FilmSettings) -> WebpExporter:
    """WebP as the settings want it."""
    return WebpExporter(quality=settings.quality, lossless=settings.lossless)


def _add_xmp(path: Path, recipe: str) -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:ls="https://latent-studio.invalid/ns/"><ls:recipe>'
        f"{escape(recipe)}</ls:recipe></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    with path.open("r+b") as file:
        head = file.read(_FLAGS_PLACE + 1)
        if head[:4] != b"RIFF" or head[12:16] != b"VP8X":
            # A single frame has the simple layout, which holds no text.
            return
        file.seek(0, 2)
        file.write(b"XMP " + struct.pack("<I", len(packet)) + packet + b"\0" * (len(packet) % 2))
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))
        file.seek(_FLAGS_PLACE)
        file.write(bytes([head[_FLAGS_PLACE] | _HAS_XMP]))
