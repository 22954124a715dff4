"""pool create: a folder of latents and their pictures, to start traversals, rankings and galleries from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_seeds
from latent_studio.core.synthesis import ClassWeights, NoiseMode

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class PoolCreateOptions:
    """Which latents."""

    model: str = model_option()
    seeds: tuple[int, ...] = option(
        help="Which seeds, such as 0-31,40.", low=0, high=SEED_MAX, parse=parse_seeds, metavar="SEEDS"
    )
    out: Path = option(help="Folder of the pool; made if it is missing.", metavar="POOL")
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


@dataclass(frozen=True, slots=True)
class PoolCreateResult:
    """The pool.

    Attributes:
        folder: of it.
        count: latents in it.
    """

    folder: Path
    count: int

    @property
    def lines(self) -> tuple[str, ...]:
        """The folder."""
        return (str(self.folder),)


def run_pool_create(
    studio: Studio, options: PoolCreateOptions, progress: ProgressSink, cancel: CancelToken
) -> PoolCreateResult:
    """Render a picture of each seed and write down what it was made of. Same options, same bytes.

    The pool's index comes last: a folder that a cancel left half-filled is no pool yet.

    Raises:
        LatentStudioError: the model cannot be opened, an option does not fit it, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    import numpy as np

    from latent_studio.app.pools import Pool
    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.latent import z_from_seed
    from latent_studio.core.render import RenderRequest
    from latent_studio.exporters.part_file import export_error, make_folder
    from latent_studio.exporters.still import save_png

    check_options(options)
    make_folder(options.out / "images")
    model = studio.use_model(options.model, progress=progress, cancel=cancel)
    z = np.stack([z_from_seed(seed, model.spec.z_dim) for seed in options.seeds])
    shape = (len(z), model.spec.num_ws, model.spec.w_dim)
    pool = Pool(
        options.out,
        model.ref.name,
        model.ref.sha256,
        options.seeds,
        synthesis_of(options, model.spec),
        z,
        np.zeros(shape, np.float32),
    )
    requests = [
        RenderRequest.of(pool.session(index, model.ref), revision=index) for index in range(len(pool))
    ]
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    for index, (request, frame) in enumerate(zip(requests, frames, strict=True)):
        pool.ws[index] = studio.engine.resolve_ws(request)
        save_png(pool.image_path(index), frame.pixels, recipe_of(pool.session(index, model.ref)))
        done = index + 1
        progress(Progress(done / len(pool), f"Rendered {done} of {len(pool)}", preview=frame))
    cancel.check()
    try:
        pool.write()
    except OSError as error:
        raise export_error(options.out / "pool.json", error) from error
    return PoolCreateResult(options.out, len(pool))
