"""Options that every verb that writes a film shares: format, encoding, size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from latent_studio.core.options import option
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.formats import FORMAT_IDS

if TYPE_CHECKING:
    from latent_studio.exporters.film_settings import FilmQuality, Palette


def film_out_option() -> Any:
    """Where to."""
    return option(
        help="What to write: the suffix chooses the format (.mp4, .gif, .webp, .webm, .apng); a name without "
        "one is a folder of PNG pictures.",
        metavar="FILE",
    )


def format_option() -> Any:
    """Which format, where the suffix does not say it."""
    return option(
        None,
        help="File format, instead of the one that the suffix of --out stands for: "
        f"{', '.join(FORMAT_IDS)}, or one that a plugin adds; sheet puts all frames side by side in one "
        "picture.",
        metavar="FORMAT",
    )


def fps_option(default: float = 25.0) -> Any:
    """How fast it plays."""
    return option(default, help="Frames per second.", low=0.1, high=120, unit="fps", metavar="F")


def size_option() -> Any:
    """How large a picture is."""
    return option(
        None,
        help="Side of a picture; the model's own when not given.",
        low=8,
        high=4096,
        unit="px",
        metavar="PX",
    )


def resampling_option() -> Any:
    """How pictures are brought to that size."""
    return option(
        "lanczos",
        help="How pictures are enlarged or reduced; nearest keeps pixels as squares.",
        flags=("--filter", "--resampling"),
    )


def quality_option() -> Any:
    """How much effort goes into the encoding."""
    return option("good", help="How well the film is encoded; best takes longest, fast shows it.")


def crf_option() -> Any:
    """The rate factor of a video."""
    return option(
        None,
        help="Rate factor of MP4 and WebM, smaller is better and larger; follows --quality when not given.",
        low=0,
        high=63,
        metavar="N",
    )


def lossless_option() -> Any:
    """Whether WebP keeps every colour."""
    return option(False, help="Keep every colour of a WebP exactly; the file grows several times.")


def palette_option() -> Any:
    """How many palettes a GIF has."""
    return option(
        "clip", help="GIF colours: 256 for the whole clip, or new ones for every scene, which is larger."
    )


def columns_option() -> Any:
    """How wide a contact sheet is."""
    return option(
        None,
        help="Pictures in a row of a sheet; about as many as rows when not given.",
        low=1,
        high=1000,
        metavar="N",
    )


def keep_part_option() -> Any:
    """What a cancel leaves."""
    return option(
        False, help="After a cancel, keep the frames written so far as NAME-part; otherwise nothing is left."
    )


class _FilmOptions(Protocol):
    @property
    def quality(self) -> FilmQuality: ...
    @property
    def crf(self) -> int | None: ...
    @property
    def lossless(self) -> bool: ...
    @property
    def palette(self) -> Palette: ...
    @property
    def columns(self) -> int | None: ...


def settings_of(options: _FilmOptions) -> FilmSettings:
    """The encoding that a verb's options ask for."""
    return FilmSettings(
        quality=options.quality,
        crf=options.crf,
        lossless=options.lossless,
        palette=options.palette,
        columns=options.columns,
    )
