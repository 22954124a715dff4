"""edit: pictures of seeds or latents moved along directions, as pictures, a strip, a sheet or a film."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.film_options import (
    columns_option,
    crf_option,
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
from latent_studio.app.tasks.named_directions import DIRECTION_HELP, find_direction
from latent_studio.app.tasks.picture_options import (
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
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_rows, parse_seeds
from latent_studio.core.seed_plane import SEED_LIMIT
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import ClassWeights, NoiseMode
from latent_studio.exporters.film_settings import FilmQuality, Palette, Resampling
from latent_studio.exporters.formats import FormatId

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Base, Session

#: Steps of a sweep nobody looks at one by one.
_MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class EditOptions:
    """What is moved, how far, and what becomes of it.

    By its suffix ``--out`` is a sheet (.png, .jpg: a row for each start, a column for each amount), a film
    (.gif, .mp4, .webm, .webp, .apng: the starts side by side), or a folder of single pictures with the
    latents.
    """

    model: str = model_option()
    direction: tuple[str, ...] = option(
        help=f"What to move along: {DIRECTION_HELP} Give it again to move along several together.",
        repeat=True,
        metavar="NAME",
    )
    out: Path = option(help="A sheet, a film or a folder; see the suffixes.", metavar="PATH")
    seeds: tuple[int, ...] = option(
        (), help="Which pictures to start from, such as 0-3.", low=0, high=SEED_LIMIT - 1, parse=parse_seeds,
        metavar="SEEDS",
    )  # fmt: skip
    latents: Path | None = option(
        None, help="Start from the latents in a file or a folder instead.", metavar="FILE"
    )
    space: Literal["z", "w", "w+"] | None = option(
        None, help="Where latents of one row live; as the file says, else w, when not given."
    )
    range: tuple[float, float] | None = option(
        None,
        help="First and last amount, which may be uneven; the direction's own ends when not given.",
        metavar="A",
    )
    steps: int = option(7, help="Pictures from first amount to last.", low=1, high=_MOST_STEPS, metavar="N")
    step: float | None = option(
        None, help="Amount from one picture to the next, in place of --steps.", low=1e-9, metavar="A"
    )
    sigma: bool = option(False, help="Amounts are standard deviations of the model's own latents.")
    absolute: bool = option(
        False,
        help="Amounts are distances from the boundary's plane instead of moved, as in InterFaceGAN; "
        "0 is then on the plane, and not the picture itself.",
    )
    layers: tuple[int, ...] | None = option(
        None,
        help="Rows of ws to move, such as 0-3,7, instead of the direction's own.",
        low=0,
        parse=parse_rows,
        metavar="ROWS",
    )
    lock: tuple[str, ...] = option(
        (), help="A direction that must not change on the way; again for more.", repeat=True, metavar="NAME"
    )
    original: bool = option(False, help="Begin each row of a sheet with the picture as it is.")
    size: int | None = size_option()
    format: FormatId | None = format_option()
    fps: float = fps_option(10.0)
    quality: FilmQuality = quality_option()
    palette: Palette = palette_option()
    crf: int | None = crf_option()
    lossless: bool = lossless_option()
    columns: int | None = columns_option()
    resampling: Resampling = resampling_option()
    keep_part: bool = keep_part_option()
    truncation_psi: float = psi_option()
    truncation_cutoff: int | None = cutoff_option()
    class_idx: int | None = class_option()
    class_blend: ClassWeights = class_blend_option()
    noise_mode: NoiseMode = noise_mode_option()
    noise_seed: int = noise_seed_option()
    translate: tuple[float, float] = translate_option()
    rotate: float = rotate_option()
    lod: float | None = lod_option()
    chosen_scale: int | None = chosen_scale_option()


@dataclass(frozen=True, slots=True)
class EditResult:
    """What was written.

    Attributes:
        paths: the sheet, the film, or all files of the folder.
    """

    paths: tuple[Path, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The paths."""
        return tuple(str(path) for path in self.paths)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Sessions to render: ``sessions[start][amount]``, with what they are called."""

    sessions: tuple[tuple[Session, ...], ...]
    before: tuple[Session, ...]
    labels: tuple[str, ...]
    amounts: tuple[float, ...]


def run_edit(studio: Studio, options: EditOptions, progress: ProgressSink, cancel: CancelToken) -> EditResult:
    """Move and render. Same options, same bytes.

    Raises:
        OptionError: an option does not fit the model or the others.
        InputError: the latents or a direction cannot be read.
        LatentStudioError: the model cannot be opened, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.exporters.formats import choose_format
    from latent_studio.exporters.part_file import check_target, make_folder

    check_options(options)
    if not options.direction:
        raise OptionError("--direction", "There is nothing to move along.", hint="Name a direction: sefa:0.")
    kind = options.format or ("sheet" if options.out.suffix.lower() in (".png", ".jpg", ".jpeg") else None)
    chosen = choose_format(options.out, kind, formats=studio.plugins.formats())
    amounts_of(options.range or (-1.0, 1.0), steps=options.steps, step=options.step)
    if chosen.is_folder:
        make_folder(options.out)
    else:
        check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    plan = _plan(studio, options, model)
    if chosen.is_folder:
        return _write_folder(studio, options, plan, progress, cancel)
    if chosen.id == "sheet":
        return _write_sheet(studio, options, plan, progress, cancel)
    from latent_studio.app.film import Film, Pane, write_film
    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.render import RenderRequest

    def pane(row: Sequence[Session]) -> Pane:
        return Pane(studio.engine, lambda index: RenderRequest.of(row[index], revision=index))

    if len(plan.sessions) > 8:
        raise OptionError(
            "--seeds", "A film shows at most 8 pictures side by side.", hint="Name fewer seeds."
        )
    count = len(plan.amounts)
    film = Film(
        options.out,
        chosen,
        count,
        order=(*range(count), *range(count - 2, 0, -1)),
        fps=options.fps,
        side=options.size,
        resampling=options.resampling,
        recipe=recipe_of(plan.before[0], edit=_told(options, plan)),
        settings=settings_of(options),
        keep_part=options.keep_part,
    )
    result = write_film([pane(row) for row in plan.sessions], film, progress, cancel)
    return EditResult((result.path,))


def amounts_of(ends: tuple[float, float], *, steps: int, step: float | None = None) -> tuple[float, ...]:
    """The amounts of a sweep: evenly from end to end, or by a step from the first on, the last included.

    Args:
        ends: first and last; the last may be the smaller.
        steps: how many, where no step is given.
        step: from one to the next.

    Raises:
        OptionError: there would be far too many.
    """
    low, high = ends
    if not (math.isfinite(low) and math.isfinite(high)):
        raise OptionError("--range", f"--range is {low:g} to {high:g}, but both must be finite numbers.")
    if step is None:
        return tuple(low + (high - low) * k / max(1, steps - 1) for k in range(steps))
    # A hair more, so that rounding does not lose the last one.
    count = math.floor(abs(high - low) / step + 1e-6) + 1
    if count > _MOST_STEPS:
        raise OptionError("--step", f"--step {step:g} makes {count} pictures.", hint="Take a greater one.")
    return tuple(low + math.copysign(step, high - low) * k for k in range(count))


def _plan(studio: Studio, options: EditOptions, model: LoadedModel) -> _Plan:
    from latent_studio.core.edits import Edit, EditStack
    from latent_studio.core.session import Session

    directions = [find_direction(name, model, studio.paths) for name in options.direction]
    locks = tuple(find_direction(name, model, studio.paths, option="--lock") for name in options.lock)
    for direction in (*directions, *locks):
        direction.check_fits(model.spec)
    if options.layers is not None and options.layers[-1] >= model.spec.num_ws:
        raise OptionError(
            "--layers",
            f"--layers has row {options.layers[-1]}, but the rows are 0 to {model.spec.num_ws - 1}.",
        )
    if options.range is None:
        # The narrowest of the directions' own ends: all of them are sensible there.
        unit = directions[0].sigma if options.sigma else 1.0
        low = max(direction.suggested_range[0] for direction in directions) / unit
        high = min(direction.suggested_range[1] for direction in directions) / unit
    else:
        low, high = options.range
    amounts = amounts_of((low, high), steps=options.steps, step=options.step)
    bases, labels = _bases(options, model)
    start = Session(model=model.ref, synthesis=synthesis_of(options, model.spec), locks=locks)
    rows, before = [], []
    for base in bases:
        session = replace(start, base=base)
        offsets = [_offset(studio, session, direction, options) for direction in directions]
        row = []
        for amount in amounts:
            edits = EditStack()
            for direction, offset in zip(directions, offsets, strict=True):
                moved = amount * (direction.sigma if options.sigma else 1.0) - offset
                edits = edits.with_edit(Edit(direction, moved, options.layers))
            row.append(replace(session, edits=edits))
        rows.append(tuple(row))
        before.append(session)
    return _Plan(tuple(rows), tuple(before), labels, amounts)


def _bases(options: EditOptions, model: LoadedModel) -> tuple[tuple[Base, ...], tuple[str, ...]]:
    from latent_studio.core.seed_plane import SeedPoint

    if options.latents is None:
        seeds = options.seeds or (0,)
        return tuple(SeedPoint(seed) for seed in seeds), tuple(f"seed {seed}" for seed in seeds)
    if options.seeds:
        raise OptionError(
            "--latents", "--seeds and --latents exclude each other.", hint="Leave one of them out."
        )
    from latent_studio.app.latent_files import read_latents

    space = None if options.space is None else Space(options.space)
    latents = read_latents(options.latents, model.spec, space=space)
    return latents, tuple(f"latent {index}" for index in range(len(latents)))


def _offset(studio: Studio, session: Session, direction: Direction, options: EditOptions) -> float:
    """Where the start lies along a direction, for amounts that count from the plane; 0 for others."""
    if not options.absolute:
        return 0.0
    import numpy as np

    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.latent import Latent, z_from_seed
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.seed_plane import SeedPoint

    if not isinstance(direction, LinearDirection) or direction.space is Space.W_PLUS:
        raise InputError(
            f"{direction.name!r} has no plane to count distances from.",
            hint="Leave --absolute out: amounts are then distances moved.",
        )
    model = studio.model
    base = session.base
    if direction.space is not Space.Z:
        # Without truncation: the plane was learned among latents as they are drawn.
        plain = replace(session, synthesis=replace(session.synthesis, truncation_psi=1.0))
        point = studio.engine.resolve_ws(RenderRequest.of(plain, revision=0)).mean(axis=0)
    elif isinstance(base, Latent):
        if base.space is not Space.Z:
            raise InputError(f"{direction.name!r} moves z, and a latent in {base.space.value} has none.")
        point = base.values
    else:
        assert isinstance(base, SeedPoint)  # noqa: S101 -- there is nothing else
        point = z_from_seed(base.corners()[0][0], model.spec.z_dim)
    vector = direction.vector.astype(np.float64)
    return float(point.astype(np.float64) @ vector) / float(vector @ vector)


def _write_folder(
    studio: Studio, options: EditOptions, plan: _Plan, progress: ProgressSink, cancel: CancelToken
) -> EditResult:
    """Single pictures ``000_003.png`` (start, step), ws of the starts, and ``edited.npy``, ws of them."""
    import io

    import numpy as np

    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.render import RenderRequest
    from latent_studio.exporters.part_file import write_file
    from latent_studio.exporters.pixels import resized
    from latent_studio.exporters.still import save_still

    suffix: Literal["png", "jpg"] = "jpg" if options.format == "jpg" else "png"
    places = [(i, k) for i in range(len(plan.sessions)) for k in range(len(plan.amounts))]
    requests = (RenderRequest.of(plan.sessions[i][k], revision=index) for index, (i, k) in enumerate(places))
    paths = []
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    for (i, k), frame in zip(places, frames, strict=True):
        path = options.out / f"{i:03d}_{k:03d}.{suffix}"
        pixels = frame.pixels
        if options.size:
            pixels = resized(pixels, options.size, options.size, resampling=options.resampling)
        save_still(path, pixels, recipe_of(plan.sessions[i][k]), format=suffix)
        paths.append(path)
        progress(Progress(len(paths) / len(places), f"Rendered {len(paths)} of {len(places)}", preview=frame))
        cancel.check()

    def ws(session: Session) -> NDArray[np.float32]:
        return studio.engine.resolve_ws(RenderRequest.of(session, revision=0))

    for name, array in (
        ("latents.npy", np.stack([ws(session) for session in plan.before])),
        ("edited.npy", np.stack([np.stack([ws(one) for one in row]) for row in plan.sessions])),
    ):
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        write_file(options.out / name, buffer.getvalue())
        paths.append(options.out / name)
    return EditResult(tuple(paths))


def _write_sheet(
    studio: Studio, options: EditOptions, plan: _Plan, progress: ProgressSink, cancel: CancelToken
) -> EditResult:
    """One picture: a row for each start, its amounts from left to right."""
    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.render import RenderRequest
    from latent_studio.exporters.pixels import size_with_side
    from latent_studio.exporters.still import ContactSheet, save_still

    first = [[session] if options.original else [] for session in plan.before]
    cells = [one for start, row in zip(first, plan.sessions, strict=True) for one in (*start, *row)]
    requests = (RenderRequest.of(session, revision=index) for index, session in enumerate(cells))
    sheet: ContactSheet | None = None
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    for done, frame in enumerate(frames, start=1):
        if sheet is None:
            size = size_with_side(frame.pixels.shape, options.size)
            columns = len(plan.amounts) + bool(options.original)
            sheet = ContactSheet(len(cells), size=size, columns=columns)
        sheet.add(frame.pixels)
        progress(Progress(done / len(cells), f"Rendered {done} of {len(cells)}", preview=frame))
        cancel.check()
    assert sheet is not None  # noqa: S101 -- there is at least one picture
    jpeg = options.out.suffix.lower() in (".jpg", ".jpeg")
    recipe = recipe_of(plan.before[0], edit=_told(options, plan))
    save_still(options.out, sheet.pixels, recipe, format="jpg" if jpeg else "png")
    return EditResult((options.out,))


def _told(options: EditOptions, plan: _Plan) -> dict[str, object]:
    """What a recipe says of the sweep beside the start's own settings."""
    from latent_studio.app.recipe import direction_record

    last = plan.sessions[0][-1]
    return {
        "starts": list(plan.labels),
        "amounts": list(plan.amounts),
        "in_sigma": options.sigma,
        "absolute": options.absolute,
        "rows": None if options.layers is None else list(options.layers),
        "directions": [direction_record(edit.direction) for edit in last.edits],
    }
