"""write_session_film: sessions in a row as a film."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from latent_studio.core.errors import ModelError, OptionError
from latent_studio.core.render import RenderRequest
from latent_studio.exporters.film_settings import FilmSettings

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.film import FilmResult
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.exporters.film_settings import Resampling
    from latent_studio.exporters.formats import FormatId


@dataclass(frozen=True, slots=True)
class SessionFilm:
    """Which sessions, and how and where to. Frozen when an export starts.

    Attributes:
        out: the file to write, or the folder.
        sessions: one a frame, all of the open model.
        captions: one a session, burnt into its frame; none when empty.
        format: instead of the one the suffix of ``out`` stands for.
        fps: frames per second.
        size: side of a picture in pixels; ``None`` is the model's own.
        resampling: how pictures are brought to that side.
        settings: how it is encoded.
        keep_part: see ``latent_studio.app.film.Film``.
    """

    out: Path
    sessions: tuple[Session, ...]
    captions: tuple[str, ...] = ()
    format: FormatId | None = None
    fps: float = 2.0
    size: int | None = None
    resampling: Resampling = "lanczos"
    settings: FilmSettings = field(default_factory=FilmSettings)
    keep_part: bool = False


def write_session_film(
    studio: Studio, film: SessionFilm, progress: ProgressSink, cancel: CancelToken
) -> FilmResult:
    """Render and write it. The recipe inside is that of the last session.

    Raises:
        OptionError: there is no session, or the rate does not fit the format.
        ModelError: a session is of another model.
        ExportError: the disk refuses; nothing is left behind.
        Cancelled: a stop was asked for; nothing is left behind.
    """
    from latent_studio.app.film import Film, Pane, write_film
    from latent_studio.app.recipe import recipe_of
    from latent_studio.exporters.formats import choose_format

    if not film.sessions:
        raise OptionError("--frames", "There is no frame to write.", hint="Ask for at least one.")
    for session in film.sessions:
        if session.model is not None and session.model.sha256 != studio.model.ref.sha256:
            raise ModelError(
                f"The film is of {session.model.name}, but {studio.model.ref.name} is open.",
                hint="Start it again.",
            )

    def request_at(index: int) -> RenderRequest:
        return RenderRequest.of(film.sessions[index], revision=index)

    def caption_at(index: int) -> str:
        return film.captions[index]

    pane = Pane(studio.engine, request_at, caption_at if film.captions else None)
    plan = Film(
        film.out,
        choose_format(film.out, film.format, formats=studio.plugins.formats()),
        len(film.sessions),
        fps=film.fps,
        side=film.size,
        resampling=film.resampling,
        recipe=recipe_of(film.sessions[-1]),
        settings=film.settings,
        keep_part=film.keep_part,
    )
    return write_film([pane], plan, progress, cancel)
