"""The latent map: samples of a model, axes to lay them out by, and what can be made of some of them.

All of it is in w at full variety, before truncation; in z for families without a mapping network.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import InputError
from latent_studio.core.files import replacing
from latent_studio.core.jobs import Progress
from latent_studio.core.latent import Latent, z_from_seed
from latent_studio.core.latent_plane import PlaneAxis
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.synthesis import ClassWeights, SynthesisSettings
    from latent_studio.methods.boundary.learn import LearnedBoundary
    from latent_studio.methods.boundary.train import Learner

log = logging.getLogger(__name__)

#: Latents mapped in one step of the gate.
_AT_ONCE = 128
#: Principal components offered as axes.
COMPONENTS = 6
#: Pictures read in one piece; a finished piece stays when the job is cancelled.
_READ_AT_ONCE = 40
#: Fewer pictures say nothing of how an attribute lies among the latents.
FEWEST_READ = 40
#: Examples of one kind that a direction is learned from at most.
_MOST_EXAMPLES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class MapSamples:
    """What the map shows.

    Attributes:
        latents: ``(N, dim)`` float32; row ``k`` is that of seed ``k``.
        space: W, or Z for families without a mapping network.
        model_sha256: the model's hash.
        classes: labels they were mapped with; empty for unconditional models.
    """

    latents: NDArray[np.float32]
    space: Space
    model_sha256: str
    classes: ClassWeights = ()


def draw_samples(
    studio: Studio, *, count: int, classes: ClassWeights, progress: ProgressSink, cancel: CancelToken
) -> MapSamples:
    """Map the first seeds of the open model; found again in the cache.

    Args:
        studio: whose model is open.
        count: how many.
        classes: labels and weights; not looked at for unconditional models.
        progress: told after every step.
        cancel: looked at between steps.

    Raises:
        LatentStudioError: the model cannot compute.
        Cancelled: a stop was asked for.
    """
    import torch

    model, engine = studio.model, studio.engine
    spec, sha256 = model.spec, model.ref.sha256
    space = Space.W if spec.has_mapping else Space.Z
    classes = classes if spec.c_dim and spec.has_mapping else ()
    path = _cache_path(studio, sha256, count, classes)
    known = _read(path, (count, spec.w_dim if spec.has_mapping else spec.z_dim))
    if known is not None:
        return MapSamples(known, space, sha256, classes)
    rows: list[NDArray[np.float32]] = []
    for start in range(0, count, _AT_ONCE):
        cancel.check()
        z = np.stack([z_from_seed(seed, spec.z_dim) for seed in range(start, min(start + _AT_ONCE, count))])
        if spec.has_mapping:
            with engine.job_step(), torch.inference_mode():
                generator = engine.generator
                assert generator is not None  # noqa: S101 -- a step needs an open model
                c = None
                if classes:
                    c = torch.zeros(len(z), spec.c_dim, device=generator.device)
                    for label, weight in classes:
                        c[:, label] += weight
                mapped = generator.map(torch.from_numpy(z).to(generator.device), c)
                z = mapped.mean(dim=1).float().cpu().numpy()
        rows.append(z)
        done = min(start + _AT_ONCE, count)
        progress(Progress(done / count, f"Mapped {done:,} of {count:,} seeds"))
    latents = np.concatenate(rows)
    _write(path, latents)
    return MapSamples(latents, space, sha256, classes)


def principal_axes(samples: MapSamples, count: int = COMPONENTS) -> list[PlaneAxis]:
    """Axes along which the samples vary most, the widest first."""
    import torch

    from latent_studio.methods.pca import Moments

    moments = Moments(samples.latents.shape[1])
    moments.add(torch.from_numpy(samples.latents))
    _, vectors = moments.components()
    return [
        PlaneAxis.along(vector, title=f"PC {k}", samples=samples.latents)
        for k, vector in enumerate(vectors[:count])
    ]


def can_be_axis(direction: Direction, space: Space) -> bool:
    """Whether a direction lies in the map's space as a straight line."""
    from latent_studio.core.directions import LinearDirection

    return isinstance(direction, LinearDirection) and direction.space is space


def direction_axis(direction: Direction, samples: MapSamples) -> PlaneAxis:
    """An axis along a straight direction of the map's space.

    Raises:
        InputError: the direction is of another space, or a curve.
    """
    from latent_studio.core.directions import LinearDirection

    if not isinstance(direction, LinearDirection) or direction.space is not samples.space:
        raise InputError(f"{direction.name} is no straight direction in {samples.space.value}.")
    return PlaneAxis.along(direction.vector, title=direction.name, samples=samples.latents)


def read_axes(
    studio: Studio,
    samples: MapSamples,
    predictor_id: str,
    *,
    count: int,
    synthesis: SynthesisSettings,
    progress: ProgressSink,
    cancel: CancelToken,
) -> list[PlaneAxis]:
    """Axes of what a predictor reads off the pictures of the first samples.

    Each is the straight line through the latents that says most about the attribute (ridge regression, as
    much of a ridge as left-out examples ask for), so that every latent has a place, read or not. ``trust`` is
    R squared on examples left out.

    Args:
        studio: whose model is open.
        samples: of that model.
        predictor_id: who reads.
        count: how many pictures; those read before are found again.
        synthesis: of the pictures.
        progress: told after every picture.
        cancel: looked at between stages; what was read before is used once there is enough.

    Raises:
        InputError: nothing can be told from so few pictures.
        LatentStudioError: rendering or predicting failed.
        Cancelled: a stop was asked for before there was enough.
    """
    from latent_studio.app.attribute_pool import score_seeds
    from latent_studio.core.errors import Cancelled
    from latent_studio.methods.attributes.catalog import find_predictor

    predictor = find_predictor(predictor_id, studio.plugins.predictors()).load(studio.engine.choice.device)
    count = min(count, len(samples.latents))
    scores: list[NDArray[np.float32]] = []
    try:
        for start in range(0, count, _READ_AT_ONCE):
            share = min(_READ_AT_ONCE, count - start) / count
            pool = score_seeds(
                studio,
                predictor,
                predictor_id=predictor_id,
                count=min(_READ_AT_ONCE, count - start),
                synthesis=synthesis,
                first_seed=start,
                progress=lambda told, start=start, share=share: progress(
                    Progress(start / count + share * (told.fraction or 0.0), f"Reading {count:,} pictures")
                ),
                cancel=cancel,
            )
            scores.append(pool.scores)
    except Cancelled:
        if sum(map(len, scores)) < FEWEST_READ:
            raise
    table = np.concatenate(scores)
    axes = [
        axis
        for info, column in zip(predictor.attributes, table.T, strict=True)
        if (axis := fitted_axis(samples.latents, column, title=info.title)) is not None
    ]
    if len(axes) < 2:
        raise InputError(
            "What was read says nothing about where pictures lie.",
            hint="Take another predictor or directions.",
        )
    return axes


def fitted_axis(latents: NDArray[np.float32], scores: NDArray[np.float32], *, title: str) -> PlaneAxis | None:
    """An axis that reads a score off latents.

    Args:
        latents: ``(N, dim)``; the first ones are those that have scores.
        scores: ``(n,)``, NaN where a score could not be told.
        title: of the axis.

    Returns:
        ``None`` where there are too few scores, all are the same, or latents say nothing about them.
    """
    import torch

    known = np.flatnonzero(np.isfinite(scores))
    if len(known) < FEWEST_READ or float(scores[known].std()) < 1e-6:
        return None
    mean = latents.mean(axis=0, dtype=np.float64)
    x, y = latents[known] - mean, scores[known].astype(np.float64)
    middle = float(y.mean())
    y = y - middle
    # The regression in terms of the examples: there may be fewer of them than numbers in a latent.
    values, columns = torch.linalg.eigh(torch.from_numpy(x @ x.T))
    values, columns = np.maximum(values.numpy(), 0.0), columns.numpy()
    along = columns.T @ y
    best, error = 0.0, np.inf
    for ridge in values.mean() * np.logspace(-4, 2, 13):
        kept = values / (values + ridge)
        left_out = (y - columns @ (kept * along)) / (1 - (columns**2 * kept).sum(axis=1) - 1 / len(y))
        if (found := float((left_out**2).mean())) < error:
            best, error = float(ridge), found
    trust = 1 - error / float((y**2).mean())
    if not trust > 0.01:
        return None
    reading = x.T @ (columns @ (along / (values + best)))
    # The usual way for it to change: what goes with it among the model's own latents.
    centred = latents - mean
    way = centred.T @ (centred @ reading) / len(latents)
    return PlaneAxis(title, reading, middle - float(mean @ reading), way / np.linalg.norm(way), trust)


def chosen_direction(
    samples: MapSamples,
    chosen: NDArray[np.bool_],
    *,
    name: str,
    learner: Learner,
    progress: ProgressSink,
    cancel: CancelToken,
) -> LearnedBoundary:
    """The direction from all other samples to the chosen ones.

    Args:
        samples: of the map.
        chosen: ``(N,)``.
        name: what the user sees.
        learner: difference of the means, or a support vector machine.
        progress: told when it begins.
        cancel: looked at between trainings.

    Raises:
        InputError: too few are chosen, or all.
        Cancelled: a stop was asked for.
    """
    from latent_studio.methods.boundary.examples import examples_of
    from latent_studio.methods.boundary.learn import learn_boundary

    progress(Progress(0.1, "Comparing the chosen ones with the others"))
    rng = np.random.default_rng(0)

    def some(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        places = np.flatnonzero(mask)
        if len(places) > _MOST_EXAMPLES:
            places = np.sort(rng.choice(places, _MOST_EXAMPLES, replace=False))
        return samples.latents[places]

    return learn_boundary(
        examples_of(some(chosen), some(~chosen)),
        name=name,
        space=samples.space,
        learner=learner,
        shuffles=0,
        model_sha256=samples.model_sha256,
        ws_samples=samples.latents if samples.space is Space.W else None,
        details={"from": "map"},
        check_cancel=cancel.check,
    )


def middle_of(samples: MapSamples, chosen: NDArray[np.bool_]) -> Latent:
    """The mean of the chosen samples: what truncation may pull towards.

    Raises:
        InputError: none are chosen, or the model has no w.
    """
    if samples.space is not Space.W:
        raise InputError(
            "This model has no w to pull towards.", hint="Truncation around a group needs a mapping network."
        )
    if not chosen.any():
        raise InputError("No sample is chosen.", hint="Draw a loop around some on the map first.")
    return Latent(Space.W, samples.latents[chosen].mean(axis=0))


def base_beside(ws: NDArray[np.float32], shift: NDArray[np.float32], spec: GeneratorSpec) -> Latent:
    """The place a shift away from another.

    Args:
        ws: ``(num_ws, w_dim)`` of the place, at full variety.
        shift: ``(w_dim,)``, or ``(z_dim,)`` for families without a mapping network; added to every row.
        spec: of the model.
    """
    if not spec.has_mapping:
        return Latent(Space.Z, ws[0, : spec.z_dim] + shift)
    if (ws == ws[:1]).all():
        return Latent(Space.W, ws[0] + shift)
    return Latent(Space.W_PLUS, ws + shift)


def flat(ws: NDArray[np.float32], spec: GeneratorSpec) -> NDArray[np.float32]:
    """The one latent ``(dim,)`` that stands for ws ``(num_ws, w_dim)`` on the map: the mean of its rows."""
    return np.asarray(ws.mean(axis=0) if spec.has_mapping else ws[0, : spec.z_dim], dtype=np.float32)


def _cache_path(studio: Studio, sha256: str, count: int, classes: ClassWeights) -> Path:
    key = hashlib.blake2b(repr((count, classes)).encode(), digest_size=6).hexdigest()
    return studio.paths.cache / "maps" / f"{sha256[:32]}-{key}.npy"


def _read(path: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    try:
        found = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever is wrong with the cache, it can be found again
        log.warning("Cached samples cannot be read and are found again: %s", error)
        return None
    return found if found.shape == shape and found.dtype == np.float32 else None


def _write(path: Path, latents: NDArray[np.float32]) -> None:
    try:
        with replacing(path) as file:
            np.save(file, latents, allow_pickle=False)
    except OSError as error:
        log.warning("Samples cannot be cached: %s", error)
