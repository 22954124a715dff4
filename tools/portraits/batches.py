"""Training examples: styles per row of w+ and the portrait they must give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from tools.portraits.factors import COUNT, GROUP_ROWS, INDEX, Group
from tools.portraits.latents import LatentCode, factors_of
from tools.portraits.renderer import Rendering, render

if TYPE_CHECKING:
    from tools.portraits.network import Mapping

#: A factor that changes a few pixels only must not make the loss a matter of these alone.
_IMPORTANCE_AT_MOST = 40.0
#: Weight of the importance map beside contrast (mean 1) and detail.
_IMPORTANCE_SHARE = 1.0

_GROUPS: tuple[Group, ...] = ("coarse", "middle", "fine")


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a batch is made of.

    Attributes:
        size: number of pictures.
        resolution: side of the pictures in pixels.
        mixed_share: share whose row groups come from different people, who agree with the target on that
            group.
        truncated_share: share whose w is pulled towards the average, with factors pulled alike.
        pose_range: share of the full yaw and pitch.
    """

    size: int
    resolution: int
    mixed_share: float = 0.5
    truncated_share: float = 0.2
    pose_range: float = 1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Styles and their targets.

    Attributes:
        ws: ``(N, num_ws, w_dim)``, differentiable in the mapping.
        w: ``(N, w_dim)`` of whole people before truncation, for the running average.
        target: the pictures and their detail maps.
        importance: ``(N, 1, R, R)``, mean 1: where one factor, drawn anew for every example, shows.
    """

    ws: Tensor
    w: Tensor
    target: Rendering
    importance: Tensor


def make_batch(
    mapping: Mapping, code: LatentCode, *, plan: BatchPlan, num_ws: int, generator: torch.Generator
) -> Batch:
    """Draw people, map them to rows of w+, and render what each must look like."""
    scores = code.sample_scores(plan.size, generator)
    people = [code.encode(scores, generator)]
    people += [code.encode(code.resample_except(scores, group, generator), generator) for group in _GROUPS]
    w, *partners = mapping(torch.cat(people)).chunk(len(people))
    mixed = torch.rand(plan.size, generator=generator)[:, None] < plan.mixed_share
    columns: list[Tensor] = []
    for group, partner in zip(_GROUPS, partners, strict=True):
        first, last = GROUP_ROWS[group]
        chosen = torch.where(mixed, partner, w)
        columns += [chosen] * (min(last, num_ws) - min(first, num_ws))
    ws = torch.stack(columns, dim=1)

    psi = torch.rand(plan.size, generator=generator)
    psi = torch.where(torch.rand(plan.size, generator=generator) < plan.truncated_share, psi, torch.ones(()))
    ws = mapping.w_avg + psi[:, None, None] * (ws - mapping.w_avg)
    factors = factors_of(scores * psi[:, None])
    for name in ("yaw", "pitch"):
        factors[:, INDEX[name]] *= plan.pose_range
    with torch.no_grad():
        target = render(factors, plan.resolution)
        importance = _importance(factors, target.pictures, generator)
    return Batch(ws, w, target, importance)


def _importance(factors: Tensor, pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Where a picture would change if one of its factors were another, ``(N, 1, R, R)`` with mean 1.

    The factor is drawn evenly, so over many examples every factor weighs the same, whether it colours the
    whole background or bends two lines of the forehead.
    """
    count, resolution = factors.shape[0], pictures.shape[-1]
    chosen = torch.randint(COUNT, (count, 1), generator=generator)
    old = factors.gather(1, chosen)
    new = torch.where(old > 0, -1.0, 1.0) * (0.5 + 0.5 * torch.rand(count, 1, generator=generator))
    changed = render(factors.scatter(1, chosen, new), resolution).pictures
    difference = (changed - pictures).abs().mean(dim=1, keepdim=True)
    share = difference / difference.mean(dim=(2, 3), keepdim=True).clamp_min(1e-4)
    return share.clamp(max=_IMPORTANCE_AT_MOST)


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
