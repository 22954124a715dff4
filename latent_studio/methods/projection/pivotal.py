"""Pivotal tuning: bend a model's weights a little around a latent, so that it gives one picture exactly.

Roich, Mokady, Bermano and Cohen-Or, "Pivotal Tuning for Latent-based Editing of Real Images", 2021. The model
itself is not touched: what comes out is the difference of its weights.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import torch

from latent_studio.core.errors import Cancelled, UnsupportedOperationError
from latent_studio.generators.protocol import Generator
from latent_studio.methods.projection.latent_stats import one_hot
from latent_studio.methods.projection.loss_weights import LossWeights
from latent_studio.methods.projection.objective import picture_loss, score_picture
from latent_studio.methods.projection.synthesis import as_rgb, ws_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from torch import Tensor

    from latent_studio.generators.protocol import NoiseMaps
    from latent_studio.methods.projection.objective import Score, Target

    Step = Callable[[], AbstractContextManager[object]]


@runtime_checkable
class TunableGenerator(Generator, Protocol):
    """A generator that can be had with other numbers in its layers."""

    @property
    def tunable_tensors(self) -> Mapping[str, Tensor]:
        """The numbers that decide how ws becomes a picture, by name."""
        ...

    def with_tensors(self, changed: Mapping[str, Tensor]) -> TunableGenerator:
        """The same generator with some tensors replaced; differentiable through them."""
        ...


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """How weights are bent.

    Attributes:
        steps: of Adam.
        rate: its learning rate.
        locality: how strongly pictures of other latents are held as they were.
        held_every: a picture of another latent is looked at in every so many steps.
        seed: of those latents.
        weights: what counts how much in the picture.
    """

    steps: int = 120
    rate: float = 3e-4
    locality: float = 0.5
    held_every: int = 3
    seed: int = 0
    weights: LossWeights = field(default_factory=LossWeights)


@dataclass(frozen=True, slots=True)
class TuneStep:
    """A report from the middle of tuning.

    Attributes:
        done: steps so far.
        losses: parts of the objective by name, unweighted, and ``"loss"``.
        per_second: steps per second.
        seconds_left: about.
    """

    done: int
    losses: dict[str, float]
    per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning gave.

    Attributes:
        differences: to be added to the model's tensors, by name, on the CPU; empty if it did not get better.
        picture: ``(1, C, R, R)`` of the tuned model.
        score: before and after.
        is_complete: False when it was stopped.
    """

    differences: Mapping[str, Tensor]
    picture: Tensor
    score: tuple[Score, Score]
    is_complete: bool = True


def tune(
    generator: Generator,
    target: Target,
    latent: Tensor,
    noise: NoiseMaps | None,
    settings: TuneSettings,
    *,
    step: Step,
    class_idx: int = 0,
    report: Callable[[TuneStep], None] = lambda step: None,
    check_cancel: Callable[[], None] = lambda: None,
) -> Tuned:
    """Bend the weights around a latent.

    Args:
        generator: the model; stays as it is.
        target: the picture it should give.
        latent: the pivot, ``(w_dim,)`` or ``(num_ws, w_dim)``.
        noise: maps that belong to it; ``None`` for the model's own.
        settings: how.
        step: opens around each piece of computing.
        class_idx: label of a conditional model.
        report: told of every step.
        check_cancel: raises to stop; the best so far is then returned.

    Raises:
        UnsupportedOperationError: weights of this family cannot be bent.
    """
    if not isinstance(generator, TunableGenerator):
        raise UnsupportedOperationError(
            f"The weights of a {generator.spec.family} cannot be tuned.",
            hint="Tuning works for StyleGAN2; the latent alone is kept.",
        )
    maps = generator.noise_maps("const") if noise is None else noise
    maps = tuple(None if one is None else one.to(generator.device) for one in maps)
    ws = ws_of(latent.to(generator.device), generator.spec.num_ws)
    original = generator.tunable_tensors
    moving = {name: tensor.detach().clone().requires_grad_() for name, tensor in original.items()}
    optimizer = torch.optim.Adam(moving.values(), lr=settings.rate, betas=(0.9, 0.99))
    rng = np.random.RandomState(settings.seed)
    with step(), torch.no_grad():
        picture = generator.synthesize(ws, noise=maps)
        before = score_picture(picture, target, sigmas=0.0)
    best = {name: tensor.detach().clone() for name, tensor in moving.items()}
    best_loss, is_complete = float("inf"), True
    began = time.perf_counter()
    try:
        for index in range(settings.steps):
            check_cancel()
            with step(), torch.enable_grad():
                tuned = generator.with_tensors(moving)
                shown = as_rgb(tuned.synthesize(ws, noise=maps))
                losses, parts = picture_loss(shown, target, settings.weights)
                loss = losses.sum()
                value = float(loss.detach())
                if not np.isfinite(value):
                    break
                if value < best_loss:
                    best_loss = value
                    best = {name: tensor.detach().clone() for name, tensor in moving.items()}
                if index % settings.held_every == 0:
                    loss = loss + settings.locality * _drift(generator, tuned, ws, maps, rng, class_idx)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            done = index + 1
            per_second = done / max(time.perf_counter() - began, 1e-6)
            told = {"loss": value, **{name: float(part.detach().sum()) for name, part in parts.items()}}
            report(TuneStep(done, told, per_second, (settings.steps - done) / per_second))
    except Cancelled:
        is_complete = False
    # As they will be stored.
    differences = {name: (best[name] - original[name]).half().cpu() for name in best}
    with step(), torch.no_grad():
        tuned = generator.with_tensors(
            {name: original[name] + one.float().to(generator.device) for name, one in differences.items()}
        )
        after_picture = tuned.synthesize(ws, noise=maps)
        after = score_picture(after_picture, target, sigmas=0.0)
    if after.error >= before.error:
        return Tuned({}, picture.cpu(), (before, before), is_complete)
    return Tuned(differences, after_picture.cpu(), (before, after), is_complete)


def _drift(
    generator: Generator,
    tuned: Generator,
    ws: Tensor,
    maps: NoiseMaps,
    rng: np.random.RandomState,
    class_idx: int,
) -> Tensor:
    """How much the picture of a latent near the pivot has changed."""
    with torch.no_grad():
        z = torch.from_numpy(rng.randn(1, generator.spec.z_dim)).float().to(generator.device)
        other = generator.map(z, one_hot(generator, class_idx, 1))
        near = ws + 0.5 * (other - ws)
        wanted = generator.synthesize(near, noise=maps)
    return (tuned.synthesize(near, noise=maps) - wanted).square().mean()
