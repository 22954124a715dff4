"""Published: the schedules of other projectors, for comparison, evaluated on our networks.

``stylegan2-ada``: Karras et al., "Training Generative Adversarial Networks with Limited Data", 2020: Adam
on w and the noise maps, a ramped rate, shrinking random steps in w, and noise kept white. ``mmgen`` is the
same recipe with a pixel term and optional w+, as mmgeneration and rosinality have it. ``vgg-feature``:
plain gradient descent with rate 1 on a w+ that starts at zeros or an encoder's guess, on features of one
layer, without noise or prior.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from latent_studio.core.errors import Cancelled
from latent_studio.methods.projection.latent_stats import LatentStats, latent_stats
from latent_studio.methods.projection.noise import noise_penalty, normalised_noise
from latent_studio.methods.projection.objective import compared_side, score_picture
from latent_studio.methods.projection.rungs import Look, Projection, Rung
from latent_studio.methods.projection.synthesis import as_rgb, at_side, ws_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.generators.protocol import Generator, NoiseMaps
    from latent_studio.methods.projection.ladder import Step
    from latent_studio.methods.projection.objective import Target

ScheduleName = Literal["stylegan2-ada", "mmgen", "vgg-feature"]
SCHEDULES: tuple[ScheduleName, ...] = ("stylegan2-ada", "mmgen", "vgg-feature")

_RATE, _RAMP_DOWN, _RAMP_UP = 0.1, 0.25, 0.05
_NOISE_FACTOR, _NOISE_RAMP = 0.05, 0.75
_NOISE_WEIGHT = 1e5
#: Of the features of VGG16 that the original takes, the layer of ours at the same depth.
_FEATURE_LAYER = 2


@dataclass(frozen=True, slots=True)
class PublishedSettings:
    """A published schedule.

    Attributes:
        schedule: which.
        steps: 1000 in every one of the originals.
        space: ``w`` or ``w+``; the first knows w only, the last w+ only.
        pixel: weight of the pixel term; only ``mmgen`` has one.
        seed: of everything random; 303 in the first original.
    """

    schedule: ScheduleName = "stylegan2-ada"
    steps: int = 1000
    space: Literal["w", "w+"] = "w"
    pixel: float = 0.0
    seed: int = 303


def learning_rate(index: int, steps: int) -> float:
    """Adam's rate at a step: up over the first twentieth, down by a cosine over the last quarter."""
    share = index / steps
    ramp = min(1.0, (1 - share) / _RAMP_DOWN)
    ramp = 0.5 - 0.5 * math.cos(ramp * math.pi)
    return _RATE * ramp * min(1.0, share / _RAMP_UP)


def w_noise_scale(index: int, steps: int, w_std: float) -> float:
    """How large the random step in w is."""
    return w_std * _NOISE_FACTOR * max(0.0, 1 - index / steps / _NOISE_RAMP) ** 2


def project_published(
    generator: Generator,
    target: Target,
    settings: PublishedSettings,
    *,
    step: Step,
    stats: LatentStats | None = None,
    encoded: Tensor | None = None,
    class_idx: int = 0,
    report: Callable[[Look], None] = lambda look: None,
    check_cancel: Callable[[], None] = lambda: None,
) -> Projection:
    """Run a published schedule. Its noise is kept with its latent, unlike in the originals.

    Args:
        generator: the model; its weights are not changed.
        target: what to find.
        settings: which schedule.
        step: opens around each piece of computing.
        stats: of the model, if they are known already.
        encoded: a start for ``vgg-feature``.
        class_idx: label of a conditional model.
        report: told of every step.
        check_cancel: raises to stop; the last step's result is then returned.

    Returns:
        A projection of one rung.
    """
    if stats is None:
        stats = latent_stats(generator, class_idx=class_idx, step=step)
    run = _feature_descent if settings.schedule == "vgg-feature" else _adam
    return run(generator, target, settings, stats, encoded, step, report, check_cancel)


def _adam(
    generator: Generator,
    target: Target,
    settings: PublishedSettings,
    stats: LatentStats,
    encoded: Tensor | None,
    step: Step,
    report: Callable[[Look], None],
    check_cancel: Callable[[], None],
) -> Projection:
    del encoded
    rng = torch.Generator().manual_seed(settings.seed)
    device, num_ws = generator.device, generator.spec.num_ws
    rows = num_ws if settings.space == "w+" and settings.schedule == "mmgen" else 1
    w = stats.mean.clone().expand(1, rows, -1).contiguous().requires_grad_()
    maps: list[Tensor | None] = [
        None if one is None else torch.randn(one.shape, generator=rng).to(device).requires_grad_()
        for one in generator.noise_maps("const")
    ]
    moving = [one for one in maps if one is not None]
    optimizer = torch.optim.Adam([w, *moving], betas=(0.9, 0.999), lr=_RATE)
    clock = _Clock(settings.steps, report)
    pixel = settings.pixel if settings.schedule == "mmgen" else 0.0
    is_complete = True
    try:
        for index in range(settings.steps):
            check_cancel()
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(index, settings.steps)
            scale = w_noise_scale(index, settings.steps, stats.w_std)
            with step(), torch.enable_grad():
                shaken = w + torch.randn(w.shape, generator=rng).to(device) * scale
                ws = shaken.expand(-1, num_ws, -1)
                picture = as_rgb(generator.synthesize(ws, noise=tuple(maps)))
                side = compared_side(picture.shape[-1])
                seen = at_side(picture, side)
                image, features = target.at(side)
                squared = (seen - image).square().mean()
                # Very small models leave the perceptual network nothing to look at.
                distance = (
                    squared[None]
                    if features is None
                    else target.net.distance(target.net.features(seen), features)
                )
                loss = distance.sum() + pixel * squared + _NOISE_WEIGHT * noise_penalty(moving)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                with torch.no_grad():
                    for one in moving:
                        one.copy_(normalised_noise(one))
            clock.tell(float(loss.detach()), float(distance.detach().sum()), float(squared.detach()), picture)
    except Cancelled:
        is_complete = False
    latent = w.detach()[0]
    noise: NoiseMaps = tuple(None if one is None else one.detach() for one in maps)
    return _result(
        generator, target, stats, latent if rows > 1 else latent[0], noise or None, step, clock, is_complete
    )


def _feature_descent(
    generator: Generator,
    target: Target,
    settings: PublishedSettings,
    stats: LatentStats,
    encoded: Tensor | None,
    step: Step,
    report: Callable[[Look], None],
    check_cancel: Callable[[], None],
) -> Projection:
    device, spec = generator.device, generator.spec
    start = torch.zeros(spec.w_dim, device=device) if encoded is None else encoded.to(device)
    w = start.expand(spec.num_ws, -1).contiguous().clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=1.0)
    noise = generator.noise_maps("const")
    clock = _Clock(settings.steps, report)
    is_complete = True
    try:
        for _ in range(settings.steps):
            check_cancel()
            with step(), torch.enable_grad():
                picture = as_rgb(generator.synthesize(w[None], noise=noise))
                side = compared_side(picture.shape[-1])
                seen = at_side(picture, side)
                image, features = target.at(side)
                if features is None:
                    loss = (seen - image).square().mean()
                else:
                    looked = target.net.features(seen)[_FEATURE_LAYER]
                    loss = (looked - features[_FEATURE_LAYER]).square().sum(1).mean()
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                squared = (seen - image).square().mean()
            clock.tell(float(loss.detach()), float(loss.detach()), float(squared.detach()), picture)
    except Cancelled:
        is_complete = False
    return _result(generator, target, stats, w.detach(), None, step, clock, is_complete)


class _Clock:
    """Counts steps and reports them."""

    def __init__(self, steps: int, report: Callable[[Look], None]) -> None:
        self._steps = steps
        self._report = report
        self._began = time.perf_counter()
        self.done = 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def tell(self, loss: float, perceptual: float, pixel: float, picture: Tensor) -> None:
        self.done += 1
        per_second = self.done / max(self.seconds, 1e-6)
        self._report(
            Look(
                "w",
                self.done / self._steps,
                {"loss": loss, "perceptual": perceptual, "pixel": pixel},
                picture.detach().cpu(),
                per_second,
                (self._steps - self.done) / per_second,
            )
        )


def _result(
    generator: Generator,
    target: Target,
    stats: LatentStats,
    latent: Tensor,
    noise: NoiseMaps | None,
    step: Step,
    clock: _Clock,
    is_complete: bool,
) -> Projection:
    with step(), torch.no_grad():
        ws = ws_of(latent, generator.spec.num_ws)
        picture = generator.synthesize(ws, noise=generator.noise_maps("const") if noise is None else noise)
        whitened = stats.to_whitened(ws[0])
        rows = float((whitened - whitened.mean(0, keepdim=True)).square().mean().sqrt())
        score = score_picture(picture, target, sigmas=float(stats.sigmas(ws[0]).mean()), rows=rows)
    space: Literal["w", "w+"] = "w+" if latent.ndim == 2 else "w"
    kept = None if noise is None else tuple(None if one is None else one.cpu() for one in noise)
    rung = Rung(space, space, latent.cpu(), kept, picture.cpu(), score, clock.seconds, clock.done)
    return Projection((rung,), is_complete)
