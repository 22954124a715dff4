"""BaseBlend: a place between several places of latent space, as a timeline passes through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latent_studio.core.latent import Latent
    from latent_studio.core.seed_plane import SeedPoint
    from latent_studio.core.session import Base


#: ``w`` along a line after the mapping network, ``z`` along one before it, ``sphere`` along the sphere of z.
Course = Literal["w", "z", "sphere"]


@dataclass(frozen=True, slots=True)
class BaseBlend:
    """Places with their weights. What of them is blended is the model's business: see ``engine/resolve.py``.

    Attributes:
        parts: at least two different places with their weights, which add up to 1; some may be negative.
        course: what is blended; where a part has no z, w's are.
    """

    parts: tuple[tuple[Base, float], ...]
    course: Course = "w"


if TYPE_CHECKING:
    #: Where a picture may start from: a place, or one between places.
    AnyBase = SeedPoint | Latent | BaseBlend


def blended(parts: Iterable[tuple[Base, float]], *, course: Course = "w") -> AnyBase:
    """The blend of places; a place alone is itself, and the same place twice is one."""
    found: list[tuple[Base, float]] = []
    for base, weight in parts:
        index = next((i for i, (other, _) in enumerate(found) if other == base), None)
        if index is None:
            found.append((base, weight))
        else:
            found[index] = (base, found[index][1] + weight)
    found = [(base, weight) for base, weight in found if weight] or found[:1]
    return found[0][0] if len(found) == 1 else BaseBlend(tuple(found), course)
