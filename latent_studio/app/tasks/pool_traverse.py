"""pool traverse: walk every latent of a pool along every direction of a set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.path_readings import PathReadings
    from latent_studio.app.pools import Pool
    from latent_studio.app.studio import Studio
    from latent_studio.app.traversals import Traversal
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.render import Frame, RenderRequest

#: Longest step; a slip of the keyboard must not walk out of every picture.
_EPS_MAX = 1000.0
#: Latents drawn to find how far they spread along a path.
SPREAD_SAMPLES = 2000


@dataclass(frozen=True, slots=True)
class PoolTraverseOptions:
    """Which pool, along what, how far."""

    model: str = model_option()
    pool: Path = option(help="Folder that “pool create” wrote.", metavar="POOL")
    out: Path = option(
        help="Folder of the traversal; made if it is missing. If it holds a part of the same traversal, that "
        "is gone on with.",
        metavar="OUT",
    )
    paths: Path | None = option(
        None,
        help="A folder of a training of warp paths, ours or the published program's, or any file of "
        "directions.",
        metavar="RUN",
    )
    direction: tuple[str, ...] = option(
        (),
        help="A direction such as sefa:0, or its whole id; give it again for more.",
        repeat=True,
        metavar="ID",
    )
    select: tuple[int, ...] | None = option(
        None,
        help="Which of --paths, such as 0-15; all when not given.",
        low=0,
        parse=parse_rows,
        metavar="INDICES",
    )
    shift_steps: int = option(16, help="Steps each way.", low=1, high=10_000, metavar="N")
    eps: float = option(
        0.2, help="Length of a step, in units of the direction.", low=0, high=_EPS_MAX, metavar="EPS"
    )
    sigma: bool = option(
        False,
        help="Count --eps in each direction's sigma, how far the model's latents spread along it, so that "
        "all are walked equally far for their kind.",
    )
    even: bool = option(
        False,
        help="Walk evenly to the eye: between the same two ends, every step changes the picture as much. The "
        "middle is then halfway, not the start.",
    )
    shift_leap: int = option(1, help="Keep every so many-th step.", low=1, metavar="N")
    one_way: bool = option(False, help="To the positive side only.")
    cell: int = option(
        96, help="Side of a picture on the contact sheets.", low=16, high=1024, unit="px", metavar="PX"
    )
    stills: Literal["none", "png", "jpg"] = option("none", help="Also write every picture at full size.")
    film: bool = option(
        False, help="Also write a GIF of each direction: the first latents side by side, there and back."
    )


@dataclass(frozen=True, slots=True)
class PoolTraverseResult:
    """What was walked.

    Attributes:
        folder: of the traversal.
        sheets: one contact sheet per direction.
    """

    folder: Path
    sheets: tuple[Path, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The sheets."""
        return tuple(str(path) for path in self.sheets)


def run_pool_traverse(
    studio: Studio,
    options: PoolTraverseOptions,
    progress: ProgressSink,
    cancel: CancelToken,
    *,
    readings: PathReadings | None = None,
) -> PoolTraverseResult:
    """Walk. What was complete before a cancel is kept, and not done again. Same options, same bytes.

    Pictures are made of floats by one fixed scale, so nothing flickers along a path.

    Args:
        studio: opens the model and renders.
        options: see there.
        progress: told after every picture.
        cancel: looked at between stages.
        readings: reads the pictures while they are there, for ``attributes`` to find.

    Raises:
        OptionError: nothing to walk along, or a step that leads nowhere.
        InputError: the pool is of another model, or the folder holds another traversal.
        LatentStudioError: the model cannot be opened, a direction does not fit, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.pools import read_pool
    from latent_studio.app.traversals import Traversal, read_traversal, step_amounts
    from latent_studio.exporters.part_file import export_error, make_folder

    _check(options)
    pool = read_pool(options.pool)
    model = studio.use_model(options.model, progress=progress, cancel=cancel)
    pool.check_model(model.ref)
    traversal = Traversal(
        options.out,
        model.ref.name,
        model.ref.sha256,
        pool.seeds,
        chosen_directions(studio, model, options.paths, options.direction, options.select),
        step_amounts(
            options.shift_steps, options.eps, leap=options.shift_leap, both_ways=not options.one_way
        ),
        model.spec.num_ws,
        pool.synthesis,
        options.sigma,
        options.even,
    )
    make_folder(options.out)
    if (options.out / "traversal.json").exists():
        differences = traversal.differences(read_traversal(options.out))
        if differences:
            raise InputError(
                f"{options.out} holds another traversal: {', '.join(differences)}.",
                hint="Choose another folder, or give the options it was begun with.",
            )
    try:
        traversal.write()
        for path_idx in range(len(traversal.directions)):
            if not traversal.is_complete(path_idx):
                _walk(studio, model, pool, traversal, path_idx, options, progress, cancel, readings)
    except OSError as error:
        raise export_error(options.out / "traversal.json", error) from error
    sheets = tuple(traversal.path_folder(k) / "sheet.png" for k in range(len(traversal.directions)))
    return PoolTraverseResult(options.out, sheets)


def chosen_directions(
    studio: Studio,
    model: LoadedModel,
    paths: Path | None,
    names: tuple[str, ...],
    select: tuple[int, ...] | None,
) -> tuple[Direction, ...]:
    """The directions that options name, checked against the model.

    Raises:
        OptionError: there are none, or one is named that does not exist.
        LatentStudioError: a file cannot be read or does not fit.
    """
    from latent_studio.app.direction_import import import_directions
    from latent_studio.app.models import sample_w
    from latent_studio.app.tasks.named_directions import find_direction

    found: list[Direction] = []
    if paths is not None:
        everything = import_directions(
            paths_file(paths),
            model.spec,
            model_sha256=model.ref.sha256,
            ws_samples=sample_w(model.generator, SPREAD_SAMPLES),
        ).directions
        for index in range(len(everything)) if select is None else select:
            if index >= len(everything):
                raise OptionError(
                    "--select", f"--select is {index}, but there are the paths 0 to {len(everything) - 1}."
                )
            found.append(everything[index])
    found += [find_direction(name, model, studio.paths) for name in names]
    if not found:
        raise OptionError(
            "--paths", "There is nothing to walk along.", hint="Give --paths, --direction or both."
        )
    if len({direction.id for direction in found}) < len(found):
        raise OptionError("--direction", "The same direction is named twice.", hint="Name it once.")
    for direction in found:
        direction.check_fits(model.spec)
    return tuple(found)


def paths_file(place: Path) -> Path:
    """The file with the paths in a folder of a training; a file is itself.

    Raises:
        InputError: the folder has none.
    """
    if not place.is_dir():
        return place
    for name in ("support_sets.safetensors", "support_sets.pt"):
        if (place / "models" / name).is_file():
            return place / "models" / name
    raise InputError(
        f"{place} holds no support sets.", hint="Give the folder that “warp train” wrote, or a file."
    )


def _check(options: PoolTraverseOptions) -> None:
    if not (math.isfinite(options.eps) and options.eps > 0):
        raise OptionError(
            "--eps",
            f"--eps is {options.eps:g}, but must be greater than 0.",
            hint="Both ways are walked anyway; it is the length of a step.",
        )
    check_options(options)
    if options.shift_leap > options.shift_steps:
        raise OptionError(
            "--shift-leap",
            f"--shift-leap is {options.shift_leap}, but must be at most the {options.shift_steps} steps.",
        )


def _walk(
    studio: Studio,
    model: LoadedModel,
    pool: Pool,
    traversal: Traversal,
    path_idx: int,
    options: PoolTraverseOptions,
    progress: ProgressSink,
    cancel: CancelToken,
    readings: PathReadings | None,
) -> None:
    """One direction from every latent: sheet, stills and film first, then the latents, which complete it."""
    import numpy as np

    from latent_studio.app.recipe import recipe_of
    from latent_studio.exporters.part_file import make_folder
    from latent_studio.exporters.still import ContactSheet, save_png, save_still

    folder = traversal.path_folder(path_idx)
    make_folder(folder)
    amounts, count = traversal.amounts, len(pool) * len(traversal.amounts)
    places = _places(studio, model, pool, traversal, path_idx, cancel)
    request_at = _requests(model, pool, traversal, path_idx, places)
    sheet = ContactSheet(count, size=(options.cell, options.cell), columns=len(amounts))
    ws = np.empty((len(pool), len(amounts), traversal.num_ws, model.spec.w_dim), np.float32)
    waiting: list[NDArray[np.uint8]] = []
    read: list[NDArray[np.float32]] = []
    frames = studio.engine.render_batch(map(request_at, range(count)), check_cancel=cancel.check)
    for index, frame in enumerate(frames):
        latent_idx, step = divmod(index, len(amounts))
        ws[latent_idx, step] = studio.engine.resolve_ws(request_at(index))
        sheet.add(frame.pixels)
        waiting.append(frame.pixels)
        if step == len(amounts) - 1:
            if readings is not None:
                read.append(readings.read(waiting))
            waiting.clear()
        if options.stills != "none":
            place = folder / "stills" / pool.label(latent_idx)
            make_folder(place)
            save_still(place / f"{step:03d}.{options.stills}", frame.pixels, format=options.stills)
        _report(progress, traversal, path_idx, (index + 1) / count, frame)
    save_png(
        folder / "sheet.png",
        sheet.pixels,
        recipe_of(pool.session(0, model.ref), seeds=list(pool.seeds), amounts=list(amounts)),
    )
    if options.film:
        _film(studio, traversal, path_idx, request_at, min(4, len(pool)), cancel)
    if readings is not None:
        readings.keep(traversal, folder, ws, np.stack(read))
    traversal.save_latents(path_idx, ws, places)


def _places(
    studio: Studio,
    model: LoadedModel,
    pool: Pool,
    traversal: Traversal,
    path_idx: int,
    cancel: CancelToken,
) -> NDArray[np.float64]:
    """``(N, T)``: how far along each picture stands, in the units of the traversal's amounts."""
    import numpy as np

    from latent_studio.app.even_steps import even_amounts

    amounts = traversal.amounts
    if not traversal.even:
        return np.tile(amounts, (len(pool), 1))
    rows = []
    for latent_idx in range(len(pool)):
        cancel.check()

        def ws_at(amount: float, latent_idx: int = latent_idx) -> NDArray[np.float32]:
            return studio.engine.resolve_ws(_request(model, pool, traversal, path_idx, latent_idx, amount))

        rows.append(even_amounts(studio, model, amounts, ws_at))
    return np.array(rows)


def _requests(
    model: LoadedModel, pool: Pool, traversal: Traversal, path_idx: int, places: NDArray[np.float64]
) -> Callable[[int], RenderRequest]:
    """The request of a picture by its place on the sheet."""

    def request_at(index: int) -> RenderRequest:
        latent_idx, step = divmod(index, places.shape[1])
        amount = float(places[latent_idx, step])
        return _request(model, pool, traversal, path_idx, latent_idx, amount, revision=index)

    return request_at


def _request(
    model: LoadedModel,
    pool: Pool,
    traversal: Traversal,
    path_idx: int,
    latent_idx: int,
    amount: float,
    *,
    revision: int = 0,
) -> RenderRequest:
    from dataclasses import replace

    from latent_studio.core.edits import Edit, EditStack
    from latent_studio.core.render import RenderRequest

    edit = Edit(traversal.directions[path_idx], amount * traversal.unit(path_idx))
    session = replace(pool.session(latent_idx, model.ref), edits=EditStack().with_edit(edit))
    return RenderRequest.of(session, revision=revision)


def _film(
    studio: Studio,
    traversal: Traversal,
    path_idx: int,
    request_at: Callable[[int], RenderRequest],
    latents: int,
    cancel: CancelToken,
) -> None:
    from latent_studio.app.film import Film, Pane, write_film
    from latent_studio.core.jobs import ignore_progress
    from latent_studio.exporters.formats import choose_format

    count = len(traversal.amounts)

    def pane(row: int) -> Pane:
        return Pane(studio.engine, lambda step: request_at(row * count + step))

    # From the start up, down to the far end and back: no jump, and the first frame is a picture.
    centre = traversal.centre
    order = [*range(centre, count), *range(count - 2, -1, -1), *range(1, centre)]
    out = traversal.path_folder(path_idx) / "film.gif"
    film = Film(out, choose_format(out), count, order=order, fps=20.0)
    write_film([pane(row) for row in range(latents)], film, ignore_progress, cancel)


def _report(progress: ProgressSink, traversal: Traversal, path_idx: int, share: float, frame: Frame) -> None:
    count = len(traversal.directions)
    name = traversal.directions[path_idx].name
    progress(Progress((path_idx + share) / count, f"{name}: {path_idx + 1} of {count}", preview=frame))
