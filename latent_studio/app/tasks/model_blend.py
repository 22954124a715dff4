"""model blend: two models of one family in one, by rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.errors import OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import format_rows, parse_rows

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class ModelBlendOptions:
    """Which models, which rows, and where the new one goes."""

    first: str = option(
        help="The model that gives the mapping network and the other rows.", positional=True, metavar="FIRST"
    )
    second: str = option(help="The model that gives --rows.", positional=True, metavar="SECOND")
    rows: tuple[int, ...] = option(
        help="Rows of ws whose layers come from SECOND, such as 0-6.",
        low=0,
        parse=parse_rows,
        flags=("--rows", "--layers"),
        metavar="ROWS",
    )
    out: Path = option(help="The new model, a .safetensors file.", metavar="FILE")
    weight: float = option(
        1.0, low=0, high=1, help="1 takes the rows whole, less mixes both models' weights."
    )


@dataclass(frozen=True, slots=True)
class ModelBlendResult:
    """What was written.

    Attributes:
        path: the new model.
    """

    path: Path

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_model_blend(
    studio: Studio, options: ModelBlendOptions, progress: ProgressSink, cancel: CancelToken
) -> ModelBlendResult:
    """Write a model of the first one's layers with some rows of the second one's.

    Raises:
        LatentStudioError: a model cannot be read, the two do not fit together, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.library import find_in_library
    from latent_studio.checkpoints.blend import blend
    from latent_studio.checkpoints.open import open_checkpoint
    from latent_studio.checkpoints.safetensors_file import write_checkpoint
    from latent_studio.exporters.part_file import check_target
    from latent_studio.generators.catalog import build_generator

    check_options(options)
    if options.out.suffix.lower() != ".safetensors":
        raise OptionError("--out", f"--out is {options.out.name}, but must end in .safetensors.")
    check_target(options.out)

    def opened(word: str, start: float) -> Checkpoint:
        return open_checkpoint(
            find_in_library(word, studio.paths),
            progress=lambda done, message: progress(Progress(start + 0.4 * done, message)),
            check_cancel=cancel.check,
        )

    first, second = opened(options.first, 0.0), opened(options.second, 0.4)
    num_ws = build_generator(first).spec.num_ws
    if not options.rows or max(options.rows) >= num_ws:
        raise OptionError(
            "--rows",
            f"--rows is {format_rows(options.rows) or 'empty'}, but must lie in 0-{num_ws - 1} here.",
        )
    cancel.check()
    made = blend(first, second, options.rows, weight=options.weight)
    name = f"{first.provenance.name}+{second.provenance.name}"
    # A blend is under the stricter of both licences, which nobody but the user can tell.
    licences = {part.provenance.licence for part in (first, second) if part.provenance.licence}
    provenance = replace(first.provenance, name=name, licence=" and ".join(sorted(licences)))
    progress(Progress(0.8, f"Writing {options.out.name}"))
    write_checkpoint(replace(made, provenance=provenance), options.out)
    progress(Progress(1.0, f"Wrote {options.out.name}"))
    return ModelBlendResult(options.out)
