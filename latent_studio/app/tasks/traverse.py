"""traverse: a picture swept along directions, as a film in any format."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.film import FilmResult
from latent_studio.app.tasks.film_options import (
    columns_option,
    crf_option,
    film_out_option,
    format_option,
    fps_option,
    keep_part_option,
    lossless_option,
    palette_option,
    quality_option,
    resampling_option,
    settings_of,
    size_option,
)
from latent_studio.app.tasks.picture_options import (
    SEED_MAX,
    chosen_scale_option,
    class_blend_option,
    class_option,
    cutoff_option,
    lod_option,
    model_option,
    noise_mode_option,
    noise_seed_option,
    psi_option,
    rotate_option,
    synthesis_of,
    translate_option,
)
from latent_studio.core.errors import ModelError, OptionError
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import format_rows, parse_rows
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import ClassWeights, NoiseMode
from latent_studio.exporters.film_settings import FilmQuality, FilmSettings, Palette, Resampling
from latent_studio.exporters.formats import FormatId

if TYPE_CHECKING:
    from latent_studio.app.film import Pane
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.edits import EditStack
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.session import Session
    from latent_studio.exporters.formats import Format

#: ``there-and-back`` ends where it began and repeats without a jump; ``once`` goes one way and stops.
Loop = Literal["there-and-back", "once"]


@dataclass(frozen=True, slots=True)
class TraverseOptions:
    """What to sweep, from the command line. The window makes a ``TraversalPlan`` of what it shows."""

    model: str = model_option()
    direction: tuple[str, ...] = option(
        help="What to move along: sefa:0 is the strongest direction, sefa:1 the next; or a whole id such as "
        "sefa:mmgen:0-3:0. Give it again to sweep several together.",
        repeat=True,
        metavar="ID",
    )
    out: Path = film_out_option()
    seed: int = option(0, help="Which picture to start from.", low=0, high=SEED_MAX, metavar="N")
    range: tuple[float, float] = option(
        (-3.0, 3.0),
        help="First and last amount, in the direction's own unit: unit vectors, as in the SeFa paper.",
        metavar="A",
    )
    sigma: bool = option(
        False, help="Take --range in standard deviations of the model's own latents along each direction."
    )
    layers: tuple[int, ...] | None = option(
        None,
        help="Rows of ws to move, such as 0-3,7, instead of the direction's own.",
        low=0,
        parse=parse_rows,
        metavar="ROWS",
    )
    frames: int = option(60, help="Frames in the whole loop.", low=1, high=100_000, metavar="N")
    fps: float = fps_option()
    loop: Loop = option("there-and-back", help="Sweep there and back and repeat, or once and stop.")
    size: int | None = size_option()
    quality: FilmQuality = quality_option()
    truncation_psi: float = psi_option()
    truncation_cutoff: int | None = cutoff_option()
    class_idx: int | None = class_option()
    noise_mode: NoiseMode = noise_mode_option()
    noise_seed: int = noise_seed_option()
    class_blend: ClassWeights = class_blend_option()
    translate: tuple[float, float] = translate_option()
    rotate: float = rotate_option()
    lod: float | None = lod_option()
    chosen_scale: int | None = chosen_scale_option()
    format: FormatId | None = format_option()
    resampling: Resampling = resampling_option()
    crf: int | None = crf_option()
    lossless: bool = lossless_option()
    palette: Palette = palette_option()
    columns: int | None = columns_option()
    beside: bool = option(False, help="Show the picture before the sweep beside every frame.")
    caption: bool = option(False, help="Write the directions and their amounts into every frame.")
    keep_part: bool = keep_part_option()
    with_model: tuple[str, ...] = option(
        (),
        help="Show another model at the same latent and edits beside it; its z and w must have these sizes. "
        "Give it again for more.",
        repeat=True,
        metavar="MODEL",
    )


@dataclass(frozen=True, slots=True)
class Sweep:
    """One direction and how far it goes.

    Attributes:
        direction: what to move along.
        low: amount of the first frame, in units of the direction.
        high: amount at the far end; greater than ``low``.
        rows: rows of ws to move, instead of the direction's own.
    """

    direction: Direction
    low: float
    high: float
    rows: Rows = None


@dataclass(frozen=True, slots=True)
class TraversalPlan:
    """A sweep over a session. Frozen when the export starts: later edits cannot change it.

    Attributes:
        session: what to start from; its other edits stay as they are.
        sweeps: what moves, all together.
        out: the file to write, or the folder.
        frames: in the whole loop.
        fps: frames per second; formats differ in what they take.
        loop: there and back, or once.
        size: side of a picture in pixels; ``None`` is the model's own.
        settings: how it is encoded.
        format: instead of the one the suffix of ``out`` stands for.
        resampling: how pictures are brought to ``size``.
        beside: whether the picture before the sweep stands beside every frame.
        caption: whether directions and amounts are written into every frame.
        keep_part: see ``Film``.
        with_models: names or files of other models that are shown beside it, at the same places of the sweep.
    """

    session: Session
    sweeps: tuple[Sweep, ...]
    out: Path
    frames: int = 60
    fps: float = 25.0
    loop: Loop = "there-and-back"
    size: int | None = None
    settings: FilmSettings = field(default_factory=FilmSettings)
    format: FormatId | None = None
    resampling: Resampling = "lanczos"
    beside: bool = False
    caption: bool = False
    keep_part: bool = False
    with_models: tuple[str, ...] = ()


def run_traverse(
    studio: Studio, options: TraverseOptions, progress: ProgressSink, cancel: CancelToken
) -> FilmResult:
    """Open the model, find the directions and write the film; see ``run_traversal``."""
    from latent_studio.app.tasks.named_directions import find_direction
    from latent_studio.core.session import Session
    from latent_studio.exporters.part_file import check_folder_target, check_target

    check_options(options)
    chosen = _check_film(studio, options.out, options.format, options.fps)
    _check_range(options.range, "--range")
    (check_folder_target if chosen.is_folder else check_target)(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    session = Session(
        model=model.ref, base=SeedPoint(options.seed), synthesis=synthesis_of(options, model.spec)
    )
    sweeps = []
    for name in options.direction:
        direction = find_direction(name, model, studio.paths)
        unit = direction.sigma if options.sigma else 1.0
        low, high = options.range
        sweeps.append(Sweep(direction, low * unit, high * unit, options.layers))
    plan = TraversalPlan(
        session,
        tuple(sweeps),
        options.out,
        frames=options.frames,
        fps=options.fps,
        loop=options.loop,
        size=options.size,
        settings=settings_of(options),
        format=options.format,
        resampling=options.resampling,
        beside=options.beside,
        caption=options.caption,
        keep_part=options.keep_part,
        with_models=options.with_model,
    )
    return run_traversal(studio, plan, progress, cancel)


def sweeps_of_edits(
    session: Session, low: float, high: float, *, in_sigma: bool = False
) -> tuple[Sweep, ...]:
    """A sweep of every edit that is switched on, on the rows it has.

    Args:
        session: whose edits.
        low: amount of the first frame.
        high: amount at the far end.
        in_sigma: the amounts are in standard deviations, not in the direction's own unit.
    """
    return tuple(
        Sweep(
            edit.direction,
            low * (edit.direction.sigma if in_sigma else 1.0),
            high * (edit.direction.sigma if in_sigma else 1.0),
            edit.rows,
        )
        for edit in session.edits
        if edit.enabled
    )


def run_traversal(
    studio: Studio, plan: TraversalPlan, progress: ProgressSink, cancel: CancelToken
) -> FilmResult:
    """Render the sweep of the open model into a film. Same plan, same bytes.

    Pictures that come twice, on the way there and on the way back, are rendered once.

    Args:
        studio: its model is swept.
        plan: what moves, and how and where to.
        progress: told after every picture.
        cancel: looked at between stages.

    Raises:
        OptionError: the plan asks for what does not exist.
        IncompatibleLatentError: a direction does not fit a model beside.
        ExportError: the disk refuses; nothing is left behind.
        LatentStudioError: rendering failed.
        Cancelled: a stop was asked for; nothing is left behind.
    """
    from latent_studio.app.film import Film, write_film

    chosen = _check_plan(studio, plan)
    places, order = route(plan.frames, plan.loop)
    film = Film(
        plan.out,
        chosen,
        len(places),
        order=order,
        fps=plan.fps,
        loop=0 if plan.loop == "there-and-back" else 1,
        side=plan.size,
        resampling=plan.resampling,
        recipe=_recipe(plan),
        settings=plan.settings,
        keep_part=plan.keep_part,
    )
    others = [_other_pane(studio, name, plan, progress, cancel) for name in plan.with_models]
    return write_film([*_panes(studio, plan, places), *others], film, progress, cancel)


def _other_pane(
    studio: Studio, name: str, plan: TraversalPlan, progress: ProgressSink, cancel: CancelToken
) -> Pane:
    """Another model at the same places of the sweep.

    Raises:
        IncompatibleLatentError: a direction was made for a model of another shape.
        LatentStudioError: the model cannot be opened.
    """
    from latent_studio.app.beside import session_beside
    from latent_studio.app.film import Pane
    from latent_studio.core.render import RenderRequest
    from latent_studio.engine.engine import Engine

    model = studio.load_model(name, progress=progress, cancel=cancel)
    for sweep in plan.sweeps:
        sweep.direction.check_fits(model.spec)
    engine = Engine(studio.engine.choice, gate=studio.engine.gate)
    engine.swap(model.generator)
    places, _ = route(plan.frames, plan.loop)

    def request_at(index: int) -> RenderRequest:
        shown, _ = session_beside(
            _session_at(plan, places[index]), studio.model.spec, other=model.spec, ref=model.ref
        )
        return RenderRequest.of(shown, revision=index)

    return Pane(engine, request_at, (lambda index: model.ref.name) if plan.caption else None)


def _panes(studio: Studio, plan: TraversalPlan, places: tuple[float, ...]) -> list[Pane]:
    from latent_studio.app.film import Pane
    from latent_studio.core.render import RenderRequest

    def request_at(index: int) -> RenderRequest:
        return RenderRequest.of(_session_at(plan, places[index]), revision=index)

    def request_before(index: int) -> RenderRequest:
        return RenderRequest.of(before, revision=index)

    def caption_at(index: int) -> str:
        return "  ".join(
            f"{sweep.direction.name} {_amount_at(sweep, places[index]):+.2f}" for sweep in plan.sweeps
        )

    swept = Pane(studio.engine, request_at, caption_at if plan.caption else None)
    if not plan.beside:
        return [swept]
    before = replace(plan.session, edits=_held_edits(plan))
    return [Pane(studio.engine, request_before, (lambda index: "before") if plan.caption else None), swept]


def route(frames: int, loop: Loop) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """The places a sweep visits and the order it visits them in.

    There and back, each end comes once, so that the loop neither jumps nor halts. With an even number of
    frames the way back shows the same pictures; with an odd one its steps are a little longer.

    Args:
        frames: at least 1.
        loop: there and back, or once.

    Returns:
        Places from 0 (low) to 1 (high), all different, and for each frame the index of its place.
    """
    if frames <= 2 or loop == "once":
        return tuple(index / max(1, frames - 1) for index in range(frames)), tuple(range(frames))
    there = frames // 2 + 1
    places = tuple(index / (there - 1) for index in range(there))
    if frames % 2 == 0:
        return places, (*range(there), *range(there - 2, 0, -1))
    back = frames - there
    return (*places, *(1 - index / (back + 1) for index in range(1, back + 1))), tuple(range(frames))


def _session_at(plan: TraversalPlan, place: float) -> Session:
    from latent_studio.core.edits import Edit

    edits = plan.session.edits
    for sweep in plan.sweeps:
        edits = edits.with_edit(Edit(sweep.direction, _amount_at(sweep, place), sweep.rows))
    return replace(plan.session, edits=edits)


def _amount_at(sweep: Sweep, place: float) -> float:
    # Weighted ends and not low + place * (high - low), which misses `high` by a rounding.
    return (1 - place) * sweep.low + place * sweep.high


def _held_edits(plan: TraversalPlan) -> EditStack:
    """The edits that every frame has; amounts that the sweep replaces are in no frame and in no recipe."""
    edits, swept = plan.session.edits, {sweep.direction.id for sweep in plan.sweeps}
    for edit in plan.session.edits:
        if edit.id in swept or not edit.enabled or edit.amount == 0:
            edits = edits.without(edit.id)
    return edits


def _recipe(plan: TraversalPlan) -> str:
    from latent_studio.app.recipe import direction_record, recipe_of, rows_record

    return recipe_of(
        replace(plan.session, edits=_held_edits(plan)),
        sweep={
            "directions": [
                {
                    "direction": direction_record(sweep.direction),
                    "low": float(sweep.low),
                    "high": float(sweep.high),
                    "rows": rows_record(sweep.rows),
                }
                for sweep in plan.sweeps
            ],
            "frames": plan.frames,
            "fps": float(plan.fps),
            "loop": plan.loop,
            "size": plan.size,
            "quality": plan.settings.quality,
        },
    )


def _check_plan(studio: Studio, plan: TraversalPlan) -> Format:
    model = studio.model
    if plan.session.model is not None and plan.session.model.sha256 != model.ref.sha256:
        raise ModelError(
            f"The film is of {plan.session.model.name}, but {model.ref.name} is open.", hint="Start it again."
        )
    if not plan.sweeps:
        raise OptionError(
            "--direction", "There is nothing to sweep.", hint="Choose a direction, or move a slider first."
        )
    ids = [sweep.direction.id for sweep in plan.sweeps]
    if len(set(ids)) < len(ids):
        raise OptionError("--direction", "The same direction is swept twice.", hint="Name it once.")
    # The same ranges as on the command line.
    check_options(
        TraverseOptions(
            "",
            tuple(ids),
            plan.out,
            frames=plan.frames,
            fps=plan.fps,
            loop=plan.loop,
            size=plan.size,
            quality=plan.settings.quality,
            resampling=plan.resampling,
            crf=plan.settings.crf,
            palette=plan.settings.palette,
            columns=plan.settings.columns,
        )
    )
    chosen = _check_film(studio, plan.out, plan.format, plan.fps)
    last = model.spec.num_ws - 1
    for sweep in plan.sweeps:
        _check_range((sweep.low, sweep.high), "--range")
        sweep.direction.check_fits(model.spec)
        if sweep.rows is not None and not (sweep.rows and 0 <= min(sweep.rows) <= max(sweep.rows) <= last):
            shown = format_rows(sweep.rows) or "empty"
            raise OptionError("--layers", f"--layers is {shown}, but must lie in 0-{last} for this model.")
    return chosen


def _check_film(studio: Studio, out: Path, format: FormatId | None, fps: float) -> Format:
    from latent_studio.exporters.formats import check_fps, choose_format

    chosen = choose_format(out, format, formats=studio.plugins.formats())
    check_fps(chosen, fps)
    return chosen


def _check_range(ends: tuple[float, float], flag: str) -> None:
    low, high = ends
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise OptionError(flag, f"{flag} is {low:g} to {high:g}, but the first must be less than the second.")
