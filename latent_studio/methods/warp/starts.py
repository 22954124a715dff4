"""Where paths may begin: along the principal or the independent components of a model's own latents.

Paths that move some rows of ws only begin along components of what the layers of these rows see of w: their
styles. What those layers do not look at is noise to them, and no component is spent on it.

Both are found from latents alone, without labels and without pictures. Principal components are uncorrelated
and large first; what a model draws from evenly distributed causes, such as the turn of a head, is told apart
by independent components: no mixture of such causes is as far from a bell curve as each of them is.
"""

from __future__ import annotations

import math

import torch

Tensor = torch.Tensor

#: Fixed points that are looked for from random rotations; the least bell-shaped is taken.
_RESTARTS = 3
_MOST_ROUNDS = 200
#: A rotation that turns no component by more than this has settled: 1 less the cosine.
_SETTLED = 1e-6
#: Mean of log cosh of a standard normal number.
_LOG_COSH_OF_NORMAL = 0.374567


def principal_components(latents: Tensor, count: int, *, seen: Tensor | None = None) -> Tensor:
    """The directions of largest variance, the largest first.

    Args:
        latents: ``(N, dim)`` float32 or float64 on the CPU.
        count: how many, at most ``dim``.
        seen: ``(S, dim)``: rows that make what is seen of a latent; the variance is that of what is seen.
            ``None`` for the latent itself.

    Returns:
        ``(count, dim)`` float32, of length one; orthogonal without ``seen``.
    """
    latents = latents.double()
    if seen is None:
        _, columns = _principal(latents)
        directions: Tensor = columns[:, :count].T.float().contiguous()
        return directions
    moves = _moves(_whitened(latents, count, seen), latents)
    unit: Tensor = (moves / moves.norm(dim=1, keepdim=True).clamp_min(1e-30)).float()
    return unit


def independent_components(
    latents: Tensor, count: int, rng: torch.Generator, *, seen: Tensor | None = None
) -> Tensor:
    """How latents move when one of their most independent causes changes, the largest move first.

    FastICA with all components at once and the contrast log cosh (Hyvärinen and Oja, "Independent component
    analysis: algorithms and applications", Neural Networks 2000), within the first ``count`` principal
    components.

    Args:
        latents: ``(N, dim)`` float32 or float64 on the CPU, N well above ``count``.
        count: how many, at most ``dim``.
        rng: the rotations to begin with are drawn from it.
        seen: as for ``principal_components``.

    Returns:
        ``(count, dim)`` float32, of length one, in general not orthogonal.
    """
    latents = latents.double()
    white = _whitened(latents, count, seen)
    best, sources = -math.inf, white
    for _ in range(_RESTARTS):
        found = white @ _settled_rotation(white, rng).T
        contrast = float((_log_cosh(found).mean(0) - _LOG_COSH_OF_NORMAL).square().sum())
        if contrast > best:
            best, sources = contrast, found
    moves = _moves(sources, latents)
    lengths = moves.norm(dim=1)
    order = lengths.argsort(descending=True)
    unit = (moves / lengths[:, None].clamp_min(1e-30))[order]
    # A component has no sign of its own; without a rule it would hang on the last bits.
    largest = unit.gather(1, unit.abs().argmax(1, keepdim=True))
    signed: Tensor = (unit * largest.sign()).float()
    return signed


def _moves(sources: Tensor, latents: Tensor) -> Tensor:
    """How latents move with each source, ``(count, dim)``: least squares on sources of variance one."""
    return sources.T @ (latents - latents.mean(0)) / len(latents)


def _whitened(latents: Tensor, count: int, seen: Tensor | None) -> Tensor:
    """``(N, count)``: principal components of what is seen of latents, the first ones, of variance one."""
    centred = latents - latents.mean(0)
    variances, columns = _principal(latents)
    # Principal components without any variance would be divided by nothing.
    spread = variances.clamp_min(variances[0].clamp_min(1e-30) * 1e-9).sqrt()
    if seen is None:
        white: Tensor = centred @ (columns[:, :count] / spread[:count])
        return white
    # What is seen of a white latent is a linear map of it; its longest axes are found in dim numbers.
    axes = seen.double() @ (columns * spread)
    _, turned = torch.linalg.eigh(axes.T @ axes)
    white = centred @ (columns / spread) @ turned.flip(1)[:, :count]
    return white


def _principal(latents: Tensor) -> tuple[Tensor, Tensor]:
    """Variances ``(dim,)``, descending, and their directions as columns ``(dim, dim)``, in float64."""
    centred = latents - latents.mean(0)
    variances, columns = torch.linalg.eigh(centred.T @ centred / len(latents))
    return variances.flip(0).clamp_min(0), columns.flip(1)


def _settled_rotation(white: Tensor, rng: torch.Generator) -> Tensor:
    """``(count, count)`` orthogonal: rows make sources of whitened latents."""
    count = white.shape[1]
    rotation: Tensor = torch.linalg.qr(torch.randn(count, count, generator=rng, dtype=torch.float64))[0]
    for _ in range(_MOST_ROUNDS):
        bent = (white @ rotation.T).tanh()
        slopes = (1 - bent.square()).mean(0)
        left, _, right = torch.linalg.svd(bent.T @ white / len(white) - slopes[:, None] * rotation)
        turned: Tensor = left @ right
        is_settled = bool(((turned * rotation).sum(1).abs() > 1 - _SETTLED).all())
        rotation = turned
        if is_settled:
            break
    return rotation


def _log_cosh(x: Tensor) -> Tensor:
    size = x.abs()
    return size + torch.log1p((-2 * size).exp()) - math.log(2)
