"""Latent spaces and the shape contract of each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_studio.core.spec import GeneratorSpec


class Space(StrEnum):
    """Where a latent lives.

    Z: the network's input, ``(z_dim,)``, standard normal.
    W: the mapping network's output, ``(w_dim,)``, the same for every row.
    W_PLUS: one w per row, ``(num_ws, w_dim)``.
    S: styles, what the affine layers make of ws; directions live there, latents do not.
    """

    Z = "z"
    W = "w"
    W_PLUS = "w+"
    S = "s"


def shape_in(space: Space, spec: GeneratorSpec) -> tuple[int, ...]:
    """The shape of one unbatched latent of ``space`` for a model."""
    match space:
        case Space.Z:
            return (spec.z_dim,)
        case Space.W:
            return (spec.w_dim,)
        case Space.W_PLUS:
            return (spec.num_ws, spec.w_dim)
        case Space.S:
            raise ValueError("no latent lives in style space")
