"""Ratings: pictures of seeds that somebody likes or does not, and the direction between the two kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.jobs import Progress
from latent_studio.core.latent import z_from_seed
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.boundary.learn import LearnedBoundary

#: Pictures rated before the first direction, and between two of them.
ROUND = 10
#: Latents the gallery chooses from.
_POOL = 600
#: Latents drawn to learn how wide the model's latents are in each direction.
_SPREAD_SAMPLES = 4000


@dataclass(frozen=True, slots=True)
class RatingPool:
    """What can be rated.

    Attributes:
        seeds: of the pictures.
        latents: ``(n, dim)`` float32: their w at full variety, or z for families without a mapping network.
        space: of the latents.
        ws_samples: ``(m, w_dim)`` float32, w of random seeds.
        scales: coordinates to learn in, ``(k, w_dim)``; ``None`` in z.
        model_sha256: the model's hash.
    """

    seeds: tuple[int, ...]
    latents: NDArray[np.float32]
    space: Space
    ws_samples: NDArray[np.float32]
    scales: NDArray[np.float32] | None
    model_sha256: str


def make_pool(
    model: LoadedModel, *, first_seed: int, progress: ProgressSink, cancel: CancelToken
) -> RatingPool:
    """Map the pool's seeds and get ready to learn. Takes a second or two; belongs in a job."""
    import torch

    from latent_studio.app.models import sample_w
    from latent_studio.methods.boundary.thumbs import prepare

    spec, generator = model.spec, model.generator
    seeds = tuple(range(first_seed, first_seed + _POOL))
    progress(Progress(0.0, "Drawing pictures to rate"))
    z = np.stack([z_from_seed(seed, spec.z_dim) for seed in seeds])
    samples = sample_w(generator, _SPREAD_SAMPLES)
    cancel.check()
    if not spec.has_mapping:
        return RatingPool(seeds, z, Space.Z, samples, None, model.ref.sha256)
    progress(Progress(0.4, "Mapping them"))
    rows = []
    class_idx = model.start.synthesis.class_idx or 0
    for start in range(0, len(z), 128):
        part = torch.from_numpy(z[start : start + 128]).to(generator.device)
        c = None
        if spec.c_dim:
            c = torch.zeros(len(part), spec.c_dim, device=generator.device)
            c[:, class_idx] = 1
        with torch.inference_mode():
            rows.append(generator.map(part, c)[:, 0].float().cpu().numpy())
        cancel.check()
    progress(Progress(0.7, "Measuring the model's latents"))
    scales = prepare(samples)
    progress(Progress(1.0, "Ready to rate"))
    return RatingPool(seeds, np.concatenate(rows), Space.W, samples, scales, model.ref.sha256)


class Ratings:
    """What somebody has said so far about a pool.

    Args:
        pool: what is rated.
    """

    def __init__(self, pool: RatingPool) -> None:
        self.pool = pool
        self._given: dict[int, bool] = {}

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
        """Which pictures to ask about next: the least certain, or any while nothing is known."""
        if learned is None:
            left = (place for place in range(len(self.pool.seeds)) if place not in self._given)
            return tuple(place for place, _ in zip(left, range(count), strict=False))
        from latent_studio.methods.boundary.thumbs import most_uncertain

        return most_uncertain(learned.plane, self.pool.latents, rated=self.rated, count=count)
