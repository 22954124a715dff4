"""boundary condition: a direction without what others change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.direction_output import check_suffix, write_directions_as
from latent_studio.app.tasks.named_directions import DIRECTION_HELP, find_direction
from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction, LinearDirection
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class BoundaryConditionOptions:
    """Which direction, without which others."""

    model: str = model_option()
    out: Path = option(help="The file to write, .safetensors or .npy.", metavar="FILE")
    direction: str = option(help=f"The direction: {DIRECTION_HELP}", metavar="NAME")
    on: tuple[str, ...] = option(
        help="A direction it must not move along; again for more.", repeat=True, metavar="NAME"
    )
    name: str | None = option(None, help="What to call the result.", metavar="NAME")
    keep: bool = option(False, help="Also keep it in the model's library, among its sliders.")


@dataclass(frozen=True, slots=True)
class BoundaryConditionResult:
    """What is left.

    Attributes:
        path: of the file.
        direction: of unit length.
        cosine: between what was and what is left.
    """

    path: Path
    direction: LinearDirection
    cosine: float

    @property
    def lines(self) -> tuple[str, ...]:
        """The path, and how much is left."""
        return (
            str(self.path),
            f"{self.direction.name}: cosine {self.cosine:.3f} with the direction as it was.",
        )


def run_boundary_condition(
    studio: Studio, options: BoundaryConditionOptions, progress: ProgressSink, cancel: CancelToken
) -> BoundaryConditionResult:
    """Project a direction off others and write what is left.

    Raises:
        InputError: a direction is curved, or nothing is left.
        IncompatibleLatentError: they are not all of one space.
        LatentStudioError: the model cannot be opened, or the disk refuses.
    """
    from latent_studio.app.models import sample_w
    from latent_studio.exporters.part_file import check_target

    check_options(options)
    check_suffix(options.out, (".safetensors", ".npy"))
    check_target(options.out)
    if not options.on:
        raise OptionError("--on", "--on names nothing to leave out.", hint="Give it once for each condition.")
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    direction = find_direction(options.direction, model, studio.paths)
    conditions = [find_direction(name, model, studio.paths, option="--on") for name in options.on]
    made, cosine = conditioned(
        direction, conditions, name=options.name, ws_samples=sample_w(model.generator, 2000)
    )
    cancel.check()
    write_directions_as([made], options.out)
    if options.keep:
        model.library.keep([made])
    return BoundaryConditionResult(options.out, made, cosine)


def conditioned(
    direction: Direction,
    conditions: Sequence[Direction],
    *,
    name: str | None = None,
    ws_samples: object = None,
) -> tuple[LinearDirection, float]:
    """A straight direction without others, at unit length, and its cosine with the one before.

    In w+ a condition of w counts on every row. Conditions that move other rows take nothing away.

    Args:
        direction: what to move along.
        conditions: what it must not move along; any number.
        name: of the result; names all of them when not given.
        ws_samples: ``(n, w_dim)`` float32, w of random seeds, to tell how far latents spread along it.

    Raises:
        InputError: one of them is curved, all of them move other rows, one depends on the others, or nothing
            is left.
        IncompatibleLatentError: they are not of one space.
    """
    import numpy as np

    from latent_studio.core.directions import DirectionInfo, LinearDirection
    from latent_studio.core.errors import IncompatibleLatentError
    from latent_studio.core.spaces import Space
    from latent_studio.core.spread import spread_along
    from latent_studio.methods.boundary.condition import condition_vector

    straight = [one for one in (direction, *conditions) if isinstance(one, LinearDirection)]
    if len(straight) != 1 + len(conditions):
        raise InputError(
            "A curved path has no single direction to leave out.",
            hint="Condition straight directions only; lock a path instead.",
        )
    first, *others = straight
    rest = [one for one in others if _share_rows(first, one)]
    if others and not rest:
        raise InputError(
            f"{first.name!r} moves other rows than {', '.join(one.name for one in others)}: it is free of "
            "them already.",
            hint="Choose others, or give it all rows first.",
        )
    vectors = []
    for one in rest:
        if one.space is first.space:
            vectors.append(one.vector)
        elif first.space is Space.W_PLUS and one.space is Space.W:
            vectors.append(np.tile(one.vector, (len(first.vector), 1)))
        else:
            raise IncompatibleLatentError(
                f"{one.name!r} lives in {one.space.value}, but {first.name!r} in {first.space.value}.",
                hint="Both must be of the same space.",
            )
    left = condition_vector(first.vector, vectors, names=[one.name for one in rest])
    before = first.vector.astype(np.float64).ravel()
    after = left.astype(np.float64).ravel()
    cosine = float(before @ after / np.linalg.norm(before) / np.linalg.norm(after))
    names = ", ".join(one.name for one in rest)
    title = name or f"{first.name} without {names}"
    details = {
        key: value for key, value in first.info.details.items() if not key.startswith(("accuracy", "p"))
    }
    made = LinearDirection("", title, first.space, left, rows=first.rows)
    result = LinearDirection(
        f"boundary:{made.digest[:12]}",
        title,
        first.space,
        left,
        rows=first.rows,
        sigma=spread_along(made, ws_samples if isinstance(ws_samples, np.ndarray) else None),
        info=DirectionInfo(
            "boundary", first.info.model_sha256, {**details, "without": names, "cosine": cosine}
        ),
    )
    return result, cosine


def _share_rows(first: LinearDirection, second: LinearDirection) -> bool:
    """Whether two directions after the mapping network move a row in common; of rows not named, all."""
    if first.rows is None or second.rows is None:
        return True
    return not set(first.rows).isdisjoint(second.rows)
