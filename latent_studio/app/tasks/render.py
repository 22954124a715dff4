"""render: what a session, a recipe or an exported file holds, as a film or picture; its timeline first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.app.tasks.catalog import Result
    from latent_studio.app.tasks.export_plan import ExportPlan
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import ModelRef
    from latent_studio.core.session_file import Document
    from latent_studio.exporters.still import StillFormat

#: What is drawn of a file.
What = Literal["timeline", "picture", "history", "traversal", "directions"]
#: Speed of a film where neither file nor command says it.
_FPS = {"history": 2.0, "traversal": 25.0}
#: A recipe with its latents may be large; a film is not read whole.
_LARGEST_TEXT = 64 << 20
_HINT = "Give a .lstudio session, a .json timeline, or a film that Latent Studio exported."


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """Which file, and what becomes of it."""

    source: Path = option(
        help="A session (.lstudio), a timeline or export (.json), or a film or picture of Latent Studio.",
        positional=True,
        metavar="FILE",
    )
    out: Path = film_out_option()
    model: str | None = option(
        None,
        help="Render with this model, a file or a name, instead of the one it was made with.",
        metavar="MODEL",
    )
    what: What | None = option(
        None,
        help="What to draw: the timeline as a film, or the picture where there is none; the history of a "
        "session, a frame a step; or a traversal or sheet of directions that the window kept as a command.",
    )
    captions: bool = option(False, help="Write into every frame of a history what was done.")
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


def run_render(studio: Studio, options: RenderOptions, progress: ProgressSink, cancel: CancelToken) -> Result:
    """Open the model and draw what the file holds. Same file and options, same bytes, here and in the window.

    Raises:
        InputError: the file holds nothing of the kind.
        SessionFileError: it is damaged, or of a newer program.
        ModelError: keys are of another model, or it is nowhere to be found.
        LatentStudioError: whatever else goes wrong.
        Cancelled: a stop was asked for; nothing is left behind.
    """
    check_options(options)
    if options.out.resolve() == options.source.resolve():
        raise ExportError(
            f"{options.out.name} would overwrite what it is made from.", hint="Choose another name."
        )
    source = _read(options)
    _check_target(options, source.what, studio)
    model = studio.open_model(_place(source.ref, options, studio), progress=progress, cancel=cancel)
    plan = _plan(source, options, model, studio)
    match plan.subject:
        case "timeline":
            return _render_timeline(plan, options, studio, progress, cancel)
        case "picture":
            return _render_picture(plan, options, studio, progress, cancel)
        case "history":
            return _render_history(plan, options, studio, progress, cancel)
        case "traversal":
            return _render_traversal(plan, options, studio, progress, cancel)
        case _:
            return _render_directions(plan, options, studio, progress, cancel)


def _render_timeline(
    plan: ExportPlan, options: RenderOptions, studio: Studio, progress: ProgressSink, cancel: CancelToken
) -> Result:
    from latent_studio.app.timeline_film import TimelinePlan, write_timeline_film

    session = plan.session
    if options.rekey:
        session = replace(session, timeline=session.timeline.rekeyed(studio.model.ref))
    film = TimelinePlan(
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
    return write_timeline_film(studio, film, progress, cancel)


def _render_picture(
    plan: ExportPlan, options: RenderOptions, studio: Studio, progress: ProgressSink, cancel: CancelToken
) -> Result:
    from latent_studio.app.picture import save_picture

    return save_picture(
        studio,
        plan.session,
        options.out,
        progress,
        cancel,
        format=_still_format(options),
        side=options.size,
        resampling=options.resampling,
    )


def _render_history(
    plan: ExportPlan, options: RenderOptions, studio: Studio, progress: ProgressSink, cancel: CancelToken
) -> Result:
    from latent_studio.app.session_film import SessionFilm, write_session_film

    film = SessionFilm(
        options.out,
        plan.steps,
        captions=plan.captions,
        format=options.format,
        fps=options.fps or _FPS["history"],
        size=options.size,
        resampling=options.resampling,
        settings=settings_of(options),
        keep_part=options.keep_part,
    )
    return write_session_film(studio, film, progress, cancel)


def _render_traversal(
    plan: ExportPlan, options: RenderOptions, studio: Studio, progress: ProgressSink, cancel: CancelToken
) -> Result:
    from latent_studio.app.tasks.traverse import TraversalPlan, run_traversal

    film = TraversalPlan(
        plan.session,
        plan.sweeps,
        options.out,
        frames=plan.frames,
        fps=options.fps or _FPS["traversal"],
        loop=plan.loop,
        size=options.size,
        settings=settings_of(options),
        format=options.format,
        resampling=options.resampling,
        beside=plan.beside,
        caption=plan.caption,
        keep_part=options.keep_part,
        with_models=plan.with_models,
    )
    return run_traversal(studio, film, progress, cancel)


def _render_directions(
    plan: ExportPlan, options: RenderOptions, studio: Studio, progress: ProgressSink, cancel: CancelToken
) -> Result:
    from latent_studio.app.tasks.direction_sheet import DirectionSheet, draw_direction_sheet

    sheet = DirectionSheet(plan.session, plan.rows, options.out, steps=plan.pictures)
    if options.size is not None:
        sheet = replace(sheet, size=options.size)
    return draw_direction_sheet(studio, sheet, progress, cancel)


@dataclass(frozen=True, slots=True)
class _Source:
    """A file read, before its model is open.

    Attributes:
        what: is drawn of it.
        ref: the model it was made with.
        text: the recipe; empty for a session file.
        document: of a session file.
    """

    what: What
    ref: ModelRef | None
    text: str = ""
    document: Document | None = None


def _read(options: RenderOptions) -> _Source:
    from latent_studio.app.recipe import model_of_recipe
    from latent_studio.app.tasks.export_plan import subject_of
    from latent_studio.app.tasks.session_options import find_step
    from latent_studio.core.session_file import SUFFIX, read_document

    if options.source.suffix.lower() != SUFFIX:
        text = _recipe_text(options.source)
        what = options.what or subject_of(text)
        if what == "timeline" and subject_of(text) != "timeline":
            raise _no_timeline(options)
        return _Source(what, model_of_recipe(text), text)
    document = read_document(options.source)
    session = find_step(document, None).value
    what = options.what or ("picture" if session.timeline.is_empty else "timeline")
    if what == "timeline" and session.timeline.is_empty:
        raise _no_timeline(options)
    return _Source(what, session.model, document=document)


def _no_timeline(options: RenderOptions) -> InputError:
    return InputError(f"{options.source.name} has no timeline.", hint=_HINT)


def _check_target(options: RenderOptions, what: What, studio: Studio) -> None:
    """Find out before the model is opened whether what comes can be written."""
    from latent_studio.exporters.formats import choose_format
    from latent_studio.exporters.part_file import check_folder_target, check_target

    if what in ("picture", "directions"):
        if options.out.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise OptionError(
                "--out",
                f"{options.source.name} has no timeline: its {_ONE[what]} goes into a .png or .jpg, "
                f"not into {options.out.name}."
                if options.what is None
                else f"--out is {options.out.name}, but must end in .png or .jpg.",
                hint="Name the file so, or add keys to the timeline for a film.",
            )
        check_target(options.out)
        return
    chosen = choose_format(options.out, options.format, formats=studio.plugins.formats())
    (check_folder_target if chosen.is_folder else check_target)(options.out)


_ONE = {"picture": "picture", "directions": "sheet"}


def _still_format(options: RenderOptions) -> StillFormat:
    return "png" if options.out.suffix.lower() == ".png" else "jpg"


def _plan(source: _Source, options: RenderOptions, model: LoadedModel, studio: Studio) -> ExportPlan:
    """What is drawn, with the open model."""
    from latent_studio.app.tasks.export_plan import ExportPlan, read_plan
    from latent_studio.app.tasks.session_options import find_step
    from latent_studio.core.history import way_to

    def find(id: str) -> Direction | None:
        from latent_studio.app.tasks.named_directions import find_direction

        try:
            return find_direction(id, model, studio.paths)
        except OptionError:
            return None

    if source.document is None:
        return read_plan(source.text, subject=source.what, find=find, model=model.ref)
    session = replace(find_step(source.document, None).value, model=model.ref)
    if source.what in ("timeline", "picture"):
        return ExportPlan(source.what, session)
    if source.what != "history":
        raise InputError(
            f"A session file holds no {source.what}.", hint="Copy it as a command from the Export panel."
        )
    history = source.document.history
    steps = [
        step
        for step in way_to(history.steps, history.current)
        if step.value.model is not None and step.value.model.sha256 == model.ref.sha256
    ]
    return ExportPlan(
        "history",
        session,
        steps=tuple(replace(step.value, model=model.ref) for step in steps),
        captions=tuple(step.label for step in steps) if options.captions else (),
    )


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
