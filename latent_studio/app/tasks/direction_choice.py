"""Options that choose several directions, shared by the verbs that look at many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latent_studio.app.tasks.named_directions import DIRECTION_HELP, find_direction
from latent_studio.core.errors import OptionError
from latent_studio.core.options import option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.paths import Paths
    from latent_studio.core.directions import Direction


def some_directions_option() -> Any:
    """Which ones, by name."""
    return option((), help=f"Only this one: {DIRECTION_HELP} Again for more.", repeat=True, metavar="NAME")


def bank_option() -> Any:
    """Which ones, by bank."""
    return option(
        "all",
        help="Those of a bank: favourites, sefa, boundaries, pca, warp, channels, own, or all.",
        metavar="BANK",
    )


def chosen_directions(
    names: Sequence[str], bank: str, model: LoadedModel, paths: Paths
) -> tuple[Direction, ...]:
    """The directions named, else those of a bank that are not hidden.

    Raises:
        OptionError: there is no such direction or bank, or it is empty.
    """
    from latent_studio.app.direction_library import BANKS

    if names:
        return tuple(find_direction(name, model, paths) for name in names)
    if bank == "all":
        return model.library.directions
    if bank not in BANKS:
        raise OptionError("--bank", f"--bank is {bank}, but must be all or one of {', '.join(BANKS)}.")
    found = next(one for one in model.library.banks if one.id == bank)
    if not found.shown:
        raise OptionError("--bank", f"There is nothing in the bank {found.title} of this model.")
    return tuple(entry.direction for entry in found.shown)
