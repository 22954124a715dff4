"""pca: the directions a model's latents vary along most, written to a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.direction_output import VECTOR_OUT_HELP, check_suffix, vector_file_bytes
from latent_studio.app.tasks.picture_options import SEED_MAX, model_option
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class PcaOptions:
    """How many latents are looked at, and where to."""

    model: str = model_option()
    out: Path | None = option(None, help=VECTOR_OUT_HELP, metavar="FILE")
    samples: int = option(20_000, help="Random latents to look at.", low=2, high=10_000_000, metavar="N")
    count: int = option(20, help="How many directions, the strongest first.", low=1, metavar="N")
    seed: int = option(0, help="Which random latents.", low=0, high=SEED_MAX, metavar="N")


@dataclass(frozen=True, slots=True)
class PcaResult:
    """What was found.

    Attributes:
        path: of the file, if one was asked for.
        directions: the strongest first.
    """

    path: Path | None
    directions: tuple[LinearDirection, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The path; without one, each direction with its share of the variance."""
        if self.path is not None:
            return (str(self.path),)
        return tuple(
            f"{one.name}  sigma {one.sigma:.3f}  "
            f"{float(one.info.details['variance share']):.1%} of the variance"
            for one in self.directions
        )


def run_pca(studio: Studio, options: PcaOptions, progress: ProgressSink, cancel: CancelToken) -> PcaResult:
    """Find the components; they are remembered, and stand among the model's sliders from then on.

    Raises:
        LatentStudioError: the model cannot be opened, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.models import pca_directions
    from latent_studio.exporters.part_file import check_target, write_file

    check_options(options)
    if options.out is not None:
        check_suffix(options.out)
        check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    cancel.check()
    directions = pca_directions(
        model.generator,
        model.ref.sha256,
        paths=studio.paths,
        samples=options.samples,
        count=options.count,
        seed=options.seed,
        progress=progress,
        cancel=cancel,
    )
    if options.out is not None:
        facts = {"method": "pca", "samples": options.samples, "seed": options.seed, "layers": None}
        made = vector_file_bytes(directions, options.out.suffix, model=model.ref, facts=facts)
        write_file(options.out, made)
    progress(Progress(1.0, f"Found {len(directions)} directions"))
    return PcaResult(options.out, directions)
