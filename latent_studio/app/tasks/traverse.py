"""traverse: a picture swept along directions, as an animated GIF."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.picture_options import (
    SEED_MAX,
    class_option,
    cutoff_option,
    model_option,
    noise_mode_option,
    noise_seed_option,
    psi_option,
    synthesis_of,
)
from latent_studio.core.errors import ModelError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import format_rows, parse_rows
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import NoiseMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.edits import EditStack
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session

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
    out: Path = option(help="The GIF to write.", metavar="FILE.gif")
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
    fps: float = option(25.0, help="Frames per second.", low=0.1, high=50, unit="fps", metavar="F")
    loop: Loop = option("there-and-back", help="Sweep there and back and repeat, or once and stop.")
    size: int | None = option(
        None,
        help="Side of the GIF; the model's own when not given.",
        low=8,
        high=4096,
        unit="px",
        metavar="PX",
    )
    quality: Literal["fast", "good"] = option(
        "good", help="Good mixes colours where 256 are too few; fast is smaller and shows bands."
    )
    truncation_psi: float = psi_option()
    truncation_cutoff: int | None = cutoff_option()
    class_idx: int | None = class_option()
    noise_mode: NoiseMode = noise_mode_option()
    noise_seed: int = noise_seed_option()


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
        out: the file to write, ``.gif``.
        frames: in the whole loop.
        fps: frames per second, 0.1 to 50.
        loop: there and back, or once.
        size: side of the film in pixels; ``None`` is the model's own.
        quality: of the colours, see ``GifExporter``.
    """

    session: Session
    sweeps: tuple[Sweep, ...]
    out: Path
    frames: int = 60
    fps: float = 25.0
    loop: Loop = "there-and-back"
    size: int | None = None
    quality: Literal["fast", "good"] = "good"


@dataclass(frozen=True, slots=True)
class TraversalResult:
    """The film.

    Attributes:
        path: of the file.
        frames: in it.
        size: ``(width, height)`` in pixels.
        size_bytes: of the file.
        seconds: it plays once.
    """

    path: Path
    frames: int
    size: tuple[int, int]
    size_bytes: int
    seconds: float

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_traverse(
    studio: Studio, options: TraverseOptions, progress: ProgressSink, cancel: CancelToken
) -> TraversalResult:
    """Open the model, find the directions and write the film; see ``run_traversal``."""
    from latent_studio.app.tasks.named_directions import find_direction
    from latent_studio.core.session import Session
    from latent_studio.exporters.part_file import check_target

    check_options(options)
    _check_plan_options(options.out, options.range, "--range")
    check_target(options.out)
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
        quality=options.quality,
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
) -> TraversalResult:
    """Render the sweep of the open model into a GIF. Same plan, same bytes; memory does not grow with frames.

    Pictures that come twice, on the way there and on the way back, are rendered and encoded once.

    Raises:
        OptionError: the plan asks for what does not exist.
        ExportError: the disk refuses; nothing is left behind.
        LatentStudioError: rendering failed.
        Cancelled: a stop was asked for; nothing is left behind.
    """
    from latent_studio.exporters.gif import GifExporter
    from latent_studio.exporters.palette import SAMPLED_FRAMES
    from latent_studio.exporters.pixels import resized
    from latent_studio.exporters.protocol import aborting

    _check_plan(studio, plan)
    places, order = route(plan.frames, plan.loop)
    side = plan.size or studio.model.spec.resolution
    exporter = GifExporter(quality=plan.quality)
    exporter.open(
        plan.out,
        size=(side, side),
        fps=plan.fps,
        loop=0 if plan.loop == "there-and-back" else 1,
        recipe=_recipe(plan),
    )
    # The palette must know the whole clip before the first frame is written, so a few frames come first.
    count = min(SAMPLED_FRAMES, len(places))
    first = sorted({round(index * (len(places) - 1) / max(1, count - 1)) for index in range(count)})
    rest = [index for index in range(len(places)) if index not in set(first)]
    with aborting(exporter):
        rendered = _rendered(studio, plan, [places[index] for index in (*first, *rest)], progress, cancel)
        ready: dict[int, NDArray[np.uint8]] = {}
        for index in first:
            # At the model's own size: sixteen enlarged frames would take too much memory.
            ready[index] = next(rendered)
        exporter.use_palette_of(list(ready.values()))
        written: dict[int, int] = {}
        for position, index in enumerate(order):
            cancel.check()
            if index in written:
                exporter.repeat(written[index])
                continue
            pixels = ready.pop(index) if index in ready else next(rendered)
            exporter.add(resized(pixels, side, side))
            written[index] = position
        exporter.close()
    return TraversalResult(
        plan.out, plan.frames, (side, side), plan.out.stat().st_size, plan.frames / plan.fps
    )


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


def _rendered(
    studio: Studio, plan: TraversalPlan, places: list[float], progress: ProgressSink, cancel: CancelToken
) -> Iterator[NDArray[np.uint8]]:
    """The pictures at some places, in that order."""
    from latent_studio.core.render import RenderRequest

    requests = (
        RenderRequest.of(_session_at(plan, place), revision=index) for index, place in enumerate(places)
    )
    frames: Iterator[Frame] = studio.engine.render_batch(requests, check_cancel=cancel.check)
    for index, frame in enumerate(frames):
        done = index + 1
        progress(Progress(done / len(places), f"Rendered {done} of {len(places)}", preview=frame))
        yield frame.pixels


def _session_at(plan: TraversalPlan, place: float) -> Session:
    from latent_studio.core.edits import Edit

    edits = plan.session.edits
    for sweep in plan.sweeps:
        # Weighted ends and not low + place * (high - low), which misses `high` by a rounding.
        amount = (1 - place) * sweep.low + place * sweep.high
        edits = edits.with_edit(Edit(sweep.direction, amount, sweep.rows))
    return replace(plan.session, edits=edits)


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
                    "low": sweep.low,
                    "high": sweep.high,
                    "rows": rows_record(sweep.rows),
                }
                for sweep in plan.sweeps
            ],
            "frames": plan.frames,
            "fps": plan.fps,
            "loop": plan.loop,
            "size": plan.size,
            "quality": plan.quality,
        },
    )


def _check_plan(studio: Studio, plan: TraversalPlan) -> None:
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
            quality=plan.quality,
        )
    )
    last = model.spec.num_ws - 1
    for sweep in plan.sweeps:
        _check_plan_options(plan.out, (sweep.low, sweep.high), "--range")
        sweep.direction.check_fits(model.spec)
        if sweep.rows is not None and not (sweep.rows and 0 <= min(sweep.rows) <= max(sweep.rows) <= last):
            shown = format_rows(sweep.rows) or "empty"
            raise OptionError("--layers", f"--layers is {shown}, but must lie in 0-{last} for this model.")


def _check_plan_options(out: Path, ends: tuple[float, float], flag: str) -> None:
    if out.suffix.lower() != ".gif":
        raise OptionError("--out", f"--out is {out.name or out}, but must end in .gif.")
    low, high = ends
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise OptionError(flag, f"{flag} is {low:g} to {high:g}, but the first must be less than the second.")
