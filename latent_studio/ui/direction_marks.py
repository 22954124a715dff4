"""Marking directions from anywhere in the window, so that each mark is an action that can be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latent_studio.app.state_code import place_of
from latent_studio.app.tasks.direction_keep import DirectionKeepOptions, mark_direction
from latent_studio.app.tasks.direction_remove import DirectionRemoveOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.core.directions import Direction
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.twin import Deed, Keep


def mark(context: DockContext, id: str, **said: Any) -> None:
    """Say something about a direction of the open model.

    Args:
        context: the window's parts.
        id: of the direction.
        said: fields of ``DirectionKeepOptions``, such as ``star=True``.

    Raises:
        OptionError: its ends are no ends.
    """
    library, model = context.directions.library, context.models.model
    if library is None or model is None:
        return
    options = DirectionKeepOptions(place_of(model.ref), id, **said)
    mark_direction(library, id, options)
    context.commands.add(("direction keep", options))


def remove(context: DockContext, id: str) -> None:
    """Remove a direction that the user kept."""
    library, model = context.directions.library, context.models.model
    if library is not None and model is not None:
        library.remove((id,))
        context.commands.add(("direction remove", DirectionRemoveOptions(place_of(model.ref), id)))


def import_deed(model: str, directions: Sequence[Direction], keep: Keep) -> Deed:
    """What puts directions that were made by hand into the library of a model: they are kept in a file.

    Args:
        model: its place.
        directions: as the library has them.
        keep: writes them down.
    """
    from latent_studio.app.direction_files import direction_file_bytes
    from latent_studio.app.tasks.direction_convert import DirectionConvertOptions

    file = keep(direction_file_bytes(directions), stem="directions", suffix=".safetensors")
    return "direction convert", DirectionConvertOptions(model, file, keep=True)
