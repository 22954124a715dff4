"""Training examples: people with a twin who differs in one factor, and the portraits they must give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from tools.portraits.factors import COUNT, INDEX
from tools.portraits.latents import LatentCode, factors_of
from tools.portraits.renderer import Rendering, render

if TYPE_CHECKING:
    from tools.portraits.network import Mapping

#: A factor that changes a few pixels only must not make the loss a matter of these alone.
_IMPORTANCE_AT_MOST = 40.0
#: Weight of the importance map beside contrast (mean 1) and detail.
_IMPORTANCE_SHARE = 1.0
#: Weight of what is missing from the difference of twins; all of it missing counts this much.
_TWIN_SHARE = 0.05
#: Mean square of a difference that can just be seen; twins who differ less teach less.
_JUST_VISIBLE = 2e-4
#: Factors that twins differ in more often than in the others, and how much more: they show in few pixels, or
#: people ask for them first.
_OFTEN = {
    "age": 4.0,
    "smile": 4.0,
    "nose_size": 2.0,
    "earrings": 2.0,
    "parting": 2.0,
    "lip_color": 2.0,
    "brow_weight": 2.0,
    "brow_angle": 2.0,
    "blush": 1.5,
    "glasses_shape": 1.5,
    "hair_wave": 1.5,
    "eye_color": 1.5,
}


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a batch is made of.

    Attributes:
        size: number of people; each has a twin, so there are twice as many pictures.
        resolution: side of the pictures in pixels.
        truncated_share: share whose w is pulled towards the average, with factors pulled alike.
        pose_range: share of the full yaw and pitch.
    """

    size: int
    resolution: int
    truncated_share: float = 0.2
    pose_range: float = 1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Styles and their targets; person ``i`` has the twin ``i + N / 2``.

    Attributes:
        ws: ``(N, num_ws, w_dim)``, differentiable in the mapping.
        w: ``(N / 2, w_dim)`` of the people before truncation, for the running average.
        target: the pictures and their detail maps.
        importance: ``(N, 1, R, R)``, mean 1: where twins differ.
    """

    ws: Tensor
    w: Tensor
    target: Rendering
    importance: Tensor


def make_batch(
    mapping: Mapping, code: LatentCode, *, plan: BatchPlan, num_ws: int, generator: torch.Generator
) -> Batch:
    """Draw people and their twins, map them to rows of w+, and render what each must look like."""
    scores = code.sample_scores(plan.size, generator)
    scores = torch.cat([scores, _twins(scores, code, generator)])
    w = mapping(code.encode(scores, generator))
    psi = torch.rand(plan.size, generator=generator)
    psi = torch.where(torch.rand(plan.size, generator=generator) < plan.truncated_share, psi, torch.ones(()))
    psi = psi.repeat(2)
    ws = mapping.w_avg + psi[:, None] * (w - mapping.w_avg)
    factors = factors_of(scores * psi[:, None])
    for name in ("yaw", "pitch"):
        factors[:, INDEX[name]] *= plan.pose_range
    with torch.no_grad():
        target = render(factors, plan.resolution)
        importance = _importance(target.pictures)
    return Batch(ws[:, None].expand(-1, num_ws, -1), w[: plan.size], target, importance)


def _twins(scores: Tensor, code: LatentCode, generator: torch.Generator) -> Tensor:
    """The same people with one factor on its other side, ``(N, COUNT)``."""
    count = scores.shape[0]
    odds = torch.ones(COUNT)
    for name, times in _OFTEN.items():
        odds[INDEX[name]] = times
    chosen = torch.multinomial(odds, count, replacement=True, generator=generator)[:, None]
    old = scores.gather(1, chosen)
    new = torch.where(old > 0, -1.0, 1.0) * (0.4 + 0.55 * torch.rand(count, 1, generator=generator))
    return scores.scatter(1, chosen, code.scores(new))


def _importance(pictures: Tensor) -> Tensor:
    """Where the pictures of twins differ, ``(N, 1, R, R)`` with mean 1.

    Twins differ in one factor, so over many examples every factor weighs about the same, whether it colours
    the whole background or bends two lines of the forehead.
    """
    first, second = pictures.chunk(2)
    difference = (second - first).abs().mean(dim=1, keepdim=True)
    share = difference / difference.mean(dim=(2, 3), keepdim=True).clamp_min(1e-4)
    return share.clamp(max=_IMPORTANCE_AT_MOST).repeat(2, 1, 1, 1)


def twin_loss(pictures: Tensor, target: Tensor) -> Tensor:
    """Which share of the twins' true difference is missing from their pictures, 0 to about 1.

    A feature that covers fifty pixels is lost in the error of the whole picture, however that is weighted. In
    the difference of two people who are otherwise alike it is all there is. Measured at full size and, so
    that half a pixel's offset is no total loss, on averages of 4 x 4.

    Args:
        pictures: ``(N, 3, R, R)`` of the generator, the second half twins of the first.
        target: what they should be.
    """
    error, truth = _difference(pictures - target), _difference(target)
    missing = _unexplained(error, truth) + _unexplained(F.avg_pool2d(error, 4), F.avg_pool2d(truth, 4))
    return 0.5 * missing.mean()


def _difference(pictures: Tensor) -> Tensor:
    first, second = pictures.chunk(2)
    return second - first


def _unexplained(error: Tensor, truth: Tensor) -> Tensor:
    """Share of the squared difference, one number per pair; where nothing should differ it is small."""
    return error.square().mean(dim=(1, 2, 3)) / (truth.square().mean(dim=(1, 2, 3)) + _JUST_VISIBLE)


def training_loss(pictures: dict[int, Tensor], batch: Batch) -> Tensor:
    """All that the generator is trained for: every picture right, and every factor moving what it should."""
    whole = reconstruction_loss(pictures, batch.target, batch.importance)
    return whole + _TWIN_SHARE * twin_loss(pictures[max(pictures)], batch.target.pictures)


def reconstruction_loss(
    pictures: dict[int, Tensor], target: Rendering, importance: Tensor | None = None
) -> Tensor:
    """How far the generator's pictures are from the portraits, with small features at their true importance.

    Eyes, rims and mouths are a few per cent of the pixels. With plain L1 a generator long leaves them out,
    so every pixel is weighted by the contrast around it and by the renderer's own map of detail.

    Args:
        pictures: the generator's outputs by resolution, the largest as large as the target.
        target: what they should be.
        importance: further weight, see :class:`Batch`.
    """
    resolution = max(pictures)
    x, y = pictures[resolution], target.pictures
    with torch.no_grad():
        coarse = F.avg_pool2d(y, max(2, resolution // 16))
        blurred = F.interpolate(coarse, size=y.shape[2:], mode="bilinear", align_corners=False)
        contrast = (y - blurred).abs().mean(dim=1, keepdim=True)
        weight = 0.35 + contrast / contrast.mean() + 3.0 * target.detail
        if importance is not None:
            weight = weight + _IMPORTANCE_SHARE * importance
        weight = weight / weight.mean()
    error = x - y
    loss = (weight * error.abs()).mean() + 0.5 * (weight * error.square()).mean()
    # Edges: the same weight on the differences of neighbours, where a soft picture is most wrong.
    across, down = error[..., 1:] - error[..., :-1], error[..., 1:, :] - error[..., :-1, :]
    loss = loss + 0.5 * ((weight[..., 1:] * across.abs()).mean() + (weight[..., 1:, :] * down.abs()).mean())
    # Broad areas must have the right colour as a whole.
    loss = loss + 0.3 * F.avg_pool2d(error, 4).abs().mean()
    below = pictures.get(resolution // 2)
    if below is not None and resolution > 64:
        # The output below stays a good preview.
        loss = loss + 0.15 * (F.avg_pool2d(weight, 2) * (below - F.avg_pool2d(y, 2)).abs()).mean()
    return loss
