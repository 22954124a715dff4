"""warp rank: pool, traversal, attributes and ranking of a training's paths in one go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.attributes import AttributesOptions, load_predictors, run_attributes
from latent_studio.app.tasks.pool_create import PoolCreateOptions, run_pool_create
from latent_studio.app.tasks.pool_traverse import PoolTraverseOptions, run_pool_traverse
from latent_studio.app.tasks.rank import RankOptions, RankResult, run_rank
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_seeds

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class WarpRankOptions:
    """Of which training, from which pictures."""

    run: Path = option(help="The folder that “warp train” wrote.", positional=True, metavar="RUN")
    model: str = option("", help="The model; the training's own when not given.", metavar="MODEL")
    seeds: tuple[int, ...] = option(
        tuple(range(5000, 5012)),
        help="Seeds of the pictures to walk from.",
        low=0,
        parse=parse_seeds,
        metavar="SEEDS",
    )
    shift_steps: int = option(6, help="Steps each way.", low=1, high=1000, metavar="N")
    eps: float | None = option(
        None,
        help="Length of a step in units of each direction; all steps together are --reach when not given.",
        metavar="EPS",
    )
    reach: float = option(
        1.5,
        help="How far to walk each way, in sigma of each direction; nearly all of the model's latents are "
        "within 1.5.",
        low=0.01,
        high=100,
        metavar="SIGMA",
    )
    sefa: int = option(
        0, help="Also walk so many SeFa directions, as a comparison.", low=0, high=1000, metavar="N"
    )
    even: bool = option(
        False,
        help="Walk evenly to the eye: every step changes the picture as much, so that what comes and goes is "
        "spread over many of them.",
    )
    predictor: tuple[str, ...] = option(
        (),
        help="Who reads attributes off, such as tone or hopenet; again for more. All that suit the model by "
        "default.",
        repeat=True,
        metavar="ID",
    )
    top: int = option(3, help="Paths per attribute in the page.", low=1, high=1000, metavar="N")
    out: Path | None = option(
        None, help="Folder of the results; results in the training's own when not given.", metavar="DIR"
    )


def run_warp_rank(
    studio: Studio, options: WarpRankOptions, progress: ProgressSink, cancel: CancelToken
) -> RankResult:
    """Make the pool, walk, measure and rank; pictures and paths that are there are not made again.

    Raises:
        LatentStudioError: as for the four verbs it is made of.
        Cancelled: a stop was asked for; complete paths are kept.
    """
    from latent_studio.app.path_readings import PathReadings
    from latent_studio.methods.warp.runs import WarpRun, read_args

    check_options(options)
    if options.predictor:
        # Walking takes minutes; that one of them cannot read should be known before.
        load_predictors(studio, options.predictor)
    trained, settings = read_args(options.run)
    place = options.model or trained.path
    # Paths of a later checkpoint are other paths.
    out = options.out or options.run / "results" / f"iteration{WarpRun(options.run).last_iteration or 0:06d}"
    # The two ways to walk stand beside each other.
    pool, walked = out / "pool", out / ("walked-evenly" if options.even else "walked")
    psi = settings.truncation_psi
    if not (pool / "pool.json").exists():
        create = PoolCreateOptions(place, options.seeds, pool, truncation_psi=psi)
        run_pool_create(studio, create, _part(progress, 0.0, 0.05), cancel)
    traverse = PoolTraverseOptions(
        place,
        pool,
        walked,
        paths=options.run,
        direction=tuple(f"sefa:{index}" for index in range(options.sefa)),
        shift_steps=options.shift_steps,
        eps=options.reach / options.shift_steps if options.eps is None else options.eps,
        sigma=options.eps is None,
        even=options.even,
    )
    studio.use_model(place, progress=progress, cancel=cancel)
    readings = PathReadings(studio, load_predictors(studio, options.predictor)[1])
    run_pool_traverse(
        studio,
        traverse,
        _part(progress, 0.05, 0.9),
        cancel,
        readings=readings if readings.last else None,
    )
    run_attributes(
        studio, AttributesOptions(place, walked, options.predictor), _part(progress, 0.9, 0.98), cancel
    )
    rank = RankOptions(walked, out / ("ranking-evenly" if options.even else "ranking"), top=options.top)
    return run_rank(studio, rank, _part(progress, 0.98, 1.0), cancel)


def _part(progress: ProgressSink, start: float, end: float) -> ProgressSink:
    """Reports of a part of the work as reports of the whole."""

    def report(part: Progress) -> None:
        fraction = None if part.fraction is None else start + (end - start) * part.fraction
        progress(Progress(fraction, part.message, part.preview, part.metrics))

    return report
