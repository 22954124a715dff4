"""Variations: random steps around a state, as one edit that can be taken further."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.edits import Edit
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.session import Session
    from latent_studio.core.spec import GeneratorSpec

_SOURCE = "variation"


def vary(
    session: Session,
    seed: int,
    *,
    directions: Sequence[Direction],
    spec: GeneratorSpec,
    radius: float,
    rows: Rows = None,
) -> Session:
    """A neighbour of a state.

    The step is a random mix of the model's own directions, each as far as the model's latents spread along
    it; so it stays where pictures are natural. Where there are none it is normal in z. A step that was taken
    before is taken further by the same edit, so that wandering leaves one slider and not many.

    Args:
        session: where to start; it stays as it is.
        seed: which neighbour; the same seed gives the same one.
        directions: the model's straight directions of one space.
        spec: the model's shape.
        radius: how far, more than 0; 1 is about as far as two random pictures are apart.
        rows: rows of ws that change; ``None`` means all.
    """
    drawn = np.random.default_rng(seed)
    straight = [each for each in directions if isinstance(each, LinearDirection) and each.vector.ndim == 1]
    if straight:
        space = straight[0].space
        vectors = [each.sigma * each.vector for each in straight if each.space is space]
        step = drawn.standard_normal(len(vectors)) @ np.stack(vectors)
    else:
        space, step = Space.Z, drawn.standard_normal(spec.z_dim)
    step = (radius * step).astype(np.float32)
    rows = None if space is Space.Z else rows
    id = f"{_SOURCE}:{space.value}:{'all' if rows is None else ','.join(map(str, rows))}"
    before = session.edits.find(id)
    if before is not None and isinstance(before.direction, LinearDirection) and before.enabled:
        step = step + np.float32(before.amount) * before.direction.vector
    model = session.model
    direction = LinearDirection(
        id,
        "variation",
        space,
        step,
        rows=rows,
        suggested_range=(-2.0, 2.0),
        info=DirectionInfo(_SOURCE, "" if model is None else model.sha256),
    )
    return replace(session, edits=session.edits.with_edit(Edit(direction, 1.0)))
