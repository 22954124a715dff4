"""Ratings: pictures that somebody likes or does not, and the direction between the two kinds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.core.latent import Latent
    from latent_studio.core.seed_plane import SeedPoint
    from latent_studio.core.spaces import Space
    from latent_studio.methods.boundary.learn import LearnedBoundary

#: Pictures rated before the first direction, and between two of them.
ROUND = 10


@dataclass(frozen=True, slots=True)
class RatingPool:
    """What can be rated.

    Attributes:
        bases: where each picture starts from.
        latents: ``(n, dim)`` float32: their w at full variety, or z for families without a mapping network.
        space: of the latents.
        ws_samples: ``(m, w_dim)`` float32, w of random seeds.
        scales: coordinates to learn in, ``(k, w_dim)``; ``None`` in z.
        model_sha256: the model's hash.
        is_exact: the pictures are shown as they are, without truncation: they are somebody's photos.
        given: what is known about some of them before anybody rates, by their place.
        remarks: sentences on what could not be used.
    """

    bases: tuple[SeedPoint | Latent, ...]
    latents: NDArray[np.float32]
    space: Space
    ws_samples: NDArray[np.float32]
    scales: NDArray[np.float32] | None
    model_sha256: str
    is_exact: bool = False
    given: Mapping[int, bool] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


class Ratings:
    """What somebody has said so far about a pool.

    Args:
        pool: what is rated.
    """

    def __init__(self, pool: RatingPool) -> None:
        self.pool = pool
        self._given: dict[int, bool] = dict(pool.given)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to rate."""
        return len(self._given) >= len(self.pool.bases)

    @property
    def rated(self) -> tuple[int, ...]:
        """Places in the pool that are rated, in the order they were."""
        return tuple(self._given)

    @property
    def counts(self) -> tuple[int, int]:
        """How many are liked, and how many are not."""
        liked = sum(self._given.values())
        return liked, len(self._given) - liked

    def of(self, place: int) -> bool | None:
        """What was said about a picture; ``None`` when nothing was."""
        return self._given.get(place)

    def rate(self, place: int, *, liked: bool) -> None:
        """Say whether a picture has it. A second word about it takes the first one's place."""
        self._given.pop(place, None)
        self._given[place] = liked

    def undo(self) -> int | None:
        """Take the last word back.

        Returns:
            the place it was about; ``None`` when there was none.
        """
        if not self._given:
            return None
        return self._given.popitem()[0]

    def learn(self, name: str) -> LearnedBoundary:
        """The direction from what is not liked to what is.

        Raises:
            InputError: one kind is missing, or there are too few of them.
        """
        from latent_studio.methods.boundary.thumbs import learn_from_thumbs

        pool = self.pool
        liked, others = (
            pool.latents[[place for place, given in self._given.items() if given is kind]]
            for kind in (True, False)
        )
        return learn_from_thumbs(
            liked,
            others,
            name=name,
            model_sha256=pool.model_sha256,
            ws_samples=pool.ws_samples,
            scales=pool.scales,
            space=pool.space,
        )

    def next_places(self, learned: LearnedBoundary | None, count: int = ROUND) -> tuple[int, ...]:
        """Which pictures to ask about next: the least certain, or any while nothing is known.

        Once all are rated, the least certain of all come again, so that a word can be changed.
        """
        if learned is None:
            left = (place for place in range(len(self.pool.bases)) if place not in self._given)
            return tuple(place for place, _ in zip(left, range(count), strict=False))
        from latent_studio.methods.boundary.thumbs import most_uncertain

        rated = () if self.is_complete else self.rated
        return most_uncertain(learned.plane, self.pool.latents, rated=rated, count=count)
