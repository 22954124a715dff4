"""The file formats a film can be written in: how they are named, chosen and made."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from latent_studio.core.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from latent_studio.exporters.film_settings import FilmSettings
    from latent_studio.exporters.protocol import Exporter

#: As typed after ``--format``; plugins add theirs to those listed here.
FormatId = str


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    Attributes:
        id: stable, as typed after ``--format``.
        title: what the user sees.
        suffixes: of its files, the usual one first; empty for a folder of pictures.
        fps_range: frames per second it can hold, ``(low, high)``.
        can_crf: whether it takes a constant rate factor.
        make: makes its exporter from ``FilmSettings``; the function itself, or its dotted name.
    """

    id: FormatId
    title: str
    suffixes: tuple[str, ...]
    fps_range: tuple[float, float]
    make: str | Callable[[FilmSettings], Exporter]
    can_crf: bool = False

    @property
    def suffix(self) -> str:
        """Of a new file; empty for a folder."""
        return self.suffixes[0] if self.suffixes else ""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of pictures, one a frame."""
        return not self.suffixes


_ANY_FPS = (0.1, 120.0)
_PACKAGE = "latent_studio.exporters"

#: MP4 first: at equal sharpness its files are many times smaller than any of the others.
FORMATS: tuple[Format, ...] = (
    Format("mp4", "MP4 (H.264)", (".mp4", ".m4v"), _ANY_FPS, f"{_PACKAGE}.video:make_mp4", True),
    Format("gif", "GIF", (".gif",), (0.1, 50.0), f"{_PACKAGE}.gif:make_gif"),
    Format("webp", "Animated WebP", (".webp",), _ANY_FPS, f"{_PACKAGE}.webp:make_webp"),
    Format("webm", "WebM (VP9)", (".webm",), _ANY_FPS, f"{_PACKAGE}.video:make_webm", True),
    Format("apng", "Animated PNG", (".apng", ".png"), _ANY_FPS, f"{_PACKAGE}.apng:make_apng"),
    Format("png", "PNG pictures", (), _ANY_FPS, f"{_PACKAGE}.sequence:make_png_sequence"),
    Format("jpg", "JPEG pictures", (), _ANY_FPS, f"{_PACKAGE}.sequence:make_jpeg_sequence"),
    Format("sheet", "Contact sheet", (".png", ".jpg", ".jpeg"), _ANY_FPS, f"{_PACKAGE}.sheet:make_sheet"),
)
FORMAT_IDS: tuple[FormatId, ...] = tuple(one.id for one in FORMATS)


def format_by_id(id: str, *, formats: Sequence[Format] = FORMATS) -> Format:
    """Find a format.

    Args:
        id: of the format.
        formats: those there are; a plugin's among them.

    Raises:
        OptionError: there is none of that name.
    """
    for one in formats:
        if one.id == id:
            return one
    known = ", ".join(one.id for one in formats)
    raise OptionError("--format", f"--format is {id!r}, but must be one of {known}.")


def choose_format(out: Path, chosen: str | None = None, *, formats: Sequence[Format] = FORMATS) -> Format:
    """The format of a target: the one chosen, else the one its suffix stands for; a folder holds PNGs.

    Args:
        out: the file or folder.
        chosen: id of a format.
        formats: those there are; a plugin's among them.

    Raises:
        OptionError: no format has that suffix, or it is not one of the format chosen.
    """
    suffix = out.suffix.lower()
    if chosen is not None:
        one = format_by_id(chosen, formats=formats)
        if one.suffixes and suffix not in one.suffixes:
            names = " or ".join(one.suffixes)
            raise OptionError("--out", f"--out is {out.name or out}, but must end in {names}.")
        return one
    for one in formats:
        if suffix in one.suffixes:
            return one
    if not suffix:
        return format_by_id("png")
    known = sorted({suffix for one in formats for suffix in one.suffixes})
    raise OptionError(
        "--out",
        f"--out is {out.name}, but must end in one of {', '.join(known)}, or be a folder.",
    )


def check_fps(format: Format, fps: float) -> None:
    """Refuse a rate that the format cannot hold.

    Raises:
        OptionError: names the range.
    """
    low, high = format.fps_range
    if not low <= fps <= high:
        raise OptionError(
            "--fps", f"--fps is {fps:g}, but {format.title} takes from {low:g} to {high:g} fps."
        )


def make_exporter(format: Format, settings: FilmSettings) -> Exporter:
    """An exporter for one file; see ``Exporter``."""
    if not isinstance(format.make, str):
        return format.make(settings)
    module, _, name = format.make.partition(":")
    make = cast("Callable[[FilmSettings], Exporter]", getattr(import_module(module), name))
    return make(settings)
