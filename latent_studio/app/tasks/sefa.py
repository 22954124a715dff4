"""sefa: a model's own directions, written to a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.direction_output import VECTOR_OUT_HELP, check_suffix, vector_file_bytes
from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_rows

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class SefaOptions:
    """Which directions, and where to."""

    model: str = model_option()
    out: Path = option(help=VECTOR_OUT_HELP, metavar="FILE")
    variant: Literal["genforce", "mmgen", "rosinality"] = option(
        "genforce",
        help="Which public program to agree with: genforce (the paper's) takes all convolutions and the last "
        "toRGB, scaled to unit length; mmgen all convolutions; rosinality also the first toRGB.",
    )
    layers: tuple[int, ...] | None = option(
        None, help="Rows of ws whose layers take part, such as 0-3,7; all when not given.", low=0,
        parse=parse_rows, metavar="ROWS",
    )  # fmt: skip
    count: int | None = option(
        None, help="How many, the strongest first; all when not given.", low=1, metavar="N"
    )


@dataclass(frozen=True, slots=True)
class SefaResult:
    """What was found.

    Attributes:
        path: of the file.
        directions: the strongest first.
    """

    path: Path
    directions: tuple[LinearDirection, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_sefa(studio: Studio, options: SefaOptions, progress: ProgressSink, cancel: CancelToken) -> SefaResult:
    """Find the directions and write them. Same options, same bytes.

    Raises:
        LatentStudioError: the model cannot be opened, an option does not fit it, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.models import sefa_directions
    from latent_studio.exporters.part_file import check_target, write_file

    check_options(options)
    check_suffix(options.out)
    check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    cancel.check()
    progress(Progress(None, "Finding directions"))
    directions = sefa_directions(
        model.generator,
        model.ref.sha256,
        paths=studio.paths,
        variant=options.variant,
        layers=options.layers,
        count=options.count,
    )
    cancel.check()
    rows = directions[0].rows
    facts = {
        "method": "sefa",
        "variant": options.variant,
        "layers": None if rows is None else list(rows),
    }
    write_file(options.out, vector_file_bytes(directions, options.out.suffix, model=model.ref, facts=facts))
    progress(Progress(1.0, f"Found {len(directions)} directions"))
    return SefaResult(options.out, directions)
