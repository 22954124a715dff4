"""VideoExporter: MP4 (H.264) and WebM (VP9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from latent_studio.core.errors import ExportError, OptionError
from latent_studio.exporters.encoder import Encoder, EncoderSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.exporters.film_settings import FilmQuality, FilmSettings

VideoId = Literal["mp4", "webm"]
_CODECS: Mapping[VideoId, str] = {"mp4": "libx264", "webm": "libvpx-vp9"}
_CRF_AT_MOST: Mapping[VideoId, int] = {"mp4": 51, "webm": 63}
_CRF: Mapping[VideoId, Mapping[FilmQuality, int]] = {
    "mp4": {"fast": 20, "good": 18, "best": 14},
    "webm": {"fast": 30, "good": 24, "best": 18},
}
_EFFORT: Mapping[VideoId, Mapping[FilmQuality, Mapping[str, str]]] = {
    "mp4": {"fast": {"preset": "veryfast"}, "good": {"preset": "medium"}, "best": {"preset": "slow"}},
    # VP9 takes the rate factor alone only when the bit rate is said to be free.
    "webm": {
        "fast": {"deadline": "realtime", "cpu-used": "6", "b:v": "0"},
        "good": {"deadline": "good", "cpu-used": "4", "b:v": "0"},
        "best": {"deadline": "good", "cpu-used": "1", "b:v": "0"},
    },
}
#: The index in front, so that a browser plays before it has everything.
_CONTAINER: Mapping[VideoId, Mapping[str, str]] = {"mp4": {"movflags": "+faststart"}, "webm": {}}
_SIDE_AT_MOST = 16384


class VideoExporter:
    """Writes one video frame by frame; see ``Exporter``.

    Colours are BT.709 in 4:2:0, which every player and browser shows; an odd side repeats its last line. The
    recipe is the file's comment. A video does not say how often to play it.

    Args:
        id: ``mp4`` or ``webm``.
        quality: chooses rate factor and effort.
        crf: constant rate factor, instead of the quality's.

    Raises:
        OptionError: the rate factor is outside what the codec takes.
    """

    def __init__(self, id: VideoId, *, quality: FilmQuality = "good", crf: int | None = None) -> None:
        if crf is not None and not 0 <= crf <= _CRF_AT_MOST[id]:
            raise OptionError("--crf", f"--crf is {crf}, but must be from 0 to {_CRF_AT_MOST[id]} for {id}.")
        self.id: str = id
        self.suffix = f".{id}"
        self._settings = EncoderSettings(
            id,
            _CODECS[id],
            "yuv420p",
            {"crf": str(_CRF[id][quality] if crf is None else crf), **_EFFORT[id][quality]},
            _CONTAINER[id],
        )
        self._encoder: Encoder | None = None

    def open(self, path: Path, *, size: tuple[int, int], fps: float, loop: int = 0, recipe: str = "") -> None:
        """See ``Exporter.open``.

        Raises:
            ExportError: the disk refuses, a side is outside 1 to 16384 pixels, or PyAV is missing.
        """
        if not all(1 <= side <= _SIDE_AT_MOST for side in size):
            raise ExportError(
                f"A video of {size[0]} x {size[1]} pixels is not possible.", hint="Choose a smaller size."
            )
        self._encoder = Encoder(path, self._settings, size=size, fps=fps, comment=recipe)

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """See ``Exporter.add``."""
        self._opened().add(pixels)

    def close(self) -> None:
        """See ``Exporter.close``."""
        encoder = self._opened()
        encoder.finish()
        encoder.commit()
        self._encoder = None

    def abort(self) -> None:
        """See ``Exporter.abort``."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.abort()

    def _opened(self) -> Encoder:
        if self._encoder is None:
            raise ExportError("The video is not open for writing.")
        return self._encoder


def make_mp4(settings: FilmSettings) -> VideoExporter:
    """MP4 as the settings want it."""
    return VideoExporter("mp4", quality=settings.quality, crf=settings.crf)


def make_webm(settings: FilmSettings) -> VideoExporter:
    """WebM as the settings want it."""
    return VideoExporter("webm", quality=settings.quality, crf=settings.crf)
