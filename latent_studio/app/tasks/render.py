"""render: the timeline of a session, a recipe or an exported film, as a film."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.film_options import (
    columns_option,
    crf_option,
    film_out_option,
    format_option,
    keep_part_option,
    lossless_option,
    palette_option,
    quality_option,
    resampling_option,
    settings_of,
    size_option,
)
from latent_studio.core.errors import ExportError, InputError, OptionError
from latent_studio.core.options import check_options, option
from latent_studio.exporters.film_settings import FilmQuality, Palette, Resampling
from latent_studio.exporters.formats import FormatId

if TYPE_CHECKING:
    from latent_studio.app.film import FilmResult
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import ModelRef, Session

#: A recipe with its latents may be large; a film is not read whole.
_LARGEST_TEXT = 64 << 20
_HINT = "Give a .lstudio session, a .json timeline, or a film that Latent Studio exported."


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """Which timeline, and what becomes of it."""

    source: Path = option(
        help="A session (.lstudio), a timeline (.json), or a film or picture that carries one.",
        positional=True,
        metavar="FILE",
    )
    out: Path = film_out_option()
    model: str | None = option(
        None,
        help="Render with this model, a file or a name, instead of the one it was made with.",
        metavar="MODEL",
    )
    fps: float | None = option(
        None, help="Frames per second; the timeline's own when not given.", low=0.1, high=120, unit="fps",
        metavar="F",
    )  # fmt: skip
    span: tuple[float, float] | None = option(
        None,
        help="Render only this part, from and to; the timeline's own part when not given.",
        low=0,
        high=86_400,
        unit="s",
        flags=("--from-to", "--span"),
        metavar="S",
    )
    size: int | None = size_option()
    quality: FilmQuality = quality_option()
    format: FormatId | None = format_option()
    resampling: Resampling = resampling_option()
    crf: int | None = crf_option()
    lossless: bool = lossless_option()
    palette: Palette = palette_option()
    columns: int | None = columns_option()
    rekey: bool = option(
        False,
        help="Take keys that were made with another model for keys of this one: seeds give its pictures.",
    )
    keep_part: bool = keep_part_option()


def run_render(
    studio: Studio, options: RenderOptions, progress: ProgressSink, cancel: CancelToken
) -> FilmResult:
    """Open the model and render the timeline. Same file and options, same bytes, here and in the window.

    Raises:
        InputError: the file has no timeline.
        SessionFileError: it is damaged, or of a newer program.
        ModelError: keys are of another model, or it is nowhere to be found.
        LatentStudioError: whatever else goes wrong.
        Cancelled: a stop was asked for; nothing is left behind.
    """
    from latent_studio.app.timeline_film import TimelinePlan, write_timeline_film
    from latent_studio.exporters.formats import choose_format
    from latent_studio.exporters.part_file import check_folder_target, check_target

    check_options(options)
    chosen = choose_format(options.out, options.format, formats=studio.plugins.formats())
    (check_folder_target if chosen.is_folder else check_target)(options.out)
    if options.out.resolve() == options.source.resolve():
        raise ExportError(
            f"{options.out.name} would overwrite what it is made from.", hint="Choose another name."
        )
    session, model = _open(studio, options, progress, cancel)
    if session.timeline.is_empty:
        raise InputError(f"{options.source.name} has no timeline.", hint=_HINT)
    if options.rekey:
        session = replace(session, timeline=session.timeline.rekeyed(model.ref))
    plan = TimelinePlan(
        session,
        options.out,
        fps=options.fps,
        span=options.span,
        size=options.size,
        settings=settings_of(options),
        format=options.format,
        resampling=options.resampling,
        keep_part=options.keep_part,
    )
    return write_timeline_film(studio, plan, progress, cancel)


def _open(
    studio: Studio, options: RenderOptions, progress: ProgressSink, cancel: CancelToken
) -> tuple[Session, LoadedModel]:
    """The session of the source, and its model, opened."""
    from latent_studio.app.recipe import model_of_recipe, session_of_recipe
    from latent_studio.app.tasks.session_options import find_step
    from latent_studio.core.session_file import SUFFIX, read_document

    source = options.source
    if source.suffix.lower() == SUFFIX:
        session = find_step(read_document(source), None).value
        model = studio.open_model(_place(session.model, options, studio), progress=progress, cancel=cancel)
        return replace(session, model=model.ref), model
    text = _recipe_text(source)
    model = studio.open_model(
        _place(model_of_recipe(text), options, studio), progress=progress, cancel=cancel
    )

    def find(id: str) -> Direction | None:
        from latent_studio.app.tasks.named_directions import find_direction

        try:
            return find_direction(id, model, studio.paths)
        except OptionError:
            return None

    return session_of_recipe(text, find=find, model=model.ref), model


def _place(ref: ModelRef | None, options: RenderOptions, studio: Studio) -> str | Path:
    from latent_studio.app.model_places import find_place

    if options.model:
        return options.model
    if ref is None:
        raise OptionError(
            "--model", f"{options.source.name} does not say which model it is for.", hint="Add --model NAME."
        )
    return find_place(ref, studio.paths)


def _recipe_text(source: Path) -> str:
    """The recipe in a file: the file itself, or what an export carries."""
    from latent_studio.exporters.recipe_text import read_recipe

    try:
        if source.is_file() and source.suffix.lower() == ".json":
            if source.stat().st_size > _LARGEST_TEXT:
                raise InputError(f"{source.name} is too large for a timeline.", hint=_HINT)
            return source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source.name} cannot be read: {error}.", hint=_HINT) from error
    if not source.exists():
        raise InputError(f"There is no file {source.name}.", hint=_HINT)
    text = read_recipe(source)
    if text is None:
        raise InputError(f"{source.name} carries no timeline.", hint=_HINT)
    return text
