"""ExportSubject: one thing that can be exported, with the fields that belong to it alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from latent_studio.exporters.film_settings import FilmSettings, Resampling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtCore import SignalInstance
    from PySide6.QtWidgets import QWidget

    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.options import OptionsClass
    from latent_studio.exporters.formats import FormatId


#: Of the labels, in pixels: fields of different forms stand below each other.
LABEL_WIDTH = 92


@dataclass(frozen=True, slots=True)
class Target:
    """How and where to, as the panel says it.

    Attributes:
        out: file or folder.
        format: the format chosen.
        fps: frames per second.
        size: side of a picture in pixels; ``None`` is the model's own.
        resampling: how pictures are brought to that side.
        settings: of the encoding.
        keep_part: whether a cancel keeps the frames written so far.
    """

    out: Path
    format: FormatId
    fps: float = 25.0
    size: int | None = None
    resampling: Resampling = "lanczos"
    settings: FilmSettings = field(default_factory=FilmSettings)
    keep_part: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to export.

    Attributes:
        frames: in the film.
        pictures: of them to be rendered; fewer where pictures come twice.
        problem: why nothing can be exported now, in a sentence; empty when something can.
    """

    frames: int
    pictures: int
    problem: str = ""


class ExportSubject(Protocol):
    """What is exported. Frozen into a job by ``job``; asked again for every export."""

    @property
    def id(self) -> str:
        """Stable."""

    @property
    def title(self) -> str:
        """What the user sees."""

    @property
    def is_film(self) -> bool:
        """Frames in time; otherwise one picture."""

    @property
    def changed(self) -> SignalInstance:
        """Something that ``extent`` depends on has changed."""

    def widget(self) -> QWidget:
        """Its fields."""

    def extent(self) -> Extent:
        """How much there is to export now."""

    def stem(self) -> str:
        """A name for the file, without ending."""

    def job(self, target: Target) -> Callable[[ProgressSink, CancelToken], object]:
        """The work, with everything it needs frozen.

        Raises:
            LatentStudioError: it cannot be done.
        """

    def command(self, target: Target) -> tuple[str, OptionsClass] | str:
        """The verb and options that write the same file, or a sentence why there are none."""
