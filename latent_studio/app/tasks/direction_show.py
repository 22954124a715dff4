"""direction show: what is known of a direction, or how a file of directions is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.direction_options import (
    axis_option,
    count_option,
    norm_option,
    reading_of,
    rows_option,
    space_option,
)
from latent_studio.app.tasks.named_directions import DIRECTION_HELP, find_direction
from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class DirectionShowOptions:
    """What to look at, and for which model."""

    model: str = model_option()
    direction: str = option(
        help=f"A direction or a file of them: {DIRECTION_HELP}", positional=True, metavar="NAME"
    )
    space: Literal["z", "w", "w+"] | None = space_option()
    rows: tuple[int, ...] | None = rows_option()
    norm: Literal["keep", "unit"] | None = norm_option()
    axis: Literal["rows", "columns"] | None = axis_option()
    count: int | None = count_option()


@dataclass(frozen=True, slots=True)
class DirectionShowResult:
    """What there is to say.

    Attributes:
        directions: what was found.
        sentence: how a file was read; empty for a direction of the library.
        warnings: what may be wrong with that.
    """

    directions: tuple[Direction, ...]
    sentence: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The sentence, the warnings, and what is known of each direction."""
        told = [self.sentence] if self.sentence else []
        return (*told, *(f"Careful: {warning}" for warning in self.warnings), *map(_line, self.directions))


def run_direction_show(
    studio: Studio, options: DirectionShowOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionShowResult:
    """Look at a direction; nothing is written.

    Raises:
        InputError: a file holds no directions of this model; says why.
        LatentStudioError: the model or the file cannot be opened.
    """
    check_options(options)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    path = Path(options.direction)
    if model.library.find(options.direction) is None and path.suffix and path.exists():
        from latent_studio.app.direction_import import import_directions
        from latent_studio.app.models import sample_w

        found = import_directions(
            path,
            model.spec,
            reading=reading_of(options),
            model_sha256=model.ref.sha256,
            ws_samples=sample_w(model.generator, 2000),
        )
        return DirectionShowResult(found.directions, found.sentence, found.warnings)
    return DirectionShowResult((find_direction(options.direction, model, studio.paths, option="NAME"),))


def _line(direction: Direction) -> str:
    low, high = direction.suggested_range
    facts = json.dumps(dict(direction.info.details), sort_keys=True)
    return (
        f"{direction.name}  {direction.space.value}  {low:+.3f} to {high:+.3f}  sigma {direction.sigma:.4f}  "
        f"{direction.info.source or 'unknown source'}  {facts}"
    )
