"""Directions by the names people type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latent_studio.core.errors import OptionError
from latent_studio.core.rows import parse_rows

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.paths import Paths
    from latent_studio.core.directions import Direction
    from latent_studio.methods.sefa import SefaVariant

_SEFA = re.compile(
    r"sefa:(?:(?P<variant>genforce|mmgen|rosinality):)?(?:(?P<rows>all|[\d,-]+):)?(?P<index>\d{1,6})"
)


def find_direction(name: str, model: LoadedModel, paths: Paths, *, option: str = "--direction") -> Direction:
    """The direction a name stands for.

    Args:
        name: ``sefa:3`` for the fourth strongest, or the whole id ``sefa:genforce:0-3:3``: which variant, and
            the rows whose layers were factorised.
        model: the model it is found on.
        paths: where found directions are kept.
        option: whom to blame in the error.

    Raises:
        OptionError: the name stands for none, or the model has fewer.
    """
    for direction in model.directions:
        if direction.id == name:
            return direction
    match = _SEFA.fullmatch(name)
    if match is None:
        raise OptionError(
            option,
            f"{option} {name!r} is no direction.",
            hint="Write sefa:0 for the strongest, or a whole id such as sefa:genforce:0-3:0.",
        )
    from latent_studio.app.models import sefa_directions

    index = int(match["index"])
    dim = model.spec.w_dim
    if index >= dim:
        raise OptionError(
            option, f"{option} is {name}, but this model has the directions sefa:0 to sefa:{dim - 1}."
        )
    rows = None if match["rows"] in (None, "all") else parse_rows(match["rows"], option=option)
    variant: SefaVariant = match["variant"] or "genforce"  # type: ignore[assignment]
    return sefa_directions(
        model.generator, model.ref.sha256, paths=paths, variant=variant, layers=rows, count=None
    )[index]
