"""Truncation: trading variety for typical pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def truncate(
    ws: Tensor, w_avg: Tensor, *, psi: float, cutoff: int | None = None, class_dims: int = 0
) -> Tensor:
    """Pull the first ``cutoff`` rows of ``ws`` towards the average (Karras et al. 2019, appendix B).

    Args:
        ws: ``(N, num_ws, w_dim)`` float32.
        w_avg: ``(w_dim,)``; the mapping network's running mean.
        psi: 1 leaves ``ws`` alone, 0 gives the average; beyond 1 exaggerates, below 0 gives the opposite.
        cutoff: number of leading rows to pull, ``0..num_ws``; ``None`` means all.
        class_dims: how many trailing numbers of a row say which class it is; they are left alone.

    Returns:
        ``(N, num_ws, w_dim)`` float32; ``ws`` itself when there is nothing to do.
    """
    if psi == 1 or cutoff == 0:
        return ws
    if class_dims:
        pulled = truncate(ws[..., :-class_dims], w_avg[:-class_dims], psi=psi, cutoff=cutoff)
        return torch.cat([pulled, ws[..., -class_dims:]], dim=2)
    if cutoff is None or cutoff >= ws.shape[1]:
        return w_avg.lerp(ws, psi)
    return torch.cat([w_avg.lerp(ws[:, :cutoff], psi), ws[:, cutoff:]], dim=1)
