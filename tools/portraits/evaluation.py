"""How good a generator is: against held-out renders, factor by factor, and row group by row group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from latent_studio.methods.projection.perceptual import SMALLEST_SIDE, load_perceptual_net
from tools.portraits.factors import COUNT, GROUP_ROWS, NAMES, Group, group_mask
from tools.portraits.latents import LatentCode, factors_of
from tools.portraits.renderer import render

if TYPE_CHECKING:
    from tools.portraits.network import Generator

#: Training seeds are small products of step and process, so it never draws these people.
HELD_OUT_SEED = 2_000_000_011
#: A picture whose small features have at least this share of the true contrast reads as sharp.
READABLE = 0.6
#: Factor scores between which an edit is measured; the middle 80 % of people.
_EDIT_SCORES = (-1.28, 1.28)


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, all on held-out people.

    Attributes:
        resolution: side of the pictures in pixels.
        people: how many.
        psnr: mean over people, dB.
        worst_psnr: of the worst tenth, dB.
        detail_psnr: on eyes, brows, mouth, rims only, dB.
        contrast: of small features relative to the truth, at psi 0.8; 1 is as sharp as the renderer.
        readable: share of people at psi 0.8 whose small features keep :data:`READABLE` of their contrast.
        mixing_psnr: dB against the true mixture when one group's rows come from somebody else.
        edit_fidelity: per factor, the correlation of the change an edit makes with the true change.
        edit_gain: per factor, size of that change relative to the true one.
        perceptual: mean ST-LPIPS distance (alex) to the true pictures; 0 is the same, smaller is better.
            ``None`` for pictures too small for it.
    """

    resolution: int
    people: int
    psnr: float
    worst_psnr: float
    detail_psnr: float
    contrast: float
    readable: float
    mixing_psnr: dict[str, float]
    edit_fidelity: dict[str, float]
    edit_gain: dict[str, float]
    perceptual: float | None


def held_out(code: LatentCode, count: int) -> tuple[Tensor, Tensor]:
    """People that no training has seen: z ``(count, z_dim)`` and their factors ``(count, COUNT)``."""
    generator = _generator()
    scores = code.sample_scores(count, generator)
    return code.encode(scores, generator), factors_of(scores)


def psnr(pictures: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each picture, ``(N,)``; both float in [-1, 1]."""
    error = (pictures.clamp(-1.0, 1.0) - target).square().mean(dim=(1, 2, 3)).clamp_min(1e-10)
    return 10.0 * torch.log10(4.0 / error)


@torch.no_grad()
def reconstruct(network: Generator, z: Tensor, *, resolution: int, psi: float = 1.0) -> Tensor:
    """Pictures of ``z`` at ``resolution``, ``(N, 3, R, R)``."""
    return _synthesize(network, _rows(network, z, psi=psi), resolution)


@torch.no_grad()
def held_out_psnr(network: Generator, code: LatentCode, *, count: int, resolution: int) -> float:
    """Mean PSNR in dB on held-out people."""
    z, factors = held_out(code, count)
    targets, _ = _truth(factors, resolution)
    return psnr(reconstruct(network, z, resolution=resolution), targets).mean().item()


@torch.no_grad()
def evaluate(
    network: Generator, code: LatentCode, *, count: int = 64, resolution: int | None = None, edits: int = 8
) -> Report:
    """Measure everything.

    Args:
        network: the generator.
        code: what its z means.
        count: people for the overall figures.
        resolution: side of the pictures; ``None`` means the network's own.
        edits: people per factor for the editing figures.
    """
    size = network.shape.resolution if resolution is None else resolution
    generator = _generator()
    scores = code.sample_scores(count, generator)
    z = code.encode(scores, generator)
    targets, detail = _truth(factors_of(scores), size)
    pictures = reconstruct(network, z, resolution=size)
    each = psnr(pictures, targets)
    squared = (pictures.clamp(-1.0, 1.0) - targets).square().mean(dim=1, keepdim=True)
    detail_error = (squared * detail).sum() / detail.sum().clamp_min(1e-6)

    calm, calm_detail = _truth(factors_of(scores * 0.8), size)
    sharpness = _contrast(reconstruct(network, z, resolution=size, psi=0.8), calm_detail) / _contrast(
        calm, calm_detail
    ).clamp_min(1e-6)

    fidelity, gain = _edits(network, code, count=edits, resolution=size)
    return Report(
        resolution=size,
        people=count,
        psnr=each.mean().item(),
        worst_psnr=each.sort().values[: max(1, count // 10)].mean().item(),
        detail_psnr=(10.0 * torch.log10(4.0 / detail_error.clamp_min(1e-10))).item(),
        contrast=sharpness.mean().item(),
        readable=(sharpness >= READABLE).float().mean().item(),
        mixing_psnr=_mixing(network, code, count=count, resolution=size),
        edit_fidelity=fidelity,
        edit_gain=gain,
        perceptual=_perceptual(pictures, targets),
    )


def _mixing(network: Generator, code: LatentCode, *, count: int, resolution: int) -> dict[str, float]:
    generator = _generator()
    scores = code.sample_scores(2 * count, generator)
    rows = _rows(network, code.encode(scores, generator))
    measured: dict[str, float] = {}
    groups: tuple[Group, ...] = ("coarse", "middle", "fine")
    for group in groups:
        first, last = GROUP_ROWS[group]
        ws, factors = rows[:count].clone(), factors_of(scores[:count])
        ws[:, first:last] = rows[count:, first:last]
        mask = group_mask(group)
        factors[:, mask] = factors_of(scores[count:])[:, mask]
        targets, _ = _truth(factors, resolution)
        measured[group] = psnr(_synthesize(network, ws, resolution), targets).mean().item()
    return measured


def _edits(
    network: Generator, code: LatentCode, *, count: int, resolution: int
) -> tuple[dict[str, float], dict[str, float]]:
    fidelity: dict[str, float] = {}
    gain: dict[str, float] = {}
    for index in range(COUNT):
        scores = code.sample_scores(count, _generator())
        made: list[Tensor] = []
        true: list[Tensor] = []
        for score in _EDIT_SCORES:
            edited = scores.clone()
            edited[:, index] = score
            z = code.encode(edited, _generator())
            made.append(reconstruct(network, z, resolution=resolution).clamp(-1.0, 1.0))
            true.append(_truth(factors_of(edited), resolution)[0])
        change, truth = (made[1] - made[0]).flatten(), (true[1] - true[0]).flatten()
        scale = truth.norm().clamp_min(1e-6)
        fidelity[NAMES[index]] = (change @ truth / (change.norm().clamp_min(1e-6) * scale)).item()
        gain[NAMES[index]] = (change @ truth / scale.square()).item()
    return fidelity, gain


def _perceptual(pictures: Tensor, targets: Tensor) -> float | None:
    if pictures.shape[-1] < SMALLEST_SIDE:
        return None
    net = load_perceptual_net()
    pairs = zip(pictures.clamp(-1.0, 1.0).split(4), targets.split(4), strict=True)
    return torch.cat([net.compare(made, true) for made, true in pairs]).mean().item()


def _contrast(pictures: Tensor, detail: Tensor) -> Tensor:
    """Root mean square difference of neighbours where the detail is, ``(N,)``."""
    across = (pictures[..., 1:] - pictures[..., :-1]).square().mean(dim=1, keepdim=True)
    down = (pictures[..., 1:, :] - pictures[..., :-1, :]).square().mean(dim=1, keepdim=True)
    total = (across * detail[..., 1:]).sum(dim=(1, 2, 3)) + (down * detail[..., 1:, :]).sum(dim=(1, 2, 3))
    return (total / detail.sum(dim=(1, 2, 3)).clamp_min(1e-6)).sqrt()


def _truth(factors: Tensor, resolution: int) -> tuple[Tensor, Tensor]:
    parts = [render(part, resolution) for part in torch.split(factors, 8)]
    return torch.cat([part.pictures for part in parts]), torch.cat([part.detail for part in parts])


def _rows(network: Generator, z: Tensor, *, psi: float = 1.0) -> Tensor:
    w_avg = network.mapping.w_avg
    w: Tensor = w_avg + psi * (network.mapping(z) - w_avg)
    return w[:, None].expand(-1, network.shape.num_ws, -1)


def _synthesize(network: Generator, ws: Tensor, resolution: int) -> Tensor:
    return torch.cat([network.synthesis(part, resolution)[resolution] for part in torch.split(ws, 4)])


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(HELD_OUT_SEED)
