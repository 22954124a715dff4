"""Thumbs up and down: a direction out of a few ratings, and which pictures to ask about next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.spaces import Space
from latent_studio.methods.boundary.examples import examples_of
from latent_studio.methods.boundary.learn import balanced_scales, learn_boundary, rows_averaged

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import ArrayLike, NDArray

    from latent_studio.methods.boundary.learn import LearnedBoundary
    from latent_studio.methods.boundary.train import Plane

#: The gallery learns anew after this many ratings.
RATINGS_PER_ROUND = 10
#: Uncertain pictures are drawn from this many times as many, so that they differ from each other.
_CHOICE = 6


def prepare(ws_samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """What takes longer than learning itself; call it when the gallery opens.

    Args:
        ws_samples: ``(n, w_dim)`` float32, w of random seeds.

    Returns:
        the scales that ``learn_from_thumbs`` takes, ``(w_dim, w_dim)`` float32.
    """
    import sklearn.svm  # noqa: F401 -- so that the first rating does not wait for it

    return balanced_scales(ws_samples)


def learn_from_thumbs(
    liked: ArrayLike,
    disliked: ArrayLike,
    *,
    name: str,
    model_sha256: str = "",
    ws_samples: NDArray[np.float32],
    scales: NDArray[np.float32] | None = None,
    space: Space = Space.W,
) -> LearnedBoundary:
    """A direction from what is liked to what is not.

    Learned by a support vector machine, in W in coordinates where a narrow direction counts as well as a wide
    one. Projections into w+ are taken in w: a few dozen of them in thousands of dimensions can be told apart
    by anything.

    Args:
        liked: ``(n, w_dim)``, or projections ``(n, num_ws, w_dim)``, whose rows are averaged.
        disliked: the same.
        name: what the user sees.
        model_sha256: the model's hash.
        ws_samples: ``(n, w_dim)`` float32, w of random seeds; not looked at in Z.
        scales: from ``prepare``; computed when not given.
        space: of the latents: W, or Z for families without a mapping network.

    Raises:
        InputError: one kind is missing, fewer than four ratings, or no difference between the kinds.
    """
    if space is not Space.W:
        scales = None
    elif scales is None:
        scales = balanced_scales(ws_samples)
    examples = examples_of(rows_averaged(liked), rows_averaged(disliked))
    return learn_boundary(
        examples,
        name=name,
        space=space,
        shuffles=0,
        model_sha256=model_sha256,
        ws_samples=ws_samples if space is Space.W else None,
        scales=scales,
        details={"from": "thumbs"},
    )


def most_uncertain(
    plane: Plane, pool: NDArray[np.float32], *, rated: Collection[int] = (), count: int = RATINGS_PER_ROUND
) -> tuple[int, ...]:
    """Which pictures to ask about next: those near the boundary, and far from each other.

    Args:
        plane: learned so far.
        pool: ``(n, dim)`` latents of the gallery.
        rated: indices that have been asked about already.
        count: how many.

    Returns:
        indices into the pool, the least certain first.
    """
    distances = np.abs(plane.distances(pool))
    distances[list(rated)] = np.inf
    near = [int(i) for i in np.argsort(distances)[: count * _CHOICE] if np.isfinite(distances[i])]
    if not near:
        return ()
    chosen = [near[0]]
    apart = np.linalg.norm(pool[near] - pool[near[0]], axis=1)
    while len(chosen) < min(count, len(near)):
        furthest = int(apart.argmax())
        chosen.append(near[furthest])
        apart = np.minimum(apart, np.linalg.norm(pool[near] - pool[near[furthest]], axis=1))
    return tuple(chosen)
