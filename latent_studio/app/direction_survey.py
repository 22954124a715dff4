"""Surveys of directions on the open model: what each one changes, and where its slider should end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.jobs import Progress
from latent_studio.core.latent import z_from_seed
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.change import Change
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.synthesis import SynthesisSettings
    from latent_studio.methods.calibration import Calibration

#: Starts a survey looks at where nothing else is asked for.
SURVEY_SEEDS = (0, 1, 2, 3)


@dataclass(frozen=True, slots=True, eq=False)
class RankedDirection:
    """A direction with what it changes.

    Attributes:
        direction: what was moved along.
        change: between two standard deviations down and two up.
        duplicate_of: names of stronger directions that do the same.
    """

    direction: Direction
    change: Change
    duplicate_of: tuple[str, ...]


def rank_directions(
    studio: Studio,
    directions: Sequence[Direction],
    *,
    synthesis: SynthesisSettings,
    seeds: Sequence[int] = SURVEY_SEEDS,
    sigmas: float = 2.0,
    progress: ProgressSink,
    cancel: CancelToken,
) -> tuple[RankedDirection, ...]:
    """Rank directions of the open model by how much they change, the strongest first.

    Args:
        studio: whose model is open.
        directions: of that model.
        synthesis: truncation, noise and class of the pictures.
        seeds: the starts.
        sigmas: how far both ways.
        progress: told after every direction.
        cancel: looked at between the stages of a picture.

    Raises:
        LatentStudioError: rendering failed.
        Cancelled: a stop was asked for.
    """
    from latent_studio.core.change import change_along, duplicates, reduced

    changes = []
    for done, direction in enumerate(directions, start=1):
        pictures = _pictures(
            studio, direction, [-sigmas * direction.sigma, sigmas * direction.sigma], seeds, synthesis, cancel
        )
        ends = [[reduced(one) for one in end] for end in pictures]
        changes.append(change_along(list(zip(*ends, strict=True))))
        progress(Progress(done / len(directions), f"Looked at {done} of {len(directions)} directions"))
    order = sorted(range(len(changes)), key=lambda k: -changes[k].strength)
    same = duplicates([changes[k] for k in order])
    return tuple(
        RankedDirection(
            directions[k], changes[k], tuple(directions[order[earlier]].name for earlier in same[place])
        )
        for place, k in enumerate(order)
    )


def calibrate_direction(
    studio: Studio,
    direction: Direction,
    *,
    synthesis: SynthesisSettings,
    seeds: Sequence[int] = SURVEY_SEEDS,
    with_pictures: bool = True,
    cancel: CancelToken,
) -> Calibration:
    """Where the slider of a direction should end on the open model.

    Args:
        studio: whose model is open.
        direction: of that model.
        synthesis: truncation, noise and class of the pictures.
        seeds: the starts.
        with_pictures: look at pictures too, which takes some seconds; latents alone take no time.
        cancel: looked at between the stages of a picture.

    Raises:
        LatentStudioError: rendering failed.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.models import sample_w
    from latent_studio.methods.calibration import LatentRegion, calibrated

    model = studio.model
    if direction.space is Space.Z:
        starts = np.stack([z_from_seed(seed, model.spec.z_dim) for seed in seeds])
        samples = np.random.default_rng(0).standard_normal((2000, model.spec.z_dim), dtype=np.float32)
    else:
        requests = [RenderRequest(0, SeedPoint(seed), synthesis=synthesis) for seed in seeds]
        starts = np.stack([studio.engine.resolve_ws(request) for request in requests])
        samples = sample_w(model.generator, 2000)
    region = LatentRegion(samples)

    def render(amount: float) -> NDArray[np.floating]:
        (pictures,) = _pictures(studio, direction, [amount], seeds, synthesis, cancel)
        return np.stack(pictures).astype(np.float32) / 255.0

    if direction.space is Space.S:
        with_pictures = True
    return calibrated(direction, starts, region, render=render if with_pictures else None)


def _pictures(
    studio: Studio,
    direction: Direction,
    amounts: Sequence[float],
    seeds: Sequence[int],
    synthesis: SynthesisSettings,
    cancel: CancelToken,
) -> Iterator[list[NDArray[np.uint8]]]:
    """The pictures of all seeds at each amount."""
    for amount in amounts:
        edits = EditStack((Edit(direction, amount),))
        requests = [
            RenderRequest(index, SeedPoint(seed), edits=edits, synthesis=synthesis)
            for index, seed in enumerate(seeds)
        ]
        yield [frame.pixels for frame in studio.engine.render_batch(requests, check_cancel=cancel.check)]
