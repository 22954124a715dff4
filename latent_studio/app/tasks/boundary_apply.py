"""boundary apply: latents moved along a direction, as an array and without any picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.edit import amounts_of
from latent_studio.app.tasks.named_directions import DIRECTION_HELP, find_direction
from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import InputError
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_rows
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.latent import Latent
    from latent_studio.core.spec import GeneratorSpec


@dataclass(frozen=True, slots=True)
class BoundaryApplyOptions:
    """Which latents, which way, how far."""

    model: str = model_option()
    direction: str = option(help=f"The direction: {DIRECTION_HELP}", metavar="NAME")
    latents: Path = option(help="Latents (N, dim) or (N, num_ws, w_dim): a file or a folder.", metavar="FILE")
    out: Path = option(
        help="The .npy to write: (N, steps, dim), or (N, steps, num_ws, w_dim) in w+.", metavar="FILE.npy"
    )
    space: Literal["z", "w", "w+"] | None = option(
        None, help="Where the latents live; as the file says, else the direction's own space."
    )
    range: tuple[float, float] = option(
        (-3.0, 3.0), help="First and last amount; may be uneven.", metavar="A"
    )
    steps: int = option(
        10, help="Latents from the first amount to the last.", low=1, high=10_000, metavar="N"
    )
    relative: bool = option(
        False,
        help="Amounts are distances moved. Otherwise, in z and w, they are counted from the boundary, as in "
        "InterFaceGAN's edit.py; in w+ they are always distances moved, as there.",
    )
    layers: tuple[int, ...] | None = option(
        None, help="Rows of w+ to move; all of the direction's when not given.", low=0, parse=parse_rows,
        metavar="ROWS",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoundaryApplyResult:
    """What was written.

    Attributes:
        path: of the array.
        shape: of the array.
    """

    path: Path
    shape: tuple[int, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The path, and the shape."""
        return (str(self.path), f"{' × '.join(str(length) for length in self.shape)} numbers")


def run_boundary_apply(
    studio: Studio, options: BoundaryApplyOptions, progress: ProgressSink, cancel: CancelToken
) -> BoundaryApplyResult:
    """Move latents and write them.

    Raises:
        InputError: the latents do not live where the direction does.
        LatentStudioError: the model or a file cannot be opened, or the disk refuses.
    """
    import io

    import numpy as np

    from latent_studio.app.latent_files import read_latents
    from latent_studio.app.tasks.direction_output import check_suffix
    from latent_studio.exporters.part_file import check_target, write_file

    check_options(options)
    check_suffix(options.out, (".npy",))
    check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    direction = find_direction(options.direction, model, studio.paths)
    direction.check_fits(model.spec)
    space = Space(options.space) if options.space is not None else None
    if space is None and direction.space is not Space.W_PLUS:
        space = direction.space
    amounts = amounts_of(options.range, steps=options.steps)
    moved = []
    for latent in read_latents(options.latents, model.spec, space=space):
        cancel.check()
        start, offset = _start(latent, direction.space, model.spec), 0.0
        if not options.relative and latent.space is not Space.W_PLUS:
            offset = _distance(latent, direction)
        row = [direction.move(start, amount - offset, rows=options.layers) for amount in amounts]
        everywhere = options.layers is None and direction.rows is None
        if latent.space is Space.W and direction.space is Space.W and everywhere:
            # All rows are the same one still.
            row = [one[0] for one in row]
        moved.append(np.stack(row))
    if len({one.shape for one in moved}) != 1:
        raise InputError("The latents are of several spaces.", hint="Apply to those of one space at a time.")
    array = np.stack(moved).astype(np.float32)
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_file(options.out, buffer.getvalue())
    return BoundaryApplyResult(options.out, array.shape)


def _start(latent: Latent, space: Space, spec: GeneratorSpec) -> NDArray[np.float32]:
    import numpy as np

    if (latent.space is Space.Z) != (space is Space.Z):
        raise InputError(
            f"The direction moves {space.value}, but the latents are in {latent.space.value}.",
            hint="Say where they live by --space, or take a direction of that space.",
        )
    if latent.space is Space.W:
        return np.tile(latent.values, (spec.num_ws, 1))
    return latent.values


def _distance(latent: Latent, direction: Direction) -> float:
    """Where a latent lies along a straight direction, from the plane through the origin; 0 for others."""
    import numpy as np

    from latent_studio.core.directions import LinearDirection

    if not isinstance(direction, LinearDirection) or direction.vector.ndim != 1:
        return 0.0
    vector = direction.vector.astype(np.float64)
    return float(latent.values.astype(np.float64) @ vector) / float(vector @ vector)
