"""A direction as its user wants to see it: another name, the other way round, other ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latent_studio.core.directions import LinearDirection
from latent_studio.core.style_channels import StyleChannel
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.warp_path import WarpPath

if TYPE_CHECKING:
    from latent_studio.core.directions import Direction


#: The detail that says that a direction was turned round after it was found.
FLIPPED = "flipped"


def view_of(
    direction: Direction, *, name: str, flipped: bool, ends: tuple[float, float] | None = None
) -> Direction:
    """The direction under another name, or with its sign turned.

    The id stays. A flipped direction leads where the other one led with the opposite amount; its ends are
    mirrored with it.

    Args:
        direction: as it was found; one of a plugin's own kind is given back as it is.
        name: what to call it.
        flipped: turn it round.
        ends: slider ends of the result; those of the direction, mirrored if it is flipped, when not given.
    """
    if name == direction.name and not flipped and (ends is None or ends == direction.suggested_range):
        return direction
    low, high = direction.suggested_range
    ends = ends or ((-high, -low) if flipped else (low, high))
    info = direction.info
    if flipped:
        # So that nobody takes it for what the model alone gives back under this id.
        info = replace(info, details={**info.details, FLIPPED: "yes"})
    match direction:
        case LinearDirection():
            return LinearDirection(
                direction.id,
                name,
                direction.space,
                -direction.vector if flipped else direction.vector,
                rows=direction.rows,
                sigma=direction.sigma,
                suggested_range=ends,
                info=info,
            )
        case WarpPath():
            field = direction.support_set
            return WarpPath(
                direction.id,
                name,
                direction.space,
                SupportSet(field.vectors, -field.alphas, field.gamma) if flipped else field,
                rows=direction.rows,
                sigma=direction.sigma,
                suggested_range=ends,
                info=info,
            )
        case StyleChannel():
            return StyleChannel(
                direction.layer,
                direction.channel,
                row=direction.row,
                unit=-direction.unit if flipped else direction.unit,
                id=direction.id,
                name=name,
                suggested_range=ends,
                info=info,
            )
    return direction
