"""ExportSubject: one thing that can be exported, with the fields that belong to it alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from latent_studio.core.errors import OptionError
from latent_studio.exporters.film_settings import FilmSettings, Resampling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtCore import SignalInstance
    from PySide6.QtWidgets import QWidget

    from latent_studio.app.tasks.render import RenderOptions
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.exporters.formats import FormatId
    from latent_studio.ui.twin import Deed, Keep, Twin


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

    def twin(self, target: Target) -> Twin:
        """What writes the same file without the window, with everything it needs frozen.

        Raises:
            LatentStudioError: it cannot be done.
        """


def render_options(
    source: Path, session: Session, target: Target, *, fps: float | None = None
) -> RenderOptions:
    """The options of ``render`` for a plan that was kept.

    Args:
        source: where it is.
        session: whose model it is for.
        target: how and where to.
        fps: frames per second, where the plan does not say it.
    """
    from latent_studio.app.state_code import model_word
    from latent_studio.app.tasks.render import RenderOptions

    out, settings = target.out, target.settings
    return RenderOptions(
        source,
        out,
        model=model_word(session) or None,
        fps=fps,
        size=target.size,
        quality=settings.quality,
        format=None if _says_format(out, target.format) else target.format,
        resampling=target.resampling,
        crf=settings.crf,
        lossless=settings.lossless,
        palette=settings.palette,
        columns=settings.columns,
        keep_part=target.keep_part,
    )


def _says_format(out: Path, format: FormatId) -> bool:
    from latent_studio.exporters.formats import choose_format

    try:
        return choose_format(out).id == format
    except OptionError:
        # A plugin's suffix: the format is told, whichever plugin brings it.
        return False


def picture_deed(session: Session, target: Target, keep: Keep) -> Deed:
    """What writes a session's picture."""
    from latent_studio.app.tasks.export_plan import picture_text

    options = render_options(keep(picture_text(session), stem="picture"), session, target)
    # The ending of a single picture says what it is.
    return "render", replace(options, format=None)


def film_deed(session: Session, target: Target, fps: float | None, keep: Keep) -> Deed:
    """What writes the film of a session's timeline.

    Args:
        session: whose.
        target: how and where to.
        fps: frames per second; ``None`` takes the timeline's own.
        keep: writes the timeline down.
    """
    from latent_studio.app.tasks.export_plan import timeline_text

    kept = keep(timeline_text(session), stem="timeline")
    return "render", render_options(kept, session, target, fps=fps)
