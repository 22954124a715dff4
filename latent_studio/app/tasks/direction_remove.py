"""direction remove: a direction that was kept, out of a model's library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class DirectionRemoveOptions:
    """Which direction of which model."""

    model: str = model_option()
    direction: str = option(help="Its name or id in the library.", positional=True, metavar="NAME")


@dataclass(frozen=True, slots=True)
class DirectionRemoveResult:
    """What is gone.

    Attributes:
        name: of the direction.
    """

    name: str

    @property
    def lines(self) -> tuple[str, ...]:
        """A sentence."""
        return (f"{self.name} is removed.",)


def run_direction_remove(
    studio: Studio, options: DirectionRemoveOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionRemoveResult:
    """Remove a direction.

    Raises:
        OptionError: there is none of that name, or it came with the model.
        LatentStudioError: the model cannot be opened.
    """
    check_options(options)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    entry = model.library.find(options.direction)
    if entry is None:
        raise OptionError(
            "NAME",
            f"{options.direction!r} is no direction of this model's library.",
            hint="See “latent-studio direction list”.",
        )
    if not entry.is_kept:
        raise OptionError(
            "NAME",
            f"{entry.direction.name} was found on the model or came with it, so it cannot be removed.",
            hint="Hide it: “direction keep NAME --hide”.",
        )
    model.library.remove((entry.id,))
    return DirectionRemoveResult(entry.direction.name)
