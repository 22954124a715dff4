"""Work shared by several processes as if it were one: who takes part, and batch norms over the joined batch.

``torchrun`` starts the processes; each computes its share of every batch, and ``DistributedDataParallel``
averages the gradients. A batch norm needs the whole batch's mean and variance, or two processes would train
another network than one.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
import torch.distributed as dist
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Crew:
    """The processes that train together.

    Attributes:
        rank: this one's number, from 0.
        size: how many there are; 1 for a process on its own.
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """This process's part of a batch whose size is a multiple of ``size``."""
        each = batch // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def agree(self, flag: bool) -> bool:
        """Whether the flag is up in any of the processes; all must ask at the same time."""
        if self.size == 1:
            return flag
        up = torch.tensor([float(flag)])
        dist.all_reduce(up, op=dist.ReduceOp.MAX)
        return bool(up.item() > 0)

    def mean(self, values: Tensor) -> Tensor:
        """The mean of each number over the processes."""
        if self.size == 1:
            return values
        summed = values.detach().clone()
        dist.all_reduce(summed)
        return summed / self.size


@contextmanager
def crew(device: torch.device) -> Iterator[Crew]:
    """The processes that ``torchrun`` started, this one alone without it; they part at the end.

    Args:
        device: decides how they talk: NCCL between CUDA devices, gloo otherwise.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size <= 1:
        yield Crew()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Crew(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


class JoinedBatchNorm(nn.Module):
    """Batch norm over the batches of all processes together; in a single one the usual batch norm.

    Works for ``(N, C)`` and ``(N, C, H, W)``. torch's own ``SyncBatchNorm`` does this on CUDA only.

    Args:
        channels: C.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        if self.training:
            with torch.no_grad():
                self.num_batches_tracked += 1
        if not (self.training and dist.is_available() and dist.is_initialized()):
            return nn.functional.batch_norm(
                x,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                self.training,
                self.momentum,
                self.eps,
            )
        axes = [axis for axis in range(x.ndim) if axis != 1]
        shape = [1, -1] + [1] * (x.ndim - 2)
        count = x.numel() // x.shape[1] * dist.get_world_size()
        # Two rounds and not the sum of squares, which loses digits where the mean is large.
        mean = _summed(x.sum(axes)) / count
        centred = x - mean.view(shape)
        variance = _summed(centred.square().sum(axes)) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = (variance + self.eps).rsqrt() * self.weight
        return centred * scale.view(shape) + self.bias.view(shape)


def _summed(values: Tensor) -> Tensor:
    """The sum over the processes; gradients pass through it."""
    from torch.distributed.nn.functional import all_reduce

    return cast("Tensor", all_reduce(values))  # type: ignore[no-untyped-call]
