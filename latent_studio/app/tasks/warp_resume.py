"""warp resume: go on with a training of warp paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.warp_train import WarpTrainResult, resume_training
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class WarpResumeOptions:
    """Which training."""

    run: Path = option(help="The folder that “warp train” wrote.", positional=True, metavar="RUN")
    model: str = option(
        "", help="Where the model is now, if it was moved; the place it had when not given.", metavar="MODEL"
    )
    iterations: int | None = option(
        None,
        help="Steps in all, if there should be more than before.",
        low=1,
        metavar="N",
        flags=("--iterations", "--max-iter"),
    )


def run_warp_resume(
    studio: Studio, options: WarpResumeOptions, progress: ProgressSink, cancel: CancelToken
) -> WarpTrainResult:
    """Go on from the last checkpoint, to the same bits as if the training had never stopped.

    Raises:
        InputError: the folder holds no training of this program, or of another model.
        LatentStudioError: as for ``run_warp_train``.
        Cancelled: a stop was asked for; a checkpoint was written.
    """
    check_options(options)
    return resume_training(
        studio, options.model, options.run, iterations=options.iterations, progress=progress, cancel=cancel
    )
